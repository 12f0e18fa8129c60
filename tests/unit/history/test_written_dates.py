"""Dates that name their month, instants with offsets, seconds since 1970: what is read, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from simcast.errors import DataError
from simcast.history import Dialect, History
from simcast.history.dialect import check_dialect, rewrite_date
from simcast.zones import zone_of

Read = Callable[..., History]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("05 Mar 2026", "2026-03-05"),
        ("5-Mar-2026", "2026-03-05"),
        ("Mar 5, 2026 3:07 PM", "2026-03-05 15:07:00"),
        ("March 5th, 2026 at 10:00", "2026-03-05 10:00:00"),
        ("Thu, 5 March 2026", "2026-03-05"),
        ("5 марта 2026 г.", "2026-03-05"),
        ("5 мар. 2026 9:30", "2026-03-05 09:30:00"),
        ("31 мая 2026", "2026-05-31"),
        ("5 Mai 2026", "5 Mai 2026"),
        ("Mark 5 2026", "Mark 5 2026"),
    ],
)
def test_months_may_have_names(text: str, written: str) -> None:
    assert rewrite_date(text, "day-first") == written
    assert rewrite_date(text, "month-first") == written
    assert rewrite_date(text, "iso") == text


@pytest.mark.parametrize(
    ("text", "order", "written"),
    [
        ("31.12.26", "day-first", "2026-12-31"),
        ("31.12.26 9:05", "month-first", "2026-12-31 09:05:00"),
        ("31/12/69", "day-first", "2069-12-31"),
        ("12/31/70", "month-first", "1970-12-31"),
        ("31.12.26", "iso", "31.12.26"),
        ("31.12.926", "day-first", "31.12.926"),
    ],
)
def test_years_may_have_two_digits(text: str, order: str, written: str) -> None:
    assert rewrite_date(text, order) == written


def test_a_year_that_seems_to_stand_first_is_asked_about_where_the_order_is_to_be_found(read: Read) -> None:
    text = "deal,stage,entered\na,заявка,25.01.06\na,won,25.01.09\n"
    with pytest.raises(DataError, match=r"is '25\.01\.06' a date with the year first\?"):
        read(text, ["заявка"], dialect=Dialect(dates="auto"))
    stays = read(
        text.replace("25.01.06", "06.01.25").replace("25.01.09", "09.01.25"), ["заявка"], dialect=Dialect(dates="auto")
    ).stays
    assert stays["entered"].tolist() == [pd.Timestamp("2025-01-06")]


@pytest.mark.parametrize(
    ("text", "zone", "written"),
    [
        ("2026-03-01T10:00:00+03:00", "+03:00", "2026-03-01 10:00:00"),
        ("2026-03-01T22:30:00Z", "+03:00", "2026-03-02 01:30:00"),
        ("2026-03-01 10:00:00+03", "-0500", "2026-03-01 02:00:00"),
        ("2026-03-01T22:30:00.123+0000", "Europe/Berlin", "2026-03-01 23:30:00"),
        ("1772404200", "+00:00", "2026-03-01 22:30:00"),
        ("1772404200000000", "+05:30", "2026-03-02 04:00:00"),
    ],
)
def test_instants_are_taken_into_a_zone_or_to_an_offset(text: str, zone: str, written: str) -> None:
    assert rewrite_date(text, "iso", zone_of(zone)) == written


def test_a_history_is_read_at_an_offset(read: Read) -> None:
    text = "deal,stage,entered\na,заявка,2026-03-01T23:30:00+03:00\na,won,2026-03-04T00:30:00+03:00\n"
    with pytest.raises(DataError, match="a time zone is refused"):
        read(text, ["заявка"])
    stays = read(text, ["заявка"], dialect=Dialect(time_zone="+03:00")).stays
    assert stays["entered"].tolist() == [pd.Timestamp("2026-03-01")]
    assert stays["left"].tolist() == [pd.Timestamp("2026-03-04")]
    in_utc = read(text, ["заявка"], dialect=Dialect(time_zone="UTC")).stays
    assert in_utc["left"].tolist() == [pd.Timestamp("2026-03-03")]


@pytest.mark.parametrize("name", ["Mars/Olympus", "+3", "+25:00", "03:00"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"history.time_zone: .* is not a time zone known here"):
        check_dialect(Dialect(time_zone=name))


def test_strict_reading_says_how_months_with_names_are_read(read: Read) -> None:
    with pytest.raises(
        DataError, match=r"'5 марта 2026': is not a date: its month has a name; .* history.dates .day-first"
    ):
        read("deal,stage,entered\na,заявка,5 марта 2026\n", ["заявка"])
