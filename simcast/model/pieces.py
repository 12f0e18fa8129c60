"""The pieces of time in which a hazard is constant, and the stays of one stage counted by piece.

Time is the difference of calendar days, 0 for a stay that ends on the day on which it began. A stay that ended after
`d` days was at risk on the days before, and ended on day `d`; an open one of `n` days was at risk on `n` days. Nothing
more is needed than, per cell and piece, the days at risk that passed, and the ends by move: the model's cost does not
depend on the number of stays at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.compress import EXACT_DAYS, bin_starts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HAZARD_END_DAYS = 3653
"""A stay that has lasted ten years never ends."""

ENDS_PER_KNOT = 8
"""With fewer ends a piece cannot tell its hazard from its neighbours'."""

_BINS_PER_PIECE = 2


def _starts() -> Ints:
    """Return the first day of each piece, and `HAZARD_END_DAYS` at the end: single days, then pairs of bins."""
    bins = bin_starts(HAZARD_END_DAYS)
    single = bins[: EXACT_DAYS + 2]
    paired = bins[EXACT_DAYS + 1 + _BINS_PER_PIECE :: _BINS_PER_PIECE]
    return np.concatenate([single, paired[paired < 0.9 * HAZARD_END_DAYS], [HAZARD_END_DAYS]])


PIECE_STARTS = _starts()
"""int64, (n_pieces + 1,): the first day of each piece, and the end of the last."""

N_PIECES = PIECE_STARTS.size - 1


@dataclass(frozen=True)
class HazardCounts:
    """The stays of one stage by piece of time.

    Parameters
    ----------
    passed
        float64, (n_cells, n_pieces): days at risk on which no stay ended.
    ended
        float64, (n_cells, n_pieces, n_moves): ends.
    """

    passed: Floats
    ended: Floats

    @property
    def n_reached(self) -> int:
        """How many pieces some stay reached; beyond them the hazard stays what it was."""
        reached = np.flatnonzero(self.passed.sum(axis=0) + self.ended.sum(axis=(0, 2)))
        return int(reached[-1]) + 1 if reached.size else 1

    def knots(self, move: int) -> Ints:
        """Return the knot of each piece, int64, (N_PIECES,): day 0 is knot 0, and pieces of one knot share a hazard.

        A knot gathers pieces until `ENDS_PER_KNOT` stays have ended by the move in them; a piece that has as many by
        itself begins a new one, so that a quiet stretch does not blur the rush after it.

        Examples
        --------
        >>> zero = np.zeros(30, dtype=np.int64)
        >>> count_pieces(zero, zero, zero + 3, n_cells=1, n_moves=1).knots(0)[:6].tolist()
        [0, 1, 1, 2, 3, 3]
        """
        ends = self.ended[:, :, move].sum(axis=0)
        knot = np.zeros(N_PIECES, dtype=np.int64)
        gathered = float(ENDS_PER_KNOT)
        for piece in range(1, N_PIECES):
            full = gathered >= ENDS_PER_KNOT or ends[piece] >= ENDS_PER_KNOT
            knot[piece] = knot[piece - 1] + full
            gathered = ends[piece] + (0.0 if full else gathered)
        return knot


@dataclass(frozen=True)
class Walk:
    """The hazard of one move over the pieces, as a walk from knot to knot.

    Parameters
    ----------
    knot
        int64, (N_PIECES,): the knot of each piece.
    gap
        float64, (n_knots - 2,): how far each knot after the second lies from the one before, in pieces.
    guess
        float64, (n_knots,): a rough log hazard at each knot.
    """

    knot: Ints
    gap: Floats
    guess: Floats

    @property
    def n_knots(self) -> int:
        """How many knots there are, day 0 among them."""
        return int(self.guess.size)

    @classmethod
    def of(cls, counts: HazardCounts, move: int) -> Walk:
        """Lay out the walk of a move's hazard."""
        knot = counts.knots(move)
        n_knots = int(knot[-1]) + 1
        middle = np.bincount(knot, weights=np.arange(N_PIECES)) / np.bincount(knot)
        ends = np.bincount(knot, weights=counts.ended[:, :, move].sum(axis=0), minlength=n_knots)
        days = np.bincount(knot, weights=counts.passed.sum(axis=0) + counts.ended.sum(axis=(0, 2)), minlength=n_knots)
        # As if half an end had been seen in so many days as go with it on the whole.
        usual = (ends.sum() + 0.5) / (days.sum() + 1.0)
        guess = np.log((ends + 0.5) / (days + 0.5 / usual))
        return cls(knot, np.diff(middle)[1:], guess)


def count_pieces(
    cell: Ints, move: Ints, days: Ints, *, n_cells: int, n_moves: int, since: Ints | None = None
) -> HazardCounts:
    """Count the stays of one stage by piece.

    Parameters are those of `simcast.model.compress.compress`.

    Examples
    --------
    >>> zero = np.array([0])
    >>> counts = count_pieces(zero, zero, np.array([3]), n_cells=1, n_moves=2)
    >>> counts.passed[0, :5].tolist(), counts.ended[0, :5, 0].tolist()
    ([1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0])
    """
    start = np.zeros_like(days) if since is None else since
    kept = (days < HAZARD_END_DAYS) & ((move >= 0) | (days > start))
    upto = np.minimum(days, HAZARD_END_DAYS)
    passed = np.zeros((n_cells, N_PIECES + 1))
    for days_passed, sign in ((upto, 1.0), (np.minimum(start, upto), -1.0)):
        _add_days(passed, cell, days_passed, sign)
    ended = np.zeros((n_cells, N_PIECES, n_moves))
    over = kept & (move >= 0)
    np.add.at(ended, (cell[over], piece_of(days[over]), move[over]), 1.0)
    return HazardCounts(passed[:, :N_PIECES], ended)


def piece_of(days: Ints) -> Ints:
    """Return the piece that holds each day; the last one for all later days."""
    found: Ints = np.minimum(np.searchsorted(PIECE_STARTS, days, side="right") - 1, N_PIECES - 1)
    return found


def _add_days(passed: Floats, cell: Ints, days: Ints, sign: float) -> None:
    """Add the days 0, 1, ..., days - 1 of each stay to the pieces that hold them."""
    piece = piece_of(days)
    np.add.at(passed, (cell, piece), sign * (days - PIECE_STARTS[piece]))
    whole = np.zeros_like(passed)
    np.add.at(whole, (cell, piece), sign)
    # A stay that reached a piece passed all the earlier ones whole.
    beyond = np.cumsum(whole[:, ::-1], axis=1)[:, ::-1]
    passed[:, :-1] += np.append(beyond[:, 1:-1], np.zeros((passed.shape[0], 1)), axis=1) * np.diff(PIECE_STARTS)
