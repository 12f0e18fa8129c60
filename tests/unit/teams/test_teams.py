"""Teams in small worlds whose waits can be worked out by hand, and what must not change anything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcast.analysis import Run, run
from simcast.errors import ScenarioError
from simcast.scenario import build_scenario

TEAM: dict[str, Any] = {
    "serves": ["call"],
    "headcount": 1,
    "hours_per_day": 8,
    "effort_hours": {"call": 8},
    "backlog": "all",
}


def world(
    team: dict[str, Any] | None,
    levers: list[dict[str, Any]] | None = None,
    n_open: int = 4,
    **changes: Any,  # noqa: ANN401 - parts of a scenario file
) -> Run:
    """Play a stage that all deals pass at once when their turn has come; the as-of date is a Wednesday."""
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["call"]},
        "assume": {
            "stages": {"call": {"conversion": 1.0, "days": 0}},
            "amount": 1,
            "open": [{"stage": "call", "count": n_open, "age_days": 0}],
        },
        "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
        "simulation": {"futures": 20, "seed": 3},
    }
    content |= changes
    if team is not None:
        content["teams"] = {"people": TEAM | team}
    if levers:
        content["scenarios"] = {"change": levers}
    return run(build_scenario(content))


def wait(played: Run, name: str = "baseline", stage: str = "call") -> float:
    return float(played.forecasts[name].wait_days(stage).mean())


BUSY: dict[str, Any] = {
    "pipeline": {"stages": ["lead", "call", "offer"]},
    "assume": {
        "stages": {
            "lead": {"conversion": 0.8, "days": {"exponential": {"mean": 2}}},
            "call": {"conversion": {"beta": [40, 60]}, "days": {"lognormal": {"median": 3, "sigma": 0.8}}},
            "offer": {"conversion": 0.5, "days": {"gamma": {"mean": 6, "shape": 2}}},
        },
        "arrivals": {"per_day": 6},
        "amount": {"lognormal": {"median": 1000, "sigma": 0.7}},
        "segments": {"source": {"ads": 0.6, "referral": 0.4}},
        "open": [{"stage": "call", "count": 9, "age_days": 4}, {"stage": "lead", "count": 5, "age_days": 1}],
    },
    "simulation": {"futures": 120, "seed": 3},
}
"""A small funnel with luck in all its parts."""

TIRED = {"headcount": 3, "effort_hours": {"call": 5}, "backlog": "none"}
"""A team that cannot do what comes to it."""


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


@pytest.mark.parametrize(
    "lever",
    [
        {"lever": "train", "team": "people", "days": 5, "add": 0},
        {"lever": "response", "stage": "call", "within_hours": 1e6},
        {"lever": "hire", "team": "people", "count": 2, "on": "2027-07-02"},
        {
            "lever": "budget",
            "amount": 100,
            "out_of": {"source": "ads"},
            "into": {"source": "referral"},
            "elasticity": 0,
            "spend": {"out_of": 1000, "into": 1000},
        },
    ],
)
def test_levers_that_change_nothing_make_a_difference_of_exactly_nothing(lever: dict[str, Any]) -> None:
    (difference,) = world(TIRED, [lever], n_open=0, **BUSY).differences
    assert (difference.bookings.mean, difference.bookings.sd) == (0.0, 0.0)
    assert (difference.net.mean, difference.net.sd) == (0.0, 0.0)


def test_the_order_of_levers_does_not_matter() -> None:
    levers: list[dict[str, Any]] = [
        {"lever": "hire", "team": "people", "count": 2, "on": "2026-07-20"},
        {"lever": "hire", "team": "people", "count": 1, "on": "2026-07-06"},
        {"lever": "leave", "team": "people", "count": 1, "on": "2026-07-10"},
        {
            "lever": "train",
            "team": "people",
            "days": {"uniform": [3, 9]},
            "slowdown": 1.2,
            "add": {"normal": [0.1, 0.05]},
        },
        {"lever": "response", "stage": "call", "within_hours": {"uniform": [20, 60]}},
    ]
    team = TIRED | {"turnover_per_year": 2.0, "ramp": [0.5, 0.8], "response": {"half_life_hours": 60}}
    one, other = (world(team, order, n_open=0, **BUSY).forecasts["change"].results for order in (levers, levers[::-1]))
    assert one.equals(other)


def test_hired_people_share_the_luck_of_everything_else() -> None:
    played = world(TIRED, [{"lever": "hire", "team": "people", "count": 2, "on": "2026-07-06"}], n_open=0, **BUSY)
    (difference,) = played.differences
    baseline, change = (played.forecasts[name].values("wins") for name in ("baseline", "change"))
    assert difference.wins.mean > 0
    assert difference.wins.sd**2 < 0.5 * (baseline.var() + change.var())
    assert wait(played, "change") < wait(played)


def test_people_cost_from_their_first_day_to_the_end() -> None:
    team = {"cost_per_month": 3000, "headcount": 3}
    levers: list[dict[str, Any]] = [
        {"lever": "hire", "team": "people", "count": 2, "on": "2026-07-16", "cost": 500},
        {"lever": "leave", "team": "people", "count": 1, "on": "2026-07-21"},
    ]
    cost = world(team, levers).forecasts["change"].results["cost"].to_numpy()
    assert cost == pytest.approx(500 + 3000 / (365.25 / 12) * (2 * 15 - 10))


def test_odds_halve_by_the_half_life() -> None:
    certain = {
        "stages": {"call": {"conversion": 0.5, "days": 0}},
        "amount": 1,
        "open": [{"stage": "call", "count": 2000, "age_days": 2}],
    }
    for response, odds in (
        ({"half_life_hours": 24}, 0.25),
        ({"half_life_hours": 24, "usual_hours": 24}, 0.5),
        ({"table": [[0, 1], [96, 0.0625]]}, 0.25),
    ):
        played = world({"headcount": 5000, "response": response}, assume=certain)
        forecast = played.forecasts["baseline"]
        assert forecast.wait_days("call") == pytest.approx(2.0)
        share, n = odds / (1 + odds), 2000 * forecast.n_futures
        assert abs(forecast.values("wins").sum() / n - share) < 4.5 * np.sqrt(share * (1 - share) / n)


def test_a_promise_of_an_answer_is_kept_by_extra_hands_whose_hours_are_told() -> None:
    played = world({}, [{"lever": "response", "stage": "call", "within_hours": 24}])
    results = played.forecasts["change"].results
    assert results["team_extra_hours"].to_numpy() == pytest.approx(16)  # the third and fourth deal
    assert any("takes 16 hours of work beyond" in warning for warning in played.warnings)
    assert any("add teams.people.response" in warning for warning in played.warnings)


def test_without_a_team_an_answer_in_time_needs_to_be_told_what_it_is_worth() -> None:
    lever: dict[str, Any] = {"lever": "response", "stage": "call", "within_hours": 24}
    with pytest.raises(ScenarioError, match=r"add now_hours .* and half_life_hours .*, or a team under teams"):
        world(None, [lever], n_open=0, **BUSY)
    played = world(None, [lever | {"now_hours": 72, "half_life_hours": 48}], n_open=0, **BUSY)
    odds = world(None, [{"lever": "conversion", "stage": "call", "odds": 2}], n_open=0, **BUSY)
    assert played.forecasts["change"].results.equals(odds.forecasts["change"].results)
    with pytest.raises(ScenarioError, match=r"now_hours: team 'people' serves 'call'"):
        world(TIRED, [lever | {"now_hours": 72}], n_open=0, **BUSY)


def test_training_is_a_conversion_lever_from_its_end_on() -> None:
    trained = world(
        {**TIRED, "headcount": 500}, [{"lever": "train", "team": "people", "days": 10, "add": 0.1}], n_open=0, **BUSY
    )
    better = world(None, [{"lever": "conversion", "stage": "call", "add": 0.1, "from": "2026-07-11"}], n_open=0, **BUSY)
    assert trained.differences[0].wins == better.differences[0].wins


@pytest.mark.parametrize(
    ("trained", "conversion"),
    [
        ({"from": "2026-07-05"}, {"from": "2026-07-15"}),
        ({"on": "2026-07-05", "where": {"source": "ads"}}, {"from": "2026-07-15", "where": {"source": "ads"}}),
        ({"until": "2026-07-20"}, {"from": "2026-07-11", "until": "2026-07-20"}),
        ({"ramp_days": 12}, {"from": "2026-07-11", "ramp_days": 12}),
    ],
)
def test_what_a_training_brings_is_timed_and_placed_as_other_levers_are(
    trained: dict[str, Any], conversion: dict[str, Any]
) -> None:
    lever = {"lever": "train", "team": "people", "days": 10, "add": 0.1}
    full = world({**TIRED, "headcount": 500}, [lever], n_open=0, **BUSY).differences[0].wins
    found = world({**TIRED, "headcount": 500}, [lever | trained], n_open=0, **BUSY).differences[0].wins
    same = {"lever": "conversion", "stage": "call", "add": 0.1, **conversion}
    assert found == world(None, [same], n_open=0, **BUSY).differences[0].wins
    assert found != full  # the control: the keys do something


def test_a_training_that_begins_on_two_days_is_refused() -> None:
    lever = {"lever": "train", "team": "people", "on": "2026-07-02", "from": "2026-07-09", "days": 1, "add": 0.1}
    with pytest.raises(ScenarioError, match=r"from: .* as on does \(2026-07-02\): give one of them"):
        world(TIRED, [lever], n_open=0, **BUSY)


def test_money_moved_changes_new_deals_by_elasticity_or_by_what_one_costs() -> None:
    budget: dict[str, Any] = {
        "lever": "budget",
        "amount": 3000,
        "out_of": {"source": "ads"},
        "into": {"source": "referral"},
    }
    moved = world(
        None, [budget | {"elasticity": 0.5, "spend": {"out_of": 4000, "into": 1000}, "lag_weeks": 1}], n_open=0, **BUSY
    )
    same = world(
        None,
        [
            {"lever": "arrivals", "where": {"source": "ads"}, "multiply": 0.5, "from": "2026-07-08"},
            {"lever": "arrivals", "where": {"source": "referral"}, "multiply": 2, "from": "2026-07-08"},
        ],
        n_open=0,
        **BUSY,
    )
    assert moved.forecasts["change"].results.equals(same.forecasts["change"].results)
    added = world(
        None,
        [{"lever": "budget", "amount": 3000, "into": {"source": "ads"}, "cost_per_lead": {"into": 50}}],
        n_open=0,
        **BUSY,
    )
    lead = world(
        None, [{"lever": "arrivals", "where": {"source": "ads"}, "add_per_day": 2, "cost": 3000}], n_open=0, **BUSY
    )
    assert added.forecasts["change"].results.equals(lead.forecasts["change"].results)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "elasticity: not given, and cost_per_lead neither"),
        ({"elasticity": 0.5}, "add spend.out_of, spend.into"),
        ({"cost_per_lead": {"into": 50}}, "add cost_per_lead.out_of"),
        ({"cost_per_lead": {"into": 50, "out_of": 50}, "elasticity": 1}, "goes without elasticity and spend"),
    ],
)
def test_budgets_say_which_number_is_missing(keys: dict[str, Any], said: str) -> None:
    lever = {"lever": "budget", "amount": 1, "out_of": {"source": "ads"}, "into": {"source": "referral"}} | keys
    with pytest.raises(ScenarioError, match=said):
        world(None, [lever], n_open=0, **BUSY)


def test_no_more_people_leave_than_there_are() -> None:
    lever = {"lever": "leave", "team": "people", "count": 3, "on": "2026-07-10"}
    with pytest.raises(ScenarioError, match="3 people would leave team 'people', which has 2"):
        world({"headcount": 2}, [lever])


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


BOTH = {
    "serves": ["call", "встреча"],
    "headcount": 2,
    "effort_hours": {"call": 8, "встреча": 16},
    "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
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
