"""A comparison of scenarios for people and programs: the answer in a sentence, a ranked table, JSON, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import simcast
from simcast.analysis import Difference, Ranking
from simcast.analysis.ranking import Option
from simcast.forecast import Summary
from simcast.report.document import difference_document, margin_document
from simcast.report.phrases import margin_words, more_wins, price_per_win
from simcast.report.terminal import WINS_CAPTION, WINS_PRICE, plain_table, print_table, print_warnings, wins_cells
from simcast.writing import chance, count, interval, money

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_SEEN_TIES = 0.05


def ranking_document(ranking: Ranking) -> dict[str, Any]:
    """Return the document of ``simcast compare --json``."""
    return {
        "simcast": simcast.__version__,
        "files": [
            {
                "file": run.scenario.file.name if run.scenario.file else None,
                "name": run.scenario.name,
                "as_of": str(run.days.as_of),
                "until": str(run.days.until),
                "futures": run.scenario.simulation.futures,
                "seed": run.scenario.simulation.seed,
                "fingerprint": run.posterior.fingerprint,
                "trusted": run.trusted,
            }
            for run in ranking.runs
        ],
        "scenarios": [_option(option) for option in ranking.options],
        "judged_by": "wins" if ranking.by_wins else "net",
        "differences": [difference_document(o.difference) | {"file": o.file} for o in ranking.changes if o.difference],
        "across_files": [difference_document(difference) for difference in ranking.across],
        "notes": list(ranking.notes),
        "warnings": list(dict.fromkeys(warning for run in ranking.runs for warning in run.warnings)),
    }


def _option(option: Option) -> dict[str, Any]:
    forecast = option.forecast
    return {
        "file": option.file,
        "scenario": option.name,
        "bookings": Summary.of(forecast.values("bookings")).to_dict(),
        "wins": Summary.of(forecast.values("wins")).to_dict(),
        "cost": Summary.of(forecast.results["cost"].to_numpy()).to_dict(),
        "net": Summary.of(forecast.net()).to_dict(),
        **margin_document(forecast),
        "probability_of_target": option.target,
        "interaction": None if option.interaction is None else option.interaction.to_dict(),
        "interaction_wins": None if option.interaction_wins is None else option.interaction_wins.to_dict(),
        "pays_back": None if option.pays_back is None else str(option.pays_back),
    }


def ranking_table(ranking: Ranking) -> pd.DataFrame:
    """Return a row per scenario.

    Returns
    -------
    pandas.DataFrame
        Columns: file, scenario, the means of bookings, wins, cost and net, their differences from the baseline with
        the 80% interval and Monte Carlo error of net, probabilities, interaction, when it pays back, and of wins the
        interval and error of the difference, probabilities, and what an additional one costs.
    """
    import pandas as pd

    rows = []
    for option in ranking.options:
        forecast, difference = option.forecast, option.difference
        row: dict[str, Any] = {"file": option.file, "scenario": option.name}
        for name, values in (
            ("bookings", forecast.values("bookings")),
            ("wins", forecast.values("wins")),
            ("cost", forecast.results["cost"].to_numpy()),
            ("net", forecast.net()),
        ):
            row[name] = float(values.mean())
        if difference is not None:
            row |= {
                "more_bookings": difference.bookings.mean,
                "more_wins": difference.wins.mean,
                "net_gain": difference.net.mean,
                "net_gain_p10": difference.net.quantile(0.1),
                "net_gain_p90": difference.net.quantile(0.9),
                "net_gain_error": difference.net.mean_error,
                "probability_better": difference.probability_better,
                "probability_worse": difference.probability_worse,
            }
        row["probability_of_target"] = option.target
        row["interaction"] = None if option.interaction is None else option.interaction.mean
        row["pays_back"] = None if option.pays_back is None else str(option.pays_back)
        if difference is not None:
            row |= {
                "more_wins_p10": difference.wins.quantile(0.1),
                "more_wins_p90": difference.wins.quantile(0.9),
                "more_wins_error": difference.wins.mean_error,
                "probability_more_wins": difference.probability_more_wins,
                "probability_fewer_wins": difference.probability_fewer_wins,
                "cost_per_win": difference.cost_per_win,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def print_ranking(ranking: Ranking, console: Console, *, aside: Console | None = None) -> None:
    """Print which option is best, by how much and how surely, then all of them, and what to beware of.

    Where warnings have a console of their own, doubts of a fit are left out: who gives one tells of them, and of the
    exit status that they lead to.
    """
    for run in ranking.runs:
        if run.scenario.question:
            console.print(f"[dim]{escape(run.scenario.question)}[/dim]")
    console.print(f"[bold]{escape(answer(ranking))}[/bold]\n")
    print_table(_table_by_wins(ranking) if ranking.by_wins else _table(ranking), console)
    several = len(ranking.runs) > 1
    for option in ranking.changes:
        together = option.interaction_wins if ranking.by_wins else option.interaction
        if together is not None and together.sd > 0:
            name = f"{option.name} ({option.file})" if several else option.name
            brought = _brought(together, ranking.by_wins).lstrip("+-")
            more = "more" if together.mean >= 0.0 else "fewer" if ranking.by_wins else "less"
            console.print(
                f"{escape(name)}: together its parts bring {brought} {more} than the sum of their separate effects",
                highlight=False,
            )
    for difference in ranking.across:
        console.print(
            f"{escape(difference.scenario)} against {escape(difference.against)}, baselines: "
            f"{_brought(difference.gain(by_wins=ranking.by_wins), ranking.by_wins)}"
            f"{'' if ranking.by_wins else ' net'}",
            highlight=False,
        )
    console.print(_legend(ranking), style="dim", highlight=False)
    warnings = list(dict.fromkeys(warning for run in ranking.runs for warning in run.warnings))
    told = ranking.doubts if aside is not None else ()
    shown = [warning for warning in warnings if warning not in told]
    print_warnings([*ranking.notes, *shown], aside or console, "the JSON document")


def _brought(gain: Summary, by_wins: bool) -> str:
    """Write a mean gain with its Monte Carlo error."""
    if by_wins:
        return f"{more_wins(gain)} wins"
    return f"{money(gain.mean, signed=True)} ± {money(gain.mean_error)}"


def _legend(ranking: Ranking) -> str:
    """Say what the table's numbers are."""
    if ranking.by_wins:
        return WINS_CAPTION + (WINS_PRICE if _is_paid(ranking) else "")
    gains = [margin_words(run) for run in ranking.runs]
    of = f" of {gains[0]}" if gains[0] else ""
    if len(set(gains)) > 1:
        files = [option.file for option in ranking.options if option.difference is None]
        told = "; ".join(f"{file}: {gain or 'bookings'}" for file, gain in zip(files, gains, strict=True))
        of = f" of what counts as gain ({told})"
    gain = f"net gain: mean of the paired differences{escape(of)}, less the cost, ± its Monte Carlo error"
    return f"bookings: the mean; {gain}"


