"""Counts and sums of new deals, and their likelihood against SciPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simcast.model.kernels.new_deals import new_deals_from_arrays
from simcast.model.new_deals import ArrivalCounts, count_arrivals, entry_shares, sum_amounts
from simcast.model.new_deals_model import count_inputs
from tests.unit.model.small_histories import sources

Floats = NDArray[np.float64]
START = int(np.datetime64("2026-01-05").astype(np.int64))  # a Monday


def daily_counts(n_days: int, n_segments: int = 3, seed: int = 4) -> tuple[Floats, ArrivalCounts]:
    daily = np.random.default_rng(seed).negative_binomial(2.0, 0.5, (n_segments, n_days)).astype(np.float64)
    daily[0, 0] = 1
    segment, day = np.nonzero(daily)
    repeats = daily[segment, day].astype(np.int64)
    first_day = START + np.repeat(day, repeats)
    return daily, count_arrivals(first_day, np.repeat(segment, repeats), START + n_days, sources(n_segments))


def arguments(counts: ArrivalCounts) -> tuple[NDArray[np.generic], ...]:
    return (*count_inputs(counts).values(),)


def parameters(n_blocks: int, n_segments: int = 3) -> list[Floats]:
    generator = np.random.default_rng(8)
    return [
        generator.normal(0, 0.4, n_segments),
        generator.normal(0, 0.5, 7),
        generator.normal(0, 0.3, n_blocks),
        np.array(0.7),
    ]


def test_the_likelihood_of_counts_is_the_negative_binomial_of_every_day() -> None:
    daily, counts = daily_counts(150)
    log_rate, log_weight, log_level, log_size = parameters(counts.n_blocks)
    value = new_deals_from_arrays(log_rate, log_weight, log_level, log_size, *arguments(counts))[0]
    size = math.exp(log_size)
    day = np.arange(150)
    unit = math.log(counts.mean_rate)
    mean = np.exp(unit + log_rate[:, None] + log_weight[day % 7] + log_level[(149 - day) // 28])
    exact = stats.nbinom.logpmf(daily, size, size / (size + mean)).sum()
    constant = sum(math.lgamma(count + 1) for count in daily.ravel())
    assert float(value) - constant == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("log_size", [20.0, 46.0, 300.0])
def test_counts_of_enormous_size_are_poisson(log_size: float) -> None:
    daily, counts = daily_counts(56)
    log_rate, log_weight, log_level, _ = parameters(counts.n_blocks)
    value, *gradient = new_deals_from_arrays(log_rate, log_weight, log_level, np.array(log_size), *arguments(counts))
    day = np.arange(56)
    mean = counts.mean_rate * np.exp(log_rate[:, None] + log_weight[day % 7] + log_level[(55 - day) // 28])
    constant = sum(math.lgamma(count + 1) for count in daily.ravel())
    assert float(value) - constant == pytest.approx(stats.poisson.logpmf(daily, mean).sum(), rel=1e-6)
    np.testing.assert_allclose(gradient[0], (daily - mean).sum(axis=1), rtol=1e-6, atol=1e-6)
    assert float(gradient[3]) == pytest.approx(0.0, abs=1e-4)


def test_the_gradient_is_the_slope_of_the_value() -> None:
    _, counts = daily_counts(200)
    data = arguments(counts)
    held = parameters(counts.n_blocks)
    gradient = np.concatenate([part.ravel() for part in new_deals_from_arrays(*held, *data)[1:]])
    flat = np.concatenate([part.ravel() for part in held])

    def value(point: Floats) -> float:
        parts = np.split(point, np.cumsum([part.size for part in held])[:-1])
        shaped = [part.reshape(like.shape) for part, like in zip(parts, held, strict=True)]
        return float(new_deals_from_arrays(*shaped, *data)[0])

    step = 1e-5
    slope = np.array([(value(flat + step * e) - value(flat - step * e)) / (2 * step) for e in np.eye(flat.size)])
    np.testing.assert_allclose(gradient, slope, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shift", [-300.0, 300.0])
@pytest.mark.parametrize("shifted", [0, 1, 2, 3])
def test_value_and_gradient_are_finite_far_out(shift: float, shifted: int) -> None:
    _, counts = daily_counts(60)
    held = parameters(counts.n_blocks)
    held[shifted] = held[shifted] + shift
    for part in new_deals_from_arrays(*held, *arguments(counts)):
        assert np.isfinite(part).all()


def test_days_without_deals_and_days_of_each_kind_are_counted() -> None:
    counts = count_arrivals(np.array([START, START, START + 9]), np.array([0, 0, 1]), START + 21, sources(2))
    assert counts.length_days == 21
    np.testing.assert_array_equal(counts.n_days.sum(axis=1), 3)
    np.testing.assert_array_equal(counts.total.sum(axis=2)[:, :4], [[2, 0, 0, 0], [0, 0, 1, 0]])
    np.testing.assert_array_equal(counts.exceeding, [2, 1])
    assert counts.has_weekdays
    assert not counts.has_trend
    assert counts.mean_rate == pytest.approx(3 / 42)


def test_a_history_of_one_day_can_be_counted() -> None:
    counts = count_arrivals(np.array([START]), np.array([0]), START + 1, sources(1))
    assert counts.length_days == 1
    assert not counts.has_weekdays


def test_the_last_three_years_are_counted_in_blocks_that_end_at_the_as_of_date() -> None:
    _, counts = daily_counts(1500)
    assert counts.length_days == 39 * 28
    assert counts.n_blocks == 39
    assert not counts.begins_young
    np.testing.assert_array_equal(counts.n_days.sum(axis=0), 28)
    _, shorter = daily_counts(30)
    np.testing.assert_array_equal(shorter.n_days.sum(axis=0), [28, 2])
    assert shorter.begins_young


def test_days_before_records_begin_are_not_counted() -> None:
    first_day = START + np.array([0, 50, 100, 120])
    segment = np.zeros(4, dtype=np.int64)
    counts = count_arrivals(first_day, segment, START + 150, sources(1), recorded_from=START + 90)
    assert counts.length_days == 60
    assert counts.total.sum() == 2
    assert not counts.begins_young
    since_ever = count_arrivals(first_day, segment, START + 150, sources(1), recorded_from=START - 5)
    assert since_ever.length_days == 150
    assert since_ever.begins_young


def test_a_day_of_an_import_is_left_out_and_named() -> None:
    daily = np.full(100, 2)
    daily[[30, 60]] = 500, 90
    counts = count_arrivals(
        START + np.repeat(np.arange(100), daily), np.zeros(daily.sum(), dtype=np.int64), START + 100, sources(1)
    )
    assert counts.imports == ((START + 30, 500), (START + 60, 90))
    assert counts.total.sum() == 196
    assert counts.n_days.sum() == 98


def test_batches_that_come_again_and_again_are_arrivals() -> None:
    daily = np.zeros(365, dtype=np.int64)
    daily[::30] = 60
    counts = count_arrivals(
        START + np.repeat(np.arange(365), daily), np.zeros(daily.sum(), dtype=np.int64), START + 365, sources(1)
    )
    assert counts.imports == ()
    assert counts.total.sum() == daily.sum()


def test_every_deal_entering_at_one_stage_gives_a_share_of_exactly_one() -> None:
    share = entry_shares(np.zeros(5, dtype=np.int64), np.array([0, 0, 0, 1, 1]), 3, 3)
    np.testing.assert_array_equal(share, [[1, 1, 1], [0, 0, 0], [0, 0, 0]])


def test_no_amounts_at_all_are_no_information() -> None:
    sums = sum_amounts(np.array([np.nan]), np.array([0]), 2)
    assert sums.n_amounts == 0
    assert not np.isnan(sums.mean_log).any()
