"""What a run can refuse without a fit, it refuses before the fit."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from simcast import analysis, load_scenario
from simcast.errors import ScenarioError

QUESTION = """
simcast: 1
pipeline: {stages: [lead]}
history: {path: log.csv}
forecast: {as_of: 2026-02-01, until: 2026-03-31}
scenarios:
  gone: [{lever: deal, deal: Z, outcome: lost}]
  fine: [{lever: deal, deal: A, outcome: lost}]
"""


class FittedError(Exception):
    """The fit was reached."""


@pytest.mark.parametrize(("name", "error"), [("gone", ScenarioError), ("fine", FittedError)])
def test_a_deal_that_is_not_open_is_told_before_the_fit(
    name: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit(*_: object) -> None:
        raise FittedError

    monkeypatch.setattr(importlib.import_module("simcast.analysis.run"), "posterior_of", fit)
    (tmp_path / "log.csv").write_text("deal,stage,entered\nA,lead,2026-01-05\n", encoding="utf-8")
    (tmp_path / "q.yaml").write_text(QUESTION, encoding="utf-8")
    with pytest.raises(error):
        analysis.run(load_scenario(tmp_path / "q.yaml"), names=[name])
