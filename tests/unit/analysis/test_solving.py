"""The smallest change for a condition, against the binomial law, and the words in which it is asked."""

from __future__ import annotations

from datetime import date

import pytest
from scipy import optimize, stats

from simcast.analysis import solve
from simcast.analysis.questions import Condition, Unknown
from simcast.analysis.solving import lever_of
from simcast.errors import ScenarioError
from simcast.report.solution import sentence
from tests.unit.analysis.assumed_worlds import ground

ONE_STAGE = {"договор": {"conversion": 0.4, "days": 1}}
TEAM = {"serves": ["договор"], "headcount": 5, "effort_hours": {"договор": 10}}
OPEN = [{"stage": "договор", "count": 100}]


def asked(vary: str, wanted: str, futures: int = 500, **options: object):  # noqa: ANN201  # a Solution
    world = ground(ONE_STAGE, open_deals=OPEN, futures=futures, **options)  # type: ignore[arg-type]  # of several kinds
    targets = {str(name): value for name, value in world.scenario.forecast.target.items()}
    return solve(world, Unknown.parse(vary), Condition.parse(wanted, targets))


@pytest.mark.slow
def test_the_answer_is_the_one_of_the_binomial_law() -> None:
    found = asked("conversion stage=договор set=0.4..0.9", "P(wins>=60)>=0.8", futures=10_000)
    expected = optimize.brentq(lambda p: stats.binom.sf(59, 100, p) - 0.8, 0.4, 0.9)
    assert found.answer is not None
    assert found.low < expected < found.high or abs(found.answer.value - expected) < 2.5 * (found.high - found.low)
    assert found.high - found.low < 0.01
    assert found.is_monotone
    wrong = optimize.brentq(lambda p: stats.binom.sf(59, 100, p) - 0.5, 0.4, 0.9)
    assert not found.low - 0.01 < wrong < found.high + 0.01  # the control: half instead of four fifths


def test_a_mean_is_met_where_the_mean_says() -> None:
    found = asked("conversion stage=договор add=0..0.5", "mean(bookings)>=5000", futures=2000)
    assert found.answer is not None
    assert abs(found.answer.value - 0.1) < 0.003


def test_more_people_than_pay_their_way_do_not_hide_those_who_do() -> None:
    team = TEAM | {"headcount": 2, "effort_hours": {"договор": 4}, "cost_per_month": 1000}
    world = ground(ONE_STAGE, per_day=8, futures=100, days=99, teams={"люди": team})
    hire = "hire team=люди on=2026-01-01 count=0..8"
    net = [0.0] + [world.play("more", [lever_of(Unknown.parse(hire), n)]).net().mean() for n in range(1, 9)]
    most = max(range(9), key=net.__getitem__)
    assert 1 < most < 7
    for wanted, expected in ((net[most], most), (net[1], 1), (net[most] + 1.0, None)):
        found = solve(world, Unknown.parse(hire), Condition.parse(f"mean(net)>={float(wanted)!r}", {}))
        assert (found.answer and found.answer.value) == expected
        assert found.best.value == (most if expected is None else expected)


@pytest.mark.parametrize("most", [2, 1000, 1_000_000])
def test_a_range_may_be_far_wider_than_its_answer(most: int) -> None:
    world = ground(ONE_STAGE, open_deals=OPEN, per_day=2, amount=100, futures=500)
    wanted = 1.347 * world.play().values("bookings").mean()
    found = solve(world, f"amount multiply=1..{most} open=true", f"mean(bookings)>={wanted}")
    assert found.answer is not None
    assert found.answer.value == pytest.approx(1.347, abs=0.0005)
    assert found.low < found.answer.value < found.high


