"""What the past level of arrivals makes of the future: seasons come again, ramp-ups do not go on, steadiness stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.model import FitSettings
from simcast.model.arrival_levels import N_STEPS, N_TERMS, SEASON, TREND, centred_levels, future_path
from simcast.model.new_deals import ArrivalCounts, count_arrivals, sum_amounts
from simcast.model.new_deals_model import new_deal_inputs
from simcast.model.sampling import ready_new_deals_model, sample
from simcast.posterior.arrivals import calendar_factor
from tests.unit.model.small_histories import sources

Floats = NDArray[np.float64]
SETTINGS = FitSettings(chains=2, tune=500, draws=500, target_accept=0.99)
N_SEGMENTS = 3  # as in the small histories, so that one compiled model serves all
DAY = np.datetime64("2026-04-01").astype(np.int64)
WEEKDAY = np.array([1.5, 1.5, 1.4, 1.3, 1.1, 0.15, 0.05])


def history(level: Floats, seed: int, size: float = 8.0, recorded_from: int | None = None) -> ArrivalCounts:
    """Draw arrivals of three segments, `level` a day together, up to the as-of date, from NumPy's distributions."""
    generator = np.random.default_rng(seed)
    days = np.arange(DAY - level.size, DAY)
    mean = np.array([[0.5], [0.3], [0.2]]) * level * WEEKDAY[(days + 3) % 7]
    counts = generator.poisson(mean * generator.gamma(size, 1 / size, mean.shape))
    segment, day = np.nonzero(counts)
    repeats = counts[segment, day]
    return count_arrivals(
        np.repeat(days[day], repeats), np.repeat(segment, repeats), int(DAY), sources(N_SEGMENTS), recorded_from
    )


def forecast(
    arrivals: ArrivalCounts, n_days: int, *, walks: bool = True, ramps: bool = True, weather: bool = True
) -> Floats:
    """Return the mean new deals of each day ahead, all segments together, (n_draws, n_days).

    Without walks, the level has a trend and seasons only; without ramps, its steps have one spread; without weather,
    all of them last.
    """
    inputs = new_deal_inputs(arrivals, sum_amounts(np.array([np.nan]), np.array([0]), N_SEGMENTS))
    switched_off = () if walks else ("mode_likeness", "level_centring")
    inputs |= {name: np.zeros(inputs[name].shape) for name in (*switched_off, *(() if ramps else ("ramp_modes",)))}
    inputs["weather_of_modes"] = inputs["weather_of_modes"] * weather
    known = (np.arange(N_TERMS) >= N_STEPS) & (np.arange(N_TERMS) <= TREND) | walks
    inputs["levels"] = inputs["levels"] * known
    drawn = sample(ready_new_deals_model(N_SEGMENTS), inputs, SETTINGS, 1, "new deals")
    terms = drawn["level_terms"].reshape(-1, N_TERMS) * known
    own = drawn["new_deal_effect"][..., 0].reshape(-1, N_SEGMENTS)
    rate = arrivals.mean_rate * np.exp(own - (terms @ centred_levels(arrivals)[1])[:, None]).sum(axis=1)
    spreads = (np.exp(drawn[f"{name}_log_spread"]).ravel() for name in ("walk", "block"))
    path = future_path(*spreads, 1) if walks else None
    season = terms[:, SEASON] * arrivals.has_season
    trend = terms[:, TREND] * arrivals.has_trend
    return rate[:, None] * calendar_factor(int(DAY), n_days, season, path, trend / 365.25)


