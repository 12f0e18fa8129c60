"""The lognormal model of amounts: a median and a sigma per segment, each round a common mean.

Given the sigmas, the log medians are normal and so are the data: the medians are integrated out of the likelihood and
drawn from their conditional distribution, from one standard normal number each. Sampled beside the sigmas they
would be a narrow place wherever a segment has a handful of amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from simcast.model.new_deals import AmountSums, Floats
from simcast.model.priors import Prior

Tensor: TypeAlias = Any

AMOUNT_ROUNDING = 0.01
"""Amounts are taken to be known to about 1%: without it, equal amounts would have an infinite likelihood."""


def log_medians(
    priors: Mapping[str, Prior], log_sigma: Tensor, n_segments: int
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Declare the log medians of amounts, and the likelihood of the amounts.

    Declares ``log_amount_mean``, ``log_amount_log_spread``, ``log_amount_raw`` and the data ``amounts``.

    Returns
    -------
    log_median, mean, log_spread
        (n_segments,), their common mean, and the log of their spread. A single segment has no spread (None), and its
        log median is the mean.
    """
    data = pm.Data("amounts", np.zeros((3, n_segments)), shape=(3, n_segments))
    mean = pm.Normal("log_amount_mean", priors["log_amount_mean"].mean, priors["log_amount_mean"].sd)
    if n_segments == 1:
        pm.Potential("amounts_of_deals", log_marginal_likelihood(data, mean, pt.zeros(()), log_sigma))
        return mean[None], mean, None
    of_spread = priors["log_amount_spread"]
    log_spread = pm.Normal("log_amount_log_spread", of_spread.mean, of_spread.sd)
    variance = pt.exp(2 * log_spread)
    pm.Potential("amounts_of_deals", log_marginal_likelihood(data, mean, variance, log_sigma))
    raw = pm.Normal("log_amount_raw", 0.0, 1.0, shape=n_segments)
    return conditional_medians(data, mean, variance, log_sigma, raw), mean, log_spread


def log_marginal_likelihood(data: Tensor, mean: Tensor, variance: Tensor, log_sigma: Tensor) -> Tensor:
    """Return the log-likelihood of all amounts, the log medians integrated out.

    For n log amounts of a segment with mean m and sum of squared deviations S, medians of variance t**2 round mu, and
    sigma s, it is ``-(n-1) log s - S / 2 s**2 - log(n t**2 + s**2) / 2 - n (m - mu)**2 / 2 (n t**2 + s**2)``, and 0
    where n is 0. Source: Gelman et al. (2013), Bayesian Data Analysis, section 5.4.

    Parameters
    ----------
    data
        (3, n_segments): count, mean and squares of `simcast.model.new_deals.AmountSums`.
    mean, variance
        Of the log medians; a variance of 0 makes them all equal to `mean`.
    log_sigma
        (n_segments,)
    """
    count, average, squares = data[0], data[1], data[2]
    sigma2 = pt.exp(2 * log_sigma)
    total = count * variance + sigma2
    within = (squares + count * AMOUNT_ROUNDING**2) / sigma2 + 2 * (count - 1) * log_sigma
    between = pt.log(total) + count * (average - mean) ** 2 / total
    return -0.5 * (within + between).sum()


def conditional_medians(data: Tensor, mean: Tensor, variance: Tensor, log_sigma: Tensor, raw: Tensor) -> Tensor:
    """Return the log medians, (n_segments,), from standard normal numbers: their law given sigmas and amounts."""
    count, average = data[0], data[1]
    share = count * variance / (count * variance + pt.exp(2 * log_sigma))
    return mean + share * (average - mean) + raw * pt.sqrt(variance * (1 - share))


def amount_inputs(amounts: AmountSums) -> Floats:
    """Return what the model reads of the amounts, (3, n_segments)."""
    return np.stack([amounts.count, amounts.mean_log, amounts.squares])
