"""The Monte Carlo engine: compiled kernels that see only arrays and numbers.

Compiled code is kept between runs in a folder named after a hash of these sources; see `simcast.engine.compiled`.
"""

from __future__ import annotations

from pathlib import Path

from simcast.engine.compiled import digest_of_sources, kept_beside, tell_functions_apart

_HERE = Path(__file__).parent
_COMPILING = (
    "compiling the simulation of teams for this machine, once: this takes under a minute, and later runs are quick"
)

SOURCES_DIGEST = digest_of_sources(_HERE)
"""A hash of the kernels' sources and of Numba's version: the same digest, the same results."""

tell_functions_apart()

with kept_beside(_HERE, announcements={"play_teams_in_room": _COMPILING}):
    from simcast.engine import (
        ahead,
        alike,
        amount_slope,
        apart,
        arrivals,
        block,
        by_reference,
        capacity,
        capacity_layout,
        chunks,
        clock,
        counts,
        gamma,
        graph,
        hazard,
        inner,
        kernel,
        layout,
        location_scale,
        normal,
        open_deals,
        owners,
        people,
        queue,
        rng,
        room,
        samplers,
        stays,
        tables,
        tickets,
        waiting,
    )

__all__ = [
    "SOURCES_DIGEST",
    "ahead",
    "alike",
    "amount_slope",
    "apart",
    "arrivals",
    "block",
    "by_reference",
    "capacity",
    "capacity_layout",
    "chunks",
    "clock",
    "counts",
    "gamma",
    "graph",
    "hazard",
    "inner",
    "kernel",
    "layout",
    "location_scale",
    "normal",
    "open_deals",
    "owners",
    "people",
    "queue",
    "rng",
    "room",
    "samplers",
    "stays",
    "tables",
    "tickets",
    "waiting",
]
