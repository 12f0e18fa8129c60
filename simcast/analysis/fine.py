"""The baseline by day or week, for a fan chart; summed over longer periods it is the baseline that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simcast.days import PERIODS
from simcast.forecast import Forecast
from simcast.history import Book
from simcast.plan import MINOR_UNITS, ForecastDays, Plan, build_plan, forecast_days
from simcast.posterior import Posterior
from simcast.scenario import Scenario

_MOST_DAYS, _MOST_WEEKS = 190, 160
"""Up to how many days a fan has a point a day, and up to how many weeks a point a week."""
_MOST_VALUES = 60_000_000
"""How many values (futures times periods) a fan may take; beyond, it is as coarse as the forecast."""
_MOST_SHARED = 15_000_000
"""How many values, by segment too, one playing may hold for fan and forecast; beyond, each is played by itself."""

_AT_THE_END = ("open_at_end", "team_queue")


def play_fine(
    scenario: Scenario,
    posterior: Posterior,
    book: Book,
    play: Callable[[Plan], Forecast],
    like: Plan | None = None,
) -> Forecast | None:
    """Play the baseline in periods fine enough for a fan; None where its own are, or finer ones would take too much.

    Where memory allows, results by day are split by segments as the scenario asks, so that `coarser` can use them.
    """
    settings = scenario.forecast
    n_days, futures = forecast_days(scenario).n_days, scenario.simulation.futures
    period = "day" if n_days <= _MOST_DAYS else "week" if n_days <= 7 * _MOST_WEEKS else "month"
    n_periods = n_days if period == "day" else n_days // 7 + 1
    if PERIODS.index(period) >= PERIODS.index(settings.period) or n_periods * futures > _MOST_VALUES:
        return None
    n_groups = len(posterior.segments.grouped(settings.by)[0])
    shared = period == "day" and n_periods * futures * n_groups <= _MOST_SHARED
    update = {"period": period} if shared else {"period": period, "by": ()}
    finer = scenario.model_copy(update={"forecast": settings.model_copy(update=update)})
    return play(build_plan(posterior, book, finer, like=like))


def coarser(fine: Forecast, plan: Plan) -> dict[str, Forecast]:
    """Return the baseline by name, from what was played by day for a fan; nothing where that is not split like it.

    Weeks are of no use: months begin in the middle of them.
    """
    if fine.results.attrs["period"] != "day" or fine.segments != plan.groups:
        return {}
    return {plan.scenario: in_periods(fine, plan.days)}


def in_periods(forecast: Forecast, days: ForecastDays) -> Forecast:
    """Return a forecast by day in longer periods, as if it had been played so, bit for bit.

    Money is summed in whole minor units, since sums of fractions depend on their order.
    """
    results = forecast.results
    parts = [np.flatnonzero(days.period_of_day == number) for number in range(len(days.starts))]
    held = results.drop_dims("period")
    for name, variable in results.data_vars.items():
        if "period" not in variable.dims or name == "period_end":
            continue
        axis = variable.dims.index("period")
        values = variable.to_numpy()
        if name in _AT_THE_END:
            summed = values.take([part[-1] for part in parts], axis=axis)
        elif name == "bookings":
            whole = np.rint(values * MINOR_UNITS).astype(np.int64)
            summed = np.stack([whole.take(part, axis=axis).sum(axis=axis) for part in parts], axis=axis) / MINOR_UNITS
        else:
            summed = np.stack(
                [values.take(part, axis=axis).sum(axis=axis, dtype=values.dtype) for part in parts], axis=axis
            )
        held[name] = (variable.dims, summed)
    held["period_end"] = ("period", days.ends.astype("datetime64[s]"))
    held = held.assign_coords(period=days.starts.astype("datetime64[s]"))
    return replace(forecast, results=held.assign_attrs(results.attrs | {"period": days.period}))
