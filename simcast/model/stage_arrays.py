"""From the natural parameters of the stages to the arrays of a posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from simcast.engine.hazard import hazard_marginals
from simcast.model.amount_mix import AmountMix
from simcast.model.beyond_record import hazards_in_all_pieces
from simcast.model.kernels.duration_tails import gamma_log_median, gamma_shape
from simcast.model.pieces import HAZARD_END_DAYS, PIECE_STARTS
from simcast.model.streams import Stream, stream
from simcast.pipeline import STALLED, Pipeline
from simcast.posterior import move_names
from simcast.posterior.hazards import HAZARD
from simcast.segments import Segments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PosteriorStages:
    """The stages' part of a posterior's draws: variables, coordinates and attributes."""

    variables: dict[str, NDArray[np.generic]]
    coords: dict[str, NDArray[np.generic]]
    attrs: dict[str, object]


def posterior_stages(
    pipeline: Pipeline, segments: Segments, stages: Sequence[xr.Dataset], amounts: Sequence[AmountMix], seed: int
) -> PosteriorStages:
    """Lay the parameters of all stages, kept draws in one dimension ``sample``, out in a posterior's arrays.

    `amounts` are those of each stage's stays, `seed` is of what is drawn beyond them; see `stage_arrays`.
    """
    moves = move_names(pipeline)
    n_draws = stages[0].sizes["sample"]
    by_move = (n_draws, pipeline.n_stages, len(moves), len(segments))
    variables: dict[str, NDArray[np.generic]] = {
        "probability": np.zeros(by_move),
        "days_scale": np.full(by_move, np.nan),
        "days_shape": np.full(by_move, np.nan),
        "days_family": np.full((pipeline.n_stages, len(moves)), "", dtype="<U16"),
    }
    starts = joint_starts(stages)
    hazards: dict[str, NDArray[np.generic]] = {
        "hazard_log": np.full((*by_move[:3], starts.size - 1), np.nan),
        "hazard_effect": np.full(by_move, np.nan),
    }
    slope = np.zeros((n_draws, pipeline.n_stages))
    offset = np.zeros((n_draws, pipeline.n_stages, len(segments)))
    for code, (parameters, mix) in enumerate(zip(stages, amounts, strict=True)):
        found = stage_arrays(parameters, mix, seed, starts, code)
        codes = [moves.index(name) for name in pipeline.moves[code]]
        variables["probability"][:, code, [*codes, moves.index(STALLED)]] = found.probability
        variables["days_scale"][:, code, codes], variables["days_shape"][:, code, codes] = found.scale, found.shape
        variables["days_family"][code, codes] = found.family
        if found.hazard_log is not None and found.hazard_effect is not None:
            hazards["hazard_log"][:, code, codes] = found.hazard_log
            hazards["hazard_effect"][:, code, codes] = found.hazard_effect
        slope[:, code], offset[:, code] = found.amount_slope, found.amount_offset
    coords: dict[str, NDArray[np.generic]] = {}
    attrs: dict[str, object] = {}
    if np.any(variables["days_family"] == HAZARD):
        variables |= hazards
        coords["piece"] = starts[:-1]
        attrs["hazard_end"] = HAZARD_END_DAYS
    if slope.any():
        variables["amount_slope"], variables["amount_offset"] = slope, offset
    return PosteriorStages(variables, coords, attrs)


@dataclass(frozen=True)
class StageArrays:
    """One stage's part of a posterior's arrays, all with the draws first.

    Parameters
    ----------
    family
        The family of its days.
    probability
        float64, (n_draws, n_moves + 1, n_segments): of the moves, and last of stalling.
    scale, shape
        float64, (n_draws, n_moves, n_segments)
    hazard_log, hazard_effect
        float64, (n_draws, n_moves, n_pieces) and (n_draws, n_moves, n_segments); None for a family of days.
    amount_slope
        float64, (n_draws,)
    amount_offset
        float64, (n_draws, n_segments): log odds of the forward move among the moves, or its log hazard, at the centre
        of amounts less those above, which are for deals of all amounts together.
    """

    family: str
    probability: Floats
    scale: Floats
    shape: Floats
    hazard_log: Floats | None
    hazard_effect: Floats | None
    amount_slope: Floats
    amount_offset: Floats


def joint_starts(stages: Sequence[xr.Dataset]) -> Ints:
    """Return pieces so fine that those of every stage are made of them: first days, and the end of the last."""
    own = [parameters["piece"].to_numpy() for parameters in stages if parameters.attrs["family"] == HAZARD]
    starts: Ints = np.unique(np.concatenate([PIECE_STARTS, *own]))
    return starts


def stage_arrays(
    parameters: xr.Dataset, amounts: AmountMix, seed: int, starts: Ints | None = None, number: int = 0
) -> StageArrays:
    """Return what a posterior holds of one stage, from its kept draws in one dimension ``sample``.

    Where parameters drift, the coming quarter takes one more step of the walk, at the centre of amounts; the average
    over `amounts`, for new deals, comes after it. Hazards walk on beyond the oldest stay on record. `seed` and the
    stage's `number` are of these steps. Hazards are given in the pieces that begin on `starts`, `joint_starts` of the
    stage alone unless given.
    """
    n_draws = parameters.sizes["sample"]
    slope = parameters["amount_slope"].to_numpy() if "amount_slope" in parameters else np.zeros(n_draws)
    step = _next_step(parameters, stream(seed, Stream.DRIFT, number))
    if parameters.attrs["family"] == HAZARD:
        log_hazard = parameters["log_hazard"].transpose("sample", "move", "piece").to_numpy()
        within = joint_starts([parameters]) if starts is None else starts
        spread = parameters["hazard_step"].transpose("sample", "move").to_numpy()
        beyond = stream(seed, Stream.HAZARDS_BEYOND_RECORD, number)
        whole = hazards_in_all_pieces(log_hazard, spread, parameters["piece"].to_numpy(), within, beyond)
        effect = parameters["hazard_effect"].transpose("sample", "move", "segment").to_numpy() + step[:, :, None]
        offset = np.zeros((n_draws, effect.shape[2]))
        if slope.any():
            offset = -amounts.mean_hazard_shift(whole, effect, slope, within)
            effect[:, 0] -= offset
        probability, median = hazard_marginals(whole, effect, within.astype(np.float64))
        return StageArrays(HAZARD, probability, median, np.ones_like(median), whole, effect, slope, offset)
    return _family_arrays(parameters, amounts, step, slope)


def _family_arrays(parameters: xr.Dataset, amounts: AmountMix, step: Floats, slope: Floats) -> StageArrays:
    share = parameters["share"].transpose("sample", "move", "segment").to_numpy()
    stalled = parameters["stalled"].to_numpy()[:, None, None]
    forward = share[:, :1] * np.exp(step[:, :1, None]) / (1.0 + share[:, :1] * np.expm1(step[:, :1, None]))
    offset = np.zeros((share.shape[0], share.shape[2]))
    if "log_odds_at_centre" in parameters:
        centre = parameters["log_odds_at_centre"].transpose("sample", "segment").to_numpy() + step[:, :1]
        mean = amounts.mean_log_odds(centre, slope[:, None])
        forward, offset = np.asarray(expit(mean))[:, None], centre - mean
    others = share[:, 1:] * (1.0 - forward) / np.maximum(1.0 - share[:, :1], 1e-300)
    shares = np.concatenate([forward, others], axis=1)
    shares = shares / shares.sum(axis=1, keepdims=True) * (1.0 - stalled)
    probability = np.concatenate([shares, np.broadcast_to(stalled, (*stalled.shape[:2], share.shape[2]))], axis=1)
    n_moves = share.shape[1]
    median = parameters["median_days"].transpose("sample", "move", "segment").to_numpy()
    median = median * np.exp(step[:, n_moves - 1 :, None])
    shape = np.repeat(parameters["shape"].transpose("sample", "move").to_numpy()[:, :, None], share.shape[2], axis=2)
    family = str(parameters.attrs["family"])
    scale, shape = _scale_and_shape(family, median, shape)
    return StageArrays(family, probability, scale, shape, None, None, slope, offset)


def _scale_and_shape(family: str, median: Floats, shape: Floats) -> tuple[Floats, Floats]:
    """Return scale and shape as the engine has them: Weibull's scale is no median, gamma's are theta and k."""
    if family == "weibull":
        return median / np.log(2.0) ** shape, shape
    if family == "gamma":
        k, which = np.unique(shape, return_inverse=True)
        own = np.array([gamma_shape(np.log(value)) for value in k])
        log_median = np.array([gamma_log_median(value) for value in own])
        return median / np.exp(log_median[which].reshape(shape.shape)), own[which].reshape(shape.shape)
    return median, shape


def _next_step(parameters: xr.Dataset, generator: np.random.Generator) -> Floats:
    """Return the change of each effect in the coming quarter, (n_draws, n_effects); zeros without drift."""
    n_effects = parameters.sizes["effect"]
    n_draws = parameters.sizes["sample"]
    if "drift_spread" not in parameters:
        return np.zeros((n_draws, n_effects))
    spread = parameters["drift_spread"].transpose("sample", "drifting").to_numpy()
    z = generator.standard_normal(spread.shape)
    drifting = drifting_effects(str(parameters.attrs["family"]), parameters.sizes["move"])
    step = np.zeros((n_draws, n_effects))
    step[:, drifting] = spread * z
    return step


def drifting_effects(family: str, n_moves: int) -> list[int]:
    """Return the positions of the effects that may drift: all hazards, or the forward move's odds and all medians."""
    return list(range(n_moves)) if family == HAZARD else [0, *range(n_moves - 1, 2 * n_moves - 1)]
