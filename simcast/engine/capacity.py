"""The capacity kernel: plays futures in which stays wait, first come, first served, for a free person of a team.

Stays in stages without a team are played in blocks, as the kernel of independent deals plays them, and with its
functions: so a deal has the same luck in both, and where nobody waits the results are the same to the last bit. A
stay in a served stage is drawn like any other when the deal enters, and then waits. Waiting stays have their turn in
order of the time since which they wait; the rest of the stay begins at its turn. Those that have had their turn are
ended in blocks, at the latest when one of them ends before the next turn: nobody who comes earlier can be missed.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.ahead import make_ready
from simcast.engine.alike import find_the_alike
from simcast.engine.arrivals import begin_new_deals, count_arrivals
from simcast.engine.block import BLOCK, InPlay
from simcast.engine.by_reference import by_reference
from simcast.engine.capacity_layout import FOREVER, NO_TEAM, CapacityPlan, TeamPlan, TeamResults
from simcast.engine.clock import put_off
from simcast.engine.graph import flush_counts
from simcast.engine.inner import allocating, inner, outer
from simcast.engine.kernel import begin_stays, end_stays, parts_of_a_kernel
from simcast.engine.layout import MAX_VISITS, NEW, OPEN, KernelPlan, as_declared
from simcast.engine.open_deals import begin_open_deals
from simcast.engine.owners import NOBODY, Owners, find_owner, room_for_owners
from simcast.engine.people import (
    Office,
    after_work,
    effort_hours,
    first_free,
    keep_busy,
    open_office,
    owner_free,
    room_for_people,
    training_factor,
    worked,
)
from simcast.engine.queue import put, take
from simcast.engine.room import Room, room_for
from simcast.engine.tables import fill_tables
from simcast.engine.tickets import Tickets, list_ticket, move_stay, read_list, room_for_tickets, write_ticket
from simcast.engine.waiting import NO_DEAL, Desk, allowed_wait, draw_again, effect_of_wait, point_90, room_for_a_desk

# Typed constants, since Numba compiles a function anew for each plain number that it is called with.
_OPEN, _NEW = cast("int", np.int64(OPEN)), cast("int", np.int64(NEW))
_FIRST_VISIT = _NONE = cast("int", np.int64(0))

_PUT_OFF = -1.0
"""In place of a time or a wait: a stay has had no turn yet, since the person whom it waits for leaves before it."""


class TeamRoom(NamedTuple):
    """What one thread works with, future after future."""

    deals: Room
    office: Office
    desk: Desk
    owners: Owners


def play_team_futures(plan: TeamPlan, first: int, results: TeamResults) -> None:
    """Play the futures ``first, first + 1, ...``, as many as `results` has rows, and add to `results`."""
    office, desk = room_for_people(plan.capacity), room_for_a_desk(plan.kernel)
    room = room_for(plan.kernel)
    arguments = (
        by_reference(as_declared(plan)),
        first,
        by_reference(room),
        by_reference(office),
        by_reference(desk),
        by_reference(results),
    )
    make_ready(play_teams_in_room, arguments, lambda: parts_of_a_kernel(plan.kernel, room, results.flow))
    play_teams_in_room(*arguments)


@outer
def play_teams_in_room(
    plan: TeamPlan, first: int, deals: Room, office: Office, desk: Desk, results: TeamResults
) -> None:
    """Play them in a room of one's own; tickets and owners need as much as the fullest future."""
    kernel, capacity, tables, arrivals = plan.kernel, plan.capacity, deals.tables, deals.arrivals
    find_the_alike(kernel, deals.alike)
    tickets, owners, n_keeping = room_for_tickets(_NONE), room_for_owners(_NONE), int(np.sum(capacity.keeps_owner))
    room = TeamRoom(deals, office, desk, owners)
    waits, team_of_wait = np.empty(BLOCK), np.empty(BLOCK, np.int64)
    for row in range(results.wait_days.shape[0]):
        future = first + row
        fill_tables(kernel, tables, future)
        count_arrivals(kernel, tables, future, deals.in_play, arrivals)
        n_deals = len(kernel.deal_key) + int(np.sum(arrivals))
        if n_deals > len(tickets.key):
            tickets, owners = room_for_tickets(n_deals), room_for_owners(n_deals * n_keeping)
            room = TeamRoom(deals, office, desk, owners)
        owners.team.fill(NO_TEAM)
        open_office(capacity, kernel.seed, future, kernel.horizon_days, office, results.present[row])
        _begin_all(plan, room, future, tickets, results, row)
        n_waits = _NONE
        while tickets.n_waiting[0] > 0:
            n_waits, is_full = _serve(plan, room, future, tickets, waits, team_of_wait, n_waits, results, row)
            if is_full:
                waits, team_of_wait = np.append(waits, waits), np.append(team_of_wait, team_of_wait)
        _tell_waits(capacity, waits[:n_waits], team_of_wait[:n_waits], results, row)
        flow = results.flow
        flush_counts(kernel, deals.graph, flow.entered[row], flow.left_forward[row], flow.open_at_end[row])
        for period in range(1, results.queue.shape[1]):
            results.queue[row, period] += results.queue[row, period - 1]


