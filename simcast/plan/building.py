"""Building a plan: posterior, open deals and one scenario's levers, put into the kernel's arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.arguments import check_kind
from simcast.days import day_number
from simcast.engine.amounts import AMOUNT_FAMILIES, amount_isf
from simcast.engine.kernel import begin_compiling_for
from simcast.engine.layout import MULTIPLY, NOT_FORCED, NOWHERE, KernelPlan
from simcast.engine.rng import draw_of_futures
from simcast.engine.samplers import CONSTANT, FAMILIES
from simcast.errors import ScenarioError
from simcast.history import Book
from simcast.pipeline import STALLED, Pipeline
from simcast.plan.amounts import amounts_of_no_deal, cut_amounts, heavy_tails, too_large_amounts, too_much_worth
from simcast.plan.checks import check_names, placed_levers
from simcast.plan.clocks import clock_arrays, operational_ages
from simcast.plan.costs import cost_of_one, costs_of, margin_of, notes_of
from simcast.plan.cuts import cut_conversions, cut_worths
from simcast.plan.derived import days_without_leads, derived_effects
from simcast.plan.hazards import hazard_arrays, log_amounts, slope_arrays
from simcast.plan.levers import LeverFrame, PlacedLever, effects_of, key_of
from simcast.plan.periods import ForecastDays
from simcast.plan.plan import MINOR_UNITS, Plan
from simcast.plan.response import missing_numbers
from simcast.plan.teams import as_waiting, capacity_of, hours_of_one, too_many_leave
from simcast.plan.weather import month_arrays, with_weather
from simcast.posterior import Posterior
from simcast.posterior.arrivals import calendar_factor
from simcast.posterior.draws import EMPIRICAL, zero_shares_of
from simcast.posterior.response import fitted_responses
from simcast.scenario import (
    BASELINE,
    AmountLever,
    ArrivalsLever,
    ConversionLever,
    DealLever,
    DurationLever,
    ResponseLever,
    Scenario,
)
from simcast.segments import Segments

MOST_ARRIVALS = 20_000_000
"""The most new deals expected in one future: more would take minutes each."""

_OF_PARAMETERS = (
    *("family", "probability", "scale", "shape"),
    *("hazard_row", "hazard_start", "hazard_rate", "hazard_factor", "amount_slope", "amount_offset"),
    *("clock_of", "clock_passed", "clock_opening", "clock_from_day"),
    *("arrival_key", "arrival_mean", "arrival_weekday_factor", "arrival_trend_factor", "arrival_size"),
    *("entry_cumulative", "amount_scale", "amount_shape", "amount_quantiles", "amount_most", "amount_some"),
)
"""The arrays that come from a posterior's draws and the days forecast alone."""


