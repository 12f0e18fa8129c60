"""The people of the teams in one future: who is there, when each is free, how fast each works, and when they work.

People work on working days only. A working day is spread evenly over its 24 hours, so work that takes a quarter of
it, begun at noon, ends at six in the evening; begun on a Saturday, it begins on Monday.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.capacity_layout import FOREVER, TABLE, CapacityPlan
from simcast.engine.inner import allocating, inner
from simcast.engine.queue import settle, sink
from simcast.engine.rng import uniforms
from simcast.engine.samplers import CONSTANT, isf_of_log

TURNOVER = np.uint64(32)
"""Purpose of random numbers: when a person leaves."""
EFFORT = np.uint64(33)
"""Purpose: the hours that a stay takes."""

DAYS_PER_MONTH = 365.25 / 12


class Office(NamedTuple):
    """The positions of all teams in one future."""

    line: NDArray[np.int64]  # per team a heap of its positions: whoever is free the longest comes first
    free_from: NDArray[np.float64]
    key: NDArray[np.uint64]  # the position's number, which decides between people free from the same time on
    started: NDArray[np.float64]  # when the person who holds it now started
    leaves_on: NDArray[np.float64]
    generation: NDArray[np.int64]  # how many held it before


def room_for_people(capacity: CapacityPlan) -> Office:
    """Allocate room for all positions."""
    n = len(capacity.position_key)
    return Office(
        np.empty(n, np.int64),
        np.empty(n),
        np.arange(n).astype(np.uint64),
        np.empty(n),
        np.empty(n),
        np.empty(n, np.int64),
    )


@allocating
def open_office(
    capacity: CapacityPlan, seed: np.uint64, future: int, horizon: int, office: Office, present: NDArray[np.float64]
) -> None:
    """Put the first people in their positions, and add up the working days of all who will hold them."""
    for team in range(len(capacity.hours_per_day)):
        first, end = capacity.first_position[team], capacity.first_position[team + 1]
        for position in range(first, end):
            begin_position(capacity, seed, team, position, future, office)
            while office.started[position] < horizon:
                since, until = max(office.started[position], 0.0), min(office.leaves_on[position], float(horizon))
                if until > since:
                    present[team] += worked(capacity, team, until) - worked(capacity, team, since)
                replace_person(capacity, seed, team, position, future, office)
            begin_position(capacity, seed, team, position, future, office)
        in_order = np.argsort(office.free_from[first:end], kind="mergesort")
        for i in range(end - first):  # a sorted array is a heap
            office.line[first + i] = first + in_order[i]


@inner
def begin_position(
    capacity: CapacityPlan, seed: np.uint64, team: int, position: int, future: int, office: Office
) -> None:
    """Put the first person in a position."""
    office.generation[position] = 0
    office.started[position] = capacity.position_from[position]
    office.free_from[position] = max(0.0, office.started[position])
    _stay_on(capacity, seed, team, position, future, office)


@inner
def replace_person(
    capacity: CapacityPlan, seed: np.uint64, team: int, position: int, future: int, office: Office
) -> None:
    """Let the next person start in a position whose holder has left; nobody, where the position ends."""
    starts = office.leaves_on[position] + capacity.replacement_days[team]
    if starts >= capacity.position_until[position]:
        starts = FOREVER
    office.generation[position] += 1
    office.started[position] = office.free_from[position] = starts
    _stay_on(capacity, seed, team, position, future, office)


@inner
def _stay_on(capacity: CapacityPlan, seed: np.uint64, team: int, position: int, future: int, office: Office) -> None:
    """Decide when the person leaves who holds a position: at an exponential time, or when the position ends."""
    leaves_on = capacity.position_until[position]
    rate = capacity.turnover[team, future]
    if rate > 0.0 and office.started[position] < FOREVER:
        u, _ = uniforms(seed, future, capacity.position_key[position], office.generation[position], TURNOVER)
        leaves_on = min(leaves_on, max(0.0, office.started[position]) - math.log(u) / rate)
    office.leaves_on[position] = leaves_on


@njit(inline="always")
def first_free(
    capacity: CapacityPlan, seed: np.uint64, team: int, since: float, future: int, office: Office
) -> tuple[float, float]:
    """Return when someone can take a stay that waits since a time, and how fast they work; they head the line then.

    Of several people who are free, the one takes it who has been free the longest.
    """
    first, end = capacity.first_position[team], capacity.first_position[team + 1]
    if first == end:
        return FOREVER, 1.0
    line = office.line[first:end]
    while True:
        position = line[0]
        start = max(since, office.free_from[position])
        if start >= FOREVER:
            return FOREVER, 1.0
        if capacity.waits_for_working_day[team]:
            start = next_working_time(capacity, team, start)
        if start >= office.leaves_on[position]:
            replace_person(capacity, seed, team, position, future, office)
        else:
            month = month_of(office, position, start)
            speed = capacity.ramp[team, month] if month < capacity.ramp.shape[1] else 1.0
            if speed > 0.0:
                return start, speed
            office.free_from[position] = office.started[position] + (month + 1) * DAYS_PER_MONTH
        settle(line, end - first, office.free_from, office.key)


@njit(inline="always")
def month_of(office: Office, position: int, time: float) -> int:
    """Return the month of their own in which a person is at a time: 0 for the first.

    A hair is added: a month added to the first day and taken away again may come out a rounding short of a month, and
    who does nothing in it would wait for its end for ever.
    """
    return int(min((time - office.started[position]) / DAYS_PER_MONTH + 1e-9, 1e6))


@njit(inline="always")
def owner_free(capacity: CapacityPlan, team: int, position: int, since: float, office: Office) -> tuple[float, float]:
    """Return when the person in a position can take a stay that waits since a time, and how fast they work then.

    They may have left by then.
    """
    start = max(since, office.free_from[position])
    while start < FOREVER:
        if capacity.waits_for_working_day[team]:
            start = next_working_time(capacity, team, start)
        month = month_of(office, position, start)
        speed = capacity.ramp[team, month] if month < capacity.ramp.shape[1] else 1.0
        if speed > 0.0:
            return start, speed
        start = office.started[position] + (month + 1) * DAYS_PER_MONTH
    return FOREVER, 1.0


@njit(inline="always")
def keep_busy(
    capacity: CapacityPlan, seed: np.uint64, team: int, position: int, until: float, future: int, office: Office
) -> None:
    """Let the person in a position work until a time; most often they head the line.

    Who leaves before it is done finishes it, while the next person may have started in their place.
    """
    first, end = capacity.first_position[team], capacity.first_position[team + 1]
    line, at = office.line[first:end], 0
    while line[at] != position:
        at += 1
    office.free_from[position] = until
    if until >= office.leaves_on[position]:
        replace_person(capacity, seed, team, position, future, office)
    sink(line, end - first, at, office.free_from, office.key)


@njit(inline="always")
def effort_hours(capacity: CapacityPlan, seed: np.uint64, future: int, key: np.uint64, visit: int, stage: int) -> float:
    """Return the hours of work that a stay takes."""
    family = capacity.effort_family[stage]
    if family == CONSTANT:
        fixed: float = capacity.effort_scale[stage]
        return fixed
    u, _ = uniforms(seed, future, key, visit, EFFORT)
    if family != TABLE:
        return isf_of_log(family, capacity.effort_scale[stage], capacity.effort_shape[stage], math.log(u))
    table = capacity.effort_table[stage]
    place = u * (len(table) - 1)
    at = int(place)
    between: float = table[at] + (place - at) * (table[at + 1] - table[at])
    return between


@njit(inline="always")
def training_factor(capacity: CapacityPlan, team: int, start: float, future: int) -> float:
    """Return by how much longer work takes that begins at a time: more than 1 during a training."""
    factor = 1.0
    for i in range(len(capacity.training_team)):
        begins = capacity.training_from[i]
        if capacity.training_team[i] == team and begins <= start < begins + capacity.training_days[i, future]:
            factor *= capacity.training_factor[i, future]
    return factor


@njit(inline="always")
def worked(capacity: CapacityPlan, team: int, time: float) -> float:
    """Return the working days from the as-of date until a time; beyond the days known, at their average rate."""
    n_days = capacity.is_working.shape[1]
    if time >= n_days:
        total: float = capacity.worked_before[team, n_days]
        beyond: float = total + (time - n_days) * total / n_days
        return beyond
    day = int(time)
    sofar: float = capacity.worked_before[team, day] + (time - day) * capacity.is_working[team, day]
    return sofar


@njit(inline="always")
def after_work(capacity: CapacityPlan, team: int, start: float, work_days: float) -> float:
    """Return when work ends that is begun at a time and takes some working days."""
    n_days = capacity.is_working.shape[1]
    now, left = start, work_days
    while now < n_days:
        day = int(now)
        if capacity.is_working[team, day] > 0.0:
            rest = day + 1 - now
            if left <= rest:
                return now + left
            left -= rest
        now = day + 1.0
    beyond: float = now + left * n_days / capacity.worked_before[team, n_days]
    return beyond


@njit(inline="always")
def next_working_time(capacity: CapacityPlan, team: int, time: float) -> float:
    """Return the first time, not before a time, that lies in a working day."""
    day, n_days = int(time), capacity.is_working.shape[1]
    if time >= n_days or capacity.is_working[team, day] > 0.0:
        return time
    while day < n_days and capacity.is_working[team, day] == 0.0:
        day += 1
    return float(day)