@inner
def _begin_all(plan: TeamPlan, room: TeamRoom, future: int, tickets: Tickets, results: TeamResults, row: int) -> None:
    """Begin the stays of all deals, and play each deal until it waits or has ended."""
    kernel, deals, in_play = plan.kernel, room.deals, room.deals.in_play
    entered, n_begun = results.flow.entered[row], _NONE
    deals.at[:] = 0
    while n_begun < len(kernel.deal_key):
        n = begin_open_deals(kernel, deals.tables, deals.graph, deals.alike, deals.law, future, n_begun, in_play)
        n_begun += n
        n = _queue_up(plan.capacity, tickets, in_play, n, _FIRST_VISIT, _OPEN)
        _play_on(plan, room, future, n, _FIRST_VISIT, _OPEN, tickets, results, row)
    while True:
        n = begin_new_deals(kernel, future, deals.arrivals, deals.at, in_play, entered)
        if n == 0:
            break
        begin_stays(kernel, deals.tables, deals.graph, deals.law, future, _FIRST_VISIT, in_play, n)
        n = _queue_up(plan.capacity, tickets, in_play, n, _FIRST_VISIT, _NEW)
        _play_on(plan, room, future, n, _FIRST_VISIT, _NEW, tickets, results, row)


@njit(inline="always")
def _queue_up(capacity: CapacityPlan, tickets: Tickets, in_play: InPlay, n: int, visit: int, origin: int) -> int:
    """Let the stays of a block wait that are in served stages; return how many are left, moved to its front.

    Open deals do not wait where they are found, unless the scenario says so: somebody works on them already.
    """
    kept = _NONE
    for i in range(n):
        waits = capacity.team_of_stage[in_play.stage[i]] != NO_TEAM
        since = in_play.enters_on[i]
        if waits and visit == 0 and origin == OPEN:
            since = capacity.deal_waits_since[in_play.deal[i]]
            waits = not math.isnan(since)
        if waits:
            ticket = write_ticket(tickets, in_play, i, visit, origin, since)
            put(tickets.heap, tickets.n_waiting[0], ticket, tickets.asks_on, tickets.key)
            tickets.n_waiting[0] += 1
        else:
            move_stay(in_play, i, kept)
            kept += 1
    return kept


@inner
def _play_on(
    plan: TeamPlan,
    room: TeamRoom,
    future: int,
    n: int,
    visit: int,
    origin: int,
    tickets: Tickets,
    results: TeamResults,
    row: int,
) -> None:
    """Play the deals of a block, whose stays are drawn, until each waits or has ended."""
    kernel, deals, in_play = plan.kernel, room.deals, room.deals.in_play
    while n > 0:
        n = end_stays(kernel, deals.tables, deals.graph, future, origin, in_play, n, results.flow, row)
        visit += 1
        if n == 0 or visit == MAX_VISITS:
            results.flow.capped[0] += n
            return
        begin_stays(kernel, deals.tables, deals.graph, deals.law, future, visit, in_play, n)
        n = _queue_up(plan.capacity, tickets, in_play, n, visit, origin)


