"""The weather of months: good and bad ones that all deals share, learned as overdispersion of monthly counts.

If deals were independent given their ages, the calendar and the parameters, monthly counts would differ from the
expected ones by chance alone. Any further difference is taken as a common effect of each month: normal, with a standard
deviation that is learned with its uncertainty, from a restricted likelihood of the counts (as in a random-effects
meta-analysis) and a prior. No real pipeline is free of weather, few have much, and a short history cannot show it.

- *speed*: the ends of each calendar month over those expected, an effect on the log of how fast stays end;
- *conversion*: of the stays that begin in a month, the ends by the forward move over those expected of so many ends, at
  such ages on such days, an effect on the log odds among the moves.

One month's effect is the same in all stages. Expected counts are by segment, so that a month of many cold leads is not
bad weather. Drift that is not modelled counts as weather, too: it makes futures as uncertain as it made the past. Drift
that is modelled does not, since months are compared with those of their quarter.

A fit treats deals as independent, and so knows the level around which months vary as if each deal were independent
evidence of it. In truth the evidence is that of so many months: the error of the mean of their effects is learned with
the spread.

References
----------
Higgins, Thompson & Spiegelhalter (2009), A re-evaluation of random-effects meta-analysis, Journal of the Royal
Statistical Society A 172.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from simcast.days import month_of
from simcast.model.at_risk import AgePeriod, AtRisk, StageDays
from simcast.model.clocks import StageClocks
from simcast.posterior.clocks import Clock

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIOR_SCALE, PRIOR_DEGREES = 0.1, 3.0
"""The prior of a spread of months is half of Student's t: half of all pipelines below 0.08, one in ten above 0.24."""

