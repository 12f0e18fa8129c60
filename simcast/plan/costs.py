"""What levers cost, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.plan.derived import day_of
from simcast.plan.levers import LeverFrame, PlacedLever
from simcast.scenario import BudgetLever, HireLever, LeaveLever, ResponseLever, Team

DAYS_PER_MONTH = 365.25 / 12


def cost_of(frame: LeverFrame, placed: PlacedLever, teams: Mapping[str, Team]) -> NDArray[np.float64]:
    """Return what a lever costs in all: its own cost, its people until the end, new money; savings are negative.

    Returns
    -------
    float64, (n_futures,)
    """
    lever = placed.lever
    cost = frame.size(lever, lever.cost, "cost")
    if isinstance(lever, HireLever | LeaveLever):
        cost = cost + _cost_of_people(frame, lever, teams[lever.team])
    if isinstance(lever, BudgetLever) and not (lever.out_of and lever.into):
        cost = cost + frame.size(lever, lever.amount, "amount") * (1.0 if lever.into else -1.0)
    return cost


def _cost_of_people(frame: LeverFrame, lever: HireLever | LeaveLever, team: Team) -> NDArray[np.float64]:
    """Return what people cost from their first day to the end of the forecast; what leavers save is negative."""
    days = max(0.0, frame.days.n_days - max(0.0, day_of(frame, lever.on)))
    sign = 1.0 if isinstance(lever, HireLever) else -1.0
    # The luck of an uncertain cost is the team's: who comes and who leaves costs the same.
    per_month = frame.shared_size(f"teams.{lever.team}.cost_per_month", team.cost_per_month)
    return sign * lever.count * days / DAYS_PER_MONTH * per_month


def notes_of(frame: LeverFrame, levers: Sequence[PlacedLever], teams: Mapping[str, Team]) -> list[str]:
    """Say where a promise to answer in time cannot bring more wins, and where more money moves than there is."""
    notes = _overdrawn(frame, levers)
    for placed in levers:
        lever = placed.lever
        if not isinstance(lever, ResponseLever):
            continue
        for name, team in teams.items():
            if lever.stage in team.serves and (team.response is None or team.response.stage not in (None, lever.stage)):
                notes.append(
                    f"{placed.path}: deals of {lever.stage!r} wait less, but nothing says that waiting loses deals; "
                    f"add teams.{name}.response, such as {{half_life_hours: 24}}"
                )
    return notes


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
                f"{placed.path}: takes more than is spent there (spend.out_of) in {share:.0%} of the futures: "
                "no new deals are left there, and the other side gains the whole amount"
            )
    return notes
