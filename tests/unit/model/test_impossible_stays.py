"""Stays that a family all but rules out: their weights have no tail to smooth, and the family loses, no more."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp

from simcast.model.arviz_generation import pareto_smoothed
from simcast.model.cells import Cells
from simcast.model.choosing import choose_family
from simcast.model.leave_one_out import leave_one_out
from simcast.model.priors import Prior, resolve_priors
from simcast.model.screening import FamilyLikelihood
from simcast.model.stays import StageStays

Floats = NDArray[np.float64]

PRIORS = resolve_priors()
N = 400
NORMAL = np.random.default_rng(1).standard_normal(N)
WITHOUT_A_TAIL = {
    "all alike": np.zeros(N),
    "the largest alike": np.concatenate([np.full(100, 1e100), NORMAL[100:]]),
    "one beyond all others": np.concatenate([[1e100], NORMAL[1:]]),
    "beyond all bounds": np.concatenate([np.arange(30.0) * 1e90, NORMAL[30:]]),
}

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("name", WITHOUT_A_TAIL)
def test_weights_without_a_tail_are_normalised_and_not_to_be_relied_on(name: str) -> None:
    log_weights = WITHOUT_A_TAIL[name]
    smoothed, k = pareto_smoothed(np.array([log_weights, NORMAL]))
    assert np.isinf(k[0])
    assert np.exp(smoothed[0]).sum() == pytest.approx(1.0)
    largest = log_weights == log_weights.max()
    np.testing.assert_allclose(np.exp(smoothed[0]), largest / largest.sum())
    alone, its_k = pareto_smoothed(NORMAL[None])
    np.testing.assert_allclose(smoothed[1], alone[0], rtol=1e-12)  # rows beside it are as they are alone
    assert k[1] == pytest.approx(its_k[0])


def test_stays_that_most_draws_rule_out_make_a_family_lose() -> None:
    """Their log-likelihoods are numbers whose squares are none."""
    log_likelihood = np.column_stack([NORMAL - 3.0, np.where(np.arange(N) < 300, -7e303, -1.0)])
    found = leave_one_out(log_likelihood, np.array([5.0, 435.0]))
    assert np.isfinite(found.elpd).all()
    assert found.n_high_pareto_k == 435
    assert found.elpd[1] < -1e90
    without = leave_one_out(log_likelihood[:, :1], np.array([5.0]))
    assert found.elpd[0] == pytest.approx(without.elpd[0], rel=1e-12)
    assert found.elpd[0] < logsumexp(log_likelihood[:, 0]) - np.log(N)


class NoNumberForGamma(FamilyLikelihood):
    """The usual likelihoods, but for the gamma's, which is no number anywhere."""

    def __init__(self, stays: StageStays, family: str, priors: Mapping[str, Prior]) -> None:
        super().__init__(stays, family, priors)
        self._factor = np.nan if family == "gamma" else 1.0

    def value_and_gradient(self, free: Floats) -> tuple[float, Floats]:
        value, gradient = super().value_and_gradient(free)
        return self._factor * value, self._factor * gradient


def test_a_family_without_an_approximation_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are compared as if it had not been asked for."""
    generator = np.random.default_rng(4)
    days = np.floor(10.0 * np.exp(0.7 * generator.standard_normal(400))).astype(np.int64)
    nothing = np.zeros(400, dtype=np.int64)
    stays = StageStays(2, Cells.of_segments(1), nothing, generator.integers(0, 2, 400), days, nothing)
    families = ("lognormal", "weibull", "gamma")
    without = choose_family("встреча", stays, PRIORS, families[:2], 1)
    monkeypatch.setattr("simcast.model.choosing.FamilyLikelihood", NoNumberForGamma)
    found = choose_family("встреча", stays, PRIORS, families, 1)
    assert (found.chosen, found.elpd) == (without.chosen, without.elpd)
    alone = choose_family("встреча", stays, PRIORS, ("gamma", "weibull"), 1)
    assert alone.chosen == "weibull"
    assert "cannot be fitted" in alone.reason
