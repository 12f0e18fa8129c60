"""Each scenario file that comes with simcast opens with its question, and runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from simcast.cli import main
from simcast.scenario import load_scenario

FILES = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
ASSUMED = [file for file in FILES if load_scenario(file).history is None]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_opens_with_the_question_that_it_answers(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert first.endswith("?")
    assert "?" in load_scenario(file).question
    assert load_scenario(file).warnings() == []


@pytest.mark.parametrize("file", ASSUMED, ids=lambda file: file.stem)
def test_it_runs_and_every_scenario_changes_something(file: Path, invoke: Callable[..., Result]) -> None:
    result = invoke("compare", file, "--futures", 40, "--json", "--quiet")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert all(found["bookings"]["sd"] > 0 or found["wins"]["sd"] > 0 for found in document["differences"])
    few, *others = reversed(document["warnings"])
    assert few.startswith("simulation.futures: only 40 played")
    assert all("hours of work beyond" in line for line in others)


def test_commands_in_their_comments_are_commands() -> None:
    for file in FILES:
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("#   simcast "):
                words = line.split()
                assert words[2] in main.commands
                assert words[3] == f"scenarios/{file.name}"
