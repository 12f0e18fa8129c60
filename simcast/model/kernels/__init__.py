"""The likelihoods and their gradients, written by hand and compiled by Numba: plain arrays in, plain arrays out."""

from __future__ import annotations

from pathlib import Path

from simcast import engine
from simcast.engine.compiled import digest_of_sources, kept_beside

_SOURCES = Path(__file__).parent, Path(engine.__file__).parent

SOURCES_DIGEST = digest_of_sources(*_SOURCES)
"""A hash of the kernels' sources, of those of the engine's functions that they call, and of Numba's version."""

with kept_beside(*_SOURCES):
    from simcast.model.kernels import (
        duration_tails,
        hazard,
        new_deals,
        normal_tails,
        stage,
        stage_data,
        walk,
    )

__all__ = ["SOURCES_DIGEST", "duration_tails", "hazard", "new_deals", "normal_tails", "stage", "stage_data", "walk"]
