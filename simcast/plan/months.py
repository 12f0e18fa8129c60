"""Over which months a stage's stays are spread: those in which they begin, and those in which they will end.

Months are good or bad for conversion by when stays begin, for speed by when they end, while the kernel gives each stay
one effect, by the epoch in which it begins. So the stays of a block (those of the open deals, or those that begin in a
month) get the mean effect of their months, each by its share. Then a total varies by as much as its months make it, and
the stays of a long wait do not all have one month's luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import NOWHERE
from simcast.engine.samplers import EXPONENTIAL, GAMMA, LOGLOGISTIC, LOGNORMAL, WEIBULL
from simcast.history import Book
from simcast.plan.calendar import ForecastDays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Months = NDArray[np.datetime64]

_FARTHEST = 24
"""Stays that began earlier than so many months ago count as if they had begun then."""
_N_LOOKED_AT = 24
"""So many draws of the posterior, each for one segment, tell when stays end: shares need no more."""
_OLDEST_DAYS, _LEAST = 1100, 1e-12


@dataclass(frozen=True, eq=False)
class Shares:
    """How the stays of each stage and block are spread over months.

    Parameters
    ----------
    months
        datetime64[M], (n_months,).
    share
        float64, (n_stages, n_blocks, n_months): sums to 1 over months. Block 0 is the open deals' stays, and those that
        begin on the as-of date; the others are the months of the forecast, in order.
    """

    months: Months
    share: Floats


def months_of_beginning(book: Book, days: ForecastDays) -> Shares:
    """Return when stays begin: in the month that is their block's, those of open deals before the as-of date."""
    ahead = np.unique(days.days.astype("datetime64[M]"))
    months = np.concatenate([ahead[0] - np.arange(_FARTHEST, 0, -1).astype("timedelta64[M]"), ahead])
    share = np.zeros((book.pipeline.n_stages, ahead.size + 1, months.size))
    share[:, 1:, _FARTHEST:] = np.eye(ahead.size)
    began = (days.as_of - np.ceil(book.age_days).astype("timedelta64[D]")).astype("datetime64[M]")
    place: Ints = np.maximum((began - months[0]).astype(np.int64), 0)
    np.add.at(share[:, 0], (book.stage_code, place), 1.0)
    share[:, 0, _FARTHEST] += share[:, 0].sum(axis=-1) == 0.0
    share[:, 0] /= share[:, 0].sum(axis=-1, keepdims=True)
    return Shares(months, share)


def months_of_ends(stage: Ints, age: Floats, days: ForecastDays, parameters: Mapping[str, Any]) -> Shares:
    """Return when stays will end, of those that end within the forecast.

    A month counts by what its luck changes in the number of ends until the last day: by the ends that are due in it,
    less those that would have come later anyway.

    Parameters
    ----------
    stage, age
        int64 and float64, (n_deals,): where open deals stand, and for how long, in the days of their durations.
    days
        Those forecast.
    parameters
        The kernel's arrays of the stages' moves, days and clocks.
    """
    months, first_day = np.unique(days.days.astype("datetime64[M]"), return_index=True)
    edges = np.append(first_day, days.n_days).astype(np.float64)
    n_stages = parameters["probability"].shape[1]
    share = np.zeros((n_stages, months.size + 1, months.size))
    for code in range(n_stages):
        log_lasting = _log_lasting(parameters, code, days.n_days)
        passed = _on_clock(parameters, code, edges)
        ages, count = np.unique(np.minimum(age[stage == code], _OLDEST_DAYS), return_counts=True)
        share[code, 0] = _by_month(log_lasting, passed, *((ages, count) if ages.size else (np.zeros(1), np.ones(1))))
        for month in range(months.size):
            begins = _on_clock(parameters, code, 0.5 * (edges[month] + edges[month + 1]))
            left = np.maximum(passed - begins, 0.0)
            share[code, month + 1] = _by_month(log_lasting, left, np.zeros(1), np.ones(1), first=month)
    return Shares(months, share)


def _by_month(log_lasting: Floats, edges: Floats, ages: Floats, count: NDArray[Any], first: int = 0) -> Floats:
    """Return the shares of the months between edges for stays of some ages: all in the first where none is due."""
    grid = np.arange(log_lasting.size)
    reached = np.interp(ages[:, None] + edges, grid, log_lasting)
    until_last = np.exp(reached[:, -1] - reached[:, 0])
    due = ((count * until_last)[:, None] * -np.diff(reached, axis=1)).sum(axis=0)
    total = due.sum()
    if not total > 0.0:
        due[first] = total = 1.0
    share: Floats = due / total
    return share


def _on_clock(parameters: Mapping[str, Any], stage: int, instants: Floats | float) -> Floats:
    """Return instants, in days from the as-of date, on the clock of the stage's forward move."""
    clock = parameters["clock_of"][stage, 0] if "clock_of" in parameters else NOWHERE
    if clock == NOWHERE:
        return np.asarray(instants)
    passed = parameters["clock_passed"][clock]
    return np.asarray(np.interp(instants, np.arange(passed.size), passed))


def _log_lasting(parameters: Mapping[str, Any], stage: int, n_days: int) -> Floats:
    """Return the log of the share of a stage's stays that last 0, 1, 2, ... days, whatever their draw and segment."""
    n_draws, _, n_segments, n_slots = parameters["probability"].shape
    days = np.arange(_OLDEST_DAYS + 4 * n_days + 2, dtype=np.float64)  # a clock may run faster than the calendar
    draw = np.linspace(0, n_draws - 1, _N_LOOKED_AT).astype(np.int64)
    segment = np.arange(_N_LOOKED_AT) % n_segments
    row = parameters["hazard_row"][stage]
    if row != NOWHERE:
        start = parameters["hazard_start"]
        hazard = np.einsum(
            "kmp,km->kp", parameters["hazard_rate"][draw, row], parameters["hazard_factor"][draw, row, segment]
        )
        so_far = np.hstack([np.zeros((_N_LOOKED_AT, 1)), np.cumsum(hazard * np.diff(start), axis=1)])
        lasting = np.array([np.exp(-np.interp(days, start, one)) for one in so_far])
    else:
        probability = parameters["probability"][draw, stage, segment]
        lasting = np.repeat(probability[:, -1:], days.size, axis=1)
        for slot in range(n_slots - 1):
            numbers = (parameters[name][draw, stage, segment, slot] for name in ("scale", "shape"))
            scale, shape = (np.maximum(each, _LEAST)[:, None] for each in numbers)
            of_slot = _survival(int(parameters["family"][stage, slot]), days / scale, shape)
            lasting = lasting + probability[:, slot, None] * of_slot
    log_lasting: Floats = np.log(np.maximum(lasting.mean(axis=0), _LEAST))
    return log_lasting


def _survival(family: int, ratio: Floats, shape: Floats) -> Floats:
    """Return P(T > days), elementwise, for days over the scale of a family of `simcast.engine.samplers`."""
    from scipy import special

    log_ratio = np.log(np.maximum(ratio, _LEAST)) / shape
    if family == LOGNORMAL:
        return np.asarray(special.ndtr(-log_ratio))
    if family == WEIBULL:
        return np.asarray(np.exp(-np.exp(np.minimum(log_ratio, 700.0))))
    if family == LOGLOGISTIC:
        return np.asarray(special.expit(-log_ratio))
    if family == EXPONENTIAL:
        return np.asarray(np.exp(-ratio))
    if family == GAMMA:
        return np.asarray(special.gammaincc(shape, ratio))
    return np.where(ratio < 1.0, 1.0, 0.0)
