"""The gamma distribution's upper tail and its inverse, by series, continued fraction and safeguarded Newton.

Source: W. H. Press et al., "Numerical Recipes", 3rd edition (2007), section 6.2; W. Gautschi, "A computational
procedure for incomplete gamma functions", ACM TOMS 5 (1979).
"""

from __future__ import annotations

import math

from numba import njit

_EPSILON = 1e-16
_TINY = 1e-300


@njit(cache=True)
def gamma_log_survival(k: float, x: float) -> float:
    """Return log Q(k, x), the log probability that a gamma variate of shape k and scale 1 exceeds x."""
    if x <= 0.0:
        return 0.0
    log_front = k * math.log(x) - x - math.lgamma(k)
    if x < k + 1.0:
        return math.log1p(-min(math.exp(log_front) * _lower_series(k, x), 1.0 - _EPSILON))
    return log_front + math.log(_upper_fraction(k, x))


@njit(cache=True)
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


@njit(cache=True)
def _lower_series(k: float, x: float) -> float:
    """Return P(k, x) over x^k e^-x / Gamma(k), for x below k + 1."""
    term = total = 1.0 / k
    n = k
    while term > total * _EPSILON:
        n += 1.0
        term *= x / n
        total += term
    return total


@njit(cache=True)
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


@njit(cache=True)
def gamma_quantile(k: float, log_s: float) -> float:
    """Return x such that log Q(k, x) equals `log_s`: Newton in log x, kept inside a bracket by bisection."""
    low, high = _bracket(k, log_s)
    log_x = 0.5 * (low + high)
    for _ in range(100):
        x = math.exp(log_x)
        log_q = gamma_log_survival(k, x)
        if log_q > log_s:
            low = log_x
        else:
            high = log_x
        # d log Q / d log x = -x^k e^-x / (Gamma(k) Q)
        slope = math.exp(k * log_x - x - math.lgamma(k) - log_q)
        step = (log_q - log_s) / slope if slope > _TINY else math.inf
        following = log_x + step
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - log_x) < 1e-15 * max(1.0, abs(log_x)):
            return math.exp(following)
        log_x = following
    return math.exp(log_x)


@njit(cache=True)
def _bracket(k: float, log_s: float) -> tuple[float, float]:
    """Return logs of two points between which the quantile lies."""
    low = high = math.log(k)
    while gamma_log_survival(k, math.exp(low)) < log_s and low > -700.0:
        low -= 2.0
    while gamma_log_survival(k, math.exp(high)) > log_s and high < 700.0:
        high += 1.0
    return low, high
