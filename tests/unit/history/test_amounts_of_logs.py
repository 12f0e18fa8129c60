"""Since when the amounts of a log are known, so that forecasts of the past do not know the future."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from simcast.history import History, read_history
from simcast.pipeline import Pipeline

Read = Callable[..., History]

STAGES = ["заявка", "встреча"]
TOLD = "amounts were known at the win only"


def log(*rows: str) -> str:
    return "\n".join(["deal,stage,entered,amount", *rows, ""])


def many(amount_of: Callable[[int, str], str], on_each_row: bool) -> str:
    """A log of 90 deals: every third was won, every third lost, the others are open."""
    rows = []
    for n in range(90):
        end = ("won", "lost", "")[n % 3]
        amount = amount_of(n, end)
        early = amount if on_each_row else ""
        rows += [f"D{n},заявка,2026-01-{1 + n % 28:02},{early}", f"D{n},встреча,2026-02-{1 + n % 28:02},{early}"]
        rows += [f"D{n},{end},2026-03-{1 + n % 28:02},{amount}"] if end else []
    return log(*rows)


def of_wins(n: int, end: str) -> str:
    return str(500 + n) if end == "won" else ""


def known_of_open(history: History, as_of: str) -> int:
    return int((~np.isnan(history.open_deals(as_of).amount)).sum())


def test_amounts_that_only_won_deals_have_on_their_first_rows_are_known_at_the_win(read: Read) -> None:
    """A past forecast would else tell the deals that will be won by their amounts."""
    repeated, honest = read(many(of_wins, True), STAGES), read(many(of_wins, False), STAGES)
    assert known_of_open(repeated, "2026-03-01") == 0
    assert repeated.digest == honest.digest
    assert any(TOLD in line and "100% of the won deals" in line for line in repeated.quality.lines())
    assert not any(TOLD in line for line in honest.quality.lines())


def test_it_may_be_said_that_they_were_known_so_early(read: Read) -> None:
    history = read(many(of_wins, True), STAGES, amount_known_from="entry")
    assert known_of_open(history, "2026-03-01") == 30
    assert not any(TOLD in line for line in history.quality.lines())


@pytest.mark.parametrize(
    "amount_of",
    [
        lambda n, _: str(500 + n),
        lambda n, end: str(500 + n) if end == "won" or n % 10 == 1 else "",  # a tenth of the others has one
        lambda n, end: str(500 + n) if end == "won" and n % 9 == 0 else "",  # a third of the wins
    ],
)
def test_amounts_on_first_rows_stay_where_they_do_not_tell_the_wins(
    read: Read, amount_of: Callable[[int, str], str]
) -> None:
    history = read(many(amount_of, True), STAGES)
    expected = sum(bool(amount_of(n, ("won", "lost", "")[n % 3])) for n in range(90))
    assert known_of_open(history, "2026-03-01") == expected
    assert not any(TOLD in line for line in history.quality.lines())


ROWS = (
    "A,заявка,2026-01-05,100",
    "A,встреча,2026-01-07,200",
    "A,won,2026-01-09,",
    "B,заявка,2026-01-05,",
    "B,встреча,2026-01-08,300",
)


@pytest.mark.parametrize(
    ("known_from", "amounts", "at_end"),
    [
        (None, [100, 200, np.nan, 300], 200),
        ("close", [np.nan, np.nan, np.nan, 300], 200),
        ("entry", [100, 200, 300, 300], 200),
    ],
)
def test_amounts_belong_to_their_rows_unless_it_is_said_when_they_are_known(
    read: Read, known_from: str | None, amounts: list[float], at_end: float
) -> None:
    stays = read(log(*ROWS), STAGES, amount_known_from=known_from).stays
    np.testing.assert_array_equal(stays["amount"], amounts)
    np.testing.assert_array_equal(stays["amount_at_end"], [np.nan, at_end, np.nan, np.nan])
    turned = read(log(*reversed(ROWS)), STAGES, amount_known_from=known_from).stays
    np.testing.assert_array_equal(turned["amount"], amounts)


def test_each_win_of_a_deal_that_renews_has_its_own_amount(tmp_path: Path) -> None:
    file = tmp_path / "renewals.csv"
    file.write_text(
        log(
            "A,term,2026-01-05,100",
            "A,won,2026-02-01,",
            "A,term,2026-02-01,120",
            "A,won,2026-03-01,",
            "A,term,2026-03-01,",
        ),
        encoding="utf-8",
    )
    pipeline = Pipeline.define(["term"], moves=[("won", "term")])
    stays = read_history(file, pipeline, amount_known_from="close").stays
    terms = stays[stays["stage"] == "term"]
    np.testing.assert_array_equal(terms["amount"], [np.nan] * 3)
    np.testing.assert_array_equal(terms["amount_at_end"], [100, 120, np.nan])