def test_of_days_the_latest_that_suffices_is_found_where_neither_end_does() -> None:
    team = TEAM | {"headcount": 2, "effort_hours": {"договор": 4}, "cost_per_month": 1000}
    world = ground(ONE_STAGE, per_day=8, futures=100, days=99, teams={"люди": team})
    for written in ("2026-01-01..2026-04-09", "2026-04-09..2026-01-01"):
        unknown = Unknown.parse(f"hire team=люди count=9 on={written}")
        begin, middle, end = (
            float(world.play("later", [lever_of(unknown, day)]).net().mean())
            for day in (date(2026, 1, 1), date(2026, 2, 20), date(2026, 4, 9))
        )
        assert middle - 1.0 > max(begin, end)
        found = solve(world, unknown, f"mean(net)>={middle - 1.0}")
        assert found.answer is not None
        assert date(2026, 2, 20) <= found.answer.value < date(2026, 4, 9)


@pytest.mark.parametrize(("range_", "is_said"), [("count=1..4", False), ("count=2..4", True)])
def test_less_than_the_first_value_may_be_enough_unless_it_is_no_change(range_: str, is_said: bool) -> None:
    team = TEAM | {"headcount": 1}
    world = ground(ONE_STAGE, per_day=3, futures=50, days=30, teams={"люди": team})
    wins = float(world.play().values("wins").mean())
    found = solve(world, f"hire team=люди on=2026-01-01 {range_}", f"mean(wins)>={wins + 0.1}")
    assert found.answer is not None
    assert found.answer.value == found.unknown.first
    assert ("less may be enough" in sentence(found)) is is_said


def test_what_cannot_be_met_is_said() -> None:
    found = asked("conversion stage=договор multiply=1..1.2", "P(wins>=90)>=0.5")
    assert found.answer is None
    assert found.points[-1].value == 1.2


def test_what_holds_already_needs_no_change() -> None:
    found = asked("conversion stage=договор add=?", "P(wins>=20)>=0.9")
    assert found.met_without
    assert found.answer is not None
    assert found.answer.value == 0.0


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("duration stage=договор multiply=1..0.2", "duration stage=договор multiply=0.2..1", "mean(wins)>=35"),
        ("conversion stage=договор set=0.4..0.9", "conversion stage=договор set=0.9..0.4", "mean(wins)>=50"),
        ("conversion stage=договор add=0..0.2", "conversion stage=договор add=-0.3..0.2", "mean(wins)>=45"),
        ("conversion stage=договор add=0..0.2", "conversion stage=договор add=-0.3..0.2", "mean(wins)>=30"),
    ],
)
def test_the_smallest_change_is_found_whichever_way_its_range_is_written(one: str, other: str, wanted: str) -> None:
    slow = {"договор": {"conversion": 0.4, "days": {"exponential": {"mean": 60}}}}
    world = ground(slow if one.startswith("duration") else ONE_STAGE, open_deals=OPEN, futures=200)
    condition = Condition.parse(wanted, {})
    first, second = (solve(world, Unknown.parse(text), condition) for text in (one, other))
    assert first.answer is not None
    assert second.answer is not None
    assert second.answer.value == pytest.approx(first.answer.value, abs=0.002)
    assert second.met_without == first.met_without
    assert second.is_monotone


@pytest.mark.parametrize("count", ["0..4", "4..0", "1..4"])
def test_the_most_who_may_leave_are_found(count: str) -> None:
    world = ground(ONE_STAGE, per_day=3, futures=100, days=30, teams={"люди": TEAM})
    levers = [lever_of(Unknown.parse("leave team=люди on=2026-01-01 count=1..4"), n) for n in range(1, 5)]
    wins = [world.play("fewer", [lever]).values("wins").mean() for lever in levers]
    found = solve(
        world,
        Unknown.parse(f"leave team=люди on=2026-01-01 count={count}"),
        Condition.parse(f"mean(wins)>={(wins[1] + wins[2]) / 2}", {}),
    )
    assert wins[0] > wins[1] > wins[2]
    assert found.answer is not None
    assert found.answer.value == 2


