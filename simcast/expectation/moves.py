"""Where each move leads: to a stage, to a win, to both (renewals), or out of the forecast."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import allocating, inner
from simcast.engine.layout import NOWHERE, KernelPlan


class Moves(NamedTuple):
    """The graph of moves as expectations need it; the whole plan is too much to hand to small functions."""

    to: NDArray[np.int64]
    """(n_stages, n_slots): the stage in which a deal stays afterwards, or NOWHERE."""
    won: NDArray[np.bool_]
    """(n_stages, n_slots): whether the move wins it."""
    matters: NDArray[np.bool_]
    """(n_stages, n_slots): whether anything is won by the move or after it."""


@allocating
def moves_of(plan: KernelPlan) -> Moves:
    """Return where the moves of a plan lead."""
    shape = plan.destination.shape
    moves = Moves(np.full(shape, NOWHERE), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_))
    for stage in range(shape[0]):
        for slot in range(shape[1]):
            destination = plan.destination[stage, slot]
            if destination != NOWHERE:
                moves.won[stage, slot], moves.to[stage, slot] = where_it_leads(plan, destination)
            moves.matters[stage, slot] = moves.won[stage, slot] or moves.to[stage, slot] != NOWHERE
    return moves


@inner
def where_it_leads(plan: KernelPlan, destination: int) -> tuple[bool, int]:
    """Return whether a destination wins a deal, and the stage in which it stays then, or NOWHERE."""
    outcome = destination - plan.destination.shape[0]
    if outcome < 0:
        return False, destination
    return plan.outcome_won[outcome], plan.outcome_resumes[outcome]
