"""The deals that are played together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK = 1024
"""How many deals are played together: they stay in a cache of the core, and loops over them are worth beginning."""

LATEST_TIME_OF_DAY = 1.0 - 2.0**-40
"""Added to any day within decades, this does not round up to the next day."""


class InPlay(NamedTuple):
    """The deals of a block that are still in play, with the stay that each is in; the first n entries count.

    What is needed no more serves as room: the comments tell in which order.
    """

    key: NDArray[np.uint64]
    deal: NDArray[np.int64]  # position among the open deals; -1 for a new deal, and after the first win
    amount: NDArray[np.int64]
    enters_on: NDArray[np.float64]
    leaves_on: NDArray[np.float64]  # while it is drawn, what it is worked out from
    segment: NDArray[np.uint32]
    stage: NDArray[np.uint32]
    slot: NDArray[np.uint32]  # the move that ends the stay; n_slots + outcome where a lever forces it; place in `fate`
    cell: NDArray[np.uint32]  # epoch, stage, segment at the beginning; row of `Tables.days`; clock; place in `moved`
    point: NDArray[np.uint32]  # the point of a standard law's table below the share of stays that last longer
    won: NDArray[np.uint32]  # the places in the block of stays that end in a win
    kept: NDArray[np.uint32]  # the places of those after which another one comes
    u_first: NDArray[np.float64]  # the uniforms of the event at hand; then what clocks read at the end
    u_second: NDArray[np.float64]


def room_for_a_block() -> InPlay:
    """Allocate room for a block of deals."""
    return InPlay(
        np.empty(BLOCK, np.uint64),
        np.empty(BLOCK, np.int64),
        np.empty(BLOCK, np.int64),
        np.empty(BLOCK, np.float64),
        np.empty(BLOCK, np.float64),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK, np.float64),
        np.empty(BLOCK, np.float64),
    )


@njit(inline="always")
def unsigned(n: int) -> int:
    """Return a number as one that cannot be negative: such an index is not checked for counting from the end."""
    return np.uint64(n)  # type: ignore[return-value]  # to the hints an index is an int


@njit(inline="always")
def whole(day: float) -> int:
    """Return the whole part of a number that is not negative, as an index; signed first, which is one instruction."""
    return np.uint64(np.int64(day))  # type: ignore[return-value]  # to the hints an index is an int


@njit(inline="always")
def after_days(enters_on: float, days: float) -> float:
    """Return when a stay ends whose days count from the beginning of the day on which it began.

    The whole days are days of the calendar, the fraction is the time of day. On the day of entry only the rest of
    the day is left: the fraction is of that, so that no stay ends before it begins.
    """
    day: float = np.floor(enters_on)
    if days >= 1.0:
        return day + days
    return enters_on + days * max(0.0, day + LATEST_TIME_OF_DAY - enters_on)
