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

_FAR_BELOW, _LEAST_PART = 8.5, 1.0 / 64.0
"""Otherwise the sum starts so many standard deviations below the mean, and not below this part of it: less than 1e-16
lies there."""


@written_into
def chance_of_none(mean: float, size: float) -> float:
    """Return P(N = 0), within 1e-9 of its value down to 1e-290; vectorised in loops over means."""
    return power_of_two(-mean * PER_LOG if math.isinf(size) else -size * log2_one_plus(mean / size))


@inner
def _ratio_of(mean: float, size: float) -> float:
    """Return r with P(N = n) / P(N = n - 1) = r (size + n - 1) / n, and r / n for a Poisson count."""
    return mean if math.isinf(size) else mean / (mean + size)


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
    ratio, n = _ratio_of(mean, size), 0
    probability = none
    if probability < _LEAST_START:
        log_zero = -mean if poisson else size * math.log1p(-ratio)
        variance = mean if poisson else mean + mean * mean / size
        n = math.floor(max(mean - _FAR_BELOW * math.sqrt(variance), mean * _LEAST_PART))
        log_start = n * math.log(mean) - math.lgamma(n + 1.0) + log_zero
        if not poisson:
            log_start = (
                math.lgamma(size + n) - math.lgamma(size) - math.lgamma(n + 1.0) + n * math.log(ratio) + log_zero
            )
        probability = math.exp(log_start)
    return _count_on(n, probability, probability, ratio, size, u)


@inner
def _count_on(n: int, probability: float, total: float, ratio: float, size: float, u: float) -> int:
    """Return the count that `count_from` does, from an n on of which P(N = n) and P(N <= n) are known.

    The ratio is what P(N = n + 1) over P(N = n) is worked out from: the mean of a Poisson count.
    """
    poisson = math.isinf(size)
    while total < u:
        n += 1
        probability *= ratio / n if poisson else ratio * (size + n - 1.0) / n
        before = total
        total += probability
        if total == before:
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

    For all of them together: which counts are above 0, then which are above 1, and so on; the last few one by one.

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
    n, n_far = np.uint64(len(counts)), np.uint64(0)
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
        mean[i] = _ratio_of(mean[i], size)
    _count_together(size, mean, u, probability, total, counts)
    for i in range(n):
        counts[i] = _count_on(counts[i], probability[i], total[i], mean[i], size, u[i])


@inner
def _count_together(
    size: float,
    ratio: NDArray[np.float64],
    u: NDArray[np.float64],
    probability: NDArray[np.float64],
    total: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Do what `_count_on` does for all at once, until few are left: one may be far above the others."""
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
