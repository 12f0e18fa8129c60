"""Amounts of deals won whose own is not known: drawn from a family, or from the amounts of the past themselves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import outer
from simcast.engine.samplers import FAMILIES, isf_of_log

AMOUNT_FAMILIES = (*FAMILIES, "empirical")
"""The names of the families of amounts, in code order."""

EMPIRICAL_CODE = AMOUNT_FAMILIES.index("empirical")


@outer
def amount_isf(family: int, scale: float, shape: float, quantiles: NDArray[np.float64], u: float) -> float:
    """Return the amount that a share u of deals exceeds: the inverse survival function.

    For the empirical family it is `scale` times the quantile at 1 - u. The n `quantiles` stand at the levels
    1/2n, 3/2n, ..., 1 - 1/2n, with straight lines between them and the outermost beyond, so that the mean amount is
    `scale` times their mean.
    """
    if family != EMPIRICAL_CODE:
        drawn: float = isf_of_log(family, scale, shape, math.log(u))
        return drawn
    last = len(quantiles) - 1
    position = min(max((1.0 - u) * len(quantiles) - 0.5, 0.0), float(last))
    below = min(int(position), last - 1) if last > 0 else 0
    above = min(below + 1, last)
    part = position - below
    amount: float = scale * (quantiles[below] + part * (quantiles[above] - quantiles[below]))
    return amount
