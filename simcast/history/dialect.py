"""How a file writes its text, dates and numbers, and turning them into the strict form that is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial

import numpy as np
import pandas as pd

from simcast.errors import DataArgumentError
from simcast.history.empty_cells import is_nothing
from simcast.history.month_names import split_named
from simcast.history.parsing import SECONDS, normalise
from simcast.history.table import AUTO, Table
from simcast.history.written_amounts import MARKED, find_decimal, rewrite_amount
from simcast.zones import is_known, nearest_zone, zone_of

STRICT_ENCODING, STRICT_DELIMITER, STRICT_DATES, STRICT_DECIMAL = "utf-8", ",", "iso", ""
DATE_ORDERS = ("iso", "day-first", "month-first", AUTO)

STAMP = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)"
    r"(?:\.\d+)?\s?(?P<offset>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)",
    re.ASCII | re.IGNORECASE,
)
"""A time with an offset from UTC."""
_WRITTEN = "%Y-%m-%d %H:%M:%S"
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})(?:[T ,]+(.*))?", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[T ,]+(.*))?", re.ASCII)
_LEAST_SECONDS, _MOST_SECONDS = 1e9, 1e19
"""Seconds since 1970 have ten digits at least, nanoseconds nineteen."""
_LAST_SHORT_YEAR = 69
"""What POSIX makes of a year of two digits: up to this one it lies after 2000, else after 1900."""
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s?([AaPp])?\.?[Mm]?\.?", re.ASCII)


@dataclass(frozen=True)
class Dialect:
    """How a file is written; what is not given is the strict form, or found where a format says so.

    Parameters
    ----------
    encoding
        Such as ``utf-8`` or ``cp1251``; ``auto``: by its first bytes.
    delimiter
        What separates the fields of a csv; ``auto``: comma, semicolon, tab or bar, whichever the header has.
    dates
        ``iso``: YYYY-MM-DD; ``day-first``: 31.12.2026 or 31/12/2026; ``month-first``: 12/31/2026; ``auto``.
    decimal
        The decimal mark, ``.`` or ``,``, the other one then parts thousands; ``auto``. Strictly a point, and nothing
        between thousands.
    time_zone
        The zone whose days are meant, such as ``Europe/Berlin`` or ``+03:00``, for times written with an offset.
    """

    encoding: str = ""
    delimiter: str = ""
    dates: str = ""
    decimal: str = ""
    time_zone: str = ""

    def completed(self, *, by_itself: bool) -> Dialect:
        """Fill in what is not given: found in the file where `by_itself`, else strict."""
        strict = (STRICT_ENCODING, STRICT_DELIMITER, STRICT_DATES, STRICT_DECIMAL)
        names = ("encoding", "delimiter", "dates", "decimal")
        usual = dict.fromkeys(names, AUTO) if by_itself else dict(zip(names, strict, strict=True))
        return replace(self, **{name: getattr(self, name) or value for name, value in usual.items()})

    @property
    def rewrites(self) -> bool:
        """Whether dates or numbers may need to be rewritten."""
        return (self.dates, self.decimal, self.time_zone) != (STRICT_DATES, STRICT_DECIMAL, "")


def rewrite(table: Table, dialect: Dialect, dates: Sequence[str], amounts: Sequence[str], problems: list[str]) -> Table:
    """Write the dates and amounts of a table as YYYY-MM-DD and with decimal points.

    What is not understood is left as it stands, so that strict reading names it. What can be read in two ways is
    added to `problems`, with the setting that decides it.
    """
    cells = table.cells.copy()
    dated = [name for name in dict.fromkeys(dates) if _is_text(cells[name])]
    if dialect.dates != STRICT_DATES or dialect.time_zone:
        order = _order(table, dialect, dated, problems)
        zone = zone_of(dialect.time_zone) if dialect.time_zone else None
        for name in dated:
            cells[name] = _mapped(cells[name], partial(rewrite_date, order=order, zone=zone))
    for name in dict.fromkeys(amounts):
        if dialect.decimal != STRICT_DECIMAL and _is_text(cells[name]):
            mark = _mark(table, dialect, name, problems)
            cells[name] = _mapped(cells[name], partial(rewrite_amount, mark=mark))
    return replace(table, cells=cells)


def write_out_numbers(table: Table, dates: Sequence[str]) -> Table:
    """Make text of the numbers in columns of dates (parquet), which are then read as those of a csv are."""
    numbers = [name for name in dict.fromkeys(dates) if pd.api.types.is_numeric_dtype(table.cells[name].dtype)]
    written = {name: table.cells[name].map(_number_text, na_action="ignore").astype("object") for name in numbers}
    written = {name: texts.fillna("").astype("str") for name, texts in written.items()}
    return replace(table, cells=table.cells.assign(**written)) if numbers else table


def are_counts_of_seconds(column: pd.Series) -> bool:
    """Return whether a column holds floats, all of which may be seconds to nanoseconds since 1970."""
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind != "f":
        return False
    known = column.dropna()
    return bool(known.size and ((known >= _LEAST_SECONDS) & (known < _MOST_SECONDS)).all())


def _number_text(number: float) -> str:
    """Write a number without an exponent, as nanoseconds since 1970 that pandas made floats of would have."""
    return str(int(number)) if float(number).is_integer() else str(number)


def _is_text(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.StringDtype)


def _mapped(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    changed = {text: change(normalise(text)) for text in column.unique()}
    return column.map(changed).astype("str")


def _order(table: Table, dialect: Dialect, columns: Sequence[str], problems: list[str]) -> str:
    """Return whether day or month come first in dates such as 5/6/2026, by all dates of the file."""
    if dialect.dates != AUTO:
        return dialect.dates
    texts = [normalise(text) for name in columns for text in table.cells[name].unique()]
    if example := find_year_first(texts):
        problems.append(
            f"{table.path}: is {example!r} a date with the year first? Years need four digits there, or set"
            " history.dates: day-first or month-first where they stand last"
        )
    found = [
        (int(match[1]), int(match[3]), text)
        for text in texts
        if (match := _YEAR_LAST.fullmatch(text)) and match[2] != "."
    ]
    day_first, month_first = any(first > 12 for first, _, _ in found), any(second > 12 for _, second, _ in found)
    if found and day_first == month_first:
        why = "some have the day first and some the month" if day_first else "it can be read in two ways"
        problems.append(
            f"{table.path}: is {found[0][2]!r} day-first or month-first? {why.capitalize()};"
            " set history.dates: day-first or month-first"
        )
    return "month-first" if month_first else "day-first"


def find_year_first(texts: Sequence[str]) -> str:
    """Return a date whose year of two digits seems to stand first, empty where none does.

    Of the days of a month there are more than of the years that a history spans.

    Examples
    --------
    >>> find_year_first(["25.01.06", "25.01.07", "25.02.19"]), find_year_first(["06.01.25", "07.01.25"])
    ('25.01.06', '')
    """
    short = [match for text in texts if (match := _YEAR_LAST.fullmatch(text)) and len(match[4]) == 2]
    first, last = {match[1] for match in short}, {match[4] for match in short}
    return short[0][0] if len(last) > len(first) else ""


def rewrite_date(text: str, order: str, zone: tzinfo | None = None) -> str:
    """Write a date as YYYY-MM-DD, with its time; text that is none is returned as it is.

    What stands for nothing, such as a dash, becomes empty, but for strict dates. A time with an offset is taken into
    the zone; without one it is the local time as written, save for UTC, which is left (and refused later): nobody's
    days are those of UTC by themselves.

    Examples
    --------
    >>> rewrite_date("31.12.2026 9:05", "day-first"), rewrite_date("1/5/2026, 3:07 PM", "month-first")
    ('2026-12-31 09:05:00', '2026-01-05 15:07:00')
    >>> rewrite_date("Mar 5, 2026 3:07 PM", "day-first"), rewrite_date("31.12.26", "day-first")
    ('2026-03-05 15:07:00', '2026-12-31')
    >>> rewrite_date("2026-01-05T22:30:00Z", "iso", zone_of("Europe/Moscow"))
    '2026-01-06 01:30:00'
    """
    if stamp := STAMP.fullmatch(text):
        return _local(text, stamp, zone)
    if zone is not None and (seconds := SECONDS.fullmatch(text)):
        return datetime.fromtimestamp(int(seconds[1]), zone).strftime(_WRITTEN)
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day, clock = found.groups()
    elif (found := _YEAR_LAST.fullmatch(text)) and (order != "iso" or (found[2] == "." and len(found[4]) == 4)):
        first, mark, second, year, clock = found.groups()
        if len(year) == 2:
            year = ("20" if int(year) <= _LAST_SHORT_YEAR else "19") + year
        month_first = order == "month-first" and mark != "."
        month, day = (first, second) if month_first else (second, first)
    elif order != "iso" and (named := split_named(text)):
        year, month, day, clock = named
    else:
        return "" if order != "iso" and is_nothing(text) else text
    time = _clock(clock)
    return text if time is None else f"{year}-{int(month):02}-{int(day):02}{time}"


def _local(text: str, stamp: re.Match[str], zone: tzinfo | None) -> str:
    utc = stamp["offset"].upper() in {"Z", "UTC", "GMT"} or not int(re.sub(r"\D", "", stamp["offset"]))
    if zone is None:
        return text if utc else f"{stamp['date']} {stamp['time']}"
    offset = "+00:00" if utc else stamp["offset"]
    try:
        moment = datetime.fromisoformat(f"{stamp['date']}T{stamp['time']}{offset}")
    except ValueError:
        return text
    return moment.astimezone(zone).strftime(_WRITTEN)


def _clock(text: str | None) -> str | None:
    """Return a time of day as `` HH:MM:SS``, empty where there is none; None when it is no time."""
    if not text:
        return ""
    found = _CLOCK.fullmatch(text)
    if not found:
        return None
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    return f" {hour:02}:{found[2]}:{found[3] or '00'}"


def _mark(table: Table, dialect: Dialect, column: str, problems: list[str]) -> str:
    if dialect.decimal != AUTO:
        return dialect.decimal
    texts = [normalise(text) for text in table.cells[column].unique()]
    mark = find_decimal(texts)
    if mark is None:
        example = next(text for text in texts if MARKED.search(text))
        problems.append(
            f"{table.path}: column {column!r}: is the mark in {example!r} a decimal one or one between thousands?"
            " It can be read in two ways; set history.decimal: '.' or ','"
        )
    return mark or "."


def check_dialect(dialect: Dialect) -> None:
    """Refuse what is no way to write a file, such as an unknown encoding or time zone; all problems at once."""
    problems = []
    if dialect.encoding not in {"", AUTO}:
        try:
            "".encode(dialect.encoding)
        except LookupError:
            problems.append(f"history.encoding: {dialect.encoding!r} is no encoding; such as utf-8, utf-16 or cp1251")
    if dialect.delimiter not in {"", AUTO} and (len(dialect.delimiter) != 1 or dialect.delimiter in '"\r\n'):
        problems.append(
            f"history.delimiter: one character is needed, no quotation mark or line break, got {dialect.delimiter!r}"
        )
    if dialect.dates and dialect.dates not in DATE_ORDERS:
        problems.append(f"history.dates: {dialect.dates!r} is not one of {', '.join(DATE_ORDERS)}")
    if dialect.decimal not in {"", AUTO, ".", ","}:
        problems.append(f"history.decimal: {dialect.decimal!r} is neither '.' nor ','")
    if dialect.time_zone and not is_known(dialect.time_zone):
        problems.append(
            f"history.time_zone: {dialect.time_zone!r} is not a time zone known here; {nearest_zone(dialect.time_zone)}"
        )
    if problems:
        raise DataArgumentError(problems)
