"""Amounts as they were: when a lognormal will not do, and what stands in its place."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.model.empirical_amounts import (
    LEAST_AMOUNTS,
    LEAST_DISTANCE,
    N_LEVELS,
    all_alike,
    amount_quantiles,
    is_empirical,
    level_means,
    lognormal_is_refuted,
    mean_factors,
)
from simcast.model.new_deals import AmountSums, sum_amounts
from simcast.predictive_checks import SMALLEST_DISCREPANCY

Floats = NDArray[np.float64]


def lognormal(n: int, seed: int) -> AmountSums:
    """Draw amounts of three segments with medians and sigmas of their own."""
    generator = np.random.default_rng(seed)
    segment = generator.integers(0, 3, n)
    sigma = np.array([0.5, 0.8, 1.1])[segment]
    return sum_amounts(np.array([4e3, 9e3, 2e4])[segment] * np.exp(sigma * generator.standard_normal(n)), segment, 3)


def bimodal(n: int, seed: int) -> AmountSums:
    """Draw amounts of a small and a large product, in three segments."""
    generator = np.random.default_rng(seed)
    large = generator.random(n) < 0.3
    amount = np.where(large, generator.lognormal(10, 0.2, n), generator.lognormal(6, 0.2, n))
    return sum_amounts(amount, generator.integers(0, 3, n), 3)


def log_medians(amounts: AmountSums) -> Floats:
    return np.asarray(amounts.centre + amounts.mean_log)


@pytest.mark.slow
def test_lognormal_amounts_are_refuted_in_one_sample_of_a_hundred_at_most() -> None:
    """Of 100 samples, more than 5 would be refuted with probability 0.05% if it were one in a hundred."""
    refuted = sum(lognormal_is_refuted(lognormal(300, seed)) for seed in range(100))
    assert refuted <= 5


@pytest.mark.parametrize("n", [150, 2000, 20_000])
def test_amounts_of_two_kinds_are_refuted(n: int) -> None:
    assert lognormal_is_refuted(bimodal(n, seed=1))


def test_a_price_list_is_refuted() -> None:
    generator = np.random.default_rng(2)
    amount = generator.choice([990.0, 1990.0, 4990.0], 600, p=[0.6, 0.25, 0.15])
    assert lognormal_is_refuted(sum_amounts(amount, np.zeros(600, dtype=np.int64), 1))


def test_a_hundred_thousand_amounts_that_a_lognormal_nearly_describes_are_not_refuted() -> None:
    """A tenth of the deals is rounded to a thousand: no lognormal, but the money is right."""
    generator = np.random.default_rng(3)
    amount = generator.lognormal(9.5, 0.8, 100_000)
    rounded = np.where(generator.random(100_000) < 0.1, np.maximum(np.round(amount, -3), 1000.0), amount)
    assert not lognormal_is_refuted(sum_amounts(rounded, np.zeros(100_000, dtype=np.int64), 1))


@pytest.mark.parametrize("n", [250, 3000])
def test_amounts_of_a_minimum_order_are_refuted_though_their_mean_is_right(n: int) -> None:
    """Pareto amounts with an exponent of 2.5: the mean and the upper tenth of a lognormal are right within 3% in four
    samples of ten, and a sixth of the deals is on the wrong side of the median: the check of amounts then failed."""
    generator = np.random.default_rng(6)
    segment = np.zeros(n, dtype=np.int64)
    for _ in range(20):
        assert lognormal_is_refuted(sum_amounts(1000 * (1 + generator.pareto(2.5, n)), segment, 1))


def test_what_the_check_of_amounts_finds_is_refuted() -> None:
    assert SMALLEST_DISCREPANCY["distribution"] == LEAST_DISTANCE


def test_few_amounts_of_a_price_list_are_refuted() -> None:
    generator = np.random.default_rng(7)
    for n in (35, 60, 90):
        amount = generator.choice([490.0, 990.0, 4990.0], n, p=[0.5, 0.3, 0.2])
        assert lognormal_is_refuted(sum_amounts(amount, np.zeros(n, dtype=np.int64), 1))
        assert not lognormal_is_refuted(sum_amounts(amount[:25], np.zeros(25, dtype=np.int64), 1))


def test_few_amounts_refute_nothing() -> None:
    assert not lognormal_is_refuted(bimodal(90, seed=1))


def test_amounts_that_are_all_the_same_are_as_they_are() -> None:
    """A price for each of two segments; one other deal is one of a price list; of very few nothing is known."""
    amount, segment = np.array([70.0, 123.45])[np.arange(500) % 2], np.arange(500) % 2
    assert is_empirical(sum_amounts(amount, segment, 2), "auto")
    other = sum_amounts(np.append(amount, 71.0), np.append(segment, 0), 2)
    assert not all_alike(other)
    assert is_empirical(other, "auto")
    assert not is_empirical(sum_amounts(amount[:19], segment[:19], 2), "auto")
    assert not is_empirical(sum_amounts(amount, segment, 2), "lognormal")
    assert not lognormal_is_refuted(sum_amounts(np.full(5, np.nan), np.zeros(5, dtype=np.int64), 1))


def test_the_choice_may_be_named() -> None:
    assert is_empirical(lognormal(300, 1), "empirical")
    assert not is_empirical(bimodal(300, 1), "lognormal")
    assert is_empirical(bimodal(300, 1), "auto")
    assert not is_empirical(sum_amounts(np.array([np.nan]), np.array([0]), 1), "empirical")


def test_only_missing_amounts_are_unknown_and_those_of_0_are_counted() -> None:
    sums = sum_amounts(np.array([5.0, np.nan, 0.0, 8.0]), np.array([0, 0, 1, 1]), 2)
    assert (sums.n_unknown, sums.n_zeros, sums.n_known) == (1, 1, 3)
    np.testing.assert_array_equal(sums.zeros, [0.0, 1.0])
    np.testing.assert_allclose(np.exp(sums.log_amount), [5.0, 8.0])


@pytest.mark.parametrize("n", [1, 7, 1000, 1024, 5000])
def test_slices_keep_the_mean_and_rise(n: int) -> None:
    generator = np.random.default_rng(n)
    values, weight = generator.lognormal(3, 1, n), generator.random(n)
    weight /= weight.sum()
    means = level_means(values, weight)
    assert means.shape == (N_LEVELS,)
    assert np.all(np.diff(means) >= 0)
    assert means.mean() == pytest.approx(weight @ values)


def test_a_segment_with_enough_amounts_has_its_own_and_no_others() -> None:
    amounts = bimodal(3000, seed=4)
    quantiles = amount_quantiles(amounts, log_medians(amounts) + 5.0)
    for code in range(3):
        own = np.exp(amounts.log_amount[amounts.segment == code])
        assert quantiles[code].mean() == pytest.approx(own.mean())
        np.testing.assert_allclose(
            np.quantile(quantiles[code], [0.2, 0.5, 0.9]), np.quantile(own, [0.2, 0.5, 0.9]), rtol=0.02
        )


def test_a_segment_with_few_amounts_borrows_the_shape_of_the_whole_at_its_own_level() -> None:
    """Segment 0 has ten amounts at twice the level of segment 1; segment 2 has none."""
    generator = np.random.default_rng(5)
    large = generator.random(1010) < 0.4
    amount = np.where(large, 900.0, 100.0)
    segment = np.repeat([0, 1], [10, 1000])
    amount[:10] = np.repeat([200.0, 1800.0], [6, 4])
    amounts = sum_amounts(amount, segment, 3)
    log_median = np.array([np.log(2.0), 0.0, np.log(3.0)]) + log_medians(amounts)[1]
    quantiles = amount_quantiles(amounts, log_median)
    assert quantiles[0].mean() == pytest.approx(2 * quantiles[1].mean(), rel=0.05)
    assert quantiles[2].mean() == pytest.approx(3 * quantiles[1].mean(), rel=1e-3)
    assert np.quantile(quantiles[2], 0.2) == pytest.approx(300.0, rel=1e-2)
    own = 10 / LEAST_AMOUNTS
    assert np.mean(np.abs(quantiles[0] - 200.0) < 0.1) >= own * 0.6  # the amounts of its own are among them


def test_the_mean_is_as_uncertain_as_the_amounts_make_it() -> None:
    amounts = bimodal(900, seed=6)
    medians = np.tile(log_medians(amounts), (4000, 1))
    factors = mean_factors(amounts, amount_quantiles(amounts, medians[0]), medians, seed=1)
    for code in range(3):
        own = np.exp(amounts.log_amount[amounts.segment == code])
        # An sd of 4,000 draws has a standard error of 1.1%; 6% leaves room for what a level averages.
        assert factors[:, code].std() == pytest.approx(own.std() / own.mean() / np.sqrt(own.size), rel=0.06)
        assert factors[:, code].mean() == pytest.approx(1.0, abs=0.01)


def test_a_segment_without_amounts_is_as_uncertain_as_its_median() -> None:
    generator = np.random.default_rng(7)
    amount = generator.lognormal(5, 0.3, 2000)
    amounts = sum_amounts(amount, np.zeros(2000, dtype=np.int64), 2)
    medians = 5.0 + generator.normal(0, [0.001, 0.5], (4000, 2))
    factors = mean_factors(amounts, amount_quantiles(amounts, medians.mean(axis=0)), medians, seed=1)
    assert np.log(factors[:, 0]).std() < 0.02
    assert np.log(factors[:, 1]).std() == pytest.approx(0.5, rel=0.06)
