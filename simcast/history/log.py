"""The log format: one row per entry into a stage or outcome."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from simcast.history.columns import Columns, Words
from simcast.history.events import Content, Events, Ints
from simcast.history.faults import Faults
from simcast.history.parsing import NO_DAY, Days, find_unfit, parse_amounts, parse_days, parse_words
from simcast.history.segment_columns import ChangedSegments, read_segments
from simcast.history.table import Table

EMPTY_ID = "the deal's id is empty; give it one, or remove the row"


def read_log(
    table: Table,
    columns: Columns,
    words: Words,
    today: date,
    faults: Faults,
    *,
    copies_count: bool = True,
    changed_segments: ChangedSegments = "refuse",
) -> Content:
    """Read a table with one row per event; what is wrong with its cells goes to `faults`.

    Rows that are copies of others are wrong if `copies_count`; where rows that repeat a stage do not, nor do these.
    """
    row_deal, deals = parse_words(table.cells[columns.deal])
    faults.require(columns.deal, row_deal < 0, EMPTY_ID)
    faults.add(columns.deal, find_unfit(row_deal, deals))
    stage_codes, stage_words = parse_words(table.cells[columns.stage])
    place, unknown = words.read(stage_codes, stage_words)
    faults.add(columns.stage, unknown)
    faults.require(columns.stage, stage_codes < 0, "a stage or an outcome is needed")
    days = read_days(table, columns.entered, today, faults)
    require_days(columns.entered, days, np.ones(len(place), dtype=bool), faults)
    amounts = np.full(len(place), np.nan)
    if columns.amount:
        amounts, broken = parse_amounts(table.cells[columns.amount])
        faults.add(columns.amount, broken)
    if copies_count:
        faults.add_rows(_find_copies(table, row_deal, place, days.day))
    segments, late, remarks = read_segments(
        table, columns.segments, row_deal, days.day, len(deals), faults, changed_segments
    )
    events = Events(
        row=np.arange(len(place), dtype=np.int64),
        deal=row_deal,
        place=place,
        day=days.day,
        second=days.second,
        amount=amounts,
        column=np.zeros(len(place), dtype=np.int64),
        columns=(columns.stage,),
    )
    return Content(deals, row_deal, events, segments, late, remarks=tuple(remarks))


def read_days(table: Table, column: str, today: date, faults: Faults) -> Days:
    """Read a column of dates; what is wrong with its cells goes to `faults`."""
    days = parse_days(table.cells[column], today)
    faults.add(column, days.broken)
    return days


def require_days(column: str, days: Days, needed: np.ndarray[tuple[int], np.dtype[np.bool_]], faults: Faults) -> None:
    """Report the rows that need a date and have none."""
    missing = needed & (days.day == NO_DAY)
    missing[list(days.broken)] = False
    faults.require(column, missing, "a date is needed, written YYYY-MM-DD")


def _find_copies(table: Table, row_deal: Ints, place: Ints, day: Ints) -> dict[int, str]:
    """Say of each row that repeats an earlier one in every cell which one it repeats."""
    keys = pd.DataFrame({"deal": row_deal, "place": place, "day": day})
    alike = np.flatnonzero(keys.duplicated(keep=False).to_numpy() & (row_deal >= 0))
    first: dict[tuple[str, ...], int] = {}
    rules = {}
    for row in map(int, alike):
        earlier = first.setdefault(tuple(table.fields(row)), row)
        if earlier != row:
            rules[row] = f"is a duplicate of line {table.place[earlier]}; remove one of them"
    return rules
