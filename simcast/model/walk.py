"""The hazard of one move over the pieces of time, as a walk from knot to knot from which spikes stand apart.

What walks is the log hazard plus `simcast.model.pieces.Pieces.slowing`: the hazard by the logarithm of days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.pieces import HazardCounts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Walk:
    """The walk of one move.

    Knot 0 is day 0, which hangs off knot 1. Every later knot follows the knot `before` it: by a step of the walk, or
    by a step of its own if it is a spike; the walk goes on from the knot before the spike.

    Parameters
    ----------
    knot
        int64, (n_pieces,): the knot of each piece; over those that no stay reached the hazard falls as 1 over the days.
    is_spike
        bool, (n_knots - 2,): whether each knot after the second is a spike.
    gap
        float64, (n_knots - 2,): how far each knot after the second lies from the one before, in pieces; 1 for spikes.
    guess
        float64, (n_knots,): roughly where the walk is at each knot.
    """

    knot: Ints
    is_spike: NDArray[np.bool_]
    gap: Floats
    guess: Floats

    @property
    def n_knots(self) -> int:
        """How many knots there are, day 0 among them."""
        return int(self.guess.size)

    @property
    def before(self) -> Ints:
        """The knot from which each knot after the second steps, int64, (n_knots - 2,)."""
        return _before(self.is_spike)

    @classmethod
    def of(cls, counts: HazardCounts, move: int) -> Walk:
        """Lay out the walk of a move's hazard."""
        knot = knots(counts, move)
        n_knots = int(np.max(knot)) + 1
        is_spike = np.zeros(n_knots, dtype=bool)
        is_spike[knot[counts.grid.is_spike[move]]] = True
        # Pieces that no stay reached say nothing of where the last knot lies.
        told = (np.arange(knot.size) < max(counts.n_reached, 2)) | counts.grid.is_spike[move]
        share = np.where(told, counts.grid.share, 0.0)
        middle = np.bincount(knot, weights=counts.grid.position * share) / np.bincount(knot, weights=share)
        gap = np.where(is_spike[2:], 1.0, middle[2:] - middle[_before(is_spike[2:])])
        ends = np.bincount(knot, weights=counts.ended[:, :, move].sum(axis=0), minlength=n_knots)
        at_risk = counts.passed.sum(axis=0) + counts.ended.sum(axis=(0, 2))
        days = np.bincount(knot, weights=at_risk * np.exp(-counts.grid.slowing), minlength=n_knots)
        # As if half an end had been seen in so many days as go with it on the whole.
        usual = (ends.sum() + 0.5) / (days.sum() + 1.0)
        guess = np.log((ends + 0.5) / (days + 0.5 / usual))
        return cls(knot, is_spike[2:], gap, guess)


def _before(is_spike: NDArray[np.bool_]) -> Ints:
    """Return the last knot before each, from the third on, that is no spike."""
    knot = np.arange(1, is_spike.size + 1)
    ordinary = np.concatenate([[True], ~is_spike[:-1]])[: is_spike.size]
    found: Ints = np.maximum.accumulate(np.where(ordinary, knot, 0))
    return found


def knots(counts: HazardCounts, move: int) -> Ints:
    """Return the knot of each piece, int64, (n_pieces,).

    Day 0, day 1, every later piece that some stay reached, and every spike are knots by themselves, however few stays
    ended in them: that neighbours are alike is what the walk says, and how far it may be trusted is learned. Pieces
    that no stay reached belong to the last of the others.

    Examples
    --------
    >>> from simcast.model.pieces import count_pieces
    >>> zero = np.zeros(30, dtype=np.int64)
    >>> knots(count_pieces(zero, zero, zero + 3, n_cells=1, n_moves=1), 0)[:6].tolist()
    [0, 1, 2, 3, 3, 3]
    """
    piece, spike = np.arange(counts.grid.n_pieces), counts.grid.is_spike[move]
    is_reached = piece < max(counts.n_reached, 2)
    own = np.cumsum(is_reached | spike) - 1
    last: Ints = np.maximum.accumulate(np.where(is_reached & ~spike, own, 0))
    return np.where(spike, own, last)
