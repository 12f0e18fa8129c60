"""Empirical amounts in a posterior: what is refused, what survives a file, and what a plan makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hazard_posterior import with_draws

from simcast.assume import assumed_posterior
from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior
from simcast.scenario import Assumptions

PIPELINE = Pipeline.define(["звонок"])
AMOUNTS = np.array([[1.0, 2.0, 9.0], [4.0, 4.0, 5.0]])


def base() -> Posterior:
    stages = {"звонок": {"conversion": 0.4, "days": {"lognormal": [5, 1]}}}
    assumed = {"stages": stages, "segments": {"source": {"реклама": 0.5, "site": 0.5}}}
    return assumed_posterior(PIPELINE, Assumptions.model_validate(assumed))


def empirical(amounts: np.ndarray = AMOUNTS) -> xr.Dataset:
    draws = base().draws.assign(amount_quantiles=(("segment", "level"), amounts))
    draws["amount_scale"] = draws["amount_scale"] * 0.0 + 1.0
    return draws.assign_attrs(amount_family="empirical")


def test_they_come_back_from_a_file(tmp_path: Path) -> None:
    before = with_draws(base(), empirical())
    after = Posterior.load(before.save(tmp_path / "p.nc"))
    np.testing.assert_array_equal(after.draws["amount_quantiles"], AMOUNTS)
    assert after.draws.attrs["amount_family"] == "empirical"


@pytest.mark.parametrize(
    ("draws", "words"),
    [
        (empirical().drop_vars("amount_quantiles"), "'amount_quantiles' is missing"),
        (empirical(AMOUNTS[:, ::-1]), "not fall from level to level"),
        (empirical(-AMOUNTS[:, ::-1]), "at least 0"),
        (empirical(AMOUNTS * np.nan), "must be finite"),
        (empirical(AMOUNTS[:, :0]), "has no level"),
    ],
)
def test_what_is_wrong_with_them_is_said(draws: xr.Dataset, words: str) -> None:
    with pytest.raises(FitError, match=words):
        with_draws(base(), draws)


def test_days_cannot_be_empirical() -> None:
    draws = base().draws.copy()
    draws["days_family"] = draws["days_family"].astype(object)
    draws["days_family"].loc[{"stage": "звонок", "move": "won"}] = "empirical"
    with pytest.raises(FitError, match="days_family"):
        with_draws(base(), draws)
