"""Stays told in operational days, where a stage's clocks foresee their ends better than the calendar does.

Ends that were put off count on the days on which they were due: see `simcast.model.due`.

An ended stay has the days of the clock of the move that ended it, from noon to noon, since the hours are not known; an
open one those of the mean clock, weighted by how often the moves come. That one age stands for all moves is an
approximation of the fit: where clocks differ much, the survival of an open stay is too high for one move and too low
for another. The forecast has an age for each move (`simcast.plan.clocks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simcast.model.at_risk import StageDays
from simcast.model.clocks import StageClocks, learn_clocks
from simcast.model.due import as_due
from simcast.model.stays import StageStays
from simcast.posterior.clocks import Passed, mean_weights, weights_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NOON = 0.5
_PATTERNS, _KINDS = 2, 2
"""Weekdays and places in the quarter are tested, for the forward move and for the others."""


def in_operational_days(
    stages: Sequence[StageStays], days: Sequence[StageDays]
) -> tuple[tuple[StageStays, ...], tuple[StageClocks, ...]]:
    """Learn the clocks of all stages, and tell their stays in operational days where these are better.

    A stage on some day of which a rule ends many stays has no clock: such days are days of the calendar.
    """
    n_tests = _PATTERNS * _KINDS * len(stages)
    told, found = [], []
    for stays, dated in zip(stages, days, strict=True):
        clocks = StageClocks.none(stays.n_moves)
        if not stays.spikes:
            clocks = learn_clocks(dated, stays.n_moves, n_tests)
        due = as_due(dated, clocks)
        if clocks.ages:
            told.append(_told(stays, due, clocks))
        else:
            told.append(stays if due is dated else _in_days(stays, due))
        found.append(clocks)
    return tuple(told), tuple(found)


def _in_days(stays: StageStays, due: StageDays) -> StageStays:
    """Return the stays with the days until they were due to end."""
    return replace(stays, days=np.maximum(due.left - due.entered, stays.since))


def _told(stays: StageStays, dated: StageDays, clocks: StageClocks) -> StageStays:
    """Return the stays in operational days."""
    first = int(np.min(dated.entered))
    calendar = np.arange(first, dated.until + 1)
    weights = weights_of(clocks.of_ages, calendar)
    mean = mean_weights(weights, stays.ended_by_move.astype(np.float64))
    passed = [Passed.of(row, first) for row in (*weights, mean)]  # -1, of open stays, is the last
    lasted, since = np.zeros_like(stays.days), np.zeros_like(stays.days)
    for move in range(-1, stays.n_moves):
        here = np.flatnonzero(dated.move == move)
        entered, left = dated.entered[here], dated.left[here]
        began = passed[move].at(entered + _NOON)
        if move < 0:
            lasted[here] = _begun(passed[move].at(left.astype(np.float64)) - began)
        else:
            lasted[here] = np.rint(passed[move].at(left + _NOON) - began)
        reached = _begun(passed[move].at((entered + stays.since[here]).astype(np.float64)) - began)
        since[here] = np.where(stays.since[here] > 0, reached, 0)
    return replace(stays, days=lasted, since=np.minimum(since, lasted))


def _begun(days: Floats) -> Ints:
    """Round days up, whatever the rounding of floats: so many have begun."""
    begun: Ints = np.maximum(0, np.ceil(days - 1e-9)).astype(np.int64)
    return begun
