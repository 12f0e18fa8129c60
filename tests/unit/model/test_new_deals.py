"""Counts and sums of new deals, and their likelihood against SciPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simcast.model.new_deals import ArrivalCounts, count_arrivals, entry_shares, sum_amounts
from simcast.model.new_deals_kernel import AMOUNT_ROUNDING, new_deals_from_arrays

Floats = NDArray[np.float64]
START = int(np.datetime64("2026-01-05").astype(np.int64))  # a Monday


def daily_counts(n_days: int, n_segments: int = 3, seed: int = 4) -> tuple[Floats, ArrivalCounts]:
    daily = np.random.default_rng(seed).negative_binomial(2.0, 0.5, (n_segments, n_days)).astype(np.float64)
    daily[0, 0] = 1
    segment, day = np.nonzero(daily)
    repeats = daily[segment, day].astype(np.int64)
    first_day = START + np.repeat(day, repeats)
    return daily, count_arrivals(first_day, np.repeat(segment, repeats), START + n_days, n_segments)


def arguments(counts: ArrivalCounts, amounts: Floats) -> tuple[NDArray[np.generic], ...]:
    return counts.total, counts.n_days, counts.years, counts.exceeding, amounts, np.array(0.3)


def parameters(n_segments: int = 3) -> list[Floats]:
    generator = np.random.default_rng(8)
    return [generator.normal(0, 0.4, (n_segments, 3)), generator.normal(0, 0.5, 7), np.array(0.2), np.array(0.7)]


def test_the_likelihood_of_counts_is_the_negative_binomial_of_every_day() -> None:
    """For 20 weeks the bins are single weeks, so that only the trend within a week is rounded."""
    daily, counts = daily_counts(140)
    no_amounts = np.zeros((3, 3))
    effects, log_weight, _, log_size = parameters()
    value = new_deals_from_arrays(effects, log_weight, np.array(0.0), log_size, *arguments(counts, no_amounts))[0]
    size = math.exp(log_size)
    mean = np.exp(0.3 + effects[:, :1] + log_weight[np.arange(140) % 7][None, :])
    exact = stats.nbinom.logpmf(daily, size, size / (size + mean)).sum()
    constant = sum(math.lgamma(count + 1) for count in daily.ravel())
    assert float(value) - constant == pytest.approx(exact, rel=1e-10)


def test_the_likelihood_of_amounts_is_the_lognormal_of_every_amount() -> None:
    generator = np.random.default_rng(3)
    amount, segment = generator.lognormal(9.0, 0.8, 60), generator.integers(0, 3, 60)
    sums = sum_amounts(np.append(amount, [np.nan, 0.0]), np.append(segment, [0, 1]), 3)
    assert sums.n_amounts == 60
    effects, log_weight, trend, log_size = parameters()
    empty = ArrivalCounts(np.zeros((3, 7, 1)), np.zeros((7, 1)), np.zeros(1), 0.0, np.zeros(0))
    amounts = np.stack([sums.count, sums.mean_log, sums.squares])
    value = new_deals_from_arrays(effects, log_weight, trend, log_size, *arguments(empty, amounts))[0]
    sigma = np.exp(effects[segment, 2])
    exact = stats.norm.logpdf(np.log(amount) - sums.centre, effects[segment, 1], sigma).sum()
    rounding = -0.5 * (AMOUNT_ROUNDING / sigma) ** 2
    assert float(value) == pytest.approx(exact + 60 * 0.5 * math.log(2 * math.pi) + rounding.sum(), rel=1e-10)


def test_the_gradient_is_the_slope_of_the_value() -> None:
    _, counts = daily_counts(200)
    data = arguments(counts, np.array([[5.0, 1.0, 0.0], [0.3, -1.0, 0.0], [2.0, 0.0, 0.0]]))
    held = parameters()
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
def test_value_and_gradient_are_finite_far_out(shift: float) -> None:
    _, counts = daily_counts(60)
    effects, log_weight, trend, log_size = parameters()
    for held in (
        [effects + np.array([shift, 0, 0]), log_weight, trend, log_size],
        [effects, log_weight + shift, trend, log_size],
        [effects, log_weight, trend + shift, log_size],
        [effects, log_weight, trend, log_size + shift],
    ):
        data = arguments(counts, np.ones((3, 3)))
        for part in new_deals_from_arrays(*held, *data):
            assert np.isfinite(part).all()


def test_days_without_deals_and_days_of_each_kind_are_counted() -> None:
    counts = count_arrivals(np.array([START, START, START + 9]), np.array([0, 0, 1]), START + 21, 2)
    assert counts.length_days == 21
    np.testing.assert_array_equal(counts.n_days.sum(axis=1), 3)
    np.testing.assert_array_equal(counts.total.sum(axis=2)[:, :4], [[2, 0, 0, 0], [0, 0, 1, 0]])
    np.testing.assert_array_equal(counts.exceeding, [2, 1])
    assert counts.has_weekdays
    assert not counts.has_trend
    assert counts.mean_rate == pytest.approx(3 / 42)


def test_a_history_of_one_day_can_be_counted() -> None:
    counts = count_arrivals(np.array([START]), np.array([0]), START + 1, 1)
    assert counts.length_days == 1
    assert not counts.has_weekdays


def test_a_young_crm_does_not_pass_for_a_trend() -> None:
    """Arrivals that grew for half a year and have been level for the next give the level, and no trend."""
    per_day = np.concatenate([np.linspace(0, 20, 183).astype(int), np.full(182, 20)])
    first_day = START + np.repeat(np.arange(365), per_day)
    counts = count_arrivals(first_day, np.zeros(len(first_day), dtype=np.int64), START + 365, 1)
    assert counts.length_days == 182
    assert np.all(counts.total.sum(axis=(0, 1)) == 20 * counts.n_days.sum(axis=0))


def test_time_bins_average_to_the_middle_of_the_days_counted() -> None:
    _, counts = daily_counts(541)
    days = counts.n_days.sum(axis=0)
    assert len(days) == 26
    assert float(days @ counts.years) == pytest.approx(0.0, abs=1e-9)
    assert counts.years_to_end == pytest.approx(182 / 2 / 365.25)


def test_every_deal_entering_at_one_stage_gives_a_share_of_exactly_one() -> None:
    share = entry_shares(np.zeros(5, dtype=np.int64), np.array([0, 0, 0, 1, 1]), 3, 3)
    np.testing.assert_array_equal(share, [[1, 1, 1], [0, 0, 0], [0, 0, 0]])


def test_no_amounts_at_all_are_no_information() -> None:
    sums = sum_amounts(np.array([np.nan]), np.array([0]), 2)
    assert sums.n_amounts == 0
    assert not np.isnan(sums.mean_log).any()
