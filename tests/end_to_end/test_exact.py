"""`simcast run --exact`: the exact mean beside the simulated one.

Seeds are fixed; a score beyond 4.9 is a false alarm about once in a million comparisons.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from simcast.analysis import run
from simcast.scenario import load_scenario

RunJson = Callable[..., dict[str, Any]]
Invoke = Callable[..., Result]

RUSSIAN = """
simcast: 1
name: Новый отдел продаж
pipeline:
  stages: [заявка, звонок, встреча, договор]
  moves: [{from: встреча, to: звонок}]
assume:
  segments: {источник: {реклама: 0.4, сайт: 0.6}}
  stages:
    заявка:
      conversion: {beta: [80, 20]}
      days: {lognormal: {median: 0.2, sigma: 1.0}}
      days_lost: {exponential: {mean: 6}}
    звонок: {conversion: {beta: [40, 60]}, days: {weibull: {scale: 4, shape: 1.3}}, stalled: 0.03}
    встреча:
      conversion: 0.5
      moves: {звонок: 0.2}
      days: {gamma: {mean: 9, shape: 2}}
    договор: {conversion: 0.6, days: 7}
  arrivals: {per_day: {normal: [6, 1]}, size: 5, weekdays: [1.4, 1.4, 1.4, 1.4, 1.4, 0, 0]}
  amount: {lognormal: {median: 12000, sigma: 0.8}}
  open: [{stage: звонок, count: 40, age_days: 2}, {stage: договор, count: 15, age_days: 6, amount: 9000}]
forecast: {as_of: 2026-07-01, until: 2026-09-30, period: month, by: [источник]}
simulation: {futures: 400, seed: 2}
scenarios:
  быстрее:
    - {lever: duration, stage: встреча, multiply: {normal: [0.6, 0.05]}, from: 2026-07-10, ramp_days: 14}
    - {lever: duration, stage: звонок, cap_days: 5}
  больше:
    - {lever: arrivals, where: {источник: реклама}, multiply: 1.3}
    - {lever: amount, add: -2000, from: 2026-08-01}
    - {lever: conversion, stage: звонок, add: 0.1, ramp_days: 30}
"""


@pytest.fixture
def russian(tmp_path: Path) -> Path:
    file = tmp_path / "отдел.yaml"
    file.write_text(RUSSIAN, encoding="utf-8")
    return file


def test_each_scenario_has_its_exact_mean(russian: Path, run_json: RunJson) -> None:
    scenarios = run_json(russian, "--exact")["scenarios"]
    assert set(scenarios) == {"baseline", "быстрее", "больше"}
    for scenario in scenarios.values():
        exact = scenario["exact"]
        assert (exact["futures"], exact["origins"], exact["notes"]) == (200, ["open", "new"], [])
        for metric in ("bookings", "wins"):
            assert abs(exact["z"][metric]) < 4.9
            errors = (exact["simulated"][metric] - exact[metric]) / exact["monte_carlo_error"][metric]
            assert exact["z"][metric] == pytest.approx(errors, abs=0.2), "hardly skewed, so hardly corrected"
            assert exact["numerical_error"][metric] < 1e-3 * exact[metric]
            assert exact[metric] == pytest.approx(scenario[metric]["mean"], rel=0.15)
    wins = {name: scenario["exact"]["wins"] for name, scenario in scenarios.items()}
    assert wins["больше"] > 1.1 * wins["baseline"]
    assert wins["быстрее"] > wins["baseline"]


def test_few_futures_are_compared_in_full(russian: Path, run_json: RunJson) -> None:
    baseline = run_json(russian, "--exact", "--futures", 50, "--scenario", "baseline")["scenarios"]["baseline"]
    assert baseline["exact"]["futures"] == 50
    assert baseline["exact"]["simulated"]["wins"] == pytest.approx(baseline["wins"]["mean"])


def test_one_future_alone_has_neither_error_nor_score(russian: Path, run_json: RunJson) -> None:
    exact = run_json(russian, "--exact", "--futures", 1, "--scenario", "baseline")["scenarios"]["baseline"]["exact"]
    assert exact["monte_carlo_error"] == exact["z"] == {"bookings": None, "wins": None}


def test_the_rest_of_the_result_is_the_same_with_and_without(assumed: Path, run_json: RunJson) -> None:
    plain, exact = run_json(assumed, "--futures", 60), run_json(assumed, "--futures", 60, "--exact")
    assert all(scenario.pop("exact") for scenario in exact["scenarios"].values())
    assert plain == exact


def test_the_terminal_says_it_in_a_line(russian: Path, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "out"
    printed = " ".join(invoke("run", russian, "--exact", "--scenario", "быстрее", "--out", out).stdout.split())
    said = re.findall(r"(\S+): exact mean of bookings: \S+ k? ?\(simulated in the same 200 futures:", printed)
    assert said == ["baseline", "быстрее"]
    assert "exact" in json.loads((out / "result.json").read_text(encoding="utf-8"))["scenarios"]["быстрее"]


def test_exact_means_are_a_table_with_a_row_per_metric(russian: Path) -> None:
    scenario = load_scenario(russian)
    found = run(scenario, names=["быстрее"], exact=True).exact["быстрее"]
    frame = found.to_frame()
    assert frame.index.tolist() == ["bookings", "wins"]
    assert frame.index.name == "metric"
    for metric, means in found.means.items():
        assert frame.loc[metric].to_dict() == vars(means)
    one = replace(found, means={"wins": replace(found.means["wins"], monte_carlo_error=None, z=None)})
    assert one.to_frame().loc["wins", ["monte_carlo_error", "z"]].isna().all()
    assert one.to_frame().dtypes.astype(str).unique().tolist() == ["float64"]


def test_amounts_without_a_mean_end_with_2_before_any_future_is_played(
    russian: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["simcast.analysis.run"], "simulate", None)
    heavy = "assume.amount={loglogistic: {median: 900, shape: 0.9}}"
    result = invoke("run", russian, "--exact", "--set", heavy, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "no mean" in result.stderr
