"""The share of amounts that are 0 in a posterior: refused where it is no share, and part of what deals are worth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hazard_posterior import with_draws

from simcast.analysis.parameters import mean_amounts, median_amounts
from simcast.assume import assumed_posterior
from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior
from simcast.posterior.draws import zero_shares_of
from simcast.scenario import Assumptions

PIPELINE = Pipeline.define(["звонок"])
STAGES = {"звонок": {"conversion": 0.4, "days": {"lognormal": [5, 1]}}}
LOGNORMAL = {"lognormal": {"median": 1000, "sigma": 0.9}}


def with_zeros(share: float) -> Posterior:
    assumed = {"stages": STAGES, "segments": {"source": {"реклама": 0.5, "site": 0.5}}, "amount": LOGNORMAL}
    base = assumed_posterior(PIPELINE, Assumptions.model_validate(assumed))
    shares = np.array([[0.0, share]])
    return with_draws(base, base.draws.assign(amount_zero=(("draw", "segment"), shares)))


def test_it_comes_back_from_a_file_and_is_none_where_nothing_is_said_of_it(tmp_path: Path) -> None:
    after = Posterior.load(with_zeros(0.25).save(tmp_path / "p.nc"))
    np.testing.assert_array_equal(zero_shares_of(after.draws), [[0.0, 0.25]])
    np.testing.assert_array_equal(zero_shares_of(after.draws.drop_vars("amount_zero")), [[0.0, 0.0]])


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(FitError, match="amount_zero: must be between 0 and 1"):
        with_zeros(share)


def test_usual_and_mean_amounts_know_of_it() -> None:
    held = with_zeros(0.25)
    np.testing.assert_allclose(median_amounts(held), [[1000.0, 750.0]])
    mean = 1000.0 * math.exp(0.5 * 0.9**2)
    np.testing.assert_allclose(mean_amounts(held), [[mean, 0.75 * mean]])


def test_amounts_assumed_over_a_fit_have_none() -> None:
    held = with_zeros(0.25)
    stages = Assumptions.model_validate({"stages": STAGES})
    assert "amount_zero" in assumed_posterior(PIPELINE, stages, base=held).draws
    amounts = Assumptions.model_validate({"amount": LOGNORMAL})
    assert "amount_zero" not in assumed_posterior(PIPELINE, amounts, base=held).draws
