"""A machine on which nothing can be written, such as a job in a container: what a fit says there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FIT = """
import pandas as pd
import simcast

stays = pd.DataFrame({
    "deal": ["a", "b"], "stage": ["lead", "lead"], "entered": ["2026-01-05", "2026-01-06"],
    "left": ["2026-01-07", None], "move": ["won", None],
})
try:
    simcast.fit(simcast.History.of(simcast.Pipeline.define(["lead"]), stays))
except simcast.SimcastError as error:
    print(error)
"""


def test_a_fit_without_a_place_for_compiled_code_says_how_to_give_one(tmp_path: Path) -> None:
    file = tmp_path / "no folder"
    file.touch()
    kept = {name: value for name, value in os.environ.items() if name != "PYTENSOR_FLAGS"}
    environment = {**kept, "HOME": str(file), "PYTHONPATH": str(Path(__file__).parents[3])}

    done = subprocess.run(
        [sys.executable, "-c", _FIT], env=environment, capture_output=True, text=True, check=False, timeout=120
    )

    assert "the sampler cannot keep its compiled code: " in done.stdout, done.stderr
    assert "set HOME, or PYTENSOR_FLAGS=base_compiledir=FOLDER, to a folder" in done.stdout
