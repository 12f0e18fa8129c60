"""Amounts drawn from those of the past."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.engine.amounts import AMOUNT_FAMILIES, EMPIRICAL_CODE, amount_isf
from simcast.engine.samplers import FAMILIES, isf_of_log

LEVELS = np.array([0.0, 1.0, 1.0, 4.0, 10.0])


def drawn(u: np.ndarray, quantiles: np.ndarray = LEVELS, scale: float = 1.0) -> np.ndarray:
    return np.array([amount_isf(EMPIRICAL_CODE, scale, 1.0, quantiles, share) for share in u])


def test_amounts_stand_at_the_middles_of_equal_shares_with_lines_between_them() -> None:
    np.testing.assert_allclose(drawn(1 - np.array([0.1, 0.3, 0.5, 0.7, 0.9])), LEVELS)
    np.testing.assert_allclose(drawn(1 - np.array([0.2, 0.4, 0.6, 0.8])), [0.5, 1.0, 2.5, 7.0])
    np.testing.assert_allclose(drawn(np.array([1.0, 0.95, 0.05, 1e-300])), [0.0, 0.0, 10.0, 10.0])


def test_the_mean_is_that_of_the_levels() -> None:
    u = (np.arange(100_000) + 0.5) / 100_000
    assert drawn(u, scale=3.0).mean() == pytest.approx(3.0 * LEVELS.mean(), rel=1e-6)


def test_one_level_is_a_constant() -> None:
    np.testing.assert_array_equal(drawn(np.array([1e-9, 0.5, 1.0]), np.array([7.0]), scale=2.0), 14.0)


def test_a_bimodal_past_is_drawn_as_it_was() -> None:
    """1,024 levels of a price list with a long tail: 20,000 draws pass Kolmogorov's test (false alarm 0.1%)."""
    generator = np.random.default_rng(5)
    past = np.where(generator.random(4096) < 0.6, generator.normal(100, 1, 4096), generator.lognormal(8, 0.5, 4096))
    quantiles = np.sort(past).reshape(1024, 4).mean(axis=1)
    found = drawn(generator.random(20_000), quantiles)
    assert stats.ks_2samp(found, past).pvalue > 0.001
    lognormal = np.exp(generator.normal(np.log(past).mean(), np.log(past).std(), 20_000))
    assert stats.ks_2samp(lognormal, past).pvalue < 1e-9


@pytest.mark.parametrize("family", range(1, 6))
def test_other_families_take_no_notice_of_levels(family: int) -> None:
    assert AMOUNT_FAMILIES[family] == FAMILIES[family]
    expected = isf_of_log(family, 5.0, 0.7, np.log(0.3))
    assert amount_isf(family, 5.0, 0.7, np.zeros(0), 0.3) == pytest.approx(expected)
