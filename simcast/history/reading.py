"""read_history: from a file to a history, with every row accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from simcast.arguments import listed
from simcast.errors import DataArgumentError, DataError, DataNameError
from simcast.history.columns import ColumnNames, Columns, Words, find_columns
from simcast.history.deals import AmountKnownFrom, read_deals
from simcast.history.dialect import Dialect, rewrite, write_out_numbers
from simcast.history.events import Content, Ints, Stays, find_repeats, place_name, put_in_order, to_stays
from simcast.history.exports import Export
from simcast.history.faults import Faults, write_rejects
from simcast.history.history import History
from simcast.history.kinds import check_kinds
from simcast.history.left_out import count_left_out
from simcast.history.log import read_log
from simcast.history.parsing import as_day, normalise
from simcast.history.quality import Reading
from simcast.history.responses import Waits, holds_hours, read_waits, responses_table
from simcast.history.segment_columns import ChangedSegments
from simcast.history.settled_amounts import PlaceholderAmounts, settle_amounts
from simcast.history.sources import Source, Where, format_problems
from simcast.history.sql import is_database
from simcast.history.table import Table
from simcast.pipeline import Pipeline
from simcast.writing import agreed, counted

Repeats = Literal["stay", "join", "first"]


def read_history(
    path: str | Path,
    pipeline: Pipeline,
    *,
    format: str = "log",  # noqa: A002  the scenario file's word for it
    columns: ColumnNames | None = None,
    outcomes: Mapping[str, str] | None = None,
    segments: Sequence[str] | None = None,
    on_bad_rows: Literal["stop", "quarantine"] = "stop",
    rejects: str | Path | Literal[False] | None = None,
    amount_known_from: AmountKnownFrom | None = None,
    placeholder_amounts: PlaceholderAmounts = "auto",
    today: date | str | None = None,
    dialect: Dialect | None = None,
    where: Where | None = None,
    query: str | None = None,
    folder: str | Path | None = None,
    repeats: Repeats = "stay",
    changed_segments: ChangedSegments = "refuse",
) -> History:
    """Read a history strictly: every cell is either understood or reported in an error.

    Parameters
    ----------
    path
        A ``.csv`` (UTF-8, commas, header), ``.parquet`` or ``.xlsx`` file, or the URL of a database.
    pipeline
        The pipeline that the deals go through. Names are compared after Unicode normalisation (NFC).
    format
        ``"log"``: a row per entry into a stage or outcome. ``"deals"``: a row per deal, a column of dates per stage.
        ``"salesforce"``, ``"hubspot"``, ``"pipedrive"``, ``"bitrix24"``, ``"amocrm"``: what these export.
    columns
        Our names -> the file's columns, where they differ. log: ``deal``, ``stage``, ``entered``, ``amount``.
        deals: ``deal``, ``outcome``, ``closed``, ``amount``, and ``entered``, a mapping of stages to columns
        (by default each stage has a column of its name); ``closed`` may be a mapping of outcomes to columns, which
        gives the outcomes too if no column does. A file without amounts is fine. ``first_response``:
        the column of date-times, or of hours since the entry, of the first contact in the first stage, or a mapping
        of stages to such columns.
    outcomes
        The file's words -> our stages and outcomes; in the deals format also -> ``open``.
    segments
        Columns by which parameters may differ. An empty cell becomes `simcast.segments.UNKNOWN`. Unless they are given,
        they are the other columns of a log that have a handful of values, and never two for one deal; ``()`` for none.
    on_bad_rows
        ``"stop"``: raise an error that lists all of them. ``"quarantine"``: set aside every deal that has a bad row,
        since the rest of its rows would be misleading; count them in `History.quality`.
    rejects
        The csv to which rows set aside go, by default ``<name>.rejects.csv`` beside the file; False writes none.
    amount_known_from
        When the amount of a deal that has ended became known: at its ``"close"`` or at its ``"entry"``. Unless given,
        at the close in the deals format; in a log on the day of its row, but at the close, with a warning, where hardly
        any deal but those that were won has an amount when it begins.
    placeholder_amounts
        Amounts that deals have until their own are known, and that count as unknown. ``"auto"``: one that most deals
        not won have and hardly any won one; amounts are then taken as known at the close, with a warning.
    today
        Later dates are refused; by default the present day.
    dialect
        How the file is written, where not strictly: encoding, delimiter, dates, decimal mark, time zone; such as
        ``simcast.history.Dialect(time_zone="Europe/Berlin")``, which errors call ``history.time_zone``, as the scenario
        file does.
    where
        Columns and the values that rows must have in them to be read.
    query, folder
        For a database: a table or a select; and where the file of an SQLite database is looked for.
    repeats
        In a log: ``"stay"``: each row is a stay. ``"join"``: rows that follow one of the same stage are part of its
        stay. ``"first"``: only the first row of a deal in a stage counts.
    changed_segments
        In a log, a deal whose rows differ in a segment column is refused (``"refuse"``), or the first value that it
        had counts (``"first"``).

    Returns
    -------
    History
        Observed until the day after the last date in the file.

    Raises
    ------
    DataError
        With one line per problem: place, value, and what to do about it; a `DataArgumentError` or `DataNameError`
        where an argument has no meaning, or names a column that is not there.
    ArgumentTypeError
        When an argument is another kind of thing, such as a list of stages for a pipeline.

    Examples
    --------
    >>> import tempfile
    >>> from simcast.pipeline import Pipeline
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "log.csv")
    >>> _ = file.write_text('''deal,stage,entered
    ... 007,lead,2026-01-12
    ... 007,won,2026-02-03
    ... NA,lead,2026-02-01
    ... ''')
    >>> history = read_history(file, Pipeline.define(["lead"]))
    >>> history.stays[["deal", "stage", "entered", "left", "move"]]
      deal stage    entered       left move
    0  007  lead 2026-01-12 2026-02-03  won
    1   NA  lead 2026-02-01        NaT  NaN
    >>> history.open_deals("2026-02-02").age_days
    array([20.5,  0.5])
    >>> folder.cleanup()
    """
    segments = None if segments is None else listed(segments)
    options: dict[str, object]
    options = {"columns": columns, "outcomes": outcomes, "where": where, "segments": segments, "format": format}
    options |= {"placeholder_amounts": placeholder_amounts, "query": query, "folder": folder, "rejects": rejects}
    check_kinds(path, pipeline, dialect, options)
    _check_options(format, on_bad_rows, amount_known_from, repeats, changed_segments)
    if rejects and not is_database(str(path)) and Path(rejects).resolve() == Path(path).resolve():
        raise DataArgumentError(f"{path}: the rows set aside (rejects) would overwrite the history; name another file")
    folder = None if folder is None else Path(folder)
    source = Source(path, format, columns or {}, outcomes or {}, dialect or Dialect(), where or {}, query, folder)
    export, written, digest = source.read(pipeline.stages)
    if export.form == "deals" and not export.faults:
        export = _without_copies(export)
    chosen = () if segments is None and format != "log" else segments
    last_day = date.today() if today is None else as_day(today, "today").astype(date)
    table, content, faults, found = read_content(
        export,
        written,
        pipeline,
        chosen,
        amount_known_from,
        last_day,
        copies_count=repeats == "stay",
        changed_segments=changed_segments,
    )
    waits = read_waits(table, found, content.events, pipeline, len(content.deals), last_day, faults)
    # A path can be judged only when all the cells it consists of are good.
    sound = np.isin(content.events.deal, _deals_of(faults, content), invert=True)
    events = content.events.take(sound)
    again = find_repeats(events, repeats)
    events = put_in_order(events.take(~again), pipeline, faults)
    if len(faults) and on_bad_rows == "stop":
        raise faults.error()
    reading = _set_aside(table, content, faults, False if is_database(str(path)) and rejects is None else rejects)
    n_again = int(again.sum())
    repeat, are = agreed(n_again, "repeats a stage of its", "repeat a stage of their"), agreed(n_again, "is", "are")
    left_out = (f"{counted(n_again, 'row')} {repeat} deal and {are} left out (history.repeats)",) if n_again else ()
    events = events.take(np.isin(events.deal, _deals_of(faults, content), invert=True))
    if not len(events.deal):
        raise DataError([f"{table.path}: no row is left, all are bad:", *faults.lines()])
    events, dated, caveats = settle_amounts(events, pipeline, export.form, amount_known_from, placeholder_amounts)
    of_waits = (remark for one in waits for remark in one.remarks)
    remarks = (*export.remarks, *left_out, *dated, *content.remarks, *of_waits)
    reading = replace(
        reading,
        remarks=remarks,
        caveats=(*export.caveats, *caveats),
        source_digest=digest,
        left_out=count_left_out(content.events, pipeline, _deals_of(faults, content)),
    )
    return _history(pipeline, to_stays(events, pipeline), content, reading, waits)


def read_content(
    export: Export,
    dialect: Dialect,
    pipeline: Pipeline,
    segments: Sequence[str] | None,
    amount_known_from: AmountKnownFrom | None,
    today: date,
    *,
    copies_count: bool = True,
    changed_segments: ChangedSegments = "refuse",
) -> tuple[Table, Content, Faults, Columns]:
    """Read the cells of a log or a table of deals; what is wrong with single cells is in the faults.

    Copies of rows of a log are wrong if `copies_count`; `changed_segments` as in `read_history`.

    Raises
    ------
    DataError
        When columns are not there, words are mapped to nothing, or dates can be read in two ways.
    """
    problems: list[str] = []
    table = export.table
    found = find_columns(table, pipeline, export.form, export.columns, segments, problems)
    words = Words(pipeline, export.outcomes, problems, may_be_open=export.form == "deals")
    if not problems:
        dated = [name for name in (found.entered, found.closed, *dict(found.entered_in).values()) if name]
        table = write_out_numbers(table, dated)
        amounts = [found.amount] if found.amount else []
        for _, column in found.first_response:
            (amounts if holds_hours(table.cells[column]) else dated).append(column)
        if dialect.rewrites:
            table = rewrite(table, dialect, dated, amounts, problems)
    if problems:
        raise DataNameError(problems) if _names_in_vain(export, segments) else DataError(problems)
    faults = Faults(table)
    for column, rules in export.faults.items():
        faults.add(column, rules)
    if export.form == "log":
        content = read_log(
            table, found, words, today, faults, copies_count=copies_count, changed_segments=changed_segments
        )
        return table, content, faults, found
    return table, read_deals(table, found, words, pipeline, today, amount_known_from or "close", faults), faults, found


def _names_in_vain(export: Export, segments: Sequence[str] | None) -> bool:
    """Return whether a column that an argument names is not in the table."""
    named = [*listed(segments or ())]
    for columns in export.columns.values():
        named += columns.values() if isinstance(columns, Mapping) else [columns]
    return any(isinstance(name, str) and normalise(name) not in export.table.cells for name in named)


def _without_copies(export: Export) -> Export:
    """Leave out rows of a table of deals that repeat an earlier one in every cell: they tell nothing else."""
    table, deal = export.table, export.columns.get("deal", "deal")
    if deal not in table.cells:
        return export
    again = np.zeros(len(table.place), dtype=bool)
    seen: set[tuple[str, ...]] = set()
    for row in map(int, np.flatnonzero(table.cells[deal].astype("str").duplicated(keep=False).to_numpy())):
        fields = tuple(table.fields(row))
        again[row] = fields in seen
        seen.add(fields)
    if not again.any():
        return export
    repeats, are = agreed(int(again.sum()), "repeats", "repeat"), agreed(int(again.sum()), "is", "are")
    said = f"{counted(int(again.sum()), 'row')} {repeats} an earlier one in every cell and {are} left out"
    return replace(export, table=table.keep(~again), remarks=(*export.remarks, said))


def _check_options(
    form: str, on_bad_rows: str, amount_known_from: str | None, repeats: str, changed_segments: str
) -> None:
    problems = format_problems(form)
    if on_bad_rows not in {"stop", "quarantine"}:
        problems.append(f"history.on_bad_rows: {on_bad_rows!r} is neither 'stop' nor 'quarantine'")
    if amount_known_from not in {None, "close", "entry"}:
        problems.append(f"history.amount_known_from: {amount_known_from!r} is neither 'close' nor 'entry'")
    if repeats not in get_args(Repeats):
        problems.append(f"history.repeats: {repeats!r} is not one of {', '.join(get_args(Repeats))}")
    if changed_segments not in get_args(ChangedSegments):
        problems.append(f"history.changed_segments: {changed_segments!r} is neither 'refuse' nor 'first'")
    if problems:
        raise DataNameError(problems)


def _deals_of(faults: Faults, content: Content) -> Ints:
    """Return the codes of the deals that have a faulty row; -1, for rows without an id, always among them."""
    return np.append(np.unique(content.row_deal[faults.rows]), -1)


def _set_aside(table: Table, content: Content, faults: Faults, rejects: str | Path | Literal[False] | None) -> Reading:
    """Write the rows of deals with faults, and those without a deal, to a file, and count everything."""
    bad_deals = _deals_of(faults, content)
    reasons = faults.reasons()
    first_bad: dict[int, int] = {}
    for row in reasons:
        first_bad.setdefault(int(content.row_deal[row]), row)
    for row in map(int, np.flatnonzero(np.isin(content.row_deal, bad_deals))):
        if row not in reasons:
            deal = int(content.row_deal[row])
            place = table.place[first_bad[deal]]
            reasons[row] = f"another row of deal {content.deals[deal]!r} is bad (line {place})"
    path = None
    if reasons and rejects is not False:
        path = Path(rejects) if rejects else table.path.with_name(f"{table.path.stem}.rejects.csv")
        write_rejects(path, table, reasons)
    return Reading(
        rows_read=len(table.place),
        rows_bad=len(faults.rows),
        rows_quarantined=len(reasons),
        deals_read=len(content.deals),
        deals_quarantined=int((bad_deals >= 0).sum()),
        close_dates_ignored=content.close_dates_ignored,
        rejects=path,
    )


def _history(
    pipeline: Pipeline, stays: Stays, content: Content, reading: Reading, waits: Sequence[Waits] = ()
) -> History:
    """Give codes their names."""
    names = np.array(content.deals, dtype=object)
    places = [place_name(pipeline, code) for code in range(pipeline.n_stages + len(pipeline.outcomes))]
    destinations = np.array([*places, None], dtype=object)  # -1 takes the last
    frame = pd.DataFrame(
        {
            "deal": pd.Series(names[stays.deal], dtype="str"),
            "stage": pd.Series(destinations[stays.stage], dtype="str"),
            "entered": _dates(stays.entered),
            "left": _dates(stays.left),
            "move": pd.Series(destinations[stays.move], dtype="str"),
            "amount": stays.amount,
            "amount_at_end": stays.amount_at_end,
            **{name: pd.Series(values[stays.deal], dtype="str") for name, values in content.segments.items()},
        }
    )
    kept = set(stays.deal.tolist()) if content.late_segments or waits else set()
    late = [
        (content.deals[deal], name, np.datetime64(day, "D"))
        for deal, name, day in content.late_segments
        if deal in kept
    ]
    late_segments = pd.DataFrame(late, columns=["deal", "column", "since"]) if late else None
    responses = responses_table(waits, content.deals, kept) if waits else None
    return History.of(
        pipeline, frame, list(content.segments), reading=reading, late_segments=late_segments, responses=responses
    )


def _dates(days: Ints) -> pd.Series:
    # NO_DAY is the whole number that numpy keeps for NaT.
    return pd.Series(days.astype("datetime64[D]").astype("datetime64[us]"))
