"""Numbers made of bits."""

from __future__ import annotations

import numpy as np

from simcast.engine.inner import inner

_ONE_IN_BITS = np.uint64(0x3FF << 52)


@inner
def one_plus(bits: np.uint64) -> float:
    """Return 1 plus the fraction that the highest 52 of 64 bits stand for, as 1.625 for 101000...

    They are written behind the point of a float64, by instructions that loops over blocks of deals do four at a time.
    Processors before AVX-512 turn whole numbers of 64 bits into floats only one by one.
    """
    return np.uint64((bits >> np.uint64(12)) | _ONE_IN_BITS).view(np.float64)
