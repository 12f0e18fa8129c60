"""The segment columns of a log: one value per deal, and the day from which it was known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simcast.history.events import Ints
from simcast.history.faults import Faults
from simcast.history.parsing import NO_DAY, find_unfit, parse_words
from simcast.history.table import Table
from simcast.segments import UNKNOWN
from simcast.writing import counted

ChangedSegments = Literal["refuse", "first"]

LateValues = list[tuple[int, str, int]]


def read_segments(
    table: Table,
    columns: Sequence[str],
    row_deal: Ints,
    day: Ints,
    n_deals: int,
    faults: Faults,
    changed: ChangedSegments = "refuse",
) -> tuple[dict[str, NDArray[np.object_]], LateValues, list[str]]:
    """Find each deal's value in each segment column: that of its rows, or of the first of them that has one.

    Rows of a deal that differ are faults, unless `changed` says that the first value counts.

    Returns
    -------
    dict
        For each column the values by deal code, `UNKNOWN` where no row has one.
    list
        Values that a deal had not from its first day: deal code, column, day on which it came.
    list of str
        What is to be told of values that changed.
    """
    begun = np.full(n_deals, np.iinfo(np.int64).max)
    dated = (row_deal >= 0) & (day != NO_DAY)
    np.minimum.at(begun, row_deal[dated], day[dated])
    segments: dict[str, NDArray[np.object_]] = {}
    late: LateValues = []
    remarks: list[str] = []
    for column in columns:
        codes, names = parse_words(table.cells[column])
        faults.add(column, find_unfit(codes, names))
        rows = np.flatnonzero((codes >= 0) & dated)
        rows = rows[np.lexsort((rows, day[rows], row_deal[rows]))]
        deals, first = np.unique(row_deal[rows], return_index=True)
        source = np.full(n_deals, -1, dtype=np.int64)
        source[deals] = rows[first]
        value = np.where(source >= 0, codes[source], -1)
        differs = np.flatnonzero((row_deal >= 0) & (codes >= 0) & (codes != value[row_deal]) & dated)
        if changed == "refuse":
            faults.add(column, {int(row): _rule(table, column, int(source[row_deal[row]])) for row in differs})
        elif differs.size:
            n_changed = len(np.unique(row_deal[differs]))
            remarks.append(
                f"{counted(n_changed, 'deal')} of {len(deals):,} changed in {column!r}: the first value counts"
                " (history.changed_segments)"
            )
        segments[column] = np.array([*names, UNKNOWN], dtype=object)[value]
        since = day[rows[first]]
        came_late = since > begun[deals]
        late += [
            (int(deal), column, int(known)) for deal, known in zip(deals[came_late], since[came_late], strict=True)
        ]
    return segments, late, remarks


def _rule(table: Table, column: str, row: int) -> str:
    return (
        f"differs from {table.cell(row, column)!r} in line {table.place[row]}; a deal has one value:"
        " correct it, leave the column out of history.segments, or set history.changed_segments: first, the value with"
        " which a deal began"
    )
