"""How long deals that are won usually stay in a stage: an open one that has been there for longer counts as stalled."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.long_run import thinning, wins_from
from simcast.days import day_number
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, FAMILIES, LOGLOGISTIC, LOGNORMAL, WEIBULL, isf_of_log
from simcast.history import Book, History
from simcast.plan import Plan
from simcast.posterior import Posterior
from simcast.posterior.clocks import QUARTER_DAYS, Passed, clocks_of_ages
from simcast.posterior.hazards import HAZARD

LEAST_MOVES = 10
"""A stage that fewer deals have left on the way to a win has no usual time in the history."""

SHARE_BEYOND = 0.1
"""One of ten won deals stayed for longer than usual."""

_HALVINGS = 60

Floats = NDArray[np.float64]

_TIMES_AS_LONG, _MOST_DAYS = 3, 28 * 365
"""How far clocks are laid out; days beyond weigh 1."""


def usual_days(history: History | None, posterior: Posterior) -> dict[str, float]:
    """Return the days within which nine of ten deals that were won had moved on from a stage, by whatever move.

    From the history where enough deals were won, or have moved on at least, else from the parameters; a stage of which
    neither can tell, or from which no deal is ever won, is left out.
    """
    found: dict[str, float] = {}
    chances = _chances(posterior)
    chance = {move: float(np.nan_to_num(by_draw).mean()) for move, by_draw in chances.items()}
    for stage in posterior.pipeline.stages:
        days = None if history is None else _in_history(history, stage, chance)
        if days is None:
            days = _by_parameters(posterior, stage, chances)
        if days is not None:
            found[stage] = days
    return found


def usual_days_of(history: History | None, posterior: Posterior, book: Book) -> NDArray[np.float64]:
    """Return the usual days of the stage that each open deal is in; NaN where they are not known.

    They are days of the calendar since it entered, as its age is. Days of parameters pass on the stage's clock, if it
    has one on which ages run.
    """
    limit = np.full(len(book), np.nan)
    chances = _chances(posterior)
    chance = {move: float(np.nan_to_num(by_draw).mean()) for move, by_draw in chances.items()}
    for code, stage in enumerate(book.pipeline.stages):
        here = np.flatnonzero(book.stage_code == code)
        days = None if history is None else _in_history(history, stage, chance)
        if days is not None:
            limit[here] = days
        elif here.size and (days := _by_parameters(posterior, stage, chances)) is not None:
            limit[here] = _on_calendar(posterior, stage, book, here, days)
    return limit


def are_stalled(book: Book, limit: NDArray[np.float64], plan: Plan) -> NDArray[np.bool_]:
    """Return which open deals have been in their stage for longer than a limit of days and wait for no free person.

    That those who wait for a person of a team stand there for long is no fault of theirs.
    """
    overdue: NDArray[np.bool_] = book.age_days > limit
    if plan.capacity is None:
        return overdue
    waiting = {str(deal) for deal in plan.deals[~np.isnan(plan.capacity.deal_waits_since)]}
    in_line = np.array([str(deal) in waiting for deal in book.deal], dtype=bool)
    overdue &= ~in_line
    return overdue


def _in_history(history: History, stage: str, chance: Mapping[str, float]) -> float | None:
    """Return the 90% point of the days of stays here after which the deal was won, at once or later.

    Where few were won, of all stays that ended by a move that may still lead to a win, weighed by its `chance` of that.
    """
    stays, pipeline = history.stays, history.pipeline
    wins = [name for name in pipeline.outcomes if pipeline.is_won(name)]
    won = stays["move"].isin(wins)
    later = won[::-1].groupby(stays["deal"][::-1]).cummax()[::-1]
    here = (stays["stage"] == stage) & stays["left"].notna()
    weight: Floats = np.asarray(here & later, dtype=np.float64)
    if weight.sum() < LEAST_MOVES:
        weight = np.where(here, stays["move"].map(chance).fillna(0.0).to_numpy(dtype=np.float64), 0.0)
    chosen = weight > 0.0
    if chosen.sum() < LEAST_MOVES:
        return None
    lasted = (stays["left"] - stays["entered"])[chosen]
    return _quantile(np.asarray(lasted.dt.days, dtype=np.float64), weight[chosen])


def _quantile(days: Floats, weight: Floats) -> float:
    """Return the 90% point of weighed days, with straight lines between them, as `numpy.quantile` has."""
    order = np.argsort(days, kind="stable")
    days, weight = days[order], weight[order]
    below = np.cumsum(weight) - weight
    return float(np.interp((1.0 - SHARE_BEYOND) * below[-1], below, days))


def _chances(posterior: Posterior) -> dict[str, Floats]:
    """Return by destination the chance that a deal is won at once there or later, (n_draws, n_segments), draws thinned.

    Not finite where deals would go round for ever.
    """
    pipeline = posterior.pipeline
    from_stage = wins_from(posterior, once=True)
    found = {stage: from_stage[:, :, code] for code, stage in enumerate(pipeline.stages)}
    for name in pipeline.outcomes:
        if pipeline.is_won(name):
            found[name] = np.ones(from_stage.shape[:2])
        elif not pipeline.renews(name):
            found[name] = np.zeros(from_stage.shape[:2])
    return found


def _by_parameters(posterior: Posterior, stage: str, chances: Mapping[str, Floats]) -> float | None:
    """Return the mean 90% point, over draws and segments, of the days of stays after which a deal is won.

    Each move counts by its probability times the chance to be won after it. None for hazards, and where none is won.
    """
    moves = posterior.pipeline.moves[posterior.pipeline.stage_code(stage)]
    draws = posterior.draws.isel(draw=slice(None, None, thinning(posterior))).sel(stage=stage, move=list(moves))
    families = [str(name) for name in draws["days_family"].to_numpy()]
    if HAZARD in families:
        return None
    probability, scale, shape = (
        draws[name].transpose("move", "draw", "segment").to_numpy()
        for name in ("probability", "days_scale", "days_shape")
    )
    weight = np.nan_to_num(probability * np.array([chances[move] for move in moves]))
    some = weight.sum(axis=0) > 0.0
    if not some.any():
        return None
    weight, scale, shape = (values[:, some] for values in (weight, scale, shape))
    weight = weight / weight.sum(axis=0)
    codes = [FAMILIES.index(name) for name in families]
    ends = np.array(
        [
            [isf_of_log(code, float(a), float(b), math.log(SHARE_BEYOND)) for a, b in zip(*pair, strict=True)]
            for code, *pair in zip(codes, scale, shape, strict=True)
        ]
    )
    # The point of the mixture lies between those of its parts.
    low, high = (
        extreme(np.where(weight > 0.0, ends, other), axis=0) for extreme, other in ((np.min, np.inf), (np.max, 0.0))
    )
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        beyond = sum(
            share * _survival(code, a, b, middle) for share, code, a, b in zip(weight, codes, scale, shape, strict=True)
        )
        low, high = np.where(beyond > SHARE_BEYOND, middle, low), np.where(beyond > SHARE_BEYOND, high, middle)
    return float(high.mean())


def _on_calendar(
    posterior: Posterior, stage: str, book: Book, deals: NDArray[np.int64], days: float
) -> NDArray[np.float64]:
    """Return in how many days of the calendar those of parameters pass for deals of a stage since they entered it."""
    of_ages = clocks_of_ages(posterior.draws, stage, [posterior.pipeline.forward(stage)])
    if of_ages is None or of_ages[0] is None:
        return np.full(deals.size, days)
    entered = day_number(book.recorded_until) - book.age_days[deals]
    first = int(np.floor(np.min(entered)))
    n_days = int(np.ceil(np.max(entered) - first + _TIMES_AS_LONG * days)) + QUARTER_DAYS
    passed = Passed.of(of_ages[0].weights(first + np.arange(min(n_days, _MOST_DAYS))), first)
    lasting: NDArray[np.float64] = passed.instant(passed.at(entered) + days) - entered
    return lasting


def _survival(family: int, scale: Floats, shape: Floats, days: Floats) -> Floats:
    """Return the share of stays that last longer: `simcast.engine.samplers.survival` of many at once."""
    from scipy.special import gammaincc, ndtr

    if family == CONSTANT:
        return np.asarray(days < scale, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        units = days / scale
        found: Floats
        if family == LOGNORMAL:
            found = np.asarray(ndtr(-np.log(units) / shape))
        elif family == EXPONENTIAL:
            found = np.exp(-units)
        elif family == WEIBULL:
            found = np.exp(-(units ** (1.0 / shape)))
        elif family == LOGLOGISTIC:
            found = 1.0 / (1.0 + units ** (1.0 / shape))
        else:
            found = np.asarray(gammaincc(shape, units))
    return np.where(scale > 0.0, found, 0.0)
