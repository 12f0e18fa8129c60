"""Levers and other parts of a scenario that are built in Python: kinds, names, and what is said of mistakes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from simcast.errors import ScenarioError
from simcast.scenario import LEVERS, ConversionLever, Distribution, Lever, build_scenario, json_schema
from tests.unit.desk import desk

TENTH = Distribution.constant(0.1)
EXAMPLES: dict[str, dict[str, Any]] = {
    "conversion": {"stage": "lead", "add": 0.1},
    "duration": {"stage": "lead", "multiply": 0.5},
    "arrivals": {"multiply": 1.5},
    "amount": {"multiply": 1.5},
    "deal": {"deal": "A1", "outcome": "won"},
    "response": {"stage": "lead", "within_hours": 2},
    "hire": {"team": "sales", "count": 1, "on": date(2026, 7, 1)},
    "leave": {"team": "sales", "count": 1, "on": date(2026, 7, 1)},
    "budget": {"amount": 9, "into": {"source": "ads"}, "cost_per_lead": {"into": 3}},
    "train": {"team": "sales", "days": 3, "add": 0.1},
}


@pytest.mark.parametrize("kind", sorted(LEVERS))
def test_the_class_tells_the_kind(kind: str) -> None:
    lever = LEVERS[kind](**EXAMPLES[kind])
    assert lever.lever == kind
    assert lever == LEVERS[kind](lever=kind, **EXAMPLES[kind])


@pytest.mark.parametrize("kind", sorted(LEVERS))
def test_files_name_the_kind_as_ever(kind: str) -> None:
    part = json_schema()["$defs"][LEVERS[kind].__name__]
    assert part["required"][0] == "lever"
    assert part["properties"]["lever"] == {
        "const": kind,
        "description": "The kind of lever.",
        "title": "Lever",
        "type": "string",
    }


def test_a_file_without_the_kind_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"scenarios.more\[0\]: no lever named; begin with lever:"):
        desk(scenarios={"more": [{"stage": "lead", "add": 0.1}]})
    with pytest.raises(ScenarioError, match="no lever named"):
        build_scenario({"simcast": 1, "scenarios": {"more": [{"stage": "lead", "add": 0.1}]}})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"stage": "lead", "ad": TENTH}, r"ConversionLever: ad: unknown key; did you mean 'add'\?"),
        ({"ad": TENTH}, "ConversionLever: stage: missing"),
        ({"stage": "lead"}, "give one of set, add, multiply, odds; none is given"),
        ({"stage": "lead", "add": 7.0}, "ConversionLever: add: must be a change of probability"),
        (
            {"stage": "lead", "add": TENTH, "where": {"source": []}},
            r"ConversionLever: where.source: must have 1 or more",
        ),
    ],
)
def test_a_mistake_is_told_in_our_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError, match=words) as caught:
        ConversionLever(**arguments)
    assert isinstance(caught.value, ValueError)
    assert "pydantic" not in str(caught.value)


def test_a_key_that_python_keeps_for_itself_has_an_underscore() -> None:
    # mypy knows the alias alone
    lever: Lever = ConversionLever(stage="lead", add=TENTH, from_=date(2026, 8, 1))  # type: ignore[call-arg]
    assert lever == ConversionLever(stage="lead", add=TENTH, **{"from": date(2026, 8, 1)})
    with pytest.raises(ScenarioError, match="from_: unknown key"):
        # the mistake under test
        ConversionLever(stage="lead", add=TENTH, from_=date(2026, 8, 1), **{"from": date(2026, 8, 2)})  # type: ignore[call-arg]
