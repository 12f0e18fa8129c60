"""The deals format: one row per deal, with a column of dates per stage."""

from __future__ import annotations

from datetime import date
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history.columns import Columns, Words
from simcast.history.events import Content, Events, Ints, place_name
from simcast.history.faults import Faults
from simcast.history.log import EMPTY_ID, read_days, require_days
from simcast.history.parsing import NO_DAY, Days, find_unfit, parse_amounts, parse_days, parse_words
from simcast.history.table import Table
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN

AmountKnownFrom = Literal["close", "entry"]


def read_deals(
    table: Table,
    columns: Columns,
    words: Words,
    pipeline: Pipeline,
    today: date,
    amount_known_from: str,
    faults: Faults,
) -> Content:
    """Read a table with one row per deal; what is wrong with its cells goes to `faults`.

    The amount belongs to the end of a deal that has ended, and to its last stay while it is open, unless
    `amount_known_from` is ``"entry"``: then it was known when the deal began.
    """
    row_deal, deals = parse_words(table.cells[columns.deal])
    faults.require(columns.deal, row_deal < 0, EMPTY_ID)
    faults.add(columns.deal, find_unfit(row_deal, deals))
    faults.add(columns.deal, _find_repeated(table, row_deal))
    entered = [read_days(table, column, today, faults) for _, column in columns.entered_in]
    day = np.stack([days.day for days in entered], axis=1)
    _require_an_entry(columns, entered, day, faults)

    outcome_codes, outcome_words = parse_words(table.cells[columns.outcome])
    place, unknown = words.read(outcome_codes, outcome_words)
    faults.add(columns.outcome, unknown)
    ended = place >= pipeline.n_stages
    closed = parse_days(table.cells[columns.closed], today)
    faults.add(columns.closed, {row: rule for row, rule in closed.broken.items() if ended[row]})
    require_days(columns.closed, closed, ended, faults)
    _check_end_after_entries(columns, day, place, closed, pipeline, faults)
    _check_stage_named(columns, day, place, pipeline, faults)

    amounts = np.full(len(place), np.nan)
    if columns.amount:
        amounts, broken = parse_amounts(table.cells[columns.amount])
        faults.add(columns.amount, broken)
    events = _events(columns, pipeline, row_deal, entered, closed, place, amounts, amount_known_from)
    has_date = closed.day != NO_DAY
    has_date[list(closed.broken)] = True
    return Content(
        deals,
        row_deal,
        events,
        {column: _values_by_deal(table, column, row_deal, len(deals), faults) for column in columns.segments},
        late_segments=[],
        close_dates_ignored=int((has_date & ~ended).sum()),
    )


def _find_repeated(table: Table, row_deal: Ints) -> dict[int, str]:
    """Say of each row whose deal stands in an earlier row which one that is."""
    repeated = np.flatnonzero(pd.Series(row_deal).duplicated().to_numpy() & (row_deal >= 0))
    first = {deal: row for row, deal in reversed(list(enumerate(row_deal)))} if len(repeated) else {}
    return {
        int(row): f"the deal is a duplicate of line {table.place[first[row_deal[row]]]}; a deal is one row here:"
        " remove one, or read a file of events with format: log"
        for row in repeated
    }


def _require_an_entry(columns: Columns, entered: list[Days], day: Ints, faults: Faults) -> None:
    """Report rows without a date of entry into any stage."""
    missing = (day == NO_DAY).all(axis=1)
    missing[[row for days in entered for row in days.broken]] = False
    names = ", ".join(repr(column) for _, column in columns.entered_in)
    faults.require(columns.entered_in[0][1], missing, f"no stage has a date of entry (of {names}); give at least one")


def _latest(day: Ints) -> NDArray[np.intp]:
    """Return for each row the position of its latest dated stage; the later in the pipeline among equals."""
    latest: NDArray[np.intp] = day.shape[1] - 1 - np.argmax(day[:, ::-1], axis=1)
    return latest


