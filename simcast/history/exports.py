"""From the export of a CRM to the table, columns and words of our own formats."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.errors import DataError
from simcast.history.columns import ColumnNames
from simcast.history.crm import ONE_STAGE, Crm, Shape, fold
from simcast.history.dialect import Dialect, rewrite
from simcast.history.export_rows import currency_caveats, with_plain_codes, without_footer
from simcast.history.outcome_words import (
    outcome_words,
    semantic_meaning,
    without_pipeline,
    word_key,
    words_by_flags,
    words_by_semantic,
)
from simcast.history.parsing import normalise
from simcast.history.responses import holds_hours
from simcast.history.stage_changes import keep_changes
from simcast.history.stage_columns import Chosen, entered_columns
from simcast.history.table import Table

DATES = ("entered", "created", "closed", "won_at", "lost_at")


@dataclass(frozen=True)
class Export:
    """A CRM's table in the terms of our own formats.

    Parameters
    ----------
    table
        Its rows, dates and amounts written strictly; each keeps its line.
    form
        ``log`` or ``deals``.
    columns, outcomes
        As `read_history` takes them.
    stages
        Stages that columns are named after, in the order of the file; empty where rows name them.
    remarks, caveats
        What was found and what follows from it, for the quality report; caveats may mislead a forecast.
    faults
        What is wrong with cells already, by column and row.
    """

    table: Table
    form: str
    columns: dict[str, str | dict[str, str]]
    outcomes: dict[str, str]
    stages: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    faults: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


def translate(
    table: Table,
    crm: Crm,
    dialect: Dialect,
    *,
    stages: Sequence[str] = (),
    columns: ColumnNames | None = None,
    outcomes: Mapping[str, str] | None = None,
    chosen: Chosen = None,
) -> Export:
    """Find out which of its exports a CRM's table is, and bring it into the terms of our own formats.

    Parameters
    ----------
    table
        The file as it stands.
    crm
        How the CRM exports.
    dialect
        How dates and numbers are written.
    stages
        The pipeline's, where it is known already: words that name one of them are no outcomes.
    columns, outcomes
        What the user says of columns and words; it goes before what is known of the CRM.
    chosen
        Columns and the values by which rows were chosen already (history.where); None: only the kind of table is
        asked, and it may hold several pipelines.

    Raises
    ------
    DataError
        When it is not one of the CRM's exports, or when something can be read in two ways.
    """
    table, remarks = without_footer(table, crm)
    given = {name: normalise(column) for name, column in (columns or {}).items() if isinstance(column, str)}
    table = with_plain_codes(table, crm, {given[name] for name in ("stage", "outcome") if name in given})
    shape, found = _find_shape(table, crm, given)
    _check_one_pipeline(table, found, chosen)
    words = {} if shape.form == "log" else _words_of_deals(table, crm, shape, found, stages, outcomes or {})
    entered = (
        {} if shape.form == "log" else entered_columns(table, _kinds_of_ends(crm, words), crm, columns, stages, chosen)
    )
    dated = [column for name, column in found.items() if name in DATES] + list(entered.values())
    amounts = [found["amount"]] if "amount" in found else []
    contacts = (columns or {}).get("first_response")
    for column in [contacts] if isinstance(contacts, str) else (contacts or {}).values():
        if (name := normalise(column)) in table.cells.columns:
            (amounts if holds_hours(table.cells[name]) else dated).append(name)
    caveats = currency_caveats(table, found["amount"]) if "amount" in found else []
    problems: list[str] = []
    table = rewrite(table, dialect, dated, amounts, problems)
    if problems:
        raise DataError(problems)
    if shape.form == "log":
        export = _translate_log(table, crm, shape, found, stages, outcomes or {})
    else:
        export = _translate_deals(table, crm, found, entered, words, stages, outcomes or {})
    if contacts is not None:
        named = contacts if isinstance(contacts, str) else dict(contacts)
        export = replace(export, columns={**export.columns, "first_response": named})
    return replace(export, remarks=(*remarks, *export.remarks), caveats=tuple(caveats))


def _find_shape(table: Table, crm: Crm, given: Mapping[str, str]) -> tuple[Shape, dict[str, str]]:
    """Return the first of the CRM's tables whose columns are all there, and the file's names of them."""
    missing = []
    for shape in crm.shapes:
        found, doubtful = _match(table, shape, given)
        lacking = [name for name in shape.needs if name not in found]
        if not lacking:
            if doubtful:
                raise DataError([f"{table.path}: {text}" for text in doubtful])
            return shape, found
        missing.append((len(lacking), shape, lacking))
    _, shape, lacking = min(missing, key=lambda item: item[0])
    raise DataError(
        f"{table.path}: looks like no export of {crm.title}: there is no column for {_needed(shape, lacking)};"
        " export it too, or name the file's own under history.columns"
        f" (columns of the file: {', '.join(table.cells.columns)})"
    )


def _needed(shape: Shape, lacking: Sequence[str]) -> str:
    return " and ".join(f"{name!r} (such as {shape.columns[name][0]!r})" for name in lacking)


def _match(table: Table, shape: Shape, given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Find the file's column for each of a shape's names; the given ones go first."""
    by_fold: dict[str, list[str]] = {}
    for column in table.cells.columns:
        by_fold.setdefault(fold(column), []).append(column)
    found, doubtful = {}, []
    for name, headers in shape.columns.items():
        if name in given:
            if given[name] in table.cells.columns:
                found[name] = given[name]
            continue
        for header in headers:
            candidates = [column for column in by_fold.get(fold(header), []) if column not in found.values()]
            exact = [column for column in candidates if column == header]
            if len(candidates) > 1 and not exact:
                doubtful.append(
                    f"columns {' and '.join(map(repr, candidates))} could both be the {name};"
                    f" name one under history.columns.{name}"
                )
            if candidates:
                found[name] = (exact or candidates)[0]
                break
    return found, doubtful


