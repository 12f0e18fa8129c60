"""What the README shows is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simcast.scenario import load_scenario

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """Return the README's first block of a language."""
    return str(re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)[0])


def test_the_scenario_of_the_readme_is_one(tmp_path: Path) -> None:
    file = tmp_path / "readme.yaml"
    file.write_text(block("yaml"), encoding="utf-8")
    assert load_scenario(file).scenario_names == ("baseline", "fix-operator", "move-budget", "both")


FEWER_DRAWS = """
import functools, simcast
from simcast.model.settings import FitSettings
simcast.fit = functools.partial(simcast.fit, settings=FitSettings(quick=True))
"""
"""The demo makes the same fit with all of its draws."""


@pytest.mark.slow
def test_the_example_in_python_runs_as_it_stands() -> None:
    expected = "assert forecast.quantiles('bookings', by='month').shape == (3, 8)"
    code = f"{FEWER_DRAWS}\n{block('python')}\n{expected}\n"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def shapes(text: str) -> list[str]:
    """Return the words of what is printed, with each number and the parameter with the largest r-hat as #.

    Another platform fits with other rounding, and another generation of the sampler draws other numbers.
    """
    worst = re.sub(r"(r-hat\s+at\s+most\s+\S+)\s+\([^)]*\)", r"\1 #", text)
    return re.sub(r"[-+]?(?:under |over )?\d[\d,.]*(?: [kM]\b)?", "#", worst).split()


@pytest.mark.slow
def test_what_the_readme_says_is_printed_is_printed_by_both_streams_together(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```\n(Will Q3 reach .*?)```", README, flags=re.S)
    run = subprocess.run(
        [sys.executable, "-m", "simcast", "run", "scenarios/q3.yaml", "--out", str(tmp_path / "run")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    lines = [line for line in run.stdout.splitlines() if not line.startswith("simcast: ")]
    assert lines.pop() == f"files: {tmp_path / 'run'}"
    assert shapes("\n".join(lines)) == shapes(shown)
