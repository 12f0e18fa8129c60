"""Checks of the hazards of a posterior."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from simcast.pipeline import STALLED, Pipeline

if TYPE_CHECKING:
    import xarray as xr

HAZARD = "hazard"
"""The family of days that are given by hazards in pieces of days: all moves of a stage have it, or none."""

_TOLERANCE = 1e-6


def hazard_problems(pipeline: Pipeline, draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with the stages that have hazards; labels and dimensions are known to be right."""
    stages = []
    for stage, moves in zip(pipeline.stages, pipeline.moves, strict=True):
        families = draws["days_family"].sel(stage=stage, move=list(moves)).to_numpy()
        if np.all(families == HAZARD):
            stages.append(stage)
        elif np.any(families == HAZARD):
            yield f"posterior.days_family[{stage}]: is {HAZARD!r} for some moves; all moves of a stage have it, or none"
    if not stages:
        return
    missing = [name for name in ("hazard_log", "hazard_effect") if name not in draws]
    if missing:
        yield from (
            f"posterior: the variable {name!r} is missing, which the stage {stages[0]!r} needs" for name in missing
        )
        return
    problems = list(_piece_problems(draws))
    yield from problems
    if not problems:
        for stage in stages:
            yield from _stage_problems(stage, pipeline.moves[pipeline.stage_code(stage)], draws)


def _piece_problems(draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with the pieces of days."""
    if "piece" not in draws.coords or "hazard_end" not in draws.attrs:
        yield "posterior: hazards need the coordinate 'piece', their pieces' first days, and the attribute 'hazard_end'"
        return
    starts = [*draws["piece"].to_numpy().tolist(), draws.attrs["hazard_end"]]
    if starts[0] != 0 or not all(later > earlier for earlier, later in pairwise(starts)):
        yield f"posterior: the pieces begin on the days {starts}, the last being hazard_end; must rise from 0"


def _stage_problems(stage: str, moves: tuple[str, ...], draws: xr.Dataset) -> Iterator[str]:
    """Yield where a stage's hazards are no numbers, or not those that its probabilities follow from."""
    here = draws.sel(stage=stage, move=list(moves))
    hazard_log = here["hazard_log"].transpose("draw", "move", "piece").to_numpy()
    effect = here["hazard_effect"].transpose("draw", "move", "segment").to_numpy()
    for name, values in (("hazard_log", hazard_log), ("hazard_effect", effect)):
        if not np.all(np.isfinite(values)):
            yield f"posterior.{name}[{stage}]: must be finite for the moves {', '.join(moves)}"
            return
    from simcast.engine.hazard import hazard_marginals

    starts = np.append(draws["piece"].to_numpy(), draws.attrs["hazard_end"])
    follows, _ = hazard_marginals(hazard_log[:1], effect[:1], starts)  # one draw tells a slip in their order
    held = draws["probability"].sel(stage=stage, move=[*moves, STALLED]).transpose("draw", "move", "segment")
    if not np.allclose(held.to_numpy()[0], follows[0], atol=_TOLERANCE, rtol=0):
        yield f"posterior.probability[{stage}]: is not what follows from hazard_log and hazard_effect"
