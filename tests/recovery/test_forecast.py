"""From a history to a forecast: the bookings that the truth behind the history would bring.

The history comes from `simcast.synthetic`, which shares nothing with the engine or the model: eighteen months of the
sample's truth without its rush at quarter's end: what the calendar learns is not what this is about. The forecast is
then a posterior predictive distribution of the very quantity that the truth's own simulation gives.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simcast
from simcast.forecast import Forecast
from simcast.model.settings import FitSettings
from simcast.scenario import build_scenario
from simcast.synthetic import Bookings, sample_truth, simulate_bookings, simulate_history

START, AS_OF, UNTIL = "2025-01-01", "2026-07-01", "2026-09-30"
SEGMENTS = ["source", "region"]

# A forecast's mean differs from the truth's by the uncertainty of the parameters only, which is less than the
# forecast's own sd. Three of those bound a false alarm below 0.3% per comparison; they are made once.
MOST_SDS = 3.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Forecast], Bookings]:
    """Forecast a quarter from a history, and simulate it under the truth."""
    truth = replace(sample_truth(), rush=None)
    log = simulate_history(truth, START, AS_OF, seed=5)
    happened = simulate_bookings(truth, log, START, AS_OF, UNTIL, n_futures=1000, seed=6)
    file = Path(tmp_path_factory.mktemp("world")) / "deals.csv"
    log.assign(entered=log["entered"].dt.strftime("%Y-%m-%d")).to_csv(file, index=False)
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": [stage.name for stage in truth.stages]},
            "history": {"path": str(file), "segments": SEGMENTS},
            "forecast": {"as_of": AS_OF, "until": UNTIL},
            "simulation": {"futures": 3000},
            "scenarios": {"wrong": [{"lever": "conversion", "stage": "proposal", "multiply": 0.6}]},
        }
    )
    history = simcast.read_history(file, scenario.pipeline_definition, segments=SEGMENTS).known_at(AS_OF)
    posterior = simcast.fit(history, seed=1, settings=FitSettings(draws=300, tune=500))
    book = history.open_deals(AS_OF)
    plans = {name: simcast.build_plan(posterior, book, scenario, name) for name in scenario.scenario_names}
    return {name: simcast.simulate(plan) for name, plan in plans.items()}, happened


def sds_apart(forecast: Forecast, happened: Bookings, origin: str) -> float:
    found = forecast.values("bookings", origin="open" if origin == "open" else "new")
    truth = happened.bookings_open if origin == "open" else happened.bookings_new
    return float(abs(found.mean() - truth.mean()) / found.std())


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["open", "new"])
def test_the_forecast_is_that_of_the_truth(world: tuple[dict[str, Forecast], Bookings], origin: str) -> None:
    forecasts, happened = world
    assert sds_apart(forecasts["baseline"], happened, origin) < MOST_SDS
    if origin == "open":
        assert sds_apart(forecasts["wrong"], happened, origin) > MOST_SDS


@pytest.mark.slow
def test_the_forecast_is_as_uncertain_as_the_truth_and_not_much_more(
    world: tuple[dict[str, Forecast], Bookings],
) -> None:
    """The parameters' uncertainty adds to luck; with 6,000 deals it should not double it."""
    forecasts, happened = world
    ratio = forecasts["baseline"].values("bookings").std() / happened.bookings.std()
    assert 0.9 < ratio < 2.0


@pytest.mark.slow
def test_monthly_quantiles_can_be_read_from_python(world: tuple[dict[str, Forecast], Bookings]) -> None:
    forecasts, happened = world
    by_month = forecasts["baseline"].quantiles("bookings", by="month")
    assert by_month.shape == (3, 8)
    assert by_month["mean"].sum() == pytest.approx(forecasts["baseline"].values("bookings").mean())
    assert np.all(np.diff(by_month.drop(columns="mean").to_numpy(), axis=1) >= 0)
    assert happened.bookings.mean() > 0
