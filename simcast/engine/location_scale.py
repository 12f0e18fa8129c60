"""Days whose logarithm is a location plus a scale times one standard law: lognormal, Weibull, log-logistic and kin.

The time that a share u of stays exceeds is ``scale * 2 ** (shape * quantile(u))``, with the standard law's quantile in
powers of two. It is read from a table by linear interpolation, within 2e-6, so that all these families take the same
steps: a loop over a block of deals has no branches. Monotone in u: under common random numbers a longer median gives
every deal a longer stay. The mean days are right within 1e-6 for shapes up to 1.5.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.bits import PER_LOG, one_plus
from simcast.engine.inner import inner
from simcast.engine.normal import normal_upper_quantile, upper_quantiles
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, FAMILIES, LOGLOGISTIC, LOGNORMAL, WEIBULL

_N_OCTAVES = 20
_CELLS_PER_OCTAVE = 256
_CELL_BITS = np.uint64(44)
"""Mantissa bits below the eight that name one of an octave's 256 cells."""
_ABOVE_CELL = np.uint64(64 - 44)
_FIRST_CELL = np.uint64((1023 - 1 - _N_OCTAVES) * _CELLS_PER_OCTAVE)
_HALF_TABLE = _N_OCTAVES * _CELLS_PER_OCTAVE + 2

_LEAST_SHARE = 2.0 ** -(1 + _N_OCTAVES)
"""The table has no shares nearer to 0 or 1 than this: there `far_quantile` serves, about once in a million."""


def _table() -> NDArray[np.float64]:
    """Return the quantiles of three standard laws at 256 points in each octave of the share, below and above a half.

    The octaves halve towards either end, where the quantiles bend most.
    """
    octave, cell = np.divmod(np.arange(_HALF_TABLE), _CELLS_PER_OCTAVE)
    p = 2.0 ** (octave - 1.0 - _N_OCTAVES) * (1.0 + cell / _CELLS_PER_OCTAVE)
    p[-1] = 0.5  # read at a half itself only, where nothing lies between the points
    z, logit = upper_quantiles(p), np.log1p(-p) - np.log(p)
    halves = [z, -z, logit, -logit, np.log(-np.log(p)), np.log(-np.log1p(-p))]
    return np.concatenate(halves) / math.log(2.0)


# A constant of the module, not an argument, so that the compiler knows that nothing writes to it.
_TABLE = _table()
_NORMAL, _LOGISTIC, _EXTREME = 0, 2 * _HALF_TABLE, 4 * _HALF_TABLE

# exp2 by its series about the nearest whole power; one coefficient is moved, by 2e-10, so that the pieces meet.
_C = [math.log(2.0) ** k / math.factorial(k) for k in range(9)]
_C[1] += (2.0 * sum(c * (-0.5) ** k for k, c in enumerate(_C)) - sum(c * 0.5**k for k, c in enumerate(_C))) / 1.5
_C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8 = _C[1:]
_ROUNDS_TO_WHOLE = 1.5 * 2.0**52
LEAST_POWER, _MOST_POWER = -1000.0, 1000.0

OTHER_FAMILY = -1


STANDARD_LAW = np.full(len(FAMILIES), OTHER_FAMILY)
"""By family, where the table of its standard law begins, or OTHER_FAMILY."""
STANDARD_LAW[LOGNORMAL] = _NORMAL
STANDARD_LAW[LOGLOGISTIC] = _LOGISTIC
STANDARD_LAW[[WEIBULL, EXPONENTIAL, CONSTANT]] = _EXTREME


@inner
def shape_in_powers(family: int, shape: float) -> float:
    """Return what the standard law's quantile is multiplied with."""
    if family == EXPONENTIAL:
        return 1.0
    if family in (LOGNORMAL, WEIBULL, LOGLOGISTIC):
        return shape
    return 0.0


@inner
def power_of_two(x: float) -> float:
    """Return 2 ** x within 1e-9 of its value, exact at 0 and monotone; far out it stops at 2 ** 1000 or its inverse."""
    x = LEAST_POWER if x < LEAST_POWER else x
    x = _MOST_POWER if x > _MOST_POWER else x
    shifted = x + _ROUNDS_TO_WHOLE
    f = x - (shifted - _ROUNDS_TO_WHOLE)
    series = f * (_C4 + f * (_C5 + f * (_C6 + f * (_C7 + f * _C8))))
    series = 1.0 + f * (_C1 + f * (_C2 + f * (_C3 + series)))
    # The whole part stands in the last bits of `shifted`: added to the exponent's bits, it multiplies by its power.
    whole = np.float64(shifted).view(np.uint64) << np.uint64(52)
    return np.uint64(np.float64(series).view(np.uint64) + whole).view(np.float64)


@inner
def point_and_way(u: float) -> tuple[np.uint64, float]:
    """Return the point of a table that is next below the share u, and the part of the way from it to the following one.

    They are the same for all standard laws. Nothing here is looked up, so that loops over it are vectorised.
    """
    rest = 1.0 - u
    above = rest <= u
    p = rest if above else u  # the lesser of two numbers at hand: no branch, which half of all stays would mispredict
    p = _LEAST_SHARE if p < _LEAST_SHARE else p
    bits = np.float64(p).view(np.uint64)
    point = (bits >> _CELL_BITS) - _FIRST_CELL + (np.uint64(_HALF_TABLE) if above else np.uint64(0))
    return point, one_plus(bits << _ABOVE_CELL) - 1.0


@inner
def quantile_at(law: np.uint64, point: np.uint32, way: float) -> float:
    """Return the quantile there, of the standard law whose table begins at `law`, in powers of two."""
    at = law + np.uint64(point)
    found: float = _TABLE[at] + way * (_TABLE[at + np.uint64(1)] - _TABLE[at])
    return found


@inner
def is_far(u: float) -> bool:
    """Return whether a share is too near to 0 or 1 for the tables."""
    return min(u, 1.0 - u) < _LEAST_SHARE


@inner
def far_quantile(law: np.uint64, log_u: float) -> float:
    """Return the same to full precision, for shares too near to 0 or 1 for the table; by their logarithm."""
    if law == np.uint64(_NORMAL):
        return normal_upper_quantile(log_u) * PER_LOG
    if law == np.uint64(_LOGISTIC):
        return (math.log(-math.expm1(log_u)) - log_u) * PER_LOG
    return math.log(-log_u) * PER_LOG
