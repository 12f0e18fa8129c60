"""Where each move leads: to a stage, to a win, to both (renewals), or out of the forecast."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import inner
from simcast.engine.layout import NOWHERE, KernelPlan


class Moves(NamedTuple):
    """The graph of moves as expectations need it."""

    to: NDArray[np.int64]
    """(n_stages, n_slots): the stage in which a deal stays afterwards, or NOWHERE."""
    won: NDArray[np.bool_]
    """(n_stages, n_slots): whether the move wins it."""
    matters: NDArray[np.bool_]
    """(n_stages, n_slots): whether anything is won by the move or after it."""


def moves_of(plan: KernelPlan) -> Moves:
    """Return where the moves of a plan lead."""
    outcome = plan.destination - len(plan.destination)
    ends, outcome = outcome >= 0, np.maximum(outcome, 0)
    won = ends & plan.outcome_won[outcome]
    to = np.where(ends, plan.outcome_resumes[outcome], plan.destination)
    return Moves(to, won, won | (to != NOWHERE))


@inner
def where_it_leads(plan: KernelPlan, destination: int) -> tuple[bool, int]:
    """Return whether a destination wins a deal, and the stage in which it stays then, or NOWHERE."""
    outcome = destination - plan.destination.shape[0]
    if outcome < 0:
        return False, destination
    return plan.outcome_won[outcome], plan.outcome_resumes[outcome]
