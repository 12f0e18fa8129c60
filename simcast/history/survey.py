"""Looking at a table of deals before a pipeline is known: its stages, their usual order, and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.errors import DataError
from simcast.history.crm import ONE_STAGE
from simcast.history.dialect import Dialect, rewrite, write_out_numbers
from simcast.history.exports import Export
from simcast.history.parsing import NO_DAY, normalise, parse_days
from simcast.history.sources import Source
from simcast.history.usual_path import UsualPath, renamed, usual_path
from simcast.pipeline import LOST, WON

MOST_STAGES = 40
_LAST_SECOND = 86_399


@dataclass(frozen=True)
class Survey:
    """What a table of deals looks like.

    Parameters
    ----------
    way
        Its stages, in order and beside the path, and the moves between them.
    n_deals
        How many deals there are.
    days : int64, (n_dates,)
        All days on which anything happened, since 1970, sorted.
    export
        The table, its columns and words.
    n_repeating, n_returning
        How many deals enter a stage in which they are already, and one in which they were before.
    n_moving
        How many enter more than one stage, or end.
    renamed
        Stages that seem to have been renamed: the later name, and the day since 1970 on which it is first used.
    """

    way: UsualPath
    n_deals: int
    days: NDArray[np.int64]
    export: Export
    n_repeating: int = 0
    n_returning: int = 0
    n_moving: int = 0
    renamed: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def survey(source: Source, today: date | None = None, repeats: str = "stay") -> Survey:
    """Read a table as far as it can be without a pipeline.

    Parameters
    ----------
    source
        The table.
    today
        Later dates are refused; by default the present day.
    repeats
        As `simcast.history.read_history` takes it.

    Raises
    ------
    DataError
        When columns are missing, or when there are far too many stages.
    """
    export, dialect, _ = source.read()
    last = today or date.today()
    read_events = _log_events if export.form == "log" else _deal_events
    events, n_deals = read_events(export, dialect, last)
    same = (events[["deal", "stage"]] == events[["deal", "stage"]].shift()).all(axis=1)
    again = events.duplicated(["deal", "stage"])
    n_repeating, n_returning = events["deal"][same].nunique(), events["deal"][again & ~same].nunique()
    n_moving = events["deal"][~again & events["deal"].duplicated()].nunique()
    if repeats != "stay":
        events = events[~(again if repeats == "first" else same)].reset_index(drop=True)
    ended = events["stage"].isin([WON, LOST])
    named = list(dict.fromkeys(events.loc[~ended, "stage"]))
    if len(named) > MOST_STAGES:
        raise DataError(
            f"{export.table.path}: column {export.columns.get('stage', 'stage')!r} holds {len(named):,} words;"
            " is it the stage? Name another under history.columns.stage, or choose rows by history.where"
        )
    if not named:
        _check_dates(export, dialect, last)
        raise DataError(f"{export.table.path}: no deal enters any stage; check history.columns and history.outcomes")
    days = np.sort(events["day"].to_numpy())
    before_all = ended & ~events["deal"].duplicated()  # a mistake of the record: nothing is won before it begins
    way = usual_path(events[~before_all])
    return Survey(way, n_deals, days, export, n_repeating, n_returning, n_moving, renamed(events, way.stages))


def _check_dates(export: Export, dialect: Dialect, today: date) -> None:
    """Say what is wrong with the dates where they are why no deal enters any stage.

    Raises
    ------
    DataError
        When a column of dates holds none; or when the columns that date stages are not known.
    """
    entered = export.columns.get("entered", "entered")
    columns = list(entered.values()) if isinstance(entered, Mapping) else [str(entered)]
    if export.form == "deals" and "entered" not in export.columns:
        raise DataError(
            f"{export.table.path}: which columns date the entry into stages? Name the stages, as the columns are"
            " called, in a pipeline (--pipeline), or one column (--column entered=...)"
        )
    cells = _cells(export, dialect, columns, columns)
    for column in columns:
        days = parse_days(cells[column], today)
        if len(days.broken) and len(days.broken) == (cells[column].astype("str") != "").sum():
            row = min(days.broken)
            value = export.table.cell(row, column)
            raise DataError(f"{export.table.at(row)}: column {column!r}: value {value!r}: {days.broken[row]}")


def _log_events(export: Export, dialect: Dialect, today: date) -> tuple[pd.DataFrame, int]:
    columns = {name: normalise(str(export.columns.get(name, name))) for name in ("deal", "stage", "entered")}
    cells = _cells(export, dialect, list(columns.values()), [columns["entered"]])
    days = parse_days(cells[columns["entered"]], today)
    meaning = {normalise(word): name for word, name in export.outcomes.items()}
    frame = pd.DataFrame(
        {
            "deal": cells[columns["deal"]].astype("str").map(normalise),
            "stage": cells[columns["stage"]].astype("str").map(normalise).map(lambda word: meaning.get(word, word)),
            "day": days.day,
            "second": days.second,
        }
    )
    frame = frame[(frame["deal"] != "") & (frame["stage"] != "") & (frame["day"] != NO_DAY)]
    return frame.sort_values(["deal", "day", "second"], kind="stable", ignore_index=True), frame["deal"].nunique()


def _deal_events(export: Export, dialect: Dialect, today: date) -> tuple[pd.DataFrame, int]:
    entered = export.columns.get("entered", {})
    dated = dict(entered) if isinstance(entered, Mapping) else {ONE_STAGE: str(entered)}
    deal, outcome, closed = (normalise(str(export.columns.get(name, name))) for name in ("deal", "outcome", "closed"))
    cells = _cells(export, dialect, [deal, outcome, closed, *dated.values()], [closed, *dated.values()])
    ids = cells[deal].astype("str").map(normalise)
    meaning = {normalise(word): name for word, name in export.outcomes.items()}
    ends = cells[outcome].astype("str").map(normalise).map(lambda word: meaning.get(word, word))
    parts = []
    for stage, column in dated.items():
        days = parse_days(cells[column], today)
        parts.append(pd.DataFrame({"deal": ids, "stage": stage, "day": days.day, "second": days.second}))
    days = parse_days(cells[closed], today)
    over = ends.isin([WON, LOST]).to_numpy()
    second = np.where(days.second == 0, _LAST_SECOND, days.second)  # an end without a time is the last of its day
    parts.append(pd.DataFrame({"deal": ids, "stage": ends, "day": days.day, "second": second})[over])
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[(frame["deal"] != "") & (frame["day"] != NO_DAY)]
    return frame.sort_values(["deal", "day", "second"], kind="stable", ignore_index=True), int(ids.nunique())


def _cells(export: Export, dialect: Dialect, needed: Sequence[str], dated: Sequence[str]) -> pd.DataFrame:
    table = export.table
    missing = [name for name in needed if name not in table.cells.columns]
    if missing:
        known = ", ".join(table.cells.columns)
        raise DataError([f"{table.path}: there is no column {name!r} (known: {known})" for name in missing])
    problems: list[str] = []
    table = rewrite(write_out_numbers(table, dated), dialect, dated, [], problems)
    if problems:
        raise DataError(problems)
    return table.cells