def _check_end_after_entries(
    columns: Columns, day: Ints, place: Ints, closed: Days, pipeline: Pipeline, faults: Faults
) -> None:
    """Report deals that end before they enter a stage; those that may go on after their end are left to the path."""
    final = np.array([False] * pipeline.n_stages + [not pipeline.renews(name) for name in pipeline.outcomes] + [False])
    latest = _latest(day)
    last_day = day[np.arange(len(day)), latest]
    early = final[place] & (closed.day != NO_DAY) & (closed.day < last_day)
    rules = {}
    for row in map(int, np.flatnonzero(early)):
        stage, column = columns.entered_in[latest[row]]
        rules[row] = (
            f"the deal ends before it enters {stage!r} ({np.datetime64(int(last_day[row]), 'D')}, column {column!r});"
            " correct one of the two"
        )
    faults.add(columns.closed, rules)


def _check_stage_named(columns: Columns, day: Ints, place: Ints, pipeline: Pipeline, faults: Faults) -> None:
    """Report open deals that are said to be in another stage than the one they entered last."""
    position = {pipeline.stage_code(stage): k for k, (stage, _) in enumerate(columns.entered_in)}
    named = np.array([position.get(code, -1) for code in range(pipeline.n_stages)] + [-1], dtype=np.int64)
    latest = _latest(day)
    in_stage = (place >= 0) & (place < pipeline.n_stages) & (day != NO_DAY).any(axis=1)
    differs = in_stage & (named[np.clip(place, -1, pipeline.n_stages)] != latest)
    rules = {}
    for row in map(int, np.flatnonzero(differs)):
        last = columns.entered_in[latest[row]][0]
        rules[row] = (
            f"the deal is said to be in {place_name(pipeline, int(place[row]))!r}, but its last date is that of"
            f" {last!r}; give the date of entry, or map the word to open under history.outcomes"
        )
    faults.add(columns.outcome, rules)


def _events(
    columns: Columns,
    pipeline: Pipeline,
    row_deal: Ints,
    entered: list[Days],
    closed: Days,
    place: Ints,
    amounts: NDArray[np.float64],
    amount_known_from: str,
) -> Events:
    """Lay the dates of each row out as events."""
    n_rows, n_stages = len(row_deal), len(entered)
    ended = place >= pipeline.n_stages
    day = np.stack([*(days.day for days in entered), np.where(ended, closed.day, NO_DAY)], axis=1)
    second = np.stack([*(days.second for days in entered), closed.second], axis=1)
    codes = [pipeline.stage_code(stage) for stage, _ in columns.entered_in]
    destination = np.concatenate([np.tile(codes, (n_rows, 1)), place[:, None]], axis=1)
    if amount_known_from == "entry":
        holder = np.argmin(np.where(day[:, :-1] == NO_DAY, np.iinfo(np.int64).max, day[:, :-1]), axis=1)
    else:
        holder = np.where(ended, n_stages, _latest(day[:, :-1]))
    amount = np.full(day.shape, np.nan)
    amount[np.arange(n_rows), holder] = amounts
    row, column = np.nonzero(day != NO_DAY)
    return Events(
        row=row.astype(np.int64),
        deal=row_deal[row],
        place=destination[row, column].astype(np.int64),
        day=day[row, column],
        second=second[row, column],
        amount=amount[row, column],
        column=column.astype(np.int64),
        columns=(*(name for _, name in columns.entered_in), columns.closed),
    )


def _values_by_deal(table: Table, column: str, row_deal: Ints, n_deals: int, faults: Faults) -> NDArray[np.object_]:
    """Return the value of a segment column for each deal, `UNKNOWN` where it is empty."""
    codes, names = parse_words(table.cells[column])
    faults.add(column, find_unfit(codes, names))
    value = np.full(n_deals, -1, dtype=np.int64)
    value[row_deal[row_deal >= 0]] = codes[row_deal >= 0]
    return np.array([*names, UNKNOWN], dtype=object)[value]
