"""Wins told apart by the outcome they are, and by the stage they come from where that is not its forward move.

The engine counts wins, not which they are. But what counts as won changes no deal's course, so that the same futures
played with one outcome alone as a win count the wins of that outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcast.forecast import Forecast
from simcast.pipeline import WON
from simcast.plan import Plan

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WonEnd:
    """What is won by one outcome.

    Parameters
    ----------
    bookings, wins : float64, (n_futures,)
        Totals of each future.
    """

    bookings: Floats
    wins: Floats


def won_ends(plan: Plan, forecast: Forecast, play: Callable[[Plan], Forecast]) -> dict[str, WonEnd]:
    """Return what each won outcome brings; nothing where there is but one.

    Parameters
    ----------
    plan
        What was played.
    forecast
        What came of it.
    play
        Plays a plan, in the same futures.
    """
    outcomes = [name for name in plan.pipeline.outcomes if plan.pipeline.is_won(name)]
    if len(outcomes) == 1:
        return {}
    found = {name: _won(play(_with_one_win(plan, name))) for name in outcomes if name != WON}
    every = _won(forecast)
    rest = WonEnd(
        np.round(every.bookings - np.sum([end.bookings for end in found.values()], axis=0), 2),
        every.wins - np.sum([end.wins for end in found.values()], axis=0),
    )
    return {WON: rest, **found}


def wins_aside(plan: Plan, play: Callable[[Plan], Forecast]) -> dict[str, float]:
    """Return the mean wins of each stage that end it by another than its forward move; stages without such moves not.

    Parameters
    ----------
    plan
        The baseline's.
    play
        Plays a plan, in the same futures.
    """
    pipeline = plan.pipeline
    found: dict[str, float] = {}
    for stage, moves in zip(pipeline.stages, pipeline.moves, strict=True):
        if any(_is_won(plan, move) for move in moves[1:]):
            found[stage] = float(_won(play(_with_wins_aside(plan, stage))).wins.mean())
    return found


def _won(forecast: Forecast) -> WonEnd:
    return WonEnd(forecast.values("bookings"), forecast.values("wins"))


def _is_won(plan: Plan, name: str) -> bool:
    return name in plan.pipeline.outcomes and plan.pipeline.is_won(name)


def _with_one_win(plan: Plan, outcome: str) -> Plan:
    """Return a plan in which one outcome alone counts as won."""
    won = np.array([name == outcome for name in plan.pipeline.outcomes])
    return replace(plan, kernel=plan.kernel._replace(outcome_won=won))


def _with_wins_aside(plan: Plan, stage: str) -> Plan:
    """Return a plan in which only the wins of one stage by other than its forward move count.

    Each of these moves leads to an outcome of its own, after which deals go on as they did.
    """
    kernel, pipeline = plan.kernel, plan.pipeline
    code = pipeline.stage_code(stage)
    slots = [slot for slot, move in enumerate(pipeline.moves[code]) if slot and _is_won(plan, move)]
    outcomes = kernel.destination[code, slots] - pipeline.n_stages
    n_outcomes = len(kernel.outcome_won)
    destination = kernel.destination.copy()
    destination[code, slots] = pipeline.n_stages + n_outcomes + np.arange(len(slots))
    won = np.repeat([False, True], [n_outcomes, len(slots)])
    resumes = np.concatenate([kernel.outcome_resumes, kernel.outcome_resumes[outcomes]])
    return replace(plan, kernel=kernel._replace(destination=destination, outcome_won=won, outcome_resumes=resumes))
