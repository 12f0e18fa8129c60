"""Choosing the changes of stage among the rows of a CRM's history, and the stages that deals began in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from simcast.history.crm import Crm, Shape, fold
from simcast.history.outcome_words import word_key
from simcast.history.table import Table


def keep_changes(table: Table, shape: Shape, found: Mapping[str, str], crm: Crm) -> tuple[Table, list[str]]:
    """Keep the rows that move a deal to another stage; say what the rest was.

    Where rows tell the stage left too and the day of creation is known, a row is put before each deal's first: the
    entry into the stage that it began in.
    """
    remarks: list[str] = []
    if "field" in found and shape.fields:
        table = _of_fields(table, shape, found, crm, remarks)
    order = _in_time(table, found)
    table = _with_beginnings(table, found, order, crm, remarks)
    order = _in_time(table, found)
    deal = table.cells[found["deal"]].astype("str").str.strip().to_numpy()
    stage = table.cells[found["stage"]].astype("str").map(word_key).to_numpy()
    repeats = np.zeros(len(order), dtype=bool)
    same = (deal[order][1:] == deal[order][:-1]) & (stage[order][1:] == stage[order][:-1])
    repeats[order[1:][same]] = True
    if repeats.any():
        remarks.append(f"{int(repeats.sum()):,} rows change no stage (the amount or another field) and are left out")
        table = table.keep(~repeats)
    return table, remarks


def _of_fields(table: Table, shape: Shape, found: Mapping[str, str], crm: Crm, remarks: list[str]) -> Table:
    """Leave out changes of other fields, and deals that are opened again (their stage says where)."""
    fields = {fold(name) for name in shape.fields}
    chosen = table.cells[found["field"]].astype("str").map(fold).isin(fields).to_numpy(dtype=bool, copy=True)
    words = {word_key(word) for word in crm.is_open}
    chosen &= ~table.cells[found["stage"]].astype("str").map(word_key).isin(words).to_numpy(dtype=bool)
    if not chosen.all():
        remarks.append(f"{int((~chosen).sum()):,} rows tell of other things than stages and are left out")
    return table.keep(chosen)


def _in_time(table: Table, found: Mapping[str, str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the order of the rows by deal and time; strictly written dates sort as text."""
    deal = table.cells[found["deal"]].astype("str").str.strip().to_numpy()
    when = table.cells[found["entered"]].astype("str").str.replace("T", " ").to_numpy()
    return np.lexsort((np.arange(len(deal)), when, deal))


def _with_beginnings(
    table: Table,
    found: Mapping[str, str],
    order: np.ndarray[tuple[int], np.dtype[np.intp]],
    crm: Crm,
    remarks: list[str],
) -> Table:
    if "from" not in found or not len(order):
        return table
    deal = table.cells[found["deal"]].astype("str").str.strip().to_numpy()
    first = order[np.append(True, deal[order][1:] != deal[order][:-1])]
    before = table.cells[found["from"]].astype("str").str.strip()
    no_stage = {"", *map(word_key, crm.is_open)}  # changes of status tell that a deal was open, not where
    first = np.array([row for row in first if word_key(before.iloc[row]) not in no_stage], dtype=np.intp)
    if not len(first):
        return table
    if "created" not in found:
        remarks.append(
            f"{len(first):,} deals begin here with their first change, since the export does not say when they entered"
            " the stage before it: add the date of creation"
        )
        return table
    rows = table.cells.iloc[first].copy()
    rows[found["stage"]] = before.iloc[first]
    rows[found["entered"]] = rows[found["created"]]
    if "amount" in found:
        rows[found["amount"]] = ""
    remarks.append(f"{len(first):,} deals enter their first stage on the day of their creation")
    cells = pd.concat([rows, table.cells], ignore_index=True)
    place = np.concatenate([table.place[first], table.place])
    misshapen = {row + len(first): fields for row, fields in table.misshapen.items()}
    return replace(table, cells=cells, place=place, misshapen=misshapen)
