"""A budget split among levers, against what arithmetic says."""

from __future__ import annotations

import pytest

from simcast.analysis import Allocated, Limits, allocate
from simcast.analysis import allocating as module
from simcast.errors import ScenarioError
from tests.unit.analysis.assumed_worlds import ground

STAGES = {"a": {"conversion": 0.5, "days": 1}, "встреча": {"conversion": 0.4, "days": 1}}
"""Of 10 new deals a day, 88 days of which end in time, 0.2 are won at 100 each: 17,600."""

SCENARIOS = {
    "better": [{"lever": "conversion", "stage": "a", "add": 0.1, "cost": 1000}],
    "best": [{"lever": "conversion", "stage": "a", "add": 0.2, "cost": 3000}],
    "useless": [{"lever": "amount", "multiply": 1, "cost": 100}],
}
MEETING = "conversion stage=встреча add=0..0.4 cost=2000"


def split(among: list[str], budget: float, goal: str = "net", **options: object) -> Allocated:
    world = ground(STAGES, per_day=10, futures=200, scenarios=SCENARIOS, target={"bookings": 30_000})
    return allocate(world, among, Limits(budget, None), goal, **options)  # type: ignore[arg-type]  # options of any kind


def taken(found: Allocated) -> list[str]:
    return [size.text for size in found.best.sizes]


def test_the_money_goes_where_a_unit_of_it_brings_most() -> None:
    """Meetings bring 880 x 0.5 x 0.1 x 100 = 4,400 for 500; `better` 880 x 0.1 x 0.4 x 100 = 3,520 for 1,000."""
    assert taken(split(["better", MEETING], 500)) == ["", "add=0.1"]
    found = split(["better", MEETING], 2000)
    assert taken(found) == ["", "add=0.4"]
    assert found.best.cost == pytest.approx(2000)
    assert abs(found.checked.gain.mean - (17_600 - 2000)) < 5 * found.checked.gain.mean_error
    assert taken(split(["better", MEETING], 3000)) == ["all", "add=0.4"]


def test_what_brings_less_than_it_costs_is_left() -> None:
    found = split(["useless"], 1000)
    assert taken(found) == [""]
    assert found.best.gain.mean == 0.0
    assert found.second is not None
    assert found.second.gain.mean == -100.0  # the control: taking it would lose its cost


def test_choices_on_one_thing_are_not_combined() -> None:
    found = split(["better", "best"], 1e6)
    assert found.exclusive == (("better", "best"),)
    assert taken(found) == ["", "all"]
    assert found.n_tried == 3


def test_money_is_not_taken_from_where_it_is_put() -> None:
    move = {"lever": "budget", "amount": 1000, "elasticity": 0.5}
    world = ground(
        STAGES,
        per_day=10,
        futures=50,
        segments={"source": {"ads": 0.5, "site": 0.5}},
        scenarios={
            "save": [{**move, "out_of": {"source": "ads"}, "spend": {"out_of": 5000}}],
            "add": [{**move, "into": {"source": "ads"}, "spend": {"into": 5000}}],
            "other": [{**move, "into": {"source": "site"}, "spend": {"into": 5000}}],
        },
    )
    found = allocate(world, ["save", "add", "other"], Limits(5000, None))
    assert found.exclusive == (("save", "add"),)


def test_what_will_be_is_paid_from_the_first_of_its_range_on() -> None:
    found = split(["conversion stage=a set=0.5..0.9 cost=4000"], 10_000)
    (choice,) = found.choices
    assert [size.text for size in choice.sizes] == ["", "set=0.6", "set=0.7", "set=0.8", "set=0.9"]
    assert [size.cost for size in choice.sizes] == pytest.approx([0, 1000, 2000, 3000, 4000])


def test_the_frontier_rises_and_ends_at_the_best() -> None:
    found = split(["better", MEETING, "useless"], 2600)
    costs = [allocation.cost for allocation in found.frontier]
    values = [allocation.value for allocation in found.frontier]
    assert costs == sorted(set(costs))
    assert values == sorted(set(values))
    assert costs[0] == 0.0
    assert costs[-1] <= 2600
    assert found.frontier[-1] == found.best


def test_steps_taken_one_by_one_end_where_all_ways_do(monkeypatch: pytest.MonkeyPatch) -> None:
    among = ["better", MEETING, "useless", "arrivals multiply=1..1.2 cost=1500"]
    whole = split(among, 2600)
    assert whole.method == "enumeration"
    monkeypatch.setattr(module, "MOST_PLAYED", 2)
    stepwise = split(among, 2600)
    assert stepwise.method == "greedy"
    assert stepwise.n_tried < whole.n_tried
    assert stepwise.best == whole.best


def test_the_chance_of_the_target_may_be_the_goal() -> None:
    """Reaching 30,000 takes 0.34 won of each deal: 0.5 x 0.7 is enough, 0.6 x 0.5 is not."""
    found = split(["better", MEETING], 2000, "target", steps=8)
    assert found.best.value > 0.5
    assert taken(found)[1] == "add=0.4"
    with pytest.raises(ScenarioError, match=r"forecast\.target"):
        allocate(ground(STAGES, futures=10), [MEETING], Limits(1, None), "target")


@pytest.mark.parametrize(
    ("among", "told"),
    [
        (["best", "best"], "named twice"),
        (["bestt"], "known: better, best, useless"),
        (["conversion stage=b add=0..0.1 cost=5"], "among 'conversion"),
        (["conversion stage=a add=0..0.1 cost=-5"], "not negative"),
        (["conversion stage=a add=0.1 from=2026-01-05..2026-02-01"], "not dates"),
        ([], "among: the file has no scenario"),
    ],
)
def test_what_is_no_choice_is_refused(among: list[str], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        split(among, 100)


def test_something_must_be_limited() -> None:
    with pytest.raises(ScenarioError, match="limits: say what may be spent"):
        allocate(ground(STAGES, futures=10), [MEETING], Limits(None, None))
