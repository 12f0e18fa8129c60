"""Guessing how to read a user's own file: its format, columns and words, and what of that is not sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simcast.errors import DataError
from simcast.history.crm import CRMS
from simcast.history.dialect import Dialect, check_dialect
from simcast.history.sources import Source
from simcast.history.sql import is_database, read_query
from simcast.history.table import Table, find_delimiter, find_encoding, read_table
from simcast.starting.amounts import amount_known_from, find_amount, find_mark
from simcast.starting.columns import Column, look_at
from simcast.starting.contacts import find_contact
from simcast.starting.days import date_order, find_zone
from simcast.starting.deal_columns import read_as_deals
from simcast.starting.log_columns import find_deal, find_stage, read_as_log
from simcast.starting.telling_apart import likely_segments
from simcast.starting.undated_ends import undated_ends
from simcast.starting.whose_export import find_crm, largest_pipeline


@dataclass(frozen=True)
class Guess:
    """How to read a file, as far as it can be guessed.

    Parameters
    ----------
    source
        The file and what is said of it.
    segments
        Columns by which deals may be told apart; the first of them is proposed.
    has_amount
        Whether there are amounts.
    amount_known_from
        ``entry`` where open deals have amounts as often as ended ones.
    unsure
        What the user should look at, a sentence each.
    """

    source: Source
    segments: tuple[str, ...]
    has_amount: bool
    amount_known_from: str
    unsure: tuple[str, ...] = field(default=())


def guess(path: str, query: str | None = None, given: Mapping[str, str] | None = None, time_zone: str = "") -> Guess:
    """Look at a file, or at a table of a database, and guess how to read it.

    Parameters
    ----------
    path, query
        The file; or the URL of a database, and a table or a select.
    given
        Columns that the user names: deal, stage, entered, outcome, closed, amount or first_response.
    time_zone
        The zone whose days are meant; empty: guessed.

    Raises
    ------
    DataError
        When it cannot be read at all, or has no column that could be a deal's id or a date.
    """
    unsure: list[str] = []
    _check_zone(time_zone)
    table = read_query(path, query)[0] if is_database(path) else read_table(Path(path), "auto", "auto")
    columns = look_at(table)
    dialect = _dialect(path, columns, time_zone, unsure)
    _check_given(table, given or {})
    crm = None if given else find_crm(table, dialect)
    if crm is not None:
        title = CRMS[crm].title
        unsure.append(f"the columns are those of {title}, so it is read as an export of it (history.format)")
        source = Source(path, crm, dialect=dialect, query=query)
        source = replace(source, where=largest_pipeline(source, unsure))
        export, _, _ = source.read()
        used = _names(export.columns)
        contact = find_contact(table, columns, used, unsure)
        if contact is not None:
            source = replace(source, columns={"first_response": contact.name})
        amount = export.columns.get("amount")
        known = amount_known_from(export.table, export.form, export.columns, export.outcomes)
        deal = next((column for column in columns if column.name == export.columns["deal"]), None)
        segments = likely_segments(table, columns, used, deal if export.form == "log" else None)
        return Guess(source, segments, amount is not None, known, tuple(unsure))
    return _guess_plain(Source(path, query=query), table, columns, dialect, given or {}, unsure)


def _named(columns: Sequence[Column], given: Mapping[str, str], name: str) -> Column | None:
    """Return the column that the user names for one of ours."""
    return next((column for column in columns if column.name == given.get(name)), None)


def _check_given(table: Table, given: Mapping[str, str]) -> None:
    known = ("deal", "stage", "entered", "outcome", "closed", "amount", "first_response")
    problems = [f"--column {name}: is not one of ours ({', '.join(known)})" for name in given if name not in known]
    names = list(table.cells.columns)
    problems += [
        f"--column {name}: there is no column {column!r} (known: {', '.join(names)})"
        for name, column in given.items()
        if column not in names
    ]
    if problems:
        raise DataError(problems)


def _check_zone(time_zone: str) -> None:
    try:
        check_dialect(Dialect(time_zone=time_zone))
    except DataError as error:
        raise DataError([problem.replace("history.time_zone", "--time-zone") for problem in error.problems]) from None


def _dialect(path: str, columns: Sequence[Column], time_zone: str, unsure: list[str]) -> Dialect:
    """Find out how the file is written, naming only what is not the strict form."""
    encoding = delimiter = ""
    if path.lower().endswith(".csv"):
        content = Path(path).read_bytes()
        encoding = find_encoding(content)
        delimiter = find_delimiter(content.decode(encoding, errors="replace"))
    order, sure = date_order(columns)
    if not sure:
        unsure.append(
            "dates such as 5/6/2026 could have the day or the month first: day-first is taken (history.dates)"
        )
    zone = time_zone or find_zone(columns, unsure)
    return Dialect(
        encoding if encoding != "utf-8" else "",
        delimiter if delimiter != "," else "",
        order if order != "iso" else "",
        "",
        zone,
    )


def _names(columns: Mapping[str, str | dict[str, str]]) -> set[str]:
    """Return the file's columns that have a meaning already."""
    return {name for value in columns.values() for name in ([value] if isinstance(value, str) else value.values())}


def _guess_plain(
    source: Source,
    table: Table,
    columns: list[Column],
    dialect: Dialect,
    given: Mapping[str, str],
    unsure: list[str],
) -> Guess:
    dated = [column for column in columns if column.is_date]
    if not dated:
        raise DataError(
            f"{source.path}: no column holds dates (columns: {', '.join(column.name for column in columns)});"
            " simcast needs to know when deals entered stages, or began and ended"
        )
    deal = _named(columns, given, "deal") or find_deal(table, columns, unsure)
    repeats = len(table.place) > 1.2 * deal.n_words
    chosen: dict[str, str | dict[str, str]] = {"deal": deal.name}
    contact = _named(columns, given, "first_response") or find_contact(table, columns, given.values(), unsure)
    if dated == [contact]:
        contact = None
    others = [column for column in columns if column is not contact]
    stage = (_named(columns, given, "stage") or find_stage(table, others, deal)) if repeats else None
    if stage is not None:
        form, outcomes = "log", read_as_log(table, others, given, deal, stage, chosen, unsure)
    else:
        form, outcomes = "deals", read_as_deals(table, others, given, chosen, unsure)
    amount = _named(columns, given, "amount") or find_amount(others, unsure)
    if amount is not None:
        chosen["amount"] = amount.name
        dialect = replace(dialect, decimal=find_mark(amount, unsure))
    if contact is not None:
        chosen["first_response"] = contact.name
        if contact.is_number and not dialect.decimal:
            dialect = replace(dialect, decimal=find_mark(contact, unsure))
    used = _names(chosen)
    unsure += undated_ends(table, columns, used, deal.name, {*outcomes.values(), *stage.words}) if stage else []
    segments = likely_segments(table, columns, used, deal if form == "log" else None)
    ours = {name: value for name, value in chosen.items() if name != value or name == "first_response"}
    source = replace(source, format=form, columns=ours, outcomes=outcomes, dialect=dialect)
    known = amount_known_from(table, form, chosen, outcomes)
    return Guess(source, segments, amount is not None, known, tuple(unsure))
