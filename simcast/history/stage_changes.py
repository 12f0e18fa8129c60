"""Choosing the changes of stage among the rows of a CRM's history, and the stages that deals began in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history.crm import Crm, Shape, fold
from simcast.history.outcome_words import word_key
from simcast.history.table import Table
from simcast.writing import agreed, counted

USUAL_BEGINNING = 0.9
"""The share of deals that must begin in one stage, for those of which nothing is said to be taken to begin there."""

Order = np.ndarray[tuple[int], np.dtype[np.intp]]


def keep_changes(table: Table, shape: Shape, found: Mapping[str, str], crm: Crm) -> tuple[Table, list[str]]:
    """Keep the rows that move a deal to another stage; say what the rest was.

    Where rows tell the stage left too and the day of creation is known, a row is put before each deal's first: the
    entry into the stage that it began in. A deal that never changed its stage, or only ended, has no such row; it is
    taken to have begun where nearly all others did.
    """
    remarks: list[str] = []
    everything = table
    if "field" in found and shape.fields:
        everything, found = _with_creations(table, shape, found)
        table = _of_fields(everything, shape, found, crm, remarks)
        table = _without_deletions(table, found, crm, remarks)
    table = _with_beginnings(everything, table, found, crm, remarks)
    order = _in_time(table, found)
    deal = _ids(table, found)
    stage = table.cells[found["stage"]].astype("str").map(word_key).to_numpy()
    repeats = np.zeros(len(order), dtype=bool)
    same = (deal[order][1:] == deal[order][:-1]) & (stage[order][1:] == stage[order][:-1])
    repeats[order[1:][same]] = True
    if repeats.any():
        n_same = int(repeats.sum())
        change, are = agreed(n_same, "changes", "change"), agreed(n_same, "is", "are")
        remarks.append(f"{counted(n_same, 'row')} {change} no stage (the amount or another field) and {are} left out")
        table = table.keep(~repeats)
    return table, remarks


def _ids(table: Table, found: Mapping[str, str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return table.cells[found["deal"]].astype("str").str.strip().to_numpy(dtype=object)


def _is_among(cells: pd.Series, words: Iterable[str]) -> NDArray[np.bool_]:
    return cells.astype("str").map(fold).isin({fold(word) for word in words}).to_numpy(dtype=bool, copy=True)


def _with_creations(table: Table, shape: Shape, found: Mapping[str, str]) -> tuple[Table, Mapping[str, str]]:
    """Take the days of creation from the rows that tell of it, where no column does."""
    created = _is_among(table.cells[found["field"]], shape.creations)
    if "created" in found or not created.any():
        return table, found
    deal = _ids(table, found)
    days = dict(zip(deal[created], table.cells[found["entered"]].astype("str")[created], strict=True))
    name = "day of creation"
    while name in table.cells.columns:
        name += "_"
    cells = table.cells.assign(**{name: pd.Series([days.get(one, "") for one in deal], dtype="str")})
    return replace(table, cells=cells), {**found, "created": name}


def _of_fields(table: Table, shape: Shape, found: Mapping[str, str], crm: Crm, remarks: list[str]) -> Table:
    """Leave out changes of other fields, and deals that are opened again (their stage says where)."""
    stage = table.cells[found["stage"]].astype("str").map(word_key)
    words = {word_key(word) for word in crm.is_open}
    chosen = _is_among(table.cells[found["field"]], shape.fields)
    chosen &= ~stage.isin(words).to_numpy(dtype=bool)
    known = set(stage[chosen])
    if "from" in found:
        known |= set(table.cells[found["from"]].astype("str").map(word_key)[chosen])
    created = _is_among(table.cells[found["field"]], shape.creations)
    told = created & stage.isin(known - {""}).to_numpy(dtype=bool)
    if 2 * told.sum() > created.sum():  # they tell the first stage too, also one that no deal has left yet
        told = created & (stage != "").to_numpy(dtype=bool)
    chosen |= told
    if not chosen.all():
        n_others = int((~chosen).sum())
        tell, are = agreed(n_others, "tells", "tell"), agreed(n_others, "is", "are")
        remarks.append(f"{counted(n_others, 'row')} {tell} of other things than stages and {are} left out")
    return table.keep(chosen)


def _without_deletions(table: Table, found: Mapping[str, str], crm: Crm, remarks: list[str]) -> Table:
    """Take an open deal that was deleted as lost on that day; one that had ended stays as it ended."""
    gone = table.cells[found["stage"]].astype("str").map(word_key).isin({word_key(word) for word in crm.gone})
    if not gone.any():
        return table
    deleted, ended = gone.to_numpy(dtype=bool), _is_end(table, found, crm)
    order, deal = _in_time(table, found), _ids(table, found)
    after = np.zeros(len(order), dtype=bool)
    after[order[1:]] = (deal[order][1:] == deal[order][:-1]) & (ended | deleted)[order][:-1]
    cells = table.cells.copy()
    cells[found["stage"]] = cells[found["stage"]].mask(gone & ~after, crm.lost[0])
    if n_lost := int((deleted & ~after).sum()):
        were, count = agreed(n_lost, "was", "were"), agreed(n_lost, "it counts", "they count")
        remarks.append(f"{counted(n_lost, 'open deal')} {were} deleted: {count} as lost on that day")
    if n_ended := int((deleted & after).sum()):
        were, end = (
            agreed(n_ended, "was", "were"),
            agreed(n_ended, "its end: it stays as it", "their end: they stay as they"),
        )
        remarks.append(f"{counted(n_ended, 'deal')} {were} deleted after {end} ended")
    return replace(table, cells=cells).keep(~(deleted & after))


def _in_time(table: Table, found: Mapping[str, str]) -> Order:
    """Return the order of the rows by deal and time; strictly written dates sort as text."""
    deal = _ids(table, found).astype("str")
    when = table.cells[found["entered"]].astype("str").str.replace("T", " ").to_numpy()
    return np.lexsort((np.arange(len(deal)), when, deal))


def _with_beginnings(everything: Table, table: Table, found: Mapping[str, str], crm: Crm, remarks: list[str]) -> Table:
    """Put a row before each deal's first change, where the file tells the stage it left and the day of creation."""
    deal = _ids(table, found)
    silent = _first_rows(_ids(everything, found), set(deal))
    if "from" not in found or not len(table.place):
        _say_left_out(len(silent), remarks)
        return table
    order = _in_time(table, found)
    first = order[np.append(True, deal[order][1:] != deal[order][:-1])]
    before = table.cells[found["from"]].astype("str").str.strip().iloc[first]
    was_open = before.map(word_key).isin(map(word_key, crm.is_open)).to_numpy(dtype=bool)
    told = (before != "").to_numpy(dtype=bool) & ~was_open  # a change of status tells that a deal was open, not where
    if "created" not in found:
        _say_left_out(len(silent), remarks)
        if told.any():
            n_told = int(told.sum())
            begin, they = agreed(n_told, "begins here with its", "begin here with their"), agreed(n_told, "it", "they")
            remarks.append(
                f"{counted(n_told, 'deal')} {begin} first change, since the export does not say when {they} entered the"
                " stage before it: add the date of creation"
            )
        return table
    dated = (table.cells[found["created"]].astype("str").str.strip() != "").to_numpy(dtype=bool)[first]
    parts = [_entries(table, found, first[told & dated], before[told & dated])]
    if (told & dated).any():
        n_dated = int((told & dated).sum())
        enter, their = agreed(n_dated, "enters its", "enter their"), agreed(n_dated, "its", "their")
        remarks.append(f"{counted(n_dated, 'deal')} {enter} first stage on the day of {their} creation")
    usual = _usual(before[told])
    is_end = _is_end(table, found, crm)[first]
    ended = first[was_open & dated & is_end]
    if usual is None:
        _say_left_out(len(silent), remarks)
    elif len(silent) + len(ended):
        n_still = len(silent) + len(ended)
        change, are = agreed(n_still, "changes", "change"), agreed(n_still, "it is", "they are")
        remarks.append(
            f"{counted(n_still, 'deal')} never {change} from one stage to another: {are} taken to have begun in"
            f" {usual!r}, as nearly all others did"
        )
        parts += [_entries(table, found, ended, usual), _entries(everything, found, silent, usual)]
    return _joined([*parts, table])


