"""The log-likelihood of arrivals and amounts, and its gradient, in one compiled pass over sums.

Written by hand for the same reasons as `simcast.model.stage_kernel`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.model.normal_tails import log_add

Floats = NDArray[np.float64]
Gradients = tuple[Floats, Floats, Floats, Floats, Floats]

AMOUNT_ROUNDING = 0.01
"""Amounts are taken to be known to about 1%: without it, equal amounts would have an infinite likelihood."""


@njit(nogil=True, cache=True)
def new_deals_from_arrays(
    effects: Floats,
    log_weight: Floats,
    trend: Floats,
    log_size: Floats,
    total: Floats,
    n_days: Floats,
    years: Floats,
    exceeding: Floats,
    amounts: Floats,
    log_unit: Floats,
) -> Gradients:
    """Return the log-likelihood and its derivatives by the first four arguments.

    Parameters
    ----------
    effects
        float64, (n_segments, 3): log of the rate per day over its unit, log of the median amount over its unit, log
        sigma of amounts.
    log_weight
        float64, (7,): log of each weekday's weight.
    trend
        float64, (): change of the log rate per year.
    log_size
        float64, (): log of the negative binomial's size.
    total, n_days, years, exceeding
        The fields of `simcast.model.new_deals.ArrivalCounts`.
    amounts
        float64, (3, n_segments): the count, mean and squares of `simcast.model.new_deals.AmountSums`.
    log_unit
        float64, (): log of the rate in which rates are measured.
    """
    by_effect = np.zeros(effects.shape)
    by_weight = np.zeros(7)
    arrivals, by_trend, by_size = _add_arrivals(
        effects, log_weight, trend.item(), log_size.item(), log_unit.item(), total, n_days, years, by_effect, by_weight
    )
    size = math.exp(log_size.item())
    for below in range(exceeding.size):
        arrivals += exceeding[below] * math.log(size + below)
        by_size += exceeding[below] * size / (size + below)
    value = arrivals + _add_amounts(effects, amounts, by_effect)
    return np.array(value), by_effect, by_weight, np.array(by_trend), np.array(by_size)


@njit(nogil=True, cache=True)
def _add_arrivals(
    effects: Floats,
    log_weight: Floats,
    trend: float,
    log_size: float,
    log_unit: float,
    total: Floats,
    n_days: Floats,
    years: Floats,
    by_effect: Floats,
    by_weight: Floats,
) -> tuple[float, float, float]:
    """Return the negative binomial's part that depends on means, and its derivatives by trend and log size."""
    value, by_trend, by_size = 0.0, 0.0, 0.0
    for segment in range(effects.shape[0]):
        for weekday in range(7):
            for time_bin in range(years.size):
                days = n_days[weekday, time_bin]
                if days == 0.0:
                    continue
                count = total[segment, weekday, time_bin]
                log_mean = log_unit + effects[segment, 0] + log_weight[weekday] + trend * years[time_bin]
                log_sum = log_add(log_mean, log_size)
                size_days = math.exp(log_size) * days
                value += count * log_mean + size_days * log_size - (count + size_days) * log_sum
                by_mean = count - (count + size_days) * math.exp(log_mean - log_sum)
                by_effect[segment, 0] += by_mean
                by_weight[weekday] += by_mean
                by_trend += by_mean * years[time_bin]
                by_size += size_days * (log_size + 1.0 - log_sum)
                by_size -= (count + size_days) * math.exp(log_size - log_sum)
    return value, by_trend, by_size


@njit(nogil=True, cache=True)
def _add_amounts(effects: Floats, amounts: Floats, by_effect: Floats) -> float:
    """Return the lognormal log-likelihood of the amounts."""
    value = 0.0
    for segment in range(effects.shape[0]):
        count, mean, squares = amounts[0, segment], amounts[1, segment], amounts[2, segment]
        gap = mean - effects[segment, 1]
        precision = math.exp(-2.0 * effects[segment, 2])
        spread = squares + count * (gap * gap + AMOUNT_ROUNDING * AMOUNT_ROUNDING)
        value -= count * effects[segment, 2] + 0.5 * spread * precision
        by_effect[segment, 1] += count * gap * precision
        by_effect[segment, 2] += spread * precision - count
    return value
