"""Reading a csv or parquet file into cells, each row with its place, before anything is understood."""

from __future__ import annotations

import csv
import importlib
import io
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.arguments import similar_file
from simcast.errors import DataError
from simcast.history.parsing import normalise
from simcast.zones import zone_of

AUTO = "auto"
TEXTS = (".csv", ".tsv", ".txt")
"""How files of text are called; what parts their fields is said apart."""
_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_SAVE_AS_UTF8 = "save it as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or set history.encoding"
_TRUTH = {True: "True", False: "False", None: ""}
_MOST_EXACT = 2.0**53
"""Up to here floats tell whole numbers apart."""
_COMPRESSED = frozenset({".gz", ".zip", ".bz2", ".xz", ".zst", ".7z"})
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Table:
    """The cells of a file as they stand in it.

    Parameters
    ----------
    path
        The file.
    cells
        One column per column of the file. From csv all are text; parquet keeps its types.
    place : int64, (n_rows,)
        The line on which each row begins (csv) or its number, counted from 1 (parquet).
    misshapen
        The fields of rows that have too many or too few, by row; in `cells` they are cut or filled up.
    added
        Columns that are not of the file.
    """

    path: Path
    cells: pd.DataFrame
    place: NDArray[np.int64]
    misshapen: dict[int, list[str]] = field(default_factory=dict)
    added: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the file's own columns."""
        return [name for name in self.cells.columns if name not in self.added]

    def with_column(self, name: str, cells: pd.Series) -> Table:
        """Return the table with one more column, which is not the file's own."""
        return replace(self, cells=self.cells.assign(**{name: cells}), added=(*self.added, name))

    def keep(self, chosen: NDArray[np.bool_]) -> Table:
        """Return the rows marked, in their order."""
        number = np.cumsum(chosen) - 1
        misshapen = {int(number[row]): fields for row, fields in self.misshapen.items() if chosen[row]}
        return Table(self.path, self.cells[chosen].reset_index(drop=True), self.place[chosen], misshapen, self.added)

    def at(self, row: int) -> str:
        """Return the place of a row as an error names it, such as ``deals.csv:12``."""
        return f"{self.path}:{self.place[row]}"

    def cell(self, row: int, column: str) -> str:
        """Return one cell as text; empty where there is nothing."""
        value = self.cells[column].iloc[row]
        return "" if pd.isna(value) else str(value)

    def fields(self, row: int) -> list[str]:
        """Return all fields of a row as text, as they stand in the file."""
        return self.misshapen.get(row) or [self.cell(row, column) for column in self.names]