def build_plan(
    posterior: Posterior, book: Book, scenario: Scenario, name: str = BASELINE, *, like: Plan | None = None
) -> Plan:
    """Build the plan of one scenario.

    Parameters
    ----------
    posterior
        The draws of all parameters.
    book
        The deals open at the scenario's as-of date.
    scenario
        The question: dates, levers, futures and seed.
    name
        Which of its scenarios to plan.
    like
        A plan of the same posterior, made before: the arrays that no lever changes are taken from it where it is of
        the same days, which saves time and memory.

    Raises
    ------
    ScenarioNameError
        When there is no scenario of this name; a `KeyError` too.
    ScenarioError
        When the scenario names a segment, a deal or a column that is not there, its as-of
        date is not the book's, or its pipeline not the posterior's. All problems are listed at once.
    ArgumentTypeError
        When an argument is another kind of thing.
    """
    check_kind(posterior, Posterior, "posterior", "fit(history) and Posterior.load(path) return one")
    check_kind(book, Book, "book", "history.open_deals(as_of) returns one")
    check_kind(scenario, Scenario, "scenario", "load_scenario reads one from a file")
    check_kind(like, (Plan, type(None)), "like")
    days = forecast_days(scenario)
    pipeline, segments = posterior.pipeline, posterior.segments
    check_names(scenario, segments, book, [name])
    levers = placed_levers(scenario, name)
    stays = _stays_of_no_length(posterior, levers) if scenario.pipeline_definition == pipeline else []
    if problems := [*_mismatches(posterior, book, days, scenario), *stays, *too_large_amounts(book)]:
        raise ScenarioError(problems)

    seed, n_slots = np.uint64(scenario.simulation.seed), max(map(len, pipeline.moves)) + 1
    draw_of_future = draw_of_futures(seed, scenario.simulation.futures, posterior.draws.sizes["draw"])
    weekdays = _array(posterior, "weekday_weight", "draw", "weekday")
    frame = LeverFrame(pipeline, segments, days, seed, draw_of_future, n_slots, fitted_responses(posterior), weekdays)
    teams = scenario.teams
    if problems := [
        *missing_numbers(frame, levers, teams),
        *too_many_leave(frame, teams, levers),
        *days_without_leads(frame, levers),
    ]:
        raise ScenarioError(problems)
    of_levers = effects_of(frame, levers, derived_effects(frame, levers, teams))
    epoch_of_day, effects = with_weather(posterior, frame, of_levers, book)
    parameters = _parameters(posterior, days, n_slots, like)
    parameters |= month_arrays(posterior, frame, parameters)
    age, own_age = operational_ages(posterior, book, n_slots)
    order = _by_stage(book, age, log_amounts(posterior, book))
    book, age = _in_order(book, order), age[order]
    groups, group_of_segment = segments.grouped(scenario.forecast.by)
    forced = [placed.lever for placed in levers if isinstance(placed.lever, DealLever)]
    deals = _deal_arrays(book, own_age[order], segments, forced, _keys(book, like))
    capacity = capacity_of(frame, teams, levers, deals, age, effects[ResponseLever])
    kernel = KernelPlan(
        seed=seed,
        horizon_days=days.n_days,
        draw_of_future=draw_of_future,
        period_of_day=days.period_of_day,
        epoch_of_day=epoch_of_day,
        group_of_segment=group_of_segment,
        **_pipeline_arrays(pipeline, n_slots),
        **parameters,
        **as_waiting(deals, capacity),
        deal_log_amount=log_amounts(posterior, book),
        amount_family=AMOUNT_FAMILIES.index(posterior.draws.attrs["amount_family"]),
        on_conversion=effects[ConversionLever],
        on_duration=effects[DurationLever],
        on_arrivals=effects[ArrivalsLever],
        on_amount=effects[AmountLever],
    )
    begin_compiling_for(kernel)
    if problems := _too_many_arrivals(kernel) or too_much_worth(kernel, frame, levers, scenario):
        raise ScenarioError(problems)
    return Plan(
        scenario=name,
        kernel=kernel,
        pipeline=pipeline,
        groups=groups,
        days=days,
        deals=book.deal,
        cost=costs_of(frame, levers, teams, kernel),
        targets=dict(scenario.forecast.target),
        fingerprint=posterior.fingerprint,
        notes=(
            *cut_conversions(posterior, frame, levers, teams, kernel.draw_of_future),
            *cut_worths(kernel, frame, levers),
            *amounts_of_no_deal(kernel, frame, levers),
            *notes_of(frame, levers, teams, kernel),
            *_coarse_amounts(kernel),
            *cut_amounts(kernel, frame, levers),
            *heavy_tails(kernel),
        ),
        capacity=capacity,
        teams=tuple(teams),
        person_hours=hours_of_one(capacity, days.n_days),
        person_cost=cost_of_one(frame, teams),
        margin=margin_of(frame, scenario.forecast, groups),
    )


def _array(posterior: Posterior, variable: str, *dims: str) -> NDArray[np.float64]:
    """Return a posterior variable as a C-ordered array with these axes."""
    return np.ascontiguousarray(posterior.draws[variable].transpose(*dims).to_numpy(), dtype=np.float64)


def _mismatches(posterior: Posterior, book: Book, days: ForecastDays, scenario: Scenario) -> list[str]:
    """List where posterior, open deals and scenario do not speak of the same thing."""
    problems = []
    if book.as_of != days.as_of:
        problems.append(f"the open deals stand at {book.as_of}, the scenario's forecast.as_of is {days.as_of}")
    if book.pipeline != posterior.pipeline:
        problems.append("the open deals and the posterior belong to different pipelines")
    asked = scenario.pipeline_definition
    if asked != posterior.pipeline:
        written = f"{', '.join(asked.stages)} in the scenario, {', '.join(posterior.pipeline.stages)} in the posterior"
        problems.append(f"the scenario and the posterior belong to different pipelines: {written}")
    unknown = {book.segments.values[code] for code in book.segment_code} - set(posterior.segments.values)
    if unknown:
        problems.append(f"the posterior knows nothing of these segments of open deals: {sorted(unknown)}")
    return problems


def _stays_of_no_length(posterior: Posterior, levers: Sequence[PlacedLever]) -> list[str]:
    """List the levers that would stretch stays of no length to a new median."""
    return [
        f"{placed.place}.set: stays in {placed.lever.stage!r} last 0 days; there is no median to change"
        for placed in levers
        if isinstance(placed.lever, DurationLever)
        and placed.lever.set is not None
        and _lasts_no_time(posterior, placed.lever)
    ]


def forecast_days(scenario: Scenario) -> ForecastDays:
    """Return the days that a scenario forecasts."""
    forecast = scenario.forecast
    return ForecastDays(np.datetime64(forecast.as_of, "D"), np.datetime64(forecast.until, "D"), forecast.period)


