"""A line of waiting things: a binary heap in an array, the earliest first, ties by a key.

The heap holds numbers of things; their times and keys stand in arrays beside it, so that a thing is moved by moving
one integer.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.inner import inner


@njit(inline="always")
def _before(one: int, other: int, time: NDArray[np.float64], key: NDArray[np.uint64]) -> bool:
    """Return whether one thing comes before another."""
    earlier: bool = time[one] < time[other] or (time[one] == time[other] and key[one] < key[other])
    return earlier


@inner
def put(heap: NDArray[np.int64], n: int, thing: int, time: NDArray[np.float64], key: NDArray[np.uint64]) -> None:
    """Put a thing into a heap that holds n."""
    at = n
    while at > 0:
        above = (at - 1) >> 1
        if not _before(thing, heap[above], time, key):
            break
        heap[at] = heap[above]
        at = above
    heap[at] = thing


@inner
def sink(heap: NDArray[np.int64], n: int, at: int, time: NDArray[np.float64], key: NDArray[np.uint64]) -> None:
    """Let the thing at a place of a heap of n sink to where it belongs, after its time has grown."""
    thing = heap[at]
    while True:
        below = 2 * at + 1
        if below >= n:
            break
        if below + 1 < n and _before(heap[below + 1], heap[below], time, key):
            below += 1
        if not _before(heap[below], thing, time, key):
            break
        heap[at] = heap[below]
        at = below
    heap[at] = thing


@inner
def settle(heap: NDArray[np.int64], n: int, time: NDArray[np.float64], key: NDArray[np.uint64]) -> None:
    """Let the first thing of a heap of n sink to its place, after its time has grown."""
    if n > 0:
        sink(heap, n, 0, time, key)


@inner
def take(heap: NDArray[np.int64], n: int, time: NDArray[np.float64], key: NDArray[np.uint64]) -> int:
    """Take the first thing out of a heap that holds n, which holds one less afterwards."""
    first: int = heap[0]
    heap[0] = heap[n - 1]
    settle(heap, n - 1, time, key)
    return first
