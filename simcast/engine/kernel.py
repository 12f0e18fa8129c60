"""The independent-deals kernel: plays every deal of every future through its stages.

A future is one course of all deals to the horizon under one posterior draw. Deals do not wait for each other (no
teams), so what a deal does depends on its own key only. A future is played in rounds: in each, every deal still
in play ends its stay and begins the next. Nothing here raises.

The functions take whole tuples of arrays once per round and work on scalars inside.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from simcast.engine.ahead import Call, begin_compiling, make_ready
from simcast.engine.alike import find_the_alike
from simcast.engine.amount_slope import OwnLaw, begin_stays_under_own_laws, move_uniforms
from simcast.engine.amounts import amount_isf
from simcast.engine.apart import apart
from simcast.engine.arrivals import begin_new_deals, count_arrivals
from simcast.engine.block import InPlay, after_days, unsigned, whole
from simcast.engine.by_reference import by_reference
from simcast.engine.clock import run_clocks
from simcast.engine.graph import CUT_OFFS, GOES_ON, WINS, Graph, flush_counts
from simcast.engine.hazard import hazard_isf
from simcast.engine.inner import inner, outer
from simcast.engine.layout import MAX_VISITS, NEW, OPEN, KernelPlan, Results, as_declared, empty_results
from simcast.engine.open_deals import begin_open_deals
from simcast.engine.rng import AMOUNT, STAY, fill_uniforms, uniforms
from simcast.engine.room import Room, room_for
from simcast.engine.samplers import HAZARD_CODE, isf_of_log
from simcast.engine.stays import choose_slots, cut_days, draw_days
from simcast.engine.tables import Tables, fill_tables, with_levers

_MOST_MINOR_UNITS = 1e15
"""No single amount exceeds this (ten trillion in whole units), so that sums stay far from the end of int64."""

# Typed constants, since Numba compiles a function anew for each plain number that it is called with.
_OPEN, _NEW = cast("int", np.int64(OPEN)), cast("int", np.int64(NEW))
_NO_DEALS = cast("int", np.int64(0))
_FIRST_VISIT = cast("int", np.int64(0))


def play_futures(plan: KernelPlan, first: int, results: Results) -> None:
    """Play the futures ``first, first + 1, ...``, as many as `results` has rows, and add to `results`."""
    room = room_for(plan)
    arguments = by_reference(as_declared(plan)), first, by_reference(room), by_reference(results)
    make_ready(play_in_room, arguments, lambda: parts_of_a_kernel(plan, room, results))
    play_in_room(*arguments)


def begin_compiling_for(plan: KernelPlan) -> None:
    """Begin to compile what playing this plan needs, where it is not on disk."""
    begin_compiling(play_in_room, lambda: parts_of_a_kernel(plan, room_for(plan), empty_results(plan, 0)))


def parts_of_a_kernel(plan: KernelPlan, room: Room, results: Results) -> list[Call]:
    """Return the functions that are compiled apart, with such arguments as they have.

    The two halves of the list take equally long to compile.
    """
    own = by_reference(as_declared(plan))
    tables, graph, in_play = by_reference(room.tables), by_reference(room.graph), by_reference(room.in_play)
    alike, law = by_reference(room.alike), by_reference(room.law)
    return [
        (begin_open_deals, (own, tables, graph, alike, law, 0, 0, in_play)),
        (end_stays, (own, tables, graph, 0, 0, in_play, 0, by_reference(results), 0)),
        (begin_stays, (own, tables, graph, law, 0, 0, in_play, 0)),
        (fill_tables, (own, tables, 0)),
    ]


@outer
def play_in_room(plan: KernelPlan, first: int, room: Room, results: Results) -> None:
    """Play them in a room of one's own."""
    tables, graph, in_play, at = room.tables, room.graph, room.in_play, room.at
    find_the_alike(plan, room.alike)
    for row in range(results.bookings.shape[0]):
        future = first + row
        fill_tables(plan, tables, future)
        count_arrivals(plan, tables, future, in_play, room.arrivals)
        n_begun = _NO_DEALS
        at[:] = 0
        while True:
            origin = _NEW
            has_begun = n_begun < len(plan.deal_key)
            if has_begun:
                origin = _OPEN
                n = begin_open_deals(plan, tables, graph, room.alike, room.law, future, n_begun, in_play)
            else:
                n = begin_new_deals(plan, future, room.arrivals, at, in_play, results.entered[row])
            if n == 0:
                break
            n_begun += n
            for visit in range(_FIRST_VISIT, MAX_VISITS):
                if visit > 0 or not has_begun:
                    begin_stays(plan, tables, graph, room.law, future, visit, in_play, n)
                n = end_stays(plan, tables, graph, future, origin, in_play, n, results, row)
                if n == 0:
                    break
            results.capped[0] += n
        flush_counts(plan, graph, results.entered[row], results.left_forward[row], results.open_at_end[row])


