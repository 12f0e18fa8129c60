"""Hazards, slopes by amount and changing arrivals: what is refused, and what survives a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hazard_posterior import hazard_draws, with_amount_slope, with_draws

from simcast.assume import assumed_posterior
from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior
from simcast.scenario import Assumptions

PIPELINE = Pipeline.define(["звонок", "встреча"], moves=[("встреча", "звонок")])
RATE = np.array([[[0.1, 0.02, 0.3], [0.2, 0.01, 0.02], [0.05, 0.05, 0.001]]])

Change = Callable[[xr.Dataset], xr.Dataset]


def base() -> Posterior:
    stages = {name: {"conversion": 0.4, "days": {"lognormal": [5, 1]}} for name in PIPELINE.stages}
    assumed = {"stages": stages, "segments": {"source": {"реклама": 0.5, "site": 0.5}}}
    return assumed_posterior(PIPELINE, Assumptions.model_validate(assumed))


def whole() -> xr.Dataset:
    draws = with_amount_slope(hazard_draws(base(), "встреча", RATE, [0, 1, 7], 3653), 0.2, 1000.0, -0.1)
    return draws.assign(
        arrivals_season=(("draw", "harmonic"), np.zeros((1, 4))),
        arrivals_path=(("draw", "block"), np.zeros((1, 130))),
        arrivals_bound=(("draw", "bound"), np.array([[-1.0, 0.7]])),
    )


def test_all_of_it_comes_back_from_a_file(tmp_path: Path) -> None:
    before = with_draws(base(), whole())
    after = Posterior.load(before.save(tmp_path / "p.nc"))
    assert after.draws.identical(before.draws)
    assert after.draws.attrs["hazard_end"] == 3653
    assert after.draws["piece"].to_numpy().tolist() == [0, 1, 7]


def test_a_posterior_without_any_of_it_comes_back_without(tmp_path: Path) -> None:
    assert "hazard_log" not in Posterior.load(base().save(tmp_path / "p.nc")).draws


def first_move(values: xr.DataArray, number: float) -> xr.DataArray:
    changed = values.copy()
    changed.loc[{"stage": "встреча", "move": "won"}] = number
    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.drop_vars("hazard_effect"), "'hazard_effect' is missing, which the stage 'встреча' needs"),
        (lambda held: held.rename(piece="part"), "posterior.hazard_log: has the dimensions"),
        (lambda held: held.drop_vars("piece"), "coordinate 'piece'"),
        (lambda held: held.assign_attrs(hazard_end=7), "must rise from 0"),
        (lambda held: held.assign_coords(piece=[1, 2, 7]), "must rise from 0"),
        (lambda held: held.assign(hazard_log=first_move(held["hazard_log"], np.nan)), "hazard_log[встреча]"),
        (lambda held: held.assign(hazard_effect=first_move(held["hazard_effect"], np.inf)), "hazard_effect[встреча]"),
        (lambda held: held.assign(hazard_log=held["hazard_log"] + 0.1), "not what follows from hazard_log"),
        (lambda held: held.assign_coords(piece=[0, 2, 7]), "not what follows from hazard_log"),
        (
            lambda held: held.assign(days_family=first_move(held["days_family"].astype(object), "weibull").astype(str)),  # type: ignore[arg-type]
            "for some moves",
        ),
        (lambda held: held.assign_attrs(amount_family="hazard"), "amount_family is 'hazard'"),
        (lambda held: held.assign_attrs(amount_centre=0.0), "amount_centre is 0.0"),
        (lambda held: held.assign(amount_slope=held["amount_slope"] * np.nan), "amount_slope: must be finite"),
        (lambda held: held.assign(amount_offset=held["amount_offset"] * np.nan), "amount_offset: must be finite"),
        (lambda held: held.drop_vars("amount_slope"), "'amount_slope' is missing, to which amount_offset belongs"),
        (lambda held: held.isel(harmonic=[0, 1]), "has 2 coefficients"),
        (lambda held: held.assign(arrivals_path=held["arrivals_path"] + np.inf), "arrivals_path: must be finite"),
        (lambda held: held.isel(block=[]), "no block"),
        (lambda held: held.isel(bound=[1, 0]), "arrivals_bound: must be two numbers"),
        (lambda held: held.isel(bound=[0]), "arrivals_bound: must be two numbers"),
    ],
)
def test_what_no_forecast_could_use_is_refused(change: Change, words: str) -> None:
    with pytest.raises(FitError) as error:
        with_draws(base(), change(whole()))
    assert words in str(error.value)
