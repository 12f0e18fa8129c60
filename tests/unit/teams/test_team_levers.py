"""Levers on teams, answers and budgets: what they bring, what they cost, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcast.errors import ScenarioError

from .small_worlds import BUSY, TIRED, wait, world


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


def test_who_comes_and_goes_on_one_day_changes_nothing() -> None:
    """The last to come leave first, those of the same day too; an older person would finish what was begun."""
    on = "2026-07-10"
    both = [{"lever": lever, "team": "people", "count": 2, "on": on} for lever in ("hire", "leave")]
    played = world(TIRED, both, n_open=0, **BUSY)
    assert played.forecasts["change"].results["wins"].identical(played.forecasts["baseline"].results["wins"])
    assert wait(played, "change") == wait(played)
    later = [both[0], {**both[1], "on": "2026-07-11"}]
    assert wait(world(TIRED, later, n_open=0, **BUSY), "change") != wait(played)


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


def test_a_wait_and_a_conversion_lever_multiply_the_same_odds() -> None:
    """Of all stays, those that never end among them: who used to wait a half-life, and is answered at once."""
    assume = {
        "stages": {"call": {"conversion": 0.4, "stalled": 0.3, "days": 1}},
        "arrivals": {"per_day": 20},
        "amount": 1,
    }
    plenty = {"headcount": 3000, "response": {"half_life_hours": 24, "usual_hours": 24}}
    answered = world(plenty, assume=assume).forecasts["baseline"]
    levered = world(None, [{"lever": "conversion", "stage": "call", "odds": 2}], assume=assume).forecasts["change"]
    of_both = [
        [float(forecast.results[name].sum()) for name in ("left_forward", "entered")]
        for forecast in (answered, levered)
    ]
    np.testing.assert_allclose(of_both[0], of_both[1], rtol=1e-12)  # with the luck that they share


def test_a_promise_is_kept_though_the_team_has_nobody_and_not_by_extra_hands_where_somebody_is_free() -> None:
    promise = {"lever": "response", "stage": "call", "within_hours": 24}
    nobody = world({"headcount": 0}, [promise])
    assert wait(nobody, "change") == pytest.approx(1.0)
    assert nobody.forecasts["change"].results["team_extra_hours"].to_numpy() == pytest.approx(4 * 8)
    # Three days late already: two of them find somebody free on the as-of date, and extra hands take the others.
    late = [{"stage": "call", "count": 4, "age_days": 3}]
    assume = {"stages": {"call": {"conversion": 1.0, "days": 0}}, "amount": 1, "open": late}
    played = world({"headcount": 2}, [promise], assume=assume)
    assert wait(played, "change") == pytest.approx(3.0)
    assert played.forecasts["change"].results["team_extra_hours"].to_numpy() == pytest.approx(2 * 8)
    # What is promised for after the forecast's end is work after it.
    none = world({"headcount": 0}, [promise | {"within_hours": 24 * 40}])
    assert none.forecasts["change"].results["team_extra_hours"].to_numpy() == pytest.approx(0)


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
