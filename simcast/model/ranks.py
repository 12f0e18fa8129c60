"""Ranks within strata: what is compared only with its like.

Source: Hájek, Šidák & Sen (1999), Theory of Rank Tests, section 4.5, on rank sums over strata under permutations.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def rank_correlation(one: Floats, other: Ints, stratum: Ints) -> tuple[float, float]:
    """Return the rank correlation of two numbers within strata, and it in standard deviations of its permutations.

    Examples
    --------
    >>> rank_correlation(np.array([1.0, 2, 3, 9, 8, 7]), np.array([4, 5, 6, 3, 2, 1]), np.array([0, 0, 0, 1, 1, 1]))
    (1.0, 2.0)
    """
    moments = np.array(list(_moments(one, other, stratum))).reshape(-1, 4)
    together, of_one, of_other, variance = moments.sum(axis=0)
    if variance <= 0.0:
        return 0.0, 0.0
    return float(together / np.sqrt(of_one * of_other)), float(together / np.sqrt(variance))


def _moments(one: Floats, other: Ints, stratum: Ints) -> Iterator[tuple[float, float, float, float]]:
    """Yield of each stratum the product of its ranks, their squares, and the variance of the product."""
    for rows in rows_by_stratum(stratum):
        if rows.size > 1:
            x, y = (_centred_ranks(values[rows]) / rows.size for values in (one, other))
            of_x, of_y = float(x @ x), float(y @ y)
            yield float(x @ y), of_x, of_y, of_x * of_y / (rows.size - 1)


def place_within(stratum: Ints, values: Ints) -> Floats:
    """Return the rank of each value less the middle rank of its stratum.

    Examples
    --------
    >>> place_within(np.array([0, 0, 1, 1, 1]), np.array([5, 3, 7, 8, 9]))
    array([ 0.5, -0.5, -1. ,  0. ,  1. ])
    """
    place = np.zeros(values.size)
    for rows in rows_by_stratum(stratum):
        place[rows] = _centred_ranks(values[rows])
    return place


def _centred_ranks(values: Floats | Ints) -> Floats:
    """Return the rank of each value less the middle rank: exactly 0 where all are the same."""
    return np.asarray(rankdata(values) - 0.5 * (values.size + 1))


def rows_by_stratum(stratum: Ints) -> list[NDArray[np.intp]]:
    """Return the rows of each stratum, in their order."""
    order = np.argsort(stratum, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(stratum[order])) + 1)
