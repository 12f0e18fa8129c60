"""Scores against closed forms, and scores that see what is wrong with a forecast."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.scoring import (
    bias,
    brier,
    crps_of_distribution,
    crps_of_sample,
    interval_coverage,
    interval_score,
    pinball,
    pit,
)

N_FUTURES, N_CASES = 400, 4000


def crps_of_normal(mean: float, sd: float, observed: np.ndarray) -> np.ndarray:
    """The closed form: Gneiting & Raftery (2007), equation 21 with the sign of a loss."""
    z = (observed - mean) / sd
    return np.asarray(sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)))


def naive_crps(sample: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """The estimator that is not fair: the distribution function of the sample itself."""
    pairs = np.abs(sample[:, None] - sample[None, :]).mean(axis=(0, 1))
    return np.asarray(np.abs(sample - observed).mean(axis=0) - 0.5 * pairs)


@pytest.mark.parametrize("observed", [-3.0, 0.0, 0.4, 2.5])
def test_the_crps_of_a_normal_sample_is_the_closed_form(observed: float) -> None:
    generator = np.random.default_rng(1)
    cases = np.full(N_CASES, observed)
    scores = crps_of_sample(generator.normal(1.0, 2.0, (20, N_CASES)), cases)
    # Unbiased whatever the number of futures: six standard errors, a false alarm in 10**8 runs.
    error = scores.std() / np.sqrt(N_CASES)
    assert abs(scores.mean() - crps_of_normal(1.0, 2.0, cases)[0]) < 6 * error


def test_the_crps_does_not_depend_on_how_many_futures_there_are_but_the_naive_one_does() -> None:
    generator = np.random.default_rng(2)
    cases = np.zeros(20_000)
    truth = float(crps_of_normal(0.0, 1.0, np.zeros(1))[0])
    sample = generator.normal(size=(3, cases.size))
    error = crps_of_sample(sample, cases).std() / np.sqrt(cases.size)
    assert abs(crps_of_sample(sample, cases).mean() - truth) < 6 * error
    assert naive_crps(sample, cases).mean() - truth > 20 * error


def test_the_crps_of_two_futures_is_what_the_definition_says() -> None:
    sample, observed = np.array([[1.0, 5.0], [4.0, 5.0]]), np.array([2.0, 3.0])
    assert crps_of_sample(sample, observed) == pytest.approx([1.5 - 1.5, 2.0])


@pytest.mark.parametrize(("mean", "sd"), [(0.5, 1.0), (0.0, 0.5), (0.0, 2.0)])
def test_a_forecast_that_is_off_or_too_sure_or_not_sure_enough_scores_worse_than_the_truth(
    mean: float, sd: float
) -> None:
    generator = np.random.default_rng(3)
    happened = generator.normal(size=N_CASES)
    right = crps_of_sample(generator.normal(size=(N_FUTURES, N_CASES)), happened)
    wrong = crps_of_sample(generator.normal(mean, sd, (N_FUTURES, N_CASES)), happened)
    assert wrong.mean() > right.mean() * 1.05


def test_intervals_of_the_truth_cover_what_they_say_and_narrower_ones_do_not() -> None:
    generator = np.random.default_rng(4)
    happened = generator.normal(size=N_CASES)
    reach = stats.norm.ppf(0.9)
    ends = np.full(N_CASES, reach)
    # Binomial standard error 0.0063: four of them, a false alarm in 16,000 runs.
    assert interval_coverage(-ends, ends, happened) == pytest.approx(0.8, abs=0.025)
    assert interval_coverage(-ends / 2, ends / 2, happened) < 0.55


def test_an_observation_on_the_end_of_an_interval_is_covered() -> None:
    assert interval_coverage([1.0, 1.0], [2.0, 2.0], [1.0, 2.0]) == 1.0
    assert np.isnan(interval_coverage([], [], []))


def test_the_interval_score_adds_a_fine_for_a_miss_to_the_width() -> None:
    scores = interval_score([0.0, 0.0, 0.0], [2.0, 2.0, 2.0], [1.0, -1.0, 2.5], level=0.5)
    assert scores == pytest.approx([2.0, 2.0 + 4.0, 2.0 + 2.0])


def test_no_interval_scores_better_than_the_true_quantiles() -> None:
    generator = np.random.default_rng(5)
    happened = generator.normal(size=100_000)
    means = {}
    for factor in (0.5, 0.8, 1.0, 1.25, 2.0):
        end = np.full(happened.size, stats.norm.ppf(0.95) * factor)
        means[factor] = float(interval_score(-end, end, happened, level=0.9).mean())
    assert min(means, key=lambda factor: means[factor]) == 1.0


@pytest.mark.parametrize("n_futures", [4, 50])
def test_the_pit_of_calibrated_counts_is_uniform(n_futures: int) -> None:
    generator = np.random.default_rng(6)
    sample, happened = generator.poisson(2.0, (n_futures, N_CASES)), generator.poisson(2.0, N_CASES)
    # Kolmogorov-Smirnov at 0.1%: the rate of false alarms.
    assert stats.kstest(pit(sample, happened, generator), "uniform").pvalue > 0.001


@pytest.mark.parametrize("mean", [1.5, 2.6])
def test_the_pit_of_counts_that_are_foreseen_too_low_or_too_high_is_not_uniform(mean: float) -> None:
    generator = np.random.default_rng(7)
    sample, happened = generator.poisson(mean, (50, N_CASES)), generator.poisson(2.0, N_CASES)
    assert stats.kstest(pit(sample, happened, generator), "uniform").pvalue < 1e-6


def test_without_chance_among_ties_counts_would_not_look_calibrated() -> None:
    class Never(np.random.Generator):
        """A generator that always puts an observation last among its ties."""

        def random(self, *_: object, **__: object) -> float:
            return 1.0

    generator = np.random.default_rng(8)
    sample, happened = generator.poisson(2.0, (50, N_CASES)), generator.poisson(2.0, N_CASES)
    never = Never(np.random.PCG64(1))
    assert stats.kstest(pit(sample, happened, never), "uniform").pvalue < 1e-6


def test_bias_is_above_zero_when_forecasts_are_too_high() -> None:
    assert bias([10.0, 20.0], [8.0, 19.0]) == pytest.approx(1.5)
    assert bias([0.0], [8.0]) == pytest.approx(-8.0)
    assert np.isnan(bias([], []))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"sample \(n_futures, n_cases\)"):
        crps_of_sample(np.zeros((4, 3)), np.zeros(4))
    with pytest.raises(ValueError, match="at least 2 futures"):
        crps_of_sample(np.zeros((1, 3)), np.zeros(3))
    with pytest.raises(ValueError, match="one shape"):
        bias(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="before it begins"):
        interval_coverage([1.0], [0.0], [0.5])
    with pytest.raises(ValueError, match="between 0 and 1"):
        interval_score([0.0], [1.0], [0.5], level=80)


@pytest.mark.slow
def test_scores_agree_with_scoringrules() -> None:
    """An independent implementation as oracle, on samples with ties and on single cases."""
    import scoringrules

    generator = np.random.default_rng(11)
    for n_values in (1, 2, 9, 199):
        values = np.round(generator.gamma(2.0, 5.0, n_values))
        observed = float(np.round(generator.gamma(2.0, 5.0)))
        expected = scoringrules.crps_ensemble(observed, values, estimator="nrg")
        assert crps_of_distribution(values, observed) == pytest.approx(float(expected))
    sample, happened = generator.gamma(2.0, 5.0, (50, 7)), generator.gamma(2.0, 5.0, 7)
    fair = scoringrules.crps_ensemble(happened, sample.T, estimator="fair")
    assert crps_of_sample(sample, happened) == pytest.approx(fair)
    low, high = np.quantile(sample, [0.1, 0.9], axis=0)
    assert interval_score(low, high, happened, 0.8) == pytest.approx(
        scoringrules.interval_score(happened, low, high, 0.2)
    )
    levels = np.array([0.1, 0.5, 0.9])
    quantiles = np.quantile(sample[:, 0], levels)
    assert pinball(quantiles, levels, happened[0]) == pytest.approx(
        scoringrules.quantile_score(happened[0], quantiles, levels)
    )
    p, came = generator.random(30), (generator.random(30) < 0.5).astype(float)
    assert brier(p, came) == pytest.approx(float(np.mean(scoringrules.brier_score(came, p))))


def test_the_distribution_of_many_values_scores_as_their_sample_does() -> None:
    values = np.random.default_rng(12).normal(size=5000)
    assert crps_of_distribution(values, 0.3) == pytest.approx(crps_of_sample(values[:, None], [0.3])[0], abs=1e-3)
    with pytest.raises(ValueError, match="at least one value"):
        crps_of_distribution([], 1.0)
