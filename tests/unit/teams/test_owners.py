"""Deals that belong to the person who began them."""

from __future__ import annotations

from typing import Any

import pytest

from .small_worlds import BOTH, BUSY, TIRED, wait, world


def two_steps(days: float, ages: tuple[int, ...]) -> dict[str, Any]:
    """Deals are called and then met; all of the open ones wait for their call."""
    return {
        "pipeline": {"stages": ["call", "встреча"]},
        "assume": {
            "stages": {"call": {"conversion": 1.0, "days": days}, "встреча": {"conversion": 1.0, "days": 0}},
            "amount": 1,
            "open": [{"stage": "call", "count": 1, "age_days": age} for age in ages],
        },
    }


LEAVES = {"lever": "leave", "team": "people", "count": 1, "on": "2026-07-03"}


@pytest.mark.parametrize(
    ("team", "levers", "days", "ages", "owned", "anybody"),
    [
        # Two are called at once, and the third when these calls are done, by the first person: who is to meet the first
        # deal as well, on the second day, and the third after that. The third deal waits for them from day 1 to day 4,
        # though the other is free on day 3.
        ({}, [], 0, (3, 2, 1), (1 + 2 + 3) / 3, (1 + 2 + 2) / 3),
        # Who called the second has left when it is to be met: it is taken over by the other, after the first.
        ({}, [LEAVES], 3, (2, 1), (0 + 2) / 2, (0 + 2) / 2),
        ({}, [], 3, (2, 1), 0.0, 0.0),
        # Who leaves on day 2 has a call until day 4. The deal that waits for them asks for anybody from day 2 on.
        ({"effort_hours": {"call": 32, "встреча": 16}}, [LEAVES], 1, (2, 1), (3 + 5) / 2, (3 + 5) / 2),
    ],
)
def test_a_deal_waits_for_the_person_who_began_it(
    team: dict[str, Any],
    levers: list[dict[str, Any]],
    days: float,
    ages: tuple[int, ...],
    owned: float,
    anybody: float,
) -> None:
    name = "change" if levers else "baseline"
    for owner, expected in ((True, owned), (False, anybody)):
        played = world({**BOTH, **team, "owner": owner}, levers, **two_steps(days, ages))
        assert wait(played, name, "встреча") == pytest.approx(expected, abs=1e-9)


def test_owners_make_no_difference_where_a_deal_has_one_stay_in_the_team_or_nobody_waits() -> None:
    plain, owned = (world(TIRED | {"owner": owner}, n_open=0, **BUSY).forecasts["baseline"] for owner in (False, True))
    assert plain.results.identical(owned.results)
    stages = ["lead", "call", "offer"]
    several = {"serves": stages, "effort_hours": dict.fromkeys(stages, 3), "working_days": BOTH["working_days"]}
    many = {**several, "headcount": 5000, "backlog": "all", "effort_hours": dict.fromkeys(stages, 1e-9)}
    plain, owned = (world(many | {"owner": owner}, n_open=0, **BUSY).forecasts["baseline"] for owner in (False, True))
    assert plain.results.equals(owned.results)
    few = several | {"headcount": 3}
    plain, owned = (world(few | {"owner": owner}, n_open=0, **BUSY).forecasts["baseline"] for owner in (False, True))
    assert not plain.results.equals(owned.results)  # the control
