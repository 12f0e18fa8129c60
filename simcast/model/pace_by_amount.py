"""Stages in which large deals take longer than small ones, or less long: what the model of new deals does not know.

New deals get their amounts when they are won, whatever their course was. Where large deals are slow, those that are won
before a forecast ends are smaller than others, and bookings come out too high. The test is Spearman's rank correlation
of the amount and the days until the forward move, taken among stays of one segment that began in one quarter, so that
neither segments that differ, nor amounts that rise over the years while recent stays have had less time, pass for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history import latest_amounts
from simcast.model.ranks import rank_correlation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_CORRELATION = 0.1
_LEAST_SCORE = 4.0
"""In standard deviations: six in a hundred thousand stages without an association have as much."""
_FEWEST_STAYS = 100
_LEAST_OF_TIME = 0.1
"""A stage that takes less of the days to a win than this does not change when deals are won."""


@dataclass(frozen=True)
class PaceByAmount:
    """A stage in which days go with the amount.

    Parameters
    ----------
    stage
        Its code.
    correlation
        Rank correlation of amount and days until the forward move.
    """

    stage: int
    correlation: float


def final_amounts(stays: pd.DataFrame) -> Floats:
    """Return the last known amount of each stay's deal, (n_stays,); NaN where none is."""
    known = stays["amount_at_end"].fillna(latest_amounts(stays))
    return known.groupby(stays["deal"], sort=False).transform("last").to_numpy(dtype=np.float64)


def find_paces(
    stage: Ints, forward: NDArray[np.bool_], stratum: Ints, amount: Floats, days: Ints
) -> list[PaceByAmount]:
    """Return the stages in which days go with the amount, clearly and by more than `LEAST_CORRELATION`.

    Parameters
    ----------
    stage
        int64, (n_stays,): codes.
    forward
        bool, (n_stays,): whether the stay ended in its stage's forward move.
    stratum
        int64, (n_stays,): stays are compared with those of the same one.
    amount
        float64, (n_stays,): NaN where unknown.
    days
        int64, (n_stays,)
    """
    of_stage = {int(code): np.flatnonzero(forward & (stage == code)) for code in np.unique(stage[forward])}
    mean_days = {code: float(days[rows].mean()) for code, rows in of_stage.items()}
    found = []
    for code, rows in of_stage.items():
        told = rows[np.isfinite(amount[rows])]
        if told.size < _FEWEST_STAYS or mean_days[code] < _LEAST_OF_TIME * sum(mean_days.values()):
            continue
        correlation, score = rank_correlation(amount[told], days[told], stratum[told])
        if abs(correlation) > LEAST_CORRELATION and abs(score) > _LEAST_SCORE:
            found.append(PaceByAmount(code, correlation))
    return found
