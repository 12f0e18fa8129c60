"""The quantities that calibration ranks: parameters by name, and log-likelihoods computed apart from the model's own.

Log-likelihoods are functions of data and parameters that see what single parameters do not (Modrak et al. 2023,
Simulation-based calibration checking for Bayesian computation: the choice of test quantities shapes sensitivity).
They are written with SciPy, stay by stay, with more quadrature nodes than the model uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy import special, stats

import simcast
from benchmarks.sbc_cases import AMOUNTS, FIRST_DAY, N_DAYS, RANKED_PIECES, Case, hazard_name
from benchmarks.sbc_changes import DriftingStays, cells_of, drift_name
from benchmarks.sbc_stages import at_centre_name, effect_names, natural, shares_of
from benchmarks.sbc_truth import DrawnWorld
from simcast.model.pieces import PIECE_STARTS
from simcast.synthetic.stays import HazardStays, MixtureStays, Stays
from simcast.synthetic.worlds import WON

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
NODES, WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _WEIGHTS
_LEAST = 1e-300


@dataclass(frozen=True)
class StayRows:
    """The distinct stays of a stage: cell, move (-1 while open), whole days, and how many there are of each."""

    cell: Ints
    move: Ints
    days: Ints
    count: Floats

    @classmethod
    def of(cls, case: Case, history: simcast.History, stage: str) -> StayRows:
        """Count the stays of one stage."""
        stays = history.stays[history.stays["stage"] == stage]
        moves = list(history.pipeline.moves[history.pipeline.stage_code(stage)])
        open_ = stays["move"].isna().to_numpy()
        until = stays["left"].fillna(np.datetime64(history.observed_until, "us"))
        days = (until - stays["entered"]).dt.days.to_numpy()
        move = np.array([-1 if gone else moves.index(name) for name, gone in zip(stays["move"], open_, strict=True)])
        keys = np.stack([cells_of(case, stays), move, days]).astype(np.int64)
        distinct, count = np.unique(keys, axis=1, return_counts=True)
        return cls(*distinct, count=count.astype(np.float64))


@dataclass(frozen=True)
class Mixture:
    """Parameters of a mixture: share, scale and shape (n, n_cells, n_moves), stalled (n,)."""

    family: str
    share: Floats
    stalled: Floats
    scale: Floats
    shape: Floats

    def log_likelihood(self, rows: StayRows) -> Floats:
        """Return the log-likelihood of all stays under each set of parameters, (n,)."""
        total = np.zeros(len(self.stalled))
        ended = rows.move >= 0
        cell, move, days = rows.cell[ended], rows.move[ended], rows.days[ended, None]
        scale, shape = (values[:, cell, move, None] for values in (self.scale, self.shape))
        low = survival(self.family, np.maximum(days - NODES, 0.0), scale, shape)
        inside = (low - survival(self.family, days + 1.0 - NODES, scale, shape)) @ WEIGHTS
        log_p = np.log1p(-self.stalled)[:, None] + np.log(np.maximum(self.share[:, cell, move], _LEAST))
        total += (log_p + np.log(np.maximum(inside, _LEAST))) @ rows.count[ended]

        waiting = ~ended & (rows.days > 0)
        cell, days = rows.cell[waiting], rows.days[waiting, None, None]
        scale, shape = (values[:, cell, :, None] for values in (self.scale, self.shape))
        lasting = (survival(self.family, days - NODES, scale, shape) @ WEIGHTS * self.share[:, cell]).sum(axis=-1)
        stalled = self.stalled[:, None]
        return total + np.log(stalled + (1.0 - stalled) * lasting) @ rows.count[waiting]


@dataclass(frozen=True)
class Hazards:
    """Hazards per day, (n, n_cells, n_moves, n_pieces); first days of the pieces, and the end of the last."""

    hazard: Floats
    starts: Ints

    def log_likelihood(self, rows: StayRows) -> Floats:
        """Return the log-likelihood of all stays under each set of parameters, (n,)."""
        total = self.hazard.sum(axis=2)
        passed = np.clip(rows.days[:, None] - self.starts[:-1], 0, np.diff(self.starts))
        value = -np.einsum("nrp,rp,r->n", total[:, rows.cell], passed, rows.count)
        ended = rows.move >= 0
        cell, move = rows.cell[ended], rows.move[ended]
        piece = np.searchsorted(self.starts, rows.days[ended], side="right") - 1
        rate = total[:, cell, piece]
        ends = np.log(-np.expm1(-rate)) + np.log(self.hazard[:, cell, move, piece] / rate)
        return np.asarray(value + ends @ rows.count[ended])


def survival(family: str, days: Floats, scale: Floats, shape: Floats) -> Floats:
    """Return P(T > days) of a family of `simcast.synthetic.stays.MixtureStays`."""
    ratio = np.maximum(days, _LEAST) / scale
    if family == "gamma":
        return np.asarray(special.gammaincc(shape, ratio))
    z = np.log(ratio) / shape
    if family == "lognormal":
        return np.asarray(special.ndtr(-z))
    if family == "loglogistic":
        return np.asarray(special.expit(-z))
    return np.exp(-np.exp(np.minimum(z, 700.0)))


def thinned(posterior: simcast.Posterior, n: int) -> tuple[xr.Dataset, dict[str, xr.Dataset]]:
    """Return `n` evenly spaced draws, and the same draws of what the sampler drew for each part."""
    chosen = np.linspace(0, posterior.n_draws - 1, n).round().astype(np.int64)
    sampled = {}
    for part, dataset in posterior.sampled.items():
        parameters = [name for name, variable in dataset.data_vars.items() if {"chain", "draw"} <= set(variable.dims)]
        whole = dataset[parameters].stack(sample=("chain", "draw"), create_index=False)
        if whole.sizes["sample"] != posterior.n_draws:
            raise ValueError(f"{part}: has {whole.sizes['sample']} draws, the posterior {posterior.n_draws}")
        sampled[part] = whole.isel(sample=chosen)
    return posterior.draws.isel(draw=chosen), sampled


def drawn_quantities(case: Case, draws: xr.Dataset, sampled: dict[str, xr.Dataset]) -> Iterator[tuple[str, Floats]]:
    """Yield the parameters by the names that `benchmarks.sbc_truth` gives them, as far as a posterior holds them."""
    for name, moves in case.moves.items():
        here, part = draws.sel(stage=name), sampled[f"stage {name}"]
        family = case.durations
        found = _hazards(case, name, moves, here) if family == "hazard" else _mixture(case, name, moves, here)
        yield from found
        if family == "hazard":
            for position, move in enumerate(moves):
                yield f"{name}: step of the hazard of {move}", part["hazard_step"].isel(move=position).to_numpy()
        names = list(moves) if family == "hazard" else effect_names(moves)
        for position, effect in enumerate(names):
            of_what = f"hazards of {effect}" if family == "hazard" else effect
            yield f"{name}: spread of {of_what}", part["effect_spread"].isel(effect=position).to_numpy()
            if "effect_mean" in part:
                yield f"{name}: mean of {of_what}", part["effect_mean"].isel(effect=position).to_numpy()
        yield from _changes(name, names, len(moves), part)
    if not case.by_amount:
        yield from _new_deals(case, draws, sampled["new deals"])


def _changes(name: str, names: list[str], n_moves: int, part: xr.Dataset) -> Iterator[tuple[str, Floats]]:
    """Yield the walks and the slope by amount, where a stage has them."""
    if "drift" in part:
        drifting = [0, *range(n_moves - 1, len(names))] if len(names) > n_moves else range(n_moves)
        for place, position in enumerate(drifting):
            effect = names[position]
            yield f"{name}: spread of the drift of {effect}", part["drift_spread"].isel(drifting=place).to_numpy()
            for quarter in range(part.sizes["quarter"] - 1):
                walk = part["drift"].isel(quarter=quarter, effect=position)
                yield drift_name(name, effect, quarter), walk.to_numpy()
    if "amount_slope" in part:
        yield f"{name}: slope by amount", part["amount_slope"].to_numpy()


def _mixture(case: Case, name: str, moves: tuple[str, ...], here: xr.Dataset) -> Iterator[tuple[str, Floats]]:
    mixture = mixture_of(case, moves, here)
    yield f"{name}: stalled", mixture.stalled
    for k, move in enumerate(moves):
        shape = mixture.shape[:, 0, k]
        yield f"{name}: shape to {move}", shape**-0.5 if case.durations == "gamma" else shape
        for code, label in enumerate(case.labels):
            scale, shape = mixture.scale[:, code, k], mixture.shape[:, code, k]
            yield f"{name}: median days to {move} [{label}]", _median(case.durations, scale, shape)
            if case.by_amount and k == 0:
                offset = here["amount_offset"].isel(segment=code).to_numpy()
                yield at_centre_name(name, move, label), special.logit(mixture.share[:, code, k]) + offset
            elif k != 1:
                yield f"{name}: share of {move} [{label}]", mixture.share[:, code, k]


def _median(family: str, scale: Floats, shape: Floats) -> Floats:
    if family == "weibull":
        return np.asarray(scale * np.log(2.0) ** shape)
    return np.asarray(scale * special.gammaincinv(shape, 0.5)) if family == "gamma" else scale


def _hazards(case: Case, name: str, moves: tuple[str, ...], here: xr.Dataset) -> Iterator[tuple[str, Floats]]:
    for move in moves:
        log_hazard = here["hazard_log"].sel(move=move)
        for piece in RANKED_PIECES:  # by its first day: where a day stands out by chance, it has a piece of its own
            yield hazard_name(name, move, piece), log_hazard.sel(piece=PIECE_STARTS[piece]).to_numpy()
        effect = here["hazard_effect"].sel(move=move).transpose("draw", "segment").to_numpy()
        if case.by_amount and move == moves[0]:
            effect = effect + here["amount_offset"].transpose("draw", "segment").to_numpy()
        for code, label in enumerate(case.labels):
            yield f"{name}: effect on {move} [{label}]", effect[:, code]


def _new_deals(case: Case, draws: xr.Dataset, part: xr.Dataset) -> Iterator[tuple[str, Floats]]:
    for position in range(draws.sizes["harmonic"]):
        yield f"arrivals: season {position}", draws["arrivals_season"].isel(harmonic=position).to_numpy()
    for day in range(7):
        yield f"arrivals: weight of weekday {day}", draws["weekday_weight"].sel(weekday=day).to_numpy()
    yield "arrivals: trend per year", part["trend_per_year"].to_numpy()
    yield "arrivals: sd of the walk", part["walk_sd"].to_numpy()
    yield "arrivals: sd of blocks", part["block_sd"].to_numpy()
    yield "arrivals: log size", np.log(part["arrivals_size"].to_numpy())
    for code, label in enumerate(case.labels):
        here = draws.isel(segment=code)
        yield f"arrivals: per day [{label}]", here["arrivals_per_day"].to_numpy()
        yield f"amounts: median [{label}]", here["amount_scale"].to_numpy()
        yield f"amounts: sigma [{label}]", here["amount_shape"].to_numpy()
    for effect in part["effect"].to_numpy():
        about = "arrivals" if effect == "log_rate" else "amounts"
        yield f"{about}: mean of {effect}", part["effect_mean"].sel(effect=effect).to_numpy()
        yield f"{about}: spread of {effect}", part["effect_spread"].sel(effect=effect).to_numpy()


def mixture_of(case: Case, moves: tuple[str, ...], here: xr.Dataset) -> Mixture:
    """Return the parameters of one stage of a posterior."""
    order = ("draw", "segment", "move")
    stalled = here["probability"].sel(move="stalled").isel(segment=0).to_numpy()
    of_moves = here.sel(move=list(moves))
    share = of_moves["probability"].transpose(*order).to_numpy() / (1.0 - stalled)[:, None, None]
    scale, shape = (of_moves[name].transpose(*order).to_numpy() for name in ("days_scale", "days_shape"))
    return Mixture(case.durations, share, stalled, scale, shape)


def log_likelihoods(
    case: Case, drawn: DrawnWorld, history: simcast.History, draws: xr.Dataset, sampled: dict[str, xr.Dataset]
) -> Iterator[tuple[str, Floats, float]]:
    """Yield name, log-likelihood under each draw, and that under the truth, of each part."""
    for stage in drawn.world.stages:
        rows, here = StayRows.of(case, history, stage.name), draws.sel(stage=stage.name)
        change = _change_by_cell(case, history, sampled[f"stage {stage.name}"])
        of_draws = _hazards_by_cell if case.durations == "hazard" else _mixture_by_cell
        found = of_draws(case, stage.moves, here, sampled[f"stage {stage.name}"], change)
        true = true_parameters(stage.stays)
        yield f"{stage.name}: log-likelihood", found.log_likelihood(rows), float(true.log_likelihood(rows)[0])
    if not case.by_amount:
        yield "arrivals: log-likelihood", *_arrivals(case, drawn, history, draws, sampled["new deals"])
        yield "amounts: log-likelihood", *_amounts(drawn, history, draws)


def _change_by_cell(case: Case, history: simcast.History, part: xr.Dataset) -> Floats:
    """Return what drift and amount add to the effects of the last quarter, (n, n_quarters, 1, n_amounts, n_effects)."""
    n, n_effects = part.sizes["sample"], part.sizes["effect"]
    change = np.zeros((n, part.sizes.get("quarter", 1), 1, case.n_amounts, n_effects))
    if "drift" in part:
        change += part["drift"].transpose("sample", "quarter", "effect").to_numpy()[:, :, None, None]
    if "amount_slope" in part:
        first = ~history.stays["deal"].duplicated()
        log_amount = np.log(AMOUNTS) - np.log(history.stays.loc[first, "amount"]).mean()
        change[..., 0] += part["amount_slope"].to_numpy()[:, None, None, None] * log_amount
    return change


def _mixture_by_cell(case: Case, moves: tuple[str, ...], here: xr.Dataset, part: xr.Dataset, change: Floats) -> Mixture:
    """Return the parameters that the stays on record were drawn under."""
    if not case.changes:
        return mixture_of(case, moves, here)
    n_odds = len(moves) - 1
    share = part["share"].transpose("sample", "segment", "move").to_numpy()
    log_odds = np.concatenate([special.logit(share[..., :1]), np.log(share[..., 2:] / share[..., 1:2])], axis=2)
    if "log_odds_at_centre" in part:
        log_odds[..., 0] = part["log_odds_at_centre"].transpose("sample", "segment").to_numpy()
    log_median = np.log(part["median_days"].transpose("sample", "segment", "move").to_numpy())
    effects = np.concatenate([log_odds, log_median], axis=2)[:, None, :, None] + change
    effects = effects.reshape(len(effects), -1, effects.shape[-1])
    shares = shares_of(effects[..., :n_odds].reshape(-1, n_odds)).reshape(*effects.shape[:2], len(moves))
    shape = np.broadcast_to(part["shape"].transpose("sample", "move").to_numpy()[:, None], shares.shape)
    scale, shape = natural(case.durations, np.exp(effects[..., n_odds:]), shape)
    return Mixture(case.durations, shares, part["stalled"].to_numpy(), scale, shape)


def _hazards_by_cell(case: Case, moves: tuple[str, ...], here: xr.Dataset, part: xr.Dataset, change: Floats) -> Hazards:
    """Return the hazards that the stays on record were drawn under."""
    effect = here["hazard_effect"].sel(move=list(moves)).transpose("draw", "segment", "move").to_numpy()
    if case.changes:
        effect = part["hazard_effect"].transpose("sample", "segment", "move").to_numpy()
        effect = effect[:, None, :, None] + change
        effect = effect.reshape(len(effect), -1, len(moves))
    log_hazard = here["hazard_log"].sel(move=list(moves)).transpose("draw", "move", "piece").to_numpy()
    starts = np.append(here["piece"].to_numpy(), here.attrs["hazard_end"])
    return Hazards(np.exp(log_hazard[:, None] + effect[..., None]), starts)


def true_parameters(stays: Stays) -> Mixture | Hazards:
    """Return the parameters of a world's stays, cell by cell."""
    if isinstance(stays, DriftingStays):
        parts = [true_parameters(part) for part in stays.by_quarter[:-1]]  # no stay on record is of the coming one
        first = parts[0]
        if isinstance(first, Hazards):
            return Hazards(np.concatenate([vars(part)["hazard"] for part in parts], axis=1), first.starts)
        joint = {name: np.concatenate([vars(part)[name] for part in parts], 1) for name in ("share", "scale", "shape")}
        return Mixture(first.family, stalled=first.stalled, **joint)
    if isinstance(stays, HazardStays):
        return Hazards(stays.hazard[None], stays.starts)
    if isinstance(stays, MixtureStays):
        return Mixture(stays.family, stays.share[None], stays.stalled[:1], stays.scale[None], stays.shape[None])
    raise TypeError(f"no likelihood is written for {type(stays).__name__}")


