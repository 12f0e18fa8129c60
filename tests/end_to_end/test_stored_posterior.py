"""A run on a stored posterior reads it and goes on: nothing that samples is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from simcast.assume import assumed_posterior
from simcast.model import FitSettings
from simcast.posterior import fit_fingerprint, posterior_path
from simcast.scenario import Assumptions, load_scenario

SCENARIO = """
simcast: 1
pipeline: {stages: [lead, meeting]}
history: {path: deals.csv}
forecast: {as_of: 2026-07-01, until: 2026-07-31}
simulation: {futures: 50}
"""
DEALS = "deal,stage,entered\nA,lead,2026-05-04\nA,meeting,2026-05-11\nB,lead,2026-06-01\nB,lost,2026-06-20\n"
RUN = """
import sys
from simcast.cli import main
try:
    main(["run", sys.argv[1], "--json"])
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = {"pymc", "arviz", "nutpie", "pytensor", "numba.np.arrayobj", "numba.cpython.unicode"}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.fixture
def scenario_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a scenario whose fit is in the store already: assumptions under the fingerprint of its fit."""
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path / "cache"))
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    file = tmp_path / "question.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    scenario = load_scenario(file)
    assert scenario.history is not None

    import simcast

    pipeline = scenario.pipeline_definition
    known = simcast.read_history(tmp_path / "deals.csv", pipeline).known_at("2026-07-01")
    settings = FitSettings.of(scenario.history.model).plain()
    fingerprint = fit_fingerprint(known.digest, pipeline, known.segments, settings, 1)
    stages = {name: {"conversion": 0.5, "days": 3} for name in pipeline.stages}
    posterior = assumed_posterior(pipeline, Assumptions.model_validate({"stages": stages}))
    replace(posterior, fingerprint=fingerprint).save(posterior_path(fingerprint))
    return file


def test_a_run_on_a_stored_posterior_loads_neither_sampler_nor_compiler(scenario_file: Path) -> None:
    for _ in range(2):  # the first may compile the kernel
        run = subprocess.run(
            [sys.executable, "-c", RUN, str(scenario_file)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines()[-1] == "[]"
