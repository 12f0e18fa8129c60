"""Collecting what is wrong with the rows of a table: to list it all at once, or to set those rows aside."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from simcast.errors import MOST_SHOWN, DataError
from simcast.history.table import Table
from simcast.writing import counted

MOST_CHARACTERS = 60
"""Longer values are cut in an error."""
_MOST_LINES = 5
"""Of so many rows with the same fault all lines are named, of more the first."""
_ANY_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|line \d+")
"""What differs between two faults of one kind."""


@dataclass(frozen=True, order=True)
class Fault:
    """One cell that breaks a rule; `column` is empty when the whole row does."""

    row: int
    column: str
    value: str
    rule: str


Alike: TypeAlias = tuple[Fault, ...]
"""Faults of one value that breaks one rule in several rows of a column; or one fault."""


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
        """Return one line per fault: file and line, column, value, and the rule with its remedy.

        A value that breaks the same rule in several rows is told once, with how many they are.
        """
        return [self._line(alike) for alike in self._alike()]

    def _alike(self) -> list[Alike]:
        """Put together what is wrong in the same way, in the order of the first rows; whole rows stand alone."""
        found: dict[tuple[str, str, str, int], list[Fault]] = defaultdict(list)
        for fault in sorted(self._found):
            found[fault.column, fault.value, fault.rule, -1 if fault.column else fault.row].append(fault)
        return [tuple(alike) for alike in found.values()]

    def _line(self, alike: Alike) -> str:
        first = alike[0]
        value = first.value if len(first.value) <= MOST_CHARACTERS else first.value[: MOST_CHARACTERS - 3] + "..."
        if len(alike) == 1:
            where = f"column {first.column!r}: value" if first.column else "row"
            return f"{self.table.at(first.row)}: {where} {value!r}: {first.rule}"
        lines = [str(self.table.place[fault.row]) for fault in alike]
        told = f"lines {', '.join(lines)}" if len(lines) <= _MOST_LINES else f"first: line {lines[0]}"
        where = f"column {first.column!r}: value {value!r} in {len(alike):,} rows ({told})"
        return f"{self.table.path}: {where}: {first.rule}"

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

    def _examples(self, most: int) -> tuple[list[Alike], list[Alike]]:
        """Split the faults, each part in the order of rows: at most `most` in which every kind has its share."""
        every = self._alike()
        by_kind: dict[tuple[str, str], list[Alike]] = defaultdict(list)
        for alike in every:
            by_kind[alike[0].column, _ANY_DAY.sub("", alike[0].rule)].append(alike)
        turns = zip_longest(*by_kind.values())
        chosen = set(islice((alike for turn in turns for alike in turn if alike is not None), most))
        return sorted(chosen), [alike for alike in every if alike not in chosen]

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
