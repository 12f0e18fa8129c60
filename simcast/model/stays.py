"""The stays of one stage as the models read them, and the three ways to count them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simcast.model.cells import Cells
from simcast.model.compress import StageRows, bin_starts, compress
from simcast.model.distinct import distinct_rows
from simcast.model.pieces import HazardCounts, Pieces, Spike, count_pieces
from simcast.model.single_stays import SingleStays
from simcast.model.spikes import find_spikes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StageStays:
    """The stays of one stage.

    Parameters
    ----------
    n_moves
        How many moves leave the stage.
    cells
        What tells stays apart.
    cell
        int64, (n_stays,): cell codes.
    move
        int64, (n_stays,): position among the stage's moves of the one that ended the stay; -1 while it is open.
    days
        int64, (n_stays,): whole days from entering to leaving, or to the first day not known.
    since
        int64, (n_stays,): days that the stay had lasted when records began; 0 where it began later.
    """

    n_moves: int
    cells: Cells
    cell: Ints
    move: Ints
    days: Ints
    since: Ints

    @cached_property
    def spikes(self) -> tuple[Spike, ...]:
        """The days on which far more stays end by one move than on those round them."""
        return find_spikes(self.move, self.days, self.n_moves)

    @property
    def _alone(self) -> Ints:
        """The days that keep a bin of their own."""
        return np.array([spike.day for spike in self.spikes], dtype=np.int64)

    @cached_property
    def grid(self) -> Pieces:
        """The pieces of time in which hazards are constant."""
        return Pieces.of(self.n_moves, self.spikes)

    @cached_property
    def rows(self) -> StageRows:
        """The stays compressed to distinct rows, for families of days."""
        return compress(
            self.cell,
            self.move,
            self.days,
            n_cells=self.cells.n_cells,
            n_moves=self.n_moves,
            since=self.since,
            alone=self._alone,
        )

    @cached_property
    def pieces(self) -> HazardCounts:
        """The stays counted by piece of time, for hazards."""
        return count_pieces(
            self.cell,
            self.move,
            self.days,
            n_cells=self.cells.n_cells,
            n_moves=self.n_moves,
            since=self.since,
            grid=self.grid,
        )

    @cached_property
    def single(self) -> SingleStays:
        """The distinct kinds of single stays, long durations in bins; open stays of age zero are left out.

        No bin lies in two pieces of time.
        """
        told = (self.move >= 0) | (self.days > self.since)
        cell, move, days, since = (array[told] for array in (self.cell, self.move, self.days, self.since))
        starts = bin_starts(int(np.max(days, initial=0)), self._alone)
        bins = np.searchsorted(starts, days, side="right") - 1
        low = np.where(move >= 0, np.maximum(starts[bins], since), days)
        high = np.where(move >= 0, starts[bins + 1] - 1, days)
        found = distinct_rows(cell, move, low, high, since)
        own_cell, own_move, low_days, high_days, own_since = found.columns
        return SingleStays(own_cell, own_move, low_days, high_days, own_since, found.count.astype(np.float64))

    @property
    def n_ended(self) -> int:
        """How many stays ended."""
        return int((self.move >= 0).sum())

    @property
    def n_open(self) -> int:
        """How many stays are open for at least a day."""
        return int(((self.move < 0) & (self.days > self.since)).sum())

    @property
    def n_undecided(self) -> int:
        """How many stays are open and have not lasted longer yet than the longest that ended."""
        longest = np.max(self.days[self.move >= 0], initial=-1)
        is_open = (self.move < 0) & (self.days > self.since)
        return int((is_open & ((self.days <= longest) | (longest < 0))).sum())

    @property
    def n_alike(self) -> int:
        """How many stays ended by the one move and after the one number of days that most did."""
        ended = self.move >= 0
        kinds = self.move[ended] + self.n_moves * self.days[ended]
        return int(np.unique(kinds, return_counts=True)[1].max(initial=0))

    @property
    def ended_by_move(self) -> Ints:
        """How many stays ended in each move, (n_moves,)."""
        return np.bincount(self.move[self.move >= 0], minlength=self.n_moves)

    def pooled(self) -> StageStays:
        """Return the same stays in a single cell."""
        return StageStays(
            self.n_moves, Cells.of_segments(1), np.zeros_like(self.cell), self.move, self.days, self.since
        )

    def by_segment(self) -> StageStays:
        """Return the same stays with one cell for each segment."""
        cells = Cells.of_segments(self.cells.n_segments)
        return StageStays(self.n_moves, cells, self.cells.segment[self.cell], self.move, self.days, self.since)
