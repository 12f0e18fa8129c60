"""Times until a move, by inversion of the survival function: plain floats in, plain floats out.

Families are integer codes, and each has two numbers, `scale` in days and a `shape`:

=========== ==== ============== ================= =========================
family      code scale          shape             survival S(t)
=========== ==== ============== ================= =========================
constant    0    the duration   unused            1 before it, 0 from it on
exponential 1    mean           unused            exp(-t / scale)
lognormal   2    median         sd of log t       1 - Phi(log(t/scale)/shape)
weibull     3    scale          1 / Weibull's k   exp(-(t/scale)^(1/shape))
loglogistic 4    median         1 / beta          1 / (1 + (t/scale)^(1/shape))
gamma       5    theta          k                 Q(k, t / scale)
hazard      6    unused         unused            see `simcast.engine.hazard`
=========== ==== ============== ================= =========================

A time is drawn as the one that a uniform share of stays exceeds, which is monotone: under common random numbers
a longer median gives every deal a longer stay. Where survival is below the range of floats, because a deal has
waited far beyond any usual time, its logarithm takes over.
"""

from __future__ import annotations

import math

from simcast.engine.gamma import gamma_log_survival, gamma_quantile
from simcast.engine.inner import outer
from simcast.engine.normal import normal_log_survival, normal_survival, normal_upper_quantile

CONSTANT = 0
EXPONENTIAL = 1
LOGNORMAL = 2
WEIBULL = 3
LOGLOGISTIC = 4
GAMMA = 5
HAZARD_CODE = 6

FAMILIES = ("constant", "exponential", "lognormal", "weibull", "loglogistic", "gamma", "hazard")
"""The names of the families, in code order."""


@outer
def survival(family: int, scale: float, shape: float, days: float) -> float:
    """Return P(T > days)."""
    if family == LOGNORMAL and days > 0.0:
        return normal_survival(math.log(days / scale) / shape)
    return math.exp(log_survival(family, scale, shape, days))


@outer
def log_survival(family: int, scale: float, shape: float, days: float) -> float:
    """Return log P(T > days)."""
    if days <= 0.0:
        return 0.0
    if family == LOGNORMAL:
        return normal_log_survival(math.log(days / scale) / shape)
    if family == EXPONENTIAL:
        return -days / scale
    if family == CONSTANT:
        return 0.0 if days < scale else -math.inf
    if family == WEIBULL:
        return -math.pow(days / scale, 1.0 / shape)
    if family == LOGLOGISTIC:
        return -math.log1p(math.pow(days / scale, 1.0 / shape))
    return gamma_log_survival(shape, days / scale)


@outer
def isf_of_log(family: int, scale: float, shape: float, log_s: float) -> float:
    """Return the days t at which log P(T > t) equals `log_s`, to full precision: the inverse survival function."""
    if family == LOGNORMAL:
        return scale * math.exp(shape * normal_upper_quantile(log_s))
    if family == EXPONENTIAL:
        return -scale * log_s
    if family == CONSTANT:
        return scale
    if family == WEIBULL:
        return scale * math.pow(-log_s, shape)
    if family == LOGLOGISTIC:
        # (1 - s) / s, which for tiny s is 1 / s: expm1 overflows only where the time is beyond any horizon.
        return scale * math.exp(shape * (math.log(-math.expm1(log_s)) - log_s))
    return scale * gamma_quantile(shape, log_s)
