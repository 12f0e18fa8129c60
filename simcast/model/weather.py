"""The weather of months: good and bad ones that all deals share, learned as overdispersion of monthly counts.

Deals that were independent given their ages, the calendar and the parameters would leave monthly counts as near what is
expected as chance makes them. What they differ by beyond it is a common effect of each month, normal with a standard
deviation that is learned with its uncertainty, from its likelihood given the counts (restricted, as of a random-effects
meta-analysis) and a prior: no real pipeline is free of weather, few have much, and a history of few months cannot tell.

- *speed*: the ends of each calendar month over those expected, an effect on the log of how fast stays end;
- *conversion*: of the stays that begin in a month, the ends by the forward move over those expected of so many ends, at
  such ages on such days, an effect on the log odds.

One month's effect is the same in all stages. Drift that is not modelled counts as weather, too: it makes futures as
unsure as it made the past.

References
----------
Higgins, Thompson & Spiegelhalter (2009), A re-evaluation of random-effects meta-analysis, Journal of the Royal
Statistical Society A 172.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from simcast.model.calendar import AtRisk, StageClocks, StageDays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_SCALE, PRIOR_DEGREES = 0.1, 3.0
"""The prior of a spread of months is half of Student's t: half of all pipelines below 0.08, one in ten above 0.24."""

_FEWEST_ENDS_IN_MONTH = 5.0
_MOST_SD, _N_VALUES = 1.5, 600
VALUES = (np.arange(_N_VALUES) + 0.5) * (_MOST_SD / _N_VALUES)
"""The spreads that are told apart."""

_NOTICEABLE, _SURE = 0.05, 0.95


@dataclass(frozen=True, eq=False)
class SpreadOfMonths:
    """What is known of the standard deviation of the months' effects.

    Parameters
    ----------
    probability
        float64, (n_values,): of each of `VALUES`; sums to 1.
    """

    probability: Floats

    def quantile(self, share: Floats | float) -> Floats:
        """Return the values that shares of the distribution lie below."""
        edges = np.append(0.0, VALUES + 0.5 * (VALUES[1] - VALUES[0]))
        found: Floats = np.interp(share, np.append(0.0, np.cumsum(self.probability)), edges)
        return found

    def draw(self, n: int, seed: int) -> Floats:
        """Return n equally likely values in random order, one from each n-th of the distribution: float64, (n,)."""
        generator = np.random.default_rng(seed)
        return self.quantile((generator.permutation(n) + generator.random(n)) / n)

    @property
    def is_sure(self) -> bool:
        """Whether months surely differ by more than is worth a word."""
        return bool(self.quantile(1.0 - _SURE) > _NOTICEABLE)


@dataclass(frozen=True)
class Weather:
    """How much months differ in ways that all deals share.

    Parameters
    ----------
    conversion
        Of the months' log odds of the forward move.
    speed
        Of the months' log speed.
    """

    conversion: SpreadOfMonths
    speed: SpreadOfMonths


@dataclass(frozen=True, eq=False)
class MonthlyEffects:
    """What each month seems to have added, and one over its variance if deals are independent: float64, (n_months,)."""

    effect: Floats
    information: Floats

    @classmethod
    def on_speed(cls, ended: Floats, due: Floats) -> MonthlyEffects:
        """Compare the ends of each month with those that were due, as logarithms."""
        return cls(np.log((ended + 0.5) / (due + 0.5)), due)

    @classmethod
    def on_odds(cls, forward: Floats, expected: Floats, variance: Floats) -> MonthlyEffects:
        """Compare forward ends with those expected: an effect on log odds adds that times the variance, nearly."""
        return cls((forward - expected) / np.maximum(variance, 1e-300), variance)

    def spread(self) -> SpreadOfMonths:
        """Return what is known of the spread of the effects, whose common mean is free, with a flat prior."""
        enough = self.information >= _FEWEST_ENDS_IN_MONTH
        effect, information = self.effect[enough], self.information[enough]
        log_density = t.logpdf(VALUES / PRIOR_SCALE, PRIOR_DEGREES)
        if effect.size:
            weight = 1.0 / (np.square(VALUES)[:, None] + 1.0 / information)
            total = weight.sum(axis=1)
            beside = effect - ((weight * effect).sum(axis=1) / total)[:, None]
            log_density += 0.5 * (np.log(weight).sum(axis=1) - np.log(total) - (weight * np.square(beside)).sum(axis=1))
        density = np.exp(log_density - log_density.max())
        return SpreadOfMonths(density / density.sum())


def learn_weather(stages: Sequence[StageDays], clocks: Sequence[StageClocks]) -> Weather:
    """Learn how much months differ, from the stays of all stages together."""
    first = min((int(np.min(days.entered)) for days in stages if days.entered.size), default=0)
    last = max((days.until for days in stages), default=1)
    n_months = _month(np.array([last]))[0] - _month(np.array([first]))[0] + 1
    speed, conversion = np.zeros((2, n_months)), np.zeros((3, n_months))
    for days, found in zip(stages, clocks, strict=True):
        for months, of_speed, of_conversion in _of_stage(days, found):
            place = months - _month(np.array([first]))[0]
            for total, by_day in ((speed, of_speed), (conversion, of_conversion)):
                for row, counts in zip(total, by_day, strict=True):
                    row += np.bincount(place, counts, n_months)
    return Weather(MonthlyEffects.on_odds(*conversion).spread(), MonthlyEffects.on_speed(*speed).spread())


def _of_stage(stays: StageDays, found: StageClocks) -> list[tuple[Ints, Floats, Floats]]:
    """Return the month of each of the stage's days, and the counts by day that tell of speed and of conversion.

    Ends and those that were due, by the day of the end; forward ends, those expected, and their variances, by the day
    of entry. Nothing where few stays end.
    """
    kinds = [[0], list(range(1, len(found.clocks)))]
    counted = [AtRisk.of(stays, moves, fewest=1) for moves in kinds if moves] if stays.entered.size else []
    known = [(one, found.clocks[moves[0]]) for one, moves in zip(counted, kinds, strict=False) if one is not None]
    if not known:
        return []
    n = known[0][0].n_days
    rates, ended, due = [], [], np.zeros(n)
    for one, clock in known:
        weights = np.ones(n) if clock is None else clock.weights(one.days)
        passing = clock.of_quarter.weights(one.days) if clock is not None and found.operational else np.ones(n)
        by_age = one.by_age(passing)
        due += by_age.expected(weights)[0] * weights
        rates.append((by_age.hazard(weights), weights, passing))
        ended.append(one)
    speed = np.array([sum(np.bincount(one.ended_day, minlength=n) for one in ended), due])
    conversion = np.zeros((3, n))
    if len(known) == len(kinds):
        for position, one in enumerate(ended):
            chance = [
                hazard[one.piece(one.ended_cohort, one.ended_day, passing)] * weights[one.ended_day]
                for hazard, weights, passing in rates
            ]
            forward = chance[0] / np.maximum(chance[0] + chance[1], 1e-300)
            conversion[0] += np.bincount(one.ended_cohort, minlength=n) * (position == 0)
            conversion[1] += np.bincount(one.ended_cohort, forward, n)
            conversion[2] += np.bincount(one.ended_cohort, forward * (1.0 - forward), n)
    return [(_month(known[0][0].days), speed, conversion)]


def _month(days: Ints) -> Ints:
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months
