"""Checks of how many new deals came week by week, over the weeks that the model of arrivals was fitted to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from simcast.days import day_number, day_numbers, weekday_of
from simcast.history import History
from simcast.predictive_checks.stays import Floats, Ints
from simcast.predictive_checks.verdict import PredictiveCheck, Scale, Subject, compare_number

if TYPE_CHECKING:
    import xarray as xr

ARRIVALS = "weekly arrivals"
NEW_DEALS = "new deals"
"""The part of the model, as the sampler's draws are named."""

LEVEL = "log_level"
"""The variable that tells the level of past weeks, by the first day of each, relative to the as-of date."""

N_REPLICATES = 1000
"""Weeks are replicated fast, so that their p-values need no extrapolation."""
FEWEST_WEEKS = 8

_DAYS = 7


def check_arrivals(sampled: xr.Dataset, history: History, generator: np.random.Generator) -> Iterator[PredictiveCheck]:
    """Yield the checks of weekly arrivals, not judged yet; none where the past level of arrivals is not known.

    Parameters
    ----------
    sampled
        What the sampler drew of new deals: ``log_level`` (week), ``arrivals_per_day`` (segment),
        ``weekday_weight`` (weekday) and ``arrivals_size``, with dimensions chain and draw.
    history
        What was known at the as-of date.
    generator
        Of the random numbers.
    """
    if LEVEL not in sampled:
        return
    as_of = day_number(history.recorded_until)
    starts = _first_days(sampled["week"])
    whole = np.flatnonzero(np.diff(starts, append=as_of) == _DAYS)  # the first week of a history may be cut short
    if whole.size < FEWEST_WEEKS:
        return
    came = day_numbers(history.stays["entered"][~history.stays["deal"].duplicated()].to_numpy())
    week = np.searchsorted(starts, came[came < as_of], side="right") - 1
    observed = np.bincount(week[week >= 0], minlength=starts.size)[whole].astype(np.float64)
    replicated = _replicated_weeks(sampled.isel(week=whole), starts[whole], generator)
    for statistic, scale, measure in _STATISTICS:
        yield compare_number(
            Subject(ARRIVALS, NEW_DEALS, "all", statistic),
            float(measure(observed[None])[0]),
            measure(replicated),
            scale=scale,
            n=whole.size,
        )


def _first_days(weeks: xr.DataArray) -> Ints:
    """Return the first day of each week, since 1970-01-01, whether they are held as dates or as numbers."""
    values = weeks.to_numpy()
    return day_numbers(values) if values.dtype.kind == "M" else values.astype(np.int64)


def _replicated_weeks(sampled: xr.Dataset, starts: Ints, generator: np.random.Generator) -> Floats:
    """Return the new deals of each week in each replicate: float64, (n_replicates, n_weeks).

    The count of a segment and day is negative binomial: Poisson with a mean that is gamma distributed.
    """
    drawn = sampled.stack(sample=("chain", "draw"), create_index=False)
    chosen = np.linspace(0, drawn.sizes["sample"] - 1, N_REPLICATES).astype(np.int64)
    part = drawn[[LEVEL, "arrivals_per_day", "weekday_weight", "arrivals_size"]].isel(sample=chosen)
    level = np.exp(part[LEVEL].transpose("sample", "week").to_numpy())
    rate = part["arrivals_per_day"].transpose("sample", "segment").to_numpy()
    weight = part["weekday_weight"].transpose("sample", "weekday").to_numpy()
    size = part["arrivals_size"].to_numpy()[:, None, None]
    begins = np.atleast_1d(sampled.attrs.get("begins", starts[0]))
    ends = np.atleast_1d(sampled.attrs.get("ends", starts[-1] + _DAYS))
    weeks = np.empty((chosen.size, starts.size))
    for position, start in enumerate(starts):
        days = start + np.arange(_DAYS)
        there = (days[:, None] >= begins) & (days[:, None] < ends)
        by_day = weight[:, weekday_of(days)] * level[:, position, None]
        mean = by_day[:, :, None] * rate[:, None, :] * there
        varied = mean * generator.standard_gamma(np.broadcast_to(size, mean.shape)) / size
        weeks[:, position] = generator.poisson(varied).sum(axis=(1, 2))
    return weeks


def _dispersion(weeks: Floats) -> Floats:
    """Return variance over mean, row by row; 0 where nothing came."""
    mean = weeks.mean(axis=1)
    dispersion: Floats = weeks.var(axis=1, ddof=1) / np.where(mean > 0, mean, 1.0)
    return dispersion


def _autocorrelation(weeks: Floats) -> Floats:
    """Return the correlation of each week with the next one, row by row; 0 where weeks do not vary."""
    centred = weeks - weeks.mean(axis=1, keepdims=True)
    variance = np.square(centred).sum(axis=1)
    following: Floats = (centred[:, :-1] * centred[:, 1:]).sum(axis=1) / np.where(variance > 0, variance, 1.0)
    return following


def _mean(weeks: Floats) -> Floats:
    mean: Floats = weeks.mean(axis=1)
    return mean


def _largest(weeks: Floats) -> Floats:
    largest: Floats = weeks.max(axis=1)
    return largest


_STATISTICS: tuple[tuple[str, Scale, Callable[[Floats], Floats]], ...] = (
    ("mean of a week", "ratio", _mean),
    ("variance over mean", "ratio", _dispersion),
    ("largest week", "ratio", _largest),
    ("correlation with the next week", "correlation", _autocorrelation),
)
