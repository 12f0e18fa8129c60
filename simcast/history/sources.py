"""Where the rows of a history come from, and what they are before the strict formats read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from simcast.arguments import or_nearest
from simcast.errors import DataArgumentError, DataNameError
from simcast.history.columns import ColumnNames
from simcast.history.crm import CRMS
from simcast.history.dialect import STRICT_DATES, Dialect, check_dialect
from simcast.history.export_rows import currency_caveats
from simcast.history.exports import Export, translate
from simcast.history.parsing import normalise
from simcast.history.several_ends import OUTCOME, join_ends, outcome_by_dates
from simcast.history.sql import is_database, read_query
from simcast.history.table import Table, in_zone, read_table

FORMATS = ("log", "deals")

Where = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Source:
    """A table of deals, and all that says how to read it.

    Parameters
    ----------
    path
        A file, or the URL of a database.
    format
        ``log``, ``deals``, or the name of a CRM.
    columns, outcomes
        The file's names for ours.
    dialect
        How the file is written.
    where
        Columns and the values that rows must have in them to be read.
    query
        For a database: a table or a select.
    folder
        Against which the file of an SQLite database is read.
    """

    path: str | Path
    format: str = "log"
    columns: ColumnNames = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect = field(default_factory=Dialect)
    where: Where = field(default_factory=dict)
    query: str | None = None
    folder: Path | None = None

    def read(self, stages: Sequence[str] = ()) -> tuple[Export, Dialect, str | None]:
        """Return the table in the terms of the log or the deals format, how it is written, and its digest.

        The digest is that of the rows a database returned; None for a file.

        Raises
        ------
        DataError
            With one line per problem.
        """
        if problems := format_problems(self.format):
            raise DataNameError(problems)
        check_dialect(self.dialect)
        dialect = self.dialect.completed(by_itself=self.format in CRMS)
        table, digest = self._table(dialect)
        if dialect.time_zone:
            table = in_zone(table, dialect.time_zone)
        table = _chosen(table, self.where)
        crm = CRMS.get(self.format)
        if self.format != "deals" and not isinstance(self.columns.get("closed", ""), str):
            raise DataArgumentError(
                "history.columns.closed: a column for each outcome goes with format: deals; name one column"
            )
        if crm is None:
            columns = {
                name: column if isinstance(column, str) else dict(column) for name, column in self.columns.items()
            }
            closed = columns.get("closed")
            faults: dict[str, dict[int, str]] = {}
            if self.format == "deals" and isinstance(closed, Mapping):
                if "outcome" not in columns and OUTCOME not in table.cells.columns and len(closed) > 1:
                    table, faults = outcome_by_dates(table, closed, strict=dialect.dates == STRICT_DATES)
                outcome = normalise(str(columns.get("outcome", OUTCOME)))
                table, columns["closed"] = join_ends(table, outcome, closed, self.outcomes)
            amount = normalise(str(columns.get("amount", "amount")))
            caveats = currency_caveats(table, amount) if amount in table.cells.columns else []
            export = Export(table, self.format, columns, dict(self.outcomes), caveats=tuple(caveats), faults=faults)
            return export, dialect, digest
        export = translate(
            table,
            crm,
            dialect,
            stages=stages,
            columns=self.columns,
            outcomes=self.outcomes,
            chosen={normalise(name): _values(wanted) for name, wanted in self.where.items()},
        )
        return export, Dialect().completed(by_itself=False), digest

    def _table(self, dialect: Dialect) -> tuple[Table, str | None]:
        if is_database(str(self.path)):
            return read_query(str(self.path), self.query, self.folder)
        if self.query:
            raise DataArgumentError("history.query: only a database is asked; history.path names a file")
        return read_table(Path(self.path), dialect.encoding, dialect.delimiter), None


def format_problems(form: str) -> list[str]:
    """Say what is wrong with the name of a format; nothing, where it is one."""
    known = (*FORMATS, *CRMS)
    if form in known:
        return []
    return [f"history.format: {form!r} is not a format{or_nearest(form, known)}"]


def _values(wanted: str | Sequence[str]) -> list[str]:
    return [normalise(value) for value in ([wanted] if isinstance(wanted, str) else wanted)]


def _chosen(table: Table, where: Where) -> Table:
    """Keep the rows that have one of the values wanted in each column named."""
    keep = np.ones(len(table.place), dtype=bool)
    for name, wanted in where.items():
        column = normalise(name)
        if column not in table.cells.columns:
            hint = or_nearest(column, list(table.cells.columns))
            raise DataNameError(f"history.where: {table.path} has no column {name!r}{hint}")
        values = set(_values(wanted))
        cells = table.cells[column].astype("str").map(normalise)
        missing = sorted(values - set(cells))
        if missing:
            found = ", ".join(sorted(set(cells))[:10])
            raise DataNameError(
                f"history.where: no row of {table.path} has {missing[0]!r} in {name!r} (found: {found})"
            )
        keep &= cells.isin(values).to_numpy(dtype=bool)
    if not keep.any():
        raise DataArgumentError(f"history.where: no row of {table.path} is left")
    return table if keep.all() else table.keep(keep)
