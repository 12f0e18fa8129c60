"""What levers cost, what counts as gain, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.days import DAYS_PER_MONTH
from simcast.engine.arrivals import count_new_deals
from simcast.engine.layout import ADD, Effects, KernelPlan
from simcast.plan.derived import day_of, derived_effects
from simcast.plan.levers import Acting, LeverFrame, PlacedLever
from simcast.plan.response import response_notes
from simcast.plan.teams import people_at
from simcast.scenario import (
    ArrivalsLever,
    BudgetLever,
    HireLever,
    LeaveLever,
    Lever,
    Team,
    TimedLever,
    TrainLever,
)
from simcast.scenario.settings import ForecastSettings
from simcast.segments import Segments
from simcast.writing import counted_share

_SLACK = 1.0 + 1e-9

Floats = NDArray[np.float64]


def costs_of(
    frame: LeverFrame, levers: Sequence[PlacedLever], teams: Mapping[str, Team], kernel: KernelPlan
) -> NDArray[np.float64]:
    """Return what the levers of a scenario cost in all; savings are negative.

    Parameters
    ----------
    frame
        What the levers are worked out against.
    levers
        All of the scenario.
    teams
        By name.
    kernel
        The scenario as it is played, for the number of new deals.

    Returns
    -------
    float64, (n_futures,)
    """
    total = sum((_cost_of(frame, placed.lever, teams, levers) for placed in levers), np.zeros(frame.n_futures))
    return total + _cost_of_new_deals(frame, levers, kernel)


def _cost_of(frame: LeverFrame, lever: Lever, teams: Mapping[str, Team], levers: Sequence[PlacedLever]) -> Floats:
    """Return what a lever costs but for new deals: once, by the month, its people until the end, new money."""
    cost = frame.size(lever, lever.cost, "cost")
    if isinstance(lever, HireLever | LeaveLever):
        cost = cost + _cost_of_people(frame, lever, teams[lever.team])
    if isinstance(lever, BudgetLever) and not (lever.out_of and lever.into):
        cost = cost + frame.size(lever, lever.amount, "amount") * (1.0 if lever.into else -1.0)
    if lever.cost_per_month is not None:
        cost = cost + frame.size(lever, lever.cost_per_month, "cost_per_month") * _days(frame, lever) / DAYS_PER_MONTH
    if isinstance(lever, HireLever | LeaveLever | TrainLever) and lever.cost_per_head is not None:
        per_head = frame.size(lever, lever.cost_per_head, "cost_per_head")
        cost = cost + per_head * _heads(frame, lever, teams, levers)
    return cost


def _days(frame: LeverFrame, lever: Lever) -> Floats | float:
    """Return on how many days of the forecast a lever acts; of a training, how many it takes."""
    begins, ends = 0.0, float(frame.days.n_days)
    if isinstance(lever, TrainLever):
        begins = day_of(frame, lever.on)
        lasting: Floats = np.minimum(begins + frame.size(lever, lever.days, "days"), ends) - max(begins, 0.0)
        return np.maximum(lasting, 0.0)
    if isinstance(lever, HireLever | LeaveLever):
        begins = day_of(frame, lever.on)
    elif isinstance(lever, TimedLever):
        begins = day_of(frame, lever.from_)
        ends = ends if lever.until is None else min(ends, day_of(frame, lever.until) + 1.0)
    return max(0.0, ends - max(begins, 0.0))


def _cost_of_people(frame: LeverFrame, lever: HireLever | LeaveLever, team: Team) -> Floats:
    """Return what people cost from their first day to the end of the forecast; what leavers save is negative."""
    sign = 1.0 if isinstance(lever, HireLever) else -1.0
    # The luck of an uncertain cost is the team's: who comes and who leaves costs the same.
    per_month = frame.shared_size(f"teams.{lever.team}.cost_per_month", team.cost_per_month)
    return sign * lever.count * _days(frame, lever) / DAYS_PER_MONTH * per_month


def cost_of_one(frame: LeverFrame, teams: Mapping[str, Team]) -> Floats:
    """Return what one person of each team costs over the forecast on average: float64, (n_teams,)."""
    months = frame.days.n_days / DAYS_PER_MONTH
    return np.array([months * team.cost_per_month.mean() for team in teams.values()])


def _heads(
    frame: LeverFrame,
    lever: HireLever | LeaveLever | TrainLever,
    teams: Mapping[str, Team],
    levers: Sequence[PlacedLever],
) -> int:
    """Return how many people a lever pays for: those who come, those who leave, or those who are trained."""
    if isinstance(lever, TrainLever):
        return people_at(frame, lever.team, teams[lever.team], levers, day_of(frame, lever.on))
    return lever.count


def _cost_of_new_deals(frame: LeverFrame, levers: Sequence[PlacedLever], kernel: KernelPlan) -> Floats:
    """Return what levers on arrivals cost that are paid by the new deal.

    A lever adds what comes with all levers of the scenario less what comes with all but it, in each future; deals that
    it takes away save as much.
    """
    total = np.zeros(frame.n_futures)
    on_arrivals = [placed.lever for placed in levers if isinstance(placed.lever, ArrivalsLever)]
    if all(lever.cost_per_deal is None for lever in on_arrivals):
        return total
    coming = new_deals(kernel)
    for position, lever in enumerate(on_arrivals):  # in the order of the effects, which other levers' follow
        if lever.cost_per_deal is not None:
            others = np.arange(len(kernel.on_arrivals.operation)) != position
            without = kernel._replace(on_arrivals=Effects(*(array[others] for array in kernel.on_arrivals)))
            total += frame.size(lever, lever.cost_per_deal, "cost_per_deal") * (coming - new_deals(without))
    return total


def new_deals(kernel: KernelPlan) -> NDArray[np.int64]:
    """Return how many deals come in each future, int64, (n_futures,)."""
    counts = np.zeros(len(kernel.draw_of_future), dtype=np.int64)
    count_new_deals(kernel, counts)
    return counts


def margin_of(frame: LeverFrame, forecast: ForecastSettings, groups: Segments) -> Floats | None:
    """Return the share of bookings that counts as gain, which all scenarios of a file have in common.

    Returns
    -------
    float64, (n_futures,) or (n_futures, n_groups), or None
        By group where the margin goes by a column; None where all bookings count.
    """
    whole = forecast.margin.is_fixed and forecast.margin.mean() == 1.0
    common = frame.shared_size("forecast.margin", forecast.margin)
    for column, shares in forecast.margin_by.items():
        if column in groups.columns:  # a fan is of all deals together, and of bookings alone
            by_value = {
                value: frame.shared_size(f"forecast.margin_by.{column}.{value}", share)
                for value, share in shares.items()
            }
            return np.stack([by_value.get(value, common) for value in groups.column(column)], axis=1)
    return None if whole else common


def notes_of(
    frame: LeverFrame, levers: Sequence[PlacedLever], teams: Mapping[str, Team], kernel: KernelPlan
) -> list[str]:
    """Say where more money moves than there is, and what answers in time rest on."""
    return [*_overdrawn(frame, levers), *_more_than_come(frame, levers, kernel), *response_notes(frame, levers, teams)]


def _overdrawn(frame: LeverFrame, levers: Sequence[PlacedLever]) -> list[str]:
    """Say which budgets take more from segments than is spent there, and in how many futures."""
    notes = []
    for placed in levers:
        lever = placed.lever
        if not isinstance(lever, BudgetLever) or lever.spend is None or lever.spend.out_of is None or not lever.out_of:
            continue
        spent = frame.size(lever, lever.spend.out_of, "spend.out_of")
        share = float(np.mean(frame.size(lever, lever.amount, "amount") > spent))
        if share > 0.0:
            notes.append(
                f"{placed.path}: takes more than is spent there (spend.out_of) in {counted_share(share)} of the "
                "futures: no new deals are left there, and the other side gains the whole amount"
            )
    return notes


def _more_than_come(frame: LeverFrame, levers: Sequence[PlacedLever], kernel: KernelPlan) -> list[str]:
    """Say which levers would take away more new deals than come, and in how many futures."""
    notes = []
    for placed in levers:
        lever = placed.lever
        if isinstance(lever, BudgetLever) and lever.cost_per_lead is not None and lever.out_of:
            effects = [effect for effect in derived_effects(frame, [placed], {}) if bool((effect.value < 0.0).all())]
        elif isinstance(lever, ArrivalsLever) and lever.add_per_day is not None:
            segments = frame.segments.select(lever.where, f"{placed.place}.where")
            per_day = frame.size(lever, lever.add_per_day)
            effects = [Acting(ArrivalsLever, ADD, -1, segments, frame.weight(lever), per_day)]
        else:
            continue
        for effect in effects:
            come, taken = _coming(kernel, effect), -effect.value * _days_counted(kernel, effect)
            share = float(np.mean(taken > come * _SLACK))
            if share > 0.0:
                gained = isinstance(lever, BudgetLever) and lever.into
                notes.append(
                    f"{placed.path}: would take away {taken.mean():,.0f} new deals, where {come.mean():,.0f} come in "
                    f"its days (means); in {counted_share(share)} of the futures none are left there, and no more go"
                    + ("; the other side gains as if all had gone: less money is there to be moved" if gained else "")
                )
    return notes


def _days_counted(kernel: KernelPlan, effect: Acting) -> Floats:
    """Return on how many average days of the week an effect on arrivals acts in full, by future."""
    return np.asarray((kernel.arrival_weekday_factor @ effect.weight)[kernel.draw_of_future])


def _coming(kernel: KernelPlan, effect: Acting) -> Floats:
    """Return how many new deals are expected where and when an effect acts, by future, without any lever."""
    per_day = kernel.arrival_mean[:, effect.segments].sum(axis=1)[:, None] * kernel.arrival_weekday_factor
    by_draw = (per_day * kernel.arrival_trend_factor) @ effect.weight
    return np.asarray(by_draw[kernel.draw_of_future])
