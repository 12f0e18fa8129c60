"""What levers cost: once, by the month, by the deal and by the head, against what can be counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.analysis import Limits, allocate, ground_of, run
from simcast.errors import ScenarioError
from simcast.scenario import Scenario, build_scenario

MONTH = 30.4375


def scenario_of(*levers: dict[str, Any], **changes: Any) -> Scenario:  # noqa: ANN401 - parts of a scenario file
    """Return 30 days from 1 July 2026 on, three people at the phone, and one scenario."""
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["звонок", "offer"]},
        "assume": {
            "stages": {name: {"conversion": 0.5, "days": 1} for name in ("звонок", "offer")},
            "segments": {"source": {"ads": 0.6, "referral": 0.4}},
            "arrivals": {"per_day": 6},
            "amount": 1000,
            "open": [{"stage": "offer", "count": 3, "age_days": 1}],
        },
        "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
        "simulation": {"futures": 60, "seed": 3},
        "teams": {"desk": {"serves": ["звонок"], "headcount": 3, "effort_hours": {"звонок": 0.1}}},
        "scenarios": {"change": list(levers)},
    }
    return build_scenario(content | changes)


def cost_of(*levers: dict[str, Any]) -> NDArray[np.float64]:
    ground = ground_of(scenario_of(*levers))
    cost: NDArray[np.float64] = ground.plan("change").cost
    return cost


CALL: dict[str, Any] = {"lever": "conversion", "stage": "звонок", "add": 0.1}
HIRE: dict[str, Any] = {"lever": "hire", "team": "desk", "count": 2, "on": "2026-07-11"}
LEAVE: dict[str, Any] = {"lever": "leave", "team": "desk", "count": 1, "on": "2026-07-21"}
TRAIN: dict[str, Any] = {"lever": "train", "team": "desk", "days": 5, "add": 0.0}


@pytest.mark.parametrize(
    ("lever", "days"),
    [
        (CALL, 30),
        (CALL | {"from": "2026-07-11"}, 20),
        (CALL | {"from": "2026-07-11", "until": "2026-07-20"}, 10),
        (CALL | {"from": "2026-06-01", "until": "2026-07-05"}, 5),
        (CALL | {"from": "2026-07-29", "until": "2026-12-31", "ramp_days": 30}, 2),
        (CALL | {"from": "2026-09-01"}, 0),
        (CALL | {"until": "2026-06-10"}, 0),
        ({"lever": "deal", "deal": "open-1", "outcome": "lost"}, 30),
        (HIRE, 20),
        (LEAVE, 10),
        (TRAIN, 5),
        (TRAIN | {"on": "2026-07-28"}, 3),
        (TRAIN | {"on": "2026-06-28"}, 2),
        (TRAIN | {"on": "2026-08-28"}, 0),
    ],
)
def test_a_monthly_cost_runs_from_the_first_day_to_the_last(lever: dict[str, Any], days: float) -> None:
    assert cost_of(lever | {"cost_per_month": 3000.0, "cost": 7.0}) == pytest.approx(7.0 + 3000.0 * days / MONTH)


def test_heads_are_those_who_come_leave_or_are_trained() -> None:
    assert cost_of(HIRE | {"cost_per_head": 500}) == pytest.approx(1000)
    assert cost_of(LEAVE | {"cost_per_head": 800}) == pytest.approx(800)
    assert cost_of(TRAIN | {"cost_per_head": 100}) == pytest.approx(300)
    late = TRAIN | {"cost_per_head": 100, "on": "2026-07-15"}
    assert cost_of(HIRE, late) == pytest.approx(500)
    assert cost_of(HIRE, LEAVE, late | {"on": "2026-07-21"}) == pytest.approx(400)
    assert cost_of(HIRE | {"on": "2026-07-16"}, late) == pytest.approx(300)


def entered(played: Any, name: str) -> NDArray[np.float64]:  # noqa: ANN401 - a run
    found: NDArray[np.float64] = played.forecasts[name].stage_values("entered", "звонок")
    return found


@pytest.mark.parametrize(
    "lever",
    [
        {"lever": "arrivals", "multiply": 1.5},
        {"lever": "arrivals", "multiply": {"normal": [1.2, 0.2]}, "where": {"source": "ads"}, "from": "2026-07-09"},
        {"lever": "arrivals", "add_per_day": 2, "where": {"source": "referral"}, "ramp_days": 10},
        {"lever": "arrivals", "multiply": 0.5},
    ],
)
def test_a_deal_is_paid_for_when_it_comes_in_that_very_future(lever: dict[str, Any]) -> None:
    """Deals enter the first stage, where the engine counts them: as many as are paid for."""
    played = run(scenario_of(lever | {"cost_per_deal": 50, "cost": 10}))
    added = entered(played, "change") - entered(played, "baseline")
    cost = played.forecasts["change"].results["cost"].to_numpy()
    assert np.array_equal(cost, 10 + 50 * added)
    assert added.std() > 0
    assert (added.mean() < 0) == (lever.get("multiply") == 0.5)
    (difference,) = played.differences
    bookings = played.forecasts["change"].values("bookings") - played.forecasts["baseline"].values("bookings")
    assert difference.net.mean == pytest.approx((bookings - cost).mean())


def test_each_lever_pays_for_its_own_deals() -> None:
    ads: dict[str, Any] = {"lever": "arrivals", "multiply": 1.5, "where": {"source": "ads"}}
    referral: dict[str, Any] = {"lever": "arrivals", "add_per_day": 2, "where": {"source": "referral"}}
    money = {"lever": "budget", "amount": 900, "into": {"source": "ads"}, "cost_per_lead": {"into": 30}}
    paid = cost_of(money, referral | {"cost_per_deal": 20}, ads | {"cost_per_deal": 50}) - 900
    both = run(scenario_of(money, referral, ads)), run(scenario_of(money, referral)), run(scenario_of(money, ads))
    every, without_ads, without_referral = (entered(played, "change") for played in both)
    assert np.array_equal(paid, 50 * (every - without_ads) + 20 * (every - without_referral))
    assert np.array_equal(cost_of({"lever": "arrivals", "multiply": 1, "cost_per_deal": 50}), np.zeros(60))


def test_uncertain_prices_are_drawn_once_per_future_and_leave_the_levers_luck_alone() -> None:
    better = CALL | {"add": {"normal": [0.1, 0.05]}}
    free = ground_of(scenario_of(better)).plan("change")
    paid = ground_of(scenario_of(better | {"cost_per_month": {"uniform": [1000, 3000]}})).plan("change")
    assert np.array_equal(free.kernel.on_conversion.value, paid.kernel.on_conversion.value)
    months = paid.cost / (30 / MONTH)
    assert 1000 <= months.min() < 1300 < 2700 < months.max() <= 3000
    assert len(np.unique(months)) == 60


def test_half_the_change_costs_half_by_the_month_too() -> None:
    ground = ground_of(scenario_of(teams={}, scenarios={}))
    priced = "conversion stage=звонок add=0..0.4 cost=100 cost_per_month=3043.75"
    found = allocate(ground, [priced], Limits(1e6, None), "net")
    costs = [size.cost for size in found.choices[0].sizes]
    assert costs == pytest.approx([0.0, 775.0, 1550.0, 2325.0, 3100.0])
    per_deal = "arrivals where.source=ads multiply=1..2 cost_per_deal=10"
    first, *_, last = [size.cost for size in allocate(ground, [per_deal], Limits(1e6, None), "net").choices[0].sizes]
    assert first == 0.0
    assert last == pytest.approx(10 * 30 * 3.6, rel=0.1)


@pytest.mark.parametrize(
    "lever",
    [CALL | {"cost_per_deal": 5}, CALL | {"cost_per_head": 5}, HIRE | {"cost_per_deal": 5}],
)
def test_prices_stand_where_something_is_counted(lever: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError, match="cost_per_"):
        scenario_of(lever)
