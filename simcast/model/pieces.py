"""The pieces of time in which a hazard is constant, and the stays of one stage counted by piece.

Time is the difference of calendar days, 0 for a stay that ends on the day on which it began. A stay that ended after
`d` days was at risk on the days before, and ended on day `d`; an open one of `n` days was at risk on `n` days. Nothing
more is needed than, per cell and piece, the days at risk that passed, and the ends by move: the model's cost does not
depend on the number of stays at all.

The pieces are the same for all stages, but for days on which a rule ends many stays at once: such a *spike* has a
piece of its own, see `simcast.model.spikes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.compress import EXACT_DAYS, bin_starts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HAZARD_END_DAYS = 3653
"""A stay that has lasted ten years never ends."""

MOST_SPIKES = 8
"""So many days of a stage have a piece of their own at most."""

_BINS_PER_PIECE = 2


def _starts() -> Ints:
    """Return the first day of each piece, and `HAZARD_END_DAYS` at the end: single days, then pairs of bins."""
    bins = bin_starts(HAZARD_END_DAYS)
    single = bins[: EXACT_DAYS + 2]
    paired = bins[EXACT_DAYS + 1 + _BINS_PER_PIECE :: _BINS_PER_PIECE]
    return np.concatenate([single, paired[paired < 0.9 * HAZARD_END_DAYS], [HAZARD_END_DAYS]])


PIECE_STARTS = _starts()
"""int64, (N_PIECES + 1,): the first day of each piece of a stage without spikes, and the end of the last."""

N_PIECES = PIECE_STARTS.size - 1


@dataclass(frozen=True)
class Spike:
    """A day on which far more stays of a stage end by one move than on the days round it.

    Parameters
    ----------
    move
        Position of the move.
    day
        Days of the stays.
    """

    move: int
    day: int


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of one stage.

    Parameters
    ----------
    starts
        int64, (n_pieces + 1,): the first day of each piece, and `HAZARD_END_DAYS`.
    is_spike
        bool, (n_moves, n_pieces): whether the piece is a spike of the move.
    """

    starts: Ints
    is_spike: NDArray[np.bool_]

    @classmethod
    def of(cls, n_moves: int, spikes: Sequence[Spike] = ()) -> Pieces:
        """Give every spike's day a piece of its own.

        Examples
        --------
        >>> Pieces.of(2, [Spike(0, 60)]).starts[26:31].tolist()
        [55, 60, 61, 63, 73]
        """
        days = np.array([spike.day for spike in spikes], dtype=np.int64)
        starts = np.union1d(PIECE_STARTS, np.concatenate([days, days + 1]))
        is_spike = np.zeros((n_moves, starts.size - 1), dtype=bool)
        is_spike[[spike.move for spike in spikes], np.searchsorted(starts, days)] = True
        return cls(starts, is_spike)

    @property
    def n_pieces(self) -> int:
        """How many there are."""
        return self.starts.size - 1

    @property
    def n_room(self) -> int:
        """For how many pieces a model is compiled: one of two numbers, whatever the spikes."""
        return N_PIECES if self.n_pieces == N_PIECES else N_PIECES + 2 * MOST_SPIKES

    def of_days(self, days: Ints) -> Ints:
        """Return the piece that holds each day; the last one for all later days."""
        found: Ints = np.minimum(np.searchsorted(self.starts, days, side="right") - 1, self.n_pieces - 1)
        return found

    @property
    def slowing(self) -> Floats:
        """What takes an even walk from piece to piece to log hazards that fall as 1 over the days, (n_pieces,).

        It is the log of a piece's middle day, and 0 on day 0; parts into which a spike cut a piece share what it had.
        """
        whole = piece_of(self.starts[:-1])
        middle = 0.5 * (PIECE_STARTS[whole] + PIECE_STARTS[whole + 1] - 1)
        logs: Floats = np.log(np.maximum(middle, 1.0))
        return logs

    @property
    def share(self) -> Floats:
        """Which share of a piece of a stage without spikes each is, (n_pieces,): 1 far from spikes."""
        shares: Floats = np.diff(self.starts) / np.diff(PIECE_STARTS)[piece_of(self.starts[:-1])]
        return shares

    @property
    def position(self) -> Floats:
        """Where the middle of each lies among the pieces of a stage without spikes, (n_pieces,): 0, 1, 2 without any.

        The distance by which a walk spreads is measured so, and does not grow because a piece was cut up.
        """
        whole = piece_of(self.starts[:-1])
        into = (self.starts[:-1] - PIECE_STARTS[whole]) / np.diff(PIECE_STARTS)[whole]
        positions: Floats = whole + (into + 0.5 * self.share - 0.5)
        return positions