def _table(ranking: Ranking) -> Table:
    """Return a row per scenario, ranked by net gain."""
    several = len(ranking.runs) > 1
    has_target = any(option.target is not None for option in ranking.options)
    table = plain_table(
        "Ranked by net gain over the baseline, in the same futures",
        *("scenario", *(["file"] if several else []), "bookings", *(["P(target)"] if has_target else [])),
        *("more wins", "net gain", "80% interval", "P(better)", "cost", "paid back"),
        n_texts=2 if several else 1,
    )
    for option in ranking.options:
        table.add_row(*_row(option, several, has_target))
    return table


def _table_by_wins(ranking: Ranking) -> Table:
    """Return a row per scenario, ranked by wins, since nothing is booked."""
    several, is_paid = len(ranking.runs) > 1, _is_paid(ranking)
    has_target = any(option.target is not None for option in ranking.options)
    table = plain_table(
        "Ranked by wins over the baseline, in the same futures",
        *("scenario", *(["file"] if several else []), "wins", *(["P(target)"] if has_target else [])),
        *("more wins", "80% interval", "P(more)", "P(fewer)", *(["cost", "per win"] if is_paid else [])),
        n_texts=2 if several else 1,
    )
    for option in ranking.options:
        row = [escape(option.name), *([escape(option.file)] if several else [])]
        row.append(count(float(option.forecast.values("wins").mean())))
        if has_target:
            row.append("" if option.target is None else chance(option.target))
        table.add_row(*row, *wins_cells(option.difference, is_paid=is_paid))
    return table


def _is_paid(ranking: Ranking) -> bool:
    """Return whether any scenario costs or saves anything."""
    return any(option.difference.cost for option in ranking.changes if option.difference)


