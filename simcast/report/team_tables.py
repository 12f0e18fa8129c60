"""Tables of teams: how busy people are, how long deals wait for them, and how many wait at the end of a period."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simcast.analysis import Run
from simcast.forecast import Forecast, Summary
from simcast.report.tables import Column, Table, Value, as_date
from simcast.report.words import Language
from simcast.scenario import BASELINE

Floats = NDArray[np.float64]

_LEVELS = (0.1, 0.5, 0.9)


def has_teams(run: Run) -> bool:
    """Return whether anybody is waited for."""
    return "team" in run.forecasts[BASELINE].results.dims


def team_values(forecast: Forecast, variable: str, team: str) -> Floats:
    """Return what is told of a team, one value per future, and per period for its line."""
    return np.asarray(forecast.results[variable].sel(team=team), dtype=np.float64)


def teams_table(run: Run, language: Language) -> Table:
    """How busy each team is and how long its line, in each scenario."""
    promised = any(bool((forecast.results["team_extra_hours"] > 0.0).any()) for forecast in run.forecasts.values())
    columns = [
        Column(language.say("scenario")),
        Column(language.say("team")),
        Column(language.say("teams.busy"), "share"),
        Column(language.say("teams.busy-most"), "share"),
        Column(language.say("teams.wait-90"), "days"),
        Column(language.say("teams.queue"), "count"),
        Column(language.say("teams.queue-most"), "count"),
    ]
    if promised:
        columns.append(Column(language.say("teams.extra-hours"), "count"))
    rows: list[tuple[Value, ...]] = []
    for name, forecast in run.forecasts.items():
        for team in run.scenario.teams:
            busy = team_values(forecast, "team_utilisation", team)
            queue = team_values(forecast, "team_queue", team)[:, -1]
            row: tuple[Value, ...] = (name, team, float(busy.mean()), Summary.of(busy).quantile(0.9))
            row += (float(team_values(forecast, "team_wait_90", team).mean()),)
            row += (float(queue.mean()), Summary.of(queue).quantile(0.9))
            if promised:
                row += (float(team_values(forecast, "team_extra_hours", team).mean()),)
            rows.append(row)
    return Table("teams", language.say("table.teams"), tuple(columns), tuple(rows), language.say("note.teams"))


def served_stages(run: Run) -> Iterator[tuple[str, str]]:
    """Yield each stage that a team serves, with the team, in the pipeline's order."""
    team_of = {stage: name for name, team in run.scenario.teams.items() for stage in team.serves}
    for stage in run.book.pipeline.stages:
        if stage in team_of:
            yield stage, team_of[stage]


def waits_table(run: Run, language: Language) -> Table:
    """How long deals wait for a free person at each stage, in each scenario."""
    columns = (
        Column(language.say("scenario")),
        Column(language.say("stage")),
        Column(language.say("team")),
        Column(language.say("teams.wait"), "days"),
        *(Column(f"P{100 * level:.0f}", "days") for level in _LEVELS),
    )
    rows: list[tuple[Value, ...]] = []
    for name, forecast in run.forecasts.items():
        for stage, team in served_stages(run):
            waits = Summary.of(forecast.wait_days(stage))
            rows.append((name, stage, team, waits.mean, *(waits.quantile(level) for level in _LEVELS)))
    return Table("waits", language.say("table.waits"), columns, tuple(rows), language.say("note.waits"))


def queue_table(run: Run, language: Language, team: str | None = None) -> Table:
    """How many deals wait for each team, or for one, at the end of each period of the baseline."""
    columns = [] if team else [Column(language.say("team"))]
    columns += [Column(language.say("teams.at-end-of"), "date"), Column(language.say("mean"), "count")]
    columns += [Column(f"P{100 * level:.0f}", "count") for level in _LEVELS]
    baseline = run.forecasts[BASELINE]
    rows: list[tuple[Value, ...]] = []
    for name in [team] if team else run.scenario.teams:
        for day, queue in zip(run.days.ends, team_values(baseline, "team_queue", name).T, strict=True):
            waiting = Summary.of(queue)
            head: tuple[Value, ...] = () if team else (name,)
            numbers = (waiting.mean, *(waiting.quantile(level) for level in _LEVELS))
            rows.append((*head, as_date(day), *numbers))
    key, title = "queue", language.say("table.queue")
    if team:
        key, title = f"queue-{team}", language.say("table.queue-of", team=team)
    return Table(key, title, tuple(columns), tuple(rows))
