"""How results look as the last line of a notebook's cell: a headline, and a small table where there is one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS_OF_TEXT = 8
MOST_ROWS = 30
"""Longer tables are cut in the middle, as pandas cuts them."""


class Shown:
    """A result that says in a few lines what it holds: in a console, in an error, at the end of a cell.

    Its class defines `_headline` and, where a table is natural, `_table`, of what is shown and not of all that is
    known. Dataclasses need ``repr=False``, or their own words for all their fields take the place of these.
    """

    def _headline(self) -> str:
        """Return a line, or a few."""
        return type(self).__name__

    def _table(self) -> pd.DataFrame | None:
        """Return what to show below, already in words; None for nothing."""
        return None

    def __repr__(self) -> str:
        table = self._table()
        if table is None or table.empty:
            return self._headline()
        return f"{self._headline()}\n{table.to_string(max_rows=MOST_ROWS_OF_TEXT)}"

    def _repr_html_(self) -> str:
        """Return the same for a notebook, with names that people gave as text and never as markup."""
        headline = "<br>".join(escape(line) for line in self._headline().splitlines())
        table = self._table()
        html = "" if table is None or table.empty else table.to_html(max_rows=MOST_ROWS, border=0, escape=True)
        return f"<div><p>{headline}</p>{html}</div>"
