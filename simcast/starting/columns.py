"""What each column of a table looks like: dates, numbers, words, ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from simcast.history.dialect import STAMP, find_year_first, rewrite_date
from simcast.history.parsing import normalise, parse_amount, parse_day
from simcast.history.table import Table
from simcast.history.written_amounts import find_decimal, rewrite_amount
from simcast.starting.words import is_called_a_date, plain
from simcast.zones import is_known

SECONDS = r"1\d{9}(\d{3}){0,3}(\.\d+)?"
"""Seconds to nanoseconds since 1970, of the years 2001 to 2033; with a fraction where pandas made floats of them."""
_MOST_LOOKED_AT = 2000
_ENOUGH = 0.95


@dataclass(frozen=True)
class Column:
    """One column as it looks.

    Parameters
    ----------
    name, key
        As it stands in the file, and in plain letters.
    words
        Its distinct values.
    filled
        Share of the rows that have one.
    is_date, is_number
        Whether nearly all values can be read as one.
    zone
        Of times that are typed and know theirs.
    """

    name: str
    key: str
    words: tuple[str, ...]
    filled: float
    is_date: bool
    is_number: bool
    zone: str = ""

    @property
    def n_words(self) -> int:
        """How many different values there are."""
        return len(self.words)


def look_at(table: Table) -> list[Column]:
    """Describe all columns of a table, in their order; empty ones are left out."""
    columns = [_describe(name, table.cells[name]) for name in table.cells.columns]
    return [column for column in columns if column.n_words]


def _describe(name: str, cells: pd.Series) -> Column:
    zone = str(cells.dtype.tz) if isinstance(cells.dtype, pd.DatetimeTZDtype) else ""
    if zone:
        texts = cells.dt.strftime("%Y-%m-%dT%H:%M:%S%z").fillna("")
    elif pd.api.types.is_datetime64_any_dtype(cells.dtype):
        texts = cells.dt.strftime("%Y-%m-%d").fillna("")
    else:
        texts = cells.astype("str").map(normalise).where(cells.notna(), "")
    words = tuple(word for word in texts.unique() if word)
    looked_at = words[:_MOST_LOOKED_AT]
    reads = (
        _reads_as_seconds
        if is_called_a_date(plain(name)) and re.fullmatch(SECONDS, words[0] if words else "")
        else None
    )
    is_date = _share(looked_at, reads or _reads_as_date) >= _ENOUGH and not find_year_first(looked_at)
    is_number = not is_date and _share(looked_at, reads_as_number) >= _ENOUGH
    if is_number:  # one word that is none may fill half of the rows
        wrong = {word for word in looked_at if not reads_as_number(word)}
        is_number = texts.isin(wrong).sum() <= (1.0 - _ENOUGH) * (texts != "").sum()
    return Column(
        name, plain(name), words, float((texts != "").mean()), is_date, bool(is_number), zone if is_known(zone) else ""
    )


def _share(words: Sequence[str], holds: object) -> float:
    return sum(map(holds, words)) / len(words) if words and callable(holds) else 0.0


def _reads_as_date(text: str) -> bool:
    if STAMP.fullmatch(text):
        return True
    return any(not parse_day(rewrite_date(text, order))[2] for order in ("day-first", "month-first"))


def _reads_as_seconds(text: str) -> bool:
    return re.fullmatch(SECONDS, text) is not None


def reads_as_number(text: str) -> bool:
    """Return whether a cell is a number, maybe with a currency."""
    mark = find_decimal([text]) or "."
    return not parse_amount(rewrite_amount(text, mark))[1]
