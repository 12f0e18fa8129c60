"""The standard normal distribution in logarithms, exact in both tails, for compiled loops."""

from __future__ import annotations

import math

from simcast.engine.inner import inner
from simcast.model.kernels.rounding import as_written

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_ROOT_HALF = math.sqrt(0.5)
_FAR = 20.0
_SMALLEST_GAP = -1e-12


@inner
def log_smaller_tail(size: float) -> float:
    """Return log P(Z > size) for size >= 0: by erfc, and far out by the asymptotic series of Mills' ratio.

    Source: Abramowitz & Stegun (1964), 26.2.12. At the seam, 20, the series is exact to 1e-11.
    """
    if size < _FAR:
        return math.log(0.5 * math.erfc(size * _ROOT_HALF))
    inverse = 1.0 / (size * size)
    series = 1.0 - inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse * (1.0 - 7.0 * inverse)))
    return -0.5 * size * size - LOG_ROOT_TWO_PI - math.log(size) + math.log(series)


@as_written
def log_tails(z: float) -> tuple[float, float]:
    """Return log P(Z < z) and log P(Z > z)."""
    smaller = log_smaller_tail(abs(z))
    larger = math.log1p(-math.exp(smaller))
    if z < 0.0:
        return smaller, larger
    return larger, smaller


@as_written
def log_interval(low_below: float, low_above: float, high_below: float, high_above: float) -> float:
    """Return log P(a < Z < b) from the log tails below and above a, and below and above b.

    The difference is taken on the side where the tails are smaller, so that it keeps its digits; an interval
    too short for floating-point numbers counts as very short, not as empty.
    """
    if low_below + high_below > low_above + high_above:
        outer, inner = low_above, high_above
    else:
        outer, inner = high_below, low_below
    return outer + math.log(-math.expm1(min(inner - outer, _SMALLEST_GAP)))


@inner
def log_add(one: float, other: float) -> float:
    """Return log(exp(one) + exp(other))."""
    larger, smaller = max(one, other), min(one, other)
    if smaller == -math.inf:
        return larger
    return larger + math.log1p(math.exp(smaller - larger))
