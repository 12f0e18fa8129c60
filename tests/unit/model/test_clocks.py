"""Clocks and weather learned from synthetic stays; worlds without either are the negative controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t

from simcast.model.at_risk import StageDays
from simcast.model.clocks import StageClocks, learn_clocks
from simcast.model.weather import PRIOR_DEGREES, PRIOR_SCALE, Weather, count_months, learn_weather
from simcast.posterior.clocks import AGES_OF_CLOCK, AGES_OF_QUARTER, QUARTER_DAYS, Clock, Passed
from tests.unit.model.test_due import put_off_over_weekends

START = int(np.datetime64("2024-01-01", "D").astype(np.int64))
UNTIL = START + 5 * 365 // 2
PLAIN = Clock()
RUSH = Clock(days_left=np.where(np.arange(QUARTER_DAYS) < 14, 3.0, 1.0)).normalised()
WORKING = Clock(weekday=np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0])).normalised()
N_TESTS = 4


def stays_on(
    clock: Clock,
    seed: int,
    n: int = 3000,
    *,
    forward: float = 0.5,
    sigma: float = 0.7,
    median: float = 25.0,
    segment: int = 0,
    odds_of_month: NDArray[np.float64] | None = None,
    speed_of_month: NDArray[np.float64] | None = None,
) -> StageDays:
    """Return lognormal stays in the operational time of a clock, and of months that are quick or slow."""
    rng = np.random.default_rng(seed)
    days = np.arange(START, UNTIL + 400)
    weights = clock.weights(days)
    month = (days.astype("datetime64[D]").astype("datetime64[M]").astype(int)) - 54 * 12
    if speed_of_month is not None:
        weights = weights * speed_of_month[month]
    passed = Passed.of(weights, START)
    entered = rng.uniform(START, UNTIL, n)
    logit = np.full(n, np.log(forward / (1.0 - forward)))
    if odds_of_month is not None:
        logit += np.log(odds_of_month[month[entered.astype(int) - START]])
    move = (rng.random(n) >= 1.0 / (1.0 + np.exp(-logit))).astype(np.int64)
    lasted = np.exp(np.log(median) + sigma * rng.standard_normal(n))
    ends = np.floor(passed.instant(passed.at(entered) + lasted)).astype(np.int64)
    is_open = ends >= UNTIL
    return StageDays(
        np.floor(entered).astype(np.int64),
        np.where(is_open, UNTIL, ends),
        np.where(is_open, -1, move),
        UNTIL,
        np.full(n, segment),
    )


def weather_of(stages: list[StageDays], clocks: list[StageClocks], *, drifts: bool = False) -> Weather:
    """Learn the weather of some stages."""
    return learn_weather(count_months(stages, clocks), drifts=drifts)


def together(*parts: StageDays) -> StageDays:
    """Put the stays of several histories of a stage together."""
    names = ("entered", "left", "move", "segment")
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def test_a_rush_is_recovered_with_ages_in_operational_days() -> None:
    found = learn_clocks(stays_on(RUSH, 1), 2, N_TESTS)
    assert found.ages == AGES_OF_QUARTER
    days = np.arange(START, START + 730)
    for clock in found.clocks:
        assert clock is not None
        rushed = RUSH.weights(days) > 1.0
        for part in (rushed, ~rushed):
            # About 450 ends in the rush: 5% of chance, and weights are shrunk a little.
            assert clock.weights(days)[part].mean() == pytest.approx(RUSH.weights(days)[part].mean(), rel=0.15)


def test_weekends_are_recovered_and_ages_pause_with_them() -> None:
    found = learn_clocks(stays_on(WORKING, 2), 2, N_TESTS)
    assert found.ages == AGES_OF_CLOCK
    for clock in found.clocks:
        assert clock is not None
        assert clock.weekday[5:] == pytest.approx(0.0, abs=0.05)
        assert clock.weekday[:5] == pytest.approx(1.4, abs=0.25)
        assert (clock.days_left == clock.days_left[0]).all()


def test_short_stays_that_pause_at_weekends_have_ages_that_pause() -> None:
    """Of median three working days; told in days of the calendar Fridays weighed twice as much as Mondays."""
    weekdays = []
    for seed in range(5):
        found = learn_clocks(stays_on(WORKING, 600 + seed, sigma=0.35, median=4.2), 2, N_TESTS)
        assert found.ages == AGES_OF_CLOCK
        for clock in found.clocks:
            assert clock is not None
            assert not clock.opening.any()
            weekdays.append(clock.weekday)
    # Of 300 ends a weekday's weight has an sd of 0.08, the mean of ten one of 0.03.
    assert np.mean(weekdays, axis=0) == pytest.approx(WORKING.weekday, abs=0.1)


def weighted(seed: int, n: int = 3000) -> StageDays:
    """Return stays whose ages go on over weekends, on which hardly any ends: the hazard of a day is weighted."""
    rng = np.random.default_rng(seed)
    entered = np.floor(rng.uniform(START, UNTIL, n)).astype(np.int64)
    left, is_open = np.full(n, UNTIL), np.ones(n, dtype=bool)
    for age in range(90):
        day = entered + age
        hazard = (0.02 if age < 2 else 0.3) * WORKING.weights(day)
        ends = is_open & (day < UNTIL) & (rng.random(n) < 1.0 - np.exp(-hazard))
        left, is_open = np.where(ends, day, left), is_open & ~ends
    move = np.where(is_open, -1, rng.integers(0, 2, n))
    return StageDays(entered, left, move, UNTIL, np.zeros(n, dtype=np.int64))


@pytest.mark.slow
def test_ages_go_on_where_ends_are_put_off_or_weighted() -> None:
    """By the likelihood ten better, seldom by chance: e to the tenth is 22,000."""
    for seed in range(8):
        assert learn_clocks(weighted(700 + seed), 2, N_TESTS).ages == 0.0
        recorded = put_off_over_weekends(UNTIL, seed=seed).recorded
        assert learn_clocks(recorded, 2, N_TESTS).ages == 0.0


def test_a_rush_of_one_move_is_not_given_to_the_other() -> None:
    rushed, plain = stays_on(RUSH, 3, forward=0.999), stays_on(PLAIN, 4, forward=0.001)
    forward, other = (clock or PLAIN for clock in learn_clocks(together(rushed, plain), 2, N_TESTS).clocks)
    days = np.arange(START, START + 730)
    rushed_days = RUSH.weights(days) > 1.0
    ratio = [one.weights(days)[rushed_days].mean() / one.weights(days)[~rushed_days].mean() for one in (forward, other)]
    assert ratio[0] == pytest.approx(3.0, rel=0.25)
    # Not quite 1: after a rush more of the stays still at risk are those that will end by the other move.
    assert ratio[1] == pytest.approx(1.0, abs=0.2)


@pytest.mark.slow
def test_without_a_pattern_there_is_seldom_a_clock() -> None:
    """Each history has one with a chance of 5% at most: of 30, more than 6 by chance once in 1,000."""
    alarms = sum(learn_clocks(stays_on(PLAIN, 100 + seed, 800), 2, N_TESTS).any for seed in range(30))
    assert alarms <= 6


def test_too_short_a_history_has_no_place_in_the_quarter() -> None:
    stays = stays_on(RUSH, 5)
    late = stays.entered >= UNTIL - 150
    short = stays.where(late)
    for clock in learn_clocks(short, 2, N_TESTS).clocks:
        assert clock is None or (clock.month == 1.0).all()


@pytest.mark.slow
def test_independent_deals_have_next_to_no_weather() -> None:
    """Months of about 25 ends tell little; what they tell is less weather than the prior, and hardly a word of it."""
    none = [StageClocks.none(2)]
    found = [weather_of([stays_on(PLAIN, 200 + seed, 1500)], none) for seed in range(40)]
    for spreads in ([weather.conversion for weather in found], [weather.speed for weather in found]):
        assert np.mean([spread.quantile(0.5) for spread in spreads]) < t.ppf(0.75, PRIOR_DEGREES) * PRIOR_SCALE
        assert sum(spread.is_sure for spread in spreads) <= 4


def test_shared_months_are_recovered() -> None:
    """Thirty months tell a spread to about 13%; all that the deals tell of a month beyond that is little."""
    odds, speed = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        months = np.exp(0.4 * rng.standard_normal((2, 80)))
        odds.append(weather_of([stays_on(PLAIN, 300 + seed, odds_of_month=months[0])], [StageClocks.none(2)]))
        speed.append(weather_of([stays_on(PLAIN, 400 + seed, speed_of_month=months[1])], [StageClocks.none(2)]))
    assert np.mean([one.conversion.quantile(0.5) for one in odds]) == pytest.approx(0.4, rel=0.25)
    assert np.mean([one.speed.quantile(0.5) for one in speed]) == pytest.approx(0.4, rel=0.3)
    assert all(one.conversion.is_sure for one in odds)
    assert all(one.speed.is_sure for one in speed)


@pytest.mark.parametrize(("sigma", "found"), [(0.2, 0.53), (0.5, 0.29), (1.5, 0.16)])
def test_speed_is_told_by_ends_and_so_too_large_where_all_stays_last_alike(sigma: float, found: float) -> None:
    """The figures of docs/model.md: months whose days pass at a speed of spread 0.2 seem to differ by so much."""
    spreads = []
    for seed in range(6):
        months = np.exp(0.2 * np.random.default_rng(seed).standard_normal(80))
        stays = stays_on(PLAIN, 400 + seed, 6000, sigma=sigma, speed_of_month=months)
        spreads.append(weather_of([stays], [StageClocks.none(2)]).speed.quantile(0.5))
    assert np.mean(spreads) == pytest.approx(found, rel=0.15)


def test_a_mix_of_segments_is_no_weather() -> None:
    """Months in which more or fewer cold leads come: the odds of all together differ, those of a segment do not."""
    known, unknown = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        share = 1.0 / (1.0 + np.exp(-rng.standard_normal(80)))
        parts = []
        for segment, forward in enumerate((0.1, 0.5)):
            stays = stays_on(PLAIN, 500 + 2 * seed + segment, 6000, forward=forward, segment=segment)
            month = stays.entered.astype("datetime64[D]").astype("datetime64[M]").astype(int) - 54 * 12
            come = np.where(segment, share[month], 1.0 - share[month])
            parts.append(stays.where(rng.random(month.size) < come))
        mixed, none = together(*parts), [StageClocks.none(2)]
        known.append(weather_of([mixed], none).conversion.quantile(0.5))
        unknown.append(weather_of([replace(mixed, segment=0 * mixed.segment)], none).conversion.quantile(0.5))
    assert np.mean(known) < 0.1
    assert np.mean(unknown) > 0.25


def test_drift_that_the_model_follows_is_no_weather() -> None:
    """Each quarter the odds are a tenth higher: months are compared with those of their quarter."""
    odds = np.exp(0.1 * (np.arange(80) // 3))
    stays, none = [stays_on(PLAIN, 7, 9000, odds_of_month=odds)], [StageClocks.none(2)]
    followed, not_followed = (weather_of(stays, none, drifts=drifts).conversion for drifts in (True, False))
    assert followed.quantile(0.5) < 0.1
    assert not_followed.quantile(0.5) > 0.2
    assert not followed.level.any()  # the level is the drift's
    assert not_followed.level.any()


def test_a_rush_is_no_weather() -> None:
    stays = stays_on(RUSH, 6)
    clocks = learn_clocks(stays, 2, N_TESTS)
    speed, taken_for_weather = (
        weather_of([stays], [given]).speed.quantile(0.5) for given in (clocks, StageClocks.none(2))
    )
    assert speed < taken_for_weather
