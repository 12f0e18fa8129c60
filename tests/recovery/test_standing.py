"""Segments that do well at every stage: what a stage learns of the others, against histories whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from benchmarks.other_stages import SOURCES, Floats, centred, found
from benchmarks.uniformity import holm, rank_among, uniformity_p_value
from simcast.model import DEFAULT_PRIORS, FitSettings
from simcast.model.cells import Cells
from simcast.model.hierarchy import SegmentLayout
from simcast.model.parts import stage_part
from simcast.model.sampling import sample
from simcast.model.standing import Standing
from simcast.model.stays import StageStays

N_WORLDS = 8
N_REPLICATES, N_RANKS, N_STAYS = 40, 100, 500
FAMILY_WISE = 0.01


@pytest.mark.slow
def test_sources_that_do_well_everywhere_are_drawn_less_to_the_mean() -> None:
    alone, told = found(True, "none", N_WORLDS), found(True, "auto", N_WORLDS)
    assert alone.slope < 0.75
    assert abs(1.0 - told.slope) < 0.5 * (1.0 - alone.slope)
    assert told.error < 0.9 * alone.error
    assert told.held > alone.held


@pytest.mark.slow
def test_stages_that_have_nothing_to_do_with_each_other_lose_little() -> None:
    alone, told = found(False, "none", N_WORLDS), found(False, "auto", N_WORLDS)
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
