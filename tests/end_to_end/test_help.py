"""What the help of each command shows can be typed as it stands, and commands share their options."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from simcast.analysis.questions import Condition, Unknown
from simcast.analysis.solving import check_lever
from simcast.cli import main
from simcast.scenario import Scenario, load_scenario

ROOT = Path(__file__).parents[2]
OF_OTHERS = frozenset({"q3.yaml", "budget-a.yaml", "budget-b.yaml"})
"""Scenario files in examples that stand for a user's own."""


def examples() -> Iterator[str]:
    for name, command in sorted(main.commands.items()):
        told = inspect.getdoc(command.callback) or ""
        lines = re.sub(r"\\\n\s+", "", re.split("Examples?:", told)[-1]).splitlines()
        found = [line.strip() for line in lines if line.strip().startswith("simcast ")]
        assert found, f"{name} shows no example"
        yield from found


def parsed(example: str) -> dict[str, Any]:
    _, name, *arguments = shlex.split(example.partition(" > ")[0])
    return main.commands[name].make_context(name, arguments).params


def check_names(scenario: Scenario, options: dict[str, Any]) -> None:
    """Check that all that the options name is there, as far as the file itself knows it."""
    assert set(options.get("names") or ()) <= set(scenario.scenario_names)
    assert set(options.get("stages") or ()) <= set(scenario.pipeline_definition.stages)
    segments = set(scenario.segment_columns)
    assert set(options.get("by") or ()) <= segments
    assert {condition.partition("=")[0] for condition in options.get("where") or ()} <= segments
    if options.get("wanted"):
        Condition.parse(options["wanted"], {str(name): value for name, value in scenario.forecast.target.items()})
    levers = [options["vary"]] if options.get("vary") else []
    for choice in [*levers, *(options.get("among") or ())]:
        if choice not in scenario.scenario_names:
            unknown = Unknown.parse(choice)
            unknown.lever.pop("cost", None)
            check_lever(scenario, unknown)


@pytest.mark.parametrize("example", list(examples()))
def test_an_example_of_the_help_can_be_typed_as_it_stands(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    options = parsed(example)
    files = [file for file in (options.get("file"), *options.get("files", ())) if file is not None]
    for file in files:
        if Path(file).suffix == ".yaml" and str(file) not in OF_OTHERS:
            check_names(load_scenario(file, overrides=options.get("overrides", ())), options)


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("leaks", ()),
        ("deals", ()),
        ("compare", ()),
        ("solve", ("--vary", "conversion stage=lead add=?", "--for", "mean(wins)>=1")),
        ("allocate", ("--budget", 1)),
        ("explain", ()),
        ("run", ()),
    ],
)
def test_quick_means_the_same_wherever_a_fit_may_be_made(
    command: str, more: tuple[object, ...], assumed: Path, invoke: Callable[..., Result]
) -> None:
    result = invoke(command, assumed, *more, "--quick")
    assert result.exit_code == 2
    assert result.stderr == "error: --quick: there is no history to fit; leave it out\n"


def test_what_answers_in_json_can_be_silenced() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        options = {option for parameter in command.params for option in parameter.opts}
        assert "--json" not in options or "--quiet" in options, name


def test_a_silenced_check_says_the_same(assumed: Path, invoke: Callable[..., Result]) -> None:
    spoken, silenced = invoke("check", assumed), invoke("check", assumed, "--quiet")
    assert silenced.exit_code == spoken.exit_code == 0
    assert silenced.stdout == spoken.stdout
    assert silenced.stderr == ""
