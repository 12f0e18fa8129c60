"""How long deals that are won usually stay in a stage: an open one that has been there for longer counts as stalled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.parameters import days_isf
from simcast.history import Book, History
from simcast.plan import Plan
from simcast.posterior import Posterior
from simcast.posterior.hazards import HAZARD

LEAST_MOVES = 10
"""A stage that fewer deals have left forward has no usual time in the history."""

SHARE_BEYOND = 0.1


def usual_days(history: History | None, posterior: Posterior) -> dict[str, float]:
    """Return the days within which nine of ten deals that were won had moved on from a stage.

    From the history where enough deals were won, or have moved forward at least, else from the parameters; a stage of
    which neither can tell is left out.
    """
    found: dict[str, float] = {}
    for stage in posterior.pipeline.stages:
        days = None if history is None else _in_history(history, stage)
        if days is None:
            days = _by_parameters(posterior, stage)
        if days is not None:
            found[stage] = days
    return found


def usual_days_of(history: History | None, posterior: Posterior, book: Book) -> NDArray[np.float64]:
    """Return the usual days of the stage that each open deal is in; NaN where they are not known."""
    usual = usual_days(history, posterior)
    return np.array([usual.get(book.pipeline.stages[code], np.nan) for code in book.stage_code], dtype=np.float64)


def are_stalled(book: Book, limit: NDArray[np.float64], plan: Plan) -> NDArray[np.bool_]:
    """Tell which open deals have been in their stage for longer than a limit of days and wait for no free person.

    That those who wait for a person of a team stand there for long is no fault of theirs.
    """
    overdue: NDArray[np.bool_] = book.age_days > limit
    if plan.capacity is None:
        return overdue
    waiting = {str(deal) for deal in plan.deals[~np.isnan(plan.capacity.deal_waits_since)]}
    in_line = np.array([str(deal) in waiting for deal in book.deal], dtype=bool)
    overdue &= ~in_line
    return overdue


def _in_history(history: History, stage: str) -> float | None:
    """Return the 90% point of the days that deals won later took here, or of all forward moves where few were won."""
    stays, pipeline = history.stays, history.pipeline
    moved = stays[(stays["stage"] == stage) & (stays["move"] == pipeline.forward(stage))]
    wins = [name for name in pipeline.outcomes if pipeline.is_won(name)]
    of_won = moved[moved["deal"].isin(stays.loc[stays["move"].isin(wins), "deal"])]
    moved = of_won if len(of_won) >= LEAST_MOVES else moved
    if len(moved) < LEAST_MOVES:
        return None
    days = (moved["left"] - moved["entered"]).dt.days.to_numpy(dtype=np.float64)
    return float(np.quantile(days, 1.0 - SHARE_BEYOND))


def _by_parameters(posterior: Posterior, stage: str) -> float | None:
    """Return the mean 90% point of the days until the forward move, over draws and segments; None for hazards."""
    forward = posterior.pipeline.forward(stage)
    if str(posterior.draws["days_family"].sel(stage=stage, move=forward).item()) == HAZARD:
        return None
    return float(days_isf(posterior, stage, forward, SHARE_BEYOND).mean())
