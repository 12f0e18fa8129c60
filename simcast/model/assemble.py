"""From what the sampler drew to named parameters, and from those to a `Posterior`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.days import DAYS_PER_YEAR
from simcast.model.amount_mix import AmountMix
from simcast.model.arrival_levels import SEASON, TREND, bounds_of_record, centred_levels, future_path, weekly_levels
from simcast.model.empirical_amounts import amount_quantiles, mean_factors
from simcast.model.new_deals import ArrivalCounts
from simcast.model.new_deals_model import EFFECTS, WEEKDAY_BASIS
from simcast.model.sampling import Sample
from simcast.model.segment_windows import days_of_segments
from simcast.model.stage_arrays import posterior_stages
from simcast.model.streams import Stream, stream
from simcast.model.tables import FitTables
from simcast.model.zero_amounts import draw_zero_shares
from simcast.pipeline import Pipeline
from simcast.posterior import DIMENSIONS, move_names
from simcast.posterior.arrivals import HARMONICS
from simcast.posterior.clocks import OPENING, QUARTER_DAYS
from simcast.posterior.draws import EMPIRICAL, OPTIONAL_DIMENSIONS
from simcast.segments import Segments

Floats = NDArray[np.float64]

MOST_TIMES_LARGEST = 10.0
"""No new deal is worth more than so many times the largest amount on record. Under a lognormal whose sigma is itself
uncertain the mean amount is infinite: a few draws with a large sigma would make all of a forecast's mean."""

MOST_DRAWS = 2000
"""More draws than this are thinned evenly: their number no longer limits a forecast, and files stay small."""


def new_deal_parameters(sample: Sample, tables: FitTables, segments: Segments) -> xr.Dataset:
    """Return the natural parameters of arrivals and amounts.

    Returns
    -------
    Dataset with dimensions (chain, draw, ...)
        ``arrivals_per_day`` (segment) at the first day not known, without season and weather; ``weekday_weight``
        (weekday); ``trend_per_year``; ``walk_sd`` per block of 28 days, and ``block_sd`` of a block's weather;
        ``season`` (harmonic), when there is a year of history; ``log_level`` (week, labelled by its first day), so that
        the mean of a past day is ``arrivals_per_day * weekday_weight * exp(log_level)``; ``arrivals_size``;
        ``amount_median`` and ``amount_sigma`` (segment); ``effect_mean`` and ``effect_spread``. ``attrs["imports"]``
        names the days left out as imports, in ISO form; ``begins`` and ``ends`` hold the days, since 1970-01-01, from
        which and before which new deals of each segment came.
    """
    arrivals, amounts = tables.arrivals, tables.amounts
    effects, log_spread = sample["new_deal_effect"], sample.get("new_deal_effect_log_spread")
    weekday = np.exp(arrivals.has_weekdays * sample["weekday_contrast"] @ WEEKDAY_BASIS.T)
    chain_draw = ("chain", "draw")
    variables = _level_parameters(sample, arrivals, effects[..., 0]) | {
        "weekday_weight": ((*chain_draw, "weekday"), 7.0 * weekday / weekday.sum(axis=-1, keepdims=True)),
        "arrivals_size": (chain_draw, np.exp(sample["log_size"])),
        "amount_median": ((*chain_draw, "segment"), np.exp(amounts.centre + effects[..., 1])),
        "amount_sigma": ((*chain_draw, "segment"), np.exp(effects[..., 2])),
        "effect_mean": ((*chain_draw, "effect"), sample["new_deal_effect_mean"]),
    }
    if log_spread is not None:
        variables["effect_spread"] = ((*chain_draw, "effect"), np.exp(log_spread))
    coords = {
        "segment": list(segments.labels),
        "weekday": np.arange(7),
        "effect": list(EFFECTS),
        "week": weekly_levels(arrivals)[0].astype("datetime64[D]").astype("datetime64[ns]"),
    }
    if arrivals.has_season:
        coords["harmonic"] = list(HARMONICS)
    imports = " ".join(str(np.datetime64(day, "D")) for day, _ in arrivals.imports)
    span = days_of_segments(arrivals.windows, segments, arrivals.start, arrivals.until)
    attrs = {"imports": imports, "begins": span[:, 0], "ends": span[:, 1]}
    return xr.Dataset(variables, coords=coords | _iterations(sample), attrs=attrs)


