"""Conversion that moves from quarter to quarter, or goes with the amount, is found; an average is not.

The truths lie beyond four posterior standard deviations of what a model without these terms says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simcast.history import History
from simcast.model import FitSettings, fit
from simcast.pipeline import Pipeline

pytestmark = pytest.mark.slow

PIPELINE = Pipeline.define(["сделка"])
START = np.datetime64("2024-01-01")
N_DAYS = 731
SETTINGS = FitSettings(durations="lognormal", chains=2, tune=400, draws=400)


def one_stage(conversion: np.ndarray, entered: np.ndarray, amount: np.ndarray, seed: int = 2) -> History:
    """Deals that take about ten days to be won or lost, cut after two years."""
    generator = np.random.default_rng(seed)
    n = entered.size
    won = generator.random(n) < conversion
    left = entered + 10.0 * np.exp(0.6 * generator.standard_normal(n))
    seen = left < N_DAYS
    table = pd.DataFrame(
        {
            "deal": [f"D{number:05d}" for number in range(n)],
            "stage": "сделка",
            "entered": START + np.floor(entered).astype("timedelta64[D]"),
            "left": np.where(
                seen, START + np.floor(np.where(seen, left, 0)).astype("timedelta64[D]"), np.datetime64("NaT", "D")
            ),
            "move": np.where(seen, np.where(won, "won", "lost").astype(object), None),
            "amount": amount,
            "amount_at_end": np.where(seen, amount, np.nan),
        }
    )
    return History.of(PIPELINE, table, [], START + np.timedelta64(N_DAYS, "D"))


def forward(history: History, settings: FitSettings) -> np.ndarray:
    """Draws of the probability of winning."""
    return fit(history, settings=settings).draws["probability"].sel(move="won").to_numpy().ravel()


def test_drift_is_followed_to_where_it_stands_now() -> None:
    entered = np.random.default_rng(1).uniform(0, N_DAYS, 8000)
    quarter = np.floor(entered / 91.4)
    truth = 1 / (1 + np.exp(-(1.0 - 0.25 * quarter)))  # from 73% down to 32%
    history = one_stage(truth, entered, np.full(8000, np.nan))
    drifting = forward(history, replace(SETTINGS, drift="quarterly"))
    still = forward(history, SETTINGS)
    now = truth[quarter == quarter.max()].mean()
    assert abs(drifting.mean() - now) < 4 * drifting.std()
    assert drifting.std() < 0.12
    assert abs(still.mean() - now) > 0.1


def test_without_drift_the_term_is_shrunk_to_nearly_nothing() -> None:
    entered = np.random.default_rng(1).uniform(0, N_DAYS, 8000)
    history = one_stage(np.full(8000, 0.4), entered, np.full(8000, np.nan))
    drifting = forward(history, replace(SETTINGS, drift="quarterly"))
    assert drifting.std() < 0.03
    assert abs(drifting.mean() - 0.4) < 0.05


def test_the_slope_by_amount_is_found_and_new_deals_convert_as_all_do_on_average() -> None:
    generator = np.random.default_rng(3)
    entered, log_amount = generator.uniform(0, N_DAYS, 8000), generator.normal(0.0, 1.0, 8000)
    truth = 1 / (1 + np.exp(-(-1.0 - 0.8 * log_amount)))
    posterior = fit(one_stage(truth, entered, 5000 * np.exp(log_amount)), settings=SETTINGS)
    slope = posterior.draws["amount_slope"].to_numpy().ravel()
    assert abs(slope.mean() + 0.8) < 4 * slope.std() + 0.05  # classes of amounts flatten it by a few hundredths
    assert slope.std() < 0.05
    average = posterior.draws["probability"].sel(move="won").to_numpy().ravel()
    assert abs(average.mean() - truth.mean()) < 4 * average.std()
    assert posterior.draws.attrs["amount_centre"] == pytest.approx(5000, rel=0.1)


def test_amounts_that_say_nothing_have_a_slope_of_nothing() -> None:
    generator = np.random.default_rng(3)
    entered = generator.uniform(0, N_DAYS, 4000)
    history = one_stage(np.full(4000, 0.3), entered, 5000 * np.exp(generator.standard_normal(4000)))
    slope = fit(history, settings=SETTINGS).draws["amount_slope"].to_numpy()
    assert abs(slope.mean()) < 4 * slope.std()