LEAST_INFORMATION = 5.0
"""Below it a month's effect is not nearly normal: for speed so many ends, for conversion the ends times p (1 - p)."""
_PRIOR_ENDS, _MOST_SEGMENTS = 5.0, 12
"""Segments end at the rate of all, as if so many ends more had come as expected; the smallest are taken together."""

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
    level
        float64, (n_values,): if it is that value, the standard deviation of what the mean of the recorded months'
        effects adds to a level that was learned as if there were none.
    """

    probability: Floats
    level: Floats

    def quantile(self, share: Floats | float) -> Floats:
        """Return the values that shares of the distribution lie below."""
        edges = np.append(0.0, VALUES + 0.5 * (VALUES[1] - VALUES[0]))
        found: Floats = np.interp(share, np.append(0.0, np.cumsum(self.probability)), edges)
        return found

    def draw(self, n: int, generator: np.random.Generator) -> Floats:
        """Return n equally likely values in random order, one from each n-th of the distribution: float64, (n,)."""
        return self.quantile((generator.permutation(n) + generator.random(n)) / n)

    def level_of(self, spread: Floats) -> Floats:
        """Return the standard deviation of the level for each of some values of the spread."""
        found: Floats = np.interp(spread, np.append(0.0, VALUES), np.append(0.0, self.level))
        return found

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

    def spread(self, group: Ints | None = None) -> SpreadOfMonths:
        """Return what is known of the spread of the effects, whose common mean is free, with a flat prior.

        Parameters
        ----------
        group
            int64, (n_months,): months of which each group has a mean of its own (quarters, where drift is modelled).
            Then their level is the drift's, and nothing is added to it.
        """
        enough = self.information >= LEAST_INFORMATION
        groups = np.zeros(enough.size, dtype=np.int64) if group is None else group
        log_density = t.logpdf(VALUES / PRIOR_SCALE, PRIOR_DEGREES)
        for one in np.unique(groups[enough]):
            log_density += self._log_likelihood(enough & (groups == one))
        density = np.exp(log_density - log_density.max())
        return SpreadOfMonths(density / density.sum(), self._level() if group is None else np.zeros(_N_VALUES))

    def _log_likelihood(self, months: NDArray[np.bool_]) -> Floats:
        """Return that of each spread given the effects of some months, their common mean integrated out."""
        effect, information = self.effect[months], self.information[months]
        weight = 1.0 / (np.square(VALUES)[:, None] + 1.0 / information)
        total = weight.sum(axis=1)
        beside = effect - ((weight * effect).sum(axis=1) / total)[:, None]
        squares = (weight * np.square(beside)).sum(axis=1)
        found: Floats = 0.5 * (np.log(weight).sum(axis=1) - np.log(total) - squares)
        return found

    def _level(self) -> Floats:
        """Return the standard deviation of the mean of the months' effects, each by its information, for each spread.

        A fit pools all deals, so that a month weighs as much as it tells of if deals are independent.
        """
        information = self.information[self.information > 0.0]
        if not information.size:
            return np.zeros(_N_VALUES)
        level: Floats = VALUES * (np.sqrt(np.square(information).sum()) / information.sum())
        return level


@dataclass(frozen=True, eq=False)
class MonthlyCounts:
    """What tells of each month, by stage.

    Parameters
    ----------
    months
        int64, (n_months,): since 1970-01.
    speed
        float64, (n_stages, 2, n_months): ends and those that were due, by the month of the end.
    conversion
        float64, (n_stages, 3, n_months): forward ends, those expected, and their variances, by the month of entry.
    """

    months: Ints
    speed: Floats
    conversion: Floats


def count_months(stages: Sequence[StageDays], clocks: Sequence[StageClocks]) -> MonthlyCounts:
    """Count what tells of months, from the stays of each stage and its clocks."""
    first = min((int(np.min(days.entered)) for days in stages if days.entered.size), default=0)
    last = max((days.until for days in stages), default=1)
    months = np.arange(month_of(np.array([first]))[0], month_of(np.array([last]))[0] + 1)
    speed, conversion = np.zeros((len(stages), 2, months.size)), np.zeros((len(stages), 3, months.size))
    for stage, (days, found) in enumerate(zip(stages, clocks, strict=True)):
        for month, of_speed, of_conversion in _of_stage(days, found):
            for total, by_day in ((speed[stage], of_speed), (conversion[stage], of_conversion)):
                for row, counts in zip(total, by_day, strict=True):
                    row += np.bincount(month - months[0], counts, months.size)
    return MonthlyCounts(months, speed, conversion)


def learn_weather(counts: MonthlyCounts, *, drifts: bool = False) -> Weather:
    """Learn how much months differ, from all stages together.

    Parameters
    ----------
    counts
        What tells of each month.
    drifts
        Whether the model follows quarters by itself.
    """
    group = counts.months // 3 if drifts else None
    conversion, speed = counts.conversion.sum(axis=0), counts.speed.sum(axis=0)
    return Weather(MonthlyEffects.on_odds(*conversion).spread(group), MonthlyEffects.on_speed(*speed).spread(group))


@dataclass(frozen=True, eq=False)
class _Rate:
    """How fast stays end by one kind of moves, the forward one or all others, as learned from all segments together."""

    moves: list[int]
    clock: Clock | None
    ages: float
    hazard: Floats

    @classmethod
    def of(cls, stays: StageDays, moves: list[int], found: StageClocks) -> _Rate | None:
        """Learn it; None where nothing ends so."""
        counted = AtRisk.of(stays, moves, fewest=1)
        if counted is None:
            return None
        bare = cls(moves, found.clocks[moves[0]], found.ages, np.zeros(0))
        return replace(bare, hazard=bare.by_age(counted).hazard(bare.weights(counted)))

    def weights(self, counted: AtRisk) -> Floats:
        """Return what each day weighs."""
        return np.ones(counted.n_days) if self.clock is None else self.clock.weights(counted.days)

    def openings(self, counted: AtRisk) -> Floats:
        """Return the part of what each day weighs that is not of stays which begin on it."""
        return np.zeros(counted.n_days) if self.clock is None else self.clock.openings(counted.days)

    def by_age(self, counted: AtRisk) -> AgePeriod:
        """Return exposures and ends by age and day."""
        return counted.by_age(self.passing(counted), self.openings(counted))

    def passing(self, counted: AtRisk) -> Floats:
        """Return how much each day adds to ages."""
        return np.ones(counted.n_days) if self.clock is None else self.clock.of_ages(self.ages).weights(counted.days)

    def due(self, counted: AtRisk) -> Floats:
        """Return the ends that are expected on each day."""
        due: Floats = (self.hazard @ self.by_age(counted).at_risk) * self.weights(counted)
        return due

    def chance(self, counted: AtRisk, ended: AtRisk) -> Floats:
        """Return the hazard at which each of the stays that `ended` was when it did."""
        piece = counted.piece(ended.ended_cohort, ended.ended_day, self.passing(counted))
        chance: Floats = self.hazard[piece] * self.weights(counted)[ended.ended_day]
        begun_on = 1.0 - self.openings(counted)[ended.ended_day]
        return np.where(ended.ended_cohort == ended.ended_day, chance * begun_on, chance)


def _of_stage(stays: StageDays, found: StageClocks) -> list[tuple[Ints, Floats, Floats]]:
    """Return, for each segment, the month of each day, and the counts by day that tell of speed and of conversion.

    Ends and those that were due, by the day of the end; forward ends, those expected, and their variances, by the day
    of entry. Nothing where no stay ends.
    """
    kinds = [moves for moves in ([0], list(range(1, len(found.clocks)))) if moves]
    rates = [rate for moves in kinds if stays.entered.size and (rate := _Rate.of(stays, moves, found)) is not None]
    if not rates:
        return []
    return [_of_segment(part, rates, both=len(rates) == 2) for part in _segments(stays)]


def _segments(stays: StageDays) -> list[StageDays]:
    """Divide stays by segment; the segments with the fewest are one."""
    by_size = np.argsort(-np.bincount(stays.segment), kind="stable")
    place = np.minimum(np.argsort(by_size), _MOST_SEGMENTS - 1)[stays.segment]
    return [stays.where(place == one) for one in np.unique(place)]


def _of_segment(stays: StageDays, rates: list[_Rate], *, both: bool) -> tuple[Ints, Floats, Floats]:
    """Return what `_of_stage` does, of one segment; without a second kind of moves nothing tells of conversion."""
    counted = [one for rate in rates if (one := AtRisk.of(stays, rate.moves, fewest=0)) is not None]
    n = counted[0].n_days
    ended = [np.bincount(one.ended_day, minlength=n).astype(np.float64) for one in counted]
    due = [rate.due(one) for rate, one in zip(rates, counted, strict=True)]
    ratio = [(ends.sum() + _PRIOR_ENDS) / (of.sum() + _PRIOR_ENDS) for ends, of in zip(ended, due, strict=True)]
    speed = np.array([sum(ended), sum(own * of for own, of in zip(ratio, due, strict=True))])
    conversion = np.zeros((3, n))
    for position, one in enumerate(counted if both else []):
        chance = [own * rate.chance(counted[0], one) for own, rate in zip(ratio, rates, strict=True)]
        forward = chance[0] / np.maximum(chance[0] + chance[1], 1e-300)
        conversion[0] += np.bincount(one.ended_cohort, minlength=n) * (position == 0)
        conversion[1] += np.bincount(one.ended_cohort, forward, n)
        conversion[2] += np.bincount(one.ended_cohort, forward * (1.0 - forward), n)
    return month_of(counted[0].days), speed, conversion
