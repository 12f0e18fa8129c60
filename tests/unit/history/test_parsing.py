"""Cells into values."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd
import pytest

from simcast.history.parsing import NO_DAY, as_day, parse_amount, parse_day, parse_days, parse_words


@pytest.mark.parametrize(
    ("text", "day", "second"),
    [
        ("1970-01-01", 0, 0),
        ("2026-07-01", 20635, 0),
        ("2024-02-29", 19782, 0),
        ("2026-07-01T00:00", 20635, 0),
        ("2026-07-01 23:59:59.999", 20635, 86399),
        ("1969-12-31", -1, 0),
    ],
)
def test_dates_and_local_datetimes_are_read(text: str, day: int, second: int) -> None:
    assert parse_day(text) == (day, second, "")


@pytest.mark.parametrize(
    "text",
    [
        "2026-7-1",
        "2026-02-30",
        "26-07-01",
        "2026-W27-3",
        "2026-07-01 24:00",
        "2026-07-01T10:00Z",
        "٢٠٢٦-٠٧-٠١",
        "2026-07-01T",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    day, _, rule = parse_day(text)

    assert day == NO_DAY
    assert rule


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("007", 7), ("+1.50", 1.5), (".5", 0.5), ("5.", 5), ("1E3", 1000)]
)
def test_amounts_are_read(text: str, value: float) -> None:
    assert parse_amount(text) == (value, "")


@pytest.mark.parametrize("text", ["1,5", "1 000", "1\u00a0000,50", "1'000", "1.000.000", "1,000.50"])
def test_grouped_or_comma_amounts_are_refused_as_ambiguous(text: str) -> None:
    value, rule = parse_amount(text)

    assert math.isnan(value)
    assert "can be read in two ways" in rule


@pytest.mark.parametrize("text", ["-5", "-0.5", "nan", "inf", "0x10", "1_000", "€5", "5%", "--5", "1e", "१"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    value, rule = parse_amount(text)

    assert math.isnan(value)
    assert rule


def test_today_is_allowed_and_tomorrow_not() -> None:
    days = parse_days(pd.Series(["2026-07-01", "2026-07-02", ""], dtype="str"), date(2026, 7, 1))

    assert days.day.tolist() == [20635, NO_DAY, NO_DAY]
    assert list(days.broken) == [1]


def test_words_are_coded_in_order_and_empty_ones_are_missing() -> None:
    codes, names = parse_words(pd.Series([" b", "a", "", "b ", "NA"], dtype="str"))

    assert names == ["NA", "a", "b"]
    assert codes.tolist() == [2, 1, -1, 2, 0]


def test_a_time_of_day_is_cut_off() -> None:
    assert str(as_day("2026-07-01T15:00")) == "2026-07-01"
