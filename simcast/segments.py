"""Segments: the combinations of columns by which parameters may differ, and their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simcast.arguments import check_kind, check_name, listed, nearest
from simcast.errors import ScenarioArgumentError, ScenarioNameError, UnknownNameError

UNKNOWN = "(unknown)"
"""The value of a segment column where the data leave it empty."""

SEPARATOR = " / "


@dataclass(frozen=True, repr=False)
class Segments:
    """The segments of a history, in code order.

    Parameters
    ----------
    columns
        The segment columns, such as ``("source", "region")``; empty when deals are not told apart.
    values
        One tuple of column values per segment; a segment's code is its position.
    """

    columns: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ((),)

    @classmethod
    def found(cls, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Segments:
        """Collect the distinct combinations of `rows`, sorted, so that codes do not depend on row order."""
        if not columns:
            return cls()
        return cls(tuple(columns), tuple(sorted({tuple(row) for row in rows})))

    def __repr__(self) -> str:
        if not self.columns:
            return "Segments: none"
        by = ", ".join(f"{name} ({len(set(self.column(name)))})" for name in self.columns)
        return f"Segments: {len(self)}, by {by}"

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """One readable label per segment, such as ``"ads / West"``; ``"all"`` when there are no columns."""
        return tuple(SEPARATOR.join(value) if value else "all" for value in self.values)

    @cached_property
    def _code_of(self) -> dict[tuple[str, ...], int]:
        return {value: code for code, value in enumerate(self.values)}

    def code(self, value: Sequence[str]) -> int:
        """Return the code of one combination of column values, one per column.

        Raises
        ------
        UnknownNameError
            When it does not occur; a `KeyError` too.
        """
        key = listed(value)
        if key not in self._code_of:
            label = SEPARATOR.join(map(str, key))
            raise UnknownNameError(f"there is no segment {label!r}; {nearest(label, self.labels)}")
        return self._code_of[key]

    def column(self, name: str) -> tuple[str, ...]:
        """Return the value of column `name` in each segment, (n_segments,); `UnknownNameError` when there is none."""
        check_name(name, self.columns, "segment column")
        position = self.columns.index(name)
        return tuple(value[position] for value in self.values)

    def select(self, where: Mapping[str, str | Sequence[str]], place: str = "where") -> NDArray[np.bool_]:
        """Mark the segments in which every named column has one of the wanted values.

        Parameters
        ----------
        where
            Wanted value, or values, per column; empty selects all.
        place
            What to call this selection in an error.

        Returns
        -------
        bool, (n_segments,)

        Raises
        ------
        ScenarioNameError
            When a column is not a segment column, or a value never occurs in it; a `KeyError` too.
        ScenarioArgumentError
            When no value is named; a `ValueError` too.
        """
        check_kind(where, Mapping, place, "such as {'source': 'ads'}")
        chosen = np.ones(len(self), dtype=bool)
        problems, nameless = [], False
        for column, wanted in where.items():
            if column not in self.columns:
                if self.columns:
                    problems.append(f"{place}: {column!r} is not a segment column; {nearest(column, self.columns)}")
                else:
                    unnamed = "known: none: name them under history.segments"
                    problems.append(f"{place}: {column!r} is not a segment column ({unnamed})")
                continue
            options = listed(wanted)
            present = self.column(column)
            if not options:
                nameless = True
                problems.append(f"{place}.{column}: no value is named (known: {', '.join(sorted(set(present)))})")
            problems += [
                f"{place}.{column}: no deal has the value {option!r}; {_hint(option, present)}"
                for option in options
                if option not in present
            ]
            chosen &= np.array([value in options for value in present])
        if problems:
            raise ScenarioArgumentError(problems) if nameless else ScenarioNameError(problems)
        return chosen

    def grouped(self, columns: Sequence[str]) -> tuple[Segments, NDArray[np.int64]]:
        """Merge segments that agree on `columns`; `UnknownNameError` when one is not there.

        Returns
        -------
        Segments
            The coarser segments.
        int64, (n_segments,)
            The code of the coarser segment that each segment belongs to.
        """
        columns = listed(columns)
        if not columns:
            return Segments(), np.zeros(len(self), dtype=np.int64)
        keys = list(zip(*(self.column(name) for name in columns), strict=True))
        groups = Segments.found(columns, keys)
        return groups, np.array([groups.code(key) for key in keys], dtype=np.int64)


def _hint(value: object, known: Iterable[str]) -> str:
    """Say what was probably meant by a value that no deal has: the text, if it is a number or truth value."""
    names = sorted(set(known))
    return f"write it as text: {str(value)!r}" if str(value) in names else nearest(value, names)
