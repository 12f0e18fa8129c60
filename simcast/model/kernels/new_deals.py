"""The log-likelihood of arrivals, and its gradient, in one compiled pass over sums.

Written by hand for the same reasons as `simcast.model.kernels.stage`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import inner
from simcast.model.kernels.rounding import as_written

Floats = NDArray[np.float64]
Gradients = tuple[Floats, Floats, Floats, Floats, Floats]


@as_written
def new_deals_from_arrays(
    log_rate: Floats,
    log_weight: Floats,
    log_level: Floats,
    log_size: Floats,
    total: Floats,
    exposed: Floats,
    exceeding: Floats,
    log_unit: Floats,
) -> Gradients:
    """Return the log-likelihood and its derivatives by the first four arguments.

    Parameters
    ----------
    log_rate
        float64, (n_segments,): log of the rate per day over its unit.
    log_weight
        float64, (7,): log of each weekday's weight.
    log_level
        float64, (n_blocks,): log of each block's level.
    log_size
        float64, (): log of the negative binomial's size.
    total, exposed, exceeding
        The fields of `simcast.model.new_deals.ArrivalCounts`.
    log_unit
        float64, (): log of the rate in which rates are measured.
    """
    by_rate = np.zeros(log_rate.size)
    by_weight = np.zeros(7)
    by_level = np.zeros(log_level.size)
    value, by_size = _add_means(
        log_rate, log_weight, log_level, log_size.item(), log_unit.item(), total, exposed, by_rate, by_weight, by_level
    )
    size = math.exp(log_size.item())
    for below in range(exceeding.size):
        value += exceeding[below] * math.log(size + below)
        by_size += exceeding[below] * size / (size + below)
    return np.array(value), by_rate, by_weight, by_level, np.array(by_size)


@inner
def _add_means(
    log_rate: Floats,
    log_weight: Floats,
    log_level: Floats,
    log_size: float,
    log_unit: float,
    total: Floats,
    exposed: Floats,
    by_rate: Floats,
    by_weight: Floats,
    by_level: Floats,
) -> tuple[float, float]:
    """Return the negative binomial's part that depends on means, and its derivative by the log size."""
    value, by_size = 0.0, 0.0
    size = math.exp(log_size)
    for segment in range(log_rate.size):
        for weekday in range(7):
            for block in range(log_level.size):
                days = exposed[segment, weekday, block]
                if days == 0.0:
                    continue
                count = total[segment, weekday, block]
                log_mean = log_unit + log_rate[segment] + log_weight[weekday] + log_level[block]
                # With q = log(1 + mean / size), each day gives -size q, and each deal log mean - log size - q: no
                # large numbers cancel, however large the size is.
                excess = log_mean - log_size
                ratio = math.exp(-abs(excess))
                q = max(excess, 0.0) + math.log1p(ratio)
                smaller, larger = ratio / (1.0 + ratio), 1.0 / (1.0 + ratio)
                share = larger if excess > 0.0 else smaller  # of the mean in mean + size
                rest = smaller if excess > 0.0 else larger
                value += count * (excess - q) - size * days * q
                by_mean = count * rest - size * days * share
                by_rate[segment] += by_mean
                by_weight[weekday] += by_mean
                by_level[block] += by_mean
                by_size += size * days * (share - q) - count * rest
    return value, by_size
