from __future__ import annotations

import math

import numpy as np
from numba import njit

from simcast.engine import bits

log2_one_plus = njit(lambda x: bits.log2_one_plus(x))  # parts of what calls them, which Python cannot
one_plus = njit(lambda word: bits.one_plus(word))


def test_logarithms_of_one_and_more_are_right_to_thirteen_digits() -> None:
    x = np.concatenate([np.geomspace(1e-300, 1e300, 3001), np.linspace(0.0, 8.0, 4001)[1:]])
    found = np.array([log2_one_plus(value) for value in x])
    np.testing.assert_allclose(found, np.log1p(x) / math.log(2.0), rtol=1e-13)
    assert log2_one_plus(0.0) == 0.0


def test_the_highest_bits_stand_behind_the_point() -> None:
    assert one_plus(np.uint64(0)) == 1.0
    assert one_plus(np.uint64(0b101 << 61)) == 1.625
    assert one_plus(np.uint64(2**64 - 1)) == 2.0 - 2.0**-52
    assert one_plus(np.uint64(2**12 - 1)) == 1.0  # twelve bits are left out
