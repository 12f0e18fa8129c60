"""The one sheet of an Excel workbook, as text (needs openpyxl: ``pip install 'simcast[excel]'``)."""

from __future__ import annotations

import importlib
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from simcast.errors import DataError
from simcast.history.parsing import normalise


def read_sheet(path: Path) -> tuple[list[str], list[list[str]], NDArray[np.int64]]:
    """Read the header, the rows and their numbers from the one sheet of a workbook that holds anything.

    Raises
    ------
    DataError
        When openpyxl is not installed, the file is no workbook, or several sheets hold rows.
    """
    try:
        openpyxl: Any = importlib.import_module("openpyxl")
    except ImportError:
        raise DataError(
            f"{path}: reading Excel needs openpyxl; run pip install 'simcast[excel]', or save the sheet as CSV UTF-8"
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: is not a readable workbook ({error}); save it again, or as CSV UTF-8") from error
    _check_formulas(openpyxl, path)
    try:
        sheets = {sheet.title: _rows(sheet) for sheet in book.worksheets}
    finally:
        book.close()
    filled = {title: rows for title, rows in sheets.items() if rows}
    if len(filled) > 1:
        raise DataError(f"{path}: several sheets hold rows ({', '.join(filled)}); save the one that is meant alone")
    if not filled:
        raise DataError(f"{path}: is empty; a header line and rows are needed")
    ((_, header), *rows) = _without_title(next(iter(filled.values())))
    while header and not header[-1]:
        header = header[:-1]
    records = [_trimmed(fields, len(header)) for _, fields in rows]
    return [normalise(name) for name in header], records, np.array([number for number, _ in rows], dtype=np.int64)


def _check_formulas(openpyxl: Any, path: Path) -> None:  # noqa: ANN401  a module without annotations
    """Refuse formulas that hold no value, as programs write them: their cells would look empty.

    Raises
    ------
    DataError
        With the first of them.
    """
    with ZipFile(path) as archive:
        parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        if not any(_FORMULA.search(archive.read(name)) for name in parts):
            return
    formulas = openpyxl.load_workbook(path, read_only=True)
    values = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet, valued in zip(formulas.worksheets, values.worksheets, strict=True):
            for line, (row, shown) in enumerate(zip(sheet.values, valued.values, strict=True), start=1):
                empty = [text for text, value in zip(row, shown, strict=True) if value is None and _is_formula(text)]
                if empty:
                    raise DataError(
                        f"{path}:{line}: the formula {empty[0]!r} of sheet {sheet.title!r} holds no value;"
                        " open the workbook in a spreadsheet and save it, or save it as CSV UTF-8"
                    )
    finally:
        formulas.close()
        values.close()


_FORMULA = re.compile(rb"<(\w+:)?f[ />]")


def _is_formula(value: object) -> bool:
    return isinstance(value, str) and value.startswith("=")


def _rows(sheet: Any) -> list[tuple[int, list[str]]]:  # noqa: ANN401  a class without annotations
    rows = [(number, [_text(value) for value in row]) for number, row in enumerate(sheet.values, start=1)]
    return [(number, fields) for number, fields in rows if any(fields)]


def _without_title(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Leave out the lines above the header that fill one cell only, where the lines below fill more.

    Examples
    --------
    >>> _without_title([(1, ["Deals of 2026", ""]), (3, ["id", "won"]), (4, ["7", ""])])
    [(3, ['id', 'won']), (4, ['7', ''])]
    >>> _without_title([(1, ["id"]), (2, ["7"])])
    [(1, ['id']), (2, ['7'])]
    """
    header = next((k for k, (_, fields) in enumerate(rows) if sum(map(bool, fields)) > 1), 0)
    return rows[header:]


def _trimmed(fields: list[str], width: int) -> list[str]:
    """Cut empty cells off that stand to the right of the header's last."""
    while len(fields) > width and not fields[-1]:
        fields = fields[:-1]
    return [*fields, *[""] * (width - len(fields))]


def _text(value: object) -> str:
    """Return a cell as strict reading wants it.

    Examples
    --------
    >>> _text(datetime(2026, 7, 1)), _text(12.0), _text(None), _text("007")
    ('2026-07-01', '12', '', '007')
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.replace(microsecond=0).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
