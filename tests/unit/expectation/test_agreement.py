from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simcast.expectation import agreement_score

N_SAMPLES, N_FUTURES, WINS = 3000, 200, 3


def bookings_over_their_mean(sigma: float) -> NDArray[np.float64]:
    """Samples of futures, each with a Poisson number of wins of lognormal amounts, less the mean that is right."""
    rng = np.random.default_rng(4)
    wins = rng.poisson(WINS, N_SAMPLES * N_FUTURES)
    amounts = rng.lognormal(0.0, sigma, wins.sum())
    of_future = np.repeat(np.arange(len(wins)), wins)
    booked = np.bincount(of_future, weights=amounts, minlength=len(wins)) - WINS * np.exp(sigma**2 / 2)
    return booked.reshape(N_SAMPLES, N_FUTURES)


def share_of_alarms(samples: NDArray[np.float64], limit: float) -> float:
    return float(np.mean([abs(agreement_score(sample) or 0.0) > limit for sample in samples]))


def test_scores_of_usual_amounts_are_standard_normal() -> None:
    """Sigma 0.7: of 3000 samples 137 should be beyond 2 and 8 beyond 3; the bounds hold but once in 10,000 seeds."""
    samples = bookings_over_their_mean(0.7)
    for limit in (2.0, 3.0):
        expected = 2 * stats.norm.sf(limit)
        lowest, highest = stats.binom.ppf([5e-5, 1 - 5e-5], N_SAMPLES, expected) / N_SAMPLES
        assert lowest <= share_of_alarms(samples, limit) <= highest


def test_heavy_tails_raise_hardly_any_alarm_where_plain_standard_errors_raise_many() -> None:
    """Sigma 2: about 2 in a thousand are beyond 4, against 27 of the plain ones, which are the negative control."""
    samples = bookings_over_their_mean(2.0)
    plain = samples.mean(axis=1) / samples.std(axis=1, ddof=1) * np.sqrt(N_FUTURES)
    assert np.mean(np.abs(plain) > 4.0) > 0.015
    assert share_of_alarms(samples, 4.0) < 0.006


@pytest.mark.parametrize("n", [3, 6, 50])
def test_few_differences_are_judged_by_students_law(n: int) -> None:
    """Symmetric about the mean, so that there is no skewness; Wallace's approximation is within 2% here."""
    differences = np.linspace(-1.0, 1.0, n) + 0.7
    t = differences.mean() / differences.std(ddof=1) * np.sqrt(n)
    assert agreement_score(differences) == pytest.approx(stats.norm.isf(stats.t.sf(t, n - 1)), rel=0.02)
    assert agreement_score(-differences) == pytest.approx(-(agreement_score(differences) or 0.0))


def test_without_chance_there_is_no_score() -> None:
    assert agreement_score(np.array([2.0, 2.0, 2.0])) is None
    assert agreement_score(np.array([2.0])) is None


def test_a_difference_beyond_all_measure_has_a_finite_score() -> None:
    assert 10.0 < (agreement_score(np.array([1e6, 1e6 + 1e-3] * 20)) or 0.0) < np.inf