def read_table(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> Table:
    """Read a csv (with a header line; .tsv and .txt too), parquet or xlsx file.

    Parameters
    ----------
    path
        The file.
    encoding, delimiter
        Of a csv; ``auto``: found by its first bytes and by its header.

    Raises
    ------
    DataError
        When the file is missing, of another kind, in another encoding, or broken.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file{similar_file(path)}")
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name the csv or parquet file in it")
    kind = path.suffix.lower()
    if kind in _COMPRESSED:
        raise DataError(f"{path}: compressed files are not read; unpack it first, and name the file in it")
    if kind not in {*TEXTS, ".parquet", ".xlsx"}:
        raise DataError(f"{path}: files ending in {path.suffix!r} are not read; save it as .csv (UTF-8) or .parquet")
    try:
        if kind == ".parquet":
            table = _read_parquet(path)
        elif kind == ".xlsx":
            table = _read_xlsx(path)
        else:
            table = _read_csv(path, encoding, delimiter)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if table.cells.empty:
        raise DataError(f"{path}: holds no rows; check that the export is complete")
    return table


_OTHER_KINDS = (
    (b"PK\x03\x04", "a workbook or another zip file", "name it .xlsx, or save it as CSV UTF-8"),
    (b"\x1f\x8b", "a compressed file (gzip)", "unpack it first"),
    (b"PAR1", "a parquet file", "name it .parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save it as CSV UTF-8, or as .xlsx"),
    *(
        (start, "a web page or XML, as some CRMs export for Excel", "open it in a spreadsheet and save it as CSV UTF-8")
        for start in (b"<!doctype", b"<html", b"<head", b"<meta", b"<table", b"<?xml")
    ),
)
"""How files of other kinds begin that are named .csv, in small letters; what they are, and what to do."""


def _read_csv(path: Path, encoding: str, delimiter: str) -> Table:
    content = path.read_bytes()
    beginning = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, kind, remedy in _OTHER_KINDS:
        if beginning.startswith(start.lower()):
            raise DataError(f"{path}: is {kind}, not a csv; {remedy}")
    if encoding == AUTO:
        encoding = find_encoding(content)
    text = _decoded(path, content) if encoding == "utf-8" else _decoded_as(path, content, encoding)
    if delimiter == AUTO:
        delimiter = find_delimiter(text)
    records, lines = _records(path, text, delimiter)
    if not records:
        raise DataError(f"{path}: is empty; a header line and rows are needed")
    header = _header(path, records[0], int(lines[0]))
    return _from_records(path, header, records[1:], lines[1:])


def _from_records(path: Path, header: list[str], records: list[list[str]], lines: NDArray[np.int64]) -> Table:
    """Lay out records of text, those with too many or too few fields cut or filled up."""
    misshapen = {row: fields for row, fields in enumerate(records) if len(fields) != len(header)}
    width = len(header)
    for row, fields in misshapen.items():
        records[row] = [*fields[:width], *[""] * (width - len(fields))]
    columns = {name: [fields[k] for fields in records] for k, name in enumerate(header)}
    return Table(path, pd.DataFrame(columns, dtype="str"), lines, misshapen)


def find_encoding(content: bytes) -> str:
    """Return the encoding of a text: by its first bytes, or for an older one by whether its letters stand together.

    Examples
    --------
    >>> find_encoding("сделка".encode("cp1251")), find_encoding("Müller".encode("cp1252")), find_encoding(b"deal")
    ('cp1251', 'cp1252', 'utf-8')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:4096]
    if start.count(b"\0") > len(start) // 4:
        return "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        high = np.frombuffer(content, dtype=np.uint8) >= 0xC0
        # Cyrillic words are all high bytes; in Western languages letters with accents stand alone.
        return "cp1251" if 2 * (high[1:] & high[:-1]).sum() > high.sum() else "cp1252"
    return "utf-8"


def find_delimiter(text: str) -> str:
    """Return what separates the fields of a csv: whatever splits its header most; commas where nothing does."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=unquoted.count)


def _decoded_as(path: Path, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as error:
        raise DataError(f"{path}: is not encoded as {encoding} ({error}); {_SAVE_AS_UTF8}") from None


def _decoded(path: Path, content: bytes) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            raise DataError(f"{path}:1: the file is encoded as {name}; {_SAVE_AS_UTF8}")
    if (nul := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, nul) + 1
        raise DataError(f"{path}:{line}: holds a NUL byte, which no text has (broken, or UTF-16?); {_SAVE_AS_UTF8}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A byte order mark is cut off before decoding, which shifts the position that is reported.
        start = error.start + (len(content) - len(error.object))
        line = content.count(b"\n", 0, start) + 1
        raise DataError(
            f"{path}:{line}: byte 0x{content[start]:02x} is not UTF-8 (an older encoding, such as cp1251 or cp1252?);"
            f" {_SAVE_AS_UTF8}"
        ) from error


def _records(path: Path, text: str, delimiter: str) -> tuple[list[list[str]], NDArray[np.int64]]:
    """Split text into records and the lines on which they begin; blank lines are no records."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    try:
        records = list(reader)
    except csv.Error as error:
        raise DataError(_csv_problem(path, text, str(error), delimiter)) from error
    if reader.line_num == len(records):
        lines = np.arange(1, len(records) + 1, dtype=np.int64)
    else:  # some fields hold line breaks
        lines = np.array(_starts(text, delimiter), dtype=np.int64)
    blank = np.array([len(fields) < 2 and not "".join(fields).strip() for fields in records], dtype=bool)
    if blank.any():
        records = [fields for fields, skip in zip(records, blank, strict=True) if not skip]
        lines = lines[~blank]
    return records, lines