def test_a_summer_peak_in_the_past_is_forecast_in_spring() -> None:
    """Two years and a half with a peak of 2.2 times the trough in July: next July against next April."""
    days = np.arange(DAY - 913, DAY + 122)
    level = 12 * np.exp(0.4 * np.cos(2 * np.pi * (days - 196.5) / 365.25))  # 1970-07-16
    ahead = forecast(history(level[:913], seed=2), 122)
    ratio = ahead[:, 91:].mean(axis=1) / ahead[:, :30].mean(axis=1)
    truth = level[913 + 91 :].mean() / level[913 : 913 + 30].mean()
    assert truth > 1.25
    # The posterior's mean is within three of its sds of the truth but in 0.3% of such worlds.
    assert abs(np.log(ratio).mean() - np.log(truth)) < 3 * np.log(ratio).std()
    assert np.quantile(ratio, 0.05) > 1.05
    assert np.log(ratio).std() < 0.15


@pytest.mark.slow
def test_without_seasons_or_walks_in_the_past_the_forecast_is_hardly_wider() -> None:
    """The sd of the deals of a quarter, after two steady years, against that by a trend over the last half-year."""
    steady = np.full(730, 12.0)
    widths = []
    for total in (
        forecast(history(steady, 3, recorded_from=int(DAY) - 182), 91, walks=False).sum(axis=1),
        forecast(history(steady, 3), 91).sum(axis=1),
    ):
        luck = total.mean() * (1 + 12 / N_SEGMENTS / 8.0)  # of negative binomial counts of about four, size 8
        widths.append(float(np.sqrt(luck + total.var())))
    assert widths[1] < 1.15 * widths[0]


@pytest.mark.slow
def test_the_ramp_up_of_a_young_crm_does_not_go_on() -> None:
    """Half a year of growth to 20 a day, then half a year at 20: the next quarter brings 20 a day, closely."""
    ramp = np.minimum(np.arange(1, 365) / 182, 1.0) * 20
    arrivals = history(ramp, seed=4)
    per_day = forecast(arrivals, 91).mean(axis=1)
    assert abs(np.log(per_day / 20).mean()) < 3 * np.log(per_day).std()  # false alarm 0.3%
    assert np.log(per_day).std() < 0.2

    # The controls: without a walk the ramp passes for a trend; a walk of one spread throughout forecasts more of it.
    trending = forecast(arrivals, 91, walks=False).mean(axis=1)
    assert np.quantile(trending, 0.05) > 22
    wider = forecast(arrivals, 91, ramps=False).mean(axis=1)
    assert np.log(wider).std() > 1.5 * np.log(per_day).std()


@pytest.mark.slow
def test_a_good_month_is_not_taken_for_a_new_level() -> None:
    """Three years in which each block has weather of its own, the last of it good: the next blocks are as the mean."""
    weather = np.random.default_rng(9).normal(0, 0.35, 39)
    weather[-1] = 0.7
    level = 20 * np.exp(np.repeat(weather, 28))
    arrivals = history(level, 5)
    ahead = forecast(arrivals, 112).mean(axis=1)
    mean = level.mean()
    assert abs(np.log(ahead / mean).mean()) < 3 * np.log(ahead).std()  # false alarm 0.3%
    assert np.log(ahead).std() < 0.35

    # The control: where all that moves the level lasts, the last block weighs more, and the forecast is less sure.
    lasting = forecast(arrivals, 112, weather=False).mean(axis=1)
    assert np.median(lasting) > 1.15 * np.median(ahead)
    assert np.log(lasting).std() > 1.5 * np.log(ahead).std()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 12))
def test_a_level_that_walks_is_followed_to_its_end(seed: int) -> None:
    """Three years whose level steps by 10% a block: the rate at the end, not the mean of all, is forecast."""
    generator = np.random.default_rng(seed)
    level = 30 * np.exp(np.repeat(np.cumsum(generator.normal(0, 0.1, 39)), 28))
    ahead = forecast(history(level, seed), 28).mean(axis=1)
    # The true level of the block ahead is one more step away; four sds bound a false alarm below 1e-4 each.
    assert abs(np.log(ahead / level[-1]).mean()) < 4 * np.log(ahead).std()
    assert np.log(ahead).std() < 0.3
