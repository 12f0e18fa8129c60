"""From what the sampler drew for one stage to its natural parameters, and how well they foresee single stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.model.amount_mix import AmountMix
from simcast.model.cells import Cells
from simcast.model.kernels.duration_tails import PARAMETRIC
from simcast.model.kernels.stage import move_shares
from simcast.model.leave_one_out import LeaveOneOut, leave_one_out
from simcast.model.sampling import Sample
from simcast.model.single_stays import FamilySingleStays, HazardSingleStays
from simcast.model.stays import StageStays
from simcast.posterior.hazards import HAZARD
from simcast.segments import Segments

Floats = NDArray[np.float64]

LOO_DRAWS = 500
"""How many draws tell how well single stays are foreseen."""


def stage_parameters(
    sample: Sample, family: str, stays: StageStays, moves: Sequence[str], segments: Segments
) -> xr.Dataset:
    """Return the natural parameters of one stage.

    Returns
    -------
    Dataset with dimensions (chain, draw, ...)
        For a family of days: ``share`` (segment, move), of the stays that end; ``median_days`` (segment, move);
        ``shape`` (move); ``stalled``; and ``effect_mean`` (effect). For hazards: ``log_hazard`` (move, piece), in the
        pieces that some stay reached; ``hazard_step`` (move); ``hazard_effect`` (segment, move), at the centre of
        amounts. For both ``effect_spread`` (effect), and where they are in the model ``standing_slope``, ``drift``
        (quarter, effect) and ``amount_slope``. With such a slope a family's ``share`` is averaged over the amounts, and
        ``log_odds_at_centre`` (segment) has the forward move's log odds at their centre.
    """
    build = _hazard_variables if family == HAZARD else _family_variables
    variables, coords = build(sample, stays, moves)
    chain_draw = ("chain", "draw")
    for name, spread in (("effect_log_spread", "effect_spread"), ("drift_log_spread", "drift_spread")):
        drawn = sample.get(name)
        if drawn is not None:
            dim = "effect" if name == "effect_log_spread" else "drifting"
            variables[spread] = ((*chain_draw, dim), np.exp(drawn))
    slope, drift = sample.get("amount_slope"), sample.get("drift")
    if slope is not None:
        variables["amount_slope"] = (chain_draw, slope)
    standing = sample.get("standing_slope")
    if standing is not None:
        variables["standing_slope"] = (chain_draw, standing)
    if drift is not None:
        variables["drift"] = ((*chain_draw, "quarter", "effect"), drift)
    iterations = {dim: np.arange(sample.draws.sizes[dim]) for dim in chain_draw}
    found = xr.Dataset(variables, coords={"segment": list(segments.labels), "move": list(moves)} | coords | iterations)
    return found.assign_attrs(family=family)


_Variables = tuple[dict[str, tuple[tuple[str, ...], Floats]], dict[str, object]]


def _family_variables(sample: Sample, stays: StageStays, moves: Sequence[str]) -> _Variables:
    n_odds = len(moves) - 1
    chain_draw = ("chain", "draw")
    effects, slope = sample["effect"], sample.get("amount_slope")
    log_odds = effects[..., :n_odds].copy()
    variables: dict[str, tuple[tuple[str, ...], Floats]] = {}
    if slope is not None:
        variables["log_odds_at_centre"] = ((*chain_draw, "segment"), effects[..., 0])
        log_odds[..., 0] = AmountMix.of(stays).mean_log_odds(effects[..., 0], slope[..., None])
    variables |= {
        "share": ((*chain_draw, "segment", "move"), _shares(log_odds, len(moves))),
        "median_days": ((*chain_draw, "segment", "move"), np.exp(effects[..., n_odds:])),
        "shape": ((*chain_draw, "move"), np.exp(sample["log_shape"])),
        "stalled": (chain_draw, 1.0 / (1.0 + np.exp(-sample["stalled_logit"]))),
        "effect_mean": ((*chain_draw, "effect"), sample["effect_mean"]),
    }
    odds = [f"log odds of {moves[0]}", *(f"log odds of {name} against {moves[1]}" for name in moves[2:])]
    return variables, {"effect": [*odds, *(f"log median days to {name}" for name in moves)]}


def _shares(log_odds: Floats, n_moves: int) -> Floats:
    """Return the shares of the moves among the stays that end, (..., n_moves)."""
    return np.asarray(move_shares(log_odds.reshape(-1, n_moves - 1))).reshape(*log_odds.shape[:-1], n_moves)


def _hazard_variables(sample: Sample, stays: StageStays, moves: Sequence[str]) -> _Variables:
    reached = stays.pieces.n_telling
    variables: dict[str, tuple[tuple[str, ...], Floats]] = {
        "log_hazard": (("chain", "draw", "move", "piece"), sample["log_hazard"][..., :reached]),
        "hazard_effect": (("chain", "draw", "segment", "move"), sample["effect"]),
        "hazard_step": (("chain", "draw", "move"), np.exp(sample["log_step"])),
    }
    return variables, {"piece": stays.grid.starts[:reached], "effect": list(moves)}


def judge_single_stays(sample: Sample, family: str, stays: StageStays) -> tuple[LeaveOneOut, Floats]:
    """Return how well single stays are foreseen when left out, and their log-likelihoods.

    Returns
    -------
    LeaveOneOut
        By kind of stay, see `simcast.model.stays.StageStays.single`.
    float64, (n_chains, n_kept, n_rows)
        Of evenly thinned draws.
    """
    n_chains, n_draws = sample.draws.sizes["chain"], sample.draws.sizes["draw"]
    every = max(1, -(-n_chains * n_draws // LOO_DRAWS))
    kept = slice(None, None, every)
    effects = _cell_effects(sample, stays.cells, kept)
    single = stays.single
    if family == HAZARD:
        of_hazards = HazardSingleStays(single, stays.grid.starts)
        log_hazard = sample["log_hazard"][:, kept, :, : stays.grid.n_pieces]
        rows = [of_hazards(*free) for free in zip(*_flat(log_hazard, effects), strict=True)]
    else:
        code = np.full(stays.n_moves, PARAMETRIC.index(family), dtype=np.int64)
        of_family = FamilySingleStays.of(single, stays.cells.n_cells, code)
        free = _flat(effects, sample["stalled_logit"][:, kept], sample["log_shape"][:, kept])
        rows = [of_family(effect, float(stalled), shape) for effect, stalled, shape in zip(*free, strict=True)]
    log_likelihood = np.array(rows)
    return leave_one_out(log_likelihood, single.count), log_likelihood.reshape(n_chains, -1, single.count.size)


def _flat(*arrays: Floats) -> list[Floats]:
    """Return the arrays with chains and draws in one axis."""
    return [np.ascontiguousarray(array.reshape(-1, *array.shape[2:])) for array in arrays]


def _cell_effects(sample: Sample, cells: Cells, kept: slice) -> Floats:
    """Return the effects by cell, (n_chains, n_kept, n_cells, n_effects)."""
    effects = sample["effect"][:, kept]
    drift, slope = sample.get("drift"), sample.get("amount_slope")
    if drift is None and slope is None:
        return effects
    by_cell = effects[:, :, cells.segment].copy()
    if drift is not None:
        by_cell += drift[:, kept][:, :, cells.quarter]
    if slope is not None:
        by_cell[..., 0] += slope[:, kept, None] * cells.log_amount
    return by_cell
