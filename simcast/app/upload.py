"""A file that is uploaded to the page: read strictly, reported on, and deleted."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from simcast.analysis.inputs import dialect_of
from simcast.errors import DataError, SimcastError
from simcast.history import read_history
from simcast.scenario import HistorySettings, Scenario

LARGEST_BYTES = 20 * 2**20


@dataclass(frozen=True)
class Checked:
    """What a file turned out to be.

    Parameters
    ----------
    problems
        Why it cannot be read, one line each.
    warnings, notes, summary
        The report on its quality where it can be.
    """

    problems: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def check_csv(name: str, content: bytes, scenario: Scenario) -> Checked:
    """Read a csv as the scenario would read its history, and report on it.

    Nothing of it is kept: it lies in a temporary folder while it is read, and nothing in it is run.

    Parameters
    ----------
    name
        What to call it in messages.
    content
        Its bytes.
    scenario
        Its pipeline and, where it has a history, how that is read.
    """
    if len(content) > LARGEST_BYTES:
        return Checked((f"{name}: {len(content):,} bytes; the page takes at most {LARGEST_BYTES:,}",))
    settings = scenario.history or HistorySettings(path="upload.csv", segments=scenario.segment_columns)
    with tempfile.TemporaryDirectory(prefix="simcast-") as folder:
        path = Path(folder) / "upload.csv"
        path.write_bytes(content)
        try:
            history = read_history(
                path,
                scenario.pipeline_definition,
                format=settings.format,
                columns={str(ours): theirs for ours, theirs in settings.columns.items()},
                outcomes=settings.outcomes,
                segments=settings.segments,
                on_bad_rows=settings.on_bad_rows,
                amount_known_from=settings.amount_known_from,
                placeholder_amounts=settings.placeholder_amounts,
                rejects=False,
                today=max(date.today(), scenario.forecast.as_of),
                dialect=dialect_of(settings),
                where=settings.where,
                repeats=settings.repeats,
                changed_segments=settings.changed_segments,
            )
        except SimcastError as error:
            return Checked(tuple(line.replace(str(path), name).replace("upload.csv", name) for line in _lines(error)))
    quality = history.quality
    found = {*(f"warning: {text}" for text in quality.warnings), *(f"note: {text}" for text in quality.notes)}
    summary = tuple(line for line in quality.lines() if line not in found)
    return Checked((), summary, quality.warnings, quality.notes)


def _lines(error: SimcastError) -> list[str]:
    """Return the problems as an error shows them: the first ones, and how many more there are."""
    return str(error).splitlines() if isinstance(error, DataError) else list(error.problems)
