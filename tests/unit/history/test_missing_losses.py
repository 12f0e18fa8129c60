"""Losses that were deleted from a CRM are told; what looks like it for honest reasons is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from scipy.stats import fisher_exact

from simcast.history import History
from simcast.history.missing_losses import MissingLosses, _fisher, find_missing_losses
from tests.unit.history.worlds_of_deals import (
    Deals,
    clean_up,
    delete_losses,
    lost_more_often_from,
    make_deals,
    recorded_every,
)

Make = Callable[[np.random.Generator], Deals]
Read = Callable[..., History]
AS_OF = date(2026, 7, 1)


def since(day: int, factor: float) -> Callable[[np.ndarray], np.ndarray]:
    """Multiply from a day on."""
    return lambda days: np.where(days >= day, factor, 1.0)


def told(make: Make, seed: int) -> MissingLosses | None:
    return find_missing_losses(*make(np.random.default_rng(seed)), 0)


HONEST: dict[str, Make] = {
    "as ever": make_deals,
    "few deals": lambda rng: make_deals(rng, rate=1.0),
    "twice as many of late": lambda rng: make_deals(rng, factor=since(-60, 2.0)),
    "three times as many of late": lambda rng: make_deals(rng, factor=since(-30, 3.0)),
    "half as many of late": lambda rng: make_deals(rng, factor=since(-60, 0.5)),
    "more and more": lambda rng: make_deals(rng, factor=lambda days: np.exp(days / 365 + 1)),
    "a season": lambda rng: make_deals(rng, factor=lambda days: 1 + 0.6 * np.cos(2 * np.pi * (days - 40) / 365)),
    "bursts": lambda rng: make_deals(rng, factor=lambda days: np.where(days % 97 < 2, 12.0, 1.0)),
    "a burst now": lambda rng: make_deals(rng, factor=lambda days: np.where(np.isin(days, (-9, -8)), 25.0, 1.0)),
    "fewer and fewer are won": lambda rng: make_deals(rng, won=lambda began: 0.07 * np.exp(-began / 700)),
    "fewer are won of late": lambda rng: make_deals(rng, won=since(-60, 0.3)),
    "more and poorer ones": lambda rng: make_deals(
        rng, factor=since(-45, 3.0), won=lambda began: np.where(began > -45, 0.04, 0.15)
    ),
    "a clean-up": lambda rng: clean_up(make_deals(rng), rng, int(rng.integers(-28, -1)), 60),
    "a clean-up of a week": lambda rng: clean_up(make_deals(rng), rng, -12, 90, 7),
    "one day to close those of a month": lambda rng: clean_up(make_deals(rng), rng, int(rng.integers(-28, -1)), 30),
    "more is lost from a day on": lambda rng: lost_more_often_from(make_deals(rng), rng, -30, 40.0),
    "ends of months": lambda rng: recorded_every(make_deals(rng, factor=since(-40, 2.0)), 30),
    "Fridays": lambda rng: recorded_every(make_deals(rng), 7),
    "slow deals": lambda rng: make_deals(
        rng, days=548, rate=1.0, days_to_loss=120, days_to_win=230, factor=since(-90, 2.0)
    ),
    "a short history": lambda rng: make_deals(rng, days=200, factor=since(-60, 2.0)),
}
DELETED: dict[str, tuple[Make, int]] = {
    "after a month": (lambda rng: delete_losses(make_deals(rng), rng), 30),
    "all after a month": (lambda rng: delete_losses(make_deals(rng), rng, share=1.0), 30),
    "after two months": (lambda rng: delete_losses(make_deals(rng), rng, older=60), 60),
    "after a quarter": (lambda rng: delete_losses(make_deals(rng), rng, older=90), 90),
    "of many, after two weeks": (lambda rng: delete_losses(make_deals(rng, rate=8.0), rng, older=14), 14),
    "recorded on Fridays": (lambda rng: delete_losses(recorded_every(make_deals(rng), 7), rng), 30),
}


@pytest.mark.parametrize("name", ["after a month", "after two months"])
def test_deleted_losses_are_told_with_the_days_after_which_they_were_deleted(name: str) -> None:
    make, days = DELETED[name]

    found = [one for seed in range(10) if (one := told(make, seed))]

    assert len(found) >= 9
    assert np.median([one.days for one in found]) == days


@pytest.mark.slow
@pytest.mark.parametrize("name", DELETED)
def test_nine_in_ten_histories_with_deleted_losses_are_told(name: str) -> None:
    make, days = DELETED[name]

    found = [told(make, seed) for seed in range(1000, 1100)]

    assert sum(one is not None for one in found) >= 90
    assert np.median([one.days for one in found if one]) == days


@pytest.mark.parametrize("name", HONEST)
def test_honest_histories_are_not_taken_for_deletion(name: str) -> None:
    assert [told(HONEST[name], seed) for seed in range(3)] == [None] * 3


@pytest.mark.slow
@pytest.mark.parametrize("name", HONEST)
def test_at_most_one_honest_history_in_two_hundred_is_taken_for_deletion(name: str) -> None:
    assert sum(told(HONEST[name], seed) is not None for seed in range(1000, 1400)) <= 2


@pytest.mark.slow
def test_a_clean_up_while_more_deals_begin_is_seldom_taken_for_deletion() -> None:
    def make(rng: np.random.Generator) -> Deals:
        return clean_up(make_deals(rng, factor=since(-30, 2.0)), rng, int(rng.integers(-28, -1)), 90)

    assert sum(told(make, seed) is not None for seed in range(200)) <= 10


def test_a_history_in_which_nothing_begins_any_more_tells_nothing() -> None:
    """Of deals that all began years ago some were won, and the rest are lost of late; it was a division by zero."""
    began = np.repeat(np.arange(-2000, -1500), 2)
    outcome = np.tile([1, -1], 500)
    ended = np.where(outcome == 1, began + 1200, np.arange(1000) % 80 - 80)
    assert find_missing_losses(began, ended, outcome, 0) is None


@pytest.mark.parametrize(("now", "before"), [((64, 4), (169, 108)), ((3, 1), (1, 3)), ((5, 0), (20, 7))])
def test_the_test_of_ends_is_fisher_s(now: tuple[int, int], before: tuple[int, int]) -> None:
    assert _fisher(now, before) == pytest.approx(fisher_exact([now, before], alternative="greater")[1], rel=1e-9)


def test_a_history_without_wins_or_losses_tells_nothing() -> None:
    deals = make_deals(np.random.default_rng(1))

    assert find_missing_losses(*deals.kept(deals.outcome != -1), 0) is None
    assert find_missing_losses(*deals.kept(deals.outcome != 1), 0) is None
    assert find_missing_losses(*deals.kept(deals.outcome > 1), 0) is None


def written(deals: Deals) -> str:
    lines = ["deal,stage,entered"]
    for number, (began, ended, outcome) in enumerate(zip(*deals, strict=True)):
        lines.append(f"D{number},lead,{AS_OF + timedelta(int(began))}")
        if outcome:
            lines.append(f"D{number},{'won' if outcome > 0 else 'lost'},{AS_OF + timedelta(int(ended))}")
    return "\n".join(lines)


def test_a_file_whose_losses_were_deleted_is_warned_of(read: Read) -> None:
    rng = np.random.default_rng(3)
    whole = make_deals(rng)
    text = delete_losses(whole, rng)

    report, honest = (read(written(deals), ["lead"]).known_at(AS_OF).quality for deals in (text, whole))

    assert honest.faults == ()
    (fault,) = report.faults
    assert report.warnings[0] == fault
    assert fault.startswith("losses older than about 30 days seem to be missing: since 2026-06-01 ")
    recent = (text.ended >= -30) & (text.outcome != 0)
    lost, won = ((text.outcome[recent] == end).sum() for end in (-1, 1))
    assert f"{lost} deals were lost and {won} won" in fault
    assert report.to_dict()["missing_losses"]["days"] == 30
    assert fault.endswith("export the deleted deals, too")
