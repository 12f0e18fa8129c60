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
a week count alike in ages, the end of a stay being put off over a weekend while its age goes on, unless the ends are
clearly foreseen better by ages that stand still on days on which little ends: of stays that pause. Which it is tells in
stays of a few days: one that began on a Friday and ends on its second working day is three days old or one. What a
weekday weighs more than others since little ends on the days before it is of stays that had begun before: those that
begin on it are not at that risk.

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
from simcast.model.at_risk import AgePeriod, AtRisk, StageDays
from simcast.posterior.clocks import (
    AGES_OF_CLOCK,
    AGES_OF_QUARTER,
    QUARTER_DAYS,
    Clock,
    position_in_quarter,
    put_off_shares,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FALSE_ALARMS = 0.05
"""The chance that any of the patterns tested is found in a history that has none."""
RUSH_DAYS = 14
"""The last days of a quarter stand for themselves."""

_FEWEST_LEFT = 4
"""Fewer degrees of freedom than this do not tell a pattern from quarters that differ."""
_PRIOR_ENDS, _PRIOR_ENDS_OF_WEEKS = 5.0, 30.0
"""Weights are shrunk to 1 as if so many ends had come when they were expected; those of single weeks to their group."""
_CLEARLY = 2.0
"""By so much the log likelihood must be better without openings for days to have none."""
_CLEARLY_PAUSES = 10.0
"""By so much the log likelihood must be better for ages that stand still on days on which little ends."""
_STEPS = 30
_PASSES, _PASSES_OF_PAUSES = 4, 10
_N_GROUPS, _WEEK, _N_WEEKS = 4, 7, 13


@dataclass(frozen=True, eq=False)
class StageClocks:
    """The clocks of a stage.

    Parameters
    ----------
    clocks
        By move; None where all days weigh 1.
    ages
        What the days of stays are told in, as `simcast.posterior.clocks` has it: AGES_OF_QUARTER or AGES_OF_CLOCK where
        ages and durations are operational days, else 0. Then they stay days of the calendar, and only the time yet to
        come runs on the clocks.
    """

    clocks: tuple[Clock | None, ...]
    ages: float

    @classmethod
    def none(cls, n_moves: int) -> StageClocks:
        """Return those of a stage for which the calendar is of no account."""
        return cls((None,) * n_moves, ages=0.0)

    @property
    def any(self) -> bool:
        """Whether there is a clock."""
        return any(clock is not None for clock in self.clocks)

    @property
    def of_ages(self) -> list[Clock | None]:
        """What the days of stays pass on, by move."""
        return [None if clock is None else clock.of_ages(self.ages) for clock in self.clocks]


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
    found: dict[float, list[Clock | None]] = {ages: [None] * n_moves for ages in (0.0, AGES_OF_QUARTER, AGES_OF_CLOCK)}
    gained = dict.fromkeys(found, 0.0)
    for moves in kinds:
        counted = AtRisk.of(stays, moves)
        patterns = None if counted is None else clear_patterns(counted, n_tests)
        if counted is None or patterns is None:
            continue
        learned = learn_clock(counted, patterns, 0.0)
        for ages, differs in ((0.0, False), (AGES_OF_QUARTER, patterns.quarter), (AGES_OF_CLOCK, patterns.weekday)):
            if differs:
                learned = learn_clock(counted, patterns, ages)
            gained[ages] += learned[1]
            for move in moves:
                found[ages][move] = learned[0]
    best = AGES_OF_QUARTER if gained[AGES_OF_QUARTER] > gained[0.0] else 0.0
    if gained[AGES_OF_CLOCK] - gained[best] > _CLEARLY_PAUSES:
        best = AGES_OF_CLOCK
    return StageClocks(tuple(found[best]), best)


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


def learn_clock(counted: AtRisk, patterns: Patterns, ages: float) -> tuple[Clock, float]:
    """Learn a clock under ages in days, or in operational days, and return it with the likelihood of the ends.

    Days that follow some on which little ends have an opening, unless as many stays end on the day on which they began
    as if they had none, or ages stand still on days on which little ends: then nothing is put off.
    """
    found = _learned(counted, patterns, ages, put_off=patterns.weekday and ages != AGES_OF_CLOCK)
    if found[0].opening.any():
        without = _learned(counted, patterns, ages, put_off=False)
        if without[1] - found[1] > _CLEARLY:
            return without
    clock, likelihood = found
    return replace(clock, opening=np.where(clock.puts_all_off, 1.0, clock.opening)), likelihood


def _learned(counted: AtRisk, patterns: Patterns, ages: float, *, put_off: bool) -> tuple[Clock, float]:
    """Learn a clock, with openings where ends may be put off, and return it with the likelihood of the ends."""
    clock, days = Clock(), counted.days
    turns = patterns.quarter * (ages > 0.0) + patterns.weekday * (ages == AGES_OF_CLOCK)

    def by_age() -> AgePeriod:
        return counted.by_age(clock.of_ages(ages).weights(days), clock.openings(days))

    for _ in range(_PASSES_OF_PAUSES if ages == AGES_OF_CLOCK else _PASSES):
        last, clock = clock, _fitted(by_age(), days, patterns)
        if put_off:
            clock = replace(clock, opening=1.0 - put_off_shares(clock.weekday)[:, 0])
        if np.array_equal(last.opening, clock.opening) and not turns:
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
        """Return whether the groups differ by more than chance and the difference of rows explain."""
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
