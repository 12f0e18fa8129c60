"""Errors of arguments: by the argument's own name in Python, by the option on the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from simcast.analysis import Ground, Limits, allocate, ground_of, leaks, run, solve
from simcast.cli import main
from simcast.cli.speaking import by_option
from simcast.errors import ArgumentError, ScenarioError, ScenarioNameError
from simcast.scenario import load_scenario

FILE = "scenarios/assumed.yaml"
HOLDS = "mean(wins)>=3"


@pytest.fixture(scope="module")
def ground() -> Ground:
    return ground_of(load_scenario(FILE, overrides="simulation.futures=20"))


CASES: list[tuple[Callable[[Ground], Any], list[str], str, str]] = [
    (lambda g: run(g.scenario, names="nope"), ["run", FILE, "--scenario", "nope"], "names", "--scenario"),
    (lambda g: leaks(g, by="regin"), ["leaks", FILE, "--by", "regin"], "by", "--by"),
    (
        lambda g: solve(g, "arrivals multiply=2", HOLDS),
        ["solve", FILE, "--vary", "arrivals multiply=2", "--for", HOLDS],
        "unknown",
        "--vary",
    ),
    (
        lambda g: solve(g, "conversion stage=nowhere add=?", HOLDS),
        ["solve", FILE, "--vary", "conversion stage=nowhere add=?", "--for", HOLDS],
        "unknown",
        "--vary",
    ),
    (
        lambda g: solve(g, "arrivals multiply=?", "wins"),
        ["solve", FILE, "--vary", "arrivals multiply=?", "--for", "wins"],
        "condition",
        "--for",
    ),
    (
        lambda g: allocate(g, ["nope"], Limits(3)),
        ["allocate", FILE, "--budget", "3", "--among", "nope"],
        "among",
        "--among",
    ),
    (
        lambda g: allocate(g, ["better-operator"], Limits()),
        ["allocate", FILE, "--among", "better-operator"],
        "limits",
        "--budget, --people",
    ),
]


@pytest.mark.parametrize(("call", "words", "argument", "option"), CASES)
def test_an_error_is_of_the_argument_in_python_and_of_the_option_in_a_command(
    ground: Ground, call: Callable[[Ground], Any], words: list[str], argument: str, option: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        call(ground)
    assert all(problem.startswith(argument) for problem in caught.value.problems)
    assert "--" not in str(caught.value)
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 2
    said = [line.removeprefix("error: ") for line in told.stderr.splitlines()]
    assert said == [option + problem.removeprefix(argument) for problem in caught.value.problems]


def test_what_is_said_of_files_and_of_other_arguments_stays() -> None:
    options = {"before": "--since", "fewer steps": "fewer --steps"}
    with pytest.raises(ScenarioError, match=r"^before: a file of this name is at fault$"), by_option(options):
        raise ScenarioError("before: a file of this name is at fault")
    with pytest.raises(ArgumentError, match=r"^beforehand: take fewer --steps$"), by_option(options):
        raise ArgumentError("beforehand: take fewer steps")
    with pytest.raises(ScenarioNameError, match=r"^--since x: take fewer --steps$"), by_option(options):
        raise ScenarioNameError("before x: take fewer steps")
