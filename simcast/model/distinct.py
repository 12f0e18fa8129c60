"""Counting the distinct rows of a table of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_MOST_KEYS = 2**62


@dataclass(frozen=True)
class DistinctRows:
    """The distinct rows of a table of whole numbers, in lexicographic order.

    Parameters
    ----------
    columns
        int64, each (n_distinct,): the values of every column.
    first
        int64, (n_distinct,): where each row occurs first.
    number
        int64, (n_rows,): the distinct row that each row is.
    count
        int64, (n_distinct,): how often each occurs.
    """

    columns: tuple[Ints, ...]
    first: Ints
    number: Ints
    count: Ints

    def sums(self, values: Ints | NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of values, one per row, over all rows that are alike: float64, (n_distinct,)."""
        return np.bincount(self.number, weights=values, minlength=self.count.size).astype(np.float64)


def distinct_rows(*columns: Ints) -> DistinctRows:
    """Find the distinct rows of columns of equal length.

    One integer stands for each row, so that a million rows are sorted as numbers: many times faster than
    `numpy.unique` along an axis, which compares rows.

    Examples
    --------
    >>> found = distinct_rows(np.array([2, 1, 2]), np.array([0, 5, 0]))
    >>> [column.tolist() for column in found.columns], found.count.tolist(), found.number.tolist()
    ([[1, 2], [5, 0]], [1, 2], [1, 0, 1])
    """
    key = np.zeros(columns[0].size, dtype=np.int64)
    n_keys = 1
    for column in columns:
        low = int(np.min(column, initial=0))
        n_values = int(np.max(column, initial=0)) - low + 1
        if n_keys * n_values > _MOST_KEYS:
            codes, key = np.unique(key, return_inverse=True)
            n_keys = codes.size
        key = key * n_values + (column - low)
        n_keys *= n_values
    _, first, number, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return DistinctRows(tuple(column[first] for column in columns), first, number, count)
