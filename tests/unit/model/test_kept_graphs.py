"""Graphs that two processes have compiled and kept, loaded by a third: each is still the one that it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_DRAW = """
import sys
import pymc as pm
import pytensor.tensor as pt
from simcast.model import FitSettings
from simcast.model.sampling import ReadyModel, sample


def build(name):
    with pm.Model() as model:
        x, y = pm.Normal("x", shape=3), pm.Normal("y", shape=3)
        pm.Potential("likelihood", (pt.exp(x) * y + 1.0 if name == "exp" else pt.tanh(x) - y * 3.0).sum())
    return model


for name in sys.argv[1:]:
    settings = FitSettings(draws=20, tune=50, chains=1, thin=1)
    drawn = sample(ReadyModel(lambda name=name: build(name)), {}, settings, 1, name)
    print(name, drawn["x"].sum(), drawn["y"].sum())
"""


@pytest.mark.slow
def test_a_third_process_finds_what_two_have_kept(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTENSOR_FLAGS": f"base_compiledir={tmp_path}",
        "PYTHONHASHSEED": "0",  # names are made of sets, too: in the order of one process they are not told apart
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }

    def drawn(*names: str) -> list[str]:
        command = [sys.executable, "-c", _DRAW, *names]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    apart = drawn("exp") + drawn("tanh")
    assert len({line.split()[1] for line in apart}) == 2
    assert drawn("exp", "tanh") == apart
    assert list((tmp_path / "numba" / "simcast").glob("*.nbc"))
