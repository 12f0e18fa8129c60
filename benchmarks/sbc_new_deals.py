"""Arrivals and amounts drawn from their priors, selected by the numbers that the model takes from the data."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy import special

from benchmarks.sbc_cases import (
    AMOUNT,
    AMOUNTS,
    BEYOND_RECORD,
    BLOCK_DAYS,
    DAYS_PER_YEAR,
    FIRST_DAY,
    LEAST_SHARE_OF_AMOUNT,
    MOST_TRIES,
    N_DAYS,
    N_DAYS_AFTER,
    N_DEALS,
    RAMP_DAYS,
    WITHIN,
    Case,
    Floats,
    Ints,
    Truth,
    centred,
    drawn,
)
from benchmarks.sbc_changes import QUARTER_STARTS
from simcast.model import NEW_DEAL_PRIORS
from simcast.money import MOST_AMOUNT
from simcast.synthetic.worlds import WON, World, WorldArrivals, WorldEvents, arriving


def draw_arrivals(case: Case, generator: np.random.Generator) -> tuple[WorldArrivals, Truth, int]:
    """Draw arrivals until the history has the right number of deals; return the world's seed with them."""
    priors, n_segments = NEW_DEAL_PRIORS, len(case.segments)
    unit = N_DEALS / (N_DAYS * n_segments)
    for _ in range(MOST_TRIES):
        log_level, truth = _draw_level(generator)
        spread = float(drawn(priors["log_rate_spread"], generator))
        mean = float(drawn(priors["log_rate_mean"], generator))
        log_rate = mean + spread * generator.standard_normal(n_segments)
        logits = priors["weekday_logit"].sd * centred(generator.standard_normal(7))
        weight = 7.0 * special.softmax(logits)
        size = float(np.exp(drawn(priors["log_size"], generator)))
        centre = log_level[:N_DAYS].mean()
        per_day = unit * np.exp(log_rate)
        expected = per_day.sum() * np.exp(log_level[:N_DAYS] - centre).sum()
        if not 0.05 * N_DEALS < expected < 20.0 * N_DEALS:
            continue  # it would not have been selected: this only saves the time to simulate it
        by_cell = np.repeat(per_day / case.n_amounts, case.n_amounts)
        arrivals = WorldArrivals(by_cell, weight, size, log_level - centre)
        seed = int(generator.integers(2**31))
        if _selected(case, arrivals, seed):
            if case.by_amount:
                return arrivals, {}, seed
            truth |= {"arrivals: log size": math.log(size), "arrivals: spread of log_rate": spread}
            truth["arrivals: mean of log_rate"] = mean
            truth |= {f"arrivals: weight of weekday {day}": float(weight[day]) for day in range(7)}
            rates = per_day * math.exp(-centre)
            truth |= {
                f"arrivals: per day [{label}]": float(rate) for label, rate in zip(case.labels, rates, strict=True)
            }
            return arrivals, truth, seed
    raise RuntimeError(f"no history with about {N_DEALS} deals in {MOST_TRIES} tries")


