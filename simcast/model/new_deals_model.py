"""The model of new deals: how many arrive per segment and day, and the amounts of those that are won.

Arrivals of segment j on a day are negative binomial with mean ``rate[j] * weight[weekday] * level[time]`` and one size
for all, while it is there: see `simcast.model.segment_windows`. Weights average 1 over the week. The level, which all
segments share, is the exponential of

- a Gaussian random walk from block to block of 28 days, whose steps have a spread of their own in the first half-year
  of a young CRM: a ramp-up then widens neither the walk nor the trend that go on after the as-of date,
- the weather of each block, independent of all others: a good month lifts no forecast of the next,
- the seasons, two yearly harmonics, from a year of history on,
- a trend, shrunk to none, from 56 days on.

Amounts are lognormal per segment. Rates, median amounts and their spreads vary over segments round common means.
Arrivals and amounts share no parameters; they are one model because compiling two takes twice as long.

Rates are relative to the mean of all segments and days, amounts to the geometric mean of all amounts: their natural
units are put back when draws are assembled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy.linalg import helmert

from simcast.model.amount_model import amount_inputs, log_medians
from simcast.model.arrival_levels import N_CALM, N_STEPS, N_TERMS, LevelBasis, centred_levels
from simcast.model.centring import centring_weight
from simcast.model.hierarchy import SegmentLayout, pooled_effects
from simcast.model.likelihood_op import log_likelihood
from simcast.model.new_deals import AmountSums, ArrivalCounts, Floats
from simcast.model.priors import NEW_DEAL_PRIORS, Prior

Tensor: TypeAlias = Any

EFFECTS = ("log_rate", "log_amount", "log_amount_shape")
"""The columns of the effects over segments."""

_POOLED = ("log_rate", "log_amount_shape")
"""Those of them that are sampled as pooled effects."""

_PRIOR_INFORMATION = (1.6, 11.0)
"""1 / spread**2 at the medians of their spreads' priors: see `simcast.model.priors`."""

WEEKDAY_BASIS = helmert(7).T
"""Orthonormal, (7, 6): six free numbers span all differences between seven days, and nothing else."""


def build_new_deals_model(n_segments: int) -> pm.Model:
    """Build the model for any history with this many segments; its data come in by name later."""
    priors = NEW_DEAL_PRIORS
    model: pm.Model
    with pm.Model(check_bounds=False) as model:
        pooled = pooled_effects(
            "pooled",
            [priors[f"{name}_mean"] for name in _POOLED],
            [priors[f"{name}_spread"] for name in _POOLED],
            SegmentLayout(n_segments),
        )
        log_rate, log_sigma = pooled[:, 0], pooled[:, 1]
        log_median, amount_mean, amount_log_spread = log_medians(priors, log_sigma, n_segments)
        pm.Deterministic("new_deal_effect", pt.stack([log_rate, log_median, log_sigma], axis=1))
        pm.Deterministic("new_deal_effect_mean", _between(model["pooled_mean"], amount_mean))
        if amount_log_spread is not None:
            pm.Deterministic("new_deal_effect_log_spread", _between(model["pooled_log_spread"], amount_log_spread))
        weekday = pm.Normal("weekday_contrast", *_numbers(priors["weekday_logit"]), shape=6)
        log_level = (pm.Data("levels", np.zeros((1, N_TERMS))) * _level_terms(priors)[None, :]).sum(axis=1)
        log_size = pm.Normal("log_size", *_numbers(priors["log_size"]))
        weekday_logit = (WEEKDAY_BASIS * weekday[None, :]).sum(axis=1)
        log_weight = weekday_logit - pt.log(pt.exp(weekday_logit).sum()) + math.log(7.0)
        parameters = (log_rate, pm.Data("has_weekdays", 0.0) * log_weight, log_level, log_size)
        data = [pm.Data(name, value) for name, value in count_inputs(_no_arrivals(n_segments)).items()]
        pm.Potential("arrivals", log_likelihood("new_deals", parameters, data))
    return model


