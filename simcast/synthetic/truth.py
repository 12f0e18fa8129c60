"""The truth behind a synthetic history: every parameter that the model will later have to find."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FORWARD, LOST, STALLED = 0, 1, 2
"""Positions of the moves in `Truth.probability`."""


@dataclass(frozen=True)
class Lognormal:
    """A time in days or an amount of money: its median, and the standard deviation of its logarithm."""

    median: float
    sigma: float


@dataclass(frozen=True)
class StageTruth:
    """One stage: how a stay in it ends, and when.

    Parameters
    ----------
    name
        The stage.
    conversion
        Probability of the forward move among the stays that end, in a segment whose odds are 1.
    days, days_lost
        Days until the forward move, and until the loss.
    stalled
        Share of stays that never end.
    """

    name: str
    conversion: float
    days: Lognormal
    days_lost: Lognormal
    stalled: float = 0.0


@dataclass(frozen=True)
class SegmentTruth:
    """One segment: how many deals it brings and how it differs from the reference.

    Parameters
    ----------
    values
        One value per column of `Truth.columns`.
    arrivals_per_day
        Mean number of new deals per average day of the week, on the first day of the history.
    odds
        What the odds of each stage's forward move are multiplied by; empty for 1 everywhere.
    days_multiplier
        What the median of every time is multiplied by.
    amount
        A deal's amount.
    """

    values: tuple[str, ...]
    arrivals_per_day: float
    odds: tuple[float, ...] = ()
    days_multiplier: float = 1.0
    amount: Lognormal = Lognormal(10_000.0, 0.8)


@dataclass(frozen=True)
class Rush:
    """The end of each quarter, when deals move faster.

    Parameters
    ----------
    stages
        The stages that the rush speeds up.
    last_days
        How many of a quarter's last days belong to it.
    weight
        How many ordinary days one day of rush counts for.
    """

    stages: tuple[str, ...]
    last_days: int = 14
    weight: float = 2.0


@dataclass(frozen=True)
class Truth:
    """All parameters of a synthetic pipeline whose deals move forward, are lost, or stall.

    Parameters
    ----------
    stages
        The stages in order; the last leads to ``won``.
    segments
        The segments with their differences.
    columns
        The names of the segment columns.
    weekday_weight
        Weight of each day of the week in arrivals, Monday first; averages 1.
    arrivals_trend
        Change of the logarithm of arrivals per day.
    arrivals_size
        Size of the negative binomial (variance ``m + m**2 / size`` per segment and day); infinite for Poisson.
    working_week
        Whether an event that falls on a weekend happens on the Monday after it.
    rush
        The quarter-end rush, or none.
    amount_from
        The stage from which on a deal's amount is recorded; empty for all rows.

    Raises
    ------
    ValueError
        When a probability is outside 0..1, a time or amount is not positive, a segment has another
        number of values than there are columns, or the weekday weights do not average 1.
    """

    stages: tuple[StageTruth, ...]
    segments: tuple[SegmentTruth, ...]
    columns: tuple[str, ...] = ()
    weekday_weight: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    arrivals_trend: float = 0.0
    arrivals_size: float = math.inf
    working_week: bool = False
    rush: Rush | None = None
    amount_from: str = ""

    def __post_init__(self) -> None:
        problems = [*_stage_problems(self.stages), *_segment_problems(self)]
        names = [stage.name for stage in self.stages]
        named = (*(self.rush.stages if self.rush else ()), *filter(None, [self.amount_from]))
        problems += [f"{name!r} is not a stage" for name in named if name not in names]
        if len(self.weekday_weight) != 7 or not math.isclose(sum(self.weekday_weight), 7.0):
            problems.append(f"weekday_weight must be 7 numbers that average 1, got {self.weekday_weight}")
        if self.rush and self.rush.weight <= 0:
            problems.append(f"rush.weight must be above 0, got {self.rush.weight}")
        if problems:
            raise ValueError("; ".join(problems))

    @property
    def probability(self) -> NDArray[np.float64]:
        """The probability of each move.

        Returns
        -------
        float64, (n_stages, 3, n_segments)
            Forward, lost, stalled; sums to 1 over the moves.
        """
        moves = np.empty((len(self.stages), 3, len(self.segments)))
        for code, stage in enumerate(self.stages):
            odds = np.array([segment.odds[code] if segment.odds else 1.0 for segment in self.segments])
            forward = stage.conversion * odds / (1.0 - stage.conversion + stage.conversion * odds)
            moves[code, FORWARD] = (1.0 - stage.stalled) * forward
            moves[code, LOST] = (1.0 - stage.stalled) * (1.0 - forward)
            moves[code, STALLED] = stage.stalled
        return moves

    @property
    def days_scale(self) -> NDArray[np.float64]:
        """Median days until the move: float64, (n_stages, 2, n_segments), forward and lost."""
        medians = np.array([(stage.days.median, stage.days_lost.median) for stage in self.stages])
        multipliers = np.array([segment.days_multiplier for segment in self.segments])
        return np.asarray(np.multiply.outer(medians, multipliers))

    @property
    def days_shape(self) -> NDArray[np.float64]:
        """Sigma of the logarithm of the days until the move: float64, (n_stages, 2), forward and lost."""
        return np.array([(stage.days.sigma, stage.days_lost.sigma) for stage in self.stages])


def _stage_problems(stages: Sequence[StageTruth]) -> list[str]:
    problems = [] if stages else ["a truth needs at least one stage"]
    for stage in stages:
        for name, share in (("conversion", stage.conversion), ("stalled", stage.stalled)):
            if not 0.0 <= share <= 1.0:
                problems.append(f"{stage.name}.{name} must be within 0..1, got {share}")
        for name, days in (("days", stage.days), ("days_lost", stage.days_lost)):
            if days.median <= 0 or days.sigma <= 0:
                problems.append(f"{stage.name}.{name} must have a positive median and sigma, got {days}")
    return problems


def _segment_problems(truth: Truth) -> list[str]:
    problems = [] if truth.segments else ["a truth needs at least one segment"]
    for segment in truth.segments:
        place = " / ".join(segment.values) or "the segment"
        if len(segment.values) != len(truth.columns):
            problems.append(f"{place}: {len(segment.values)} values for {len(truth.columns)} columns")
        if segment.odds and (len(segment.odds) != len(truth.stages) or min(segment.odds) <= 0):
            problems.append(f"{place}: odds must be one positive number per stage, got {segment.odds}")
        if segment.arrivals_per_day < 0 or segment.days_multiplier <= 0 or segment.amount.median <= 0:
            problems.append(f"{place}: arrivals must not be negative, times and amounts must be positive")
    return problems
