"""Collecting what is wrong with the rows of a table: to list it all at once, or to set those rows aside."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simcast.errors import MOST_SHOWN, DataError
from simcast.history.table import Table
from simcast.writing import counted

MOST_CHARACTERS = 60
"""Longer values are cut in an error."""
_ANY_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|line \d+")
"""What differs between two faults of one kind."""


@dataclass(frozen=True, order=True)
class Fault:
    """One cell that breaks a rule; `column` is empty when the whole row does."""

    row: int
    column: str
    value: str
    rule: str


class Faults:
    """The faults found so far in the rows of one table.

    Parameters
    ----------
    table
        The table whose rows are checked.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._found: list[Fault] = []
        width = len(table.names)
        for row, fields in table.misshapen.items():
            rule = f"has {len(fields)} fields, the header {width}; quote a field that holds a comma, or correct the row"
            self._found.append(Fault(row, "", ",".join(fields), rule))

    def add(self, column: str, rules: Mapping[int, str]) -> None:
        """Record that cells of `column` break rules, by row; rows with the wrong number of fields are left out."""
        for row, rule in rules.items():
            if row not in self.table.misshapen:
                self._found.append(Fault(row, column, self.table.cell(row, column), rule))

    def add_rows(self, rules: Mapping[int, str]) -> None:
        """Record that whole rows break rules, by row."""
        for row, rule in rules.items():
            if row not in self.table.misshapen:
                self._found.append(Fault(row, "", ",".join(self.table.fields(row)), rule))

    def require(self, column: str, missing: NDArray[np.bool_], rule: str) -> None:
        """Record that `column` is needed in the rows marked as missing it."""
        self.add(column, dict.fromkeys(map(int, np.flatnonzero(missing)), rule))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows with faults, in order."""
        return np.unique(np.array([fault.row for fault in self._found], dtype=np.int64))

    def lines(self) -> list[str]:
        """Return one line per fault: file and line, column, value, and the rule with its remedy."""
        return [self._line(fault) for fault in sorted(self._found)]

    def _line(self, fault: Fault) -> str:
        where = f"column {fault.column!r}: value" if fault.column else "row"
        value = fault.value if len(fault.value) <= MOST_CHARACTERS else fault.value[: MOST_CHARACTERS - 3] + "..."
        return f"{self.table.at(fault.row)}: {where} {value!r}: {fault.rule}"

    def error(self) -> DataError:
        """Return all faults as one error.

        When they are more than an error prints, a summary comes first, then examples of each kind, then the rest.
        """
        if len(self._found) <= MOST_SHOWN:
            return DataError(self.lines())
        counts = Counter(f"column {fault.column!r}" if fault.column else "whole rows" for fault in self._found)
        parts = ", ".join(f"{count:,} in {name}" for name, count in counts.most_common())
        summary = f"{self.table.path}: {len(self.rows):,} of {counted(len(self.table.place), 'row')} are bad: {parts}"
        examples, rest = self._examples(MOST_SHOWN - 1)
        return DataError([summary, *map(self._line, examples), *map(self._line, rest)])

    def _examples(self, most: int) -> tuple[list[Fault], list[Fault]]:
        """Split the faults, each part in the order of rows: at most `most` in which every kind has its share."""
        by_kind: dict[tuple[str, str], list[Fault]] = defaultdict(list)
        for fault in sorted(self._found):
            by_kind[fault.column, _ANY_DAY.sub("", fault.rule)].append(fault)
        turns = zip_longest(*by_kind.values())
        chosen = set(islice((fault for turn in turns for fault in turn if fault is not None), most))
        return sorted(chosen), [fault for fault in sorted(self._found) if fault not in chosen]

    def reasons(self) -> dict[int, str]:
        """Return why each faulty row is bad, by row."""
        reasons: dict[int, str] = {}
        for fault in sorted(self._found):
            text = f"{fault.column}: {fault.rule}" if fault.column else fault.rule
            reasons[fault.row] = f"{reasons[fault.row]}; {text}" if fault.row in reasons else text
        return reasons


def write_rejects(path: Path, table: Table, reasons: Mapping[int, str]) -> None:
    """Write rows set aside to a csv: the file's columns as they stand, then the line and the reason.

    Raises
    ------
    DataError
        When the file cannot be written.
    """
    columns = table.names
    extra = [_free_name("line", columns), _free_name("reason", columns)]
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([*columns, *extra])
            writer.writerows(_reject_rows(table, reasons))
    except OSError as error:
        raise DataError(
            f"{path}: the rows set aside cannot be written here ({error.strerror or error});"
            " name another file for them (rejects)"
        ) from error


def _free_name(name: str, taken: Iterable[str]) -> str:
    return name if name not in taken else _free_name(name + "_", taken)


def _reject_rows(table: Table, reasons: Mapping[int, str]) -> Iterable[list[str]]:
    width = len(table.names)
    for row in sorted(reasons):
        fields = table.fields(row)
        # A row with too many fields keeps them all, which pushes line and reason to the right.
        yield [*fields, *[""] * (width - len(fields)), str(table.place[row]), reasons[row]]
