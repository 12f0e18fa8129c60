"""Posteriors with hazards by day, made from assumed ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.engine.hazard import hazard_marginals
from simcast.posterior import OPTIONAL_DIMENSIONS, Posterior


def hazard_draws(
    posterior: Posterior, stage: str, rate: NDArray[np.float64], starts: list[int], end: int
) -> xr.Dataset:
    """Return the posterior's draws with hazards in one stage: `rate` is by draw, move and piece."""
    draws = posterior.draws.copy(deep=True)
    moves = list(posterior.pipeline.moves[posterior.pipeline.stage_code(stage)])
    sizes = {**draws.sizes, "piece": len(starts)}
    for name in ("hazard_log", "hazard_effect"):
        dims = OPTIONAL_DIMENSIONS[name]
        draws[name] = (dims, np.full([sizes[dim] for dim in dims], np.nan))
    draws = draws.assign_coords(piece=starts).assign_attrs(hazard_end=end)
    effect = np.linspace(-0.3, 0.4, sizes["segment"])
    here = {"stage": stage, "move": moves}
    draws["hazard_log"].loc[here] = np.log(rate)
    draws["hazard_effect"].loc[here] = np.broadcast_to(effect, (sizes["draw"], len(moves), sizes["segment"]))
    ends, median_days = hazard_marginals(
        np.log(rate), draws["hazard_effect"].loc[here].to_numpy(), np.array([*starts, end])
    )
    draws["probability"].loc[{"stage": stage}] = 0.0
    draws["probability"].loc[{"stage": stage, "move": [*moves, "stalled"]}] = ends
    draws["days_family"] = draws["days_family"].astype(object)
    draws["days_family"].loc[here] = "hazard"
    draws["days_family"] = draws["days_family"].astype(str)
    draws["days_scale"].loc[here] = median_days
    draws["days_shape"].loc[here] = 1.0
    return draws


def with_amount_slope(draws: xr.Dataset, slope: float, centre: float, offset: float | None = None) -> xr.Dataset:
    """Return the draws with the same slope by amount in all stages, and where it is given the same offset."""
    variables = {"amount_slope": slope} | ({} if offset is None else {"amount_offset": offset})
    for name, number in variables.items():
        dims = OPTIONAL_DIMENSIONS[name]
        draws = draws.assign({name: (dims, np.full([draws.sizes[dim] for dim in dims], number))})
    return draws.assign_attrs(amount_centre=centre)


def with_draws(posterior: Posterior, draws: xr.Dataset) -> Posterior:
    """Return the posterior with other draws."""
    return replace(posterior, draws=draws)
