"""The segments that a scenario assumes, and the share of new deals in each."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from simcast.scenario import Assumptions
from simcast.segments import Segments

Floats = NDArray[np.float64]


def assumed_segments(assumptions: Assumptions) -> tuple[Segments, Floats]:
    """Return the segments that the assumed columns span, and the share of new deals in each.

    Returns
    -------
    Segments
        All combinations of the columns' values.
    float64, (n_segments,)
        The product of the shares of the values; sums to 1.
    """
    columns = tuple(assumptions.segments)
    segments = Segments.found(columns, itertools.product(*assumptions.segments.values()))
    shares = [
        math.prod(assumptions.segments[column][value] for column, value in zip(columns, values, strict=True))
        for values in segments.values
    ]
    return segments, np.array(shares) / math.fsum(shares)
