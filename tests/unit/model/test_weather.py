"""How much months differ: what a handful of monthly counts can tell, and how it is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats

from simcast.model.weather import PRIOR_DEGREES, PRIOR_SCALE, VALUES, MonthlyEffects, SpreadOfMonths

Floats = NDArray[np.float64]

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def spread_of(effect: Floats, information: Floats) -> SpreadOfMonths:
    return MonthlyEffects(effect, information).spread()


def nothing() -> SpreadOfMonths:
    return spread_of(np.zeros(0), np.zeros(0))


def test_no_month_tells_the_prior_and_one_no_more() -> None:
    prior = stats.t(PRIOR_DEGREES, scale=PRIOR_SCALE)
    np.testing.assert_allclose(nothing().quantile(LEVELS), prior.ppf(0.5 + 0.5 * LEVELS), rtol=0.02)
    one = spread_of(np.array([0.8]), np.array([50.0]))
    np.testing.assert_allclose(one.probability, nothing().probability, rtol=1e-9)


def test_months_with_hardly_an_end_say_nothing() -> None:
    few = spread_of(np.full(12, 3.0), np.full(12, 4.0))
    np.testing.assert_array_equal(few.probability, nothing().probability)


@pytest.mark.slow
def test_the_density_is_that_of_effects_whose_common_mean_is_integrated_out() -> None:
    """Two months: their difference is all that tells, and it is normal; by quadrature over the mean besides."""
    effect, information = np.array([0.5, -0.1]), np.array([40.0, 25.0])
    found = spread_of(effect, information).probability
    sd = np.sqrt(2.0 * VALUES**2 + (1.0 / information).sum())
    prior = stats.t.pdf(VALUES / PRIOR_SCALE, PRIOR_DEGREES)
    by_difference = prior * stats.norm.pdf(effect[0] - effect[1], 0.0, sd)
    np.testing.assert_allclose(found, by_difference / by_difference.sum(), rtol=1e-9)

    def integrated(value: float) -> float:
        scale = np.sqrt(value**2 + 1.0 / information)
        return float(integrate.quad(lambda mean: np.prod(stats.norm.pdf(effect, mean, scale)), -5.0, 5.0)[0])

    by_quadrature = prior * [integrated(value) for value in VALUES]
    np.testing.assert_allclose(found, by_quadrature / by_quadrature.sum(), rtol=1e-5)


@pytest.mark.parametrize("n_months", [4, 12, 40])
def test_true_spreads_from_the_prior_are_ranked_evenly(n_months: int) -> None:
    """Simulation-based calibration: 400 spreads; a sound program fails once in 10,000 runs, a plain mean is seen."""
    rng = np.random.default_rng(n_months)
    truth = np.abs(stats.t.rvs(PRIOR_DEGREES, scale=PRIOR_SCALE, size=2000, random_state=rng))
    truth = truth[truth < VALUES[-1]][:400]
    ranks, certain = [], []
    for value in truth:
        information = rng.uniform(10.0, 200.0, n_months)
        effect = rng.normal(0.3, value, n_months) + rng.normal(0.0, 1.0 / np.sqrt(information))
        found = spread_of(effect, information)
        ranks.append(np.interp(value, found.quantile(np.linspace(0.0, 1.0, 2001)), np.linspace(0.0, 1.0, 2001)))
        certain.append(value > np.std(effect))
    assert stats.kstest(ranks, "uniform").pvalue > 1e-4
    assert abs(np.mean(certain) - 0.5) > 0.15  # what months differ by on their face is too much


def test_months_of_groups_are_compared_with_their_own() -> None:
    """What differs between two groups of months tells nothing, what differs within them all there is to tell."""
    effect, information = np.array([0.2, -0.3, 0.1, 0.4]), np.array([40.0, 25.0, 60.0, 30.0])
    group = np.array([0, 0, 1, 1])
    found = MonthlyEffects(effect, information).spread(group).probability
    shifted = MonthlyEffects(effect + 2.0 * group, information).spread(group).probability
    np.testing.assert_allclose(found, shifted, rtol=1e-9)
    apart = [spread_of(effect[group == one], information[group == one]).probability for one in (0, 1)]
    joint = apart[0] * apart[1] / stats.t.pdf(VALUES / PRIOR_SCALE, PRIOR_DEGREES)
    np.testing.assert_allclose(found, joint / joint.sum(), rtol=1e-9)


def test_the_level_of_few_months_is_less_sure_than_their_deals_make_it() -> None:
    """Of n months that tell as much as each other, by the spread over the root of n, whatever they tell."""
    for n, information in ((4, 50.0), (12, 8.0)):
        found = spread_of(np.linspace(-0.3, 0.3, n), np.full(n, information))
        np.testing.assert_allclose(found.level, VALUES / np.sqrt(n), rtol=1e-9)
        np.testing.assert_allclose(found.level_of(np.array([0.0, 0.2, 0.4])), np.array([0.0, 0.2, 0.4]) / np.sqrt(n))
    one_tells_most = spread_of(np.array([0.1, 0.2]), np.array([1000.0, 1.0])).level_of(np.array([0.01, 1.0]))
    np.testing.assert_allclose(one_tells_most, [0.01, 1.0], rtol=0.01)
    assert not nothing().level.any()


def test_draws_are_the_distribution_in_random_order() -> None:
    spread = spread_of(np.array([0.5, -0.4, 0.1, 0.3]), np.full(4, 60.0))
    drawn = spread.draw(2000, np.random.default_rng(3))
    np.testing.assert_allclose(np.quantile(drawn, LEVELS), spread.quantile(LEVELS), rtol=0.01)
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 4.0 / np.sqrt(2000)
    np.testing.assert_array_equal(drawn, spread.draw(2000, np.random.default_rng(3)))
