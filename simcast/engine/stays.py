"""How the stays of a block of deals end, and after how many days: in loops without branches.

The steps are the same for stays that begin and for those in which open deals are found. Which move comes and which
days follow is looked up in rows; the numbers of rows and slots are unsigned, since signed ones would be checked for
counting from the end.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.block import InPlay
from simcast.engine.graph import Graph
from simcast.engine.inner import inner
from simcast.engine.location_scale import far_quantile, is_far, point_and_way, power_of_two, quantile_at
from simcast.engine.tables import MOST_DAYS, Tables


@inner
def choose_slots(
    reach: NDArray[np.float64],
    n_slots: np.uint64,
    rows: NDArray[np.uint32],
    u: NDArray[np.float64],
    slot: NDArray[np.uint32],
    n: int,
) -> None:
    """Write the slots that the uniforms u choose: the first whose running sum, in the row of `reach`, is above u."""
    for i in range(np.uint64(n)):  # counted, not searched: where a search ends cannot be foreseen
        slot[i] = np.uint32(u[i] >= reach[rows[i] * n_slots])
    for k in range(np.uint64(1), n_slots - np.uint64(1)):
        for i in range(np.uint64(n)):
            slot[i] += np.uint32(u[i] >= reach[rows[i] * n_slots + k])


@inner
def draw_days(tables: Tables, graph: Graph, in_play: InPlay, n: int) -> None:
    """Write the days that a share `u_second` of stays exceeds to `leaves_on`; cells become rows of `Tables.days`.

    What is looked up and what is worked out have loops of their own: the latter alone can be vectorised.
    """
    days, n_far = tables.days, np.uint64(0)
    for i in range(np.uint64(n)):
        in_play.cell[i] = in_play.cell[i] * np.uint32(graph.n_slots) + in_play.slot[i]
    for i in range(np.uint64(n)):
        point, in_play.leaves_on[i] = point_and_way(in_play.u_second[i])
        in_play.point[i] = np.uint32(point)
    for i in range(np.uint64(n)):
        row = in_play.cell[i]
        standard = quantile_at(np.uint64(tables.law[row]), in_play.point[i], in_play.leaves_on[i])
        in_play.leaves_on[i] = days[row, 1] * standard
    for i in range(np.uint64(n)):
        in_play.leaves_on[i] = power_of_two(in_play.leaves_on[i])
    for i in range(np.uint64(n)):
        in_play.leaves_on[i] *= days[in_play.cell[i], 0]
    for i in range(np.uint64(n)):
        n_far += np.uint64(is_far(in_play.u_second[i]))
    if n_far > np.uint64(0):
        _draw_far_out(tables, in_play, n)


@inner
def _draw_far_out(tables: Tables, in_play: InPlay, n: int) -> None:
    """Draw again, to full precision, the days for which the table has no share."""
    days = tables.days
    for i in range(np.uint64(n)):
        u, row = in_play.u_second[i], in_play.cell[i]
        if not is_far(u):
            continue
        standard = far_quantile(np.uint64(tables.law[row]), math.log(u))
        in_play.leaves_on[i] = days[row, 0] * power_of_two(days[row, 1] * standard)


@inner
def cut_days(tables: Tables, graph: Graph, in_play: InPlay, n: int) -> None:
    """Cut the days in `leaves_on` at the longest that are told apart, and at caps as far as these have faded in."""
    days = tables.days
    for i in range(np.uint64(n)):
        lasting = in_play.leaves_on[i]
        lasting = lasting if lasting > 0.0 else 0.0
        in_play.leaves_on[i] = lasting if lasting < MOST_DAYS else MOST_DAYS
    if graph.has_caps:
        for i in range(np.uint64(n)):
            row = in_play.cell[i]
            over = in_play.leaves_on[i] - days[row, 2]
            in_play.leaves_on[i] -= days[row, 3] * (over if over > 0.0 else 0.0)
