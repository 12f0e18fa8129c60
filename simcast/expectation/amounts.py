"""What a won deal is worth on average, where its own amount is not known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.amounts import EMPIRICAL_CODE, amount_isf
from simcast.engine.inner import outer
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, GAMMA, LOGLOGISTIC, LOGNORMAL

_SQRT_2 = math.sqrt(2.0)

_N_LEVELS = 2000
"""At how many levels amounts are looked at to find what a lever that takes money off cannot take."""


class AmountLaw(NamedTuple):
    """The law of an amount: family, scale and shape as the engine has them, what it is at most, and how often it is 0.

    Only lognormal amounts are bounded; `most` is infinite for others. A share `some` of amounts are of the family, the
    others 0.
    """

    family: int
    scale: float
    shape: float
    most: float
    some: float


@outer
def mean_amount(law: AmountLaw, quantiles: NDArray[np.float64]) -> float:
    """Return the mean of the amounts that the engine draws, those of 0 among them; infinite if it is.

    Examples
    --------
    >>> import numpy as np
    >>> from simcast.engine.samplers import LOGNORMAL
    >>> round(mean_amount(AmountLaw(LOGNORMAL, 100.0, 1.0, math.inf, 1.0), np.zeros(0)), 1)  # 100 exp(1 / 2)
    164.9
    """
    scale, shape = law.scale, law.shape
    if scale <= 0.0 or law.some <= 0.0:
        return 0.0
    if law.family == LOGNORMAL:
        return law.some * _mean_lognormal(scale, shape, law.most)
    if law.family == EMPIRICAL_CODE:
        factor = float(np.mean(quantiles))
    elif law.family in (CONSTANT, EXPONENTIAL):
        factor = 1.0
    elif law.family == GAMMA:
        factor = shape
    elif law.family == LOGLOGISTIC:
        factor = math.pi * shape / math.sin(math.pi * shape) if shape < 1.0 else math.inf
    else:
        factor = math.gamma(1.0 + shape)
    return law.some * scale * factor


@outer
def _mean_lognormal(median: float, sigma: float, most: float) -> float:
    """Return the mean of a lognormal amount of which no more than `most` counts."""
    if math.isinf(most):
        return median * math.exp(0.5 * sigma * sigma)
    if sigma <= 0.0:
        return min(median, most)
    z = math.log(most / median) / sigma
    below = 0.5 * math.erfc((sigma - z) / _SQRT_2)  # the share of the mean that stands below the bound
    beyond = 0.5 * math.erfc(z / _SQRT_2)
    return median * math.exp(0.5 * sigma * sigma) * below + most * beyond


@outer
def mean_worth(law: AmountLaw, quantiles: NDArray[np.float64], factor: float, add: float) -> float:
    """Return the mean of ``max(0, factor * amount + add)``, the worth of a win under levers on amounts."""
    worth = factor * mean_amount(law, quantiles) + add
    if add >= 0.0:
        return worth
    cannot_take = 0.0  # bounded by `add`, unlike amounts: the middle of each slice of probability will do
    for level in range(_N_LEVELS):
        amount = 0.0
        if law.scale > 0.0:
            amount = amount_isf(law.family, law.scale, law.shape, quantiles, (level + 0.5) / _N_LEVELS)
        cannot_take += max(0.0, -add - factor * min(amount, law.most))
    return worth + law.some * cannot_take / _N_LEVELS + (1.0 - law.some) * -add
