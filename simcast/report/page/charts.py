"""What each figure shows, as numbers: drawn as SVG or by plotly, with a table of the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simcast.forecast import Forecast, Metric
from simcast.report.tables import as_date

Floats = NDArray[np.float64]

BAND_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""The quantiles that the fan and the rows of intervals show."""


@dataclass(frozen=True)
class Fan:
    """How a total builds up: the days at whose start it is known, and its quantiles at `BAND_LEVELS`.

    Parameters
    ----------
    days
        (n_days,)
    quantiles : float64, (n_levels, n_days)
    metric
        What is summed.
    target
        What is wanted; None without a target.
    """

    days: tuple[date, ...]
    quantiles: Floats
    metric: Metric
    target: float | None


@dataclass(frozen=True)
class Histogram:
    """The shares of futures by total.

    Parameters
    ----------
    edges : float64, (n_bins + 1,)
    shares : float64, (n_bins,)
    quantiles
        P10, P50, P90.
    target
        What is wanted, one of the edges; None without a target.
    """

    edges: Floats
    shares: Floats
    quantiles: tuple[float, float, float]
    metric: Metric
    target: float | None


@dataclass(frozen=True)
class Interval:
    """A row of a figure: a name, a word at its right, where its dot stands and the quantiles 5%, 25%, 75%, 95%."""

    name: str
    label: str
    dot: float
    quantiles: tuple[float, float, float, float]


@dataclass(frozen=True)
class Intervals:
    """Rows of intervals on one scale, of money or of wins.

    Parameters
    ----------
    rows
        From top to bottom.
    signed
        Whether they are gains, with a line at zero, coloured by their sign.
    """

    rows: tuple[Interval, ...]
    signed: bool
    metric: Metric = "bookings"


@dataclass(frozen=True)
class Bar:
    """A row of a figure: a name, a word at its right, and the lengths of its parts."""

    name: str
    label: str
    parts: tuple[float, ...]


@dataclass(frozen=True)
class Bars:
    """Rows of stacked bars on one scale that begins at zero.

    Parameters
    ----------
    rows
        From top to bottom.
    colours
        The CSS class of each part.
    """

    rows: tuple[Bar, ...]
    colours: tuple[str, ...]


Chart = Fan | Histogram | Intervals | Bars


def fan(forecast: Forecast, metric: Metric) -> Fan:
    """Return how a total builds up from period to period."""
    per_period = forecast.results[metric].sum(("segment", "origin"), skipna=False).transpose("future", "period")
    total = np.cumsum(per_period.to_numpy(), axis=1)
    begin = np.datetime64(str(forecast.results.attrs["as_of"]), "D")
    ends = forecast.results["period_end"].to_numpy().astype("datetime64[D]")
    quantiles = np.quantile(total, BAND_LEVELS, axis=0)
    return Fan(
        (as_date(begin), *(as_date(day) for day in ends + np.timedelta64(1, "D"))),
        np.concatenate([np.zeros((len(BAND_LEVELS), 1)), quantiles], axis=1),
        metric,
        forecast.targets.get(metric),
    )


def course(forecast: Forecast, values: Floats) -> Fan:
    """Return how a number of deals moves, from its value at the end of each period.

    Parameters
    ----------
    values : float64, (n_futures, n_periods)
    """
    ends = forecast.results["period_end"].to_numpy().astype("datetime64[D]")
    days = tuple(as_date(day) for day in ends + np.timedelta64(1, "D"))
    return Fan(days, np.asarray(np.quantile(values, BAND_LEVELS, axis=0), dtype=np.float64), "wins", None)


def histogram(forecast: Forecast, metric: Metric, most_bins: int = 36) -> Histogram:
    """Return the shares of futures by total, in bins of a round width that a target parts."""
    values = forecast.values(metric)
    target = forecast.targets.get(metric)
    low, high = (float(np.quantile(values, level)) for level in (0.001, 0.999))
    width = nice_step(low, high, most_bins)
    if metric == "wins":
        width = max(1.0, math.ceil(width))
    start = 0.0 if target is None else target
    first, last = math.floor((low - start) / width), math.floor((high - start) / width) + 1
    edges: Floats = start + width * np.arange(first, last + 1, dtype=np.float64)
    # What lies beyond the outermost bins is counted in them, so that the shares sum to one.
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    shares = np.asarray(np.bincount(places, minlength=len(edges) - 1) / len(values), dtype=np.float64)
    p10, p50, p90 = (float(q) for q in np.quantile(values, (0.1, 0.5, 0.9)))
    inside = target if target is not None and edges[0] <= target <= edges[-1] else None
    return Histogram(edges, shares, (p10, p50, p90), metric, inside)


def interval_of(name: str, label: str, values: Floats, dot: float) -> Interval:
    """Return a row of the futures' values, with a dot at what its label says."""
    low, lower, upper, high = (float(q) for q in np.quantile(values, (0.05, 0.25, 0.75, 0.95)))
    return Interval(name, label, dot, (low, lower, upper, high))


def nice_step(low: float, high: float, most: int) -> float:
    """Return a step of 1, 2, 2.5 or 5 times a power of ten that cuts a range into at most so many parts.

    Examples
    --------
    >>> nice_step(0, 2.7e6, 6)
    500000.0
    """
    span = high - low
    if not span > 0:
        span = abs(high) or 1.0
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if power * factor >= rough * (1 - 1e-9))


def ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return round values within a range; whole numbers, where only they make sense."""
    step = nice_step(low, high, most)
    if whole and step != round(step):
        step = float(math.ceil(step))
    return [step * k for k in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def date_ticks(days: Sequence[date], most: int) -> list[date]:
    """Return days for the ticks of an axis: firsts of months where they are enough, else evenly spaced days."""
    firsts = [day for day in days if day.day == 1]
    if len(firsts) >= 2:
        return firsts[:: max(1, math.ceil(len(firsts) / most))]
    return list(days[:: max(1, math.ceil(len(days) / most))])