def _lasts_no_time(posterior: Posterior, lever: DurationLever) -> bool:
    """Return whether a stage that a lever stretches to a new median has stays of no length to stretch."""
    scale = posterior.draws["days_scale"].sel(stage=lever.stage)
    if lever.move is not None:
        scale = scale.sel(move=lever.move)
    return bool((scale == 0).any())


def _pipeline_arrays(pipeline: Pipeline, n_slots: int) -> dict[str, Any]:
    """Return the graph of moves in codes."""
    destination = np.full((pipeline.n_stages, n_slots), NOWHERE, dtype=np.int64)
    for stage, moves in enumerate(pipeline.moves):
        destination[stage, : len(moves)] = [pipeline.destination_code(move) for move in moves]
    return {
        "destination": destination,
        "outcome_won": np.array([kind == "won" for kind in pipeline.kinds]),
        "outcome_resumes": np.array(
            [pipeline.stage_code(name) if pipeline.renews(name) else NOWHERE for name in pipeline.outcomes],
            dtype=np.int64,
        ),
    }


def _parameters(posterior: Posterior, days: ForecastDays, n_slots: int, like: Plan | None) -> dict[str, Any]:
    """Return all that the kernel reads of a posterior's draws; no lever changes it."""
    if like is not None and like.fingerprint == posterior.fingerprint and _same_days(like.days, days):
        return {name: getattr(like.kernel, name) for name in _OF_PARAMETERS}
    return {
        **_stage_arrays(posterior, n_slots),
        **hazard_arrays(posterior, n_slots),
        **slope_arrays(posterior),
        **clock_arrays(posterior, days, n_slots),
        **_arrival_arrays(posterior, days),
        "amount_scale": _array(posterior, "amount_scale", "draw", "segment") * MINOR_UNITS,
        "amount_shape": _array(posterior, "amount_shape", "draw", "segment"),
        "amount_quantiles": _amount_quantiles(posterior),
        "amount_most": float(posterior.draws.attrs.get("amount_most", math.inf)) * MINOR_UNITS,
        "amount_some": 1.0 - zero_shares_of(posterior.draws),
    }


def _same_days(one: ForecastDays, other: ForecastDays) -> bool:
    """Return whether two forecasts are of the same days, however these are cut into periods."""
    return (one.as_of, one.until) == (other.as_of, other.until)


def _stage_arrays(posterior: Posterior, n_slots: int) -> dict[str, Any]:
    """Return probabilities and days by slot; the last slot is to stall for good."""
    pipeline = posterior.pipeline
    full = (posterior.draws.sizes["draw"], pipeline.n_stages, len(posterior.segments), n_slots)
    arrays = {name: np.zeros(full) for name in ("probability", "days_scale", "days_shape")}
    family = np.full((pipeline.n_stages, n_slots), CONSTANT, dtype=np.int64)
    for stage, (name, moves) in enumerate(zip(pipeline.stages, pipeline.moves, strict=True)):
        here = posterior.draws.sel(stage=name, move=list(moves))
        for variable, array in arrays.items():
            array[:, stage, :, : len(moves)] = here[variable].transpose("draw", "segment", "move").to_numpy()
        stalled = posterior.draws["probability"].sel(stage=name, move=STALLED)
        arrays["probability"][:, stage, :, -1] = stalled.transpose("draw", "segment").to_numpy()
        family[stage, : len(moves)] = [FAMILIES.index(str(word)) for word in here["days_family"].to_numpy()]
    return {
        "family": family,
        "probability": arrays["probability"],
        "scale": arrays["days_scale"],
        "shape": arrays["days_shape"],
    }


