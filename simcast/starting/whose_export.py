"""Whether a file is the export of a CRM, and of which; and which of its pipelines is read."""

from __future__ import annotations

import re
from dataclasses import replace

from simcast.errors import DataError
from simcast.history.crm import CRMS, Crm, fold
from simcast.history.dialect import Dialect
from simcast.history.exports import translate
from simcast.history.outcome_words import without_pipeline, word_key
from simcast.history.sources import Source
from simcast.history.table import Table


def find_crm(table: Table, dialect: Dialect) -> tuple[str, str | None] | None:
    """Return the CRM whose columns and words the table has, and the column of amounts, if there is one."""
    # A mark that can be read in two ways does not hide whose export it is.
    written = replace(dialect, decimal=dialect.decimal or ".").completed(by_itself=True)
    for name, crm in CRMS.items():
        try:
            export = translate(table, crm, written)
        except DataError:
            continue
        column = str(export.columns.get("stage") or export.columns["outcome"])
        ends = export.table.cells[column].astype("str").map(without_pipeline)
        typical = {word_key(word) for word in (*crm.won, *crm.lost)} - {"won", "lost"}
        if set(ends.map(word_key)) & typical or _has_marks(table, crm):
            amount = export.columns.get("amount")
            return name, amount if isinstance(amount, str) else None
    return None


def _has_marks(table: Table, crm: Crm) -> bool:
    """Return whether a table has columns, or words in them, that only this CRM gives."""
    columns = set(table.cells.columns)
    if any(len(columns & set(marks)) == len(marks) for marks in crm.marks):
        return True
    if any(form.fullmatch(column) for form in crm.entered for column in columns):
        return True
    words = {fold(word) for shape in crm.shapes for word in (*shape.fields, *shape.creations) if "_" in word}
    told = [name for shape in crm.shapes for name in shape.columns.get("field", ()) if name in columns]
    return any(set(table.cells[name].astype("str").map(fold)) & words for name in told)


def largest_pipeline(source: Source, table: Table, unsure: list[str]) -> dict[str, str]:
    """Choose the largest of several pipelines in the table of a source."""
    try:
        source.read()
    except DataError as error:
        found = re.search(r'history\.where: {"(.+?)": "', str(error))
        if found is None:
            raise
        column = found[1]
        largest = str(table.cells[column].astype("str").str.strip().replace("", None).value_counts().index[0])
        unsure.append(f"the file contains several pipelines: the largest, {largest!r}, is read (history.where)")
        return {column: largest}
    return {}
