"""Amounts that fall or rise at the win, told by a log that has both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.history import History
from simcast.report.words.russian_sentences import in_russian

Read = Callable[..., History]
Floats = NDArray[np.float64]


def log(asked: Floats, won: Floats, open_amount: str = "900") -> str:
    """As many won deals as amounts, twice as many lost, and ten open ones."""
    rows = ["deal,stage,entered,amount"]
    for n, (before, after) in enumerate(zip(asked, won, strict=True)):
        rows += [f"W{n},lead,2026-01-{1 + n % 28:02},{before:.2f}", f"W{n},won,2026-02-{1 + n % 28:02},{after:.2f}"]
        for k in range(2):
            rows += [f"L{n}-{k},lead,2026-01-05,{before + k:.2f}", f"L{n}-{k},lost,2026-02-09,"]
    rows += [f"O{n},lead,2026-01-20,{open_amount}" for n in range(10)]
    return "\n".join([*rows, ""])


def amounts(n_wins: int, seed: int = 1) -> Floats:
    return np.exp(9.0 + 1.5 * np.random.default_rng(seed).standard_normal(n_wins))


def told(history: History) -> list[str]:
    return [text for text in history.quality.warnings if "times the amount they had before" in text]


@pytest.mark.parametrize("known_from", [None, "entry", "close"])
def test_a_discount_at_the_win_is_told_with_its_size(read: Read, known_from: str | None) -> None:
    asked = amounts(60)
    (text,) = told(read(log(asked, 0.75 * asked), ["lead"], amount_known_from=known_from))
    assert text.startswith("deals are won for 0.75 times the amount they had before (the median of 60 wins, 60 for")
    assert "too high" in text
    assert "(amount: multiply 0.75, open: true)" in text
    assert (in_russian(text) or "").startswith(
        "сделки выигрываются за 0,75 от суммы, которая стояла на них раньше (медиана"
    )


def test_so_is_a_rise(read: Read) -> None:
    asked = amounts(60)
    (text,) = told(read(log(asked, 1.2 * asked), ["lead"]))
    assert "won for 1.20 times" in text
    assert "too low" in text
    assert "занижена" in (in_russian(text) or "")


@pytest.mark.parametrize(
    ("n_wins", "factor", "open_amount"),
    [(60, 1.0, "900"), (60, 0.97, "900"), (19, 0.75, "900"), (60, 0.75, "")],
    ids=["no discount", "a small one", "few wins", "open deals without amounts"],
)
def test_nothing_is_told_where_it_does_no_harm(read: Read, n_wins: int, factor: float, open_amount: str) -> None:
    asked = amounts(n_wins)
    assert not told(read(log(asked, factor * asked, open_amount), ["lead"]))


def test_a_discount_of_a_few_is_not_that_of_the_median_win(read: Read) -> None:
    asked = amounts(60)
    assert not told(read(log(asked, np.where(np.arange(60) < 20, 0.6, 1.0) * asked), ["lead"]))


@pytest.mark.slow
@pytest.mark.parametrize("n_wins", [20, 60])
def test_amounts_that_change_either_way_raise_no_alarm_and_discounts_that_differ_are_found(
    read: Read, n_wins: int
) -> None:
    alarms, found = 0, 0
    for seed in range(30):
        asked = amounts(n_wins, seed)
        change = np.exp(0.3 * np.random.default_rng(1000 + seed).standard_normal(n_wins))
        alarms += len(told(read(log(asked, asked * change), ["lead"])))
        found += len(told(read(log(asked, asked * 0.75 * np.exp(0.5 * np.log(change))), ["lead"])))
    assert alarms <= 1
    assert found >= 27
