"""What scenarios bring, as tables: net of their cost, or in wins where nothing is booked."""

from __future__ import annotations

import numpy as np

from simcast.analysis import Difference, Run
from simcast.forecast import Forecast, Metric
from simcast.report.phrases import margins
from simcast.report.tables import Column, Kind, Table, Value, listed_table
from simcast.report.words import Language
from simcast.scenario import BASELINE


def scenarios_table(run: Run, language: Language) -> Table:
    """Each scenario, its chance of the target, and its difference from the baseline, future by future."""
    targets = run.forecasts[BASELINE].targets
    total: Metric = "wins" if run.by_wins else "bookings"
    columns = [
        Column(language.say("scenario")),
        Column(f"{language.say(total)} P50", "count" if run.by_wins else "money"),
    ]
    columns += [
        Column(
            language.say("chance.target") if len(targets) == 1 else language.say(f"chance.target.{metric}"), "chance"
        )
        for metric in targets
    ]
    columns += _difference_columns(run, language)
    rows: list[tuple[Value, ...]] = []
    for name, forecast in run.forecasts.items():
        head: tuple[Value, ...] = (name, float(np.median(forecast.values(total))))
        head += tuple(forecast.probability(metric, wanted) for metric, wanted in targets.items())
        difference = next((found for found in run.differences if found.scenario == name), None)
        rows.append(head + (_wins_values(difference) if run.by_wins else _difference_values(difference, forecast)))
    note = language.say("note.scenarios.wins" if run.by_wins else "note.scenarios")
    if (margin := run.forecasts[BASELINE].margin) is not None and not run.by_wins:
        if run.scenario.forecast.margin_by:
            note += " " + language.say("note.margin-by", margins=_margins(run, language))
        else:
            note += " " + language.say("note.margin", margin=language.share(float(margin.mean()), 1))
    return Table("scenarios", language.say("table.scenarios"), tuple(columns), tuple(rows), note)


def _margins(run: Run, language: Language) -> str:
    """Write the margin of each value, its mean where it is uncertain."""
    written = []
    for value, margin in margins(run):
        share = language.share(margin.mean(), 1)
        told = share if margin.is_fixed else language.say("margin.mean", margin=share)
        written.append(f"{value or language.say('margin.others')} {told}")
    return ", ".join(written)


def _difference_columns(run: Run, language: Language) -> list[Column]:
    """Return the columns of what scenarios bring: the additional wins first of all, where nothing is booked."""
    if run.by_wins:
        return [
            *(Column(title, "more") for title in (language.say("more-wins"), "P10", "P90")),
            *(Column(language.say(f"chance.{which}-wins"), "chance") for which in ("more", "fewer")),
            *(Column(language.say(title), "money") for title in ("cost", "cost-per-win")),
        ]
    return [
        *(Column(title, "gain") for title in (language.say("difference"), "P10", "P90")),
        Column(language.say("more-wins"), "more"),
        Column(language.say("cost"), "money"),
        Column(language.say("net"), "gain"),
        Column(language.say("chance.better"), "chance"),
    ]


def _wins_values(difference: Difference | None) -> tuple[Value, ...]:
    """Return the additional wins of a scenario and what they cost; nothing for the baseline."""
    if difference is None:
        return (None,) * 7
    wins = difference.wins
    return (
        *(wins.mean, wins.quantile(0.1), wins.quantile(0.9)),
        *(difference.probability_more_wins, difference.probability_fewer_wins),
        *(difference.cost, difference.cost_per_win),
    )


def _difference_values(difference: Difference | None, forecast: Forecast) -> tuple[Value, ...]:
    """Return what a scenario brings; nothing for the baseline."""
    if difference is None:
        return (None,) * 7
    return (
        difference.bookings.mean,
        difference.bookings.quantile(0.1),
        difference.bookings.quantile(0.9),
        difference.wins.mean,
        float(forecast.results["cost"].mean()),
        difference.net.mean,
        difference.probability_better,
    )


def gains_table(run: Run, language: Language) -> Table:
    """Return the distribution of what each scenario brings: net of its cost, or in wins where nothing is booked."""
    by_wins = run.by_wins
    kind: Kind = "more" if by_wins else "gain"
    chances = ("chance.more-wins", "chance.fewer-wins") if by_wins else ("chance.better", "chance.worse")
    columns = [Column(language.say("scenario")), Column(language.say("mean"), kind)]
    columns += [Column(f"P{q}", kind) for q in (5, 25, 50, 75, 95)]
    columns += [Column(language.say(key), "chance") for key in chances]
    rows: list[tuple[Value, ...]] = []
    for difference in run.differences:
        gain = difference.gain(by_wins=by_wins)
        shown = (gain.mean, *(gain.quantile(q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)))
        shares = (difference.better(by_wins=by_wins), difference.worse(by_wins=by_wins))
        rows.append((difference.scenario, *shown, *shares))
    key = "more-wins" if by_wins else "net"
    return listed_table(key, language.say(f"table.{key}"), columns, rows)
