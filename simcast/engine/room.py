"""What one thread works with, future after future: allocated once, before any compiled function runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.alike import Alike, room_for_the_alike
from simcast.engine.amount_slope import OwnLaw, room_for_a_law
from simcast.engine.arrivals import room_for_arrivals
from simcast.engine.block import InPlay, room_for_a_block
from simcast.engine.graph import Graph, graph_of
from simcast.engine.layout import KernelPlan
from simcast.engine.tables import Tables, empty_tables


class Room(NamedTuple):
    """What one thread works with."""

    tables: Tables
    graph: Graph
    alike: Alike
    law: OwnLaw
    in_play: InPlay
    arrivals: NDArray[np.int64]
    """(n_segments, horizon_days): how many deals arrive in the future at hand."""
    at: NDArray[np.int64]
    """(3,): segment, day and ordinal of the next new deal."""


def room_for(plan: KernelPlan) -> Room:
    """Allocate what one thread needs to play a plan."""
    return Room(
        empty_tables(plan),
        graph_of(plan),
        room_for_the_alike(plan),
        room_for_a_law(plan),
        room_for_a_block(),
        room_for_arrivals(plan),
        np.zeros(3, np.int64),
    )