def _level_parameters(
    sample: Sample, arrivals: ArrivalCounts, log_rate: Floats
) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """Return what tells how arrivals move over time, and the rates at the as-of date."""
    terms = sample["level_terms"]
    centre = centred_levels(arrivals)[1]
    chain_draw = ("chain", "draw")
    found: dict[str, tuple[tuple[str, ...], Floats]] = {
        "arrivals_per_day": (
            (*chain_draw, "segment"),
            arrivals.mean_rate * np.exp(log_rate - (terms @ centre)[..., None]),
        ),
        "log_level": ((*chain_draw, "week"), terms @ weekly_levels(arrivals)[1].T),
        "trend_per_year": (chain_draw, terms[..., TREND] * arrivals.has_trend),
        "walk_sd": (chain_draw, np.exp(sample["walk_log_spread"])),
        "block_sd": (chain_draw, np.exp(sample["block_log_spread"])),
    }
    if arrivals.has_season:
        found["season"] = ((*chain_draw, "harmonic"), terms[..., SEASON])
    return found


def _iterations(sample: Sample) -> dict[str, NDArray[np.int64]]:
    return {dim: np.arange(sample.draws.sizes[dim]) for dim in ("chain", "draw")}


def assemble(
    pipeline: Pipeline,
    segments: Segments,
    tables: FitTables,
    stages: Sequence[xr.Dataset],
    new_deals: xr.Dataset,
    seed: int,
) -> xr.Dataset:
    """Put the parameters of all parts into the draws of a `Posterior`, thinned evenly to `MOST_DRAWS` at most.

    A draw joins the same chain and iteration of every part; the parts are independent, so any would do.
    """
    moves = move_names(pipeline)
    chosen = _evenly_thinned(new_deals.sizes["chain"], new_deals.sizes["draw"])
    new = _stacked(new_deals, chosen)
    n_draws = new.sizes["sample"]
    goes_on = new_deals.attrs["ends"] >= tables.arrivals.until
    amounts = [AmountMix.of(stays) for stays in tables.stages]
    kept = [_stacked(parameters, chosen) for parameters in stages]
    of_stages = posterior_stages(pipeline, segments, kept, amounts, seed)
    arrays = of_stages.variables | {
        "entry_share": tables.entry_share,
        "arrivals_per_day": _array(new["arrivals_per_day"], "segment") * goes_on,
        "weekday_weight": _array(new["weekday_weight"], "weekday"),
        "arrivals_trend": new["trend_per_year"].to_numpy() / DAYS_PER_YEAR,
        "arrivals_size": np.repeat(new["arrivals_size"].to_numpy()[:, None], len(segments), axis=1),
        "arrivals_path": future_path(new["walk_sd"].to_numpy(), new["block_sd"].to_numpy(), seed),
        "arrivals_bound": bounds_of_record(_array(new["log_level"], "week")),
    }
    amount_family, of_amounts = _amount_arrays(tables, new, seed)
    arrays |= of_amounts
    arrays |= _clock_arrays(pipeline, tables)
    if tables.weather is not None:
        for kind, months, own in (
            ("conversion", tables.weather.conversion, Stream.CONVERSION_OF_MONTHS),
            ("speed", tables.weather.speed, Stream.SPEED_OF_MONTHS),
        ):
            spread = months.draw(n_draws, stream(seed, own))
            arrays |= {f"weather_{kind}": spread, f"weather_{kind}_level": months.level_of(spread)}
    if "season" in new:
        arrays["arrivals_season"] = _array(new["season"], "harmonic")
    return xr.Dataset(
        {name: ({**DIMENSIONS, **OPTIONAL_DIMENSIONS}[name], array) for name, array in arrays.items()},
        coords={
            "draw": np.arange(n_draws),
            "stage": list(pipeline.stages),
            "move": list(moves),
            "segment": list(segments.labels),
            "weekday": np.arange(7),
        }
        | of_stages.coords,
        attrs={
            "amount_family": amount_family,
            "amounts_of": tables.amounts_of,
            "n_chains": new_deals.sizes["chain"],
            "amount_centre": tables.amount_centre,
            **({"amount_most": MOST_TIMES_LARGEST * tables.largest_amount} if amount_family == "lognormal" else {}),
            "recorded_from": _iso_day(tables.recorded_from),
        }
        | of_stages.attrs,
    )


