"""All stays of a stage, replicated from one posterior draw after another, as a history would record them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.predictive_checks.laws import PlayDraw
from simcast.predictive_checks.stays import OPEN, CheckedStays, Ints


@dataclass(frozen=True)
class StageReplicates:
    """How the stays of a stage went in each replicate.

    Parameters
    ----------
    move : int8, (n_replicates, n_stays)
        Positions of moves; `OPEN` where the stay had not ended before the first day not known.
    days : int32, (n_replicates, n_stays)
        Whole days to the end; to the first day not known while open.
    """

    move: NDArray[np.int8]
    days: NDArray[np.int32]


def replicate_stage(play: PlayDraw, stays: CheckedStays, draws: Ints) -> StageReplicates:
    """Replicate all stays of a stage, once for each of the given draws: int64, (n_replicates,)."""
    move = np.empty((draws.size, len(stays)), dtype=np.int8)
    days = np.empty((draws.size, len(stays)), dtype=np.int32)
    for position, draw in enumerate(draws):
        ended_in, lasted = play(int(draw))
        seen = lasted < stays.seen_days
        move[position] = np.where(seen, ended_in, OPEN)
        days[position] = np.where(seen, lasted, stays.seen_days)
    return StageReplicates(move, days)
