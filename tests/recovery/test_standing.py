"""Segments that do well at every stage: what a stage learns of the others, against histories whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from worlds import TrueStage, World

import simcast
from benchmarks.uniformity import holm, rank_among, uniformity_p_value
from simcast.model import DEFAULT_PRIORS, FitSettings
from simcast.model.cells import Cells
from simcast.model.hierarchy import SegmentLayout
from simcast.model.parts import stage_part
from simcast.model.sampling import sample
from simcast.model.standing import Standing
from simcast.model.stays import StageStays

Floats = NDArray[np.float64]

STAGES = ("лид", "call", "meeting", "proposal", "contract")
SOURCES = ("ads", "cold", "referral", "сайт")
N_DAYS, SPREAD = 182, 0.4
"""Half a year of some 1,100 deals, whose odds at a stage differ between sources by a factor of about 1.5."""

N_WORLDS = 8
N_REPLICATES, N_RANKS, N_STAYS = 40, 100, 500
FAMILY_WISE = 0.01


def centred(values: Floats) -> Floats:
    return values - values.mean(axis=0)


def world_of(lasting: bool, generator: np.random.Generator) -> World:
    """Sources differ alike at all stages, or at each by itself."""
    own = centred(generator.normal(0.0, SPREAD, (len(SOURCES), 1 if lasting else len(STAGES))))
    medians = np.exp(generator.normal(np.log(9.0), 0.5, len(STAGES)))
    conversion = expit(generator.normal(0.2, 0.4, len(STAGES)) + own).T
    return World(
        STAGES,
        SOURCES,
        tuple(
            TrueStage(chance, np.full((len(SOURCES), 2), days), np.full(2, 0.8), 0.02)
            for chance, days in zip(np.broadcast_to(conversion, (len(STAGES), len(SOURCES))), medians, strict=True)
        ),
        rate=np.array([2.1, 1.5, 0.9, 1.5]),
        weekday=np.ones(7),
        trend_per_year=0.0,
        size=20.0,
        amount_median=np.full(len(SOURCES), 100.0),
        amount_sigma=0.5,
    )


@dataclass(frozen=True)
class Found:
    """What fits find of how the logs of the sources' chances to be won differ.

    `slope` is how much of the true differences is found, 1 for all; `error` is the root mean square of what is missed;
    `held` is how many of the 80% intervals, one per source and world, contain the truth.
    """

    slope: float
    error: float
    held: int


def found(lasting: bool, across_stages: str) -> Found:
    settings = FitSettings(
        quick=True, durations="lognormal", calendar="none", weather="none", across_stages=across_stages
    )
    fitted, true = np.zeros((2, N_WORLDS, len(SOURCES)))
    held = 0
    for seed in range(N_WORLDS):
        world = world_of(lasting, np.random.default_rng(seed))
        draws = simcast.fit(world.history(N_DAYS, seed), settings=settings).draws
        moves = zip(STAGES, [*STAGES[1:], "won"], strict=True)
        chances = [draws["probability"].sel(stage=stage, move=move) for stage, move in moves]
        log_win = sum(np.log(chance.transpose("segment", "draw").to_numpy()) for chance in chances)
        differences = centred(np.asarray(log_win))
        fitted[seed] = differences.mean(axis=1)
        true[seed] = centred(np.log([truth.conversion for truth in world.truth]).sum(axis=0))
        low, high = np.quantile(differences, [0.1, 0.9], axis=1)
        held += int(np.sum((low <= true[seed]) & (true[seed] <= high)))
    slope = float((fitted * true).sum() / (true**2).sum())
    return Found(slope, float(np.sqrt(np.mean((fitted - true) ** 2))), held)


@pytest.mark.slow
def test_sources_that_do_well_everywhere_are_drawn_less_to_the_mean() -> None:
    alone, told = found(lasting=True, across_stages="none"), found(lasting=True, across_stages="auto")
    assert alone.slope < 0.75
    assert abs(1.0 - told.slope) < 0.5 * (1.0 - alone.slope)
    assert told.error < 0.9 * alone.error
    assert told.held > alone.held


@pytest.mark.slow
def test_stages_that_have_nothing_to_do_with_each_other_lose_little() -> None:
    alone, told = found(lasting=False, across_stages="none"), found(lasting=False, across_stages="auto")
    assert told.error < 1.2 * alone.error


def p_values_of_ranks(sign: float) -> dict[str, float]:
    """Draw a stage from its priors, its standing from outside; fit it with that, times `sign`; compare ranks."""
    layout, priors = SegmentLayout(len(SOURCES)), tuple(DEFAULT_PRIORS.items())
    settings = FitSettings(draws=500, tune=500, chains=2, thin=1)
    ranks: dict[str, list[int]] = {}
    for seed in range(N_REPLICATES):
        generator = np.random.default_rng(seed)
        standing = centred(generator.normal(0.0, 1.0, len(SOURCES)))
        truth, stays = stage_from_priors(standing, generator)
        part = stage_part(
            "лид", stays, "lognormal", layout, settings, priors, Standing(sign * standing, np.zeros((4, 4)))
        )
        drawn = sample(part.ready, part.data, part.settings, seed, part.name)
        draws = {"standing_slope": drawn["standing_slope"].ravel()}
        draws |= {name: drawn["effect"][..., code, 0].ravel() for code, name in enumerate(SOURCES)}
        for name, values in draws.items():
            ranks.setdefault(name, []).append(rank_among(values, truth[name], N_RANKS, generator))
    return holm({name: uniformity_p_value(values, N_RANKS) for name, values in ranks.items()})


def stage_from_priors(standing: Floats, generator: np.random.Generator) -> tuple[dict[str, float], StageStays]:
    def drawn(name: str, size: int | None = None) -> Floats:
        prior = DEFAULT_PRIORS[name]
        normal = generator.normal(prior.mean, prior.sd, size)
        return np.asarray(np.exp(normal) if prior.family == "lognormal" else normal)

    n, n_segments = N_STAYS, len(SOURCES)
    slope = float(drawn("standing_slope"))
    odds = drawn("conversion_logit") + slope * standing
    odds = odds + drawn("conversion_spread") * generator.standard_normal(n_segments)
    spread = drawn("median_spread", 2)
    log_median = drawn("log_median_days", 2) + spread * generator.standard_normal((n_segments, 2))
    sigma, stalled = np.exp(drawn("log_days_shape", 2)), expit(drawn("stalled_logit"))
    segment = generator.integers(n_segments, size=n)
    move = np.where(generator.random(n) < expit(odds)[segment], 0, 1)
    days = np.exp(log_median[segment, move] + sigma[move] * generator.standard_normal(n))
    days[generator.random(n) < stalled] = np.inf
    began, age = generator.random(n), generator.integers(1, 400, n)
    left = np.floor(began + np.minimum(days, 1e6)).astype(np.int64)
    is_open = left >= age
    stays = StageStays(
        2,
        Cells.of_segments(n_segments),
        segment,
        np.where(is_open, -1, move),
        np.where(is_open, age, left),
        np.zeros(n, dtype=np.int64),
    )
    return {"standing_slope": slope, **dict(zip(SOURCES, map(float, odds), strict=True))}, stays


@pytest.mark.slow
def test_the_slope_has_uniform_ranks_among_its_draws() -> None:
    corrected = p_values_of_ranks(1.0)
    assert {name: p for name, p in corrected.items() if p < FAMILY_WISE} == {}


@pytest.mark.slow
def test_a_standing_with_the_wrong_sign_is_caught() -> None:
    assert p_values_of_ranks(-1.0)["standing_slope"] < FAMILY_WISE
