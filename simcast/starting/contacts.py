"""Which column tells when a deal was first contacted, and which promise of an answer a scenario could try."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from simcast.history import History
from simcast.history.responses import holds_hours
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column

_PROMISES = (1, 4, 24, 72, 168)
"""Hours within which all could be answered."""
_LATER = 0.25
"""A promise is worth a look where at least this share of the deals waits longer today."""


def find_contact(table: Table, columns: Sequence[Column], used: Collection[str], unsure: list[str]) -> Column | None:
    """Choose the column of first contacts: of date-times, or of the hours until them; None where there is none.

    Those that give no hours, or not in which unit, are added to `unsure`.
    """
    named = [column for column in columns if words.RESPONSE.search(column.key) and column.name not in used]
    named = [column for column in named if not words.NO_RESPONSE.search(column.key)]
    named = [column for column in named if column.is_date or words.DURATION.search(column.key) or column.is_number]
    able = [column for column in named if column.is_date or _in_hours(table, column)]
    best = max(able, key=lambda column: (column.is_date, column.filled), default=None)
    if best is not None:
        what = "the day and time of the first contact" if best.is_date else "the hours until the first contact"
        others = [column.name for column in able if column is not best]
        beside = f", not {', '.join(others)}" if others else ""
        unsure.append(f"{best.name!r} is taken as {what}{beside} (history.columns.first_response)")
        return best
    unsure += [
        f"{column.name!r} seems to tell how long the first contact took, but not in hours; hours, or its date and time,"
        " would show what waiting does (history.columns.first_response)"
        for column in named
    ]
    return None


def _in_hours(table: Table, column: Column) -> bool:
    told = words.HOURS.search(column.key) or column.key == "first_response"
    return bool(column.is_number and told and holds_hours(table.cells[column.name]))


def worthwhile_promise(history: History) -> tuple[str, int] | None:
    """Return a stage and the hours within which its deals could be answered; None where nothing can be learnt of it."""
    if history.responses.empty:
        return None
    from simcast.model.response import fit_responses

    for fit in fit_responses(history)[0]:
        late = [hours for hours in _PROMISES if np.mean(fit.waits > hours) >= _LATER]
        if late:
            return fit.stage, late[-1]
    return None
