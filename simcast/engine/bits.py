"""Numbers made of bits, and logarithms from them: without branches or calls, so that loops over them are vectorised."""

from __future__ import annotations

import math

import numpy as np

from simcast.engine.inner import inner, written_into

_ONE_IN_BITS = np.uint64(0x3FF << 52)
_SQRT_HALF_IN_BITS = np.float64(math.sqrt(0.5)).view(np.uint64)
_FRACTION_BITS = np.uint64(52)
_TWO_TO_52 = 2.0**52
_TWO_TO_52_IN_BITS = np.float64(_TWO_TO_52).view(np.uint64)
PER_LOG = 1.0 / math.log(2.0)
"""Turns natural logarithms into those to base 2."""
# The series of artanh, doubled and divided by log(2).
_A1, _A3, _A5, _A7, _A9, _A11, _A13, _A15 = [2.0 * PER_LOG / k for k in range(1, 16, 2)]


@inner
def one_plus(bits: np.uint64) -> float:
    """Return 1 plus the fraction that the highest 52 of 64 bits stand for, as 1.625 for 101000...

    They are written behind the point of a float64, by instructions that loops over blocks of deals do four at a time.
    Processors before AVX-512 turn whole numbers of 64 bits into floats only one by one.
    """
    return np.uint64((bits >> np.uint64(12)) | _ONE_IN_BITS).view(np.float64)


@written_into
def log2_one_plus(x: float) -> float:
    """Return log2(1 + x) for finite x from 0 up, within 1e-13 of its value, relatively."""
    y = 1.0 + x
    bits = np.float64(y).view(np.uint64)
    power = (bits - _SQRT_HALF_IN_BITS) >> _FRACTION_BITS
    near_one = np.uint64(bits - (power << _FRACTION_BITS)).view(np.float64)  # from the root of a half to that of two
    t = (near_one - 1.0) / (near_one + 1.0)
    s = t * t
    series = _A1 + s * (_A3 + s * (_A5 + s * (_A7 + s * (_A9 + s * (_A11 + s * (_A13 + s * _A15))))))
    lost = (y - 1.0 - x) / y  # in rounding 1 + x
    return (np.uint64(power | _TWO_TO_52_IN_BITS).view(np.float64) - _TWO_TO_52) + (t * series - lost * PER_LOG)