def _clock_arrays(pipeline: Pipeline, tables: FitTables) -> dict[str, Floats]:
    """Return the weights of days by stage and move; nothing where the calendar is of no account."""
    if not any(found.any for found in tables.clocks):
        return {}
    moves = move_names(pipeline)
    sizes = {"clock_weekday": (7,), "clock_month": (3,), "clock_days_left": (QUARTER_DAYS,)}
    arrays = {name: np.ones((pipeline.n_stages, len(moves), *size)) for name, size in sizes.items()}
    arrays[OPENING] = np.zeros((pipeline.n_stages, len(moves), 7))
    for code, found in enumerate(tables.clocks):
        for name, clock in zip(pipeline.moves[code], found.clocks, strict=True):
            if clock is not None:
                here = code, moves.index(name)
                arrays["clock_weekday"][here] = clock.weekday
                arrays["clock_month"][here] = clock.month
                arrays["clock_days_left"][here] = clock.days_left
                arrays[OPENING][here] = clock.opening
    return arrays | {"clock_ages": np.array([found.ages for found in tables.clocks])}


def _amount_arrays(tables: FitTables, new: xr.Dataset, seed: int) -> tuple[str, dict[str, Floats]]:
    """Return the family of amounts and its arrays."""
    median, sigma = _array(new["amount_median"], "segment"), _array(new["amount_sigma"], "segment")
    if not tables.amounts.n_amounts:  # none known, or all of them 0
        return "constant", {"amount_scale": 0.0 * median, "amount_shape": 0.0 * sigma}
    zeros = {"amount_zero": draw_zero_shares(tables.amounts, len(median), seed)} if tables.amounts.n_zeros else {}
    if not tables.amounts.empirical:
        return "lognormal", {"amount_scale": median, "amount_shape": sigma} | zeros
    log_median = np.log(median)
    quantiles = amount_quantiles(tables.amounts, log_median.mean(axis=0))
    scale = mean_factors(tables.amounts, quantiles, log_median, seed)
    shape = np.ones(sigma.shape)
    return EMPIRICAL, {"amount_scale": scale, "amount_shape": shape, "amount_quantiles": quantiles} | zeros


def _iso_day(day: int | None) -> str:
    return "" if day is None else str(np.datetime64(day, "D"))


def _evenly_thinned(n_chains: int, n_draws: int) -> NDArray[np.int64]:
    """Return which iterations to keep of every chain."""
    step = max(1, math.ceil(n_chains * n_draws / MOST_DRAWS))
    return np.arange(0, n_draws, step)


def _stacked(parameters: xr.Dataset, iterations: NDArray[np.int64]) -> xr.Dataset:
    """Return the kept draws of all chains in one dimension, chain by chain; what is not of every draw is left out."""
    others = [name for name, variable in parameters.data_vars.items() if "draw" not in variable.dims]
    return parameters.drop_vars(others).isel(draw=iterations).stack(sample=("chain", "draw"), create_index=False)


def _array(variable: xr.DataArray, dim: str) -> Floats:
    return np.asarray(variable.transpose("sample", dim).to_numpy(), dtype=np.float64)
