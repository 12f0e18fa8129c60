"""Cells into values: days, amounts and words, each with the rule that a bad cell broke."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.errors import DataArgumentError
from simcast.history.month_names import split_named
from simcast.history.written_amounts import split_money
from simcast.money import MOST_AMOUNT, written

EPOCH = date(1970, 1, 1)
_SERIAL_OF_EPOCH = 25569
"""The number that spreadsheets give to `EPOCH`."""
NO_DAY = np.iinfo(np.int64).min
"""The whole number that stands for no day; numpy's NaT."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?", re.ASCII)
_OFFSET = re.compile(r".*\d\s?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)", re.ASCII | re.IGNORECASE)
_OTHER_ORDER = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*|\d{4}[./]\d{1,2}[./]\d{1,2}.*|\d{8}", re.ASCII)
SECONDS = re.compile(r"(\d{10})((?:\d{3}){0,3})(?:\.\d+)?", re.ASCII)
"""Since 1970; with three digits more, milliseconds, with six, microseconds, and with nine, nanoseconds."""
_SERIAL = re.compile(r"[2-5]\d{4}(\.\d+)?", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2}(\D.*)?", re.ASCII)
_NUMBER = re.compile(r"\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ERROR_VALUES = frozenset({"#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Characters that no name has: printed, some of them would steer a terminal."""
_GROUPED = re.compile(r"-?\d[\d.'\s]*,\d[\d,.'\s]*|-?\d+['\s][\d.'\s]+|-?\d+\.\d+\.[\d.]+")


def normalise(text: str) -> str:
    """Return a name or word in Unicode's composed form (NFC), without blanks around it."""
    return unicodedata.normalize("NFC", text.strip())


def as_day(value: str | date | np.datetime64, place: str = "as_of") -> np.datetime64:
    """Return a calendar day from a date, a datetime without time zone, or text written YYYY-MM-DD.

    Parameters
    ----------
    value
        The day; a time of day is cut off.
    place
        What to call the value in an error.

    Raises
    ------
    DataArgumentError
        When it is no day.

    Examples
    --------
    >>> print(as_day("2026-07-01"))
    2026-07-01
    """
    if isinstance(value, str):
        day, _, rule = parse_day(value.strip())
        if rule:
            raise DataArgumentError(f"{place}: value {value!r}: {rule}")
        return np.datetime64(day, "D")
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise DataArgumentError(f"{place}: value {value}: has a time zone; give the local calendar day")
    is_day = isinstance(value, date | np.datetime64)
    if value is None or (is_day and pd.isna(value)):
        raise DataArgumentError(f"{place}: a day is needed, written YYYY-MM-DD")
    if not is_day:
        raise DataArgumentError(f"{place}: {value!r} is no day; give a date, or text written YYYY-MM-DD")
    return np.datetime64(str(value)[:10], "D")


def parse_day(text: str) -> tuple[int, int, str]:
    """Read one date or datetime: its day since 1970, its second of the day, and the rule it breaks or ``""``."""
    head, tail = text[:10], text[10:]
    time = _TIME.fullmatch(tail)
    if not _DATE.fullmatch(head) or (tail and not time):
        return NO_DAY, 0, _date_rule(text)
    try:
        day = (date.fromisoformat(head) - EPOCH).days
    except ValueError:
        return NO_DAY, 0, "there is no such day in the calendar; correct it"
    second = 3600 * int(time[1]) + 60 * int(time[2]) + int(time[3] or 0) if time else 0
    return day, second, ""


def _date_rule(text: str) -> str:
    """Say why a cell is not a date, by what it looks like."""
    if not text:
        return "a date is needed, written YYYY-MM-DD"
    if _DATE.match(text) and _OFFSET.fullmatch(text):
        return (
            "a time zone is refused, since days are local calendar days; name the zone whose days are meant under"
            " history.time_zone, such as Europe/Berlin, or convert to local time and leave it off"
        )
    if seconds := SECONDS.fullmatch(text):
        unit = ("seconds", "milliseconds", "microseconds", "nanoseconds")[len(seconds[2]) // 3]
        return (
            f"looks like {unit} since 1970; name the zone whose days are meant under history.time_zone, such as"
            " Europe/Berlin"
        )
    if _SERIAL.fullmatch(text):
        day = EPOCH + timedelta(days=int(float(text)) - _SERIAL_OF_EPOCH)
        return (
            f"looks like a spreadsheet's day number ({day}, if it counts from 1900); give the column the format of a"
            " date and save it again"
        )
    if _SHORT_YEAR.fullmatch(text):
        return (
            "day, month and year cannot be told apart; write YYYY-MM-DD, or set history.dates: day-first or month-first"
            " where a year of two digits stands last"
        )
    if _OTHER_ORDER.fullmatch(text):
        return (
            "day and month can be told apart only as YYYY-MM-DD; rewrite the dates so, such as 2026-07-01,"
            " or set history.dates: day-first or month-first"
        )
    if split_named(text):
        return (
            "is not a date: its month has a name; write YYYY-MM-DD, or set history.dates (day-first, month-first, auto)"
        )
    return "is not a date; write YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS in local time"


def parse_amount(text: str) -> tuple[float, str]:
    """Read one amount: its value (NaN when empty) and the rule it breaks or ``""``."""
    if not text:
        return math.nan, ""
    if _NUMBER.fullmatch(text):
        value = float(text)
        rule = _too_large(value)
        return (math.nan, rule) if rule else (value, "")
    if text.startswith("-") and _NUMBER.fullmatch(text[1:]):
        return math.nan, _NEGATIVE
    if _GROUPED.fullmatch(text):
        return math.nan, (
            "a decimal comma or a thousands separator is refused, since 1,234 can be read in two ways;"
            " write a decimal point and nothing between thousands, such as 1234.50, or set history.decimal: ',' or auto"
        )
    if split_money(text)[1]:
        return math.nan, _WITH_CURRENCY
    return math.nan, "is not a number; write such as 1234.50, or leave the cell empty when the amount is not known"


def amount_rule(value: float) -> str:
    """Return the rule that an amount breaks by its sign or size, or ``""``."""
    return _NEGATIVE if value < 0 else _too_large(value)


def _too_large(value: float) -> str:
    """Return the rule that an amount breaks by its size, or ``""``."""
    if not math.isfinite(value):
        return "is not finite; correct it"
    if value <= MOST_AMOUNT:
        return ""
    return f"an amount may be at most {written(MOST_AMOUNT)}; correct it, or count money in thousands"


_WITH_CURRENCY = (
    "is not a number: it has a currency; write the number alone, such as 1234.50, or say how amounts are written:"
    " history.decimal: '.', ',' or auto"
)
_NEGATIVE = "an amount cannot be negative; correct it, or leave the cell empty when it is not known"


@dataclass(frozen=True)
class Days:
    """Parsed dates of a column: days since 1970 (`NO_DAY` where empty or bad), seconds, and rules broken by row."""

    day: NDArray[np.int64]
    second: NDArray[np.int64]
    broken: dict[int, str]


def parse_days(column: pd.Series, today: date) -> Days:
    """Read a column of dates; an empty cell is no day and breaks no rule.

    Parameters
    ----------
    column
        Text, or datetimes without a time zone.
    today
        Later dates are refused, as are those before 1970.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        seconds = column.to_numpy().astype("datetime64[s]")
        days = seconds.astype("datetime64[D]")
        parsed = days.astype(np.int64), (seconds - days).astype(np.int64)
        broken: dict[int, str] = {}
    else:
        codes, texts = _distinct(column)
        found = [parse_day(text) if text else (NO_DAY, 0, "") for text in texts]
        parsed = (
            np.array([day for day, _, _ in found], dtype=np.int64)[codes],
            np.array([second for _, second, _ in found], dtype=np.int64)[codes],
        )
        broken = _by_row(codes, [rule for _, _, rule in found])
    day, second = parsed
    second[day == NO_DAY] = 0
    last = (today - EPOCH).days
    for row in np.flatnonzero(day > last):
        broken[int(row)] = f"lies after today ({today}); a history holds what has happened: correct or remove it"
    for row in np.flatnonzero((day < 0) & (day != NO_DAY)):
        broken[int(row)] = "lies before 1970, which no sales history does; correct it"
    day[list(broken)] = NO_DAY
    return Days(day, second, broken)


def parse_amounts(column: pd.Series) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Read a column of amounts, as text or numbers, into floats (NaN where empty or bad) and rules broken by row."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0  # turns -0.0 into 0.0
        broken = dict.fromkeys(map(int, np.flatnonzero(values < 0)), _NEGATIVE)
        broken |= {int(row): _too_large(float(values[row])) for row in np.flatnonzero(values > MOST_AMOUNT)}
        values[list(broken)] = np.nan
        return values, broken
    codes, texts = _distinct(column)
    found = [parse_amount(text) for text in texts]
    values = np.array([value for value, _ in found], dtype=np.float64)[codes]
    return values, _by_row(codes, [rule for _, rule in found])


def parse_words(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Read a column of names, normalised.

    Returns
    -------
    int64, (n_rows,)
        The code of each cell, -1 where it is empty.
    list of str
        The names by code, sorted.
    """
    if not isinstance(column.dtype, pd.StringDtype) and pd.api.types.is_integer_dtype(column.dtype):
        column = column.map(str, na_action="ignore").astype("object").fillna("")
    codes, texts = _distinct(column)
    names = sorted(set(texts) - {""})
    code_of = {name: code for code, name in enumerate(names)} | {"": -1}
    return np.array([code_of[text] for text in texts], dtype=np.int64)[codes], names


def find_unfit(codes: NDArray[np.int64], names: list[str]) -> dict[int, str]:
    """Say of each row whose name can be none: a spreadsheet's error value, or text that would steer a terminal.

    Parameters
    ----------
    codes, names
        As `parse_words` returns them.
    """
    rules = [_unfit_rule(name) for name in names]
    unfit = np.array([bool(rule) for rule in rules] + [False], dtype=bool)  # -1, an empty cell, takes the last
    return {int(row): rules[codes[row]] for row in np.flatnonzero(unfit[codes])}


def _unfit_rule(name: str) -> str:
    if name.upper() in _ERROR_VALUES:
        return "is an error value of a spreadsheet, not a name; correct the formula behind it, or leave the cell empty"
    control = CONTROL.search(name)
    return f"holds the control character {control[0]!r}; remove it" if control else ""


def _distinct(column: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return a code per row and the distinct cells, normalised: each is then parsed once, however often it occurs."""
    codes, texts = pd.factorize(column)
    return np.asarray(codes), [normalise(text) for text in texts]


def _by_row(codes: NDArray[np.intp], rules: list[str]) -> dict[int, str]:
    """Spread the rules that distinct cells broke over the rows that hold them."""
    broken = np.array([bool(rule) for rule in rules], dtype=bool)
    return {int(row): rules[codes[row]] for row in np.flatnonzero(broken[codes])}
