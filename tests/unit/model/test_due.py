"""Ends that are recorded on the Monday after the weekend on which they were due; stays that pause are the control."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.days import weekday_of
from simcast.model.at_risk import StageDays
from simcast.model.cells import Cells
from simcast.model.clocks import StageClocks, learn_clocks
from simcast.model.due import as_due
from simcast.model.operational import in_operational_days
from simcast.model.stays import StageStays

Ints = NDArray[np.int64]

MONDAY = int(np.datetime64("2024-01-01", "D").astype(np.int64))
N_TESTS = 4


class World(NamedTuple):
    """Stays of one stage as they are on record, and the days until they were due to end."""

    recorded: StageDays
    due: Ints


def put_off_over_weekends(until: int, n: int = 4000, seed: int = 1, median: float = 1.7) -> World:
    """Lognormal stays that begin on working days; what is due on a Saturday or Sunday is recorded on the Monday."""
    rng = np.random.default_rng(seed)
    days = np.arange(MONDAY, until)
    entered = rng.choice(days[weekday_of(days) < 5], n)
    move = (rng.random(n) < 0.3).astype(np.int64)
    lasted = np.exp(np.log(np.where(move == 0, median, 3 * median)) + 0.9 * rng.standard_normal(n))
    due = np.floor(entered + rng.random(n) + lasted).astype(np.int64)
    left = due + np.array([0, 0, 0, 0, 0, 2, 1])[weekday_of(due)]
    is_open = left >= until
    recorded = StageDays(
        entered, np.where(is_open, until, left), np.where(is_open, -1, move), until, np.zeros(n, dtype=np.int64)
    )
    return World(recorded, due - entered)


def stays_of(dated: StageDays) -> StageStays:
    n = dated.entered.size
    nothing = np.zeros(n, dtype=np.int64)
    return StageStays(2, Cells.of_segments(1), nothing, dated.move, dated.left - dated.entered, nothing)


def shares_by_day(days: Ints) -> NDArray[np.float64]:
    """How many stays last at most 0, 1, ... days."""
    return np.cumsum(np.bincount(np.minimum(days, 10), minlength=11)) / days.size


A_WEDNESDAY = MONDAY + 7 * 60 + 2


def test_stays_last_until_they_were_due() -> None:
    """Of all stays, and of those that began on a Friday; the days on record are far from it."""
    recorded, due = put_off_over_weekends(A_WEDNESDAY)
    (told,), (clocks,) = in_operational_days([stays_of(recorded)], [recorded])
    assert clocks.clocks[0] is not None
    assert clocks.clocks[0].weekday[0] == pytest.approx(3.0, abs=0.3)
    assert clocks.clocks[0].opening == pytest.approx(np.array([2 / 3, 0, 0, 0, 0, 1, 1]), abs=0.06)
    ended = recorded.move >= 0
    for which, off in ((ended, 0.015), (ended & (weekday_of(recorded.entered) == 4), 0.05)):
        truth = shares_by_day(due[which])
        assert np.abs(shares_by_day(told.days[which]) - truth).max() < off
        on_record = recorded.left - recorded.entered
        assert np.abs(shares_by_day(on_record[which]) - truth).max() > 5 * off
    assert np.array_equal(told.move, recorded.move)
    assert (told.days[~ended] == (recorded.left - recorded.entered)[~ended]).all()


def test_ends_are_dealt_out_evenly_along_the_stays() -> None:
    """Early deals are no sooner due than late ones, though they come first: tenths of them differ by chance at most."""
    recorded, _ = put_off_over_weekends(A_WEDNESDAY, n=20_000)
    back = recorded.left - as_due(recorded, learn_clocks(recorded, 2, N_TESTS)).left
    friday_to_monday = (recorded.move == 0) & (recorded.left - recorded.entered == 3) & (weekday_of(recorded.left) == 0)
    of_kind = back[friday_to_monday]
    tenths = np.array([np.bincount(part, minlength=3)[:3] / part.size for part in np.array_split(of_kind, 10)])
    assert of_kind.size > 1000
    assert (np.bincount(of_kind) / of_kind.size > 0.1).all()
    assert np.abs(tenths - tenths.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize(("day", "waiting"), [(0, 2), (6, 1), (5, 0), (1, 0)])
def test_what_was_due_on_the_last_days_may_wait_to_be_recorded(day: int, waiting: int) -> None:
    """Known until a Monday, or a Sunday: an open stay may have been due to end on the weekend."""
    recorded, _ = put_off_over_weekends(MONDAY + 7 * 60 + day)
    clocks = learn_clocks(recorded, 2, N_TESTS)
    is_open = recorded.move < 0
    assert is_open.sum() >= 5
    before = recorded.left[is_open] - as_due(recorded, clocks).left[is_open]
    began_before = recorded.until - recorded.entered[is_open] >= waiting
    assert (before[began_before] == waiting).all()


def test_a_monday_on_which_more_is_done_has_no_opening() -> None:
    """Three times as much ends on a Monday, of the stays that began on it, too, and nothing at weekends."""
    rng = np.random.default_rng(4)
    entered = rng.choice(np.arange(MONDAY, A_WEDNESDAY), 4000)
    rate = np.array([0.45, 0.15, 0.15, 0.15, 0.15, 0.0, 0.0])[weekday_of(np.arange(MONDAY, A_WEDNESDAY + 400))]
    passed = np.concatenate([[0.0], np.cumsum(rate)])
    wanted = passed[entered - MONDAY] + rng.random(4000) * 0.2 * rate[entered - MONDAY] + rng.exponential(1.0, 4000)
    left = MONDAY + np.searchsorted(passed, wanted, side="right") - 1
    is_open = left >= A_WEDNESDAY
    move = np.where(is_open, -1, rng.integers(0, 2, 4000))
    nothing = np.zeros(4000, dtype=np.int64)
    busy = StageDays(entered, np.where(is_open, A_WEDNESDAY, left), move, A_WEDNESDAY, nothing)
    clocks = learn_clocks(busy, 2, N_TESTS)
    for clock in clocks.clocks:
        assert clock is not None
        assert clock.weekday[0] == pytest.approx(3.0, abs=0.4)
        assert not clock.opening.any()
    assert as_due(busy, clocks) is busy


def test_days_that_pause_are_left_as_they_are() -> None:
    """Working days that weigh alike have no openings: nothing was put off."""
    recorded, _ = put_off_over_weekends(A_WEDNESDAY)
    clocks = learn_clocks(recorded, 2, N_TESTS)
    clock = clocks.clocks[0]
    assert clock is not None
    even = replace(clock, weekday=np.array([1.4] * 5 + [0.0] * 2), opening=np.zeros(7))
    assert as_due(recorded, StageClocks((even, even), ages=0.0)) is recorded
    assert as_due(recorded, StageClocks.none(2)) is recorded
