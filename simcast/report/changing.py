"""What changed since an earlier run: a waterfall in words, and as a JSON document; the earlier run's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from simcast.analysis import Ground, ground_of
from simcast.analysis.since import Changes, Step
from simcast.errors import ScenarioArgumentError
from simcast.progress import Progress
from simcast.report.terminal import plain_table, print_table, print_warning
from simcast.scenario import load_scenario
from simcast.writing import count, money

_WORDS = {
    "won": "deals open then and won since ({deals})",
    "lost": "deals open then and lost since ({deals})",
    "open": "still open: changed chances ({deals})",
    "amounts": "still open: changed amounts ({deals})",
    "new": "new deals, arrived since ({deals}) and still to come, compared with what was expected of them",
    "parameters": "what has been learned since",
    "rest": "not told apart",
}
_SEEN = 1e-6
"""Changes that are a smaller part of what was expected are none."""


def earlier_ground(folder: Path, threads: int | None = None, progress: Progress | None = None) -> tuple[Ground, str]:
    """Return what an earlier run was played from, worked out again from its folder, and a remark where it differs.

    Raises
    ------
    ScenarioArgumentError
        When the folder is not one that a run left.
    """
    file, result = folder / "resolved.yaml", folder / "result.json"
    if missing := [str(path) for path in (file, result) if not path.is_file()]:
        raise ScenarioArgumentError(f"folder {folder}: no run left this folder: {', '.join(missing)} is not there")
    ground = ground_of(load_scenario(file), threads=threads, progress=progress)
    try:
        fingerprint = json.loads(result.read_text(encoding="utf-8"))["fingerprint"]
    except (ValueError, KeyError, TypeError) as error:
        raise ScenarioArgumentError(f"folder {folder}: result.json is no result of a run: {error}") from None
    if fingerprint == ground.posterior.fingerprint:
        return ground, ""
    return (
        ground,
        "the history before the earlier run has changed, or the model has; the earlier run is fitted again",
    )


def changes_document(found: Changes, remark: str) -> dict[str, Any]:
    """Return the part of ``simcast explain --json`` that tells what changed."""
    return {
        "metric": found.metric,
        "since": str(found.since),
        "as_of": str(found.as_of),
        "until": str(found.until),
        "before": found.before,
        "steps": [vars(step) for step in found.steps],
        "won": found.won,
        "ahead": found.ahead,
        "notes": [*found.notes, *([remark] if remark else [])],
    }


def print_changes(found: Changes, remark: str, console: Console, *, aside: Console | None = None) -> None:
    """Print from what the expectation went to what, and why; what to beware of on a console of its own."""
    now = found.won + found.ahead
    written = _written(found, now)
    console.print(
        f"\n[bold]By {found.until} {written} {'of bookings ' if found.metric == 'bookings' else 'wins '}are expected, "
        f"{_moved(found)} on {found.since}[/bold]: {_written(found, found.won)} won since, "
        f"{_written(found, found.ahead)} to come",
        highlight=False,
    )
    table = plain_table("", f"expected on {found.since}", _written(found, found.before))
    for step in found.steps:
        if step.kind != "rest" or _is_seen(found, step):
            table.add_row(_WORDS[step.kind].format(deals=step.deals), _written(found, step.value, signed=True))
    table.add_row(f"expected on {found.as_of}, with what is won", written)
    print_table(table, console)
    for note in (*found.notes, *([remark] if remark else [])):
        print_warning(note, aside or console)


def _moved(found: Changes) -> str:
    """Say how far the expectation has moved."""
    change = found.won + found.ahead - found.before
    if abs(change) <= _SEEN * max(1.0, abs(found.before)):
        return "as"
    return f"{_written(found, abs(change))} {'more' if change > 0 else 'less'} than"


def _is_seen(found: Changes, step: Step) -> bool:
    return abs(step.value) > _SEEN * max(1.0, abs(found.before))


def _written(found: Changes, value: float, *, signed: bool = False) -> str:
    return money(value, signed=signed) if found.metric == "bookings" else count(value, signed=signed)