@inner
def _serve(
    plan: TeamPlan,
    room: TeamRoom,
    future: int,
    tickets: Tickets,
    waits: NDArray[np.float64],
    team_of_wait: NDArray[np.int64],
    n_waits: int,
    results: TeamResults,
    row: int,
) -> tuple[int, bool]:
    """Give waiting stays their turn until none waits, or the record of waits is full; return how many it holds."""
    capacity, soonest = plan.capacity, math.inf
    while True:
        if tickets.n_waiting[0] == 0 or tickets.asks_on[tickets.heap[0]] >= soonest:
            until = math.inf if tickets.n_waiting[0] == 0 else tickets.asks_on[tickets.heap[0]]
            soonest = _end_listed(plan, room, future, tickets, until, results, row)
            if tickets.n_waiting[0] == 0:
                return n_waits, False
        if n_waits == len(waits):
            _end_listed(plan, room, future, tickets, math.inf, results, row)
            return n_waits, True
        ticket = take(tickets.heap, tickets.n_waiting[0], tickets.asks_on, tickets.key)
        tickets.n_waiting[0] -= 1
        stage = int(tickets.stage[ticket])
        team = capacity.team_of_stage[stage]
        wait = _have_turn(plan, room, future, tickets, ticket, results, row)
        if wait == _PUT_OFF:
            put(tickets.heap, tickets.n_waiting[0], ticket, tickets.asks_on, tickets.key)
            tickets.n_waiting[0] += 1
            continue
        if wait > 0.0:
            waits[n_waits] = wait
            team_of_wait[n_waits] = team
            n_waits += 1
        results.wait_days[row, stage] += wait
        results.waited_for[row, stage] += 1
        soonest = min(soonest, list_ticket(tickets, ticket))


@inner
def _end_listed(
    plan: TeamPlan,
    room: TeamRoom,
    future: int,
    tickets: Tickets,
    until: float,
    results: TeamResults,
    row: int,
) -> float:
    """End the stays of the lists in which one ends by a time, and return when the first of the others ends."""
    soonest = math.inf
    for origin in range(2):
        for visit in range(tickets.last_visit[0] + 1):
            if tickets.soonest[origin, visit] <= until:
                while tickets.n_listed[origin, visit] > 0:
                    n = read_list(tickets, origin, visit, room.deals.in_play)
                    _play_on(plan, room, future, n, visit, origin, tickets, results, row)
            soonest = min(soonest, tickets.soonest[origin, visit])
    return soonest


@njit(inline="always")
def _have_turn(
    plan: TeamPlan,
    room: TeamRoom,
    future: int,
    tickets: Tickets,
    ticket: int,
    results: TeamResults,
    row: int,
) -> float:
    """Let a stay have its turn: someone takes it up, and its own days begin. Return how long it has waited.

    Where the person whom it waits for leaves first, it takes its place in the line of that day instead.
    """
    kernel, capacity, office = plan.kernel, plan.capacity, room.office
    since, enters_on = tickets.since[ticket], tickets.enters_on[ticket]
    stage, segment = int(tickets.stage[ticket]), int(tickets.segment[ticket])
    key, visit, team = tickets.key[ticket], tickets.visit[ticket], capacity.team_of_stage[stage]
    start, speed, position = _taken_up(plan, room, future, tickets, ticket)
    if start == _PUT_OFF:
        return _PUT_OFF
    wait = max(start, enters_on) - since
    epoch = kernel.epoch_of_day[int(enters_on)]
    allowed = allowed_wait(capacity, epoch, stage, segment, future, wait)
    hours = effort_hours(capacity, kernel.seed, future, key, visit, stage)
    kept = max(since + allowed, enters_on)  # a promise that was broken before the as-of date is kept on it
    if allowed < wait and kept < start:
        start, wait = kept, kept - since
        if start < kernel.horizon_days:
            results.extra_hours[row, team] += hours
    elif start < FOREVER:
        start = max(start, enters_on)
        days = hours * training_factor(capacity, team, start, future) / (capacity.hours_per_day[team] * speed)
        if capacity.keeps_owner[team]:
            entry = find_owner(room.owners, key, team)
            room.owners.position[entry] = position
            room.owners.generation[entry] = office.generation[position]
            room.owners.leaves_on[entry] = office.leaves_on[position]
        ends = after_work(capacity, team, start, days)
        keep_busy(capacity, kernel.seed, team, position, ends, future, office)
        if start < kernel.horizon_days:
            left = worked(capacity, team, float(kernel.horizon_days)) - worked(capacity, team, start)
            results.busy[row, team] += min(days, left)
    _begin_work(plan, room, future, tickets, ticket, start, wait)
    _count_queue(kernel, enters_on, start, results.queue[row, :, team])
    counted: float = min(wait, kernel.horizon_days - since)
    return counted


