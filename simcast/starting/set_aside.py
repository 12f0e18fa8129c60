"""Whether most of the deals that ended in one way would be set aside, so that the rest would be misleading."""

from __future__ import annotations

from simcast.history import History
from simcast.history.parsing import normalise
from simcast.history.survey import Survey
from simcast.pipeline import LOST, WON

NOT_FIT = "NOT FIT TO FORECAST FROM yet"
"""With this begins what must be mended before all else."""


def outcomes_set_aside(seen: Survey, history: History) -> str:
    """Say which won or lost deals of a table are gone where most of them are; nothing where none are.

    Parameters
    ----------
    seen
        The table as it is in the file.
    history
        What is left of it.
    """
    export = seen.export
    deal, end = (
        normalise(str(export.columns.get(name, name)))
        for name in ("deal", "outcome" if export.form == "deals" else "stage")
    )
    ids = export.table.cells[deal].astype("str").map(normalise)
    meaning = {normalise(word): name for word, name in export.outcomes.items()}
    ends = export.table.cells[end].astype("str").map(normalise).map(lambda word: meaning.get(word, word))
    found = []
    for name in (WON, LOST):
        there = set(ids[(ends == name) & (ids != "")])
        gone = len(there.difference(history.stays["deal"]))
        if gone > len(there) / 2:
            found.append(f"{f'all {gone:,}' if gone == len(there) else f'{gone:,} of the {len(there):,}'} {name} deals")
    return " and ".join(found)
