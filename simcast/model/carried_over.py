"""What deals carry from stage to stage: whether those that were slow so far move on less often, or more often.

The model forgets how a deal got to where it is. If deals have a quality of their own, by which good ones are fast and
move on and poor ones are slow and do not, then deals that have waited long are poorer than their stage and segment say,
at the stages to come too, and wins of open deals come out too high. The test is the rank correlation of the days before
a stage with whether its stay moved forward, over all stages at once, taken among ended stays of one stage and segment
that began in one month after equally many stays: so that neither segments nor times that differ pass for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.days import month_of
from simcast.model.ranks import place_within, rank_correlation

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LEAST_CORRELATION = 0.1
_LEAST_SCORE = 4.0
"""In standard deviations: six in a hundred thousand histories whose deals carry nothing over have as much."""
_FEWEST_STAYS = 100


@dataclass(frozen=True)
class CarriedOver:
    """How the days before a stage go with moving on from it.

    Parameters
    ----------
    correlation
        Rank correlation of the days before with moving forward; below 0 if slow deals move on less often.
    of_slow, of_fast
        The shares that moved forward, of the ended stays whose deals had been slower and faster than the others of
        their stratum.
    """

    correlation: float
    of_slow: float
    of_fast: float


def find_carried_over(
    stage: Ints, segment: Ints, first: Bools, entered: Ints, ended: Bools, forward: Bools
) -> CarriedOver | None:
    """Return what deals carry over from earlier stages, if clearly something, and more than `LEAST_CORRELATION`.

    Parameters
    ----------
    stage, segment
        int64, (n_stays,): codes, of stays in order of their deals and days.
    first
        bool, (n_stays,): whether the stay is its deal's first.
    entered
        int64, (n_stays,): day numbers.
    ended, forward
        bool, (n_stays,): whether the stay is known to have ended, and to have done so in its stage's forward move.
    """
    position = np.arange(stage.size)
    begin = np.maximum.accumulate(np.where(first, position, 0))
    again = pd.DataFrame({"deal": begin, "stage": stage}).duplicated().to_numpy()
    rows = np.flatnonzero(ended & ~first & ~again)
    if rows.size < _FEWEST_STAYS:
        return None
    before = (entered - entered[begin])[rows]
    alike = {"stage": stage, "segment": segment, "month": month_of(entered), "stays": position - begin}
    stratum = pd.DataFrame(alike).iloc[rows].groupby(list(alike), sort=False).ngroup().to_numpy().astype(np.int64)
    moved = forward[rows]
    correlation, score = rank_correlation(before.astype(np.float64), moved.astype(np.int64), stratum)
    if abs(correlation) <= LEAST_CORRELATION or abs(score) <= _LEAST_SCORE:
        return None
    place = place_within(stratum, before)
    return CarriedOver(correlation, float(moved[place > 0.0].mean()), float(moved[place < 0.0].mean()))
