"""Splits that Optuna proposes: as good as all ways played, also where single steps see nothing; the same each time."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from simcast.analysis import Allocated, Limits, allocate, allocating
from simcast.analysis import proposing as module
from simcast.analysis.choices import Choice, Size
from simcast.analysis.splits import Search
from simcast.errors import ScenarioError, SimcastError
from tests.unit.analysis.assumed_worlds import ground

STAGES = {"a": {"conversion": 0.5, "days": 1}, "встреча": {"conversion": 0.4, "days": 1}}
AMONG = [
    "conversion stage=a add=0..0.3 cost=3000",
    "conversion stage=встреча add=0..0.4 cost=2000",
    "arrivals multiply=1..1.2 cost=1500",
]


def split(method: str, among: list[str], budget: float, goal: str = "net", **options: Any) -> Allocated:  # noqa: ANN401
    pytest.importorskip("optuna")
    stages, target = options.pop("stages", STAGES), options.pop("target", 30_000)
    world = ground(stages, per_day=10, futures=60, target={"bookings": target})
    return allocate(world, among, Limits(budget, None), goal, method=method, **options)  # type: ignore[arg-type]  # of any kind


@pytest.mark.slow
def test_it_finds_what_all_ways_played_find() -> None:
    whole = split("enumeration", AMONG, 4000)
    found = split("optuna", AMONG, 4000, trials=40)
    assert (whole.method, found.method) == ("enumeration", "optuna")
    assert found.best == whole.best
    assert found.n_tried <= 40 < whole.n_tried
    assert [allocation.cost for allocation in found.frontier] == sorted({a.cost for a in found.frontier})
    assert found.frontier[-1] == found.best


@pytest.mark.slow
def test_choices_that_bring_something_only_together_are_found() -> None:
    """Of 880 deals 0.1 x 0.1 are won. One conversion of 0.8 brings 6,200 for 8,000, both bring 55,000 for 16,000.

    So no step alone is worth its cost: who goes by steps stays at nothing. The money is enough for the pair and none of
    five other choices, which bring next to nothing.
    """
    leaky = {"a": {"conversion": 0.1, "days": 1}, "встреча": {"conversion": 0.1, "days": 1}}
    pair = ["conversion stage=a add=0..0.7 cost=8000", "conversion stage=встреча add=0..0.7 cost=8000"]
    others = [
        f"arrivals multiply=1..1.0001 from=2026-01-{day:02} until=2026-01-{day + 1:02} cost=4000"
        for day in range(10, 20, 2)
    ]
    greedy = split("greedy", [*pair, *others], 16_000, stages=leaky)
    assert [size.text for size in greedy.best.sizes] == [""] * 7
    assert greedy.best.gain.mean == 0.0
    found = split("optuna", [*pair, *others], 16_000, trials=100, stages=leaky)
    assert [size.text for size in found.best.sizes] == ["add=0.7", "add=0.7", *[""] * 5]
    assert found.checked.gain.mean == pytest.approx(0.63 * 88_000 - 16_000, rel=0.05)
    assert found.frontier[0].cost == 0.0
    assert found.frontier[-1].cost == pytest.approx(16_000)


def test_a_target_too_far_for_any_single_step_is_walked_to() -> None:
    """51,000 take 0.58 won of each of 880 deals: 0.8 x 0.8 do, 0.5 x 0.8 and 0.8 x 0.4 are far from it."""
    for method in ("greedy", "optuna"):
        found = split(method, AMONG[:2], 5000, "target", target=51_000, trials=25)
        assert [size.text for size in found.best.sizes] == ["add=0.3", "add=0.4"]
        assert found.checked.value > 0.9
        assert found.frontier[0].value == 0.0


def test_where_no_way_reaches_the_target_nothing_is_spent() -> None:
    for method in ("greedy", "optuna"):
        found = split(method, AMONG[:2], 5000, "target", target=500_000, trials=25)
        assert [size.text for size in found.best.sizes] == ["", ""]


def test_the_same_seed_proposes_the_same() -> None:
    one, other = (split("optuna", AMONG, 4000, trials=25) for _ in range(2))
    assert (one.best, one.n_tried, one.frontier) == (other.best, other.n_tried, other.frontier)


def test_what_is_cut_down_is_allowed_and_nothing_is_played_twice() -> None:
    sizes = tuple(Size(str(at), (), 10.0 * at, at) for at in range(4))
    search = Search(ground(STAGES, futures=5), [Choice(name, sizes) for name in "abc"], frozenset({(0, 2)}),
                    Limits(45.0, 4), "wins", None)  # fmt: skip
    for split_ in product(range(4), repeat=3):
        for order in ((0, 1, 2), (2, 0, 1)):
            cut = search.cut_down(split_, order)
            assert search.is_allowed(cut)
            assert all(less <= more for less, more in zip(cut, split_, strict=True))
            assert cut == split_ or not search.is_allowed(split_)
    module.propose(search, 12, seed=1)
    assert search.n_played <= 12


def test_without_optuna_the_command_to_install_it_is_told_before_anything_is_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    monkeypatch.setattr(allocating, "Search", lambda *_: pytest.fail("ways would have been played"))
    with pytest.raises(SimcastError, match=r"pip install 'simcast\[optimize\]'"):
        split("optuna", AMONG, 4000)


def test_too_many_ways_are_not_played_one_by_one() -> None:
    many = [f"arrivals multiply=1..1.{k} cost={k}" for k in range(1, 2)] + AMONG[:2]
    with pytest.raises(ScenarioError, match="more than 2,000 ways"):
        split("enumeration", many, 1e6, steps=20)
