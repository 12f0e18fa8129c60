"""The normal distribution: survival by table for speed, tails and quantiles to full precision by their logarithms."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.inner import inner, outer

_SQRT_HALF = math.sqrt(0.5)
_LOG_SQRT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
_FAR = 25.0
"""Beyond this many standard deviations the tail's asymptotic series is exact to rounding."""


def upper_quantiles(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return z such that P(Z > z) is p, for probabilities up to one half in ascending order.

    By Newton's method on log P(Z > z), which is concave, each beginning where the one before ended.
    """
    found, z = np.empty(len(p)), 0.0
    for i in range(len(p) - 1, -1, -1):
        step = 1.0
        while abs(step) > 1e-14:
            above = 0.5 * math.erfc(z * _SQRT_HALF)
            slope = math.exp(-0.5 * z * z - _LOG_SQRT_TWO_PI) / above
            step = (math.log(above) - math.log(p[i])) / slope
            z += step
        found[i] = z
    return found


_CELLS_PER_UNIT = 256.0
_TABLE_FROM, _TABLE_TO = -6.0, 10.0
_LOG_SURVIVAL = np.array(
    [
        math.log(0.5 * math.erfc((_TABLE_FROM + cell / _CELLS_PER_UNIT) * _SQRT_HALF))
        for cell in range(int((_TABLE_TO - _TABLE_FROM) * _CELLS_PER_UNIT) + 1)
    ]
)


@outer
def normal_survival(z: float) -> float:
    """Return P(Z > z), within 2e-6 of its value, by linear interpolation of its logarithm in a table."""
    return math.exp(normal_log_survival_by_table(z))


@njit(inline="always")
def normal_log_survival_by_table(z: float) -> float:
    """Return log P(Z > z), within 2e-6, by linear interpolation in a table where there is one."""
    if z < _TABLE_FROM:
        return 0.0
    if not z < _TABLE_TO:
        exact: float = normal_log_survival(z)
        return exact
    position = (z - _TABLE_FROM) * _CELLS_PER_UNIT
    cell = np.uint64(position)
    along = position - np.float64(np.int64(cell))
    found: float = _LOG_SURVIVAL[cell] + along * (_LOG_SURVIVAL[cell + np.uint64(1)] - _LOG_SURVIVAL[cell])
    return found


@outer
def normal_log_survival(z: float) -> float:
    """Return log P(Z > z)."""
    if z < _FAR:
        return math.log(0.5 * math.erfc(z * _SQRT_HALF))
    return -0.5 * z * z - _LOG_SQRT_TWO_PI - math.log(z) + math.log1p(_tail_correction(z))


@inner
def _tail_correction(z: float) -> float:
    """Return the asymptotic series of Mills' ratio times z, less one (Abramowitz and Stegun 26.2.12)."""
    w = 1.0 / (z * z)
    return -w * (1.0 - w * (3.0 - w * (15.0 - w * 105.0)))


@outer
def normal_upper_quantile(log_s: float) -> float:
    """Return z such that log P(Z > z) equals `log_s`."""
    if log_s > -300.0:
        return -_quantile(math.exp(log_s), log_s)
    z = math.sqrt(-2.0 * log_s)
    for _ in range(4):  # Newton's method on log S, whose slope is about -z this far out.
        slope = z / (1.0 + _tail_correction(z))
        z += (normal_log_survival(z) - log_s) / slope
    return z


@inner
def _quantile(p: float, log_p: float) -> float:
    """Return the lower quantile for probability p.

    Source: M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution",
    Applied Statistics 37 (1988), routine PPND16; relative accuracy about 1e-16.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _ratio(
            r,
            2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
            1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
            5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
            5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1,
        )  # fmt: skip
    r = math.sqrt(-log_p) if q < 0.0 else math.sqrt(-math.log1p(-p))
    if r <= 5.0:
        z = _ratio(
            r - 1.6,
            7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
            3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
            1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
            6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0,
        )  # fmt: skip
    else:
        z = _ratio(
            r - 5.0,
            2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
            2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
            2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
            1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1,
        )  # fmt: skip
    return -z if q < 0.0 else z


@njit(inline="always")
def _ratio(
    r: float,
    a7: float, a6: float, a5: float, a4: float, a3: float, a2: float, a1: float, a0: float,
    b7: float, b6: float, b5: float, b4: float, b3: float, b2: float, b1: float,
) -> float:  # fmt: skip
    """Return the ratio of two polynomials of degree 7, coefficients from the highest down."""
    above = ((((((a7 * r + a6) * r + a5) * r + a4) * r + a3) * r + a2) * r + a1) * r + a0
    below = ((((((b7 * r + b6) * r + b5) * r + b4) * r + b3) * r + b2) * r + b1) * r + 1.0
    return above / below
