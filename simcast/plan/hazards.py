"""Hazards by day, and what goes with an open deal's amount, as the kernel reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import NOWHERE, no_hazards
from simcast.history import Book
from simcast.posterior import Posterior
from simcast.posterior.hazards import HAZARD

Floats = NDArray[np.float64]

LOG_AMOUNT_STEP = 0.125
"""Where laws are shared, amounts that differ by less than half of this logarithm count as one."""


def hazard_arrays(posterior: Posterior, n_slots: int) -> dict[str, Any]:
    """Return the hazards of the stages that have the family "hazard", by slot; without such stages, empty arrays.

    Returns
    -------
    dict
        ``hazard_row``, ``hazard_start``, ``hazard_rate`` and ``hazard_factor`` of `simcast.engine.layout.KernelPlan`.
    """
    pipeline, draws = posterior.pipeline, posterior.draws
    n_draws, n_segments = draws.sizes["draw"], len(posterior.segments)
    family = [draws["days_family"].sel(stage=name, move=pipeline.forward(name)).item() for name in pipeline.stages]
    rows = [code for code, name in enumerate(family) if name == HAZARD]
    arrays: dict[str, Any] = no_hazards(n_draws, pipeline.n_stages, n_segments, n_slots)
    if not rows:
        return arrays
    start = np.append(draws["piece"].to_numpy(), draws.attrs["hazard_end"]).astype(np.float64)
    rate = np.zeros((n_draws, len(rows), n_slots - 1, start.size - 1))
    factor = np.zeros((n_draws, len(rows), n_segments, n_slots - 1))
    row = np.full(pipeline.n_stages, NOWHERE, dtype=np.int64)
    row[rows] = np.arange(len(rows))
    for position, code in enumerate(rows):
        moves = list(pipeline.moves[code])
        here = draws[["hazard_log", "hazard_effect"]].isel(stage=code).sel(move=moves)
        rate[:, position, : len(moves)] = np.exp(here["hazard_log"].transpose("draw", "move", "piece").to_numpy())
        effect = here["hazard_effect"].transpose("draw", "segment", "move").to_numpy()
        factor[:, position, :, : len(moves)] = np.exp(effect)
    return arrays | {"hazard_row": row, "hazard_start": start, "hazard_rate": rate, "hazard_factor": factor}


def log_amounts(posterior: Posterior, book: Book) -> Floats:
    """Return the log of each open deal's amount over its centre; NaN where unknown, or where nothing goes with it.

    Where a stage has hazards by day, amounts are told apart in steps of `LOG_AMOUNT_STEP` only: then deals share laws
    of their own that take long to work out. The fit tells far fewer classes of amounts apart.

    Returns
    -------
    float64, (n_deals,)
    """
    found = np.full(len(book), np.nan)
    if "amount_slope" in posterior.draws:
        known = book.amount > 0  # NaN is not
        found[known] = np.log(book.amount[known] / posterior.draws.attrs["amount_centre"])
        if bool((posterior.draws["days_family"] == HAZARD).any()):
            found = np.round(found / LOG_AMOUNT_STEP) * LOG_AMOUNT_STEP
    return found


def slope_arrays(posterior: Posterior) -> dict[str, Any]:
    """Return ``amount_slope`` and ``amount_offset`` of `simcast.engine.layout.KernelPlan`, if the posterior has them.

    One that was stored without offsets has offsets of 0.
    """
    draws = posterior.draws
    if "amount_slope" not in draws:
        return {}
    slope = draws["amount_slope"].transpose("draw", "stage").to_numpy()
    offset = np.zeros((*slope.shape, len(posterior.segments)))
    if "amount_offset" in draws:
        offset = draws["amount_offset"].transpose("draw", "stage", "segment").to_numpy()
    return {
        "amount_slope": np.ascontiguousarray(slope, dtype=np.float64),
        "amount_offset": np.ascontiguousarray(offset, dtype=np.float64),
    }
