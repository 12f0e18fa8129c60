"""Open and won deals that are set aside: named first, and no forecast from what is left is trusted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simcast.analysis.cautions import distinct_in_order
from simcast.history import History
from simcast.history.left_out import LeftOut
from simcast.history.quality import SILENT_SINCE
from simcast.report.words.russian_sentences import in_russian

Read = Callable[..., History]


def log(n_open_bad: int, n_won_bad: int, n_lost_bad: int) -> str:
    """Of 30 deals ten are open, ten won, ten lost; some came back after they had been lost."""
    rows = ["deal,stage,entered"]
    for kind, n_bad in (("", n_open_bad), ("won", n_won_bad), ("lost", n_lost_bad)):
        for n in range(10):
            deal = f"{kind or 'open'}{n}"
            rows.append(f"{deal},lead,2026-01-{1 + n:02}")
            rows += [f"{deal},lost,2026-02-{1 + n:02}", f"{deal},lead,2026-03-{1 + n:02}"] if n < n_bad else []
            rows += [f"{deal},{kind},2026-04-{1 + n:02}"] if kind else []
    return "\n".join([*rows, ""])


def table(n_open_bad: int) -> str:
    rows = ["deal,lead,outcome,closed,amount"]
    rows += [f"open{n},2026-01-05,,,{'much' if n < n_open_bad else '100'}" for n in range(10)]
    rows += [f"won{n},2026-01-05,won,2026-02-01,200" for n in range(10)]
    return "\n".join([*rows, ""])


def doubts(history: History) -> tuple[str, ...]:
    return history.quality.doubts


ENDING = (
    " are set aside with bad rows: the forecast leaves them out, and the rest is not representative; correct their rows"
)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ((3, 0, 0), "3 of 10 (30%) open deals"),
        ((0, 4, 0), "4 of 10 (40%) won deals"),
        ((3, 5, 9), "3 of 10 (30%) open deals and 5 of 10 (50%) won deals"),
    ],
)
def test_open_and_won_deals_that_came_back_from_lost_are_named_first(
    read: Read, bad: tuple[int, int, int], told: str
) -> None:
    history = read(log(*bad), ["lead"], on_bad_rows="quarantine")
    assert doubts(history) == (told + ENDING,)
    assert history.quality.warnings[0] == told + ENDING
    assert history.known_at("2026-03-05").quality.doubts == doubts(history)


@pytest.mark.parametrize("bad", [(0, 0, 10), (2, 2, 0), (0, 0, 0)])
def test_lost_deals_and_single_ones_are_no_cause(read: Read, bad: tuple[int, int, int]) -> None:
    assert doubts(read(log(*bad), ["lead"], on_bad_rows="quarantine")) == ()


def test_less_than_a_tenth_is_no_cause() -> None:
    assert LeftOut("won", 10, 100).matters
    assert not LeftOut("won", 9, 100).matters
    assert not LeftOut("won", 0, 0).matters


def test_rows_of_a_table_count_too(read: Read) -> None:
    history = read(table(4), ["lead"], format="deals", on_bad_rows="quarantine")
    assert doubts(history) == ("4 of 10 (40%) open deals" + ENDING,)
    assert history.reading is not None
    assert history.reading.left_out == (LeftOut("open", 4, 10), LeftOut("won", 0, 10))


def test_they_come_before_records_that_end_early() -> None:
    early = f"{SILENT_SINCE} the days before 2026-07-01"
    assert distinct_in_order(["another", early, "3 of 10 (30%) open deals" + ENDING])[0].startswith("3 of 10")


@pytest.mark.parametrize(
    ("said", "russian"),
    [
        ("3 of 10 (30%) open deals", "открытых — 3 из 10 (30 %)"),
        ("4 of 10 (40%) won deals", "выигранных — 4 из 10 (40 %)"),
        (
            "3 of 10 (30%) open deals and 5 of 10 (50%) won deals",
            "открытых — 3 из 10 (30 %), выигранных — 5 из 10 (50 %)",
        ),
    ],
)
def test_it_is_told_in_russian(said: str, russian: str) -> None:
    assert (in_russian(said + ENDING) or "").replace("\u00a0", " ") == (
        f"из-за плохих строк отложены сделки: {russian}: прогноз их не учитывает, а остальное говорит о другом; "
        "исправьте их строки"
    )
