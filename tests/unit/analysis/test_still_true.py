"""What is assumed answers what a history lacks: of amounts that are assumed nobody is warned that none are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simcast.analysis import Ground, check
from simcast.analysis.diagnose import _warnings as of_a_diagnosis
from simcast.analysis.inputs import read_scenario_history
from simcast.analysis.losses import losses_of
from simcast.analysis.run import _warnings as of_a_run
from simcast.assume import assumed_posterior
from simcast.posterior.diagnostics import NO_AMOUNTS, Diagnostics
from simcast.scenario import Assumptions, Scenario, load_scenario

QUESTION = """
simcast: 1
pipeline: {stages: [lead]}
history: {path: log.csv}
simulation: {futures: 100}
forecast:
  as_of: 2026-02-01
  until: 2026-02-28
"""
LOG = (
    "deal,stage,entered\nA,lead,2026-01-05\nB,lead,2026-01-06\nB,won,2026-01-09\nC,lead,2026-01-07\nC,lost,2026-01-12\n"
)
FIT = Diagnostics(1.0, 900.0, 800.0, 0, 0.9, 4, 1000, {}, warnings=(NO_AMOUNTS, "another"))
ASSUMED = {"stages": {"lead": {"conversion": 0.5, "days": 5}}, "arrivals": {"per_day": 1}, "amount": 1}


def ground(folder: Path, more: str, log: str = LOG) -> Ground:
    (folder / "log.csv").write_text(log, encoding="utf-8")
    (folder / "q.yaml").write_text(QUESTION + more, encoding="utf-8")
    scenario: Scenario = load_scenario(folder / "q.yaml")
    history = read_scenario_history(scenario)
    assert history is not None
    posterior = assumed_posterior(scenario.pipeline_definition, Assumptions.model_validate(ASSUMED))
    return Ground(scenario, history, posterior, history.open_deals(np.datetime64("2026-02-01")))


def test_where_no_loss_is_recorded_nothing_is_told_of_losses(tmp_path: Path) -> None:
    """All that ended moved on, and conversion would be 100% in every stage."""
    assert [loss.lost for loss in losses_of(ground(tmp_path, ""))] == [1]
    (tmp_path / "none").mkdir()
    assert losses_of(ground(tmp_path / "none", "", LOG.replace("C,lost,2026-01-12\n", ""))) == ()


@pytest.mark.parametrize(
    ("more", "is_said"),
    [
        ("assume: {amount: 1}\n", False),
        ("assume: {arrivals: {per_day: 1}}\n", True),
        ("  target: {wins: 3}\n", False),
        ("  target: {wins: 3, bookings: 9}\n", True),
    ],
)
def test_amounts_that_are_assumed_or_not_asked_for_are_not_missing(more: str, is_said: bool, tmp_path: Path) -> None:
    found = ground(tmp_path, more)
    assert found.history is not None
    for warnings in (
        found.warnings,
        check(found.scenario).lines(),
        of_a_run(found.scenario, found.history, found.posterior, {}, {}),
        list(of_a_diagnosis(found.scenario, found.history, FIT, ())),
    ):
        assert any("no amount is recorded" in warning for warning in warnings) == is_said
    fitted = replace(found, posterior=replace(found.posterior, diagnostics=FIT))
    for told in (
        list(of_a_diagnosis(found.scenario, found.history, FIT, ())),
        fitted.warnings,
        of_a_run(found.scenario, found.history, fitted.posterior, {}, {}),
    ):
        assert (NO_AMOUNTS in told) == is_said
        assert "another" in told
