"""The hours until the first contact in a stage: read from a column of date-times, or of hours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history.columns import Columns
from simcast.history.empty_cells import is_nothing
from simcast.history.events import Events, Ints
from simcast.history.faults import Faults
from simcast.history.parsing import NO_DAY, normalise, parse_amount, parse_days
from simcast.history.table import Table
from simcast.pipeline import Pipeline
from simcast.writing import agreed, counted

SECONDS_PER_HOUR, HOURS_PER_DAY = 3600.0, 24.0

RESPONSE_COLUMNS = ("deal", "stage", "hours", "since")
"""Of `History.responses`: the deal, the stage, the hours from its first entry on, the day of the contact."""

_NUMBER = re.compile(r"\+?(\d+[.,]?\d*|[.,]\d+)", re.ASCII)
_NO_HOURS = "is no number of hours; write such as 3.5, or leave the cell empty where there was no contact"
_BELOW_ZERO = "is below 0: hours are counted from the entry into the stage; correct it, or leave the cell empty"


@dataclass(frozen=True)
class Waits:
    """How long deals waited for the first contact in one stage.

    Parameters
    ----------
    stage
        The stage.
    hours : float64, (n_deals,)
        From the first entry into the stage on; NaN where no contact is on record.
    since : int64, (n_deals,)
        The day of the contact, from which on it is known; `NO_DAY` where there is none.
    remarks
        What to know of how they were understood.
    """

    stage: str
    hours: NDArray[np.float64]
    since: Ints
    remarks: tuple[str, ...] = ()


def no_responses() -> pd.DataFrame:
    """Return a table of `RESPONSE_COLUMNS` without rows."""
    return pd.DataFrame(
        {
            "deal": pd.Series([], dtype="str"),
            "stage": pd.Series([], dtype="str"),
            "hours": np.zeros(0),
            "since": np.zeros(0, dtype="datetime64[us]"),
        }
    )


def holds_hours(column: pd.Series) -> bool:
    """Return whether a column holds numbers, which are hours, or else date-times."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return True
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return False
    filled = [text for text in map(normalise, column.astype("str").unique()) if not is_nothing(text)]
    return bool(filled) and all(_NUMBER.fullmatch(text) for text in filled)


def read_waits(
    table: Table, columns: Columns, events: Events, pipeline: Pipeline, n_deals: int, today: date, faults: Faults
) -> list[Waits]:
    """Read the first contacts of each stage that has a column of them; what is wrong with cells goes to `faults`.

    The cell that counts is that of the row by which a deal first enters the stage.
    """
    return [
        _waits_in(table, stage, column, _first_entries(events, pipeline.stage_code(stage), n_deals), today, faults)
        for stage, column in columns.first_response
    ]


def responses_table(waits: Iterable[Waits], deals: Sequence[str], kept: set[int]) -> pd.DataFrame:
    """Return the contacts of the deals kept as a table of `RESPONSE_COLUMNS`, sorted by deal, then stage."""
    parts = []
    for found in waits:
        codes = np.array([code for code in np.flatnonzero(~np.isnan(found.hours)) if int(code) in kept], dtype=np.int64)
        parts.append(
            pd.DataFrame(
                {
                    "deal": pd.Series([deals[code] for code in codes], dtype="str"),
                    "stage": pd.Series([found.stage] * len(codes), dtype="str"),
                    "hours": found.hours[codes],
                    "since": found.since[codes].astype("datetime64[D]").astype("datetime64[us]"),
                }
            )
        )
    return pd.concat([no_responses(), *parts]).sort_values(["deal", "stage"], kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _Entries:
    """By deal: the row, day and second of its first entry into a stage; -1 and `NO_DAY` where it never entered."""

    row: Ints
    day: Ints
    second: Ints


def _first_entries(events: Events, place: int, n_deals: int) -> _Entries:
    """Find each deal's first entry into a stage."""
    here = np.flatnonzero((events.place == place) & (events.deal >= 0) & (events.day != NO_DAY))
    here = here[np.lexsort((events.row[here], events.second[here], events.day[here], events.deal[here]))]
    deals, first = np.unique(events.deal[here], return_index=True)
    chosen = here[first]
    row, day, second = np.full(n_deals, -1), np.full(n_deals, NO_DAY), np.zeros(n_deals, dtype=np.int64)
    row[deals], day[deals], second[deals] = events.row[chosen], events.day[chosen], events.second[chosen]
    return _Entries(row.astype(np.int64), day.astype(np.int64), second)


def _waits_in(table: Table, stage: str, column: str, entries: _Entries, today: date, faults: Faults) -> Waits:
    """Return the waits in one stage."""
    entered = entries.row >= 0
    hours, since = np.full(len(entered), np.nan), np.full(len(entered), NO_DAY)
    rows, day, second = entries.row[entered], entries.day[entered], entries.second[entered]
    if holds_hours(table.cells[column]):
        given = _hours(table.cells[column], column, faults)[rows]
        hours[entered] = given
        known = ~np.isnan(given)
        since[np.flatnonzero(entered)[known]] = (
            day[known] + (second[known] / SECONDS_PER_HOUR + given[known]) // HOURS_PER_DAY
        ).astype(np.int64)
        return Waits(stage, hours, since)
    contact = parse_days(table.cells[column], today)
    faults.add(column, contact.broken)
    contact_day, contact_second = contact.day[rows], contact.second[rows]
    made = contact_day != NO_DAY
    # Entries without a time of day were half a day earlier on average; two dates differ by whole days.
    timed = bool(second.any())
    start = second if timed or not contact_second.any() else np.full(len(second), 12 * 3600)
    waited = (np.where(made, contact_day - day, 0) * 86_400 + contact_second - start) / SECONDS_PER_HOUR
    early = made & ((contact_day < day) | (timed & (waited < 0)))
    good = made & ~early
    hours[np.flatnonzero(entered)[good]] = np.maximum(waited[good], 0.0)
    since[np.flatnonzero(entered)[good]] = contact_day[good]
    return Waits(stage, hours, since, _remarks(stage, int(early.sum()), timed=timed, any_contact=bool(made.any())))


def _remarks(stage: str, n_early: int, *, timed: bool, any_contact: bool) -> tuple[str, ...]:
    """Say what the waits do not hold."""
    found = []
    if n_early:
        lie, are = agreed(n_early, "lies", "lie"), agreed(n_early, "is", "are")
        found.append(f"{counted(n_early, 'first contact')} {lie} before the entry into {stage!r} and {are} left out")
    if any_contact and not timed:
        found.append(
            f"entries into {stage!r} have no time of day, so that waits for the first contact are known to about"
            " half a day only: what a few hours do cannot be seen"
        )
    return tuple(found)


def _hours(column: pd.Series, name: str, faults: Faults) -> NDArray[np.float64]:
    """Return the hours in each row, NaN where empty or bad."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
        rules = dict.fromkeys(map(int, np.flatnonzero(values < 0)), _BELOW_ZERO)
        rules |= dict.fromkeys(map(int, np.flatnonzero(np.isinf(values))), _NO_HOURS)
    else:
        parsed = [parse_amount(normalise(text)) for text in column.astype("str")]
        values = np.array([value for value, _ in parsed])
        rules = {row: _NO_HOURS for row, (_, broken) in enumerate(parsed) if broken}
    faults.add(name, rules)
    values[list(rules)] = np.nan
    return values
