"""Amounts that stand on deals until they are won: found where they are none, left alone where they are prices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.history import History, read_history
from simcast.history.placeholders import find_placeholder
from simcast.pipeline import Pipeline
from simcast.report.words.russian_sentences import in_russian

Read = Callable[..., History]
Floats = NDArray[np.float64]

STAGES = ["lead"]
TOLD = "it is a placeholder, taken as unknown"


def ends(n_deals: int) -> list[str]:
    """A fifth of the deals is won, half lost, the others are open."""
    return [("won", "lost", "", "lost", "lost", "won", "", "lost", "", "lost")[n % 10] for n in range(n_deals)]


def table(amount_of: Callable[[int, str], str], n_deals: int = 100) -> str:
    rows = ["deal,lead,outcome,closed,amount"]
    for n, end in enumerate(ends(n_deals)):
        closed = f"2026-03-{1 + n % 28:02}" if end else ""
        rows.append(f"D{n},2026-01-{1 + n % 28:02},{end},{closed},{amount_of(n, end)}")
    return "\n".join([*rows, ""])


def log(early: Callable[[int, str], str], late: Callable[[int, str], str], n_deals: int = 100) -> str:
    rows = ["deal,stage,entered,amount"]
    for n, end in enumerate(ends(n_deals)):
        rows.append(f"D{n},lead,2026-01-{1 + n % 28:02},{early(n, end)}")
        if end:
            rows.append(f"D{n},{end},2026-03-{1 + n % 28:02},{late(n, end)}")
    return "\n".join([*rows, ""])


def until_won(n: int, end: str) -> str:
    return str(7000 + n) if end == "won" else "5000"


def until_won_mostly(n: int, end: str) -> str:
    return "5000" if n == 10 else until_won(n, end)


def left_empty(n: int, end: str) -> str:
    return str(7000 + n) if end == "won" else ""


def nothing(_n: int, _end: str) -> str:
    return ""


def always(_n: int, _end: str) -> str:
    return "5000"


def told(history: History) -> list[str]:
    return [text for text in history.quality.warnings if "placeholder" in text]


@pytest.mark.parametrize("known_from", [None, "close", "entry"])
def test_a_table_with_a_placeholder_is_read_as_if_those_amounts_were_empty_and_known_at_the_close(
    read: Read, known_from: str | None
) -> None:
    """By amounts known from the entry, chances would go with what is written down at the win."""
    history = read(table(until_won), STAGES, format="deals", amount_known_from=known_from)
    assert history.digest == read(table(left_empty), STAGES, format="deals").digest
    assert np.isnan(history.open_deals("2026-03-01").amount).all()
    (text,) = told(history)
    assert text.startswith(
        "5,000 stands as the amount on 100% of the deals not won that have one, and on 0% of the won"
    )
    assert ("known at the close" in text) == (known_from == "entry")
    assert not [note for note in history.quality.notes if "open deals have amounts" in note]


def test_what_stands_on_a_forgotten_win_is_unknown_too(read: Read) -> None:
    history = read(table(until_won_mostly), STAGES, format="deals")
    assert TOLD in told(history)[0]
    assert "and on 5% of the won ones" in told(history)[0]
    assert "1 of 20 (5%) wins has no amount" in history.quality.warnings


def test_a_log_that_repeats_the_current_amount_on_all_rows_is_read_as_if_amounts_came_with_the_win(read: Read) -> None:
    honest = read(log(nothing, left_empty), STAGES)
    repeated = read(log(until_won, until_won), STAGES)
    of_its_time = read(log(always, until_won), STAGES)
    assert repeated.digest == of_its_time.digest == honest.digest
    assert TOLD in told(repeated)[0]
    assert TOLD in told(of_its_time)[0]
    assert any("amounts were known at the win only" in note for note in repeated.quality.notes)


def test_of_two_placeholders_both_are_found(read: Read) -> None:
    def by_owner(n: int, end: str) -> str:
        return str(7000 + n) if end == "won" else ("1", "5000", "5000")[n % 3]

    history = read(table(by_owner), STAGES, format="deals")
    assert len(told(history)) == 2
    assert history.digest == read(table(left_empty), STAGES, format="deals").digest


@pytest.mark.parametrize(
    "amount_of",
    [
        always,  # one product with one price
        lambda n, _: "5000" if n % 3 else str(100 + n),  # a list price, won or not
        lambda n, _: str(1000 + n),
        lambda n, end: "5000" if end != "won" or n % 4 == 0 else str(7000 + n),  # a quarter of the wins has it
    ],
)
def test_prices_are_no_placeholders(read: Read, amount_of: Callable[[int, str], str]) -> None:
    history = read(table(amount_of), STAGES, format="deals", amount_known_from="entry")
    assert not told(history)
    assert history.stays["amount"].notna().all()


def test_few_deals_tell_nothing(read: Read) -> None:
    """Of twenty deals four are won, at other prices than the one that the others have."""
    assert not told(read(table(until_won, 20), STAGES, format="deals"))


def test_it_may_be_said_which_amounts_are_placeholders(read: Read) -> None:
    as_it_stands = read(table(until_won), STAGES, format="deals", amount_known_from="entry", placeholder_amounts=[])
    assert not told(as_it_stands)
    assert as_it_stands.stays["amount"].notna().all()

    def rarely(n: int, _end: str) -> str:
        return "1" if n % 10 == 1 else str(1000 + n)

    said = read(table(rarely), STAGES, format="deals", amount_known_from="entry", placeholder_amounts=[1])
    assert said.stays["amount"].isna().sum() == 10
    assert not told(said)


def test_each_round_of_a_deal_that_renews_counts(tmp_path: Path) -> None:
    rows = ["deal,stage,entered,amount"]
    for n in range(30):
        first = f"D{n},term,2026-01-{1 + n % 28:02}"
        rows += [
            f"{first},5000",
            f"D{n},won,2026-02-{1 + n % 28:02},{900 + n}",
            f"D{n},term,2026-02-{1 + n % 28:02},5000",
        ]
    file = tmp_path / "renewals.csv"
    file.write_text("\n".join([*rows, ""]), encoding="utf-8")
    history = read_history(file, Pipeline.define(["term"], moves=[("won", "term")]))
    assert TOLD in told(history)[0]
    assert np.nanmin(history.stays["amount_at_end"]) == 900


WORLDS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "lognormal": lambda rng, n: np.round(np.exp(9.2 + 0.8 * rng.standard_normal(n)), 2),
    "one price": lambda _, n: np.full(n, 5000.0),
    "a list price": lambda rng, n: np.where(rng.random(n) < 0.7, 5000.0, np.exp(9.2 + 0.8 * rng.standard_normal(n))),
    "three plans": lambda rng, n: rng.choice([49.0, 199.0, 999.0], n, p=[0.6, 0.3, 0.1]),
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize(("n_deals", "rate"), [(60, 0.2), (200, 0.1), (2000, 0.1)])
def test_honest_amounts_are_hardly_ever_taken_for_placeholders(world: str, n_deals: int, rate: float) -> None:
    """Even where the odds of the dearer deals are three times those of the others."""
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        amount = WORLDS[world](rng, n_deals)
        odds = rate / (1 - rate) * np.where(amount <= np.median(amount), 3**-0.5, 3**0.5)
        found += find_placeholder(amount, rng.random(n_deals) < odds / (1 + odds)) is not None
    assert found <= 1


@pytest.mark.parametrize(("n_deals", "of_others", "forgotten"), [(60, 1.0, 0.0), (200, 0.7, 0.0), (500, 1.0, 0.1)])
def test_placeholders_are_found(n_deals: int, of_others: float, forgotten: float) -> None:
    found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        won = rng.random(n_deals) < 0.2
        stands = rng.random(n_deals) < np.where(won, forgotten, of_others)
        amount = np.where(stands, 5000.0, np.exp(9.2 + 0.8 * rng.standard_normal(n_deals)))
        found += find_placeholder(amount, won) is not None
    assert found >= 90


def test_it_is_told_in_russian(read: Read) -> None:
    for known_from in (None, "entry"):
        (text,) = told(read(table(until_won), STAGES, format="deals", amount_known_from=known_from))
        russian = in_russian(text) or ""
        assert "5 000 стоит как сумма" in russian.replace("\u00a0", " ")
        assert ("известными со дня закрытия" in russian) == (known_from == "entry")