@apart
def begin_stays(
    plan: KernelPlan, tables: Tables, graph: Graph, law: OwnLaw, future: int, visit: int, in_play: InPlay, n: int
) -> None:
    """Draw how the stays that n deals have just begun will end, and when."""
    fill_uniforms(plan.seed, future, in_play.key, n, visit, STAY, in_play.u_first, in_play.u_second)
    has_slope = len(plan.amount_slope) > 0
    if has_slope:
        move_uniforms(plan, tables, future, in_play, n)
    n_stages, n_segments = np.uint64(tables.cumulative.shape[1]), np.uint64(tables.cumulative.shape[2])
    for i in range(np.uint64(n)):
        in_play.cell[i] = np.uint32(in_play.stage[i] * n_segments + in_play.segment[i])
    if tables.cumulative.shape[0] > 1:
        for i in range(np.uint64(n)):
            epoch = np.uint64(plan.epoch_of_day[whole(in_play.enters_on[i])])
            in_play.cell[i] += np.uint32(epoch * n_stages * n_segments)
    choose_slots(tables.reach, graph.n_slots, in_play.cell, in_play.u_first, in_play.slot, n)
    draw_days(tables, graph, in_play, n)
    cut_days(tables, graph, in_play, n)
    for i in range(np.uint64(n)):
        in_play.leaves_on[i] += in_play.enters_on[i]
    if graph.has_other:
        _draw_other_days(plan, tables, graph, future, in_play, n)
        if has_slope:
            begin_stays_under_own_laws(plan, tables, law, future, in_play, n)
    if len(plan.clock_passed) > 0:
        run_clocks(plan, tables.clock_passed, tables.clock_from_day, in_play, n, False)


@inner
def _draw_other_days(plan: KernelPlan, tables: Tables, graph: Graph, future: int, in_play: InPlay, n: int) -> None:
    """Draw the days of gamma stays and of those that have hazards by day."""
    draw = plan.draw_of_future[future]
    for i in range(n):
        stage, segment, slot = in_play.stage[i], in_play.segment[i], in_play.slot[i]
        if not graph.is_other[stage * graph.n_slots + slot]:
            continue
        by_day = plan.family[stage, slot] == HAZARD_CODE
        if by_day:
            row = plan.hazard_row[stage]
            lasting, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
            days = hazard_isf(lasting, total, plan.hazard_start, in_play.u_second[i])
        else:
            scale, shape = plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
            days = isf_of_log(plan.family[stage, slot], scale, shape, math.log(in_play.u_second[i]))
        epoch = plan.epoch_of_day[whole(in_play.enters_on[i])]
        days = with_levers(
            days,
            tables.time_factor[epoch, stage, segment, slot],
            tables.cap_days[epoch, stage, segment, slot],
            tables.cap_weight[epoch, stage, segment, slot],
        )
        in_play.leaves_on[i] = after_days(in_play.enters_on[i], days) if by_day else in_play.enters_on[i] + days


