"""The package as it looks from outside: what is imported, what can be completed, what help says."""

from __future__ import annotations

import importlib
import pydoc
import re
import subprocess
import sys

import pytest

import simcast

HEAVY = ("numpy", "pandas", "xarray", "scipy", "numba", "pydantic", "pymc", "arviz", "matplotlib")


def test_the_package_and_a_name_that_is_none_import_nothing_heavy() -> None:
    code = (
        "import sys, simcast; dir(simcast); hasattr(simcast, 'forcast'); hasattr(simcast, 'run'); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_rooms_of_analysts_need_no_import_of_their_own() -> None:
    code = "import simcast; print(simcast.analysis.run.__name__, simcast.errors.DataError.__name__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["run", "DataError"]


def test_names_can_be_completed_before_they_are_imported() -> None:
    assert {*simcast.__all__, "analysis", "backtesting", "plots", "scenario", "__version__"} <= set(dir(simcast))
    assert "importlib" not in dir(simcast)


def test_a_name_that_is_none_is_answered_with_the_nearest_or_its_room() -> None:
    with pytest.raises(AttributeError, match="did you mean 'read_history'"):
        _ = simcast.read_histroy
    with pytest.raises(AttributeError, match=r"it is simcast\.analysis\.diagnose"):
        _ = simcast.diagnose


def test_reports_are_hinted_at_and_found_where_the_hint_says() -> None:
    code = (
        "import simcast\n"
        "for name in ('report', 'write_report'):\n"
        "    try:\n        getattr(simcast, name)\n    except AttributeError as error:\n        print(error)\n"
        "from simcast.report import write_report; print(write_report.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *hints, name = found.stdout.splitlines()
    assert [hint.split("; ")[1].split(",")[0] for hint in hints] == ["from simcast.report import write_report"] * 2
    assert name == "write_report"
    with pytest.raises(AttributeError, match="no attribute 'write_reports'"):
        _ = importlib.import_module("simcast.report").write_reports


def test_what_signatures_name_is_there_by_name() -> None:
    assert simcast.Book is importlib.import_module("simcast.history").Book
    assert simcast.ForecastDays is importlib.import_module("simcast.plan").ForecastDays
    assert simcast.Summary is importlib.import_module("simcast.forecast").Summary


def test_what_is_looked_for_in_vain_is_in_the_room_that_is_named() -> None:
    assert all(callable(getattr(simcast.analysis, name)) for name in simcast._OF_ANALYSIS)


def test_help_begins_with_how_to_use_it_and_tells_each_public_name() -> None:
    text = pydoc.plain(pydoc.render_doc(simcast))
    first = text[: text.index("PACKAGE CONTENTS")]
    assert "simcast.load_scenario(" in first
    for name in simcast.__all__:
        assert re.search(rf"\b{name}\b", first), name
        assert (getattr(simcast, name).__doc__ or "").strip(), name
