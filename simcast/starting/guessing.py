"""Guessing how to read a user's own file: its format, columns and words, and what of that is not sure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from simcast.errors import DataError
from simcast.history.crm import CRMS, Crm, fold
from simcast.history.dialect import Dialect, find_decimal
from simcast.history.exports import translate
from simcast.history.outcome_words import without_pipeline, word_key
from simcast.history.parsing import normalise
from simcast.history.sources import Source
from simcast.history.sql import is_database, read_query
from simcast.history.table import Table, find_delimiter, find_encoding, read_table
from simcast.starting import words
from simcast.starting.columns import Column, date_order, has_offsets, look_at
from simcast.starting.undated_ends import undated_ends

FEWEST_PER_SEGMENT = 30
MOST_SEGMENT_VALUES = 12


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


def guess(path: str, query: str | None = None, given: Mapping[str, str] | None = None) -> Guess:
    """Look at a file, or at a table of a database, and guess how to read it.

    Parameters
    ----------
    path, query
        The file; or the URL of a database, and a table or a select.
    given
        Columns that the user names: deal, stage, entered, outcome, closed or amount.

    Raises
    ------
    DataError
        When it cannot be read at all, or has no column that could be a deal's id or a date.
    """
    unsure: list[str] = []
    table = read_query(path, query)[0] if is_database(path) else read_table(Path(path), "auto", "auto")
    columns = look_at(table)
    dialect = _dialect(path, columns, unsure)
    _check_given(table, given or {})
    crm = None if given else _crm(table, dialect)
    if crm is not None:
        title = CRMS[crm].title
        unsure.append(f"the columns are those of {title}, so it is read as an export of it (history.format)")
        source = Source(path, crm, dialect=dialect, query=query)
        source = replace(source, where=_where(source, unsure))
        export, _, _ = source.read()
        used = {str(value) for value in export.columns.values()}
        amount = export.columns.get("amount")
        known = _amount_known_from(export.table, export.form, export.columns, export.outcomes)
        deal = next((column for column in columns if column.name == export.columns["deal"]), None)
        segments = _segments(table, columns, used, deal if export.form == "log" else None)
        return Guess(source, segments, amount is not None, known, tuple(unsure))
    return _guess_plain(Source(path, query=query), table, columns, dialect, given or {}, unsure)


def _check_given(table: Table, given: Mapping[str, str]) -> None:
    known = ("deal", "stage", "entered", "outcome", "closed", "amount")
    problems = [f"--column {name}: is not one of ours ({', '.join(known)})" for name in given if name not in known]
    names = list(table.cells.columns)
    problems += [
        f"--column {name}: there is no column {column!r} (known: {', '.join(names)})"
        for name, column in given.items()
        if column not in names
    ]
    if problems:
        raise DataError(problems)


def _candidates(
    columns: Sequence[Column], given: Mapping[str, str], name: str, otherwise: Sequence[Column]
) -> list[Column]:
    """Return the column that the user names for one of ours; else those that may be it."""
    return [column for column in columns if column.name == given[name]] if name in given else list(otherwise)


def _dialect(path: str, columns: Sequence[Column], unsure: list[str]) -> Dialect:
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
    zone = "UTC" if has_offsets(columns) else ""
    if zone:
        unsure.append(
            "times are in UTC, and so are the days; name your own zone, such as Europe/Berlin (history.time_zone)"
        )
    return Dialect(
        encoding if encoding != "utf-8" else "",
        delimiter if delimiter != "," else "",
        order if order != "iso" else "",
        "",
        zone,
    )


def _crm(table: Table, dialect: Dialect) -> str | None:
    """Return the CRM whose columns and words the table has."""
    for name, crm in CRMS.items():
        try:
            export = translate(table, crm, dialect.completed(by_itself=True))
        except DataError:
            continue
        column = str(export.columns.get("stage") or export.columns["outcome"])
        ends = export.table.cells[column].astype("str").map(without_pipeline)
        typical = {word_key(word) for word in (*crm.won, *crm.lost)} - {"won", "lost"}
        if set(ends.map(word_key)) & typical or _has_marks(table, crm):
            return name
    return None


def _has_marks(table: Table, crm: Crm) -> bool:
    """Tell whether a table has columns, or words in them, that only this CRM gives."""
    columns = set(table.cells.columns)
    if any(len(columns & set(marks)) == len(marks) for marks in crm.marks):
        return True
    words = {fold(word) for shape in crm.shapes for word in (*shape.fields, *shape.creations) if "_" in word}
    told = [name for shape in crm.shapes for name in shape.columns.get("field", ()) if name in columns]
    return any(set(table.cells[name].astype("str").map(fold)) & words for name in told)


def _where(source: Source, unsure: list[str]) -> dict[str, str]:
    """Choose the largest of several pipelines."""
    try:
        source.read()
    except DataError as error:
        found = re.search(r'history\.where: {"(.+?)": "', str(error))
        if found is None:
            raise
        column = found[1]
        table = read_table(Path(source.path), "auto", "auto")
        largest = str(table.cells[column].astype("str").str.strip().replace("", None).value_counts().index[0])
        unsure.append(f"the file holds several pipelines: the largest, {largest!r}, is read (history.where)")
        return {column: largest}
    return {}


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
    deal = _deal_column(table, _candidates(columns, given, "deal", columns), unsure)
    repeats = len(table.place) > 1.2 * deal.n_words
    chosen: dict[str, str | dict[str, str]] = {"deal": deal.name}
    stage = _stage_column(table, _candidates(columns, given, "stage", columns), deal) if repeats else None
    if stage is not None:
        form, outcomes = "log", _log(table, columns, given, deal, stage, chosen, unsure)
    else:
        form, outcomes = "deals", _deals(table, columns, given, chosen, unsure)
    amount = _amount(_candidates(columns, given, "amount", columns), unsure)
    if amount is not None:
        chosen["amount"] = amount.name
        dialect = replace(dialect, decimal=_decimal(amount, unsure))
    used = {name for value in chosen.values() for name in ([value] if isinstance(value, str) else value.values())}
    unsure += undated_ends(table, columns, used, deal.name, {*outcomes.values(), *stage.words}) if stage else []
    segments = _segments(table, columns, used, deal if form == "log" else None)
    ours = {name: value for name, value in chosen.items() if name != value}
    source = replace(source, format=form, columns=ours, outcomes=outcomes, dialect=dialect)
    known = _amount_known_from(table, form, chosen, outcomes)
    return Guess(source, segments, amount is not None, known, tuple(unsure))


def _deal_column(table: Table, columns: Sequence[Column], unsure: list[str]) -> Column:
    """Choose the column that tells deals apart: one called so, or else the one with the most values."""
    named = [
        column
        for column in columns
        if (words.ID.search(column.key) or words.DEAL.fullmatch(column.key)) and not column.is_date
    ]
    named.sort(key=lambda column: (not words.DEAL.search(column.key), -column.n_words))
    if named:
        return named[0]
    others = [column for column in columns if not column.is_date and not column.is_number and column.filled > 0.99]
    if not others:
        raise DataError(f"{table.path}: no column looks like the id of a deal; name one: --column deal=...")
    best = max(others, key=lambda column: column.n_words)
    unsure.append(f"no column is called an id: {best.name!r} is taken to tell deals apart (history.columns.deal)")
    return best


def _stage_column(table: Table, columns: Sequence[Column], deal: Column) -> Column | None:
    """Choose the column of stages of a log: one called so in which a deal seldom has the same word twice."""

    def fit(column: Column) -> tuple[bool, float]:
        pairs = table.cells[[deal.name, column.name]].drop_duplicates()
        exact = column.key in {"stage", "to_stage", "new_stage", "stage_name", "activity", "этап", "стадия"}
        return exact, len(pairs) / len(table.place)

    named = [
        column
        for column in columns
        if words.STAGE.search(column.key) and not (column.is_date or column.is_number) and 1 < column.n_words <= 60
    ]
    return max(named, key=fit) if named else None


def _log(
    table: Table,
    columns: Sequence[Column],
    given: Mapping[str, str],
    deal: Column,
    stage: Column,
    chosen: dict[str, str | dict[str, str]],
    unsure: list[str],
) -> dict[str, str]:
    """Choose the columns of a log; return what its words mean."""
    dated = [column for column in columns if column.is_date and not words.NO_EVENT.search(column.key)]
    dated = _candidates(columns, given, "entered", dated or [column for column in columns if column.is_date])
    changing = [len(table.cells[[deal.name, column.name]].drop_duplicates()) for column in dated]
    entered = dated[max(range(len(dated)), key=lambda k: changing[k])]
    if len(dated) > 1:
        others = ", ".join(column.name for column in dated if column is not entered)
        unsure.append(f"{entered.name!r} is taken as the day of entry, not {others} (history.columns.entered)")
    chosen.update(stage=stage.name, entered=entered.name)
    outcomes = {word: found for word in stage.words if (found := words.meaning(word))}
    for name in ("won", "lost"):
        meant = [word for word, found in outcomes.items() if found == name and word.casefold() != name]
        if meant:
            unsure.append(f"{', '.join(map(repr, meant))} is taken to mean {name} (history.outcomes)")
    return {word: found for word, found in outcomes.items() if word != found}


def _deals(
    table: Table,
    columns: Sequence[Column],
    given: Mapping[str, str],
    chosen: dict[str, str | dict[str, str]],
    unsure: list[str],
) -> dict[str, str]:
    """Choose the columns of a table with a row per deal; return what its words mean."""
    path = str(table.path)
    outcome = _outcome_column(path, _candidates(columns, given, "outcome", columns))
    dated = [column for column in columns if column.is_date]
    ends = [column for column in dated if words.CLOSED.search(column.key) and not words.NO_EVENT.search(column.key)]
    ends = _candidates(columns, given, "closed", ends)
    begun = [column for column in dated if column not in ends and not words.NO_EVENT.search(column.key)]
    begun = _candidates(columns, given, "entered", begun)
    if not ends or not begun:
        raise DataError(
            f"{path}: a row per deal needs a date on which it began and one on which it ended (dates found:"
            f" {', '.join(column.name for column in dated)}); name them: --column entered=..., --column closed=..."
        )
    closed = max(ends, key=lambda column: _share_dated(table, outcome, column))
    if len(ends) > 1:
        others = ", ".join(column.name for column in ends if column is not closed)
        unsure.append(
            f"{closed.name!r} is taken as the day on which a deal ended, not {others} (history.columns.closed)"
        )
    if len(begun) == 1:
        unsure.append(
            f"only {begun[0].name!r} and {closed.name!r} date a deal, so its whole way is one stage; a log of stage"
            " changes would show where deals are lost"
        )
        entered = {"selling": begun[0].name}
    else:
        entered = {words.stage_name(column.name): column.name for column in begun}
        unsure.append(
            f"the dates {', '.join(column.name for column in begun)} are taken as those on which deals entered stages"
            " (history.columns.entered)"
        )
    chosen.update(outcome=outcome.name, closed=closed.name, entered=entered)
    outcomes = {word: words.meaning(word) or "open" for word in outcome.words}
    for name in ("won", "lost", "open"):
        meant = [word for word, found in outcomes.items() if found == name and word.casefold() != name]
        if meant:
            unsure.append(
                f"in {outcome.name!r} {', '.join(map(repr, meant))} is taken to mean {name} (history.outcomes)"
            )
    return {word: found for word, found in outcomes.items() if word not in {"won", "lost", "open"}}


def _share_dated(table: Table, outcome: Column, column: Column) -> float:
    """Return which share of the ended deals have a date in a column."""
    cells = table.cells[outcome.name].astype("str").map(normalise)
    ended = cells.isin([word for word in outcome.words if words.meaning(word)])
    texts = table.cells[column.name]
    return float((texts.notna() & (texts.astype("str").str.strip() != ""))[ended].mean())


def _outcome_column(path: str, columns: Sequence[Column]) -> Column:
    """Choose the column that tells won deals from lost ones."""

    def fit(column: Column) -> tuple[int, bool]:
        return len({words.meaning(word) for word in column.words} & {"won", "lost"}), bool(
            words.OUTCOME.search(column.key)
        )

    able = [column for column in columns if not (column.is_date or column.is_number) and column.n_words <= 60]
    best = max(able, key=fit, default=None)
    if best is None or fit(best)[0] == 0:
        raise DataError(
            f"{path}: no column tells won deals from lost ones; add one with the words won, lost and open, or export a"
            " log of stage changes (a row per change: deal, stage, entered)"
        )
    return best


def _amount(columns: Sequence[Column], unsure: list[str]) -> Column | None:
    named = [
        column
        for column in columns
        if column.is_number and words.AMOUNT.search(column.key) and not words.NO_AMOUNT.search(column.key)
    ]
    if not named:
        unsure.append("no column looks like an amount: each deal counts as 1, and wins are forecast (assume.amount)")
        return None
    best = max(named, key=lambda column: (column.key == "amount", column.filled))
    if len(named) > 1:
        others = ", ".join(column.name for column in named if column is not best)
        unsure.append(f"{best.name!r} is taken as the amount, not {others} (history.columns.amount)")
    return best


def _decimal(amount: Column, unsure: list[str]) -> str:
    """Return the decimal mark where amounts are not written strictly."""
    if not any(re.search(r"[^\d.]", word) for word in amount.words) and find_decimal(amount.words) == ".":
        return ""
    mark = find_decimal([re.sub(r"[^\d.,]", "", word) for word in amount.words])
    if mark is None:
        unsure.append(
            "whether 1,234 is a thousand or a bit more than one is not clear: '.' is the mark (history.decimal)"
        )
    return mark or "."


def _segments(table: Table, columns: Sequence[Column], used: set[str], deal: Column | None) -> tuple[str, ...]:
    """Choose columns that tell deals apart: with few values, filled, and the same on all rows of a deal."""
    found = []
    for rank, pattern in enumerate(words.SEGMENTS):
        for column in columns:
            few = 2 <= column.n_words <= min(MOST_SEGMENT_VALUES, len(table.place) // FEWEST_PER_SEGMENT)
            if column.name in used or column.is_date or column.is_number or column.filled < 0.95 or not few:
                continue
            if pattern.search(column.key) and (deal is None or _is_constant(table, deal, column)):
                found.append((rank, column.name))
    return tuple(dict.fromkeys(name for _, name in found))


def _is_constant(table: Table, deal: Column, column: Column) -> bool:
    return len(table.cells[[deal.name, column.name]].drop_duplicates()) == deal.n_words


def _amount_known_from(table: Table, form: str, columns: object, outcomes: object) -> str:
    """Tell whether open deals of a table with a row per deal have amounts as often as ended ones."""
    if form != "deals" or not isinstance(columns, dict) or not isinstance(outcomes, dict) or "amount" not in columns:
        return "close"
    meanings = {**outcomes, "won": "won", "lost": "lost", "open": "open"}
    ends = table.cells[columns["outcome"]].astype("str").str.strip().map(meanings)
    empty = table.cells[columns["amount"]].astype("str").str.strip().isin(["", "nan", "<NA>"])
    is_open = ~ends.isin(["won", "lost"])
    if not is_open.any() or is_open.all():
        return "close"
    return "entry" if empty[is_open].mean() <= 0.1 else "close"
