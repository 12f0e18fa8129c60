"""The weather of months: good and bad ones that all deals share, learned as overdispersion of monthly counts.

Deals that were independent given their ages, the calendar and the parameters would leave monthly counts near what is
expected: sums of squares about as large as chance makes them. What they exceed it by is the variance of a common
effect, of each month, estimated by moments (DerSimonian & Laird 1986) and shrunk to exactly nothing where chance
explains it.

- *speed*: the ends of each calendar month over those expected, an effect on the log of how fast stays end;
- *conversion*: of the stays that begin in a month, the ends by the forward move over those expected of so many ends, at
  such ages on such days, an effect on the log odds.

One month's effect is the same in all stages. Drift that is not modelled counts as weather, too: it makes futures as
unsure as it made the past.

References
----------
DerSimonian & Laird (1986), Meta-analysis in clinical trials, Controlled Clinical Trials 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from simcast.model.calendar import AtRisk, StageClocks, StageDays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FALSE_ALARMS = 0.01
"""The chance that weather is found where deals are independent."""
FEWEST_MONTHS = 6
_FEWEST_ENDS_IN_MONTH = 5.0
_MOST_SD = 1.0


@dataclass(frozen=True)
class Weather:
    """How much months differ in ways that all deals share.

    Parameters
    ----------
    conversion
        Standard deviation of the months' log odds of the forward move.
    speed
        Standard deviation of the months' log speed.
    """

    conversion: float = 0.0
    speed: float = 0.0

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return self.conversion > 0.0 or self.speed > 0.0


@dataclass(frozen=True, eq=False)
class MonthlyCounts:
    """Counts by month, those expected, and their variances if deals are independent: float64, (n_months,)."""

    observed: Floats
    expected: Floats
    variance: Floats

    def spread(self) -> float:
        """Return the standard deviation of the months' effects; 0 where chance explains all.

        An effect b changes the expected count by b times the variance, nearly.
        """
        enough = self.variance >= _FEWEST_ENDS_IN_MONTH
        n = int(enough.sum())
        if n < FEWEST_MONTHS:
            return 0.0
        variance = self.variance[enough]
        effect = (self.observed - self.expected)[enough] / variance
        mean = float((effect * variance).sum() / variance.sum())
        dispersion = float((np.square(effect - mean) * variance).sum())
        if chi2.sf(dispersion, n - 1) >= FALSE_ALARMS:
            return 0.0
        total = float(variance.sum())
        excess = (dispersion - (n - 1)) / (total - float(np.square(variance).sum()) / total)
        return min(_MOST_SD, float(np.sqrt(max(0.0, excess))))


def learn_weather(stages: Sequence[StageDays], clocks: Sequence[StageClocks]) -> Weather:
    """Learn how much months differ, from the stays of all stages together."""
    first = min((int(np.min(days.entered)) for days in stages if days.entered.size), default=0)
    last = max((days.until for days in stages), default=1)
    n_months = _month(np.array([last]))[0] - _month(np.array([first]))[0] + 1
    speed, conversion = np.zeros((3, n_months)), np.zeros((3, n_months))
    for days, found in zip(stages, clocks, strict=True):
        for months, of_speed, of_conversion in _of_stage(days, found):
            place = months - _month(np.array([first]))[0]
            for row in range(3):
                speed[row] += np.bincount(place, of_speed[row], n_months)
                conversion[row] += np.bincount(place, of_conversion[row], n_months)
    return Weather(conversion=MonthlyCounts(*conversion).spread(), speed=MonthlyCounts(*speed).spread())


def _of_stage(stays: StageDays, found: StageClocks) -> list[tuple[Ints, Floats, Floats]]:
    """Return, for the stage's days, their months, and counts, expectations and variances of speed and conversion.

    Those of speed are by the day of the end, those of conversion by the day of entry. Nothing where few stays end.
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
    speed = np.array([sum(np.bincount(one.ended_day, minlength=n) for one in ended), due, due])
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
