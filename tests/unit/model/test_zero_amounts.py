"""Amounts of 0: the shares of segments, by closed forms, and what a fit makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.model.new_deals import sum_amounts
from simcast.model.zero_amounts import draw_zero_shares

N_DRAWS = 4000


def shares(zeros: list[int], others: list[int], n_draws: int = N_DRAWS, seed: int = 1) -> np.ndarray:
    """Return draws of the shares for segments with so many amounts of 0 and others."""
    segment = np.repeat(np.arange(len(zeros)), np.add(zeros, others))
    amount = np.concatenate([np.repeat([0.0, 100.0], pair) for pair in zip(zeros, others, strict=True)])
    return draw_zero_shares(sum_amounts(amount, segment, len(zeros)), n_draws, seed)


def test_a_single_segment_has_the_beta_distribution_of_jeffreys_prior() -> None:
    drawn = shares([3], [17])[:, 0]
    assert stats.kstest(drawn, stats.beta(3.5, 17.5).cdf).pvalue > 0.01


def test_one_segment_all_zero_and_another_without_stay_so() -> None:
    all_zero, none = shares([60, 0], [0, 60]).T
    assert all_zero.mean() > 0.985
    assert none.mean() < 0.015


def test_segments_alike_lend_each_other_strength_and_one_unlike_them_keeps_its_share() -> None:
    drawn = shares([40] * 8 + [2, 90], [60] * 8 + [0, 10])
    assert 0.4 < drawn[:, 8].mean() < 0.8  # two of two by itself: 0.83 by Jeffreys' prior
    assert drawn[:, 0].std() < np.sqrt(0.4 * 0.6 / 100)
    assert drawn[:, 9].mean() == pytest.approx(0.9, abs=0.04)
    alike = shares([4] * 30, [6] * 30)
    assert alike[:, 0].std() < 0.7 * np.sqrt(0.4 * 0.6 / 10)
    assert alike.mean() == pytest.approx(0.4, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("n_segments", [1, 5])
def test_intervals_hold_the_truth_as_often_as_they_say(n_segments: int) -> None:
    """200 histories of 12 to 60 amounts, shares beta distributed: 80% intervals, three standard errors.

    Each has a seed of its own: 400 draws tell an edge to one point and a half, which would be wrong in all alike.
    """
    generator = np.random.default_rng(5)
    inside = []
    for seed in range(200):
        truth = generator.beta(1.5, 4.0, n_segments)
        n = generator.integers(12, 60, n_segments)
        zeros = generator.binomial(n, truth)
        low, high = np.quantile(shares(zeros.tolist(), (n - zeros).tolist(), 400, seed), [0.1, 0.9], axis=0)
        inside.append(((truth >= low) & (truth <= high)).mean())
    assert abs(np.mean(inside) - 0.8) < 3 * np.std(inside) / np.sqrt(200)