def _selected(case: Case, arrivals: WorldArrivals, seed: int) -> bool:
    """Tell whether the arrivals of the known days are among the selected ones."""
    cell, instant = _known_arrivals(arrivals, seed)
    n_deals = len(cell)
    if abs(n_deals - N_DEALS) > WITHIN * N_DEALS or instant[0] >= 1.0:
        return False
    if case.drifting and instant[-1] < QUARTER_STARTS[-2]:
        return False
    of_amount = np.bincount(cell % case.n_amounts, minlength=case.n_amounts)
    return len(np.unique(cell // case.n_amounts)) == len(case.segments) and bool(
        (of_amount >= LEAST_SHARE_OF_AMOUNT * n_deals).all()
    )


def _known_arrivals(arrivals: WorldArrivals, seed: int) -> tuple[Ints, Floats]:
    """Return segments (each divided by amounts, if there are any) and instants of the deals on record."""
    cell, instant = arriving(arrivals, np.datetime64(FIRST_DAY, "D"), np.random.default_rng(seed))
    known = instant < N_DAYS
    return cell[known], instant[known]


def log_amount_centre(case: Case, arrivals: WorldArrivals, seed: int) -> float:
    """Return the mean log amount of the deals on record; 0 where amounts tell nothing."""
    if not case.by_amount:
        return 0.0
    cell, _ = _known_arrivals(arrivals, seed)
    return float(np.log(AMOUNTS)[cell % len(AMOUNTS)].mean())


def _draw_level(generator: np.random.Generator) -> tuple[Floats, Truth]:
    """Draw the log level of every day against that at the as-of date without its season and its weather."""
    priors = NEW_DEAL_PRIORS
    walk, block, ramp, season = (
        float(drawn(priors[f"{name}_spread"], generator)) for name in ("walk", "block", "ramp", "season")
    )
    coefficients = season * generator.standard_normal(4)
    trend = float(drawn(priors["trend_per_year"], generator))
    n_blocks = -(-N_DAYS // BLOCK_DAYS)
    in_ramp = N_DAYS - np.arange(1, n_blocks) * BLOCK_DAYS < RAMP_DAYS
    steps = np.where(in_ramp, ramp, walk) * generator.standard_normal(n_blocks - 1)
    weather = block * generator.standard_normal(n_blocks - int(in_ramp.sum()))  # the ramp's is in its steps
    back = np.concatenate([[0.0], np.cumsum(steps)]) + np.pad(weather, (0, int(in_ramp.sum())), mode="edge")
    path = np.cumsum(walk * generator.standard_normal(-(-N_DAYS_AFTER // BLOCK_DAYS)))
    path = path + block * generator.standard_normal(path.size)
    day = np.arange(N_DAYS + N_DAYS_AFTER)
    known = day < N_DAYS
    level = np.where(
        known,
        back[np.minimum(np.maximum(N_DAYS - 1 - day, 0) // BLOCK_DAYS, n_blocks - 1)],
        path[np.maximum(day - N_DAYS, 0) // BLOCK_DAYS],
    )
    turn = 2.0 * math.pi * (day + int(np.datetime64(FIRST_DAY, "D").astype(np.int64)) + 0.5) / DAYS_PER_YEAR
    waves = np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)])
    level = level + coefficients @ waves
    growth = trend * (day + 0.5 - N_DAYS) / DAYS_PER_YEAR
    weeks = np.split((level + growth)[:N_DAYS], np.arange(N_DAYS % 7, N_DAYS, 7))
    on_record = [0.0, *(float(week.mean()) for week in weeks if week.size)]
    bounded = np.clip(level, min(on_record) - BEYOND_RECORD, max(on_record) + BEYOND_RECORD)
    log_level = np.where(known, level, bounded) + growth
    truth = {f"arrivals: season {position}": float(value) for position, value in enumerate(coefficients)}
    spreads = {"arrivals: sd of the walk": walk, "arrivals: sd of blocks": block}
    return log_level, truth | {"arrivals: trend per year": trend} | spreads


def draw_amounts(
    case: Case, world: World, events: WorldEvents, generator: np.random.Generator
) -> tuple[World, WorldEvents, Truth]:
    """Draw amounts of the deals won until their geometric mean is right."""
    priors, n_segments = NEW_DEAL_PRIORS, len(case.segments)
    won = np.asarray(events.name == WON, dtype=bool)
    segment, known = events.segment_code[won], events.instant[won] < N_DAYS
    for _ in range(MOST_TRIES):
        spread, shape_spread = (
            float(drawn(priors[name], generator)) for name in ("log_amount_spread", "log_amount_shape_spread")
        )
        shape_mean = float(drawn(priors["log_amount_shape_mean"], generator))
        mean = float(drawn(priors["log_amount_mean"], generator))
        log_median = mean + spread * generator.standard_normal(n_segments)
        sigma = np.exp(shape_mean + shape_spread * generator.standard_normal(n_segments))
        logs = log_median[segment] + sigma[segment] * generator.standard_normal(len(segment))
        written = np.maximum(np.round(AMOUNT * np.exp(logs), 2), 0.01)
        if abs(logs[known].mean()) > WITHIN or written[known].max() > MOST_AMOUNT:
            continue
        median = AMOUNT * np.exp(log_median)
        amount = events.amount.copy()
        amount[won] = np.minimum(written, MOST_AMOUNT)  # of those yet to come; no rank depends on it
        truth = {
            "amounts: mean of log_amount": mean,
            "amounts: spread of log_amount": spread,
            "amounts: mean of log_amount_shape": shape_mean,
            "amounts: spread of log_amount_shape": shape_spread,
        }
        for code, label in enumerate(case.labels):
            truth |= {
                f"amounts: median [{label}]": float(median[code]),
                f"amounts: sigma [{label}]": float(sigma[code]),
            }
        return replace(world, amount_median=median, amount_sigma=sigma), replace(events, amount=amount), truth
    raise RuntimeError(f"no amounts round {AMOUNT} in {MOST_TRIES} tries")
