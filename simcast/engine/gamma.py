"""The gamma distribution's upper tail and its inverse, by series, continued fraction and Halley's method.

Source: W. H. Press et al., "Numerical Recipes", 3rd edition (2007), section 6.2; W. Gautschi, "A computational
procedure for incomplete gamma functions", ACM TOMS 5 (1979).
"""

from __future__ import annotations

import math

from simcast.engine.inner import inner, outer
from simcast.engine.normal import normal_upper_quantile

_EPSILON = 1e-16
_TINY = 1e-300
_MOST_STEPS = 50
_LONGEST_STEP = 2.0
"""In log x, since far in the upper tail a first step would overshoot by much."""
_SETTLED = 1e-5
"""After a step as short as this, in spreads of log x, the next one would be its cube."""


@outer
def gamma_log_survival(k: float, x: float) -> float:
    """Return log Q(k, x), the log probability that a gamma variate of shape k and scale 1 exceeds x."""
    if x <= 0.0:
        return 0.0
    log_front = k * math.log(x) - x - math.lgamma(k)
    if x < k + 1.0:
        return math.log1p(-min(math.exp(log_front) * _lower_series(k, x), 1.0 - _EPSILON))
    return log_front + math.log(_upper_fraction(k, x))


@outer
def gamma_log_tails(k: float, x: float) -> tuple[float, float]:
    """Return log P(k, x) and log Q(k, x), the log probabilities below and above x, each to full relative precision."""
    if x <= 0.0:
        return -math.inf, 0.0
    log_front = k * math.log(x) - x - math.lgamma(k)
    if x < k + 1.0:
        below = log_front + math.log(_lower_series(k, x))
        return below, math.log1p(-min(math.exp(below), 1.0 - _EPSILON))
    above = log_front + math.log(_upper_fraction(k, x))
    return math.log1p(-min(math.exp(above), 1.0 - _EPSILON)), above


@inner
def _lower_series(k: float, x: float) -> float:
    """Return P(k, x) over x^k e^-x / Gamma(k), for x below k + 1."""
    term = total = 1.0 / k
    n = k
    while term > total * _EPSILON:
        n += 1.0
        term *= x / n
        total += term
    return total


@inner
def _upper_fraction(k: float, x: float) -> float:
    """Return Q(k, x) over x^k e^-x / Gamma(k), for x above k + 1, by Lentz's continued fraction."""
    b = x + 1.0 - k
    c = 1.0 / _TINY
    d = 1.0 / b
    h = d
    for i in range(1, 500):
        a = -i * (i - k)
        b += 2.0
        d = a * d + b
        if abs(d) < _TINY:
            d = _TINY
        c = b + a / c
        if abs(c) < _TINY:
            c = _TINY
        d = 1.0 / d
        change = d * c
        h *= change
        if abs(change - 1.0) < _EPSILON * 4.0:
            break
    return h


@outer
def gamma_quantile(k: float, log_s: float) -> float:
    """Return x such that log Q(k, x) equals `log_s`.

    By Halley's method in log x for the logarithm of the smaller tail, which is concave: it converges from anywhere, and
    from where it begins mostly in two steps.
    """
    if not -math.inf < log_s < 0.0:
        return 0.0 if log_s >= 0.0 else math.inf
    log_p = math.log(-math.expm1(log_s))
    below = log_p < log_s
    wanted, sign = (log_p, 1.0) if below else (log_s, -1.0)
    log_gamma = math.lgamma(k)
    log_x = _near_quantile(k, log_p, log_s, log_gamma)
    for _ in range(_MOST_STEPS):
        x = math.exp(log_x)
        log_front = k * log_x - x - log_gamma
        in_series = x < k + 1.0
        tail = log_front + math.log(_lower_series(k, x) if in_series else _upper_fraction(k, x))
        if in_series != below:
            tail = math.log1p(-min(math.exp(tail), 1.0 - _EPSILON))
        # The tail's density by log x is x^k e^-x / Gamma(k), whose logarithm has the slope k - x.
        slope = sign * math.exp(log_front - tail)
        step = (wanted - tail) / slope
        step /= max(1.0 + 0.5 * step * (k - x - slope), 0.5)
        log_x += min(max(step, -_LONGEST_STEP), _LONGEST_STEP)
        if abs(step) * math.sqrt(max(k, 1.0)) < _SETTLED:
            break
    return math.exp(log_x)


@inner
def _near_quantile(k: float, log_p: float, log_s: float, log_gamma: float) -> float:
    """Return the logarithm of a point near that of which a share of log `log_p` is below, and of log `log_s` above.

    A gamma variate's cube root is nearly normal (E. B. Wilson and M. M. Hilferty, PNAS 17, 1931), but near zero, where
    its distribution is a power of x.
    """
    power = (log_p + math.log(k) + log_gamma) / k
    power += math.exp(power) / (k + 1.0)
    root = 1.0 - 1.0 / (9.0 * k) + normal_upper_quantile(log_s) / (3.0 * math.sqrt(k))
    return max(power, math.log(k) + 3.0 * math.log(root)) if root > 0.0 else power
