"""Kernel plans for tests: small random ones, and simple ones with known parameters."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.amounts import EMPIRICAL_CODE
from simcast.engine.clock import first_days
from simcast.engine.hazard import hazard_marginals
from simcast.engine.layout import (
    ADD,
    CAP,
    MOVE_ODDS,
    MULTIPLY,
    NOT_FORCED,
    NOWHERE,
    ODDS,
    SET,
    Effects,
    KernelPlan,
    no_hazards,
)
from simcast.engine.rng import draw_of_futures
from simcast.engine.samplers import EXPONENTIAL, HAZARD_CODE, LOGNORMAL


def no_effects(plan_shape: tuple[int, int, int], n_epochs: int, n_futures: int) -> Effects:
    """No lever at all."""
    return random_effects(np.random.default_rng(0), 0, (0,), plan_shape, n_epochs, n_futures)


def random_effects(
    rng: np.random.Generator,
    n: int,
    operations: tuple[int, ...],
    plan_shape: tuple[int, int, int],
    n_epochs: int,
    n_futures: int,
) -> Effects:
    n_stages, n_segments, n_slots = plan_shape
    slots = rng.random((n, n_slots)) < 0.7
    slots[:, -1] = False
    operation = rng.choice(operations, n) if n else np.zeros(0, np.int64)
    value = rng.uniform(0.1, 0.9, (n, n_futures)) + np.where(operation == CAP, 4.0, 0.0)[:, None]
    return Effects(
        operation=operation.astype(np.int64),
        # One cap a stage at most: two on one stay are refused before they reach the kernel.
        stage=rng.permutation(np.arange(max(n, n_stages)) % n_stages)[:n].astype(np.int64),
        slots=slots,
        segments=rng.random((n, n_segments)) < 0.6,
        on_open=rng.random(n) < 0.5,
        weight=rng.random((n, n_epochs)),
        value=value,
    )


def random_hazards(
    rng: np.random.Generator, by_day: NDArray[np.int64], full: tuple[int, int, int, int]
) -> dict[str, NDArray[np.generic]]:
    """Return hazards for some stages: some end before the oldest deals' ages, some moves come in some pieces only."""
    n_draws, n_stages, n_segments, n_slots = full
    start = np.array([0.0, 1.0, 3.0, 4.0, 7.0, 9.0 if rng.random() < 0.3 else 40.0])
    row = np.full(n_stages, NOWHERE)
    row[by_day] = np.arange(len(by_day))
    rate = rng.exponential(0.1, (n_draws, len(by_day), n_slots - 1, len(start) - 1))
    rate[:, :, 2, rng.integers(0, len(start) - 1)] = 1e-300
    return {
        "hazard_row": row,
        "hazard_start": start,
        "hazard_rate": rate,
        "hazard_factor": np.exp(rng.normal(0.0, 0.5, (n_draws, len(by_day), n_segments, n_slots - 1))),
    }


