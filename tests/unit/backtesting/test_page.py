"""The page of plots of a backtest, and the work in processes, with fits that are real where it says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from deal_files import STAGE, deal_rows

import simcast
from simcast.backtesting.scenario_file import backtest_scenario
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.plots.backtest_page import draw_backtest_page
from simcast.scenario import build_scenario, load_scenario


@pytest.mark.usefixtures("fitted_on")
def test_the_page_is_drawn_and_the_same_twice(
    scenario_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    monkeypatch.setattr("simcast.backtesting.scenario_file.is_installed", lambda: False)
    run = backtest_scenario(load_scenario(scenario_file), least_history_days=120, most=2)
    for name in ("one.png", "other.png"):
        draw_backtest_page(run, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()
    assert (tmp_path / "one.png").stat().st_size > 20_000


@pytest.mark.slow
def test_processes_give_what_one_process_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path / "cache"))
    deals = deal_rows()
    stays = deals.rename(columns={"end": "move"}).assign(stage=STAGE)
    history = History.of(Pipeline.define([STAGE]), stays, ["регион"], observed_until="2026-06-01").known_at(
        "2026-06-01"
    )
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": [STAGE]},
            "history": {
                "path": "deals.csv",
                "segments": ["регион"],
                "model": {"durations": "lognormal", "draws": 60, "tune": 150, "chains": 2},
            },
            "forecast": {"as_of": "2026-06-01", "horizon": "1 month"},
            "simulation": {"futures": 300, "seed": 1},
        }
    )
    origins = ["2026-04-01", "2026-05-01"]
    once = simcast.backtest(history, scenario, origins=origins, store=tmp_path / "one")
    many = simcast.backtest(history, scenario, origins=origins, store=tmp_path / "other", jobs=2)
    pd.testing.assert_frame_equal(once.table, many.table)
    kept = simcast.backtest(history, scenario, origins=origins, store=tmp_path / "other")
    pd.testing.assert_frame_equal(kept.table, once.table)