def _check_one_pipeline(table: Table, found: Mapping[str, str], chosen: Chosen) -> None:
    column = found.get("pipeline")
    if column is None or chosen is None or column in chosen:
        return
    names = [name for name in dict.fromkeys(map(normalise, table.cells[column].astype("str"))) if name]
    if len(names) > 1:
        raise DataError(
            f"{table.path}: holds deals of {len(names)} pipelines ({', '.join(names[:6])});"
            f' choose one: history.where: {{"{column}": "{names[0]}"}}'
        )


def _translate_log(
    table: Table,
    crm: Crm,
    shape: Shape,
    found: Mapping[str, str],
    stages: Sequence[str],
    given: Mapping[str, str],
) -> Export:
    """Keep the rows that are changes of stage, and add the entries into the stages that deals began in."""
    words = outcome_words(table.cells[found["stage"]], crm, stages, given)
    if "semantic" in found:
        words = {**words_by_semantic(table.cells[found["stage"]], table.cells[found["semantic"]], stages), **words}
    changed, remarks = keep_changes(table, shape, found, crm)
    if not len(changed.place):
        raise DataError(f"{table.path}: holds no change of stage; {crm.with_dates}")
    columns: dict[str, str | dict[str, str]] = {name: found[name] for name in ("deal", "stage", "entered")}
    if "amount" in found:
        columns["amount"] = found["amount"]
    ours = {word: name for word, name in words.items() if name != "open"} | dict(given)
    return Export(changed, "log", columns, ours, remarks=tuple(remarks))


def _translate_deals(
    table: Table,
    crm: Crm,
    found: Mapping[str, str],
    entered: dict[str, str],
    words: dict[str, str],
    stages: Sequence[str],
    given: Mapping[str, str],
) -> Export:
    """Give a table with a row per deal one column of outcomes and one of their dates."""
    kinds = _kinds_of_ends(crm, words)
    ends = {name: column for name, column in entered.items() if word_key(name) in kinds}
    dated = {name: column for name, column in entered.items() if name not in ends}
    remarks = []
    if not dated:
        first = stages[0] if stages else ONE_STAGE
        dated = {first: found["entered"]}
        if len(stages) > 1:
            raise DataError(
                f"{table.path}: has no dates of stages, only when a deal began and ended, so pipeline.stages can"
                f" have one stage, such as [selling]; for {len(stages)} stages, {crm.with_dates}"
            )
        remarks.append(
            "the export has no dates of stages: a deal's whole way, from its creation to its end, is one stage here"
        )
    cells, outcome = _with_outcomes(table, crm, found, words, given)
    losses = {name for name in ends if kinds[word_key(name)] == "lost"}
    cells, closed = _with_ends(cells, crm, found, ends, losses, words)
    columns: dict[str, str | dict[str, str]] = {
        "deal": found["deal"],
        "outcome": outcome,
        "closed": closed,
        "entered": dated,
    }
    if "amount" in found:
        columns["amount"] = found["amount"]
    return Export(replace(table, cells=cells), "deals", columns, words, tuple(dated), tuple(remarks))


