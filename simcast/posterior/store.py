"""Where posteriors are kept between runs, and what was found of them: by a fingerprint of all that they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior.checked import Checked
from simcast.posterior.draws import Posterior
from simcast.segments import Segments
from simcast.sources import sources_digest

_MAKE_FITS = ("days.py", "engine", "history", "model", "money.py", "pipeline.py", "posterior", "segments.py")
"""The packages and modules whose change makes other posteriors."""

CACHE_VARIABLE = "SIMCAST_CACHE"
"""The environment variable that names another folder for stored posteriors."""

_MAKE_CHECKS = ("predictive_checks",)
"""The packages whose change makes other checks of the same fit."""

_LIBRARIES = ("arviz", "numpy", "nutpie", "pymc", "pytensor")


def fit_fingerprint(
    history_digest: str, pipeline: Pipeline, segments: Segments, settings: Mapping[str, Any], seed: int
) -> str:
    """Return a hash of all that a fit depends on: data, pipeline, settings, seed, model and versions.

    Parameters
    ----------
    history_digest
        A hash of the history's content.
    pipeline, segments
        Of the history.
    settings
        The model's settings as plain numbers, strings, lists and dicts.
    seed
        The sampler's.

    Returns
    -------
    str
        ``"sha256:"`` and 64 hexadecimal digits.
    """
    content = {
        "history": history_digest,
        "pipeline": [pipeline.path, pipeline.stages, pipeline.outcomes, pipeline.kinds, pipeline.moves],
        "segments": [segments.columns, segments.values],
        "settings": settings,
        "seed": seed,
        "model": sources_digest(only=_MAKE_FITS),
        "versions": {name: version(name) for name in _LIBRARIES},
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def posterior_path(fingerprint: str) -> Path:
    """Return where the posterior with this fingerprint is, or would be, stored.

    The folder is the user's cache, or the one that the environment variable `SIMCAST_CACHE` names.
    """
    from platformdirs import user_cache_dir

    folder = Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("simcast", appauthor=False))
    return folder / "posteriors" / f"{fingerprint.removeprefix('sha256:')}.nc"


def stored_posterior(fingerprint: str) -> Posterior | None:
    """Return the stored posterior; None when there is none, or when its file is damaged or another's."""
    path = posterior_path(fingerprint)
    if not path.is_file():
        return None
    try:
        posterior = Posterior.load(path)
    except FitError:
        return None
    return posterior if posterior.fingerprint == fingerprint else None


def checked_path(fingerprint: str) -> Path:
    """Return where the verdict on the fit with this fingerprint is, or would be, stored."""
    return posterior_path(fingerprint).with_suffix(".checks.json")


def store_checked(fingerprint: str, checked: Checked) -> None:
    """Write a verdict beside its posterior, whole or not at all, in the place of an earlier one.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    path = checked_path(fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(_labels(fingerprint) | asdict(checked), file, ensure_ascii=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def stored_checked(fingerprint: str) -> Checked | None:
    """Return the stored verdict; None where there is none that is whole, of this fit and of these checks."""
    try:
        held = json.loads(checked_path(fingerprint).read_text(encoding="utf-8"))
        if any(held[name] != value for name, value in _labels(fingerprint).items()):
            return None
        parts = tuple(str(part) for part in held["parts"])
        return Checked(int(held["n_checks"]), int(held["n_failed"]), parts)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _labels(fingerprint: str) -> dict[str, str]:
    """Return what tells whose verdict a file holds."""
    return {"fingerprint": fingerprint, "checks": sources_digest(only=_MAKE_CHECKS)}
