"""What to do about checks that failed, told once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from simcast.analysis import Diagnosis
from simcast.predictive_checks.stage_checks import DAYS
from simcast.report.advice import advice


def test_a_quarter_whose_days_fail_twice_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of wins and of losses, say; with checks over all time it is the shape of days that fails."""
    monkeypatch.setattr("simcast.report.advice._family", lambda *_: ("hazard", set()))
    model = SimpleNamespace(drift="none")
    scenario = SimpleNamespace(history=SimpleNamespace(model=model))

    def told(*quarters: str) -> str:
        checks = [SimpleNamespace(part="stage договор", name=DAYS, subset=one, verdict="fails") for one in quarters]
        diagnosis = SimpleNamespace(checks=checks, scenario=scenario)
        (sentence,) = advice(cast("Diagnosis", diagnosis))
        return sentence

    assert told("2017 Q1", "2017 Q1").startswith("stage договор: days differ in 2017 Q1 though not over all time")
    assert told("2017 Q1", "2017 Q3").startswith("stage договор: days differ in 2017 Q1, 2017 Q3 though")
    assert "days differ" not in told("2017 Q1", "all")
