"""Functions that are compiled apart: called by their place in memory, and compiled by another process too."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numba.core import config

from simcast.engine import ahead
from simcast.engine.ahead import begin_compiling, make_ready
from simcast.engine.apart import Apart, kinds_of
from simcast.engine.compiled import keep_compiled_code

LITTLE = """
from __future__ import annotations

import numpy as np
from simcast.engine.apart import apart
from simcast.engine.inner import outer


@apart
def double(values: np.ndarray, first: int) -> int:
    for i in range(first, len(values)):
        values[i] *= 2.0
    return len(values) - first


@apart
def clear(values: np.ndarray, first: int) -> None:
    values[:first] = 0.0


@apart
def half(values: np.ndarray) -> int:
    return values[0] / 2.0


@outer
def double_and_clear(values: np.ndarray, first: int) -> int:
    n = double(values, first)
    clear(values, first)
    return n


@outer
def double_as_whole(values: np.ndarray, first: int) -> int:
    return double(values.astype(np.int64), first)
"""


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Write and import a module with compiled code of its own, which another process finds too."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(ahead, "_asked", {})
    monkeypatch.setattr(ahead, "_begun", set())
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "little_apart.py").write_text(LITTLE, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "little_apart", raising=False)
    importlib.invalidate_caches()
    module = importlib.import_module("little_apart")
    keep_compiled_code([module], {})
    return module


def calls(module: ModuleType) -> list[ahead.Call]:
    return [(module.double, (np.ones(1), 0)), (module.clear, (np.ones(1), 0))]


def doubled_and_cleared(module: ModuleType) -> tuple[int, list[float]]:
    values = np.arange(5.0)
    arguments = (values, 2)
    make_ready(module.double_and_clear, arguments, lambda: calls(module))
    return module.double_and_clear(*arguments), values.tolist()


def from_disk(function: Apart) -> tuple[int, int]:
    """Return how often the function was loaded, and how often compiled, in this process."""
    stats = function.compiled.stats
    return sum(stats.cache_hits.values()), sum(stats.cache_misses.values())


def test_another_process_compiles_half(little: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="simcast"):
        begin_compiling(little.double_and_clear, lambda: calls(little))
        begin_compiling(little.double_and_clear, lambda: pytest.fail("it has begun already"))
        assert doubled_and_cleared(little) == (3, [0.0, 0.0, 4.0, 6.0, 8.0])
    assert (from_disk(little.double), from_disk(little.clear)) == ((1, 0), (0, 1))
    assert caplog.text.count("compiling the simulation for this machine") == 1


@pytest.mark.parametrize("python", ["", "/bin/false", "/no/such/python"])
def test_what_no_other_process_compiles_is_compiled_here(
    little: ModuleType, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    assert doubled_and_cleared(little) == (3, [0.0, 0.0, 4.0, 6.0, 8.0])
    assert (from_disk(little.double), from_disk(little.clear)) == ((0, 1), (0, 1))


def test_a_process_that_takes_too_long_is_ended(
    little: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow_python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr(ahead, "_MOST_SECONDS", 0.1)
    assert doubled_and_cleared(little) == (3, [0.0, 0.0, 4.0, 6.0, 8.0])
    (other,) = {process for process in ahead._asked.values() if process is not None}
    assert other.wait(10.0) == -signal.SIGKILL
    assert from_disk(little.double) == (0, 1)


def imported_again() -> ModuleType:
    """Import the little module as another process would."""
    sys.modules.pop("little_apart")
    module = importlib.import_module("little_apart")
    keep_compiled_code([module], {})
    ahead._asked.clear()
    return module


def test_what_is_on_disk_is_loaded_and_not_announced(little: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    doubled_and_cleared(little)
    again = imported_again()
    with caplog.at_level(logging.INFO, logger="simcast"):
        assert doubled_and_cleared(again) == (3, [0.0, 0.0, 4.0, 6.0, 8.0])
    assert not ahead._asked
    assert not caplog.text
    assert (from_disk(again.double), from_disk(again.clear)) == ((1, 0), (1, 0))


def test_a_damaged_list_of_what_is_on_disk_counts_as_none(little: ModuleType, tmp_path: Path) -> None:
    doubled_and_cleared(little)
    for file in (tmp_path / "kept").rglob("*.nbi"):
        os.truncate(file, file.stat().st_size // 2)
    again = imported_again()
    assert not again.double.is_kept(kinds_of(np.ones(1), 0))
    assert doubled_and_cleared(again) == (3, [0.0, 0.0, 4.0, 6.0, 8.0])
    assert again.clear.is_kept(kinds_of(np.ones(1), 0))


def test_a_caller_with_other_arguments_is_refused(little: ModuleType) -> None:
    little.double.make_ready(kinds_of(np.ones(1), 0))
    with pytest.raises(TypeError, match="double is made ready for other arguments than it is called with"):
        little.double_as_whole(np.ones(3), 1)


def test_a_function_that_returns_something_else_than_it_says_is_refused(little: ModuleType) -> None:
    with pytest.raises(TypeError, match="half returns float64, and says int64"):
        little.half.make_ready(kinds_of(np.ones(1)))
