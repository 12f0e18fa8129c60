"""Guessing how to read a user's own file: its format, columns and words, and what of that is not sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simcast.errors import DataError
from simcast.history.crm import CRMS
from simcast.history.dialect import Dialect
from simcast.history.parsing import normalise
from simcast.history.several_ends import OUTCOME
from simcast.history.sources import Source
from simcast.history.sql import is_database, read_query
from simcast.history.table import TEXTS, Table, find_delimiter, find_encoding, read_table
from simcast.history.written_amounts import find_decimal
from simcast.starting import words
from simcast.starting.amounts import amount_known_from, find_amount, find_mark
from simcast.starting.chosen_rows import ChosenRows, choose_rows
from simcast.starting.columns import Column, look_at
from simcast.starting.contacts import find_contact
from simcast.starting.crm_words import own_ends
from simcast.starting.days import date_order, find_zone, why_no_dates
from simcast.starting.deal_columns import read_as_deals
from simcast.starting.log_columns import find_deal, find_stage, read_as_log
from simcast.starting.said import Said
from simcast.starting.telling_apart import named_segments
from simcast.starting.undated_ends import undated_ends
from simcast.starting.whose_export import find_crm, largest_pipeline
from simcast.writing import agreed, counted


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


def guess(path: str, query: str | None = None, said: Said | None = None) -> Guess:
    """Look at a file, or at a table of a database, and guess how to read it.

    Parameters
    ----------
    path, query
        The file; or the URL of a database, and a table or a select.
    said
        What the user says of it.

    Raises
    ------
    DataError
        When it cannot be read at all, or has no column that could be a deal's id or a date.
    """
    said = said or Said()
    unsure: list[str] = []
    table = read_query(path, query)[0] if is_database(path) else read_table(Path(path), "auto", "auto")
    columns = look_at(table)
    said.check(columns)
    dialect = _dialect(path, table, columns, said.time_zone, unsure)
    crm = None if said.columns else find_crm(table, dialect)
    if crm is not None:
        name, amount = crm
        written = next((column for column in columns if column.name == amount), None)
        if written is not None and find_decimal(written.words) is None:
            dialect = replace(dialect, decimal=find_mark(written, unsure))
        source = Source(path, name, outcomes=dict(said.outcomes), dialect=dialect, query=query)
        return _guess_export(source, table, columns, unsure)
    rows = choose_rows(table, columns, said, unsure)
    return _guess_plain(Source(path, query=query, where=rows.where), rows, dialect, said, unsure)


def _guess_export(source: Source, table: Table, columns: list[Column], unsure: list[str]) -> Guess:
    """Guess what the format of a CRM leaves open."""
    title = CRMS[source.format].title
    unsure.append(f"the columns are those of {title}, so it is read as an export of it (history.format)")
    source = replace(source, where=largest_pipeline(source, table, unsure))
    export, _, _ = source.read()
    if ends := own_ends(export, CRMS[source.format], unsure):
        source = replace(source, outcomes={**ends, **source.outcomes})
        export, _, _ = source.read()
    used = _names(export.columns)
    contact = find_contact(table, columns, used, unsure)
    if contact is not None:
        source = replace(source, columns={"first_response": contact.name})
    known = amount_known_from(export.table, export.form, export.columns, export.outcomes, unsure)
    deal = next((column for column in columns if column.name == export.columns["deal"]), None)
    segments = named_segments(table, columns, used, deal if export.form == "log" else None)
    return Guess(source, segments, "amount" in export.columns, known, tuple(unsure))


def _dialect(path: str, table: Table, columns: Sequence[Column], time_zone: str, unsure: list[str]) -> Dialect:
    """Find out how the file is written, naming only what is not the strict form."""
    encoding = delimiter = ""
    if path.lower().endswith(TEXTS):
        content = Path(path).read_bytes()
        encoding = find_encoding(content)
        delimiter = find_delimiter(content.decode(encoding, errors="replace"))
    order, sure = date_order(columns)
    if not sure:
        unsure.append(
            "dates such as 5/6/2026 could have the day or the month first: day-first is taken (history.dates)"
        )
    zone = time_zone or find_zone(table, columns, unsure)
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


def _check_stages(table: Table, stage: Column, said: Said) -> None:
    """Refuse a column of stages in which most rows are ends: a deal has one, and at least one stage before it.

    Raises
    ------
    DataError
        Saying what rows seem to be.
    """
    ends = [word for word, meant in words.meanings(stage.words, said.outcomes).items() if meant != "open"]
    texts = table.cells[stage.name].astype("str").map(normalise)
    n_ends, n_stages = int(texts.isin(ends).sum()), int((~texts.isin(ends) & (texts != "")).sum())
    if n_ends > n_stages:
        raise DataError(
            f"{table.path}: {counted(n_ends, 'row')} of {stage.name!r} {agreed(n_ends, 'is an end', 'are ends')}"
            f" ({', '.join(ends[:4])}) and {n_stages:,} {agreed(n_stages, 'is a stage', 'are stages')}, though"
            " ids repeat: if a row is a term or a try of its own, with a beginning and an end, give"
            " each an id of its own, such as the id with the day on which it began; if rows are changes, add those into"
            " the stages before"
        )


def _guess_plain(source: Source, rows: ChosenRows, dialect: Dialect, said: Said, unsure: list[str]) -> Guess:
    table, columns = rows.table, rows.columns
    dated = [column for column in columns if column.is_date]
    if not dated:
        raise DataError(
            f"{source.path}: no column holds dates (columns: {', '.join(column.name for column in columns)});"
            f" simcast needs to know when deals entered stages, or began and ended{why_no_dates(columns)}"
        )
    deal = said.column(columns, "deal") or find_deal(table, columns, unsure)
    repeats = len(table.place) > 1.2 * deal.n_words
    chosen: dict[str, str | dict[str, str]] = {"deal": deal.name}
    contact = said.column(columns, "first_response") or find_contact(table, columns, said.columns.values(), unsure)
    if dated == [contact]:
        contact = None
    others = [column for column in columns if column is not contact]
    told = next((column for column in columns if column.name == rows.stage), None) or said.column(columns, "stage")
    stage = (told or find_stage(table, others, deal)) if repeats else None
    if stage is not None:
        _check_stages(table, stage, said)
        form, outcomes = "log", read_as_log(table, others, said, deal, stage, chosen, unsure)
    else:
        form, outcomes = "deals", read_as_deals(table, others, said, chosen, unsure)
    amount = said.column(columns, "amount") or find_amount(others, unsure)
    if amount is not None:
        chosen["amount"] = amount.name
        dialect = replace(dialect, decimal=find_mark(amount, unsure))
    if contact is not None:
        chosen["first_response"] = contact.name
        if contact.is_number and not dialect.decimal:
            dialect = replace(dialect, decimal=find_mark(contact, unsure))
    used = _names(chosen)
    if left := [column.name for column in columns if column.is_date and column.name not in used]:
        unsure.append(f"dates that are left out: {', '.join(left)}; name one that counts (history.columns)")
    unsure += undated_ends(table, columns, used, deal.name, {*outcomes.values(), *stage.words}) if stage else []
    segments = named_segments(table, columns, used, deal if form == "log" else None)
    ours = {name: value for name, value in chosen.items() if name != value or name == "first_response"}
    source = replace(source, format=form, columns=ours, outcomes=outcomes, dialect=dialect)
    if form == "deals" and "outcome" not in chosen:  # reading tells it, by the dates
        table, chosen = source.read()[0].table, {**chosen, "outcome": OUTCOME}
    known = amount_known_from(table, form, chosen, outcomes, unsure)
    return Guess(source, segments, amount is not None, known, tuple(unsure))
