"""Further variables of a fitted posterior, which it keeps when assumptions replace parts of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simcast.posterior import OPTIONAL_DIMENSIONS
from simcast.scenario import Assumptions

if TYPE_CHECKING:
    import xarray as xr

_OF_STAGES = {"hazard_log": np.nan, "hazard_effect": np.nan, "amount_slope": 0.0, "amount_offset": 0.0} | {
    "clock_weekday": 1.0,
    "clock_month": 1.0,
    "clock_days_left": 1.0,
    "clock_holiday": 1.0,
    "clock_opening": 0.0,
    "clock_ages": 0.0,
}
"""The optional variables that belong to stages, with what stands there for a stage that has none of it."""

_OF_ARRIVALS = ("arrivals_season", "arrivals_path", "arrivals_bound")
_OF_AMOUNTS = ("amount_quantiles", "amount_zero")
_OF_LEVELS = ("weather_conversion_level", "weather_speed_level")


def carried_variables(draws: xr.Dataset, assumptions: Assumptions) -> dict[str, xr.DataArray]:
    """Return the optional variables of a fitted posterior that hold beside what is assumed.

    A stage that is assumed has neither hazards by day nor a slope by amount. Arrivals that are assumed are as many as
    that on every day, in all seasons. How unsure the fit is of the level that months vary about does not hold for
    weather that is assumed, nor where all stages are.

    Parameters
    ----------
    draws
        The posterior's.
    assumptions
        The scenario's `assume` section.

    Returns
    -------
    dict
        By name, with the dimensions of `OPTIONAL_DIMENSIONS`, in that order.
    """
    replaced = (_OF_ARRIVALS if assumptions.arrivals is not None else ()) + (
        _OF_AMOUNTS if assumptions.amount is not None else ()
    )
    if assumptions.weather is not None or bool(draws["stage"].isin(list(assumptions.stages)).all()):
        replaced += _OF_LEVELS
    found = {}
    for name, dims in OPTIONAL_DIMENSIONS.items():
        if name not in draws or name in replaced:
            continue
        found[name] = draws[name].transpose(*dims)
        if name in _OF_STAGES:
            assumed = draws["stage"].isin(list(assumptions.stages))
            found[name] = found[name].where(~assumed, _OF_STAGES[name])
    return found
