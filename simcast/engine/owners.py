"""Who began which deal, for teams in which a deal's later stays wait for that same person.

A hash table with open places: an entry per deal and team, found by the deal's key. It is emptied for each future.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.capacity_layout import NO_TEAM
from simcast.engine.inner import allocating

NOBODY = -1
"""In place of a position: nobody has begun the deal, or who did has left."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF_A_WORD = np.uint64(32)


class Owners(NamedTuple):
    """The entries, by place in the table; a power of two of them, at most half of which are taken."""

    team: NDArray[np.int64]  # NO_TEAM where the place is free
    key: NDArray[np.uint64]
    position: NDArray[np.int64]  # of the person in the office, or NOBODY
    generation: NDArray[np.int64]  # which of those who hold the position one after another
    leaves_on: NDArray[np.float64]  # the first day without them


@allocating
def room_for_owners(n: int) -> Owners:
    """Allocate an empty table for n entries."""
    size = 2
    while size < 2 * n:
        size *= 2
    return Owners(
        np.full(size, NO_TEAM, np.int64),
        np.empty(size, np.uint64),
        np.empty(size, np.int64),
        np.empty(size, np.int64),
        np.empty(size),
    )


@njit(inline="always")
def find_owner(owners: Owners, key: np.uint64, team: int) -> int:
    """Return the place of a deal's entry for a team; one without an owner is made where there is none yet."""
    mixed = (key + np.uint64(team + 1)) * _GOLDEN
    mixed ^= mixed >> _HALF_A_WORD
    last = np.uint64(len(owners.team) - 1)
    at: int = np.int64(mixed & last)  # type: ignore[assignment]  # signed, as all places are
    while owners.team[at] != NO_TEAM and (owners.team[at] != team or owners.key[at] != key):
        at = np.int64(np.uint64(at + 1) & last)  # type: ignore[assignment]  # as above
    if owners.team[at] == NO_TEAM:
        owners.team[at], owners.key[at], owners.position[at] = team, key, NOBODY
    return at