def _row(option: Option, several: bool, has_target: bool) -> list[str]:
    """Return the cells of one scenario."""
    row = [escape(option.name), *([escape(option.file)] if several else [])]
    row.append(money(float(option.forecast.values("bookings").mean())))
    if has_target:
        row.append("" if option.target is None else chance(option.target))
    difference = option.difference
    if difference is None:
        return [*row, *[""] * 6]
    net = difference.net
    error = f" ± {money(net.mean_error)}" if net.sd > 0.0 else ""
    return [
        *row,
        count(difference.wins.mean, signed=True),
        money(net.mean, signed=True) + error,
        interval(net, signed=True),
        chance(difference.probability_better),
        money(float(option.forecast.results["cost"].mean())),
        "" if option.pays_back is None else f"{option.pays_back:%d %b %Y}",
    ]


def answer(ranking: Ranking) -> str:
    """Say in one sentence which scenario is best, by how much, how surely, and what it costs."""
    if not ranking.changes:
        return "There is no scenario to compare: name some under `scenarios`."
    best = ranking.changes[0]
    difference, by_wins = best.difference, ranking.by_wins
    if difference is None or difference.gain(by_wins=by_wins).mean <= 0.0:
        return (
            "No scenario brings more wins than the baseline."
            if by_wins
            else "No scenario brings more than it costs: the baseline is the best of them."
        )
    of_file = f" of {best.file}" if len(ranking.runs) > 1 else ""
    sentence = f"{best.name!r}{of_file} brings the most: "
    if by_wins:
        return sentence + _told_by_wins(ranking, difference)
    gain, cost = difference.net, float(best.forecast.results["cost"].mean())
    net = "net of its cost" if cost else "with no cost given"
    sentence += f"{money(gain.mean, signed=True)} {net} on average (± {money(gain.mean_error)} of simulation error), "
    sentence += f"better than the baseline in {chance(difference.probability_better)} of the futures"
    if cost > 0.0:
        sentence += f"; it costs {money(cost)}"
        paid = best.pays_back
        sentence += f" and pays back by {paid:%d %B %Y}" if paid else " and does not pay back within the forecast"
    return sentence + _runner_up(ranking)


def _told_by_wins(ranking: Ranking, best: Difference) -> str:
    """Say what the best brings in wins, what each costs, and which scenario wins more for less."""
    same = 1.0 - best.probability_more_wins - best.probability_fewer_wins
    sentence = (
        f"{more_wins(best.wins)} wins on average, more than "
        f"the baseline in {chance(best.probability_more_wins)} of the futures"
    )
    sentence += f" and as many in {chance(same)}" if same >= _SEEN_TIES else ""
    if best.cost > 0.0:
        each = price_per_win(best)
        sentence += f"; it costs {money(best.cost)}" + (f", {each}" if each else "")
    return sentence + _runner_up(ranking) + _least_per_win(ranking, best)


def _least_per_win(ranking: Ranking, best: Difference) -> str:
    """Say which scenario's additional wins cost least, where that is another than the best."""
    if best.cost_per_win is None:
        return ""
    winners = [(option, found) for option in ranking.changes if (found := option.difference) and found.clearly_wins]
    option, least = min(winners, key=lambda winner: winner[1].cost_per_win or 0.0)
    if (least.cost_per_win or 0.0) >= best.cost_per_win:
        return ""
    name = f"{option.name!r}{f' of {option.file}' if len(ranking.runs) > 1 else ''}"
    if least.cost_per_win is None:
        return f" {name} brings {more_wins(least.wins)} wins at no cost."
    return f" A win is cheapest with {name}: {money(least.cost_per_win)}."


def _runner_up(ranking: Ranking) -> str:
    """Say how far the second best is behind, where both were played in the same futures."""
    if len(ranking.changes) < 2:
        return "."
    best, second = ranking.changes[:2]
    if best.file != second.file:
        return "."
    apart = _totals(best, ranking.by_wins) - _totals(second, ranking.by_wins)
    gain = Summary.of(apart)
    ahead = more_wins(gain, error=False) if ranking.by_wins else money(gain.mean, signed=True)
    ties = float((apart == 0).mean())
    equals = f" and equals in {chance(ties)}" if ties >= _SEEN_TIES else ""
    return f"; {ahead} ahead of {second.name!r}, which it beats in {chance(float((apart > 0).mean()))} of them{equals}."


def _totals(option: Option, by_wins: bool) -> NDArray[np.float64]:
    return option.forecast.values("wins") if by_wins else option.forecast.net()
