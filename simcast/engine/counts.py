"""How many deals arrive: Poisson and negative binomial counts by inversion of the distribution function.

Inversion is monotone in the mean for a common uniform, so a lever on arrivals adds or removes deals at the
end of a day's list and leaves all others as they were.
"""

from __future__ import annotations

import math

from simcast.engine.inner import outer

_LEAST_START = 1e-290
"""A probability of zero arrivals above this lets the sum start at zero."""

_FAR_BELOW = 8.5
"""Otherwise the sum starts this many standard deviations below the mean, where less than 1e-16 lies."""


@outer
def count(mean: float, size: float, u: float) -> int:
    """Return the smallest n with P(N <= n) >= u, for a negative binomial count N.

    Parameters
    ----------
    mean
        Expected arrivals.
    size
        The negative binomial's size: the variance is ``mean + mean**2 / size``; infinite for Poisson.
    u
        A uniform in (0, 1).
    """
    if mean <= 0.0:
        return 0
    poisson = math.isinf(size)
    ratio = 1.0 if poisson else mean / (mean + size)  # pmf(n) / pmf(n - 1) = ratio * (size + n - 1) / n
    log_zero = -mean if poisson else size * math.log1p(-ratio)
    n = 0
    probability = math.exp(log_zero)
    if probability < _LEAST_START:
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
