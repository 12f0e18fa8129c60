"""Cells: the sets of stays of one stage that share all parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.distinct import distinct_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AMOUNT_CLASSES = 7
"""Amounts are told apart by as many classes of equal size, each standing at its mean logarithm."""


@dataclass(frozen=True)
class Cells:
    """Segment, quarter and amount of every cell.

    Parameters
    ----------
    n_segments, n_quarters
        How many there are.
    segment, quarter
        int64, (n_cells,): codes; the quarter is that in which the stays began, the last one is the latest.
    log_amount
        float64, (n_cells,): log of the amount over the geometric mean of all; 0 where unknown.
    with_amount
        Whether amounts tell cells apart.
    """

    n_segments: int
    n_quarters: int
    segment: Ints
    quarter: Ints
    log_amount: Floats
    with_amount: bool = False

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return int(self.segment.size)

    @property
    def days_of(self) -> Ints:
        """For each cell the first of those alike in their days, whatever the amount: int64, (n_cells,)."""
        _, first, number = np.unique(
            self.segment * self.n_quarters + self.quarter, return_index=True, return_inverse=True
        )
        found: Ints = first[number]
        return found

    def sum_by_segment(self, by_cell: Floats) -> Floats:
        """Sum counts by cell, (n_cells, n_moves), over the cells of each segment: (n_segments, n_moves)."""
        total = np.zeros((self.n_segments, by_cell.shape[1]))
        np.add.at(total, self.segment, by_cell)
        return total

    @classmethod
    def of_segments(cls, n_segments: int) -> Cells:
        """Return the cells of a stage in which only segments differ."""
        nothing = np.zeros(n_segments, dtype=np.int64)
        return cls(n_segments, 1, np.arange(n_segments), nothing, nothing.astype(np.float64))


def find_cells(
    segment: Ints, n_segments: int, quarter: Ints | None = None, log_amount: Floats | None = None
) -> tuple[Cells, Ints]:
    """Sort the stays of one stage into cells.

    Parameters
    ----------
    segment
        int64, (n_stays,)
    n_segments
        How many segments there are.
    quarter
        int64, (n_stays,): codes from 0; None without drift.
    log_amount
        float64, (n_stays,): NaN where unknown; None when amounts play no part.

    Returns
    -------
    Cells
        All the segments when nothing else tells cells apart, else the combinations that occur.
    int64, (n_stays,)
        The code of each stay's cell.
    """
    if quarter is None and log_amount is None:
        return Cells.of_segments(n_segments), segment
    quarters = np.zeros_like(segment) if quarter is None else quarter
    amount_class, class_mean = _amount_classes(log_amount, segment.size)
    found = distinct_rows(segment, quarters, amount_class)
    n_quarters = 1 if quarter is None else int(np.max(quarters, initial=0)) + 1
    own_segment, own_quarter, own_class = found.columns
    cells = Cells(n_segments, n_quarters, own_segment, own_quarter, class_mean[own_class], log_amount is not None)
    return cells, found.number


def _amount_classes(log_amount: Floats | None, n_stays: int) -> tuple[Ints, Floats]:
    """Return the class of each stay's amount, 0 for unknown, and the mean of each class."""
    if log_amount is None:
        return np.zeros(n_stays, dtype=np.int64), np.zeros(1)
    known = np.isfinite(log_amount)
    edges = np.quantile(log_amount[known], np.linspace(0, 1, AMOUNT_CLASSES + 1)[1:-1]) if known.any() else np.zeros(0)
    amount_class = np.where(known, 1 + np.searchsorted(np.unique(edges), np.nan_to_num(log_amount)), 0)
    total = np.bincount(amount_class[known], weights=log_amount[known], minlength=AMOUNT_CLASSES + 1)
    count = np.bincount(amount_class[known], minlength=AMOUNT_CLASSES + 1)
    return amount_class, total / np.maximum(count, 1)
