"""The course of synthetic deals through their stages: moves, times, weekends and the quarter-end rush.

Random numbers are uniforms turned into normals by the inverse of the distribution function, because
the streams of a generator's other methods may change between releases of NumPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from simcast.synthetic.truth import FORWARD, STALLED, Truth

_NORMAL = NormalDist()
_quantile = np.frompyfunc(_NORMAL.inv_cdf, 1, 1)
_survival = np.frompyfunc(lambda z: 0.5 * math.erfc(z / math.sqrt(2.0)), 1, 1)

_SMALLEST = 1e-300
_REACH_DAYS = 3650
"""How far beyond the last known day the calendar of the rush is laid out."""


def normal_quantile(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard normal quantile of each probability, kept away from 0."""
    return np.asarray(_quantile(np.clip(probability, _SMALLEST, 1.0 - 1e-16)), dtype=np.float64)


def lognormal_survival(
    days: NDArray[np.float64], median: NDArray[np.float64], sigma: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probability that a lognormal time is longer than `days`; 1 at 0 days and below."""
    z = np.log(np.maximum(days, _SMALLEST) / median) / sigma
    return np.asarray(_survival(z), dtype=np.float64)


@dataclass(frozen=True)
class Calendar:
    """Days of the week and of the rush, on a line of days on which `origin` is 0.

    Instants are days with a fraction, such as 3.25 for six in the morning of the fourth day.
    """

    origin: np.datetime64
    rushed: NDArray[np.float64]
    """Operational days passed by the start of each calendar day: float64, (n_days + 1,)."""

    @classmethod
    def of(cls, truth: Truth, origin: np.datetime64, end: np.datetime64) -> Calendar:
        """Lay out the days from `origin` to well beyond `end`."""
        n_days = int((end - origin).astype(np.int64)) + _REACH_DAYS
        weight = np.ones(n_days)
        if truth.rush is not None:
            days = days_after(origin, np.arange(n_days))
            quarters = days.astype("datetime64[M]").astype(np.int64) // 3
            next_quarter = ((quarters + 1) * 3).astype("datetime64[M]").astype("datetime64[D]")
            left = (next_quarter - days).astype(np.int64)
            weight[left <= truth.rush.last_days] = truth.rush.weight
        return cls(origin, np.concatenate([[0.0], np.cumsum(weight)]))

    def operational(self, instant: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the operational days passed by each instant; ordinary days beyond the calendar's ends."""
        last = len(self.rushed) - 1
        inside = np.interp(instant, np.arange(last + 1), self.rushed)
        return np.asarray(inside + np.minimum(instant, 0.0) + np.maximum(instant - last, 0.0))

    def instant(self, operational: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the instant by which so many operational days have passed."""
        last, total = len(self.rushed) - 1, self.rushed[-1]
        inside = np.interp(operational, self.rushed, np.arange(last + 1))
        return np.asarray(inside + np.minimum(operational, 0.0) + np.maximum(operational - total, 0.0))

    def weekday(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the day of the week of each day after the origin, 0 for Monday."""
        # Day 0 of NumPy's dates, the first of 1970, was a Thursday.
        return np.asarray((days_after(self.origin, day).astype(np.int64) + 3) % 7)

    def working(self, instant: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move each instant on a weekend to the same time of the Monday after it; others stay."""
        finite = np.where(np.isfinite(instant), instant, 0.0)
        weekday = self.weekday(np.floor(finite).astype(np.int64))
        return np.where(np.isfinite(instant), instant + np.where(weekday >= 5, 7 - weekday, 0), instant)


def days_after(origin: np.datetime64, n_days: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """Return the dates so many days after `origin`."""
    return np.asarray(origin + n_days.astype("timedelta64[D]"))


@dataclass(frozen=True)
class Course:
    """When each deal entered each stage, and how it ended.

    Parameters
    ----------
    entered
        Instant at which each deal entered each stage, and was won: float64, (n_deals, n_stages + 1); NaN for never.
    lost
        Instant at which each deal was lost: float64, (n_deals,); NaN for never.
    """

    entered: NDArray[np.float64]
    lost: NDArray[np.float64]

    @property
    def won(self) -> NDArray[np.float64]:
        """Instant at which each deal was won: float64, (n_deals,); NaN for never."""
        return self.entered[:, -1]


def run_course(
    truth: Truth,
    calendar: Calendar,
    stage_code: NDArray[np.int64],
    segment_code: NDArray[np.int64],
    entered: NDArray[np.float64],
    generator: np.random.Generator,
    not_before: float = -math.inf,
) -> Course:
    """Play each deal from the stage in which it stands to its end.

    Parameters
    ----------
    stage_code, segment_code : int64, (n_deals,)
        Where each deal stands, and its segment.
    entered : float64, (n_deals,)
        The instant at which it entered that stage.
    not_before
        The first stay is known to last beyond this instant: moves and times are drawn given that.
    """
    n_stages = len(truth.stages)
    times = np.full((len(stage_code), n_stages + 1), np.nan)
    lost = np.full(len(stage_code), np.nan)
    times[np.arange(len(stage_code)), stage_code] = entered
    uniforms = generator.random((len(stage_code), n_stages, 2))
    for code in range(n_stages):
        here = np.flatnonzero(np.isfinite(times[:, code]))
        move, left = _end_stays(
            truth, calendar, code, segment_code[here], times[here, code], uniforms[here, code], not_before
        )
        forward = move == FORWARD
        times[here[forward], code + 1] = left[forward]
        lost[here[~forward]] = left[~forward]
    return Course(times, np.where(np.isfinite(lost), lost, np.nan))


def _end_stays(
    truth: Truth,
    calendar: Calendar,
    code: int,
    segment_code: NDArray[np.int64],
    entered: NDArray[np.float64],
    uniforms: NDArray[np.float64],
    not_before: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw the move and the end of each stay in one stage; a stalled stay ends at infinity."""
    rushed = truth.rush is not None and truth.stages[code].name in truth.rush.stages
    start = calendar.operational(entered) if rushed else entered
    known = np.maximum(entered, not_before)
    age = (calendar.operational(known) if rushed else known) - start

    scale = truth.days_scale[code][:, segment_code]
    shape = np.repeat(truth.days_shape[code][:, np.newaxis], len(entered), axis=1)
    survival = lognormal_survival(np.broadcast_to(age, scale.shape), scale, shape)
    weight = truth.probability[code][:, segment_code]
    weight[:STALLED] *= survival

    cumulative = np.cumsum(weight, axis=0)
    move = (uniforms[:, 0] * cumulative[-1] >= cumulative).sum(axis=0).clip(max=STALLED)
    timed = np.minimum(move, STALLED - 1)
    every = np.arange(len(entered))
    z = normal_quantile(survival[timed, every] * uniforms[:, 1])
    end = start + np.maximum(scale[timed, every] * np.exp(-shape[timed, every] * z), age)
    left = calendar.instant(end) if rushed else end
    if truth.working_week:
        left = calendar.working(left)
    return move, np.where(move == STALLED, np.inf, left)