@apart
def end_stays(
    plan: KernelPlan,
    tables: Tables,
    graph: Graph,
    future: int,
    origin: int,
    in_play: InPlay,
    n: int,
    results: Results,
    row: int,
) -> int:
    """End the stay of each deal in play, count it, and return how many deals go on to another stage.

    Whether a stay ends before the horizon, in a win, or in another stage cannot be foreseen: a branch would be
    mispredicted every third time, which takes longer than all the rest. So deals are written to lists, whether they
    belong there or not, and the lists grow by one or none. Looking up, counting and listing have loops of their own:
    together, each waits for the address that the others write to, and takes half as long again.
    """
    horizon, cut_off = float(plan.horizon_days), unsigned(len(graph.moved) - CUT_OFFS)
    end, no_end = in_play.slot, np.uint32(len(graph.fate) - 1)  # slot and cell are needed no more
    for i in range(np.uint64(n)):
        ended_by = in_play.stage[i] * np.uint32(graph.n_ends) + in_play.slot[i]
        end[i] = ended_by if in_play.leaves_on[i] < horizon else no_end
    for i in range(np.uint64(n)):
        in_play.cell[i] = np.uint32(graph.place_of_segment[in_play.segment[i]]) + end[i]
    for i in range(np.uint64(n)):
        ends = in_play.leaves_on[i] < horizon
        place = graph.place_of_day[whole(in_play.leaves_on[i] if ends else 0.0)] + in_play.cell[i]
        graph.moved[place if ends else cut_off + (i & unsigned(CUT_OFFS - 1))] += 1
    n_won = n_kept = np.uint64(0)
    for i in range(np.uint64(n)):
        fate = graph.fate[end[i]]
        in_play.won[n_won] = in_play.kept[n_kept] = np.uint32(i)
        n_won += np.uint64(fate & WINS)
        n_kept += np.uint64(fate // GOES_ON)  # the highest of its bits
    if n_won > np.uint64(0):
        _win(plan, tables, future, origin, in_play, n_won, results, row)
    for k in range(n_kept):
        i = in_play.kept[k]
        in_play.enters_on[k] = in_play.leaves_on[i]
        in_play.key[k] = in_play.key[i]
        in_play.segment[k] = in_play.segment[i]
        in_play.stage[k] = np.uint32(graph.following[end[i]])
    if origin == _OPEN:  # those of new deals are all alike
        for k in range(n_kept):
            i = in_play.kept[k]
            in_play.deal[k] = in_play.deal[i]
            in_play.amount[k] = in_play.amount[i]
    return np.int64(n_kept)  # type: ignore[return-value]  # signed, as are all numbers of deals


@inner
def _win(
    plan: KernelPlan,
    tables: Tables,
    future: int,
    origin: int,
    in_play: InPlay,
    n_won: np.uint64,
    results: Results,
    row: int,
) -> None:
    """Book the deals won, whose places in the block stand in `won`."""
    draw = plan.draw_of_future[future]
    for k in range(n_won):
        i = in_play.won[k]
        segment, deal, day = in_play.segment[i], in_play.deal[i], whole(in_play.leaves_on[i])
        worth = float(in_play.amount[i])
        scale = plan.amount_scale[draw, segment]
        if worth < 0.0 and scale > 0.0:
            u, _ = uniforms(plan.seed, future, in_play.key[i], _FIRST_VISIT, AMOUNT)
            quantiles, shape = plan.amount_quantiles[segment], plan.amount_shape[draw, segment]
            some = plan.amount_some[draw, segment]
            if u < some:  # the others are worth 0
                worth = min(amount_isf(plan.amount_family, scale, shape, quantiles, u / some), plan.amount_most)
        epoch = plan.epoch_of_day[whole(in_play.enters_on[i])]
        worth = max(worth, 0.0) * tables.amount_factor[epoch, origin, segment]
        worth += tables.amount_add[epoch, origin, segment]
        period, group = plan.period_of_day[day], plan.group_of_segment[segment]
        results.bookings[row, period, group, origin] += round(min(max(worth, 0.0), _MOST_MINOR_UNITS))
        results.wins[row, period, group, origin] += 1
        if deal >= 0:
            results.deal_wins[deal] += 1
            results.deal_win_days[deal] += np.int64(day)
            in_play.deal[i] = -1
