"""What levers cost, and what a reader should know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.plan.derived import day_of
from simcast.plan.levers import LeverFrame, PlacedLever
from simcast.scenario import BudgetLever, Distribution, HireLever, LeaveLever, ResponseLever, Team

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


def margin_of(frame: LeverFrame, margin: Distribution) -> NDArray[np.float64] | None:
    """Return the share of bookings that counts as gain, which all scenarios of a file have in common.

    Returns
    -------
    float64, (n_futures,) or None
        None where all bookings count.
    """
    if margin.is_fixed and margin.mean() == 1.0:
        return None
    return frame.shared_size("forecast.margin", margin)


def notes_of(levers: Sequence[PlacedLever], teams: Mapping[str, Team]) -> list[str]:
    """Say where a promise to answer in time cannot bring more wins, for want of an assumption."""
    notes = []
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