def _level_terms(priors: Mapping[str, Prior]) -> Tensor:
    """Declare the terms of the level, (N_TERMS,), as ``level_terms``.

    Declares ``ramp_log_spread``, ``season_log_spread``, ``mode_raw``, ``season_raw``, ``slope``, what `walk_and_block`
    and `weather_given_steps` declare, and the data ``step_modes``, ``ramp_modes``, ``weather_of_modes``,
    ``mode_likeness`` and ``level_centring``: see `simcast.model.arrival_levels.LevelBasis`.
    """
    modes: Tensor = pm.Data("step_modes", np.eye(N_STEPS), shape=(N_STEPS, N_STEPS))
    ramp: Tensor = pm.Data("ramp_modes", np.zeros(N_STEPS), shape=(N_STEPS,))
    weather: Tensor = pm.Data("weather_of_modes", np.zeros(N_STEPS), shape=(N_STEPS,))
    likeness: Tensor = pm.Data("mode_likeness", np.zeros((N_CALM, N_STEPS)), shape=(N_CALM, N_STEPS))
    centring: Tensor = pm.Data("level_centring", np.zeros(N_STEPS + 1), shape=(N_STEPS + 1,))
    walk, block = walk_and_block(priors["walk_spread"], priors["block_spread"])
    ramping, season = (
        pm.Normal(f"{name}_log_spread", *_numbers(priors[f"{name}_spread"])) for name in ("ramp", "season")
    )
    variance = pt.exp(2 * walk) + weather * pt.exp(2 * block)
    log_spread = ramp * ramping + (1 - ramp) * 0.5 * pt.log(variance)
    mode_raw = pm.Normal("mode_raw", 0.0, pt.exp(centring[:-1] * log_spread), shape=N_STEPS)
    amplitude = mode_raw * pt.exp((1 - centring[:-1]) * log_spread)
    alike = (likeness * amplitude[None, :]).sum(axis=1)
    unit = pt.exp((1 - centring[-1]) * season)
    season_raw = pm.Normal("season_raw", alike[:-1] / unit, pt.exp(centring[-1] * season), shape=N_CALM - 1)
    of_trend = priors["trend_per_year"]
    slope = pm.Normal("slope", of_trend.mean + alike[-1], of_trend.sd)
    step = (modes * amplitude[None, :]).sum(axis=1)
    trend = pm.Deterministic("trend_per_year", slope - alike[-1])
    last = weather_given_steps(modes[0], weather, amplitude, variance, block)
    terms = [step, season_raw * unit - alike[:-1], trend[None], last[None]]
    return pm.Deterministic("level_terms", pt.concatenate(terms))


def walk_and_block(of_walk: Prior, of_block: Prior) -> tuple[Tensor, Tensor]:
    """Declare ``walk_log_spread`` and ``block_log_spread``, sampled as their total and their ratio.

    Where blocks differ much, either may be the cause: two modes with little between them, but for one who moves along
    the ratio. The map from the two logarithms to those of total and ratio has a Jacobian of one.
    """
    total, ratio = pm.Flat("level_log_spread"), pm.Flat("weather_log_ratio")
    walk = pm.Deterministic("walk_log_spread", total - 0.5 * pt.softplus(2.0 * ratio))
    block = pm.Deterministic("block_log_spread", walk + ratio)
    for name, value, prior in (("walk", walk, of_walk), ("block", block, of_block)):
        density: Tensor = pm.logp(pm.Normal.dist(*_numbers(prior)), value)
        pm.Potential(f"{name}_prior", density)
    return walk, block


def weather_given_steps(first: Tensor, weather: Tensor, amplitude: Tensor, variance: Tensor, block: Tensor) -> Tensor:
    """Declare the weather of the last block, of which the latest step is the one that tells: normal given the steps.

    Its covariance with the latest step is ``-block**2``, with all others 0; ``first`` has the latest step by mode.
    Modes without weather tell nothing.
    """
    told = pt.gt(weather, 0.0) * first / variance
    mean = -pt.exp(2 * block) * (told * amplitude).sum()
    left = 1.0 - pt.exp(2 * block) * (told * first).sum()
    return mean + pt.exp(block) * pt.sqrt(left) * pm.Normal("last_weather_raw")


def new_deal_inputs(arrivals: ArrivalCounts, amounts: AmountSums) -> dict[str, NDArray[np.generic]]:
    """Return what the compiled model reads, by name."""
    basis = LevelBasis.of(arrivals)
    inputs: dict[str, NDArray[np.generic]] = count_inputs(arrivals) | {
        "amounts": amount_inputs(amounts),
        "has_weekdays": np.array(float(arrivals.has_weekdays)),
        "levels": centred_levels(arrivals)[0],
        "step_modes": basis.modes,
        "ramp_modes": basis.ramp,
        "weather_of_modes": basis.weather,
        "mode_likeness": basis.likeness,
        "level_centring": basis.centring,
    }
    if arrivals.n_segments > 1:
        inputs["pooled_centring"] = centring(arrivals, amounts)
    return inputs


def count_inputs(arrivals: ArrivalCounts) -> dict[str, NDArray[np.generic]]:
    """Return what the kernel of arrivals reads, by name and in its order."""
    return {
        "total": arrivals.total,
        "exposed": arrivals.exposed,
        "exceeding": arrivals.exceeding,
        "log_unit": np.array(math.log(arrivals.mean_rate)),
    }


def centring(arrivals: ArrivalCounts, amounts: AmountSums) -> Floats:
    """Return how far to centre each pooled effect: 0 with no data, towards 1 where they outweigh the common mean."""
    of_sigma = 2 * np.maximum(amounts.count - 1, 0.0)
    information = np.stack([arrivals.total.sum(axis=(1, 2)), of_sigma], axis=1)
    return centring_weight(information, np.array(_PRIOR_INFORMATION))


def _no_arrivals(n_segments: int) -> ArrivalCounts:
    none, week = np.zeros((n_segments, 7, 1)), np.ones((n_segments, 7, 1))
    return ArrivalCounts(none, np.ones((7, 1)), week, 0, 7, np.zeros(1), np.zeros(1))


def _between(pair: Tensor, middle: Tensor) -> Tensor:
    """Put what belongs to amounts between what belongs to rates and to sigmas, in the order of `EFFECTS`."""
    return pt.stack([pair[0], middle, pair[1]])


def _numbers(prior: Prior) -> tuple[float, float]:
    return prior.mean, prior.sd
