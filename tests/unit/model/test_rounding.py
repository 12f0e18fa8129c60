"""What a fit finds does not hang on what is compiled already, to the last bit."""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.registry import CPUDispatcher

import simcast.model.kernels as room

_HERE = Path(__file__)
_DRAW = """
import hashlib
from small_histories import mixed
from test_sampling import draw, first_stage
drawn = draw(first_stage(mixed(300), "hazard")[0]).draws
print(hashlib.sha256(b"".join(drawn[name].to_numpy().tobytes() for name in sorted(drawn.data_vars))).hexdigest())
"""


def test_no_kernel_lets_its_callers_reorder_sums() -> None:
    kernels = {
        f"{module.name}.{name}": kernel
        for module in pkgutil.iter_modules(room.__path__)
        for name, kernel in vars(importlib.import_module(f"{room.__name__}.{module.name}")).items()
        if isinstance(kernel, CPUDispatcher) and kernel.__module__ == f"{room.__name__}.{module.name}"
    }
    assert len(kernels) > 30
    assert [name for name, kernel in kernels.items() if kernel.targetoptions.get("fastmath") is not False] == []


@pytest.mark.slow
def test_draws_are_the_same_whatever_was_compiled_before(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(tmp_path / "kernels"),
        "PYTENSOR_FLAGS": f"base_compiledir={tmp_path / 'graphs'}",
        "PYTHONPATH": os.pathsep.join([str(_HERE.parents[3]), str(_HERE.parent)]),
    }

    def digest() -> str:
        done = subprocess.run([sys.executable, "-c", _DRAW], env=environment, capture_output=True, check=True)
        return done.stdout.decode()

    nothing_compiled, all_compiled = digest(), digest()
    assert nothing_compiled == all_compiled
