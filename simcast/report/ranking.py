"""A comparison of scenarios for people and programs: the answer in a sentence, a ranked table, JSON, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

import simcast
from simcast.analysis import Ranking
from simcast.analysis.ranking import Option
from simcast.forecast import Summary
from simcast.report.document import difference_document, margin_document
from simcast.report.phrases import chance, count, interval, margin_words, money
from simcast.report.terminal import plain_table, print_table, print_warnings

if TYPE_CHECKING:
    import pandas as pd

_ALL_THE_SAME = 0.0
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
        "pays_back": None if option.pays_back is None else str(option.pays_back),
    }


def ranking_table(ranking: Ranking) -> pd.DataFrame:
    """Return a row per scenario.

    Returns
    -------
    pandas.DataFrame
        Columns: file, scenario, the means of bookings, wins, cost and net, their differences from the baseline with
        the 80% interval and Monte Carlo error of net, probabilities, interaction, and when it pays back.
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
        rows.append(row)
    return pd.DataFrame(rows)


def print_ranking(ranking: Ranking, console: Console) -> None:
    """Print which option is best, by how much and how surely, then all of them."""
    for run in ranking.runs:
        if run.scenario.question:
            console.print(f"[dim]{escape(run.scenario.question)}[/dim]")
    console.print(f"[bold]{escape(answer(ranking))}[/bold]\n")
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
    print_table(table, console)
    for option in ranking.changes:
        if option.interaction is not None and option.interaction.sd > 0:
            gain = money(option.interaction.mean, signed=True)
            error = money(option.interaction.mean_error)
            name = f"{option.name} ({option.file})" if several else option.name
            console.print(
                f"{escape(name)}: its parts together bring {gain} ± {error} beside the sum of each alone",
                highlight=False,
            )
    for difference in ranking.across:
        console.print(
            f"{escape(difference.scenario)} against {escape(difference.against)}, baselines: "
            f"{money(difference.net.mean, signed=True)} ± {money(difference.net.mean_error)} net",
            highlight=False,
        )
    margins = sorted({margin_words(option.forecast) for option in ranking.options})
    times = f", times the margin ({', '.join(margins)})" if any(margins) else ""
    console.print(
        f"net gain: mean of the paired differences{times}, less the cost, ± its Monte Carlo error", style="dim"
    )
    warnings = list(dict.fromkeys(warning for run in ranking.runs for warning in run.warnings))
    print_warnings([*ranking.notes, *warnings], console, "the JSON document")


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
    error = f" ± {money(net.mean_error)}" if net.sd > _ALL_THE_SAME else ""
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
    difference = best.difference
    by_wins = not best.forecast.values("bookings").any()
    if difference is None or (difference.wins if by_wins else difference.net).mean <= 0.0:
        return "No scenario brings more than it costs: the baseline is the best of them."
    gain = difference.wins if by_wins else difference.net
    brought = f"{count(gain.mean, signed=True)} wins" if by_wins else f"{money(gain.mean, signed=True)} net of its cost"
    error = count(gain.mean_error) if by_wins else money(gain.mean_error)
    of_file = f" of {best.file}" if len(ranking.runs) > 1 else ""
    sentence = (
        f"{best.name!r}{of_file} brings the most: {brought} on average (± {error} of simulation error), better than "
    )
    sentence += f"the baseline in {chance(difference.probability_better)} of the futures"
    cost = float(best.forecast.results["cost"].mean())
    if cost > 0.0:
        sentence += f"; it costs {money(cost)}"
        paid = best.pays_back
        sentence += f" and pays back by {paid:%d %B %Y}" if paid else " and does not pay back within the forecast"
    return sentence + _runner_up(ranking, by_wins)


def _runner_up(ranking: Ranking, by_wins: bool) -> str:
    """Say how far the second best is behind, where both were played in the same futures."""
    if len(ranking.changes) < 2 or by_wins:
        return "."
    best, second = ranking.changes[:2]
    if best.file != second.file:
        return "."
    apart = best.forecast.net() - second.forecast.net()
    ahead = f"{money(float(apart.mean()), signed=True)} ahead of {second.name!r}"
    ties = float((apart == 0).mean())
    equals = f" and equals in {chance(ties)}" if ties >= _SEEN_TIES else ""
    return f"; {ahead}, which it beats in {chance(float((apart > 0).mean()))} of them{equals}."
