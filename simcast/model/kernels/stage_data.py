"""The rows of one stage as its likelihood reads them, apart and packed into two arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import allocating

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class StageData(NamedTuple):
    """Distinct points in time, and the rows whose terms refer to them.

    Cells may differ in their moves and be alike in their days: then one stands for all where days are concerned.

    Parameters
    ----------
    point_log_days, point_cell
        (n_points,): logarithm of the days, and cell x n_moves + move.
    moved_cell, moved_count
        (n_moved,): cell x n_moves + move, and how many stays ended so, after whatever time.
    ended_start, ended_count
        (n_rows + 1,) and (n_rows,): where each ended row's terms begin, and how many stays it stands for.
    term_low, term_high, term_weight
        (n_terms,): the points between which the stay ended, and the weight of the quadrature node.
    open_start, open_count
        The same as for ended rows; a negative count takes the probability of having waited out again.
    wait_point, wait_cell, wait_weight
        (n_waits,): the point past which the stay has waited, one per node and move, the stay's own cell x n_moves +
        move, and the weight.
    family
        (n_moves,): the code of the days' family, see `simcast.model.kernels.duration_tails`.
    """

    point_log_days: Floats
    point_cell: Ints
    moved_cell: Ints
    moved_count: Floats
    ended_start: Ints
    ended_count: Floats
    term_low: Ints
    term_high: Ints
    term_weight: Floats
    open_start: Ints
    open_count: Floats
    wait_point: Ints
    wait_cell: Ints
    wait_weight: Floats
    family: Ints


_NO_NUMBERS, _NO_INDICES, _NO_ROWS = np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64)


def no_data(n_moves: int) -> StageData:
    """Return the data of a stage that nothing is known of."""
    return StageData(
        point_log_days=_NO_NUMBERS,
        point_cell=_NO_INDICES,
        moved_cell=_NO_INDICES,
        moved_count=_NO_NUMBERS,
        ended_start=_NO_ROWS,
        ended_count=_NO_NUMBERS,
        term_low=_NO_INDICES,
        term_high=_NO_INDICES,
        term_weight=_NO_NUMBERS,
        open_start=_NO_ROWS,
        open_count=_NO_NUMBERS,
        wait_point=_NO_INDICES,
        wait_cell=_NO_INDICES,
        wait_weight=_NO_NUMBERS,
        family=np.zeros(n_moves, dtype=np.int64),
    )


def pack(data: StageData) -> dict[str, NDArray[np.generic]]:
    """Return the same data as two arrays, ``numbers`` and ``indices``, which begins with the six sizes.

    Compiling a model takes about a second more for each array of data that it reads.
    """
    numbers = (
        data.point_log_days,
        data.moved_count,
        data.ended_count,
        data.term_weight,
        data.open_count,
        data.wait_weight,
    )
    indices = (
        data.point_cell,
        data.moved_cell,
        data.ended_start,
        data.term_low,
        data.term_high,
        data.open_start,
        data.wait_point,
        data.wait_cell,
        data.family,
    )
    sizes = np.array([part.size for part in numbers], dtype=np.int64)
    return {"numbers": np.concatenate(numbers), "indices": np.concatenate([sizes, *indices])}


@allocating
def unpack(numbers: Floats, indices: Ints) -> StageData:
    """Return views of what `pack` put together."""
    n_points, n_moved, n_ended = indices[0], indices[1], indices[2]
    n_terms, n_open, n_waits = indices[3], indices[4], indices[5]
    moved = n_points
    ended = moved + n_moved
    term = ended + n_ended
    waiting = term + n_terms
    wait = waiting + n_open
    moved_cell = 6 + n_points
    start = moved_cell + n_moved
    low = start + n_ended + 1
    high = low + n_terms
    open_start = high + n_terms
    wait_point = open_start + n_open + 1
    wait_cell = wait_point + n_waits
    family = wait_cell + n_waits
    return StageData(
        numbers[:moved],
        indices[6:moved_cell],
        indices[moved_cell:start],
        numbers[moved:ended],
        indices[start:low],
        numbers[ended:term],
        indices[low:high],
        indices[high:open_start],
        numbers[term:waiting],
        indices[open_start:wait_point],
        numbers[waiting:wait],
        indices[wait_point:wait_cell],
        indices[wait_cell:family],
        numbers[wait : wait + n_waits],
        indices[family:],
    )
