"""What a scenario's author should know: what does nothing, and what was probably meant otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date, timedelta

from simcast.scenario.levers import BudgetLever, HireLever, LeaveLever, TimedLever, TrainLever
from simcast.scenario.schema import Scenario

FEWEST_FUTURES = 100
"""With fewer futures, fewer than ten lie beyond P10 and P90 each: where these stand is then mostly luck."""


def warnings(scenario: Scenario) -> list[str]:
    """List what is allowed but probably not meant, by key and not by file, since results hold these lines."""
    found = [
        f"scenarios.{name}[{index}]: {text}"
        for name, entries in scenario.scenarios.items()
        for index, entry in enumerate(entries)
        if isinstance(entry, TimedLever | HireLever | LeaveLever)
        for text in _out_of_time(entry, scenario.forecast.as_of, scenario.forecast.until)
    ]
    futures = scenario.simulation.futures
    if futures < FEWEST_FUTURES:
        found.append(
            f"simulation.futures: only {futures} played, too few to tell P10 and P90 by; play {FEWEST_FUTURES} or more"
        )
    pipeline = scenario.pipeline_definition
    meant = {move.from_ for move in scenario.pipeline.moves}  # `Pipeline.define` asks for a move out of near names
    for stage in pipeline.stages[len(pipeline.path) :]:
        if stage in meant:
            continue
        others = [name for name in pipeline.stages if name != stage]
        close = difflib.get_close_matches(stage, others, n=1, cutoff=0.85)
        if close:
            found.append(f"pipeline.moves: {stage!r} is a stage of its own; did you mean {close[0]!r}?")
    if scenario.history is None and scenario.assume is not None:
        if scenario.assume.arrivals is None:
            found.append("assume.arrivals: not given, so no new deals come in")
        if scenario.assume.amount is None:
            valued = any(deals.amount is not None for deals in scenario.assume.open)
            found.append(
                "assume.amount: not given, so only open deals with an amount bring bookings"
                if valued
                else "assume.amount: not given, nor an amount of open deals, so wins are counted and nothing is booked"
            )
    return [*found, *_waits_counted_twice(scenario)]


def _waits_counted_twice(scenario: Scenario) -> Iterator[str]:
    """Say where a team's line comes on top of waits that are in the history already."""
    assumed = scenario.assume.stages if scenario.assume is not None else {}
    for name, team in scenario.teams.items():
        fitted = [stage for stage in team.serves if stage not in assumed]
        if scenario.history is None or not fitted:
            continue
        keys = ", ".join(f"assume.stages.{stage}" for stage in fitted)
        yield (
            f"teams.{name}: the days of {', '.join(map(repr, fitted))} are fitted from the history and contain the "
            "waits of the past; the team's line adds its own, so that waits count twice. Give the days of the work "
            f"itself ({keys}), or leave the team out where its headcount stays what it was; until then read the "
            "differences between scenarios, not the totals"
        )


def _out_of_time(lever: TimedLever | HireLever | LeaveLever, as_of: date, until: date) -> Iterator[str]:
    begins = lever.first_day(as_of) if isinstance(lever, TimedLever) else lever.on
    new_money = isinstance(lever, BudgetLever) and lever.into and not lever.out_of
    one_sided = isinstance(lever, BudgetLever) and not (lever.into and lever.out_of)
    costs = new_money or lever.cost.mean() != 0.0 or getattr(lever, "cost_per_head", None) is not None
    nothing = "it does nothing but cost" if costs else "it does nothing"
    if begins > until:
        yield f"begins on {begins}, after the forecast ends ({until}); {nothing}"
    elif isinstance(lever, TrainLever):
        yield from _trained_too_late(lever, begins, until)
    elif isinstance(lever, BudgetLever) and (shows := max(begins, as_of) + timedelta(days=lever.lag_days)) > until:
        yield f"the money shows from {shows} on, after the forecast ends ({until}); {nothing}"
    elif isinstance(lever, BudgetLever) and one_sided and lever.last_day(until) > until:
        yield (
            f"ends on {lever.until}, after the forecast ends ({until}): all of the money counts, and only the deals "
            "that it moves by then; give the amount of the days forecast"
        )
    if isinstance(lever, TimedLever) and lever.last_day(until) < as_of:
        yield f"ends on {lever.until}, before the as-of date ({as_of}); {nothing}"


def _trained_too_late(lever: TrainLever, begins: date, until: date) -> Iterator[str]:
    """Say where a training brings nothing: it is over after the forecast, or after the last day of its gain."""
    if not lever.days.is_fixed:
        return
    ends = begins + timedelta(days=round(lever.days.mean()))
    if ends > until:
        yield f"the training is over on {ends}, after the forecast ends ({until}); nothing is gained by it"
    elif lever.until is not None and ends > lever.until:
        yield f"the training is over on {ends}, after the last day of its gain ({lever.until}); nothing is gained by it"
