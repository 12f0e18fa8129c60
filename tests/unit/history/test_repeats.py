"""Rows that repeat a stage of their deal: bad, part of the stay, or left out, as the scenario says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simcast.errors import DataError
from simcast.history import History

Read = Callable[..., History]

# The rows are not in order of time.
TEXT = """deal,stage,entered
a,просмотр,2026-01-09 10:00
a,просмотр,2026-01-05 09:00
a,корзина,2026-01-06 09:00
a,просмотр,2026-01-05 11:00
a,won,2026-01-20
b,просмотр,2026-01-07
"""


def stays(history: History) -> list[tuple[str, str]]:
    rows = history.stays[history.stays["deal"] == "a"]
    return list(zip(rows["stage"], rows["entered"].dt.strftime("%m-%d"), strict=True))


def test_repeated_rows_are_bad_unless_it_is_said_what_they_are(read: Read) -> None:
    with pytest.raises(DataError, match="where the deal was already; a stay is one row"):
        read(TEXT, ["просмотр", "корзина"])


def test_only_the_first_row_in_each_stage_counts(read: Read) -> None:
    history = read(TEXT, ["просмотр", "корзина"], repeats="first")
    assert stays(history) == [("просмотр", "01-05"), ("корзина", "01-06")]
    assert history.quality.reading is not None
    assert "2 rows repeat a stage of their deal and are left out (history.repeats)" in history.quality.reading.remarks


def test_rows_of_one_stay_are_joined_and_coming_back_is_a_stay_of_its_own(read: Read) -> None:
    text = TEXT.replace("a,won,2026-01-20\n", "")
    with pytest.raises(DataError, match="is not a move of the pipeline"):
        read(text, ["просмотр", "корзина"], repeats="join")
    again = text.replace("просмотр,2026-01-09", "корзина,2026-01-09")
    history = read(again, ["просмотр", "корзина"], repeats="join")
    assert stays(history) == [("просмотр", "01-05"), ("корзина", "01-06")]
    assert history == read(again, ["просмотр", "корзина"], repeats="first")


def test_an_unknown_word_is_refused(read: Read) -> None:
    with pytest.raises(DataError, match=r"history.repeats: 'last' is not one of stay, join, first"):
        read(TEXT, ["просмотр"], repeats="last")


@pytest.mark.parametrize("repeats", ["first", "join"])
def test_a_copy_of_a_row_is_a_repeat_where_repeats_do_not_count(read: Read, repeats: str) -> None:
    text = f"{TEXT}b,просмотр,2026-01-07\n"
    with pytest.raises(DataError, match="is a duplicate of line 7"):
        read(text, ["просмотр", "корзина"])
    history = read(text, ["просмотр", "корзина"], repeats=repeats, on_bad_rows="quarantine")
    assert set(history.stays["deal"]) >= {"b"}
