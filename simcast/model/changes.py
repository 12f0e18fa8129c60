"""Stages whose conversion or speed has changed: steps and slow drift, too large for the variation of months.

A model with constant parameters takes the average of then and now. The monthly effects are tested for a step at an
unknown time (the largest standardised difference between after and before, over all times) and for a trend (the
standardised slope). Both are compared with those of random orders of the months, each on its own scale; the rarer of
the two counts, with a correction for taking the rarer of two. Months with too little information are pooled with those
that follow. If neighbouring months are alike, as in a season of the year, false alarms are more frequent.

- *conversion*: of the stays that begin in a month and have ended, those that moved forward, against as many as move
  forward of their segments. Months so late that stays may still end, and the slower moves be missing, are left out:
  what is compared does not depend on ages, so that stays that only became slower do not pass for fewer forward moves;
- *speed*: the ends of a month over those that were due by the ages of the stays at risk (`simcast.model.weather`): the
  comparison of a log-rank test, free of bias by stays that are still open. Where moves differ in speed it changes with
  conversion, and so it is told of stages alone whose conversion is what it was.

References
----------
Phipson & Smyth (2010), Permutation p-values should never be zero. von Neumann (1941), Distribution of the ratio of the
mean square successive difference to the variance, on spreads that a step leaves alone. Westfall & Young (1993),
Resampling-based multiple testing, on the rarer of two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import expit, logit

from simcast.days import month_of
from simcast.model.at_risk import StageDays
from simcast.model.weather import LEAST_INFORMATION, Floats, Ints, MonthlyCounts, MonthlyEffects

_FEWEST_GROUPS = 3
"""On either side of a step; twice as many are needed for a test."""
_FEW_ORDERS, _ORDERS = 499, 4999
_HOPELESS = 0.05
"""Where even few orders are as clear so often, the others are not tried."""
_FALSE_ALARM = 0.01
"""Of a history without a change, over all its stages, if months come and go independently."""
_LEAST_CHANGE = np.log(1.5)
"""Of the log odds, or of the log speed, from one end to the other: less is not worth a word."""
_FOLLOWED = 0.9
"""Conversion is told by the stays that began so long ago that this share of those that ended had ended as soon."""


@dataclass(frozen=True)
class Change:
    """A change of a stage's conversion or speed.

    Parameters
    ----------
    stage
        Its code.
    of
        What has changed: the odds of the forward move by when stays began, or how often stays of an age end.
    first, last
        Months, since 1970-01: of a step the first one after it, and the last that tells; of a trend, its ends.
    is_trend
        Whether it came little by little.
    factor
        The odds, or the speed, after it over those before.
    shares
        Of conversion: of the stays that end, how many move forward before and after; (0, 0) of speed.
    """

    stage: int
    of: Literal["conversion", "speed"]
    first: int
    last: int
    is_trend: bool
    factor: float
    shares: tuple[float, float] = (0.0, 0.0)


def find_changes(stages: Sequence[StageDays], counts: MonthlyCounts) -> tuple[Change, ...]:
    """Return the stages whose conversion or speed has changed, each with its likeliest kind and time.

    Parameters
    ----------
    stages
        The stays of each stage.
    counts
        What tells of their months.
    """
    level = _FALSE_ALARM / max(1, 2 * len(stages))
    found = []
    for stage, (days, speed) in enumerate(zip(stages, counts.speed, strict=True)):
        forward, expected, variance, ended = forward_moves(days, counts.months)
        series = MonthlySeries(np.array([forward, expected, variance]), MonthlyEffects.on_odds, counts.months)
        if (told := series.change(level)) is not None:
            usual = logit(forward.sum() / ended.sum())
            shares = (float(expit(usual + told.before)), float(expit(usual + told.after)))
            found.append(Change(stage, "conversion", told.first, told.last, told.is_trend, told.factor, shares))
        elif (told := MonthlySeries(speed, MonthlyEffects.on_speed, counts.months).change(level)) is not None:
            found.append(Change(stage, "speed", told.first, told.last, told.is_trend, told.factor))
    return tuple(found)


def forward_moves(days: StageDays, months: Ints) -> Floats:
    """Count the stays that have ended by the month in which they began, those that began too late to tell left out.

    Returns
    -------
    float64, (4, n_months)
        Those that moved forward, as many as move forward of their segments, the variance of it, and all that ended.
    """
    ended = days.move >= 0
    if days.recorded_from is not None:
        ended &= days.entered >= days.recorded_from  # of those that began before, only the slower are on record
    if not ended.any():
        return np.zeros((4, months.size))
    ended &= days.entered <= days.until - np.quantile((days.left - days.entered)[ended], _FOLLOWED)
    forward, segment = (days.move[ended] == 0).astype(np.float64), days.segment[ended]
    share = (np.bincount(segment, forward) / np.maximum(np.bincount(segment), 1))[segment]
    month = month_of(days.entered[ended]) - months[0]
    counted = (forward, share, share * (1.0 - share), np.ones(share.size))
    return np.array([np.bincount(month, each, months.size) for each in counted])


class Told(NamedTuple):
    """A change of a series of months: when, whether little by little, and what is added before and after it."""

    first: int
    last: int
    is_trend: bool
    before: float
    after: float

    @property
    def factor(self) -> float:
        """After over before, both on the scale of which the series has logarithms."""
        return float(np.exp(self.after - self.before))


class MonthlySeries(NamedTuple):
    """What tells of months one after another.

    Parameters
    ----------
    counts
        float64, (n_counts, n_months).
    effects
        Turns counts into effects.
    months
        int64, (n_months,): since 1970-01.
    """

    counts: Floats
    effects: Callable[..., MonthlyEffects]
    months: Ints

    def change(self, level: float, least: float = _LEAST_CHANGE) -> Told | None:
        """Return a change that is clear at a level and, at `least` so large, worth a word."""
        information = self.effects(*self.counts).information
        group = pooled_months(information)
        telling = group >= 0
        group, months, weight = group[telling], self.months[telling], np.maximum(information[telling], 1e-12)
        if not group.size or group[-1] + 1 < 2 * _FEWEST_GROUPS:
            return None
        pooled = self.effects(*(np.bincount(group, row) for row in self.counts[:, telling]))
        time = np.bincount(group, weight * months) / np.bincount(group, weight)
        found = likeliest_change(pooled.effect, 1.0 / pooled.information, time, level)
        if found.p_value > level or abs(found.after - found.before) < least:
            return None
        first = int(months[np.argmax(group == (found.place or 0))])
        return Told(first, int(months[-1]), found.place is None, found.before, found.after)


def pooled_months(information: Floats) -> Ints:
    """Return the group of each month: months are pooled with those that follow until they tell enough.

    Parameters
    ----------
    information
        float64, (n_months,): what each tells.

    Returns
    -------
    int64, (n_months,)
        Groups from 0 on; -1 before the first and after the last month that tells anything. What is left over at the end
        belongs to the last group.

    Examples
    --------
    >>> pooled_months(np.array([0.0, 6.0, 3.0, 0.0, 4.0, 5.0, 1.0, 0.0])).tolist()
    [-1, 0, 1, 1, 1, 2, 2, -1]
    """
    group = np.full(information.size, -1)
    telling = np.flatnonzero(information > 0.0)
    if not telling.size:
        return group
    n_groups, held = 0, 0.0
    for month in range(telling[0], telling[-1] + 1):
        group[month] = n_groups
        held += information[month]
        if held >= LEAST_INFORMATION:
            n_groups, held = n_groups + 1, 0.0
    group[group == n_groups] = n_groups - 1
    return group


class Found(NamedTuple):
    """The likeliest change of a series, whether there is one or not.

    Parameters
    ----------
    place
        Of a step, the position of the first value after it; None for a trend.
    before, after
        What is added before and after a step, or at the ends of a trend; 0 is the mean.
    p_value
        How often chance is as clear.
    """

    place: int | None
    before: float
    after: float
    p_value: float


def likeliest_change(effect: Floats, variance: Floats, time: Floats, level: float) -> Found:
    """Return the likeliest change of a series, a step or a trend, and how often chance is as clear.

    Parameters
    ----------
    effect, variance, time
        float64, (n,): values in the order of their times, and the variances that chance gives to them.
    level
        What p-values will be held against: the smaller, the more orders are tried.
    """
    generator = np.random.default_rng(0)
    weight = 1.0 / (_variance_between(effect[None], variance[None])[0] + variance)
    mean, spread = np.average(effect, weights=weight), weight**-0.5
    beside = (effect - mean) / spread
    for n_orders in (_FEW_ORDERS, max(_ORDERS, int(4.0 / level))):
        order = generator.permuted(np.tile(np.arange(effect.size), (n_orders, 1)), axis=1)
        shuffled = mean + spread * beside[order]  # a value keeps what it tells, not what it was
        steps, trend = _scores(np.concatenate([effect[None], shuffled]), variance, time)
        rarest = np.minimum(_how_often(steps.max(axis=1)), _how_often(trend))
        p_value = float(np.mean(rarest <= rarest[0]))
        if p_value > _HOPELESS:
            break
    centre = np.average(time, weights=weight)
    clearest = int(np.argmax(steps[0]))
    # A step has a time of its own, for which it must be the better by as much as one more parameter may bring.
    if np.square(steps[0, clearest]) > np.square(trend[0]) + np.log(effect.size):
        place = clearest + _FEWEST_GROUPS
        before, after = (np.average(effect[part], weights=weight[part]) for part in (slice(place), slice(place, None)))
        return Found(place, float(before - mean), float(after - mean), p_value)
    off = time - centre
    slope = (weight * off) @ effect / ((weight * off) @ off)
    return Found(None, float(slope * off[0]), float(slope * off[-1]), p_value)


def _how_often(scores: Floats) -> Floats:
    """Return how often a score is as large as each of them: (n_orders,)."""
    ordered = np.sort(scores)
    at_least: Floats = 1.0 - np.searchsorted(ordered, scores * (1.0 - 1e-12)) / scores.size
    return at_least


def _scores(effect: Floats, variance: Floats, time: Floats) -> tuple[Floats, Floats]:
    """Return the standardised differences between after and before each time, and the standardised slopes.

    Parameters
    ----------
    effect
        float64, (n_orders, n).
    variance, time
        float64, (n,).

    Returns
    -------
    float64, (n_orders, n_times), and float64, (n_orders,)
    """
    weight = 1.0 / (_variance_between(effect, variance)[:, None] + variance)
    before, total = np.cumsum(weight, axis=1), weight.sum(axis=1, keepdims=True)
    sums = np.cumsum(weight * effect, axis=1)
    times = slice(_FEWEST_GROUPS - 1, effect.shape[1] - _FEWEST_GROUPS)
    of_before, of_after = before[:, times], (total - before)[:, times]
    apart = (sums[:, -1:] - sums[:, times]) / of_after - sums[:, times] / of_before
    steps: Floats = np.abs(apart) / np.sqrt(1.0 / of_before + 1.0 / of_after)
    off = time - (weight * time).sum(axis=1, keepdims=True) / total
    trend: Floats = np.abs((weight * off * effect).sum(axis=1)) / np.sqrt((weight * np.square(off)).sum(axis=1))
    return steps, trend


def _variance_between(effect: Floats, variance: Floats) -> Floats:
    """Return the variance of months beyond chance, from how successive ones differ: (n_orders,)."""
    squares = np.square(np.diff(effect, axis=1)) - variance[..., 1:] - variance[..., :-1]
    between: Floats = np.maximum(0.0, 0.5 * squares.mean(axis=1))
    return between