def _by_stage(book: Book, age: NDArray[np.float64], log_amount: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the order of open deals by stage, segment, amount and age, so that the kernel meets the like in a row.

    Where nothing goes with the amount, that is by age: deals of one age are weighed together.
    """
    return np.lexsort((age, log_amount, book.segment_code, book.stage_code))


def _in_order(book: Book, order: NDArray[np.int64]) -> Book:
    """Return the open deals in another order."""
    arrays = ("deal", "stage_code", "age_days", "segment_code", "amount")
    return replace(book, **{name: getattr(book, name)[order] for name in arrays})


def _keys(book: Book, like: Plan | None) -> NDArray[np.uint64]:
    """Return the key of each open deal's luck."""
    if like is not None and np.array_equal(like.deals, book.deal):
        return like.kernel.deal_key
    return np.array([key_of(f"deal:{deal}") for deal in book.deal], dtype=np.uint64)


def _deal_arrays(
    book: Book,
    own_age: NDArray[np.float64],
    segments: Segments,
    forced: Sequence[DealLever],
    keys: NDArray[np.uint64],
) -> dict[str, Any]:
    """Return the open deals, those whose end a lever decides among them."""
    code_of_segment = np.array(
        [segments.code(value) if value in segments.values else -1 for value in book.segments.values]
    )
    amount = np.where(np.isnan(book.amount), -1.0, np.round(book.amount * MINOR_UNITS))
    outcome = np.full(len(book), NOT_FORCED, dtype=np.int64)
    for lever in forced:
        outcome[book.deal == lever.deal] = book.pipeline.destination_code(lever.outcome)
    return {
        "deal_key": keys,
        "deal_stage": book.stage_code.astype(np.int64),
        "deal_segment": code_of_segment[book.segment_code].astype(np.int64),
        "deal_age": own_age,
        "deal_amount": amount.astype(np.int64),
        "deal_forced": outcome,
        "deal_forced_day": np.zeros(len(book)),
    }


def _amount_quantiles(posterior: Posterior) -> NDArray[np.float64]:
    """Return the empirical amounts by segment, without any level when amounts have another family."""
    if posterior.draws.attrs["amount_family"] != EMPIRICAL:
        return np.zeros((len(posterior.segments), 0))
    return _array(posterior, "amount_quantiles", "segment", "level")


def _arrival_arrays(posterior: Posterior, days: ForecastDays) -> dict[str, Any]:
    """Return how many deals arrive per segment and day, and where they enter."""
    weekday = np.take(_array(posterior, "weekday_weight", "draw", "weekday"), days.weekday_of_day, axis=1)
    season, path, bounds = (
        _array(posterior, name, "draw", dim) if name in posterior.draws else None
        for name, dim in (("arrivals_season", "harmonic"), ("arrivals_path", "block"), ("arrivals_bound", "bound"))
    )
    as_of = day_number(days.as_of)
    cumulative = np.cumsum(_array(posterior, "entry_share", "segment", "stage"), axis=1)
    cumulative[:, -1] = 1.0
    return {
        "arrival_key": np.array(
            [key_of(f"arrivals:{value!r}") for value in posterior.segments.values], dtype=np.uint64
        ),
        "arrival_mean": _array(posterior, "arrivals_per_day", "draw", "segment"),
        "arrival_weekday_factor": weekday,
        "arrival_trend_factor": calendar_factor(
            as_of, days.n_days, season, path, _array(posterior, "arrivals_trend", "draw"), bounds
        ),
        "arrival_size": _array(posterior, "arrivals_size", "draw", "segment"),
        "entry_cumulative": np.where(cumulative > 1.0 - 1e-12, 1.0, cumulative),
    }


def _coarse_amounts(kernel: KernelPlan) -> list[str]:
    """Say where amounts are so small, as in millions, that counting them in hundredths of a unit changes them."""
    usual = [
        amount_isf(kernel.amount_family, float(scale), float(shape), quantiles, 0.5)
        for scale, shape, quantiles in zip(
            kernel.amount_scale[0], kernel.amount_shape[0], kernel.amount_quantiles, strict=True
        )
        if scale > 0.0
    ]
    largest = max([*usual, *kernel.deal_amount.tolist()], default=0.0) / MINOR_UNITS
    if not 0.0 < largest < 1.0:
        return []
    note = f"amounts are counted in hundredths, and the usual deal is worth {largest:.3g}: much is lost to rounding"
    return [f"{note}; give amounts in a smaller unit"]


def _too_many_arrivals(kernel: KernelPlan) -> list[str]:
    """Refuse more new deals in a future than can be played one by one."""
    effects = kernel.on_arrivals
    n_epochs = int(kernel.epoch_of_day[-1]) + 1
    factor, more = np.ones(n_epochs), np.zeros(n_epochs)
    for operation, sizes, weight in zip(effects.operation, effects.value, effects.weight, strict=True):
        largest = float(np.max(sizes))
        if operation == MULTIPLY:
            factor *= 1.0 + weight * (max(largest, 1.0) - 1.0)
        else:
            more += weight * max(largest, 0.0)
    per_day = kernel.arrival_mean.sum(axis=1, keepdims=True) * kernel.arrival_trend_factor
    per_day = per_day * factor[kernel.epoch_of_day] + more[kernel.epoch_of_day]
    expected = float(np.max((per_day * kernel.arrival_weekday_factor).sum(axis=1)))
    if expected <= MOST_ARRIVALS:
        return []
    about = f"{expected:,.0f}" if expected < 1e15 else f"{expected:.4g}"
    problem = f"about {about} new deals would come in one future, and simcast plays at most {MOST_ARRIVALS:,}"
    return [f"{problem}; count them in thousands, or forecast fewer days"]