def test_the_most_that_a_lever_may_cost_is_found() -> None:
    world = ground(ONE_STAGE, open_deals=OPEN, futures=200)
    lever = "conversion stage=договор add=0.2 cost=0..5000"
    found = solve(world, Unknown.parse(lever), Condition.parse("mean(net)>=5000", {}))
    expected = world.play("dearer", [lever_of(Unknown.parse(lever), 0.0)]).net().mean() - 5000
    assert found.answer is not None
    assert expected - 5.1 <= found.answer.value <= expected


def test_to_be_above_a_number_is_more_than_to_reach_it() -> None:
    forecast = ground(ONE_STAGE, open_deals=OPEN, futures=2000).play()

    def measured(text: str) -> float:
        return Condition.parse(text, {"wins": 40.0}).measure(forecast)[0]

    assert measured("P(wins>40)>=0.5") == measured("P(wins>target)>=0.5") == measured("P(wins>=41)>=0.5")
    assert measured("P(wins>40)>=0.5") < measured("P(wins>=40)>=0.5")
    assert Condition.parse("P(wins>=3)>0.5", {}).level > Condition.parse("P(wins>=3)>=0.5", {}).level == 0.5
    assert Condition.parse("mean(wins)>3", {}).level > Condition.parse("mean(wins)>=3", {}).level == 3.0


def test_a_target_of_the_file_may_be_named() -> None:
    found = asked("conversion stage=договор add=?", "P(bookings>=target)>=0.5", target={"bookings": 3000})
    assert found.condition.at_least == 3000
    with pytest.raises(ScenarioError, match=r"no forecast\.target\.wins"):
        Condition.parse("P(wins>=target)>=0.5", {"bookings": 1.0})


@pytest.mark.parametrize(
    "text", ["P(bookings)>=0.8", "P(leads>=3)>=0.8", "bookings>=5", "P(wins>=3)>=1.5", "mean(wins)<=3", ""]
)
def test_conditions_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="condition"):
        Condition.parse(text, {"bookings": 1.0})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "conversion stage=a",
        "conversion stage=a add=0..0",
        "conversion stage=a add=x..y",
        "duration stage=a set=?",
        "conversion stage=a add=? multiply=?",
        "conversion stage add=?",
        "arrivals add_per_day=1 multiply=? add_per_day=2",
        "conversion add=? where.source=ads stage=a where.source=site",
    ],
)
def test_unknowns_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ScenarioError, match="unknown"):
        Unknown.parse(text)


def test_a_lever_that_no_file_could_have_is_refused_in_the_words_of_the_file() -> None:
    with pytest.raises(ScenarioError, match="договорр"):
        asked("conversion stage=договорр add=?", "P(wins>=60)>=0.8")
    with pytest.raises(ScenarioError, match="speed"):
        asked("speed stage=договор add=0..1", "P(wins>=60)>=0.8")


def test_a_lever_may_be_written_as_in_a_file() -> None:
    one = Unknown.parse("{lever: conversion, stage: договор, add: 0..0.3}")
    assert one == Unknown.parse("conversion stage=договор add=0..0.3")
    assert Unknown.parse("arrivals where.source=ads multiply=1..2").lever["where"] == {"source": "ads"}


def test_dates_and_counts_are_whole() -> None:
    days = Unknown.parse("conversion stage=a add=0.1 from=2026-03-31..2026-01-01")
    assert days.n_steps == 89
    assert days.at(0.5) in (date(2026, 2, 14), date(2026, 2, 15))
    people = Unknown.parse("hire team=sales on=2026-02-01 count=?")
    assert (people.n_steps, people.at(0.5)) == (20, 10)


def test_the_latest_date_that_suffices_is_found() -> None:
    stages = {"a": {"conversion": 0.5, "days": 1}}
    world = ground(stages, per_day=10, futures=500)
    unknown = Unknown.parse("conversion stage=a set=1 from=2026-03-31..2026-01-01")
    found = solve(world, unknown, Condition.parse("mean(wins)>=667.5", {}))
    # 89 days of arrivals in time bring 445 wins; each day of certainty 5 more: 44.5 of the 89 are needed.
    assert found.answer is not None
    assert abs((found.answer.value - date(2026, 2, 14)).days) <= 2