def random_clocks(
    rng: np.random.Generator, horizon: int, destination: NDArray[np.int64], n_futures: int
) -> dict[str, NDArray[np.generic]]:
    """Return three clocks, one of which stands still on some days, given to about half of the moves.

    In two plans of three futures have quick and slow months of their own.
    """
    weight = rng.exponential(1.0, (3, horizon))
    weight[0, rng.random(horizon) < 0.3] = 0.0
    passed = np.hstack([np.zeros((3, 1)), np.cumsum(weight, axis=1)])
    clock_of = np.where(rng.random(destination.shape) < 0.5, NOWHERE, rng.integers(0, 3, destination.shape))
    return {
        "clock_of": np.where(destination == NOWHERE, NOWHERE, clock_of),
        "clock_passed": passed,
        "clock_opening": np.clip(rng.uniform(-1.5, 1.3, (3, horizon)), 0.0, 1.0),
        "clock_from_day": first_days(passed),
        "month_of_day": np.arange(horizon) // 10,
        "month_speed": rng.lognormal(0.0, 0.5, ((horizon + 9) // 10 if rng.random() < 2 / 3 else 0, n_futures)),
    }


def random_ages(rng: np.random.Generator, age: NDArray[np.float64], n_slots: int) -> NDArray[np.float64]:
    """Return ages for each slot, (n_deals, n_slots): one for all, or in half of the deals one for each clock."""
    own = age[:, None] * rng.uniform(0.0, 2.0, (len(age), n_slots))
    own[rng.random(len(age)) < 1 / 6, 1] = 0.0
    return np.where(rng.random((len(age), 1)) < 0.5, age[:, None], own)


def random_plan(seed: int, n_futures: int = 3) -> KernelPlan:
    """Return a small plan that uses everything at once: any graph, all families, levers, renewals, forced deals."""
    rng = np.random.default_rng(seed)
    n_stages, n_segments, n_slots, n_draws, horizon, n_epochs = 4, 3, 4, 2, 20, 3
    destination = np.full((n_stages, n_slots), NOWHERE)
    for stage in range(n_stages):
        destination[stage, 0] = stage + 1  # the last stage's forward move ends in the first outcome, won
        destination[stage, 1] = n_stages + 1
        destination[stage, 2] = rng.choice([k for k in range(n_stages) if k not in (stage, stage + 1)])
    family = rng.integers(0, 6, (n_stages, n_slots))
    by_day = np.flatnonzero(rng.random(n_stages) < 0.5)
    family[by_day] = HAZARD_CODE
    full = (n_draws, n_stages, n_segments, n_slots)
    shape = (n_stages, n_segments, n_slots)
    n_deals = 12
    epochs = np.sort(rng.integers(0, n_epochs, horizon))
    _, epochs = np.unique(epochs, return_inverse=True)
    n_epochs = int(epochs[-1]) + 1
    groups = rng.integers(0, 2, n_segments)
    groups[0] = 1
    effects = (2, shape, n_epochs, n_futures)
    probability = rng.dirichlet(np.ones(n_slots), full[:-1])
    hazards = random_hazards(rng, by_day, full)
    for row, stage in enumerate(by_day):
        logs = np.log(hazards["hazard_rate"][:, row]), np.log(hazards["hazard_factor"][:, row]).transpose(0, 2, 1)
        probability[:, stage] = hazard_marginals(*logs, hazards["hazard_start"])[0].transpose(0, 2, 1)
    return KernelPlan(
        seed=np.uint64(seed + 2**63),
        horizon_days=horizon,
        draw_of_future=draw_of_futures(seed, n_futures, n_draws),
        period_of_day=np.arange(horizon) // 7,
        epoch_of_day=epochs.astype(np.int64),
        group_of_segment=groups,
        destination=destination,
        family=family,
        outcome_won=np.array([True, False]),
        outcome_resumes=np.array([int(rng.integers(0, n_stages)) if seed % 2 else NOWHERE, NOWHERE]),
        probability=probability,
        scale=rng.uniform(0.5, 6.0, full),
        shape=rng.uniform(0.3, 1.5, full),
        **hazards,
        **random_clocks(np.random.default_rng(seed + 1000), horizon, destination, n_futures),
        amount_slope=rng.normal(0.0, 0.5, (n_draws if seed % 3 else 0, n_stages)),
        amount_offset=rng.normal(0.0, 0.5, (n_draws if seed % 3 else 0, n_stages, n_segments)),
        deal_key=rng.integers(0, 2**64, n_deals, dtype=np.uint64),
        deal_stage=rng.integers(0, n_stages, n_deals),
        deal_segment=rng.integers(0, n_segments, n_deals),
        deal_age=random_ages(np.random.default_rng(seed + 2000), rng.integers(0, 9, n_deals) + 0.5, n_slots),
        deal_amount=np.where(rng.random(n_deals) < 0.5, rng.integers(0, 10**6, n_deals), -1),
        deal_log_amount=rng.choice([0.0, math.nan, 1.0], n_deals, p=[0.1, 0.3, 0.6]) * rng.normal(0.0, 1.5, n_deals),
        deal_forced=np.where(rng.random(n_deals) < 0.2, n_stages + rng.integers(0, 2, n_deals), NOT_FORCED),
        deal_forced_day=rng.integers(0, horizon, n_deals).astype(float),
        arrival_key=rng.integers(0, 2**64, n_segments, dtype=np.uint64),
        arrival_mean=rng.uniform(0.0, 1.5, (n_draws, n_segments)),
        arrival_weekday_factor=rng.uniform(0.0, 2.0, (n_draws, horizon)),
        arrival_trend_factor=rng.uniform(0.5, 1.5, (n_draws, horizon)),
        arrival_size=np.array([[math.inf] * n_segments, [1.5, 0.7, 9.0]]),
        entry_cumulative=np.hstack([np.sort(rng.random((n_segments, n_stages - 1))), np.ones((n_segments, 1))]),
        amount_family=LOGNORMAL if seed % 2 else EMPIRICAL_CODE,
        amount_scale=rng.uniform(1e3, 1e6, (n_draws, n_segments)),
        amount_shape=rng.uniform(0.2, 1.2, (n_draws, n_segments)),
        amount_quantiles=np.sort(rng.uniform(0.0, 3.0, (n_segments, 1 + seed % 5)), axis=1),
        amount_most=2e6 if seed % 3 else math.inf,
        amount_some=np.random.default_rng(seed + 2000).choice([0.0, 0.3, 1.0], (n_draws, n_segments)),
        on_conversion=random_effects(rng, 3, (SET, ODDS, MOVE_ODDS, MULTIPLY, ADD), *effects[1:]),
        on_duration=random_effects(rng, 4, (SET, MULTIPLY, CAP), *effects[1:]),
        on_arrivals=random_effects(rng, 2, (MULTIPLY, ADD), *effects[1:]),
        on_amount=random_effects(rng, 2, (MULTIPLY, ADD), *effects[1:]),
    )


def chain_plan(
    n_futures: int,
    horizon: int,
    conversion: tuple[float, ...],
    *,
    mean_days: float = 1.0,
    n_open: int = 0,
    age: float = 0.0,
    per_day: float = 0.0,
    amount: float = 100.0,
    seed: int = 1,
) -> KernelPlan:
    """Return a plan of stages in a row with exponential times and constant amounts, for closed forms."""
    n_stages = len(conversion)
    shape = (n_stages, 1, 3)
    destination = np.full((n_stages, 3), NOWHERE)
    destination[:, 0] = np.arange(1, n_stages + 1)
    destination[:, 1] = n_stages + 1
    p = np.array(conversion)
    none = no_effects(shape, 1, n_futures)
    return KernelPlan(
        seed=np.uint64(seed),
        horizon_days=horizon,
        draw_of_future=np.zeros(n_futures, np.int64),
        period_of_day=np.zeros(horizon, np.int64),
        epoch_of_day=np.zeros(horizon, np.int64),
        group_of_segment=np.zeros(1, np.int64),
        destination=destination,
        family=np.full((n_stages, 3), EXPONENTIAL),
        outcome_won=np.array([True, False]),
        outcome_resumes=np.array([NOWHERE, NOWHERE]),
        probability=np.stack([p, 1 - p, 0 * p], axis=-1)[None, :, None, :],
        scale=np.full((1, *shape), mean_days),
        shape=np.ones((1, *shape)),
        **no_hazards(1, *shape),
        deal_key=np.arange(n_open, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15),
        deal_stage=np.zeros(n_open, np.int64),
        deal_segment=np.zeros(n_open, np.int64),
        deal_age=np.full((n_open, 3), age),
        deal_amount=np.full(n_open, round(amount * 100)),
        deal_log_amount=np.full(n_open, math.nan),
        deal_forced=np.full(n_open, NOT_FORCED),
        deal_forced_day=np.zeros(n_open),
        arrival_key=np.array([2**63 + 12345], dtype=np.uint64),
        arrival_mean=np.full((1, 1), per_day),
        arrival_weekday_factor=np.ones((1, horizon)),
        arrival_trend_factor=np.ones((1, horizon)),
        arrival_size=np.array([[math.inf]]),
        entry_cumulative=np.ones((1, n_stages)),
        amount_family=0,
        amount_scale=np.full((1, 1), amount * 100),
        amount_shape=np.zeros((1, 1)),
        amount_quantiles=np.zeros((1, 0)),
        amount_most=math.inf,
        amount_some=np.ones((1, 1)),
        on_conversion=none,
        on_duration=none,
        on_arrivals=none,
        on_amount=none,
    )


def with_hazards(plan: KernelPlan, rate: NDArray[np.float64], start: NDArray[np.float64]) -> KernelPlan:
    """Return the plan with the same hazards, (2 moves, n_pieces), in all stages, segments and draws."""
    n_draws, n_stages, n_segments, _ = plan.probability.shape
    ends, _ = hazard_marginals(np.log(rate)[None], np.zeros((1, 2, 1)), start)
    return plan._replace(
        family=np.where(plan.destination == NOWHERE, plan.family, HAZARD_CODE),
        probability=np.broadcast_to(ends[0, :, 0], plan.probability.shape).copy(),
        hazard_row=np.arange(n_stages),
        hazard_start=start,
        hazard_rate=np.broadcast_to(rate, (n_draws, n_stages, *rate.shape)).copy(),
        hazard_factor=np.ones((n_draws, n_stages, n_segments, 2)),
    )
