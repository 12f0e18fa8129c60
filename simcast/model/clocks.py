"""Clocks learned from a history: on which days of the calendar stays end more often than their age explains.

An age-period model (Clayton & Schifflers 1987). On day t a stay of age a ends by a move at the rate

    h[piece of a] * level[calendar quarter] * weekday[t] * quarter[place of t in its quarter],

fitted by iterative proportional fitting of the ends expected to the ends observed: stays count on every day on which
they were at risk, ended and open ones alike. Levels of whole quarters are there to be left out: growth or drift must
not pass for a place in the quarter.

A pattern is kept only where the evidence is clear: its likelihood ratio, divided by the overdispersion of what is left
(quarters, or months, that differ by more than chance), must be beyond the quantile of Fisher's F that all tests of a
history together pass by chance once in twenty.

Ages of stays are told in operational days where the ends are foreseen better so than by ages in days of the calendar.
A rush that makes deals ripen faster is of the first kind; one that picks deals of all ages, of the second. The days of
a week count alike in ages: the end of a stay is put off over a weekend, its age goes on. What a weekday weighs more
than others since little ends on the days before it is of stays that had begun before: those that begin on it are not at
that risk.

References
----------
Clayton & Schifflers (1987), Models for temporal variation in cancer rates, Statistics in Medicine 6.
McCullagh & Nelder (1989), Generalized Linear Models, chapter 9 (quasi-likelihood).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as fisher

from simcast.days import month_of, weekday_of
from simcast.model.pieces import N_PIECES, piece_of
from simcast.posterior.clocks import QUARTER_DAYS, Clock, Passed, position_in_quarter, put_off_shares

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_ENDS = 50
"""With fewer ends a stage's move has no clock."""
FALSE_ALARMS = 0.05
"""The chance that any of the patterns tested is found in a history that has none."""
RUSH_DAYS = 14
"""The last days of a quarter stand for themselves."""

_MOST_DAYS = 5 * 365
_FEWEST_LEFT = 4
"""Fewer degrees of freedom than this do not tell a pattern from quarters that differ."""
_PRIOR_ENDS, _PRIOR_ENDS_OF_WEEKS = 5.0, 30.0
"""Weights are shrunk to 1 as if so many ends had come when they were expected; those of single weeks to their group."""
_CLEARLY = 2.0
"""By so much the log likelihood must be better without openings for days to have none."""
_STEPS = 30
_PASSES = 4
_N_GROUPS, _WEEK, _N_WEEKS = 4, 7, 13


@dataclass(frozen=True, eq=False)
class StageDays:
    """The stays of one stage in days.

    Parameters
    ----------
    entered, left : int64, (n_stays,)
        Days since 1970-01-01; an open stay has left on the first day not known.
    move : int64, (n_stays,)
        Position of the move that ended it; -1 while open.
    until
        The first day not known.
    segment : int64, (n_stays,)
        Position of its segment.
    recorded_from
        The day from which ends are on record; None when all are.
    """

    entered: Ints
    left: Ints
    move: Ints
    until: int
    segment: Ints
    recorded_from: int | None = None

    def where(self, chosen: NDArray[np.bool_]) -> StageDays:
        """Return the stays chosen."""
        entered, left, move, segment = (each[chosen] for each in (self.entered, self.left, self.move, self.segment))
        return replace(self, entered=entered, left=left, move=move, segment=segment)


