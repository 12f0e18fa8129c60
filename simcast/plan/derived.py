"""Levers that act through other numbers: training and answers in time change conversion, budgets change arrivals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.days import weekday_of
from simcast.engine import layout
from simcast.plan.levers import Acting, LeverFrame, PlacedLever
from simcast.plan.response import answered
from simcast.scenario import (
    ArrivalsLever,
    BudgetLever,
    ConversionLever,
    Distribution,
    ResponseLever,
    Team,
    TrainLever,
)

Floats = NDArray[np.float64]


def derived_effects(frame: LeverFrame, levers: Sequence[PlacedLever], teams: dict[str, Team]) -> list[Acting]:
    """Return what the levers do that act through other numbers."""
    served = {stage for team in teams.values() for stage in team.serves}
    found: list[Acting] = []
    for placed in levers:
        lever = placed.lever
        if isinstance(lever, TrainLever):
            found += _trained(frame, placed, lever, teams[lever.team])
        elif isinstance(lever, BudgetLever):
            found += _moved(frame, placed, lever)
        elif isinstance(lever, ResponseLever):
            found += answered(frame, placed, lever, served=lever.stage in served)
    return found


def _trained(frame: LeverFrame, placed: PlacedLever, lever: TrainLever, team: Team) -> Iterator[Acting]:
    """Return the better conversion after a training, by the day on which it ends."""
    begins = day_of(frame, lever.begins)
    ends = np.round(begins + frame.size(lever, lever.days, "days")).astype(np.int64)
    points = frame.size(lever, lever.add, "add")
    segments = frame.segments.select(lever.where, f"{placed.place}.where")
    day = np.arange(frame.days.n_days)
    last = math.inf if lever.until is None else day_of(frame, lever.until)
    for end in np.unique(ends[ends < frame.days.n_days]):
        faded = np.minimum((day - end + 0.5) / lever.ramp_days, 1.0) if lever.ramp_days > 0 else np.ones(len(day))
        weight = np.where((day >= end) & (day <= last), faded, 0.0)
        for stage in team.serves:
            yield Acting(
                ConversionLever,
                layout.ADD,
                frame.pipeline.stage_code(stage),
                segments,
                weight,
                np.where(ends == end, points, 0.0),
            )


def _moved(frame: LeverFrame, placed: PlacedLever, lever: BudgetLever) -> Iterator[Acting]:
    """Return what money does to new deals on both sides, as many weeks later as it takes to show."""
    amount = frame.size(lever, lever.amount, "amount")
    lag, weight = lever.lag_days, frame.weight(lever)
    later = np.concatenate([np.zeros(min(lag, len(weight))), weight[: max(0, len(weight) - lag)]])
    for side, sign in (("out_of", -1.0), ("into", 1.0)):
        where = getattr(lever, side)
        if not where:
            continue
        segments = frame.segments.select(where, f"{placed.place}.{side}")
        segments = segments & frame.segments.select(lever.where, f"{placed.place}.where")
        if lever.cost_per_lead is not None:
            per_deal = frame.size(lever, _side(lever.cost_per_lead, side), f"cost_per_lead.{side}")
            a_day = sign * amount / per_deal / _average_days(frame, lever)
            yield Acting(ArrivalsLever, layout.ADD, -1, segments, later, a_day)
        elif lever.elasticity is not None:
            spend = frame.size(lever, _side(lever.spend, side), f"spend.{side}")
            ratio = np.maximum(1.0 + sign * amount / spend, 0.0)
            grown = ratio ** frame.size(lever, lever.elasticity, "elasticity")
            yield Acting(ArrivalsLever, layout.MULTIPLY, -1, segments, later, grown)


def _side(sides: object, side: str) -> Distribution:
    """Return the sum of one side, which the scenario's checks have seen to be there."""
    sum_of_side: Distribution = getattr(sides, side)
    return sum_of_side


def days_without_leads(frame: LeverFrame, levers: Sequence[PlacedLever]) -> list[str]:
    """List the levers whose new deals would come on weekdays alone on which none ever come."""
    problems = []
    for placed in levers:
        lever = placed.lever
        if isinstance(lever, BudgetLever) and lever.cost_per_lead is not None:
            days, keys = _average_days(frame, lever), "from, until or lag_weeks"
        elif isinstance(lever, ArrivalsLever) and lever.add_per_day is not None and frame.weight(lever).any():
            acting = frame.days.weekday_of_day[frame.weight(lever) > 0.0]
            days, keys = frame.weekday_weight @ np.bincount(acting, minlength=7), "from or until"
        else:
            continue
        if not np.all(days > 0.0):
            problems.append(
                f"{placed.place}: its new deals would come on weekdays on which none ever do (arrivals go by the "
                f"weekday); change {keys}"
            )
    return problems


def _average_days(frame: LeverFrame, lever: BudgetLever) -> Floats:
    """Return over how many average days of the week the new deals of a budget come, by future.

    Its money is spent from the as-of date on; what it brings comes `lag_weeks` later, in part maybe after the forecast.
    """
    first = max(np.datetime64(lever.from_), frame.days.as_of) if lever.from_ else frame.days.as_of
    last = np.datetime64(lever.until) if lever.until else frame.days.until
    lag = np.timedelta64(lever.lag_days, "D")
    days = np.arange(first + lag, max(first, last) + lag + np.timedelta64(1, "D"))
    n_of_weekday = np.bincount(weekday_of(days), minlength=7)
    return np.asarray((frame.weekday_weight @ n_of_weekday)[frame.draw_of_future])


def day_of(frame: LeverFrame, on: object) -> float:
    """Return a date as days from the as-of date; the as-of date itself where none is given."""
    return 0.0 if on is None else float((np.datetime64(on, "D") - frame.days.as_of).astype(np.int64))  # type: ignore[call-overload]
