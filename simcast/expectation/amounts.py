"""What a won deal is worth on average, where its own amount is not known."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.amounts import EMPIRICAL, amount_exceeded
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, GAMMA, LOGLOGISTIC, LOGNORMAL

_N_LEVELS = 2000
"""At how many levels amounts are looked at to find what a lever that takes money off cannot take."""


@njit(cache=True, nogil=True)
def mean_amount(family: int, scale: float, shape: float, quantiles: NDArray[np.float64]) -> float:
    """Return the mean of the amounts that `simcast.engine.amounts.amount_exceeded` draws; infinite if it is.

    Examples
    --------
    >>> import numpy as np
    >>> from simcast.engine.samplers import LOGNORMAL
    >>> round(mean_amount(LOGNORMAL, 100.0, 1.0, np.zeros(0)), 1)  # 100 exp(1 / 2)
    164.9
    """
    if scale <= 0.0:
        return 0.0
    if family == EMPIRICAL:
        factor = float(np.mean(quantiles))
    elif family in (CONSTANT, EXPONENTIAL):
        factor = 1.0
    elif family == LOGNORMAL:
        factor = math.exp(0.5 * shape * shape)
    elif family == GAMMA:
        factor = shape
    elif family == LOGLOGISTIC:
        factor = math.pi * shape / math.sin(math.pi * shape) if shape < 1.0 else math.inf
    else:
        factor = math.gamma(1.0 + shape)
    return scale * factor


@njit(cache=True, nogil=True)
def mean_worth(
    family: int, scale: float, shape: float, quantiles: NDArray[np.float64], factor: float, add: float
) -> float:
    """Return the mean of ``max(0, factor * amount + add)``, the worth of a win under levers on amounts."""
    worth = factor * mean_amount(family, scale, shape, quantiles) + add
    if add >= 0.0:
        return worth
    cannot_take = 0.0  # bounded by `add`, unlike amounts: the middle of each slice of probability will do
    for level in range(_N_LEVELS):
        amount = 0.0
        if scale > 0.0:
            amount = amount_exceeded(family, scale, shape, quantiles, (level + 0.5) / _N_LEVELS)
        cannot_take += max(0.0, -add - factor * amount)
    return worth + cannot_take / _N_LEVELS