@dataclass(frozen=True, eq=False)
class AtRisk:
    """Cohorts of stays by day of entry: how many are at risk on each later day, and how many end on it."""

    first_day: int
    n_days: int
    cohort: Ints
    day: Ints
    at_risk: Floats
    ended_cohort: Ints
    ended_day: Ints

    @classmethod
    def of(cls, stays: StageDays, moves: Sequence[int], fewest: int = FEWEST_ENDS) -> AtRisk | None:
        """Count them over the last five years; None where fewer than `fewest` end."""
        first = max(int(np.min(stays.entered)), stays.until - _MOST_DAYS)
        n = stays.until - first
        known = stays.entered >= first
        entered, left, move = stays.entered[known] - first, stays.left[known] - first, stays.move[known]
        from_day = 0 if stays.recorded_from is None else max(0, stays.recorded_from - first)
        ends = np.isin(move, list(moves)) & (left >= from_day)
        if ends.sum() < fewest:
            return None
        began, row = np.unique(entered, return_inverse=True)
        gone = np.bincount(row * (n + 1) + left, minlength=began.size * (n + 1)).reshape(began.size, n + 1)
        reached = gone.sum(axis=1, keepdims=True) - np.cumsum(gone, axis=1)[:, :n] + gone[:, :n]
        reached[:, :from_day] = 0
        reached[np.arange(n) < began[:, None]] = 0
        row, day = np.nonzero(reached)
        return cls(first, n, began[row], day, reached[row, day].astype(np.float64), entered[ends], left[ends])

    @property
    def days(self) -> Ints:
        """The days, since 1970-01-01."""
        return self.first_day + np.arange(self.n_days)

    def by_age(self, weights: Floats, openings: Floats) -> AgePeriod:
        """Sort exposures and ends by piece of operational age and day.

        Parameters
        ----------
        weights
            float64, (n_days,): what days add to ages.
        openings
            float64, (n_days,): the part of each day's weight that is not of stays which begin on it.
        """

        def table(cohort: Ints, day: Ints, count: Floats | None) -> Floats:
            cell = self.piece(cohort, day, weights) * self.n_days + day
            flat = np.bincount(cell, count, minlength=N_PIECES * self.n_days)
            return flat.reshape(N_PIECES, self.n_days).astype(np.float64)

        at_risk = self.at_risk * np.where(self.cohort == self.day, 1.0 - openings[self.day], 1.0)
        return AgePeriod(table(self.cohort, self.day, at_risk), table(self.ended_cohort, self.ended_day, None))

    def piece(self, cohort: Ints, day: Ints, weights: Floats) -> Ints:
        """Return the piece of operational age, from noon to noon, of cohorts on later days."""
        noon = Passed.of(weights, 0).at(np.arange(self.n_days) + 0.5)
        return piece_of(np.rint(np.maximum(noon[day] - noon[cohort], 0.0)).astype(np.int64))


@dataclass(frozen=True, eq=False)
class AgePeriod:
    """Exposures and ends by piece of age and day: float64, (n_pieces, n_days)."""

    at_risk: Floats
    ended: Floats

    def hazard(self, weights: Floats) -> Floats:
        """Return the hazard in each piece of age on a day that weighs 1: float64, (n_pieces,)."""
        hazard: Floats = self.ended.sum(axis=1) / np.maximum(self.at_risk @ weights, 1e-12)
        return hazard

    def expected(self, weights: Floats) -> tuple[Floats, float]:
        """Fit the hazards by age under weights of days.

        Returns
        -------
        float64, (n_days,)
            The ends expected on each day if it weighed 1.
        float
            The log likelihood of the ends.
        """
        ends, hazard = self.ended.sum(axis=1), self.hazard(weights)
        by_day = hazard @ self.at_risk
        log_hazard = np.log(np.maximum(hazard, 1e-300))
        log_weight = np.log(np.maximum(weights, 1e-12))
        likelihood = float(ends @ log_hazard + self.ended.sum(axis=0) @ log_weight)
        return by_day, likelihood


@dataclass(frozen=True, eq=False)
class StageClocks:
    """The clocks of a stage.

    Parameters
    ----------
    clocks
        By move; None where all days weigh 1.
    operational
        Whether the days of stays are better told in operational days: then ages and durations are those, else they
        stay days of the calendar, and only the time yet to come runs on the clocks.
    """

    clocks: tuple[Clock | None, ...]
    operational: bool

    @classmethod
    def none(cls, n_moves: int) -> StageClocks:
        """Return those of a stage for which the calendar is of no account."""
        return cls((None,) * n_moves, operational=False)

    @property
    def any(self) -> bool:
        """Whether there is a clock."""
        return any(clock is not None for clock in self.clocks)


