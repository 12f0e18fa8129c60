"""Which columns of a log tell segments apart, where nobody says so."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from simcast.history.parsing import parse_words
from simcast.history.table import Table

MOST_VALUES, MOST_COMBINATIONS = 20, 60
"""A column with more values, or with which there were more combinations, is not taken for one of segments."""


_KINDS = ("string", "integer", "categorical")


def likely_segments(table: Table, used: Collection[str], deal: str) -> tuple[str, ...]:
    """Return the columns of a log that may tell segments apart, in their order.

    They hold words or whole numbers, have a handful of values, and never two for one deal.

    Parameters
    ----------
    table
        The log.
    used
        Columns that have a meaning already.
    deal
        The column of deals.
    """
    found: list[str] = []
    combinations = 1
    for column in table.cells.columns:
        cells = table.cells[column]
        if column in used or pd.api.types.infer_dtype(cells, skipna=True) not in _KINDS:
            continue
        codes, names = parse_words(cells)
        if not 2 <= len(names) <= MOST_VALUES or combinations * len(names) > MOST_COMBINATIONS:
            continue
        values = pd.Series(np.where(codes >= 0, codes.astype(np.float64), np.nan))
        if values.groupby(table.cells[deal].to_numpy()).nunique().max() == 1:
            found.append(str(column))
            combinations *= len(names)
    return tuple(found)