def _starts(text: str, delimiter: str) -> list[int]:
    """List the line on which each record begins, up to the first that cannot be read, that one included."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    starts = [1]
    try:
        for _ in reader:
            starts.append(reader.line_num + 1)  # noqa: PERF401  those before an error are wanted
    except csv.Error:
        return starts
    return starts[:-1]


def _csv_problem(path: Path, text: str, message: str, delimiter: str) -> str:
    """Say what the csv module found wrong, and where."""
    place = f"{path}:{_starts(text, delimiter)[-1]}"
    if "unexpected end" in message or "field limit" in message:
        return f"{place}: a quotation mark opens a field here and is not closed; close it, or double it inside text"
    if "expected after" in message:
        return f'{place}: text follows a closing quotation mark; inside a quoted field write the mark twice ("")'
    return f"{place}: is not csv: {message}"


def _header(path: Path, fields: list[str], line: int) -> list[str]:
    """Check and normalise the names of the columns."""
    if len(fields) == 1:
        for separator, name in _SEPARATORS.items():
            if separator in fields[0]:
                raise DataError(
                    f"{path}:{line}: fields are separated by {name}, not commas; save it comma-separated"
                    " (and with decimal points, not decimal commas), or set history.delimiter: auto"
                )
    return _unique_names(f"{path}:{line}", [normalise(name) for name in fields])


def _unique_names(place: str, names: list[str]) -> list[str]:
    """Give nameless columns a name and refuse repeated ones."""
    repeated = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if repeated:
        raise DataError(
            [f"{place}: column {name!r} occurs {names.count(name)} times; rename or remove one" for name in repeated]
        )
    return [name or f"(column {position})" for position, name in enumerate(names, start=1)]


def _read_xlsx(path: Path) -> Table:
    """Read the one sheet of a workbook that holds anything, as text."""
    from simcast.history.spreadsheet import read_sheet

    header, records, lines = read_sheet(path)
    return _from_records(path, _unique_names(f"{path}:1", header), records, lines)


def _read_parquet(path: Path) -> Table:
    # Without annotations of its own, and only partly Python, pyarrow can be nothing but Any to mypy.
    pa: Any = importlib.import_module("pyarrow")
    pq: Any = importlib.import_module("pyarrow.parquet")
    try:
        # Opened here: pyarrow would take a path apart (partitions, urls) and name no file in its errors.
        with path.open("rb") as stream:
            content = pq.read_table(stream)
    except (pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path}: is not a readable parquet file ({reason}); export it again") from error
    names = _unique_names(str(path), [normalise(name) for name in content.column_names])
    columns = {name: _from_arrow(pa, content.column(position)) for position, name in enumerate(names)}
    return Table(path, pd.DataFrame(columns), np.arange(1, content.num_rows + 1, dtype=np.int64))


def in_zone(table: Table, zone: str) -> Table:
    """Take datetimes with a time zone (parquet) to local ones, so that days are those of `zone`."""
    zoned = [name for name in table.cells.columns if isinstance(table.cells[name].dtype, pd.DatetimeTZDtype)]
    local = {name: table.cells[name].dt.tz_convert(zone_of(zone)).dt.tz_localize(None) for name in zoned}
    return replace(table, cells=table.cells.assign(**local)) if zoned else table


def _from_arrow(pa: Any, column: Any) -> pd.Series:  # noqa: ANN401  a module and a class without annotations
    """Turn an arrow column into text, whole numbers (Int64), floats, or datetimes; others are kept as objects.

    Truth values become the text that pandas writes into a csv. Floats that are all whole are the whole numbers that
    pandas made floats of because some are missing.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_null(kind):
        return pd.Series([""] * len(column), dtype="str")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.large_string())
        return pd.Series(column.fill_null("").to_pylist(), dtype="str")
    if pa.types.is_boolean(kind):
        return pd.Series([_TRUTH[value] for value in column.to_pylist()], dtype="str")
    if pa.types.is_integer(kind):
        return pd.Series(column.to_pandas(types_mapper={kind: pd.Int64Dtype()}.get)).astype("Int64")
    if pa.types.is_decimal(kind):
        column = column.cast(pa.string())  # read as text is, to the nearest float: arrow's own way is an ulp off
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        numbers = pd.Series(column.cast(pa.float64()).to_pandas())
        known = numbers.dropna()
        are_whole = known.size and ((known % 1 == 0) & (known.abs() < _MOST_EXACT)).all()
        return numbers.astype("Int64") if are_whole else numbers
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("ms"))
    return pd.Series(column.to_pandas())