def learn_clocks(stays: StageDays, n_moves: int, n_tests: int) -> StageClocks:
    """Learn the clocks of a stage's moves: of the forward move, and of the others together.

    Parameters
    ----------
    stays
        Its stays.
    n_moves
        How many moves leave the stage.
    n_tests
        How many patterns are tested in the whole history.
    """
    kinds = [moves for moves in ([0], list(range(1, n_moves))) if moves and stays.entered.size]
    in_days: list[Clock | None] = [None] * n_moves
    in_operational = list(in_days)
    gained = 0.0
    for moves in kinds:
        counted = AtRisk.of(stays, moves)
        patterns = None if counted is None else clear_patterns(counted, n_tests)
        if counted is None or patterns is None:
            continue
        by_days, likelihood = learn_clock(counted, patterns, operational=False)
        by_operational, likelihood_of_operational = learn_clock(counted, patterns, operational=True)
        gained += likelihood_of_operational - likelihood
        for move in moves:
            in_days[move], in_operational[move] = by_days, by_operational
    operational = gained > 0.0
    return StageClocks(tuple(in_operational if operational else in_days), operational)


class Patterns(NamedTuple):
    """Which patterns of the calendar are clear."""

    weekday: bool
    quarter: bool


def clear_patterns(counted: AtRisk, n_tests: int) -> Patterns | None:
    """Test for weekdays and places in the quarter; None where neither is of account."""
    days = counted.days
    table = counted.by_age(np.ones(counted.n_days), np.zeros(counted.n_days))
    month = month_of(days)
    level = FALSE_ALARMS / max(1, n_tests)
    weekday = Pattern(month, weekday_of(days), 7).is_clear(table, level)
    quarter = Pattern(month // 3, quarter_group(days), _N_GROUPS).is_clear(table, level)
    return Patterns(weekday, quarter) if weekday or quarter else None


def learn_clock(counted: AtRisk, patterns: Patterns, *, operational: bool) -> tuple[Clock, float]:
    """Learn a clock under ages in operational days, or in days, and return it with the likelihood of the ends.

    Days that follow some on which little ends have an opening, unless as many stays end on the day on which they began
    as if they had none.
    """
    found = _learned(counted, patterns, operational=operational, put_off=patterns.weekday)
    if found[0].opening.any():
        without = _learned(counted, patterns, operational=operational, put_off=False)
        if without[1] - found[1] > _CLEARLY:
            return without
    clock, likelihood = found
    return replace(clock, opening=np.where(clock.puts_all_off, 1.0, clock.opening)), likelihood


def _learned(counted: AtRisk, patterns: Patterns, *, operational: bool, put_off: bool) -> tuple[Clock, float]:
    """Learn a clock, with openings where ends may be put off, and return it with the likelihood of the ends."""
    clock, days = Clock(), counted.days

    def by_age() -> AgePeriod:
        passing = clock.of_quarter.weights(days) if operational else np.ones(counted.n_days)
        return counted.by_age(passing, clock.openings(days))

    for _ in range(_PASSES):
        last, clock = clock, _fitted(by_age(), days, patterns)
        if put_off:
            clock = replace(clock, opening=1.0 - put_off_shares(clock.weekday)[:, 0])
        if np.array_equal(last.opening, clock.opening) and not (operational and patterns.quarter):
            break
    at_once = counted.ended_day[counted.ended_cohort == counted.ended_day]
    left_to_them = np.log(np.maximum(1.0 - clock.openings(days)[at_once], 1e-12)).sum()
    return clock, by_age().expected(clock.weights(days))[1] + float(left_to_them)


def quarter_group(days: Ints) -> Ints:
    """Return the group of days by place in the quarter: its months, the last without `RUSH_DAYS`, and those."""
    month, left = position_in_quarter(days)
    return np.where(left < RUSH_DAYS, _N_GROUPS - 1, month)


@dataclass(frozen=True, eq=False)
class Pattern:
    """Days in groups whose ends may differ, within rows (months, or quarters) that may differ themselves."""

    row: Ints
    group: Ints
    n_groups: int

    def is_clear(self, table: AgePeriod, level: float) -> bool:
        """Tell whether the groups differ by more than chance and the difference of rows explain."""
        row = self.row - np.min(self.row)
        alone = _fit_levels(table, [row])
        both = _fit_levels(table, [row, self.group])
        ended = table.ended.sum(axis=0)
        cell = row * self.n_groups + self.group
        observed, of_rows, of_both = (np.bincount(cell, values).astype(np.float64) for values in (ended, alone, both))
        some = of_rows > 0.0
        n_rows = np.unique(row[alone > 0.0]).size
        left = int(some.sum()) - n_rows - self.n_groups + 1
        if left < _FEWEST_LEFT:
            return False
        ratio = 2.0 * (_log_likelihood(observed[some], of_both[some]) - _log_likelihood(observed[some], of_rows[some]))
        pearson = float((np.square(observed - of_both)[some] / np.maximum(of_both[some], 0.5)).sum())
        dispersion = max(1.0, pearson / left)
        n_more = self.n_groups - 1
        return bool(fisher.sf(ratio / n_more / dispersion, n_more, left) < level)


def _log_likelihood(observed: Floats, expected: Floats) -> float:
    """Return the log likelihood of Poisson counts, but for a constant."""
    return float((observed * np.log(np.maximum(expected, 1e-12)) - expected).sum())


def _fit_levels(table: AgePeriod, groupings: Sequence[Ints]) -> Floats:
    """Fit hazards by age and the levels of several groupings of days together; return the ends expected by day."""
    weights = np.ones(table.ended.shape[1])
    for _ in range(_STEPS):
        for group in groupings:
            weights = weights * _ratio(table, weights, group, 0.0)[group]
    fitted: Floats = table.expected(weights)[0] * weights
    return fitted


def _ratio(table: AgePeriod, weights: Floats, group: Ints, prior: float) -> Floats:
    """Return the ends of each group of days over those expected, both raised by `prior`; 1 where none are."""
    due = np.bincount(group, table.expected(weights)[0] * weights) + prior
    observed = np.bincount(group, table.ended.sum(axis=0)) + prior
    ratio: Floats = np.where(due > 0.0, observed / np.where(due > 0.0, due, 1.0), 1.0)
    return ratio


def _fitted(table: AgePeriod, days: Ints, patterns: Patterns) -> Clock:
    """Fit the weights of the patterns that are kept, and the levels of quarters beside them."""
    month = month_of(days)
    left = position_in_quarter(days)[1]
    factors = [_Factor(month // 3 - np.min(month // 3), _PRIOR_ENDS)]
    weekday, group, week = (
        _Factor(weekday_of(days), _PRIOR_ENDS, 7),
        _Factor(quarter_group(days), _PRIOR_ENDS, _N_GROUPS),
        _Factor(week_of_quarter(left), _PRIOR_ENDS_OF_WEEKS, _N_WEEKS),
    )
    factors += [weekday] * patterns.weekday + [group, week] * patterns.quarter
    for _ in range(_STEPS):
        for factor in factors:
            weights = np.prod([other.by_day for other in factors], axis=0)
            factor.update(table, weights)
    left = np.arange(QUARTER_DAYS)
    last = group.values[-1] / group.values[-2] if group.values[-2] > 0.0 else 1.0
    days_left = week.values[week_of_quarter(left)] * np.where(left < RUSH_DAYS, last, 1.0)
    return Clock(weekday=weekday.values, month=group.values[:3], days_left=days_left).normalised()


def week_of_quarter(days_left: Ints) -> Ints:
    """Return the week of the quarter counted back from its end; the first has some days more than seven."""
    weeks: Ints = np.minimum(days_left // _WEEK, _N_WEEKS - 1)
    return weeks


class _Factor:
    """The weights of the days' groups while they are fitted."""

    def __init__(self, group: Ints, prior_ends: float, n_groups: int = 0) -> None:
        self._group, self._prior = group, prior_ends
        self.values = np.ones(n_groups or int(np.max(group)) + 1)

    @property
    def by_day(self) -> Floats:
        """The weight of each day."""
        weights: Floats = self.values[self._group]
        return weights

    def update(self, table: AgePeriod, weights: Floats) -> None:
        """Bring the ends of each group to those observed, shrunk to a weight of 1 by the prior's ends."""
        due = np.bincount(self._group, table.expected(weights)[0] * weights, self.values.size)
        observed = np.bincount(self._group, table.ended.sum(axis=0), self.values.size)
        at_one = due / np.maximum(self.values, 1e-12)  # what was due if the group weighed 1
        self.values = (observed + self._prior) / (at_one + self._prior)
