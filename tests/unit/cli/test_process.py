"""How the process of a command is set up, each time in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from simcast.cli import main

assert "numpy" not in sys.modules  # it reads the environment when it is imported
main(["schema"], standalone_mode=False)
print(os.environ.get("OPENBLAS_NUM_THREADS"))
"""


@pytest.mark.parametrize(
    ("told", "expected"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2"), ({"OMP_NUM_THREADS": "2"}, "None")]
)
def test_matrices_have_one_thread_unless_the_environment_says_how_many(told: dict[str, str], expected: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, env=environment | told
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == expected


def test_what_runs_on_a_stored_fit_loads_neither_a_sampler_nor_the_distributions_of_scipy() -> None:
    """They take as long to load as all else together; tests of histories load what they need when they need it."""
    program = (
        "import sys, simcast.analysis; print({'pymc', 'arviz', 'scipy.stats', 'scipy.optimize'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
