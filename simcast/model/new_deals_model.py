"""The model of new deals: how many arrive per segment and day, and the amounts of those that are won.

Arrivals of segment j on a day are negative binomial with mean ``rate[j] * weight[weekday] * exp(trend * years)`` and
one size for all. Weights average 1 over the week; the trend is shrunk to none. Amounts are lognormal per segment.
Rates, median amounts and their spreads vary over segments round common means. Arrivals and amounts share no
parameters; they are one model because compiling two takes twice as long.

Rates are relative to the mean of all segments and days, amounts to the geometric mean of all amounts: their natural
units are put back when draws are assembled.
"""

from __future__ import annotations

import math

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy.linalg import helmert

from simcast.model.hierarchy import guessed_variance, pooled_effects
from simcast.model.likelihood_op import log_likelihood
from simcast.model.new_deals import AmountSums, ArrivalCounts, Floats
from simcast.model.priors import NEW_DEAL_PRIORS, Prior

EFFECTS = ("log_rate", "log_amount", "log_amount_shape")
"""The columns of the effects over segments."""

_PRIOR_INFORMATION = (1.6, 6.3, 11.0)
"""1 / spread**2 at the medians of the three spreads' priors: see `simcast.model.priors`."""

WEEKDAY_BASIS = helmert(7).T
"""Orthonormal, (7, 6): six free numbers span all differences between seven days, and nothing else."""


def build_new_deals_model(n_segments: int) -> pm.Model:
    """Build the model for any history with this many segments; its data come in by name later."""
    priors = NEW_DEAL_PRIORS
    model: pm.Model
    with pm.Model(check_bounds=False) as model:
        effect = pooled_effects(
            "new_deal_effect",
            [priors[f"{name}_mean"] for name in EFFECTS],
            [priors[f"{name}_spread"] for name in EFFECTS],
            n_segments,
        )
        weekday = pm.Normal("weekday_contrast", *_numbers(priors["weekday_logit"]), shape=6)
        trend = pm.Normal("trend_per_year", *_numbers(priors["trend_per_year"]))
        log_size = pm.Normal("log_size", *_numbers(priors["log_size"]))
        data = {name: pm.Data(name, value) for name, value in _no_data(n_segments).items()}
        weekday_logit = (WEEKDAY_BASIS * weekday[None, :]).sum(axis=1)
        log_weight = weekday_logit - pt.log(pt.exp(weekday_logit).sum()) + math.log(7.0)
        has_weekdays, has_trend = data.pop("has_weekdays"), data.pop("has_trend")
        parameters = (effect, has_weekdays * log_weight, has_trend * trend, log_size)
        pm.Potential("new_deals", log_likelihood("new_deals", parameters, data.values()))
    return model


def new_deal_inputs(arrivals: ArrivalCounts, amounts: AmountSums) -> dict[str, NDArray[np.generic]]:
    """Return what the compiled model reads, by name."""
    inputs: dict[str, NDArray[np.generic]] = {
        "total": arrivals.total,
        "n_days": arrivals.n_days,
        "years": arrivals.years,
        "exceeding": arrivals.exceeding,
        "amounts": np.stack([amounts.count, amounts.mean_log, amounts.squares]),
        "log_unit": np.array(math.log(arrivals.mean_rate)),
        "has_weekdays": np.array(float(arrivals.has_weekdays)),
        "has_trend": np.array(float(arrivals.has_trend)),
    }
    if arrivals.n_segments > 1:
        inputs["new_deal_effect_centring"] = centring(arrivals, amounts)
    return inputs


def centring(arrivals: ArrivalCounts, amounts: AmountSums) -> Floats:
    """Return how far to centre each effect: 0 with no data, towards 1 where data outweigh the common mean."""
    variance = guessed_variance(float(amounts.squares.sum()), amounts.n_amounts)
    information = np.stack(
        [arrivals.total.sum(axis=(1, 2)), amounts.count / variance, 2 * np.maximum(amounts.count - 1, 0.0)], axis=1
    )
    weight: Floats = information / (information + np.array(_PRIOR_INFORMATION))
    return weight


def _no_data(n_segments: int) -> dict[str, NDArray[np.generic]]:
    arrivals = ArrivalCounts(np.zeros((n_segments, 7, 1)), np.zeros((7, 1)), np.zeros(1), 0.0, np.zeros(1))
    nothing = np.zeros(n_segments)
    inputs = new_deal_inputs(arrivals, AmountSums(nothing, nothing, nothing, 0.0))
    return {name: value for name, value in inputs.items() if name != "new_deal_effect_centring"}


def _numbers(prior: Prior) -> tuple[float, float]:
    return prior.mean, prior.sd
