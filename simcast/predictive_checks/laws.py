"""What each posterior draw says of a stage, laid out for its replicates: by cell, past quarters included.

A posterior holds a stage as it will be. Where its parameters drift, the stays of past quarters had others: they are
put together from what the sampler drew, in which ``drift`` is the change of each effect against the last quarter.
Where months are good or bad for conversion, each replicate has months of its own, by when stays began.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special

from simcast.days import month_of
from simcast.errors import FitError
from simcast.pipeline import STALLED
from simcast.posterior import Posterior
from simcast.posterior.hazards import HAZARD
from simcast.predictive_checks.hazard import HazardStage, replicate_hazard
from simcast.predictive_checks.mixture import MixtureStage, replicate_mixture
from simcast.predictive_checks.stays import CheckedStays, Ints

Floats = NDArray[np.float64]
PlayDraw = Callable[[int], tuple[Ints, Ints]]
"""Draws moves and days of all stays under one posterior draw."""

DRIFT = "drift"

_LEAST = 1e-300


def player(
    posterior: Posterior, sampled: xr.Dataset | None, stays: CheckedStays, generator: np.random.Generator
) -> PlayDraw:
    """Return what replicates the stays of a stage under any posterior draw.

    Parameters
    ----------
    posterior
        Whose draws they are.
    sampled
        What the sampler drew for the stage; needed only where its parameters drift.
    stays
        What is known of each stay when it begins, and how long it is in sight.
    generator
        Of the random numbers.

    Raises
    ------
    FitError
        When what the sampler drew does not belong to the posterior.
    """
    here = posterior.draws.sel(stage=stays.stage)
    families = tuple(str(here["days_family"].sel(move=name).item()) for name in stays.moves)
    slope, offset = _by_amount(here)
    drifting = None if sampled is None or DRIFT not in sampled else _matched(sampled, posterior)
    located = stays if drifting is None else _in_quarters(stays, drifting, len(posterior.segments))
    n_quarters = 1 if drifting is None else drifting.sizes["quarter"]
    months = _Months.of(here, located, len(posterior.segments) * n_quarters, generator)
    if HAZARD in families:
        return _hazard_player(here, drifting, slope, offset, months)
    return _mixture_player(here, drifting, families, slope, offset, months)


@dataclass(frozen=True)
class _Months:
    """The stays of a stage in cells of their month of entry besides, and by how much months differ.

    Parameters
    ----------
    stays
        Their cells count the cells of one month after those of another.
    n_months
        How many months there are: one where all are alike.
    spread : float64, (n_draws,)
        The standard deviation of what a month adds to the log odds of the forward move among the moves.
    generator
        Of all random numbers.
    """

    stays: CheckedStays
    n_months: int
    spread: Floats
    generator: np.random.Generator

    @classmethod
    def of(cls, here: xr.Dataset, stays: CheckedStays, n_cells: int, generator: np.random.Generator) -> _Months:
        """Separate months where they differ; in each there are as many cells as the stage has without months."""
        spread = here["weather_conversion"].to_numpy() if "weather_conversion" in here else np.zeros(here.sizes["draw"])
        if not spread.any():
            return cls(stays, 1, spread, generator)
        month = month_of(stays.entered)
        month -= np.min(month)
        placed = replace(stays, cell=month * n_cells + stays.cell)
        return cls(placed, int(np.max(month)) + 1, spread, generator)

    def each(self, of_cells: Floats) -> Floats:
        """Repeat what all months have in common, (..., n_cells), for each month."""
        return np.tile(of_cells, (*(1,) * (of_cells.ndim - 1), self.n_months))

    def drawn(self, draw: int, n_cells: int) -> Floats:
        """Draw what each month adds, for its cells: float64, (n_months * n_cells,)."""
        if not self.spread[draw] > 0.0:
            return np.zeros(self.n_months * n_cells)
        return np.repeat(self.spread[draw] * self.generator.standard_normal(self.n_months), n_cells)


def _by_amount(here: xr.Dataset) -> tuple[Floats, Floats]:
    """Return slopes by amount, (n_draws,), and what the centre of amounts adds, (n_draws, n_segments); 0 without."""
    n_draws, n_segments = here.sizes["draw"], here.sizes["segment"]
    slope = here["amount_slope"].to_numpy() if "amount_slope" in here else np.zeros(n_draws)
    offset = np.zeros((n_draws, n_segments))
    if "amount_offset" in here:
        offset = here["amount_offset"].transpose("draw", "segment").to_numpy()
    return slope, offset


def _matched(sampled: xr.Dataset, posterior: Posterior) -> xr.Dataset:
    """Return the sampler's draws that became the posterior's, in the same order: chain by chain, evenly thinned."""
    n_chains, n_draws = sampled.sizes["chain"], sampled.sizes["draw"]
    step = max(1, math.ceil(n_chains * n_draws / posterior.n_draws))
    kept = sampled.isel(draw=slice(None, None, step)).stack(sample=("chain", "draw"), create_index=False)
    if kept.sizes["sample"] != posterior.n_draws:
        raise FitError(
            f"the posterior has {posterior.n_draws} draws, which are not those of the {n_chains} x {n_draws} that the "
            "sampler drew; fit this history again"
        )
    return kept


def _in_quarters(stays: CheckedStays, drifting: xr.Dataset, n_segments: int) -> CheckedStays:
    """Return the stays with cells of segment and quarter; the first quarter stands for all before it, too."""
    quarter = np.maximum(drifting.sizes["quarter"] - 1 - stays.quarters_back, 0)
    return replace(stays, cell=quarter * n_segments + stays.segment)


def _over_quarters(of_segments: Floats, change: Floats) -> Floats:
    """Add the changes of quarters, (n_moves, n_quarters), to what segments have, (n_moves, n_segments)."""
    n_moves = of_segments.shape[0]
    sums: Floats = (change[:, :, None] + of_segments[:, None, :]).reshape(n_moves, -1)
    return sums


def _hazard_player(
    here: xr.Dataset,
    drifting: xr.Dataset | None,
    slope: Floats,
    offset: Floats,
    months: _Months,
) -> PlayDraw:
    stays = months.stays
    moves = list(stays.moves)
    log_hazard = here["hazard_log"].sel(move=moves).transpose("draw", "move", "piece").to_numpy()
    effect = here["hazard_effect"].sel(move=moves).transpose("draw", "move", "segment").to_numpy().copy()
    effect[:, 0] += offset
    starts = np.append(here["piece"].to_numpy(), int(here.attrs["hazard_end"])).astype(np.int64)
    if drifting is not None:  # the sampler's effects stand at the centre of amounts
        effect = drifting["hazard_effect"].transpose("sample", "move", "segment").to_numpy()
        change = drifting[DRIFT].transpose("sample", "effect", "quarter").to_numpy()

    def play(draw: int) -> tuple[Ints, Ints]:
        by_cell = effect[draw] if drifting is None else _over_quarters(effect[draw], change[draw])
        odds = months.drawn(draw, by_cell.shape[1])
        stage = HazardStage.of(log_hazard[draw], months.each(by_cell), starts, float(slope[draw]), odds)
        return replicate_hazard(stage, stays, months.generator)

    return play


def _mixture_player(
    here: xr.Dataset,
    drifting: xr.Dataset | None,
    families: tuple[str, ...],
    slope: Floats,
    offset: Floats,
    months: _Months,
) -> PlayDraw:
    stays = months.stays
    moves = list(stays.moves)
    probability, scale, shape = (
        here[name].sel(move=chosen).transpose("draw", "move", "segment").to_numpy()
        for name, chosen in (("probability", [*moves, STALLED]), ("days_scale", moves), ("days_shape", moves))
    )
    if drifting is not None:
        probability, scale, shape = _past_quarters(drifting, families, shape)
        offset = _past_offsets(drifting)
    at_centre = _log_odds(probability[:, 0], probability[:, 1:-1].sum(axis=1)) + offset

    def play(draw: int) -> tuple[Ints, Ints]:
        odds = months.drawn(draw, scale.shape[2])
        chances = _with_odds(months.each(probability[draw]), odds)
        of_draw = (chances, families, months.each(scale[draw]), months.each(shape[draw]))
        stage = MixtureStage(*of_draw, float(slope[draw]), months.each(at_centre[draw]) + odds)
        return replicate_mixture(stage, stays, months.generator)

    return play


def _with_odds(probability: Floats, log_odds: Floats) -> Floats:
    """Add to the log odds of the forward move, the first, among the moves; the last, never ending, stays as it is."""
    moves = probability[:-1].copy()
    moves[0] *= np.exp(log_odds)
    moves *= probability[:-1].sum(axis=0) / np.maximum(moves.sum(axis=0), _LEAST)
    return np.concatenate([moves, probability[-1:]])


def _past_quarters(drifting: xr.Dataset, families: tuple[str, ...], shape: Floats) -> tuple[Floats, Floats, Floats]:
    """Return probabilities, scales and shapes of all quarters, each (n_draws, ..., n_quarters * n_segments).

    What drifts are the log odds of the forward move, the first effect, and the log medians, the last ones.
    """
    n_moves = len(families)
    share = drifting["share"].transpose("sample", "move", "segment").to_numpy()
    change = drifting[DRIFT].transpose("sample", "effect", "quarter").to_numpy()
    n_draws, n_quarters = change.shape[0], change.shape[2]
    stalled = drifting["stalled"].to_numpy()[:, None, None, None]
    before = np.clip(share[:, :1], 1e-12, 1.0 - 1e-12)
    forward = special.expit(special.logit(before)[:, :, None, :] + change[:, :1, :, None])
    others = share[:, 1:, None, :] * (1.0 - forward) / (1.0 - before)[:, :, None, :]
    never = np.broadcast_to(stalled, forward.shape)
    probability = np.concatenate([forward * (1.0 - stalled), others * (1.0 - stalled), never], axis=1)
    median = drifting["median_days"].transpose("sample", "move", "segment").to_numpy()
    medians = median[:, :, None, :] * np.exp(change[:, -n_moves:, :, None])
    shapes = np.broadcast_to(shape[:, :, None, :], medians.shape)
    scale = medians / np.stack([_median_over_scale(family, shapes[:, k]) for k, family in enumerate(families)], axis=1)
    flat = (n_draws, -1, n_quarters * share.shape[2])
    return probability.reshape(flat), scale.reshape(flat), shapes.reshape(flat)


def _past_offsets(drifting: xr.Dataset) -> Floats:
    """Return the forward move's log odds at the centre of amounts less those of its share, all quarters' the same.

    float64, (n_draws, n_quarters * n_segments): quarters drift at the centre, to which `_past_quarters` has added.
    """
    share = drifting["share"].transpose("sample", "move", "segment").to_numpy()
    offset = np.zeros((share.shape[0], share.shape[2]))
    if "log_odds_at_centre" in drifting:
        centre = drifting["log_odds_at_centre"].transpose("sample", "segment").to_numpy()
        offset = centre - _log_odds(share[:, 0], share[:, 1:].sum(axis=1))
    return np.tile(offset, drifting.sizes["quarter"])


def _log_odds(chance: Floats, rest: Floats) -> Floats:
    """Return the log odds of a chance against what is left."""
    odds: Floats = np.log(np.maximum(chance, _LEAST)) - np.log(np.maximum(rest, _LEAST))
    return odds


def _median_over_scale(family: str, shape: Floats) -> Floats:
    """Return the median of a family whose scale is 1, elementwise."""
    if family == "weibull":
        return np.asarray(np.log(2.0) ** shape)
    if family == "gamma":
        return np.asarray(special.gammaincinv(shape, 0.5))
    return np.ones_like(shape)
