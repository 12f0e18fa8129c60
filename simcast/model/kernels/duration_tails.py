"""The families of days in a stage, each standardised so that 0 is the median, with exact tails on both sides.

A family is a code. Days t with median m and shape s stand at ``z = log(t / m) / s``, but for gamma at
``z = log(t / m)``, since its shape is no scale of log days: there ``s = k ** -1/2`` of gamma's own shape k.

=========== ==== ==========================
family      code P(T > t)
=========== ==== ==========================
lognormal   0    Phi(-z)
weibull     1    exp(-log(2) exp(z))
loglogistic 2    1 / (1 + exp(z))
gamma       3    Q(k, M(k) exp(z)), M(k) the median of a gamma variate of shape k and scale 1
=========== ==== ==========================
"""

from __future__ import annotations

import math

from simcast.engine.gamma import gamma_log_tails, gamma_quantile
from simcast.engine.inner import inner
from simcast.model.kernels.normal_tails import LOG_ROOT_TWO_PI, log_tails
from simcast.model.kernels.rounding import as_written

LOGNORMAL = 0
WEIBULL = 1
LOGLOGISTIC = 2
GAMMA = 3

PARAMETRIC = ("lognormal", "weibull", "loglogistic", "gamma")
"""The names of the families, in code order."""

_ROOT_HALF = math.sqrt(0.5)
_LOG_TWO = math.log(2.0)
_LOG_LOG_TWO = math.log(_LOG_TWO)
_FARTHEST = 700.0
_RELATIVE_STEP = 1e-4
_LEAST_LOG_K, _MOST_LOG_K = math.log(1e-3), math.log(1e4)


@as_written
def gamma_shape(log_shape: float) -> float:
    """Return gamma's k, from 0.001 (days scattered over decades) to 10,000 (days that hardly vary)."""
    return math.exp(min(max(-2.0 * log_shape, _LEAST_LOG_K), _MOST_LOG_K))


@as_written
def gamma_log_median(k: float) -> float:
    """Return the logarithm of the median of a gamma variate of shape k and scale 1."""
    return math.log(gamma_quantile(k, -_LOG_TWO))


@inner
def smaller_tail(family: int, k: float, log_median: float, z: float) -> float:
    """Return P(Z > z) for z > 0, else P(Z < z); `k` and `log_median` are gamma's."""
    if family == LOGNORMAL:
        return 0.5 * math.erfc(abs(z) * _ROOT_HALF)
    if family == LOGLOGISTIC:
        return 1.0 / (1.0 + math.exp(min(abs(z), _FARTHEST)))
    if family == WEIBULL:
        hazard = math.exp(min(z, 7.0) + _LOG_LOG_TWO)
        return math.exp(-hazard) if z > 0.0 else -math.expm1(-hazard)
    below, above = gamma_log_tails(k, math.exp(min(z + log_median, _FARTHEST)))
    return math.exp(above) if z > 0.0 else math.exp(below)


@inner
def both_log_tails(family: int, k: float, log_median: float, z: float) -> tuple[float, float]:
    """Return log P(Z < z) and log P(Z > z)."""
    if family == LOGNORMAL:
        return log_tails(z)
    if family == LOGLOGISTIC:
        return -softplus(-z), -softplus(z)
    if family == WEIBULL:
        hazard = math.exp(min(z, _FARTHEST) + _LOG_LOG_TWO)
        below = math.log(-math.expm1(-hazard)) if hazard > 1e-300 else z + _LOG_LOG_TWO
        return below, -hazard
    return gamma_log_tails(k, math.exp(max(min(z + log_median, _FARTHEST), -_FARTHEST)))


@inner
def log_density(family: int, k: float, log_median: float, z: float) -> float:
    """Return the log density of Z, the derivative of P(Z < z)."""
    if family == LOGNORMAL:
        return -0.5 * z * z - LOG_ROOT_TWO_PI
    if family == LOGLOGISTIC:
        return -softplus(-z) - softplus(z)
    if family == WEIBULL:
        log_hazard = min(z, _FARTHEST) + _LOG_LOG_TWO
        return log_hazard - math.exp(log_hazard)
    log_x = max(min(z + log_median, _FARTHEST), -_FARTHEST)
    return k * log_x - math.exp(log_x) - math.lgamma(k)


@inner
def shift_by_log_shape(family: int, k: float, log_median: float, median_slope: float, z: float) -> float:
    """Return by how much z would have to move to do what a small step of log shape does, per step.

    That is ``(dF / d log shape) / (dF / dz)``; for a scale of log days it is -z. `median_slope` is the derivative of
    gamma's log median by k. Gamma's derivative by k is a central difference, good to about seven digits.
    """
    if family != GAMMA:
        return -z
    log_x = max(min(z + log_median, _FARTHEST), -_FARTHEST)
    x = math.exp(log_x)
    step = k * _RELATIVE_STEP
    below_less, above_less = gamma_log_tails(k - step, x)
    below_more, above_more = gamma_log_tails(k + step, x)
    below, above = gamma_log_tails(k, x)
    density = k * log_x - x - math.lgamma(k)
    if z > 0.0:
        by_k = -math.exp(min(above - density, _FARTHEST)) * (above_more - above_less) / (2.0 * step)
    else:
        by_k = math.exp(min(below - density, _FARTHEST)) * (below_more - below_less) / (2.0 * step)
    return -2.0 * k * (by_k + median_slope)


@inner
def gamma_median_slope(k: float) -> float:
    """Return the derivative of gamma's log median by k, a central difference."""
    step = k * _RELATIVE_STEP
    return (gamma_log_median(k + step) - gamma_log_median(k - step)) / (2.0 * step)


@inner
def softplus(x: float) -> float:
    """Return log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
