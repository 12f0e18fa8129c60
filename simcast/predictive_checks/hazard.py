"""Stays replicated from cause-specific hazards by day: the day is drawn first, then which of the moves ended it.

In piece j the hazard per day of move k is ``lambda[k, j]``. A stay whose unit exponential variate is e ends on the day
on which the cumulative hazard passes e, in move k with probability ``lambda[k, j] / sum over moves of lambda[., j]``;
one whose e is beyond the hazard of all pieces never ends. Written independently of the engine.

References
----------
Prentice et al. (1978), The analysis of failure times in the presence of competing risks, Biometrics 34.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.predictive_checks.mixture import LONGEST_DAYS
from simcast.predictive_checks.stays import OPEN, CheckedStays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LARGEST_LOG = 300.0
_MOST_HAZARD = 1e4
"""A stay passes no more hazard than this: exp(-10,000) is nothing."""


@dataclass(frozen=True)
class HazardStage:
    """One draw's parameters of a stage whose moves have hazards by day.

    Parameters
    ----------
    hazard : float64, (n_moves, n_cells, n_pieces)
        Per day, at the centre of amounts.
    starts : int64, (n_pieces + 1,)
        The first day of each piece, and the day after the last one.
    amount_slope
        Change of the log hazard of the forward move per unit of a stay's log amount.
    log_odds : float64, (n_cells,)
        What is added to the log odds of the forward move among the moves, on whatever day a stay ends.
    """

    hazard: Floats
    starts: Ints
    amount_slope: float
    log_odds: Floats

    @classmethod
    def of(cls, log_hazard: Floats, effect: Floats, starts: Ints, amount_slope: float, log_odds: Floats) -> HazardStage:
        """Add the effects of cells, (n_moves, n_cells), to the log hazards, (n_moves, n_pieces)."""
        logs = log_hazard[:, None, :] + effect[:, :, None]
        return cls(np.exp(np.minimum(logs, _LARGEST_LOG)), starts, amount_slope, log_odds)


def replicate_hazard(stage: HazardStage, stays: CheckedStays, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw how each stay of a stage ends.

    Returns
    -------
    int64, (n_stays,)
        The position of the move; `OPEN` for stays that never end.
    int64, (n_stays,)
        Whole days from the day of entry to the day of the end; `LONGEST_DAYS` for stays that never end.
    """
    hazard, row = stage.hazard, stays.cell
    if stage.amount_slope:  # each stay has hazards of its own
        hazard, row = hazard[:, stays.cell], np.arange(len(stays))
        hazard[0] *= np.exp(stage.amount_slope * stays.log_amount)[:, None]
    total = hazard.sum(axis=0)
    cumulative = np.zeros((total.shape[0], stage.starts.size))
    np.cumsum(total * np.diff(stage.starts), axis=1, out=cumulative[:, 1:])
    passed = _hazard_before(stage.starts, cumulative, total, row, stays.at_least_days)
    passed += generator.standard_exponential(len(stays))
    never = passed >= cumulative[row, -1]
    piece = np.minimum(_piece_of(cumulative, row, passed), stage.starts.size - 2)
    within = (passed - cumulative[row, piece]) / np.maximum(total[row, piece], 1e-300)
    days = stage.starts[piece] + np.floor(np.minimum(within, LONGEST_DAYS)).astype(np.int64)
    # Rounding must not take a stay out of its piece, nor back to before the day that it has reached.
    days = np.maximum(np.minimum(days, stage.starts[piece + 1] - 1), stays.at_least_days)
    of_moves = hazard[:, row, piece]
    of_moves[0] *= np.exp(stage.log_odds[stays.cell])
    upper = np.cumsum(of_moves, axis=0)
    move = (generator.random(len(stays)) * upper[-1] >= upper[:-1]).sum(axis=0)
    return np.where(never, OPEN, move), np.where(never, int(LONGEST_DAYS), days)


def _hazard_before(starts: Ints, cumulative: Floats, total: Floats, row: Ints, day: Ints) -> Floats:
    """Return the cumulative hazard of each stay before its day; all of it when the day is beyond the last piece."""
    piece = np.clip(np.searchsorted(starts, day, side="right") - 1, 0, starts.size - 2)
    before: Floats = cumulative[row, piece] + total[row, piece] * (np.minimum(day, starts[-1]) - starts[piece])
    return before


def _piece_of(cumulative: Floats, row: Ints, passed: Floats) -> Ints:
    """Return the piece in which each stay passes a cumulative hazard: one search through all rows, laid end to end."""
    shelf = _MOST_HAZARD + 1.0
    ends = np.minimum(cumulative, _MOST_HAZARD) + shelf * np.arange(cumulative.shape[0])[:, None]
    found = np.searchsorted(ends.ravel(), np.minimum(passed, _MOST_HAZARD) + shelf * row, side="right")
    piece: Ints = found - 1 - row * cumulative.shape[1]
    return piece
