"""A history in a database, read through SQLAlchemy (``pip install 'simcast[sql]'``), every value as text."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simcast.errors import DataError, hide_passwords
from simcast.history.parsing import normalise
from simcast.history.table import Table


def is_database(path: str) -> bool:
    """Return whether a history's path is the URL of a database, such as ``sqlite:///crm.db``."""
    return "://" in path


def read_query(url: str, query: str | None, folder: Path | None = None) -> tuple[Table, str]:
    """Run a query and return its rows as text, with the sha256 of them.

    Parameters
    ----------
    url
        As SQLAlchemy writes it: ``postgresql://user:password@host/name``, ``sqlite:///crm.db``.
    query
        A select, or the name of a table; it may be left out where there is only one table.
    folder
        Against which the path of an SQLite file is read.

    Raises
    ------
    DataError
        When SQLAlchemy or a driver is missing, or the database refuses. Passwords are never shown.
    """
    if url.partition("://")[0].lower() in {"http", "https", "ftp", "s3", "gs", "file"}:
        raise DataError(f"{url}: is not a database; download the file and name it by its path")
    try:
        sa: Any = importlib.import_module("sqlalchemy")
    except ImportError:
        raise DataError("history.path: reading databases needs SQLAlchemy; run pip install 'simcast[sql]'") from None
    parsed = _parse(sa, url, folder)
    name = f"{parsed.get_backend_name()}:{Path(parsed.database or '').name}"
    try:
        engine = sa.create_engine(parsed)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise DataError(_shown(f"{name}: no driver for this database: {error}; install it with pip", parsed)) from None
    _check_only_reads(query)
    try:
        with engine.connect() as connection:
            if parsed.get_backend_name() == "sqlite":
                connection.execute(sa.text("PRAGMA query_only = ON"))
            result = connection.execute(sa.text(_select(sa, connection, query, name)))
            columns, rows = [normalise(str(column)) for column in result.keys()], result.fetchall()  # noqa: SIM118
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DataError(
            _shown(f"{name}: the database says: {reason}; check history.path and history.query", parsed)
        ) from None
    finally:
        engine.dispose()
    return _as_table(name, columns, [[_text(value) for value in row] for row in rows])


def _parse(sa: Any, url: str, folder: Path | None) -> Any:  # noqa: ANN401  a module without annotations
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError:
        raise DataError("history.path: is not the URL of a database, such as sqlite:///crm.db") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        file = (folder or Path()) / parsed.database
        if not file.is_file():
            raise DataError(f"{file}: there is no such database")
        parsed = parsed.set(database=str(file))
    return parsed


def _check_only_reads(query: str | None) -> None:
    """Refuse a statement that is no select: some databases make changes of tables last at once.

    Raises
    ------
    DataError
        When it begins with another word.
    """
    if not query or len(query.split()) < 2:
        return
    bare = re.sub(r"\A(\s|\(|--[^\n]*(\n|\Z)|/\*.*?\*/)+", "", query, flags=re.DOTALL)
    first = re.match(r"\w*", bare)
    word = first[0].lower() if first else ""
    if word not in {"select", "with", "values", "table"}:
        raise DataError(f"history.query: begins with {word!r}; only a select or the name of a table is read")


def _select(sa: Any, connection: Any, query: str | None, name: str) -> str:  # noqa: ANN401
    """Return the query to run: the one given, or all of the table named or of the only one there is."""
    if query and len(query.split()) > 1:
        return query
    tables = sorted(sa.inspect(connection).get_table_names())
    views = sorted(sa.inspect(connection).get_view_names())
    if query and query not in {*tables, *views}:
        raise DataError(f"{name}: there is no table {query!r} (known: {', '.join([*tables, *views])})")
    if not query and len(tables) != 1:
        raise DataError(
            f"{name}: which rows? Set history.query (--query) to a table ({', '.join(tables) or 'there is none'})"
            " or to a select"
        )
    return f"SELECT * FROM {connection.dialect.identifier_preparer.quote(query or tables[0])}"  # noqa: S608  a known table, quoted


def _as_table(name: str, columns: list[str], rows: list[list[str]]) -> tuple[Table, str]:
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise DataError(f"{name}: column {repeated[0]!r} occurs several times in history.query; rename one (AS)")
    if not rows:
        raise DataError(f"{name}: history.query returns no rows")
    digest = hashlib.sha256(json.dumps([columns, *rows], ensure_ascii=False).encode()).hexdigest()
    cells = pd.DataFrame({column: [row[k] for row in rows] for k, column in enumerate(columns)}, dtype="str")
    return Table(Path(name), cells, np.arange(1, len(rows) + 1, dtype=np.int64)), f"sha256:{digest}"


def _text(value: object) -> str:
    """Return a value of a database as strict reading wants it.

    Examples
    --------
    >>> _text(None), _text(datetime(2026, 7, 1, 9, 30)), _text(12.5), _text("007")
    ('', '2026-07-01 09:30:00', '12.5', '007')
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _shown(text: str, url: Any) -> str:  # noqa: ANN401  a class without annotations
    text = text.replace(str(url.password), "***") if url.password else text
    return hide_passwords(text)
