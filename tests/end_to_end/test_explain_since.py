"""`simcast explain --since`: from the folder of an earlier run to what changed since."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import Result

from simcast import read_history
from simcast.assume import assumed_posterior
from simcast.model.settings import FitSettings
from simcast.posterior.store import fit_fingerprint, posterior_path
from simcast.scenario import load_scenario
from simcast.scenario.assumptions import Assumptions
from simcast.synthetic import Lognormal, SegmentTruth, StageTruth, Truth, simulate_history

Invoke = Callable[..., Result]

LOG = """deal,stage,entered,amount
A,договор,2026-06-20,1000
A,won,2026-07-05,1000
B,договор,2026-06-20,2000
B,lost,2026-07-06,2000
C,договор,2026-06-25,3000
E,договор,2026-07-09,700
"""
SCENARIO = """
simcast: 1
pipeline: {stages: [договор]}
history: {path: deals.csv}
forecast: {as_of: 2026-07-01, until: 2026-12-31}
simulation: {futures: 400}
"""
LATER = ("--set", "forecast.as_of=2026-07-10")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a scenario whose fits of both days are in the store already: assumptions under their fingerprints."""
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path / "cache"))
    (tmp_path / "deals.csv").write_text(LOG, encoding="utf-8")
    file = tmp_path / "question.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    scenario = load_scenario(file)
    assert scenario.history is not None
    pipeline = scenario.pipeline_definition
    assumed = {
        "stages": {"договор": {"conversion": 0.5, "days": {"exponential": {"mean": 5}}}},
        "arrivals": {"per_day": 0},
        "amount": 100,
    }
    posterior = assumed_posterior(pipeline, Assumptions.model_validate(assumed))
    for day in ("2026-07-01", "2026-07-10"):
        known = read_history(tmp_path / "deals.csv", pipeline).known_at(day)
        settings = FitSettings.of(scenario.history.model).plain()
        fingerprint = fit_fingerprint(known.digest, pipeline, known.segments, settings, 1)
        replace(posterior, fingerprint=fingerprint).save(posterior_path(fingerprint))
    return file


def test_what_changed_since_a_run_adds_up(file: Path, invoke: Invoke, tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    run = json.loads(invoke("run", file, "--out", folder, "--json", "--quiet").stdout)
    result = invoke("explain", file, *LATER, "--since", folder, "--json", "--quiet")
    assert result.exit_code == 0, result.stderr
    since = json.loads(result.stdout)["since"]
    assert since["before"] == pytest.approx(run["scenarios"]["baseline"]["bookings"]["mean"])
    assert since["won"] == 1000
    assert since["before"] + sum(step["value"] for step in since["steps"]) == pytest.approx(1000 + since["ahead"])
    assert {step["kind"]: step["deals"] for step in since["steps"]}["lost"] == 1
    assert since["notes"] == []
    printed = invoke("explain", file, *LATER, "--since", folder, "--quiet").stdout
    assert "deals open then and lost since (1)" in printed


def test_what_changed_is_told_of_the_scenario_that_is_named(file: Path, invoke: Invoke, tmp_path: Path) -> None:
    levers = "scenarios:\n  better: [{lever: conversion, stage: договор, set: 0.9}]\n"
    file.write_text(file.read_text(encoding="utf-8") + levers, encoding="utf-8")
    folder = tmp_path / "earlier"
    run = json.loads(invoke("run", file, "--out", folder, "--json", "--quiet").stdout)["scenarios"]
    asked = ("explain", file, *LATER, "--since", folder, "--json", "--quiet")
    told = {name: json.loads(invoke(*asked, "--scenario", name).stdout)["since"] for name in run}
    for name, since in told.items():
        assert since["before"] == pytest.approx(run[name]["bookings"]["mean"])
        assert since["before"] + sum(step["value"] for step in since["steps"]) == pytest.approx(1000 + since["ahead"])
    assert told["better"]["ahead"] > told["baseline"]["ahead"]


def test_a_folder_that_no_run_left_is_refused(file: Path, invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("explain", file, "--since", tmp_path, "--quiet")
    assert result.exit_code == 2
    assert "no run left this folder" in result.stderr


FITTED = """
simcast: 1
pipeline: {stages: [звонок, договор]}
history: {path: log.csv, model: {quick: true, drift: none, calendar: none, weather: none, durations: lognormal}}
forecast: {as_of: 2026-05-01, until: 2026-07-31}
simulation: {futures: 1000}
"""


@pytest.mark.slow
def test_what_was_learned_since_is_told_of_fits_that_were_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> None:
    """From May on calls go twice as well as before: what has been learned by July raises what is expected."""
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path / "cache"))
    days, amounts = Lognormal(6, 0.6), SegmentTruth((), 2.0, amount=Lognormal(1000, 0.4))
    deal = StageTruth("договор", 0.6, days, days)
    before, after = (
        simulate_history(Truth((StageTruth("звонок", odds, days, days), deal), (amounts,)), start, "2026-07-01", seed)
        for odds, start, seed in ((0.3, "2025-11-01", 1), (0.6, "2026-05-01", 2))
    )
    came = before.groupby("deal")["entered"].transform("min")
    log = pd.concat([before[came < "2026-05-01"], after.assign(deal="later-" + after["deal"].astype(str))])
    log.to_csv(tmp_path / "log.csv", index=False)
    file = tmp_path / "fitted.yaml"
    file.write_text(FITTED, encoding="utf-8")
    folder = tmp_path / "earlier"
    run = json.loads(invoke("run", file, "--out", folder, "--json", "--quiet").stdout)
    since = _since(invoke, file, folder, "2026-07-01")
    assert since["before"] == run["scenarios"]["baseline"]["bookings"]["mean"]
    won = log[(log["stage"] == "won") & (log["entered"] >= "2026-05-01")]
    assert since["won"] == pytest.approx(won["amount"].sum())
    steps = {step["kind"]: step["value"] for step in since["steps"]}
    assert since["before"] + sum(steps.values()) == pytest.approx(since["won"] + since["ahead"])
    # A third of the days are left, for which a quarter of the calls, those since May, say that more will come of them.
    assert steps["parameters"] > 0.02 * since["before"]
    assert steps["new"] > steps["parameters"]
    first = log.groupby("deal")["entered"].min()
    assert {step["kind"]: step["deals"] for step in since["steps"]}["new"] == (first >= "2026-05-01").sum()
    # The control: on the same day nothing has been learned, and nothing has happened.
    same = _since(invoke, file, folder, "2026-05-01")
    assert [step["value"] for step in same["steps"] if step["kind"] != "rest"] == [0.0] * 6
    assert same["ahead"] == same["before"]
    # A history corrected since, of the days before the earlier run, is fitted anew, and that is said.
    log.iloc[8:].to_csv(tmp_path / "log.csv", index=False)
    printed = invoke("explain", file, "--since", folder).stderr
    assert "has changed, or the model has; the earlier run is fitted again" in " ".join(printed.split())


def _since(invoke: Invoke, file: Path, folder: Path, as_of: str) -> dict[str, Any]:
    result = invoke("explain", file, "--set", f"forecast.as_of={as_of}", "--since", folder, "--json", "--quiet")
    assert result.exit_code in (0, 1), result.stderr  # 1: a quick fit may not be trusted
    found: dict[str, Any] = json.loads(result.stdout)["since"]
    return found
