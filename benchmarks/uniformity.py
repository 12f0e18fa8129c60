"""Whether ranks are uniform: the graphical test of Saeilynoja et al., with its p-value, and Holm's correction.

References
----------
Talts, Betancourt, Simpson, Vehtari & Gelman (2018), Validating Bayesian inference algorithms with simulation-based
calibration.
Saeilynoja, Buerkner & Vehtari (2022), Graphical test for discrete uniformity and its applications in goodness-of-fit
evaluation and multiple sample comparison, Statistics and Computing 32.
Holm (1979), A simple sequentially rejective multiple test procedure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_NULL = 100_000
"""Simulations of uniform ranks behind a p-value, which is therefore never below 1e-5."""


def rank_among(draws: Floats, truth: float, n_ranks: int, generator: np.random.Generator) -> int:
    """Return the rank of the truth, 0 to `n_ranks` - 1, among as many evenly spaced draws less one.

    Ties are broken at random, as whole numbers and money that was not booked at all need.
    """
    chosen = draws[np.linspace(0, len(draws) - 1, n_ranks - 1).round().astype(np.int64)]
    ties = int((chosen == truth).sum())
    return int((chosen < truth).sum()) + (int(generator.integers(ties + 1)) if ties else 0)


def uniformity_p_value(ranks: Sequence[int], n_ranks: int) -> float:
    """Return the p-value of uniform ranks by the farthest point of their distribution function.

    Parameters
    ----------
    ranks
        Whole numbers from 0 to `n_ranks` - 1.
    n_ranks
        How many values a rank may have.

    Examples
    --------
    >>> uniformity_p_value(range(100), 100)
    1.0
    >>> uniformity_p_value([0] * 30, 100) < 1e-4
    True
    """
    counts = np.bincount(np.asarray(ranks, dtype=np.int64), minlength=n_ranks)
    found = _least_tail(counts[None, :], len(ranks))[0]
    null = _null(len(ranks), n_ranks)
    return float((1 + (null <= found * (1.0 + 1e-12)).sum()) / (1 + len(null)))


@lru_cache(maxsize=8)
def _null(n: int, n_ranks: int) -> Floats:
    """Return the statistic of uniform ranks, simulated."""
    generator = np.random.default_rng(20220101)
    shares = np.full(n_ranks, 1.0 / n_ranks)
    parts = [_least_tail(generator.multinomial(n, shares, size=2000), n) for _ in range(N_NULL // 2000)]
    return np.concatenate(parts)


def _least_tail(counts: Ints, n: int) -> Floats:
    """Return the smallest two-sided tail probability along each row's distribution function."""
    below = np.cumsum(counts, axis=1)[:, :-1]
    table = _tails(n, counts.shape[1])
    return np.asarray(table[np.arange(below.shape[1]), below].min(axis=1))


@lru_cache(maxsize=8)
def _tails(n: int, n_ranks: int) -> Floats:
    """Return the two-sided tail probability of every count at every point, (n_ranks - 1, n + 1)."""
    share = np.arange(1, n_ranks)[:, None] / n_ranks
    count = np.arange(n + 1)
    low, high = stats.binom.cdf(count, n, share), stats.binom.sf(count - 1, n, share)
    return np.minimum(1.0, 2.0 * np.minimum(low, high))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected so that the chance of any false alarm among them all is that of one.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.4, "c": 0.02})
    {'a': 0.03, 'c': 0.04, 'b': 0.4}
    """
    corrected: dict[str, float] = {}
    largest = 0.0
    for position, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, (len(p_values) - position) * p_values[name]))
        corrected[name] = largest
    return corrected
