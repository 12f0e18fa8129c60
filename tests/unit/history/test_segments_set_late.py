"""Segment columns that deals get on their way are told; honest ones, however good, quick or new, are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from simcast.history import History
from simcast.history.segments_set_late import SetLate, _binomial, find_set_late
from simcast.starting import propose
from tests.unit.history.worlds_of_segments import NEVER, STAGES, Kind, World, make_world, overwritten

Read = Callable[..., History]
AS_OF = date(2026, 7, 1)
USUAL = {"site": Kind(1.5), "ads": Kind(0.9, forward=(0.5, 0.45, 0.5, 0.6)), "referral": Kind(0.6)}
GOOD = (0.99, 0.98, 0.97, 0.96)
"""Nine in ten are won."""

HONEST: dict[str, Mapping[str, Kind]] = {
    "as ever": USUAL,
    "a partner that wins nine in ten": USUAL | {"partner": Kind(0.3, forward=GOOD)},
    "a large partner that wins nine in ten": USUAL | {"partner": Kind(1.0, forward=GOOD)},
    "a partner that never stalls": USUAL | {"partner": Kind(0.3, forward=GOOD, stalled=0.0)},
    "all are called": USUAL | {"partner": Kind(0.8, forward=(1.0, 0.6, 0.6, 0.7), stalled=0.0)},
    "a quick first stage": USUAL | {"shop": Kind(0.6, forward=(1.0, 0.9, 0.6, 0.7), days=(0.4, 6, 20, 14))},
    "quick and all won": USUAL | {"renewal": Kind(0.3, forward=(1, 1, 1, 1), days=(0.3, 0.5, 1, 1), stalled=0.0)},
    "a new source": USUAL | {"fair": Kind(1.5, begins=-60)},
    "a new partner": USUAL | {"partner": Kind(1.0, forward=GOOD, begins=-120)},
    "a source that ended": USUAL | {"fair": Kind(1.0, ends=-90)},
    "a partner that ended": USUAL | {"partner": Kind(0.5, forward=GOOD, ends=-100)},
    "few deals": {"site": Kind(0.15), "ads": Kind(0.1), "partner": Kind(0.05, forward=GOOD)},
    "ten owners": {f"owner {number}": Kind(0.3) for number in range(10)},
}
LATE: dict[str, tuple[str, tuple[str, ...], float]] = {
    "partner at the win": ("won", ("partner",), 0.6),
    "customer at the win": ("won", ("customer",), 1.0),
    "closers at the proposal": ("proposal", ("Cleo", "Dan"), 1.0),
    "unqualified at the loss": ("lost", ("unqualified",), 1.0),
}


def found(world: World) -> tuple[SetLate, ...]:
    return find_set_late({"source": world.value}, world.began, world.points, world.is_open, 0)


def honest(name: str, seed: int) -> World:
    rng = np.random.default_rng(seed)
    return make_world(HONEST[name], rng, growth=float(rng.choice([-0.5, 0.0, 0.0, 0.7])))


def late(name: str, seed: int) -> World:
    rng = np.random.default_rng(seed)
    return overwritten(make_world(USUAL, rng), rng, *LATE[name])


@pytest.mark.parametrize("name", LATE)
def test_a_value_that_deals_get_on_their_way_is_told_with_where_they_get_it(name: str) -> None:
    point, values, _ = LATE[name]

    told = [one for seed in range(10) for one in found(late(name, seed))]

    assert len(told) >= 9
    assert all(one.value in values for one in told)
    assert {one.point for one in told} == {point}


@pytest.mark.parametrize("name", HONEST)
def test_honest_values_are_not_told(name: str) -> None:
    assert [found(honest(name, seed)) for seed in range(10)] == [()] * 10


@pytest.mark.slow
@pytest.mark.parametrize("name", HONEST)
def test_at_most_one_honest_history_in_two_hundred_is_told(name: str) -> None:
    assert sum(bool(found(honest(name, seed))) for seed in range(1000, 1400)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", LATE)
def test_nine_in_ten_histories_with_values_set_late_are_told(name: str) -> None:
    assert sum(bool(found(late(name, seed))) for seed in range(1000, 1200)) >= 180


def test_the_binomial_test_is_exact() -> None:
    for least, trials, probability in ((0, 117, 0.1), (3, 40, 0.2), (5, 5, 0.3), (0, 0, 0.1)):
        assert _binomial(least, trials, probability) == pytest.approx(binom.cdf(least, trials, probability), rel=1e-9)


def written(world: World, column: str = "source") -> str:
    """Write the log of a world."""
    lines = [f"deal,stage,entered,{column}"]
    points = {**world.points, "lead": world.began}
    for number, value in enumerate(world.value):
        lines += [
            f"D{number},{stage},{AS_OF + timedelta(int(day))},{value}"
            for stage in (*STAGES, "won", "lost")
            if (day := points[stage][number]) != NEVER
        ]
    return "\n".join(lines)


def test_a_file_with_such_a_column_is_warned_of(read: Read) -> None:
    rng = np.random.default_rng(1)
    world = make_world(USUAL, rng)
    text = written(overwritten(world, rng, "won", ("partner",), 0.6))

    told, silent, plain = (
        read(content, STAGES, segments=segments).known_at(AS_OF).quality
        for content, segments in ((text, ["source"]), (text, []), (written(world), ["source"]))
    )

    assert silent.faults == plain.faults == ()
    (fault,) = told.faults
    assert told.warnings[0] == fault
    assert fault.startswith("source 'partner' seems to be set when deals reach 'won': ")
    assert fault.endswith("leave 'source' out of history.segments")


def test_init_leaves_such_a_column_out_and_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    world = make_world(USUAL, rng)
    files = {
        "late.csv": written(overwritten(world, rng, "proposal", ("Cleo", "Dan"), 1.0), "owner"),
        "early.csv": written(world, "owner"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    wrong, right = (propose(str(tmp_path / name), tmp_path / name[:4], today=AS_OF) for name in files)

    assert "segments: [owner]" in right.scenario.read_text()
    assert "segments: [owner]" not in wrong.scenario.read_text()
    assert [text for text in wrong.unsure if "seems to be set when deals reach 'proposal'" in text]
    assert not [text for text in right.unsure if "seems to be set" in text]
