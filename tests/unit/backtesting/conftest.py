"""Fixtures of the command's tests: a file of deals, and a quick stand-in for the fit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for deal_files, which the tests beside import too

import deal_files

from simcast.history import History
from simcast.posterior import Posterior


@pytest.fixture
def fitted_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Put the stand-in in place of the fit, keep the store apart, and note what each fit knew last."""
    seen: list[str] = []

    def stand_in(known: History, *, progress: Callable[[str, float], None], **_: object) -> Posterior:
        seen.append(str(known.last_event))
        progress("learning", 1.0)
        return deal_files.learned(known)

    monkeypatch.setattr("simcast.model.load_or_fit", stand_in)
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path / "cache"))
    return seen


@pytest.fixture
def scenario_file(tmp_path: Path) -> Path:
    file = tmp_path / "question.yaml"
    file.write_text(deal_files.SCENARIO, encoding="utf-8")
    deal_files.write_log(deal_files.deal_rows(), tmp_path / "deals.csv")
    return file
