"""The clocks, and the weather of months, that a scenario assumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simcast.days import day_numbers
from simcast.pipeline import Pipeline
from simcast.posterior import OPTIONAL_DIMENSIONS, move_names
from simcast.posterior.clocks import AGES, AGES_OF_CLOCK, CLOCK_VARIABLES, OPENING, QUARTER_DAYS, Clock
from simcast.scenario import CalendarAssumption, WeatherAssumption

if TYPE_CHECKING:
    import xarray as xr

_SIZES: dict[str, tuple[int, ...]] = {
    "clock_weekday": (7,),
    "clock_month": (3,),
    "clock_days_left": (QUARTER_DAYS,),
    "clock_holiday": (),
}


def assumed_clock(assumed: CalendarAssumption) -> Clock:
    """Return the weights of days that are assumed, scaled to average 1; holidays come on top."""
    days_left = np.ones(QUARTER_DAYS)
    if assumed.quarter_end is not None:
        days_left[: assumed.quarter_end.last_days] = assumed.quarter_end.weight
    return Clock(
        weekday=np.array(assumed.weekdays or (1.0,) * 7),
        month=np.array(assumed.months_of_quarter or (1.0,) * 3),
        days_left=days_left,
        holidays=day_numbers(np.array(assumed.holidays, dtype="datetime64[D]")),
        holiday=assumed.holiday_weight,
    ).normalised()


def clock_variables(
    pipeline: Pipeline, assumed: CalendarAssumption, carried: dict[str, xr.DataArray]
) -> dict[str, xr.DataArray]:
    """Return the clocks of a posterior, with those assumed in place of those fitted.

    In the stages that it is of the ages of open deals run on them, weekdays and all: what a stay has drawn passes on
    its clock from its first day on, whether that day lies before the as-of date or after it.
    """
    import xarray as xr

    clock = assumed_clock(assumed)
    values = (clock.weekday, clock.month, clock.days_left, clock.holiday if clock.holidays.size else 1.0)
    moves = move_names(pipeline)
    stages = list(pipeline.stages if assumed.stages is None else assumed.stages)
    found: dict[str, xr.DataArray] = {}
    for name, value in zip(CLOCK_VARIABLES, values, strict=True):
        if name in carried:
            array = carried[name].to_numpy().copy()
        else:
            array = np.ones((pipeline.n_stages, len(moves), *_SIZES[name]))
        for stage in stages:
            array[pipeline.stage_code(stage)] = value
        found[name] = xr.DataArray(array, dims=OPTIONAL_DIMENSIONS[name])
    of_ages = carried[AGES].copy() if AGES in carried else xr.DataArray(np.zeros(pipeline.n_stages), dims=("stage",))
    of_ages[[pipeline.stage_code(stage) for stage in stages]] = AGES_OF_CLOCK
    found[AGES] = of_ages
    if OPENING in carried:
        found[OPENING] = carried[OPENING].where(~carried[OPENING]["stage"].isin(stages), 0.0)
    return found


def holidays_attribute(assumed: CalendarAssumption) -> dict[str, object]:
    """Return the attribute of a posterior that holds the holidays."""
    return {"holidays": " ".join(str(day) for day in sorted(assumed.holidays))}


def weather_variables(assumed: WeatherAssumption, n_draws: int) -> dict[str, xr.DataArray]:
    """Return the spreads of months of a posterior."""
    import xarray as xr

    return {
        name: xr.DataArray(np.full(n_draws, spread), dims=OPTIONAL_DIMENSIONS[name])
        for name, spread in (
            ("weather_conversion", assumed.conversion),
            ("weather_speed", assumed.speed),
            ("weather_arrivals", assumed.arrivals),
        )
    }