@dataclass(frozen=True)
class HazardCounts:
    """The stays of one stage by piece of time.

    Parameters
    ----------
    grid
        The pieces.
    passed
        float64, (n_cells, n_pieces): days at risk on which no stay ended.
    ended
        float64, (n_cells, n_pieces, n_moves): ends.
    """

    grid: Pieces
    passed: Floats
    ended: Floats

    @property
    def n_reached(self) -> int:
        """How many pieces some stay reached; of those beyond them nothing is known."""
        reached = np.flatnonzero(self.passed.sum(axis=0) + self.ended.sum(axis=(0, 2)))
        return int(reached[-1]) + 1 if reached.size else 1

    @property
    def n_telling(self) -> int:
        """How many pieces say all: those reached, and after a spike the next, in which it is over."""
        n_telling = self.n_reached
        while n_telling < self.grid.n_pieces and self.grid.is_spike[:, n_telling - 1].any():
            n_telling += 1
        return n_telling


def count_pieces(
    cell: Ints,
    move: Ints,
    days: Ints,
    *,
    n_cells: int,
    n_moves: int,
    since: Ints | None = None,
    grid: Pieces | None = None,
) -> HazardCounts:
    """Count the stays of one stage by piece.

    Parameters are those of `simcast.model.compress.compress`; `grid` is the pieces, those without spikes unless given.

    Examples
    --------
    >>> zero = np.array([0])
    >>> counts = count_pieces(zero, zero, np.array([3]), n_cells=1, n_moves=2)
    >>> counts.passed[0, :5].tolist(), counts.ended[0, :5, 0].tolist()
    ([1.0, 1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0])
    """
    pieces = Pieces.of(n_moves) if grid is None else grid
    start = np.zeros_like(days) if since is None else since
    kept = (days < HAZARD_END_DAYS) & ((move >= 0) | (days > start))
    upto = np.minimum(days, HAZARD_END_DAYS)
    passed = np.zeros((n_cells, pieces.n_pieces))
    for days_passed, sign in ((upto, 1.0), (np.minimum(start, upto), -1.0)):
        _add_days(passed, pieces, cell, days_passed, sign)
    ended = np.zeros((n_cells, pieces.n_pieces, n_moves))
    over = kept & (move >= 0)
    np.add.at(ended, (cell[over], pieces.of_days(days[over]), move[over]), 1.0)
    return HazardCounts(pieces, passed, ended)


def piece_of(days: Ints) -> Ints:
    """Return the piece of a stage without spikes that holds each day; the last one for all later days."""
    found: Ints = np.minimum(np.searchsorted(PIECE_STARTS, days, side="right") - 1, N_PIECES - 1)
    return found


def _add_days(passed: Floats, grid: Pieces, cell: Ints, days: Ints, sign: float) -> None:
    """Add the days 0, 1, ..., days - 1 of each stay to the pieces that hold them."""
    piece = grid.of_days(days)
    np.add.at(passed, (cell, piece), sign * (days - grid.starts[piece]))
    whole = np.zeros_like(passed)
    np.add.at(whole, (cell, piece), sign)
    # A stay that reached a piece passed all the earlier ones whole.
    beyond = np.cumsum(whole[:, ::-1], axis=1)[:, ::-1]
    passed[:, :-1] += beyond[:, 1:] * np.diff(grid.starts)[:-1]
