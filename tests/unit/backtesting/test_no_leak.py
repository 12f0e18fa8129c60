"""The whole way with a real fit: a future that is planted in a history moves nothing that was foreseen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simcast
from simcast.backtesting import Backtest
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.scenario import build_scenario

SMALL = {"durations": "lognormal", "draws": 60, "tune": 150, "chains": 2}
ORIGIN = "2026-04-01"


def made_stays(n_deals: int = 400) -> pd.DataFrame:
    generator = np.random.default_rng(3)
    entered = np.datetime64("2025-10-01") + np.sort(generator.integers(0, 240, n_deals)).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "deal": [f"D{number:03d}" for number in range(n_deals)],
            "stage": "сделка",
            "entered": entered,
            "left": entered + generator.geometric(0.08, n_deals).astype("timedelta64[D]"),
            "move": generator.choice(["won", "lost"], n_deals),
            "amount": np.round(generator.lognormal(8.0, 0.4, n_deals)),
        }
    )


def backtested(stays: pd.DataFrame, cache: Path, patch: pytest.MonkeyPatch) -> Backtest:
    """Backtest from one origin, with a store of fits that is empty."""
    patch.setenv("SIMCAST_CACHE", str(cache))
    pipeline = Pipeline.define(["сделка"])
    history = History.of(pipeline, stays, observed_until="2026-06-01")
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["сделка"]},
            "history": {"path": "deals.csv", "model": SMALL},
            "forecast": {"as_of": "2026-06-01", "horizon": "1 month"},
            "simulation": {"futures": 300, "seed": 1},
        }
    )
    return simcast.backtest(history, scenario, origins=[ORIGIN])


@pytest.mark.slow
def test_what_is_planted_after_the_origin_is_not_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stays = made_stays()
    planted = stays.copy()
    later = planted["left"] >= ORIGIN
    planted.loc[later, ["move", "amount_at_end"]] = ["won", 1e7]
    arrived_later = planted["entered"] >= ORIGIN
    planted = pd.concat(
        [planted, *(planted[arrived_later].assign(deal=f"E{copy}" + planted["deal"]) for copy in "abc")]
    )
    before = backtested(stays, tmp_path / "one", monkeypatch).table
    after = backtested(planted, tmp_path / "other", monkeypatch).table
    what_happened = ["actual", "crps", "pit"]
    pd.testing.assert_frame_equal(before.drop(columns=what_happened), after.drop(columns=what_happened))
    assert (after["actual"] > 1.5 * before["actual"]).all()