def _words_of_deals(
    table: Table, crm: Crm, shape: Shape, found: Mapping[str, str], stages: Sequence[str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the meaning of outcome words: the user's, the CRM's own, or by flags where names are a company's."""
    words = outcome_words(table.cells[found["outcome"]], crm, stages, given, by_name=not shape.tells_status)
    told = {normalise(word) for word in (*stages, *given)}
    won, lost, _ = _flags(table, found)
    for word, name in words_by_flags(table.cells[found["outcome"]].astype("str").map(normalise), won, lost).items():
        if words.get(word, "open") == "open" and word not in told:
            words[word] = name
    return words


def _kinds_of_ends(crm: Crm, words: Mapping[str, str]) -> dict[str, str]:
    """Return won or lost for the stages that are ends, as `word_key` writes their names."""
    own = {word_key(word): "lost" for word in crm.lost} | {word_key(word): "won" for word in crm.won}
    return own | {word_key(without_pipeline(word)): name for word, name in words.items() if name in {"won", "lost"}}


_TRUE = {"1", "true", "yes", "y", "да", "истина", "s"}


def _flag(table: Table, found: Mapping[str, str], name: str) -> NDArray[np.bool_]:
    if name not in found:
        return np.zeros(len(table.place), dtype=bool)
    return table.cells[found[name]].map(lambda text: fold(str(text)) in _TRUE).to_numpy(dtype=bool, copy=True)


def _flags(table: Table, found: Mapping[str, str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are flagged as won, as lost, and as closed."""
    won, lost, closed = (_flag(table, found, name) for name in ("is_won", "is_lost", "is_closed"))
    if "is_won" in found:
        lost |= closed & ~won
    if "semantic" in found:
        meant_so = table.cells[found["semantic"]].map(semantic_meaning)
        won |= (meant_so == "won").to_numpy(dtype=bool)
        lost |= (meant_so == "lost").to_numpy(dtype=bool)
    return won, lost, closed


def _with_outcomes(
    table: Table, crm: Crm, found: Mapping[str, str], words: dict[str, str], given: Mapping[str, str]
) -> tuple[pd.DataFrame, str]:
    """Let flags of won and lost go before the stage's name, where the file has them, but not before the user's words.

    A deal that is closed, and nothing says how, keeps a word without meaning: strict reading asks for it.
    """
    cells, outcome = table.cells.copy(), found["outcome"]
    texts = cells[outcome].map(lambda text: normalise(str(text)))
    won, lost, closed = _flags(table, found)
    said = texts.isin({normalise(word) for word in given}).to_numpy(dtype=bool)
    meant = texts.map(words).to_numpy(dtype=object)
    for mask, word, name in ((won, crm.won[0], "won"), (lost & ~won, crm.lost[0], "lost")):
        change = mask & ~said & (meant != name)
        if change.any():
            cells[outcome] = cells[outcome].mask(change, word)
            words[word] = name
    for word in set(texts[closed & ~won & ~lost & ~said & (meant == "open")]):
        del words[word]
    return cells, outcome


def _with_ends(
    cells: pd.DataFrame,
    crm: Crm,
    found: Mapping[str, str],
    ends: Mapping[str, str],
    lost: Collection[str],
    words: Mapping[str, str],
) -> tuple[pd.DataFrame, str]:
    """Join the dates of winning and losing, and of closing where those are empty, in one column."""
    wins = [found["won_at"]] if "won_at" in found else []
    losses = [found["lost_at"]] if "lost_at" in found else []
    for name, column in ends.items():
        (losses if name in lost else wins).append(column)
    closed = [found["closed"]] if "closed" in found else []
    sources = list(dict.fromkeys([*wins, *losses, *closed]))
    if not sources:
        raise DataError(f"there is no column for the day on which a deal ended; export {crm.title}'s too")
    if len(sources) == 1:
        return cells, sources[0]
    is_lost = cells[found["outcome"]].map(lambda text: words.get(normalise(str(text))) == "lost").astype(bool)
    dates = _first_filled(cells, [*wins, *closed]).where(~is_lost, _first_filled(cells, [*losses, *closed]))
    name = " / ".join(sources)
    return cells.assign(**{name: dates.astype("str")}), name


def _first_filled(cells: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    result = pd.Series([""] * len(cells), index=cells.index, dtype="str")
    for column in columns:
        result = result.where(result != "", cells[column].astype("str").str.strip())
    return result
