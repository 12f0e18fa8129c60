"""What a slope by amount makes of deals of all amounts together, and how far that is from a deal at the centre.

The model of a stage says how a deal of a known amount goes on. New deals come in all sizes, which the engine does not
tie to their course: for them the chance of the forward move is averaged over the amounts of all stays of the stage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from simcast.engine.hazard import hazard_marginals
from simcast.model.stays import StageStays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_STEPS = 60
_CLOSE = 1e-10
"""Log odds that differ by less than this are the same."""

_LEAST = 1e-300


@dataclass(frozen=True)
class AmountMix:
    """The amounts of the stays of one stage, as far as its model tells them apart.

    Parameters
    ----------
    log_amount
        float64, (n_amounts,): distinct logs of amounts over their centre; 0 stands for the unknown ones, too.
    share
        float64, (n_amounts,): of the stays, summing to 1.
    """

    log_amount: Floats
    share: Floats

    @classmethod
    def of(cls, stays: StageStays) -> AmountMix:
        """Return the amounts of a stage's stays: one for each class of amounts, or 0 alone where they play no part."""
        log_amount, which = np.unique(stays.cells.log_amount[stays.cell], return_inverse=True)
        count = np.bincount(which)
        return cls(log_amount, count / max(int(count.sum()), 1))

    def mean_log_odds(self, at_centre: Floats, slope: Floats) -> Floats:
        """Return the log odds of a chance averaged over the amounts.

        Parameters
        ----------
        at_centre
            float64, (..., n): log odds at the centre of amounts.
        slope
            float64, (..., 1): what they change by per unit of log amount.

        Examples
        --------
        >>> half = AmountMix(np.array([-2.0, 2.0]), np.array([0.5, 0.5]))
        >>> half.mean_log_odds(np.array([[1.0]]), np.array([[0.5]])).round(3)  # of (expit(0) + expit(2)) / 2
        array([[0.802]])
        """
        chance, rest = np.zeros((2, *at_centre.shape))
        for log_amount, share in zip(self.log_amount, self.share, strict=True):
            shifted = at_centre + slope * log_amount
            chance += share * expit(shifted)
            rest += share * expit(-shifted)
        return _log_odds(chance, rest)

    def mean_hazard_shift(self, log_hazard: Floats, effect: Floats, slope: Floats, starts: Ints) -> Floats:
        """Return what to add to the forward move's log hazard so that it comes as often as on average over the amounts.

        Parameters
        ----------
        log_hazard
            float64, (n_draws, n_moves, n_pieces)
        effect
            float64, (n_draws, n_moves, n_segments): added to it, at the centre of amounts.
        slope
            float64, (n_draws,): change of the forward move's log hazard per unit of log amount.
        starts
            int64, (n_pieces + 1,): the first day of each piece, and the end of the last.

        Returns
        -------
        float64, (n_draws, n_segments)
            Between the least and the greatest shift of any amount, where the chance of the forward move lies between
            theirs: found by false position, the value of a bound that stays being halved (Illinois), on log odds,
            which are nearly linear in it.
        """

        def chance(shift: Floats) -> tuple[Floats, Floats]:
            shifted = effect.copy()
            shifted[:, 0] += shift
            ends, _ = hazard_marginals(log_hazard, shifted, starts.astype(np.float64))
            return ends[:, 0], ends[:, 1:].sum(axis=1)

        shifts = slope[:, None, None] * np.ones((effect.shape[2], 1)) * self.log_amount
        found = [chance(shifts[:, :, position]) for position in range(self.log_amount.size)]
        chances, rests = (np.stack(arrays, axis=-1) for arrays in zip(*found, strict=True))
        wanted = _log_odds(chances @ self.share, rests @ self.share)
        apart = _log_odds(chances, rests) - wanted[..., None]
        low, high = shifts.min(axis=-1), shifts.max(axis=-1)
        at_low, at_high = apart.min(axis=-1), apart.max(axis=-1)
        was_below, was_above = np.zeros((2, *low.shape), dtype=np.bool_)
        for _ in range(_MOST_STEPS):
            width = at_high - at_low
            guess: Floats = low - at_low * (high - low) / np.where(width > 0.0, width, 1.0)
            value = _log_odds(*chance(guess)) - wanted
            if np.all(np.abs(value) < _CLOSE):
                break
            below = value < 0.0
            at_high = np.where(below, np.where(was_below, at_high / 2, at_high), value)
            at_low = np.where(below, value, np.where(was_above, at_low / 2, at_low))
            low, high = np.where(below, guess, low), np.where(below, high, guess)
            was_below, was_above = below, ~below
        return guess


def _log_odds(chance: Floats, rest: Floats) -> Floats:
    """Return the log odds of a chance, given what is left of 1 as exactly as the chance itself."""
    found: Floats = np.log(np.maximum(chance, _LEAST)) - np.log(np.maximum(rest, _LEAST))
    return found
