"""Compiled code on disk: other sources, another folder; a damaged file is compiled again."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType

import numpy as np
import pytest
from numba import typeof
from numba.core import config
from plans import random_plan

import simcast.engine
from simcast.engine.compiled import compiled_folder, digest_of_sources, keep_compiled_code, places_for_compiled_code
from simcast.engine.layout import as_declared

ENGINE = Path(simcast.engine.__file__).parent

LITTLE = """
from numba import njit

@njit(cache=True)
def half(x):
    return x / 2.0

@njit(cache=True)
def quarter(x):
    return half(half(x))
"""


def load(file: Path, *, kept: bool = True) -> ModuleType:
    """Import the little module anew, as another process would."""
    spec = importlib.util.spec_from_file_location("little", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if kept:
        keep_compiled_code([module], {"quarter": "compiling a quarter"})
    return module


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a little module whose compiled code is kept in a folder of its own."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "kept"))
    file = tmp_path / "little.py"
    file.write_text(LITTLE, encoding="utf-8")
    return file


def kept_files(little: Path) -> list[Path]:
    return sorted((little.parent / "kept").rglob("*.nb?"))


def test_a_changed_helper_module_means_another_folder(tmp_path: Path) -> None:
    copy = tmp_path / "engine"
    shutil.copytree(ENGINE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = digest_of_sources(copy)
    assert before == simcast.engine.SOURCES_DIGEST
    first = compiled_folder(before, [tmp_path / "kept"])
    with (copy / "rng.py").open("a", encoding="utf-8") as helper:
        helper.write("# changed\n")
    second = compiled_folder(digest_of_sources(copy), [tmp_path / "kept"])
    assert first is not None
    assert second is not None
    assert first != second
    (copy / "rng.py").rename(copy / "random.py")
    assert digest_of_sources(copy) not in (before, second.name.removeprefix("compiled-"))


def test_the_folders_used_last_are_kept_and_older_ones_removed(tmp_path: Path) -> None:
    for age, name in enumerate("edcba"):
        folder = compiled_folder(name, [tmp_path])
        assert folder is not None
        (folder / "code").write_text("x", encoding="utf-8")
        os.utime(folder, (1e9 + age, 1e9 + age))
    assert compiled_folder("new", [tmp_path]) == tmp_path / "compiled-new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compiled-a", "compiled-b", "compiled-new"]


def test_where_the_first_place_cannot_be_written_the_next_is_taken(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("", encoding="utf-8")
    assert compiled_folder("x", [in_the_way, tmp_path / "b"]) == tmp_path / "b" / "compiled-x"
    assert compiled_folder("x", [in_the_way]) is None


def test_the_users_choice_of_a_place_is_the_only_one(tmp_path: Path) -> None:
    assert places_for_compiled_code(ENGINE, str(tmp_path)) == [tmp_path / "simcast-engine"]
    assert places_for_compiled_code(ENGINE, "")[0] == ENGINE / "__pycache__"


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_truncated_code_is_compiled_again(little: Path, share: float, caplog: pytest.LogCaptureFixture) -> None:
    assert load(little).quarter(8.0) == 2.0
    assert len(kept_files(little)) == 4
    for file in kept_files(little):
        os.truncate(file, int(share * file.stat().st_size))
    with caplog.at_level(logging.INFO, logger="simcast"):
        assert load(little).quarter(8.0) == 2.0
        assert "compiling a quarter" in caplog.messages
        caplog.clear()
        again = load(little)
        assert again.quarter(8.0) == 2.0
        assert caplog.messages == [], "what was compiled again is kept again"
    assert sum(again.quarter.stats.cache_hits.values()) == 1


def test_numba_alone_stops_at_truncated_code(little: Path) -> None:
    """The negative control: without our care, the file that the test above cuts short is fatal."""
    load(little, kept=False).quarter(8.0)
    for file in kept_files(little):
        os.truncate(file, file.stat().st_size // 2)
    with pytest.raises((EOFError, UnpicklingError)):
        load(little, kept=False).quarter(8.0)


def test_a_full_disk_does_not_stop_the_work(little: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    module = load(little)
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", full)
    assert module.quarter(8.0) == 2.0
    assert kept_files(little) == []


def test_arrays_of_any_origin_are_brought_to_the_types_that_the_kernel_is_compiled_for() -> None:
    plan = as_declared(random_plan(1))
    odd = plan._replace(
        scale=np.asfortranarray(plan.scale),
        deal_key=np.frombuffer(plan.deal_key.tobytes(), plan.deal_key.dtype),
        on_arrivals=plan.on_arrivals._replace(value=np.asfortranarray(plan.on_arrivals.value)),
    )
    assert typeof(odd) != typeof(plan)
    mended = as_declared(odd)
    assert typeof(mended) == typeof(plan)
    assert np.array_equal(mended.scale, plan.scale)
    assert as_declared(plan).scale is plan.scale, "what is right is not copied"


@pytest.mark.slow
def test_a_run_survives_a_damaged_kernel_and_says_that_it_compiles(tmp_path: Path) -> None:
    scenario = Path(__file__).parents[3] / "scenarios" / "assumed.yaml"
    command = [
        sys.executable,
        "-m",
        "simcast",
        "run",
        str(scenario),
        "--futures",
        "100",
        "--exact",
        "--out",
        str(tmp_path / "o"),
    ]
    kept = tmp_path / "kept"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(kept), "PYTHONPATH": str(ENGINE.parents[1])}

    def run() -> tuple[str, str]:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stderr, (tmp_path / "o" / "result.json").read_text(encoding="utf-8")

    cold, result = run()
    assert cold.count("simcast: compiling the simulation") == cold.count("simcast: compiling the exact means") == 1
    assert run() == ("", result)
    for file in kept.rglob("*.nb?"):
        if any(name in file.name for name in ("play_in_room", "fill_tables", "end_stays", "expect_in_room")):
            os.truncate(file, file.stat().st_size // 2)
    damaged, again = run()
    assert (
        damaged.count("simcast: compiling the simulation") == damaged.count("simcast: compiling the exact means") == 1
    )
    assert again == result