def _first_rows(ids: NDArray[np.object_], others: set[str]) -> NDArray[np.intp]:
    """Return the first row of each deal that is not among the others; rows without an id are nobody's."""
    first = pd.Series(ids).drop_duplicates()
    return np.array([row for row, one in first.items() if one and one not in others], dtype=np.intp)


def _say_left_out(n_deals: int, remarks: list[str]) -> None:
    if n_deals:
        have, are = agreed(n_deals, "has", "have"), agreed(n_deals, "is", "are")
        remarks.append(f"{counted(n_deals, 'deal')} {have} no change of stage on record and {are} left out")


def _usual(stages: pd.Series) -> str | None:
    """Return the stage that nearly all deals begin in, if there is one."""
    counts = stages.value_counts()
    return str(counts.index[0]) if len(counts) and counts.iloc[0] >= USUAL_BEGINNING * counts.sum() else None


def _is_end(table: Table, found: Mapping[str, str], crm: Crm) -> NDArray[np.bool_]:
    ends = {word_key(word) for word in (*crm.won, *crm.lost)}
    return table.cells[found["stage"]].astype("str").map(word_key).isin(ends).to_numpy(dtype=bool)


def _entries(table: Table, found: Mapping[str, str], rows: NDArray[np.intp], stage: pd.Series | str) -> Table:
    """Return rows that tell of the entry into a stage on the day of creation; the place is that of the rows given."""
    cells = table.cells.iloc[rows].copy()
    cells[found["stage"]] = stage
    cells[found["entered"]] = cells[found["created"]]
    if "amount" in found:
        cells[found["amount"]] = ""
    return Table(table.path, cells, table.place[rows])


def _joined(parts: Sequence[Table]) -> Table:
    """Return the rows of all parts, one after the other."""
    misshapen: dict[int, list[str]] = {}
    n_rows = 0
    for part in parts:
        misshapen |= {row + n_rows: fields for row, fields in part.misshapen.items()}
        n_rows += len(part.place)
    cells = pd.concat([part.cells for part in parts], ignore_index=True)
    return Table(parts[0].path, cells, np.concatenate([part.place for part in parts]), misshapen)
