"""Where posteriors are kept between runs: by a fingerprint of all that they depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior.draws import Posterior
from simcast.segments import Segments
from simcast.sources import sources_digest

_MAKE_FITS = ("days.py", "engine", "history", "model", "money.py", "pipeline.py", "posterior", "segments.py")
"""The rooms and modules whose change makes other posteriors."""

CACHE_VARIABLE = "SIMCAST_CACHE"
"""The environment variable that names another folder for stored posteriors."""

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
