"""Stays in stages that teams serve: first they wait for their turn, then to be ended together with others like them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.block import BLOCK, InPlay
from simcast.engine.inner import allocating, inner
from simcast.engine.layout import MAX_VISITS


class Tickets(NamedTuple):
    """The stays of one future that wait, or have had their turn; one each, by number."""

    key: NDArray[np.uint64]
    deal: NDArray[np.int64]
    amount: NDArray[np.int64]
    enters_on: NDArray[np.float64]
    leaves_on: NDArray[np.float64]
    segment: NDArray[np.uint32]
    stage: NDArray[np.uint32]
    slot: NDArray[np.uint32]
    visit: NDArray[np.int64]
    origin: NDArray[np.int64]
    since: NDArray[np.float64]  # when it began to wait: before the as-of date for open deals that wait
    asks_on: NDArray[np.float64]  # the same, or the day on which the person left for whom it waited: its place in line
    following: NDArray[np.int64]  # the next free ticket, or the next one of the same list
    heap: NDArray[np.int64]  # those that wait
    n_waiting: NDArray[np.int64]  # (1,)
    free: NDArray[np.int64]  # (1,): the first free ticket
    first: NDArray[np.int64]  # (2, MAX_VISITS + 1): of the list of those that have had their turn, by origin and visit
    n_listed: NDArray[np.int64]  # (2, MAX_VISITS + 1)
    soonest: NDArray[np.float64]  # (2, MAX_VISITS + 1): when the first of a list ends
    last_visit: NDArray[np.int64]  # (1,): beyond it all lists are empty


@allocating
def room_for_tickets(n: int) -> Tickets:
    """Allocate n tickets, all free: one per deal suffices."""
    lists = (2, MAX_VISITS + 1)
    return Tickets(
        np.empty(n, np.uint64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty(n),
        np.empty(n, np.uint32),
        np.empty(n, np.uint32),
        np.empty(n, np.uint32),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty(n),
        np.arange(1, n + 1),
        np.empty(n, np.int64),
        np.zeros(1, np.int64),
        np.zeros(1, np.int64),
        np.full(lists, -1, np.int64),
        np.zeros(lists, np.int64),
        np.full(lists, math.inf),
        np.zeros(1, np.int64),
    )


@njit(inline="always")
def write_ticket(tickets: Tickets, in_play: InPlay, i: int, visit: int, origin: int, since: float) -> int:
    """Copy a stay of a block to a free ticket, and return its number."""
    ticket: int = tickets.free[0]
    tickets.free[0] = tickets.following[ticket]
    tickets.key[ticket] = in_play.key[i]
    tickets.deal[ticket] = in_play.deal[i]
    tickets.amount[ticket] = in_play.amount[i]
    tickets.enters_on[ticket] = in_play.enters_on[i]
    tickets.leaves_on[ticket] = in_play.leaves_on[i]
    tickets.segment[ticket] = in_play.segment[i]
    tickets.stage[ticket] = in_play.stage[i]
    tickets.slot[ticket] = in_play.slot[i]
    tickets.visit[ticket] = visit
    tickets.origin[ticket] = origin
    tickets.since[ticket] = tickets.asks_on[ticket] = since
    return ticket


@njit(inline="always")
def move_stay(in_play: InPlay, i: int, to: int) -> None:
    """Move a stay to another place in its block."""
    in_play.key[to] = in_play.key[i]
    in_play.deal[to] = in_play.deal[i]
    in_play.amount[to] = in_play.amount[i]
    in_play.enters_on[to] = in_play.enters_on[i]
    in_play.leaves_on[to] = in_play.leaves_on[i]
    in_play.segment[to] = in_play.segment[i]
    in_play.stage[to] = in_play.stage[i]
    in_play.slot[to] = in_play.slot[i]


@njit(inline="always")
def list_ticket(tickets: Tickets, ticket: int) -> float:
    """Put a stay that has had its turn on the list of those like it, and return when the first of them ends."""
    origin, visit = tickets.origin[ticket], tickets.visit[ticket]
    tickets.following[ticket] = tickets.first[origin, visit]
    tickets.first[origin, visit] = ticket
    tickets.n_listed[origin, visit] += 1
    tickets.soonest[origin, visit] = min(tickets.soonest[origin, visit], tickets.leaves_on[ticket])
    tickets.last_visit[0] = max(tickets.last_visit[0], visit)
    soonest: float = tickets.soonest[origin, visit]
    return soonest


@inner
def read_list(tickets: Tickets, origin: int, visit: int, in_play: InPlay) -> int:
    """Copy up to a block of stays from a list to a block, free their tickets, and return how many there are."""
    n, ticket = 0, tickets.first[origin, visit]
    while ticket >= 0 and n < BLOCK:
        in_play.key[n] = tickets.key[ticket]
        in_play.deal[n] = tickets.deal[ticket]
        in_play.amount[n] = tickets.amount[ticket]
        in_play.enters_on[n] = tickets.enters_on[ticket]
        in_play.leaves_on[n] = tickets.leaves_on[ticket]
        in_play.segment[n] = tickets.segment[ticket]
        in_play.stage[n] = tickets.stage[ticket]
        in_play.slot[n] = tickets.slot[ticket]
        following = tickets.following[ticket]
        tickets.following[ticket] = tickets.free[0]
        tickets.free[0] = ticket
        ticket = following
        n += 1
    tickets.first[origin, visit] = ticket
    tickets.n_listed[origin, visit] -= n
    if ticket < 0:
        tickets.soonest[origin, visit] = math.inf
    return n
