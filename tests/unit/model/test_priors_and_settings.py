"""Priors and settings: what may be overridden, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from simcast.errors import ArgumentTypeError, FitError
from simcast.model import DEFAULT_PRIORS, NEW_DEAL_PRIORS, FitSettings
from simcast.model.priors import resolve_priors
from simcast.scenario import load_scenario
from simcast.scenario.settings import ModelSettings


def test_every_prior_has_a_reason_in_words() -> None:
    for prior in (*DEFAULT_PRIORS.values(), *NEW_DEAL_PRIORS.values()):
        assert prior.sd > 0
        assert np.isfinite(prior.mean)
        assert len(prior.reason.split()) > 6


def test_an_override_replaces_one_prior_only() -> None:
    found = resolve_priors({"stalled_logit": {"normal": [-5, 0.5]}})
    assert (found["stalled_logit"].mean, found["stalled_logit"].sd) == (-5.0, 0.5)
    assert {name for name in found if found[name] != DEFAULT_PRIORS[name]} == {"stalled_logit"}


def test_wrong_priors_are_all_refused_at_once() -> None:
    with pytest.raises(FitError) as error:
        resolve_priors(
            {
                "stalled": {"normal": [0, 1]},
                "conversion_logit": {"beta": [1, 1]},
                "median_spread": {"normal": [0, 0]},
                "log_days_shape": {"normal": [float("nan"), 1]},
                "log_median_days": 14,
            }
        )
    assert len(error.value.problems) == 5
    assert "known: conversion_logit" in error.value.problems[0]


def test_a_scenarios_settings_are_understood() -> None:
    choices = ModelSettings.model_validate({"draws": 50, "priors": {"median_spread": {"normal": [0.0, 0.2]}}})
    settings = FitSettings.of(choices)
    assert settings.draws == 50
    assert resolve_priors(settings.priors)["median_spread"].sd == 0.2
    assert FitSettings.of(None) == FitSettings() == FitSettings.of(ModelSettings())


def test_a_whole_scenario_is_no_settings() -> None:
    with pytest.raises(ArgumentTypeError, match=r"needs a scenario's history\.model"):
        FitSettings.of(load_scenario("scenarios/q3.yaml"))


def test_equal_settings_have_one_plain_form_whatever_their_types() -> None:
    one = FitSettings(priors={"stalled_logit": {"normal": (-4, 1)}}, target_accept=0.9)
    other = FitSettings(priors={"stalled_logit": {"normal": [-4.0, 1.0]}}, target_accept=0.9)
    assert one.plain() == other.plain()


@pytest.mark.parametrize(
    "choice", [{"durations": "normal"}, {"drift": "daily"}, {"sampler": "stan"}, {"recorded_from": "March"}]
)
def test_choices_that_are_not_known_are_refused_by_name(choice: dict[str, str]) -> None:
    with pytest.raises(FitError, match=f"history.model.{next(iter(choice))}"):
        FitSettings(**choice)  # type: ignore[arg-type]


def test_a_quick_fit_has_fewer_draws_but_never_more_than_were_asked_for() -> None:
    quick = FitSettings(quick=True, draws=50).budgeted()
    assert (quick.draws, quick.tune, quick.chains) == (50, 300, 2)
    assert FitSettings().budgeted() == FitSettings()
