"""Stays at risk by day of entry and day of the calendar, and how many of them end: what clocks are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcast.model.pieces import N_PIECES, piece_of
from simcast.posterior.clocks import Passed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_ENDS = 50
"""With fewer ends a stage's move has no clock."""

_MOST_DAYS = 5 * 365


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