@njit(inline="always")
def _taken_up(plan: TeamPlan, room: TeamRoom, future: int, tickets: Tickets, ticket: int) -> tuple[float, float, int]:
    """Return when a stay is taken up, how fast, and by the person in which position.

    By the person who owns the deal; without one, or when they have left, by the first who is free. Is the owner there
    still, but leaves before they could take it up, the stay is put off: on that day it asks for anybody. Nobody but
    extra hands takes it up where a promise makes them do so before.
    """
    capacity, office, owners = plan.capacity, room.office, room.owners
    stage, asks_on = int(tickets.stage[ticket]), tickets.asks_on[ticket]
    team = capacity.team_of_stage[stage]
    if capacity.keeps_owner[team]:
        entry = find_owner(owners, tickets.key[ticket], team)
        position, leaves_on = owners.position[entry], owners.leaves_on[entry]
        if position != NOBODY and asks_on < leaves_on:
            if office.generation[position] == owners.generation[entry]:
                start, speed = owner_free(capacity, team, position, asks_on, office)
                if start < leaves_on or start >= FOREVER:
                    return start, speed, position
            enters_on, segment = tickets.enters_on[ticket], int(tickets.segment[ticket])
            wait, epoch = leaves_on - tickets.since[ticket], plan.kernel.epoch_of_day[int(enters_on)]
            allowed = allowed_wait(capacity, epoch, stage, segment, future, wait)
            if allowed < wait and tickets.since[ticket] + allowed < leaves_on:
                return leaves_on, 1.0, NOBODY
            tickets.asks_on[ticket], owners.position[entry] = leaves_on, NOBODY
            return _PUT_OFF, 1.0, NOBODY
    start, speed = first_free(capacity, plan.kernel.seed, team, asks_on, future, office)
    head = capacity.first_position[team]
    return start, speed, office.line[head] if start < FOREVER else NOBODY


@njit(inline="always")
def _begin_work(
    plan: TeamPlan, room: TeamRoom, future: int, tickets: Tickets, ticket: int, start: float, wait: float
) -> None:
    """Let a stay's own days begin at a time, and the wait have its effect."""
    stage, enters_on = int(tickets.stage[ticket]), tickets.enters_on[ticket]
    effect = effect_of_wait(plan.capacity, stage, future, wait)
    if effect != 0.0 and start < FOREVER:
        tickets.slot[ticket], tickets.leaves_on[ticket] = draw_again(
            plan.kernel,
            room.deals.tables,
            room.desk,
            future,
            tickets.key[ticket],
            tickets.visit[ticket],
            tickets.deal[ticket],
            stage,
            int(tickets.segment[ticket]),
            enters_on,
            start,
            effect,
        )
    elif start > enters_on:  # else it ends when it would have ended without a team, to the last bit
        clock, tables = plan.kernel.clock_of[stage, int(tickets.slot[ticket])], room.deals.tables
        tickets.leaves_on[ticket] = put_off(
            clock,
            tables.clock_passed,
            plan.kernel.clock_opening,
            tables.clock_from_day,
            enters_on,
            tickets.leaves_on[ticket],
            start,
            tickets.deal[ticket] > NO_DEAL and tickets.visit[ticket] == 0,
        )


@njit(inline="always")
def _count_queue(kernel: KernelPlan, enters_on: float, start: float, queue: NDArray[np.int32]) -> None:
    """Count a stay as waiting from the period in which it enters to the one in which its turn comes."""
    if start > enters_on:
        queue[kernel.period_of_day[int(enters_on)]] += 1
        if start < kernel.horizon_days:
            queue[kernel.period_of_day[int(start)]] -= 1


@allocating
def _tell_waits(
    capacity: CapacityPlan,
    waits: NDArray[np.float64],
    team_of_wait: NDArray[np.int64],
    results: TeamResults,
    row: int,
) -> None:
    """Write down the 90% point of each team's waits."""
    for team in range(len(capacity.hours_per_day)):
        n_stays = _NONE
        for stage in range(len(capacity.team_of_stage)):
            if capacity.team_of_stage[stage] == team:
                n_stays += results.waited_for[row, stage]
        of_team = np.sort(waits[team_of_wait == team])
        results.wait_90[row, team] = point_90(of_team, len(of_team), n_stays)
