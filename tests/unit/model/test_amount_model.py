"""The model of amounts: its likelihood and its medians against SciPy's normal distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, stats

from simcast.model.amount_model import AMOUNT_ROUNDING, amount_inputs, conditional_medians, log_marginal_likelihood
from simcast.model.new_deals import sum_amounts

Floats = NDArray[np.float64]
MEAN, SPREAD = 0.2, 0.6
LOG_SIGMA = np.log([0.5, 1.1, 0.8])


def amounts() -> tuple[Floats, Floats]:
    """Log amounts less their centre, by segment in turn, the last without any; and what the model reads of them."""
    generator = np.random.default_rng(3)
    amount, segment = generator.lognormal(9.0, 0.8, 9), np.array([0, 0, 0, 1, 0, 0, 1, 0, 0])
    sums = sum_amounts(np.append(amount, [np.nan, 0.0]), np.append(segment, [0, 1]), 3)
    assert sums.n_amounts == 9
    return np.stack([np.log(amount) - sums.centre, segment]), amount_inputs(sums)


def density(log_median: float, logs: Floats, sigma: float, spread: float) -> float:
    """Return the joint density of log amounts and their log median."""
    return float(np.exp(stats.norm.logpdf(logs, log_median, sigma).sum()) * stats.norm.pdf(log_median, MEAN, spread))


def moment(power: int, logs: Floats, sigma: float) -> float:
    """Integrate a power of the log median over the joint density."""

    def integrand(log_median: float) -> float:
        return log_median**power * density(log_median, logs, sigma, SPREAD)

    return float(integrate.quad(integrand, -8, 8, points=[logs.mean()], epsabs=0, epsrel=1e-10, limit=200)[0])


def test_the_marginal_likelihood_integrates_the_medians_out() -> None:
    rows, data = amounts()
    value = float(log_marginal_likelihood(data, MEAN, SPREAD**2, LOG_SIGMA).eval())
    exact = 0.0
    for segment in (0, 1):
        logs, sigma = rows[0, rows[1] == segment], math.exp(LOG_SIGMA[segment])
        exact += math.log(moment(0, logs, sigma))
        # Constants that the model leaves out, and the rounding of amounts that it puts in.
        exact += 0.5 * logs.size * math.log(2 * math.pi) - 0.5 * logs.size * (AMOUNT_ROUNDING / sigma) ** 2
    assert value == pytest.approx(exact, rel=1e-6)


def test_without_a_spread_all_medians_are_the_mean() -> None:
    rows, data = amounts()
    value = float(log_marginal_likelihood(data, MEAN, 0.0, LOG_SIGMA).eval())
    sigma = np.exp(LOG_SIGMA[rows[1].astype(int)])
    exact = stats.norm.logpdf(rows[0], MEAN, sigma).sum() + 4.5 * math.log(2 * math.pi)
    assert value == pytest.approx(exact - 0.5 * np.sum((AMOUNT_ROUNDING / sigma) ** 2), rel=1e-6)


def test_medians_have_their_law_given_sigmas_and_amounts() -> None:
    rows, data = amounts()
    middle, above = (
        np.asarray(conditional_medians(data, MEAN, SPREAD**2, LOG_SIGMA, np.full(3, raw)).eval()) for raw in (0.0, 1.0)
    )
    for segment in (0, 1):
        logs, sigma = rows[0, rows[1] == segment], math.exp(LOG_SIGMA[segment])
        mass, first, second = (moment(power, logs, sigma) for power in (0, 1, 2))
        assert middle[segment] == pytest.approx(first / mass, rel=1e-6)
        assert above[segment] - middle[segment] == pytest.approx(
            math.sqrt(second / mass - (first / mass) ** 2), rel=1e-6
        )
    np.testing.assert_allclose([middle[2], above[2]], [MEAN, MEAN + SPREAD])  # no amounts: the prior
