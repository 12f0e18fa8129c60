"""From what the sampler drew to named parameters, and from those to a `Posterior`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.model.compress import StageRows
from simcast.model.hierarchy import effects_of_draws
from simcast.model.new_deals import DAYS_PER_YEAR
from simcast.model.new_deals_model import EFFECTS, WEEKDAY_BASIS
from simcast.model.new_deals_model import centring as new_deals_centring
from simcast.model.sampling import Sample
from simcast.model.stage_kernel import move_shares
from simcast.model.stage_model import centring as stage_centring
from simcast.model.tables import FitTables
from simcast.pipeline import STALLED, Pipeline
from simcast.posterior import DIMENSIONS, move_names
from simcast.segments import Segments

Floats = NDArray[np.float64]

MOST_DRAWS = 2000
"""More draws than this are thinned evenly: their number no longer limits a forecast, and files stay small."""


def stage_parameters(sample: Sample, rows: StageRows, moves: Sequence[str], segments: Segments) -> xr.Dataset:
    """Return the natural parameters of one stage.

    Returns
    -------
    Dataset with dimensions (chain, draw, ...)
        ``share`` (segment, move), of the stays that end; ``median_days`` (segment, move); ``sigma`` (move);
        ``stalled``; and the hyperparameters ``effect_mean`` and ``effect_spread`` (effect).
    """
    n_odds = len(moves) - 1
    effects = effects_of_draws(
        sample["effect_mean"], sample.get("effect_log_spread"), sample.get("effect_raw"), stage_centring(rows)
    )
    log_odds = effects[..., :n_odds]
    share = move_shares(log_odds.reshape(-1, n_odds)).reshape(*effects.shape[:-1], len(moves))
    chain_draw = ("chain", "draw")
    variables = {
        "share": ((*chain_draw, "segment", "move"), share),
        "median_days": ((*chain_draw, "segment", "move"), np.exp(effects[..., n_odds:])),
        "sigma": ((*chain_draw, "move"), np.exp(sample["log_shape"])),
        "stalled": (chain_draw, 1.0 / (1.0 + np.exp(-sample["stalled_logit"]))),
        "effect_mean": ((*chain_draw, "effect"), sample["effect_mean"]),
    }
    log_spread = sample.get("effect_log_spread")
    if log_spread is not None:
        variables["effect_spread"] = ((*chain_draw, "effect"), np.exp(log_spread))
    odds = [f"log odds of {moves[0]}", *(f"log odds of {name} against {moves[1]}" for name in moves[2:])]
    effect = [*odds, *(f"log median days to {name}" for name in moves)]
    coords = {"segment": list(segments.labels), "move": list(moves), "effect": effect}
    return xr.Dataset(variables, coords=coords | _iterations(sample))


def new_deal_parameters(sample: Sample, tables: FitTables, segments: Segments) -> xr.Dataset:
    """Return the natural parameters of arrivals and amounts.

    Returns
    -------
    Dataset with dimensions (chain, draw, ...)
        ``arrivals_per_day`` (segment) at the first day not known; ``weekday_weight`` (weekday); ``trend_per_year``;
        ``arrivals_size``; ``amount_median`` and ``amount_sigma`` (segment); ``effect_mean`` and ``effect_spread``.
    """
    arrivals, amounts = tables.arrivals, tables.amounts
    log_spread = sample.get("new_deal_effect_log_spread")
    effects = effects_of_draws(
        sample["new_deal_effect_mean"],
        log_spread,
        sample.get("new_deal_effect_raw"),
        new_deals_centring(arrivals, amounts),
    )
    trend = sample["trend_per_year"] * arrivals.has_trend
    weekday = np.exp(arrivals.has_weekdays * sample["weekday_contrast"] @ WEEKDAY_BASIS.T)
    rate = arrivals.mean_rate * np.exp(effects[..., 0] + (trend * arrivals.years_to_end)[..., None])
    chain_draw = ("chain", "draw")
    variables = {
        "arrivals_per_day": ((*chain_draw, "segment"), rate),
        "weekday_weight": ((*chain_draw, "weekday"), 7.0 * weekday / weekday.sum(axis=-1, keepdims=True)),
        "trend_per_year": (chain_draw, trend),
        "arrivals_size": (chain_draw, np.exp(sample["log_size"])),
        "amount_median": ((*chain_draw, "segment"), np.exp(amounts.centre + effects[..., 1])),
        "amount_sigma": ((*chain_draw, "segment"), np.exp(effects[..., 2])),
        "effect_mean": ((*chain_draw, "effect"), sample["new_deal_effect_mean"]),
    }
    if log_spread is not None:
        variables["effect_spread"] = ((*chain_draw, "effect"), np.exp(log_spread))
    coords = {"segment": list(segments.labels), "weekday": np.arange(7), "effect": list(EFFECTS)}
    return xr.Dataset(variables, coords=coords | _iterations(sample))


def _iterations(sample: Sample) -> dict[str, NDArray[np.int64]]:
    return {dim: np.arange(sample.draws.sizes[dim]) for dim in ("chain", "draw")}


def assemble(
    pipeline: Pipeline, segments: Segments, tables: FitTables, stages: Sequence[xr.Dataset], new_deals: xr.Dataset
) -> xr.Dataset:
    """Put the parameters of all parts into the draws of a `Posterior`, thinned evenly to `MOST_DRAWS` at most.

    A draw joins the same chain and iteration of every part; the parts are independent, so any would do.
    """
    moves = move_names(pipeline)
    chosen = _evenly_thinned(new_deals.sizes["chain"], new_deals.sizes["draw"])
    new = _stacked(new_deals, chosen)
    n_draws = new.sizes["sample"]
    by_move = (n_draws, pipeline.n_stages, len(moves), len(segments))
    probability = np.zeros(by_move)
    scale, shape = np.full(by_move, np.nan), np.full(by_move, np.nan)
    family = np.full((pipeline.n_stages, len(moves)), "", dtype="<U16")
    for code, parameters in enumerate(stages):
        part = _stacked(parameters, chosen)
        codes = [moves.index(name) for name in pipeline.moves[code]]
        stalled = part["stalled"].to_numpy()
        share = part["share"].transpose("sample", "move", "segment").to_numpy()
        probability[:, code, codes] = share / share.sum(axis=1, keepdims=True) * (1.0 - stalled)[:, None, None]
        probability[:, code, moves.index(STALLED)] = stalled[:, None]
        scale[:, code, codes] = part["median_days"].transpose("sample", "move", "segment").to_numpy()
        shape[:, code, codes] = part["sigma"].transpose("sample", "move").to_numpy()[:, :, None]
        family[code, codes] = "lognormal"
    has_amounts = tables.amounts_of != "none"
    arrays = {
        "probability": probability,
        "days_scale": scale,
        "days_shape": shape,
        "days_family": family,
        "entry_share": tables.entry_share,
        "arrivals_per_day": _array(new["arrivals_per_day"], "segment"),
        "weekday_weight": _array(new["weekday_weight"], "weekday"),
        "arrivals_trend": new["trend_per_year"].to_numpy() / DAYS_PER_YEAR,
        "arrivals_size": np.repeat(new["arrivals_size"].to_numpy()[:, None], len(segments), axis=1),
        "amount_scale": _array(new["amount_median"], "segment") * has_amounts,
        "amount_shape": _array(new["amount_sigma"], "segment") * has_amounts,
    }
    return xr.Dataset(
        {name: (DIMENSIONS[name], array) for name, array in arrays.items()},
        coords={
            "draw": np.arange(n_draws),
            "stage": list(pipeline.stages),
            "move": list(moves),
            "segment": list(segments.labels),
            "weekday": np.arange(7),
        },
        attrs={
            "amount_family": "lognormal" if has_amounts else "constant",
            "amounts_of": tables.amounts_of,
            "n_chains": new_deals.sizes["chain"],
        },
    )


def _evenly_thinned(n_chains: int, n_draws: int) -> NDArray[np.int64]:
    """Return which iterations to keep of every chain."""
    step = max(1, math.ceil(n_chains * n_draws / MOST_DRAWS))
    return np.arange(0, n_draws, step)


def _stacked(parameters: xr.Dataset, iterations: NDArray[np.int64]) -> xr.Dataset:
    """Return the kept draws of all chains in one dimension, chain by chain."""
    kept = parameters.isel(draw=iterations)
    return kept.stack(sample=("chain", "draw"), create_index=False)


def _array(variable: xr.DataArray, dim: str) -> Floats:
    return np.asarray(variable.transpose("sample", dim).to_numpy(), dtype=np.float64)
