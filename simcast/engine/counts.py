"""How many deals arrive: Poisson and negative binomial counts by inversion of the distribution function.

Inversion is monotone in the mean for a common uniform, so a lever on arrivals adds or removes deals at the
end of a day's list and leaves all others as they were.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.bits import PER_LOG, log2_one_plus
from simcast.engine.inner import inner, outer, written_into
from simcast.engine.location_scale import power_of_two

_LEAST_START = 1e-290
"""A probability of zero arrivals above this lets the sum start at zero."""

_FAR_BELOW = 8.5
"""Otherwise the sum starts this many standard deviations below the mean, where less than 1e-16 lies."""


@written_into
def chance_of_none(mean: float, size: float) -> float:
    """Return P(N = 0), within 1e-9 of its value down to 1e-290; vectorised in loops over means."""
    return power_of_two(-mean * PER_LOG if math.isinf(size) else -size * log2_one_plus(mean / size))


@outer
def count(mean: float, size: float, u: float) -> int:
    """Return the smallest n with P(N <= n) >= u, for a negative binomial count N, as `count_from` does."""
    return count_from(chance_of_none(mean, size), mean, size, u)


@inner
def count_from(none: float, mean: float, size: float, u: float) -> int:
    """Return the smallest n with P(N <= n) >= u, for a negative binomial count N; probabilities are right within 1e-9.

    For u so near to 1 that the sum does not reach it, it is the n from which on the sum no longer grows.

    Parameters
    ----------
    none
        P(N = 0), as `chance_of_none` returns it.
    mean
        Expected arrivals.
    size
        The negative binomial's size: the variance is ``mean + mean**2 / size``; infinite for Poisson.
    u
        A uniform in (0, 1).
    """
    if mean <= 0.0 or u <= none:
        return 0
    poisson = math.isinf(size)
    ratio = 1.0 if poisson else mean / (mean + size)  # pmf(n) / pmf(n - 1) = ratio * (size + n - 1) / n
    n = 0
    probability = none
    if probability < _LEAST_START:
        log_zero = -mean if poisson else size * math.log1p(-ratio)
        variance = mean if poisson else mean + mean * mean / size
        n = max(0, math.floor(mean - _FAR_BELOW * math.sqrt(variance)))
        log_start = n * math.log(mean) - math.lgamma(n + 1.0) + log_zero
        if not poisson:
            log_start = (
                math.lgamma(size + n) - math.lgamma(size) - math.lgamma(n + 1.0) + n * math.log(ratio) + log_zero
            )
        probability = math.exp(log_start)
    total = probability
    while total < u:
        n += 1
        probability *= mean / n if poisson else ratio * (size + n - 1.0) / n
        before = total
        total += probability
        if total == before and n > mean:
            break
    return n


@inner
def count_each(
    size: float,
    mean: NDArray[np.float64],
    u: NDArray[np.float64],
    probability: NDArray[np.float64],
    total: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Write what `count` returns for each of some means and uniforms.

    For all of them together: which counts are above 0, then which are above 1, and so on until few are left.

    Parameters
    ----------
    size
        As for `count`, the same for all.
    mean, u : float64, (n,)
        As for `count`; written over.
    probability, total : float64, at least (n,)
        Room.
    counts : int64, (n,)
        Written.
    """
    n, n_far, poisson = np.uint64(len(counts)), np.uint64(0), math.isinf(size)
    for i in range(n):
        probability[i] = chance_of_none(mean[i], size)
    for i in range(n):
        n_far += np.uint64(probability[i] < _LEAST_START)
    if n_far > np.uint64(0):
        for i in range(n):
            counts[i] = count_from(probability[i], mean[i], size, u[i])
        return
    for i in range(n):
        counts[i] = 0
        total[i] = probability[i]
        mean[i] = mean[i] if poisson else mean[i] / (mean[i] + size)  # of pmf(n) to pmf(n - 1), as in `count_from`
    _count_on(_count_together(size, mean, u, probability, total, counts), size, mean, u, probability, total, counts)


@inner
def _count_together(
    size: float,
    ratio: NDArray[np.float64],
    u: NDArray[np.float64],
    probability: NDArray[np.float64],
    total: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> float:
    """Count up to a number, and return it, at which few are left: one may be far above the others."""
    n, poisson = np.uint64(len(counts)), math.isinf(size)
    k, n_left = 0.0, n
    while n_left > n // np.uint64(16):
        k += 1.0
        n_left = np.uint64(0)
        for i in range(n):
            is_left, before = total[i] < u[i], total[i]
            counts[i] += np.int64(is_left)
            n_left += np.uint64(is_left)
            probability[i] *= ratio[i] / k if poisson else ratio[i] * (size + k - 1.0) / k
            total[i] += probability[i]
            u[i] = u[i] if total[i] > before else 0.0  # nothing more is to come, but by rounding the sum is below 1
    return k


@inner
def _count_on(
    k: float,
    size: float,
    ratio: NDArray[np.float64],
    u: NDArray[np.float64],
    probability: NDArray[np.float64],
    total: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Count on from k, one after the other."""
    poisson = math.isinf(size)
    for i in range(np.uint64(len(counts))):
        j = k
        while total[i] < u[i]:
            j += 1.0
            counts[i] += 1
            before = total[i]
            probability[i] *= ratio[i] / j if poisson else ratio[i] * (size + j - 1.0) / j
            total[i] += probability[i]
            if total[i] == before:
                break
