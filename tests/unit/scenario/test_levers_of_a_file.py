"""Levers as a scenario file has them: when they act, what they are known by, and which may not meet."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from simcast.errors import ScenarioError
from simcast.scenario import BudgetLever, DurationLever, build_scenario
from tests.unit.scenario.small_files import minimal, problems_of, with_levers


def test_levers_act_from_the_as_of_date_to_the_end_unless_said_otherwise() -> None:
    (lever,) = with_levers({"lever": "duration", "stage": "lead", "multiply": 0.8}).levers("fix")
    assert isinstance(lever, DurationLever)
    assert lever.first_day(date(2026, 7, 1)) == date(2026, 7, 1)
    assert lever.last_day(date(2026, 9, 30)) == date(2026, 9, 30)


def test_a_lever_has_one_key_wherever_it_stands_and_however_it_is_written() -> None:
    scenario = build_scenario(
        minimal(
            scenarios={
                "a": [{"lever": "amount", "multiply": {"normal": [1, 0.1]}, "where": {"region": "West"}}],
                "b": [
                    {"where": {"region": ["West"]}, "multiply": {"normal": {"sd": 0.1, "mean": 1.0}}, "lever": "amount"}
                ],
                "c": [{"lever": "amount", "multiply": {"normal": [1, 0.2]}, "where": {"region": "West"}}],
            }
        )
    )
    keys = [scenario.levers(name)[0].key for name in "abc"]
    assert keys[0] == keys[1] != keys[2]


def test_a_budget_moves_within_segments_of_other_columns() -> None:
    """Of its own columns `where` would leave one side empty: see the files of bad scenarios."""
    moved = {"lever": "budget", "amount": 10, "out_of": {"source": "ads"}, "into": {"source": "web"}}
    moved |= {"cost_per_lead": {"out_of": 5, "into": 5}, "where": {"region": "West"}}
    (lever,) = with_levers(moved).levers("fix")
    assert isinstance(lever, BudgetLever)
    assert lever.where == {"region": ("West",)}


def test_a_scenario_reached_by_two_ways_counts_once() -> None:
    scenario = build_scenario(
        minimal(scenarios={"a": [{"lever": "amount", "multiply": 2}], "b": ["a"], "c": ["a", "b"]})
    )
    assert len(scenario.levers("c")) == 1


def test_an_unknown_scenario_is_refused_by_name() -> None:
    with pytest.raises(ScenarioError, match="no scenario 'nothing'"):
        build_scenario(minimal()).levers("nothing")


APART = [
    ({"where": {"source": "ads"}}, {"where": {"source": ["site", "cold"]}}),
    ({"until": "2026-07-31"}, {"from": "2026-08-01"}),
    ({"stage": "meeting"}, {}),
]
TOGETHER = [
    ({}, {}),
    ({"where": {"source": "ads"}}, {"where": {"region": "West"}}),
    ({"where": {"source": "ads"}}, {}),
    ({"until": "2026-08-01"}, {"from": "2026-08-01"}),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_levers_on_one_target_may_be_set_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    lever = {"lever": "conversion", "stage": "lead", "add": 0.1}
    assert len(with_levers(lever | one, lever | other).levers("fix")) == 2


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_levers_on_one_target_for_the_same_stays_are_refused(one: dict[str, Any], other: dict[str, Any]) -> None:
    lever = {"lever": "conversion", "stage": "lead", "add": 0.1}
    text = problems_of(minimal(scenarios={"fix": [lever | one, lever | other]}))
    assert "scenarios.fix[1]" in text
    assert "scenarios.fix[0]" in text


def test_a_duration_lever_on_all_moves_clashes_with_one_on_a_single_move_but_two_moves_do_not() -> None:
    lever = {"lever": "duration", "stage": "lead", "multiply": 0.5}
    assert "clash" not in problems_of(minimal(scenarios={"fix": [lever, lever | {"move": "lost"}]}))
    assert with_levers(lever | {"move": "meeting"}, lever | {"move": "lost"}).levers("fix")


def test_two_hires_add_up() -> None:
    team = {"serves": ["lead"], "headcount": 2, "effort_hours": {"lead": 1}}
    hires = [{"lever": "hire", "team": "callers", "count": 1, "on": day} for day in ("2026-07-01", "2026-08-01")]
    assert len(with_levers(*hires, teams={"callers": team}).levers("fix")) == 2
