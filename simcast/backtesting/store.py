"""Finished origins on disk, by a fingerprint of all that they depend on: a backtest continues where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcast.backtesting.one_origin import OriginResult
from simcast.backtesting.origins import moved_to
from simcast.history import History
from simcast.posterior import CACHE_VARIABLE
from simcast.scenario import Scenario
from simcast.sources import sources_digest

if TYPE_CHECKING:
    from simcast.model.settings import FitSettings, ModelChoices

_CHANGE_NOTHING = (
    *("app", "cli", "plots", "report", "cluster.py", "expectation", "predictive_checks", "synthetic"),
    *(f"backtesting/{name}.py" for name in ("judging", "recalibration", "results", "rolling", "scenario_file")),
    "backtesting/summary.py",
)
"""Packages and modules on which the stored result of an origin does not depend: they show, check, or score it later."""

_LIBRARIES = ("numba", "numpy", "nutpie", "pandas", "pymc", "scipy")


def default_store() -> Path:
    """Return the folder of finished origins, beside that of stored posteriors."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("simcast", appauthor=False)) / "backtests"


def origin_key(
    history: History,
    scenario: Scenario,
    origin: np.datetime64,
    settings: FitSettings | ModelChoices | None,
    baselines: Sequence[str],
) -> str:
    """Return a hash of all that one origin's result depends on: data, question, settings, sources and versions."""
    from simcast.model.settings import FitSettings

    asked = moved_to(scenario, origin).model_dump(
        mode="json", exclude={"name", "question", "extends", "history", "scenarios"}
    )
    content = {
        "history": history.digest,
        "segments": list(history.segments.columns),
        "asked": asked,
        "settings": FitSettings.of(settings).plain(),
        "baselines": list(baselines),
        "sources": sources_digest(without=_CHANGE_NOTHING),
        "versions": {name: version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def load_origin(folder: Path, key: str) -> OriginResult | None:
    """Return a finished origin; None when it is not there, or damaged."""
    import pandas as pd

    place = folder / key
    try:
        about: dict[str, Any] = json.loads((place / "about.json").read_text(encoding="utf-8"))
        cells = pd.read_parquet(place / "cells.parquet")
        deals = pd.read_parquet(place / "deals.parquet")
    except (OSError, ValueError):
        return None
    return OriginResult(cells, deals, about)


def save_origin(folder: Path, key: str, result: OriginResult) -> None:
    """Store a finished origin: all of it, or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder, prefix=f".{key[:8]}."))
    try:
        result.cells.to_parquet(beside / "cells.parquet", index=False)
        result.deals.to_parquet(beside / "deals.parquet", index=False)
        text = json.dumps(result.about, ensure_ascii=False, indent=2)
        (beside / "about.json").write_text(text + "\n", encoding="utf-8")
        if (folder / key).exists():  # damaged, or made by another process just now
            shutil.rmtree(folder / key, ignore_errors=True)
        beside.rename(folder / key)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
