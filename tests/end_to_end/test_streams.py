"""Results go to stdout, warnings to stderr; on a terminal, where both appear, they stand in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Invoke = Callable[..., Result]


def warnings_of(result: Result) -> list[str]:
    warnings: list[str] = json.loads(result.stdout)["warnings"]
    return warnings


ASKED: dict[str, tuple[object, ...]] = {
    "run": (),
    "compare": (),
    "leaks": (),
    "solve": ("--vary", "conversion stage=call add=0..0.3", "--for", "mean(wins)>=1"),
    "allocate": ("--budget", 1),
    "explain": (),
    "deals": (),
}
"""Commands that play futures, and what else they need."""


@pytest.mark.parametrize("name", ASKED)
def test_warnings_go_to_stderr_and_results_do_not(name: str, amounts: Path, invoke: Invoke, tmp_path: Path) -> None:
    out = (*ASKED[name], *(("--out", tmp_path / "run") if name == "run" else ()))
    shown = invoke(name, amounts, "--futures", 50, *out)
    assert "beware:" not in shown.stdout
    assert "beware: " in shown.stderr
    quiet = invoke(name, amounts, "--futures", 50, "--quiet", *out)
    assert quiet.stdout == shown.stdout
    assert quiet.stderr == ""
    assert quiet.exit_code == shown.exit_code
    told = [" ".join(warning.split()) for warning in shown.stderr.split("beware: ")[1:]]
    document = invoke(name, amounts, "--futures", 50, "--json", *out)
    held = warnings_of(invoke("leaks", amounts, "--futures", 50, "--json") if name == "deals" else document)
    assert len(told) > 1
    assert told == held
    assert "beware" not in document.stderr


@pytest.mark.parametrize(("name", "place"), [("leaks", "the JSON document"), ("deals", "the result.json of a run")])
def test_where_more_warnings_are_is_said(name: str, place: str, amounts: Path, invoke: Invoke) -> None:
    late = "{lever: arrivals, multiply: 2, from: 2027-01-01}"
    shown = invoke(
        name, amounts, "--futures", 50, "--set", f"scenarios.more=[{late}]", "--set", f"scenarios.less=[{late}]"
    )
    assert shown.stderr.count("beware: ") == 3
    assert shown.stderr.endswith(f"(1 more in {place})\n")
    assert " more in " not in shown.stdout


def test_a_solution_warns_on_stderr(amounts: Path, invoke: Invoke) -> None:
    question = ("solve", amounts, "--vary", "conversion stage=call add=0..0.3", "--for", "mean(bookings)>=1")
    shown = invoke(*question, "--futures", 50)
    assert shown.stderr.startswith("beware: no amounts are known, so nothing is booked; ask for wins\nbeware: ")
    assert "beware" not in shown.stdout
    assert invoke(*question, "--futures", 50, "--quiet").stderr == ""


def test_what_a_check_finds_is_its_result(amounts: Path, invoke: Invoke) -> None:
    shown = invoke("check", amounts)
    assert "warning: " in shown.stdout
    assert shown.stderr == ""


@pytest.mark.parametrize("buffered", [True, False])
def test_both_streams_in_one_place_keep_their_order(amounts: Path, tmp_path: Path, buffered: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-m", "simcast", "run", str(amounts), "--futures", "50", "--out", str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        env=environment if buffered else environment | {"PYTHONUNBUFFERED": "1"},
    )
    lines = [line for line in done.stdout.splitlines() if not line.startswith("simcast: ")]
    places = [
        next(place for place, line in enumerate(lines) if line.startswith(begin))
        for begin in ("Will ", "Baseline by month", "0 open deals", "beware: ", "files: ")
    ]
    assert places == sorted(places)
    assert lines[-1].startswith("files: ")


@pytest.fixture
def amounts(tmp_path: Path) -> Path:
    """Write a scenario with a target of bookings and no amounts, of which a run warns."""
    file = tmp_path / "q.yaml"
    file.write_text(
        "simcast: 1\nname: q\nquestion: Will it?\npipeline: {stages: [call]}\n"
        "assume: {stages: {call: {conversion: {beta: [5, 5]}, days: 4}}, arrivals: {per_day: 2}}\n"
        "forecast: {as_of: 2026-07-01, until: 2026-08-31, target: {bookings: 1000}}\n"
        "scenarios: {more: [{lever: arrivals, multiply: 2}]}\n",
        encoding="utf-8",
    )
    return file
