"""The level of arrivals over time: its terms in the past, and how it goes on."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from simcast.model.arrival_levels import (
    CALM,
    N_STEPS,
    N_TERMS,
    SEASON,
    LevelBasis,
    bounds_of_record,
    centred_levels,
    future_path,
    level_rows,
    sines,
    steps_of_ramp,
    weekly_levels,
)
from simcast.model.new_deals import ArrivalCounts, count_arrivals
from simcast.model.new_deals_model import walk_and_block, weather_given_steps
from simcast.model.priors import NEW_DEAL_PRIORS
from simcast.posterior.arrivals import BLOCK_DAYS, N_FUTURE_BLOCKS, calendar_factor, yearly_harmonics
from tests.unit.model.small_histories import sources

Floats = NDArray[np.float64]
UNTIL = int(np.datetime64("2026-04-01").astype(np.int64))


def counted(n_days: int, per_day: int = 3, recorded_days: int | None = None) -> ArrivalCounts:
    first_day = UNTIL - 1 - np.repeat(np.arange(n_days), per_day)
    recorded_from = None if recorded_days is None else UNTIL - recorded_days
    return count_arrivals(first_day, np.arange(first_day.size) % 2, UNTIL, sources(2), recorded_from)


def terms_of(step: float = 0.0, season: float = 0.0, trend: float = 0.0) -> Floats:
    generator = np.random.default_rng(5)
    return np.concatenate([step * generator.normal(size=N_STEPS), season * generator.normal(size=4), [trend, 0.0]])


def test_the_walk_is_zero_in_the_last_block_and_steps_once_a_block_before_it() -> None:
    terms = terms_of(step=0.1)
    level = level_rows(counted(400), np.arange(UNTIL - 400, UNTIL)) @ terms
    blocks_back = (399 - np.arange(400)) // BLOCK_DAYS
    np.testing.assert_allclose(level, np.append(0.0, np.cumsum(terms[:N_STEPS]))[blocks_back])


def test_past_and_future_have_one_season_and_one_trend() -> None:
    """The level of a past day by the model is the factor that a plan would give that day."""
    terms = terms_of(season=0.2, trend=0.4)
    days = np.arange(UNTIL - 500, UNTIL)
    past = np.exp(level_rows(counted(500), days) @ terms)
    season = np.exp(yearly_harmonics(days) @ terms[SEASON])
    np.testing.assert_allclose(past, season * np.exp(0.4 * (days + 0.5 - UNTIL) / 365.25))
    ahead = calendar_factor(UNTIL - 500, 500, terms[None, SEASON], None, np.zeros(1))[0]
    np.testing.assert_allclose(season, ahead)


def test_what_a_history_is_too_short_to_show_has_no_effect() -> None:
    for n_days, seen in ((50, 0), (300, 1), (364, 1), (365, 5)):
        rows = level_rows(counted(n_days), np.arange(UNTIL - n_days, UNTIL))
        assert np.any(rows[:, CALM] != 0, axis=0).sum() == seen


@pytest.mark.parametrize("n_days", [1, 27, 28, 29, 400, 1500])
def test_levels_are_measured_from_their_mean_over_the_days_counted(n_days: int) -> None:
    arrivals = counted(n_days)
    levels, _ = centred_levels(arrivals)
    assert levels.shape == (arrivals.n_blocks, N_TERMS)
    np.testing.assert_allclose(arrivals.n_days.sum(axis=0) @ levels, 0.0, atol=1e-9)


def test_weeks_are_counted_back_from_the_as_of_date_and_average_their_days() -> None:
    arrivals = counted(30)
    first, rows = weekly_levels(arrivals)
    np.testing.assert_array_equal(first, UNTIL - np.array([30, 28, 21, 14, 7]))
    days = level_rows(arrivals, np.arange(UNTIL - 30, UNTIL))
    np.testing.assert_allclose(rows[0], days[:2].mean(axis=0))
    np.testing.assert_allclose(rows[-1], days[-7:].mean(axis=0))


def test_only_steps_in_the_first_half_year_of_a_young_crm_belong_to_a_ramp() -> None:
    assert steps_of_ramp(counted(364)).sum() == 7 - 1  # thirteen blocks; the seventh begins after 168 days
    np.testing.assert_array_equal(np.flatnonzero(steps_of_ramp(counted(364))), np.arange(6, 12))
    assert steps_of_ramp(counted(1500)).sum() == 0
    assert steps_of_ramp(counted(364, recorded_days=300)).sum() == 0
    assert steps_of_ramp(counted(20)).sum() == 0


def steps_covariance(n_steps: int, walk: float, block: float) -> Floats:
    """Return that of the steps between n_steps + 1 blocks of a walk with weather, latest first."""
    differences = np.eye(n_steps, n_steps + 1, k=1) - np.eye(n_steps, n_steps + 1)
    return np.asarray(walk**2 * np.eye(n_steps) + block**2 * differences @ differences.T)


@pytest.mark.parametrize("n_steps", [0, 1, 2, 12, N_STEPS])
def test_along_sines_the_steps_of_a_walk_with_weather_are_independent(n_steps: int) -> None:
    modes, weather = sines(n_steps)
    np.testing.assert_allclose(modes @ modes.T, np.eye(N_STEPS), atol=1e-12)
    covariance = modes @ np.diag(0.1**2 + 0.3**2 * weather) @ modes.T
    np.testing.assert_allclose(covariance[:n_steps, :n_steps], steps_covariance(n_steps, 0.1, 0.3), atol=1e-12)
    np.testing.assert_allclose(covariance[n_steps:, n_steps:], 0.1**2 * np.eye(N_STEPS - n_steps), atol=1e-12)
    assert not covariance[n_steps:, :n_steps].any()


@pytest.mark.parametrize("n_steps", [0, 1, 2, 12, N_STEPS])
def test_the_weather_of_the_last_block_is_normal_given_the_steps(n_steps: int) -> None:
    """Against the conditional distribution of joint normals, worked out with all steps at once."""
    walk, block = 0.1, 0.3
    modes, weather = sines(n_steps)
    step = np.random.default_rng(8).normal(size=N_STEPS)
    with pm.Model() as model:
        last = weather_given_steps(
            pt.constant(modes[0]), pt.constant(weather), pt.constant(modes.T @ step),
            pt.constant(walk**2 + block**2 * weather), pt.constant(np.log(block)),
        )  # fmt: skip
    at = [float(last.eval({model["last_weather_raw"]: raw})) for raw in (0.0, 1.0)]
    with_last = np.zeros(n_steps)
    with_last[:1] = -(block**2)
    of_steps = np.linalg.solve(steps_covariance(n_steps, walk, block), np.eye(n_steps))
    np.testing.assert_allclose(at[0], with_last @ of_steps @ step[:n_steps], rtol=1e-10, atol=1e-14)
    variance = block**2 - with_last @ of_steps @ with_last
    np.testing.assert_allclose(at[1] - at[0], np.sqrt(variance), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:PyTensor could not link to a BLAS")
def test_total_and_ratio_of_walk_and_weather_stand_for_the_two_with_their_priors() -> None:
    """The density of the two coordinates is that of the two logarithms: the determinant between them is one."""
    of_walk, of_block = NEW_DEAL_PRIORS["walk_spread"], NEW_DEAL_PRIORS["block_spread"]
    with pm.Model() as model:
        walk, block = walk_and_block(of_walk, of_block)
    density = model.compile_logp()
    both = pytensor.function([model["level_log_spread"], model["weather_log_ratio"]], [walk, block])
    for total, ratio in ((-3.0, 0.7), (0.5, -4.0), (-1.0, 5.0)):
        found = np.array(both(total, ratio))
        np.testing.assert_allclose(np.log(np.exp(2 * found).sum()) / 2, total, rtol=1e-9)
        np.testing.assert_allclose(found[1] - found[0], ratio, rtol=1e-9)
        expected = sum(
            norm.logpdf(value, prior.mean, prior.sd) for value, prior in zip(found, (of_walk, of_block), strict=True)
        )
        np.testing.assert_allclose(density({"level_log_spread": total, "weather_log_ratio": ratio}), expected)
        shifts = [np.array(both(total + by, ratio + 1e-6 - by)) - found for by in (1e-6, 0.0)]
        np.testing.assert_allclose(abs(np.linalg.det(np.array(shifts) / 1e-6)), 1.0, rtol=1e-4)


@pytest.mark.parametrize("n_days", [1, 100, 400, 1092, 1500])
def test_the_modes_are_a_rotation_that_keeps_ramp_and_walk_apart(n_days: int) -> None:
    basis = LevelBasis.of(counted(n_days))
    np.testing.assert_allclose(basis.modes @ basis.modes.T, np.eye(N_STEPS), atol=1e-10)
    ramp = steps_of_ramp(counted(n_days)) > 0
    assert not basis.modes[np.ix_(ramp, basis.ramp == 0)].any()
    assert not basis.modes[np.ix_(~ramp, basis.ramp == 1)].any()
    assert np.all((basis.centring >= 0) & (basis.centring < 1))
    assert np.isfinite(basis.likeness).all()


def test_more_deals_tell_more_modes() -> None:
    few, many = (LevelBasis.of(counted(800, per_day)).centring[:-1] for per_day in (1, 100))
    assert few.max() < many.max()
    assert few.sum() < many.sum()
    assert np.sum(many == 0) >= 38 - 28  # of 800 days, 28 steps at most


def test_the_walk_goes_on_from_the_as_of_date_by_steps_of_each_draws_spread() -> None:
    sd = np.repeat([0.01, 0.05], 4000)
    path = future_path(sd, 0.0 * sd, seed=3)
    assert path.shape == (8000, N_FUTURE_BLOCKS)
    # Sampling error of an sd of 4,000 is 1.1%: five of those make a false alarm below 1e-5.
    for block, steps in ((0, 1), (8, 9)):
        np.testing.assert_allclose(path[:4000, block].std(), 0.01 * np.sqrt(steps), rtol=0.056)
        np.testing.assert_allclose(path[4000:, block].std(), 0.05 * np.sqrt(steps), rtol=0.056)
    np.testing.assert_array_equal(path, future_path(sd, 0.0 * sd, seed=3))
    assert not np.array_equal(path, future_path(sd, 0.0 * sd, seed=4))


def test_each_block_ahead_has_weather_of_its_own() -> None:
    block = np.repeat(0.2, 8000)
    path = future_path(0.0 * block, block, seed=3)
    # Sampling error of an sd of 8,000 is 0.8%, of their correlation 1.1%: five of those, twice.
    np.testing.assert_allclose(path[:, [0, 40]].std(axis=0), 0.2, rtol=0.04)
    assert abs(np.corrcoef(path[:, 0], path[:, 1])[0, 1]) < 0.056


def test_beyond_the_record_arrivals_come_to_double_its_highest_week_and_half_its_lowest_at_most() -> None:
    log_level = np.log([[0.2, 3.0, 1.0], [0.5, 0.8, 0.9], [1.1, 1.2, 1.3]])
    np.testing.assert_allclose(np.exp(bounds_of_record(log_level)), [[0.1, 6.0], [0.25, 2.0], [0.5, 2.6]])


@pytest.mark.parametrize(("step", "centred"), [(0.005, False), (0.3, True)])
def test_a_level_that_moves_much_is_centred_and_one_that_does_not_is_not(step: float, *, centred: bool) -> None:
    """The fastest modes, of three years with 560 deals a block, decide it."""
    generator = np.random.default_rng(6)
    level = 20 * np.exp(np.repeat(np.cumsum(generator.normal(0, step, 45)), 28))
    counts = generator.poisson(level)
    first_day = UNTIL - 1 - np.repeat(np.arange(level.size), counts)
    basis = LevelBasis.of(count_arrivals(first_day, np.zeros(first_day.size, dtype=np.int64), UNTIL, sources(1)))
    assert (np.median(basis.centring[:-1]) > 0.5) == centred
