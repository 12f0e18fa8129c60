"""The expectations of a run of futures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.engine.ahead import make_ready
from simcast.engine.by_reference import by_reference
from simcast.engine.inner import outer
from simcast.engine.layout import KernelPlan, as_declared
from simcast.engine.tables import Tables, empty_tables, fill_tables
from simcast.expectation.flow import Expected, Grid, Room, begin_new_deals, clear, let_flow
from simcast.expectation.moves import Moves, moves_of
from simcast.expectation.on_clock import read_clocks
from simcast.expectation.open_deals import Alike, begin_open_deals


def expect_futures(
    plan: KernelPlan,
    futures: NDArray[np.int64],
    alike: Alike,
    grid: Grid,
    room: Room,
    wins: NDArray[np.float64],
    bookings: NDArray[np.float64],
) -> None:
    """Add what is won in each of some futures on average to a row of `wins` and `bookings`.

    Both are float64, (n_futures, n_periods, n_groups, 2), bookings in minor units.
    """
    declared, tables = by_reference(as_declared(plan)), by_reference(empty_tables(plan))
    arguments = (
        declared,
        futures,
        tables,
        by_reference(moves_of(plan)),
        by_reference(alike),
        by_reference(grid),
        by_reference(room),
        wins,
        bookings,
    )
    make_ready(expect_in_room, arguments, lambda: [(fill_tables, (declared, tables, 0))])
    expect_in_room(*arguments)


@outer
def expect_in_room(
    plan: KernelPlan,
    futures: NDArray[np.int64],
    tables: Tables,
    moves: Moves,
    alike: Alike,
    grid: Grid,
    room: Room,
    wins: NDArray[np.float64],
    bookings: NDArray[np.float64],
) -> None:
    """Add them up with the tables of one thread."""
    for row in range(len(futures)):
        draw = plan.draw_of_future[futures[row]]
        fill_tables(plan, tables, futures[row])
        read_clocks(plan, tables, room.readings)
        for segment in range(len(plan.arrival_key)):
            group = plan.group_of_segment[segment]
            expected = Expected(wins[row, :, group], bookings[row, :, group])
            clear(plan, tables, draw, segment, room)
            begin_new_deals(plan, tables, draw, segment, grid, room)
            begin_open_deals(plan, tables, moves, draw, segment, alike, grid, room, expected)
            let_flow(plan, tables, moves, draw, segment, grid, room, expected)
