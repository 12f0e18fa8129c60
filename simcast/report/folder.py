"""The folder that every run leaves: result, quantiles, the resolved scenario, and where all of it came from."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simcast
from simcast.analysis import Run
from simcast.errors import hide_passwords
from simcast.forecast import METRICS, Forecast
from simcast.report.document import run_document
from simcast.scenario import Scenario, dump_yaml
from simcast.sources import sources_digest

if TYPE_CHECKING:
    import pandas as pd

_VERSIONS_OF = ("numpy", "numba", "pandas", "pymc", "nutpie", "arviz", "scipy", "xarray")


def default_folder(scenario: Scenario) -> Path:
    """Return ``runs/NAME-HASH`` beside the scenario; the hash is that of its content and of the history's file."""
    data = scenario.history_path
    content = scenario.digest + (_file_digest(data) if data is not None and data.is_file() else "")
    stem = scenario.file.stem if scenario.file else "scenario"
    return scenario.folder / "runs" / f"{stem}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def write_run_folder(run: Run, folder: Path, command: Sequence[str] = ()) -> None:
    """Write ``result.json``, ``quantiles.parquet``, ``resolved.yaml`` and ``provenance.json``.

    Each file is complete or not there: it is written beside its place first.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "result.json", lambda path: path.write_text(as_json(run_document(run)), encoding="utf-8"))
    write_whole(folder / "quantiles.parquet", lambda path: quantiles(run).to_parquet(path, index=False))
    resolved = hide_passwords(dump_yaml(run.scenario.resolved(folder)))
    write_whole(folder / "resolved.yaml", lambda path: path.write_text(resolved, encoding="utf-8"))
    origin = as_json(provenance(run, command))
    write_whole(folder / "provenance.json", lambda path: path.write_text(origin, encoding="utf-8"))


def write_answer_folder(
    folder: Path, name: str, document: dict[str, Any] | list[Any], table: pd.DataFrame | None = None
) -> None:
    """Write the answer to a question as ``NAME.json``, as ``--json`` prints it, and its table as ``NAME.parquet``.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = as_json(document)
    write_whole(folder / f"{name}.json", lambda path: path.write_text(text, encoding="utf-8"))
    if table is not None:
        write_whole(folder / f"{name}.parquet", lambda path: table.to_parquet(path, index=False))


def as_json(document: dict[str, Any] | list[Any]) -> str:
    """Write a document as JSON text; NaN and infinity, which JSON has not, are refused."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def quantiles(run: Run) -> pd.DataFrame:
    """Return the quantiles of all scenarios in one long table.

    Returns
    -------
    pandas.DataFrame
        Columns: scenario, metric, by (``total``, ``period``, or a segment column), value, mean, then one column per
        quantile, such as ``q0.5``.
    """
    import pandas as pd

    return pd.concat(
        [table for name, forecast in run.forecasts.items() for table in _tables(name, forecast)], ignore_index=True
    )


def _tables(name: str, forecast: Forecast) -> list[pd.DataFrame]:
    """Return the quantile tables of one scenario."""
    tables = []
    for metric in METRICS:
        for by in (None, "period", *forecast.segments.columns):
            table = forecast.quantiles(metric, by)
            table.columns = ["mean", *(f"q{level:g}" for level in table.columns[1:])]
            value = [str(label)[:10] if by == "period" else str(label) for label in table.index]
            if by is None:
                value = [""]
            labels = {"scenario": name, "metric": metric, "by": by or "total", "value": value}
            tables.append(table.reset_index(drop=True).assign(**labels)[[*labels, *table.columns]])
    return tables


def write_whole(target: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, then move it there in one step.

    What is there and no plain file, such as ``/dev/stdout``, is written into: moving a file there would take its place.
    """
    if target.exists() and not target.is_file():
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder, target.name)
            write(whole)
            with target.open("wb") as device:
                device.write(whole.read_bytes())
        return
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        write(Path(temporary))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def provenance(run: Run, command: Sequence[str]) -> dict[str, Any]:
    """Return where a result came from: hashes, versions, command, and time."""
    data = run.scenario.history_path
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [hide_passwords(word) for word in command],
        "scenario_file": None if run.scenario.file is None else str(run.scenario.file),
        "scenario_digest": f"sha256:{run.scenario.digest}",
        "overrides": list(run.scenario.changes),
        "history_file": None if data is None else str(data),
        "history_file_digest": _source_digest(run) if data is None else _file_digest(data),
        "history_digest": None if run.history is None else f"sha256:{run.history.digest}",
        "posterior": run.posterior.fingerprint,
        "predictive_checks": None if run.posterior.checked is None else asdict(run.posterior.checked),
        "sources": f"sha256:{sources_digest()}",
        "seed": run.scenario.simulation.seed,
        "versions": {
            "simcast": simcast.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS_OF},
        },
        "platform": platform.platform(),
        "executable": sys.executable,
    }


def _source_digest(run: Run) -> str | None:
    """Return the sha256 of the rows that a database returned; None without one."""
    reading = None if run.history is None else run.history.reading
    return None if reading is None else reading.source_digest


def _file_digest(file: Path) -> str:
    """Return the sha256 of a file."""
    return f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
