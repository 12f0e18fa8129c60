"""The family that made the stays is chosen, the simplest among equals, and none where there is too little to tell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.model.cells import Cells
from simcast.model.choosing import choose_family
from simcast.model.laplace import approximate
from simcast.model.leave_one_out import leave_one_out
from simcast.model.priors import resolve_priors
from simcast.model.screening import FamilyLikelihood, HazardLikelihood
from simcast.model.settings import DURATIONS
from simcast.model.stays import StageStays

PRIORS = resolve_priors()
Floats = NDArray[np.float64]


def days_of(family: str, n: int, generator: np.random.Generator) -> Floats:
    return {
        "lognormal": lambda: 12.0 * np.exp(0.8 * generator.standard_normal(n)),
        "weibull": lambda: 15.0 * generator.weibull(2.5, n),
        "loglogistic": lambda: 12.0 * np.exp(0.5 * generator.logistic(size=n)),
        "gamma": lambda: generator.gamma(4.0, 4.0, n),
        "hazard": lambda: np.where(generator.random(n) < 0.5, generator.gamma(9.0, 0.6, n), generator.normal(70, 8, n)),
    }[family]()


def stays_of(family: str, n: int = 12_000, seed: int = 1) -> StageStays:
    """Two segments, moves equally likely, watched for 120 days."""
    generator = np.random.default_rng(seed)
    lasted = np.maximum(days_of(family, n, generator), 0.0) + generator.random(n)
    watched = generator.integers(1, 120, n)
    ended = lasted < watched
    move = np.where(ended, generator.integers(0, 2, n), -1)
    days = np.where(ended, np.floor(lasted), watched).astype(np.int64)
    return StageStays(2, Cells.of_segments(2), generator.integers(0, 2, n), move, days, np.zeros(n, dtype=np.int64))


@pytest.mark.parametrize("family", DURATIONS)
def test_the_family_that_made_the_stays_is_chosen(family: str) -> None:
    choice = choose_family("встреча", stays_of(family), PRIORS, DURATIONS, 1)
    assert choice.chosen == family, choice
    assert set(choice.elpd) == set(DURATIONS)
    assert choice.elpd_error[family] == 0.0
    assert choice.reason


def stays_that_lasted(days: np.ndarray, move: np.ndarray) -> StageStays:
    n = days.size
    return StageStays(2, Cells.of_segments(2), np.arange(n) % 2, move, days, np.zeros(n, dtype=np.int64))


def test_days_that_nearly_all_stays_have_in_common_have_no_shape() -> None:
    """A renewed contract begins anew at once: no family's draws could be had of such stays."""
    at_once, won = np.zeros(1200, dtype=np.int64), np.zeros(1200, dtype=np.int64)
    assert choose_family("renewed", stays_that_lasted(at_once, won), PRIORS, DURATIONS, 1).chosen == "hazard"
    assert choose_family("renewed", stays_that_lasted(at_once[:40], won[:40]), PRIORS, DURATIONS, 1).chosen == "hazard"
    assert choose_family("renewed", stays_that_lasted(at_once[:9], won[:9]), PRIORS, DURATIONS, 1).chosen == "lognormal"
    at_once[::10] = np.random.default_rng(1).lognormal(2.0, 0.7, 120).astype(np.int64)
    assert stays_that_lasted(at_once, won).n_alike >= 1080


def test_a_family_that_rules_out_what_was_is_not_compared() -> None:
    """Contracts of a year that end within a few days of it."""
    rng = np.random.default_rng(3)
    days = np.round(335 + 1.5 * rng.standard_normal(1400)).astype(np.int64)
    choice = choose_family("active", stays_that_lasted(days, np.zeros(1400, dtype=np.int64)), PRIORS, DURATIONS, 1)
    assert "lognormal" in choice.elpd
    assert min(choice.elpd.values()) > -1e6, choice.elpd


def test_with_few_stays_nothing_is_compared() -> None:
    choice = choose_family("встреча", stays_of("hazard", 40), PRIORS, DURATIONS, 1)
    assert choice.chosen == "lognormal"
    assert "too few" in choice.reason
    assert not choice.elpd


def test_a_family_that_the_scenario_names_is_taken() -> None:
    choice = choose_family("встреча", stays_of("lognormal", 400), PRIORS, ["gamma"], 1)
    assert (choice.chosen, choice.reason) == ("gamma", "named in the scenario")


@pytest.mark.parametrize("form", ["family", "hazard"])
def test_the_gradients_are_the_slopes_of_the_values(form: str) -> None:
    stays = stays_of("gamma", 500)
    likelihood = HazardLikelihood(stays, PRIORS) if form == "hazard" else FamilyLikelihood(stays, "gamma", PRIORS)
    generator = np.random.default_rng(3)
    free = likelihood.start + 0.1 * generator.standard_normal(likelihood.start.size)
    direction, step = generator.standard_normal(free.size), 1e-5
    gradient = likelihood.value_and_gradient(free)[1]
    slope = (
        likelihood.value_and_gradient(free + step * direction)[0]
        - likelihood.value_and_gradient(free - step * direction)[0]
    ) / (2 * step)
    assert gradient @ direction == pytest.approx(slope, rel=1e-5)


def test_the_approximation_of_a_normal_posterior_is_exact() -> None:
    """With many stays the posterior is normal: then all importance weights are nearly equal."""
    drawn = approximate(FamilyLikelihood(stays_of("lognormal", 20_000), "lognormal", PRIORS)).draw(400, 1)
    assert drawn.log_weight.std() < 1.0


def test_leaving_out_agrees_with_the_closed_form_of_a_normal_mean() -> None:
    """y ~ N(m, 1) with a flat prior: y left out is N(mean of the others, 1 + 1 / (n - 1))."""
    generator = np.random.default_rng(4)
    y = generator.standard_normal(30)
    means = y.mean() + generator.standard_normal(4000) / np.sqrt(30)
    log_likelihood = -0.5 * (y - means[:, None]) ** 2 - 0.5 * np.log(2 * np.pi)
    found = leave_one_out(log_likelihood, np.ones(30))
    others, variance = (y.sum() - y) / 29, 1 + 1 / 29
    expected = -0.5 * (y - others) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)
    np.testing.assert_allclose(found.elpd, expected, atol=0.02)
    assert found.n_effective_parameters == pytest.approx(1.0, abs=0.3)
    assert found.n_high_pareto_k == 0
    # Weights that undo a shift of the draws give the same again.
    shifted = means + 0.1
    weight = -0.5 * 30 * ((shifted - y.mean()) ** 2 - (shifted - y.mean() - 0.1) ** 2)
    again = leave_one_out(-0.5 * (y - shifted[:, None]) ** 2 - 0.5 * np.log(2 * np.pi), np.ones(30), weight)
    assert again.total == pytest.approx(found.total, abs=0.2)