def _arrivals(
    case: Case, drawn: DrawnWorld, history: simcast.History, draws: xr.Dataset, part: xr.Dataset
) -> tuple[Floats, float]:
    """Return the log-likelihoods of daily counts, with the level of each week at its mean."""
    day = np.arange(N_DAYS)
    first = np.datetime64(FIRST_DAY, "D")
    counts = _daily_counts(history.stays, first, len(case.segments))
    weekday = (day + first.astype(np.int64) + 3) % 7
    starts = (part["week"].to_numpy().astype("datetime64[D]") - first).astype(np.int64)
    week = np.maximum(np.searchsorted(starts, day, side="right") - 1, 0)

    def log_likelihood(rate: Floats, weight: Floats, level: Floats, size: Floats) -> Floats:
        mean = rate[:, :, None] * (weight[:, weekday] * np.exp(level[:, week]))[:, None, :]
        r = size[:, None, None]
        return np.asarray(stats.nbinom.logpmf(counts, r, r / (r + mean)).sum(axis=(1, 2)))

    arrivals, truth = drawn.world.arrivals, drawn.truth
    rates = np.array([truth[f"arrivals: per day [{label}]"] for label in case.labels])
    level = arrivals.log_level[:N_DAYS] + np.log(arrivals.per_day[0] / rates[0])
    weekly = np.bincount(week, weights=level) / np.bincount(week)
    found = log_likelihood(
        draws["arrivals_per_day"].transpose("draw", "segment").to_numpy(),
        draws["weekday_weight"].transpose("draw", "weekday").to_numpy(),
        part["log_level"].transpose("sample", "week").to_numpy(),
        part["arrivals_size"].to_numpy(),
    )
    size = np.array([arrivals.size])
    return found, float(log_likelihood(rates[None], arrivals.weekday_weight[None], weekly[None], size)[0])


def _daily_counts(stays: pd.DataFrame, first: np.datetime64, n_segments: int) -> Floats:
    new = ~stays["deal"].duplicated()
    day = (stays.loc[new, "entered"].to_numpy().astype("datetime64[D]") - first).astype(np.int64)
    counts = np.zeros((n_segments, N_DAYS))
    np.add.at(counts, (stays.loc[new, "segment_code"].to_numpy(), day), 1.0)
    return counts


def _amounts(drawn: DrawnWorld, history: simcast.History, draws: xr.Dataset) -> tuple[Floats, float]:
    won = history.stays[history.stays["move"] == WON]
    logs, segment = np.log(won["amount_at_end"].to_numpy()), won["segment_code"].to_numpy()

    def log_likelihood(median: Any, sigma: Any) -> Floats:  # noqa: ANN401  # arrays with or without draws
        return np.asarray(stats.norm.logpdf(logs, np.log(median[..., segment]), sigma[..., segment]).sum(axis=-1))

    found = log_likelihood(
        *(draws[name].transpose("draw", "segment").to_numpy() for name in ("amount_scale", "amount_shape"))
    )
    return found, float(log_likelihood(drawn.world.amount_median, drawn.world.amount_sigma))
