"""Waits that can be worked out by hand, and what must not change anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .small_worlds import BOTH, BUSY, TEAM, TIRED, wait, world


@pytest.mark.parametrize(
    ("team", "levers", "n_open", "expected"),
    [
        ({}, [], 3, (0 + 1 + 2) / 3),
        # Who is done on Friday night takes up the next on Saturday, and is done with it on Monday night.
        ({}, [], 5, (0 + 1 + 2 + 3 + 6) / 5),
        ({"starts": "working_days"}, [], 5, (0 + 1 + 2 + 5 + 6) / 5),
        ({"holidays": ["2026-07-02"]}, [], 3, (0 + 1 + 3) / 3),
        ({"working_days": ["wed", "thu", "fri", "sat", "sun", "mon"]}, [], 5, (0 + 1 + 2 + 3 + 4) / 5),
        ({"headcount": 2}, [], 4, (0 + 0 + 1 + 1) / 4),
        ({"hours_per_day": 4}, [], 3, (0 + 2 + 6) / 3),
        ({"headcount": 0}, [], 2, 30.0),
        ({}, [{"lever": "hire", "team": "people", "count": 1, "on": "2026-07-02"}], 6, (0 + 1 + 1 + 2 + 2 + 3) / 6),
        # At half speed the new person is busy from Thursday until Friday night.
        (
            {"ramp": [0.5]},
            [{"lever": "hire", "team": "people", "count": 1, "on": "2026-07-02"}],
            6,
            (0 + 1 + 1 + 2 + 3 + 3) / 6,
        ),
        (
            {"headcount": 2},
            [{"lever": "leave", "team": "people", "count": 1, "on": "2026-07-02"}],
            4,
            (0 + 0 + 1 + 2) / 4,
        ),
        # Twice as slow on the first day, as before from the second on: done on Thursday night, then on Friday night.
        (
            {},
            [{"lever": "train", "team": "people", "days": 1, "slowdown": 2, "add": 0}],
            3,
            (0 + 2 + 3) / 3,
        ),
        ({}, [{"lever": "response", "stage": "call", "within_hours": 24}], 4, (0 + 1 + 1 + 1) / 4),
    ],
)
def test_waits_are_as_worked_out_by_hand(
    team: dict[str, Any], levers: list[dict[str, Any]], n_open: int, expected: float
) -> None:
    played = world(team, levers, n_open)
    assert wait(played, "change" if levers else "baseline") == pytest.approx(expected, abs=1e-9)


def test_open_deals_that_wait_have_their_turn_in_order_of_entry() -> None:
    played = world(
        {"backlog": {"younger_than_days": 3}},
        assume={
            "stages": {"call": {"conversion": 1.0, "days": 0}},
            "amount": 1,
            "open": [{"stage": "call", "count": 1, "age_days": age} for age in (1, 2, 9)],
        },
    )
    # The oldest is being worked on already. Waits count from the entry: 2 days and none more, 1 day and 1 more.
    assert wait(played) == pytest.approx((2 + 2) / 2)


def test_a_team_in_which_nobody_waits_changes_nothing_to_the_last_bit() -> None:
    alone, served = (world(team, n_open=0, **BUSY) for team in (None, {**TIRED, "headcount": 500}))
    one, other = (played.forecasts["baseline"].results for played in (alone, served))
    assert other["wait_days"].max() == 0
    for name in one.variables:
        assert one[name].equals(other[name]), name
    tired = world(TIRED, n_open=0, **BUSY).forecasts["baseline"]
    assert not tired.results["left_forward"].equals(one["left_forward"])
    assert float(np.min(tired.wait_days("call"))) > 0
    assert float(np.max(tired.wait_days("lead"))) == 0


def test_threads_and_chunks_do_not_matter() -> None:
    from simcast.plan import build_plan
    from simcast.simulation import simulate

    played = world(TIRED, n_open=0, **BUSY)
    plan = build_plan(played.posterior, played.book, played.scenario)
    one, other = (simulate(plan, threads=n, chunk=chunk).results for n, chunk in ((1, 120), (3, 7)))
    assert one.equals(other)
    assert one["team_queue"].max() > 0


def test_leavers_are_replaced_after_a_while_by_people_who_have_to_learn() -> None:
    """With many people, presence is that of a renewal process: a stay of 1/r days, then a gap of D days."""
    played = world({"headcount": 400, "turnover_per_year": 36.525, "replacement_days": 5}, n_open=0, **BUSY)
    results = played.forecasts["baseline"].results
    assert results["team_utilisation"].max() > 0
    gone = world({"headcount": 400, "turnover_per_year": 36.525, "replacement_days": None}, n_open=0, **BUSY)
    assert (gone.forecasts["baseline"].results["team_utilisation"] > results["team_utilisation"]).all()


def test_a_person_who_does_nothing_in_their_first_month_is_waited_for() -> None:
    """They came at any instant, so that a month added and taken away again may be a rounding short of a month."""
    team = {**TIRED, "headcount": 6, "ramp": [0.0, 0.5], "turnover_per_year": 20.0, "replacement_days": 3}
    slow, quick = (wait(world(team | {"ramp": ramp}, n_open=0, **BUSY)) for ramp in ([0.0, 0.5], [0.4, 0.5]))
    assert 0 < quick < slow


def test_who_follows_a_leaver_begins_though_the_leaver_still_finishes_their_work() -> None:
    """One person; calls take four days. They leave after a while, and the next starts the very day."""
    team = {"effort_hours": {"call": 32}, "turnover_per_year": 100.0, "replacement_days": 0}
    alone = world(TEAM | team | {"working_days": BOTH["working_days"]}, n_open=12)
    # Without leavers the twelfth call would begin on day 44, after the end; each leaver is followed at once, so that
    # two calls are being made for a while.
    results = alone.forecasts["baseline"].results
    assert float(results["team_utilisation"].mean()) > 1.2
    assert wait(alone) < wait(
        world(TEAM | team | {"working_days": BOTH["working_days"], "turnover_per_year": 0}, n_open=12)
    )
