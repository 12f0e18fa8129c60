"""The stays in which open deals are found at the as-of date, drawn given how long they have lasted already.

The move is drawn from p S(age) / sum, the time from T given T > age, each move with the age on its own clock. The wait
so far happened without levers, so survival is the posterior's; levers act on the moves' probabilities and on the time
that remains.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray

from simcast.engine.alike import LEAST_WEIGHT, Alike, weigh_the_alike
from simcast.engine.amount_slope import OwnLaw, effect_of_amount, fill_law, forget_law, is_law_of, odds_of
from simcast.engine.apart import apart
from simcast.engine.block import BLOCK, InPlay, unsigned
from simcast.engine.clock import run_clocks
from simcast.engine.graph import Graph
from simcast.engine.hazard import hazard_isf, left_of_piece, piece_of, weigh_by_hazards
from simcast.engine.inner import inner
from simcast.engine.layout import NOT_FORCED, NOWHERE, KernelPlan
from simcast.engine.rng import STAY, fill_uniforms
from simcast.engine.samplers import isf_of_log, log_survival
from simcast.engine.stays import choose_slots, cut_days, draw_days
from simcast.engine.tables import Tables, choose, shift_moves, with_levers

_MOST_OF_ONE = 1.0 - 2.0**-53

# A typed constant, since Numba compiles a function anew for each plain number that it is called with.
_FIRST_VISIT = cast("int", np.int64(0))


@apart
def begin_open_deals(
    plan: KernelPlan, tables: Tables, graph: Graph, alike: Alike, law: OwnLaw, future: int, start: int, in_play: InPlay
) -> int:
    """Put a block of the deals open at the as-of date in play, and return how many there are in it."""
    n = min(BLOCK, len(plan.deal_key) - start)
    n_segments = unsigned(tables.cumulative.shape[2])
    for i in range(np.uint64(n)):
        deal = unsigned(start) + i
        stage, segment = unsigned(plan.deal_stage[deal]), unsigned(plan.deal_segment[deal])
        in_play.key[i] = plan.deal_key[deal]
        in_play.deal[i] = np.int64(deal)
        in_play.amount[i] = plan.deal_amount[deal]
        in_play.segment[i] = np.uint32(segment)
        in_play.stage[i] = np.uint32(stage)
        in_play.enters_on[i] = 0.0
        in_play.cell[i] = np.uint32(stage * n_segments + segment)  # of the first epoch
    fill_uniforms(plan.seed, future, in_play.key, n, _FIRST_VISIT, STAY, in_play.u_first, in_play.u_second)
    any_otherwise, kind = weigh_the_alike(plan, tables, alike, future, start), alike.kind[start : start + n]
    choose_slots(alike.reach, graph.n_slots, kind, in_play.u_first, in_play.slot, n)
    for i in range(np.uint64(n)):
        u = in_play.u_second[i] * alike.lasting[kind[i] * graph.n_slots + in_play.slot[i]]
        in_play.u_second[i] = u if u < _MOST_OF_ONE else _MOST_OF_ONE
    draw_days(tables, graph, in_play, n)
    for i in range(np.uint64(n)):
        in_play.leaves_on[i] -= alike.waited[kind[i] * graph.n_slots + in_play.slot[i]]
    cut_days(tables, graph, in_play, n)
    if any_otherwise or graph.has_other:
        _draw_rests(plan, tables, graph, alike, future, start, in_play, n)
    if plan.hazard_rate.shape[1] > 0:
        _draw_rests_of_hazards(plan, tables, alike, law, future, start, in_play, n)
    if len(plan.clock_passed) > 0:
        run_clocks(plan, tables.clock_passed, tables.clock_from_day, in_play, n, True)
    if graph.has_forced:
        for i in range(n):
            if plan.deal_forced[start + i] != NOT_FORCED:
                outcome = plan.deal_forced[start + i] - plan.destination.shape[0]
                in_play.slot[i] = np.uint32(plan.destination.shape[1] + outcome)
                in_play.leaves_on[i] = plan.deal_forced_day[start + i]
    return n


@inner
def _draw_rests(
    plan: KernelPlan,
    tables: Tables,
    graph: Graph,
    alike: Alike,
    future: int,
    start: int,
    in_play: InPlay,
    n: int,
) -> None:
    """Draw one by one the rests of gamma stays, and of deals so old that floats do not suffice for their weights."""
    draw, epoch = plan.draw_of_future[future], plan.epoch_of_day[0]
    for i in range(n):
        deal = start + i
        stage, segment, age = plan.deal_stage[deal], plan.deal_segment[deal], plan.deal_age[deal]
        if plan.hazard_row[stage] != NOWHERE:
            continue
        family, destination = plan.family[stage], plan.destination[stage]
        scale, shape = plan.scale[draw, stage, segment], plan.shape[draw, stage, segment]
        slot = int(np.int64(in_play.slot[i]))
        if alike.total[alike.kind[deal]] > LEAST_WEIGHT:
            if not graph.is_other[stage * np.int64(graph.n_slots) + slot]:
                continue
            days = isf_of_log(family[slot], scale[slot], shape[slot], math.log(in_play.u_second[i])) - age[slot]
        else:
            effect = effect_of_amount(plan, draw, stage, segment, deal) if len(plan.amount_slope) > 0 else 0.0
            shift_moves(tables.probability[epoch, stage, segment], odds_of(effect), alike.own)
            u_move, u_days = in_play.u_first[i], in_play.u_second[i]
            slot, days = _beyond_floats(u_move, u_days, age, alike.own, destination, family, scale, shape, alike.weight)
        in_play.slot[i] = np.uint32(slot)
        in_play.leaves_on[i] = with_levers(
            max(0.0, days),
            tables.time_factor[epoch, stage, segment, slot],
            tables.cap_days[epoch, stage, segment, slot],
            tables.cap_weight[epoch, stage, segment, slot],
        )


@inner
def _beyond_floats(
    u_move: float,
    u_days: float,
    age: NDArray[np.float64],
    probability: NDArray[np.float64],
    destination: NDArray[np.int64],
    family: NDArray[np.int64],
    scale: NDArray[np.float64],
    shape: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw slot and days left of a deal so old that the survivals of all its moves are below the range of floats."""
    best = -math.inf
    weight[:] = best
    for slot in range(len(probability)):
        if probability[slot] > 0.0 and destination[slot] != NOWHERE:
            weight[slot] = math.log(probability[slot]) + log_survival(family[slot], scale[slot], shape[slot], age[slot])
            best = max(best, weight[slot])
    if best == -math.inf:  # older than any stay can be (constant times only): it moves on at once
        slot = choose(probability, u_move)
        return slot, 0.0 if destination[slot] != NOWHERE else math.inf
    total = 0.0
    for slot in range(len(weight)):
        weight[slot] = math.exp(weight[slot] - best)
        total += weight[slot]
    slot = choose(weight, u_move * total)
    log_s = math.log(u_days) + log_survival(family[slot], scale[slot], shape[slot], age[slot])
    return slot, isf_of_log(family[slot], scale[slot], shape[slot], log_s) - age[slot]


@inner
def _draw_rests_of_hazards(
    plan: KernelPlan, tables: Tables, alike: Alike, law: OwnLaw, future: int, start: int, in_play: InPlay, n: int
) -> None:
    """Draw slot and days left of stays that have hazards by day.

    These count whole days, and the as-of date is the beginning of a day: a deal has lasted its ages rounded up.
    """
    draw = plan.draw_of_future[future]
    epoch = plan.epoch_of_day[0]
    forget_law(law)
    has_slope, weight, age = len(plan.amount_slope) > 0, alike.weight, alike.age
    for i in range(n):
        deal = start + i
        stage = plan.deal_stage[deal]
        row = plan.hazard_row[stage]
        if row == NOWHERE:
            continue
        segment = plan.deal_segment[deal]
        rate, factor = plan.hazard_rate[draw, row], plan.hazard_factor[draw, row, segment]
        before, levered = plan.probability[draw, stage, segment], tables.probability[epoch, stage, segment]
        probability = levered
        lasting, total = tables.hazard_survival[row, segment], tables.hazard_total[row, segment]
        effect = effect_of_amount(plan, draw, stage, segment, deal) if has_slope else 0.0
        if effect != 0.0:
            if not is_law_of(law, epoch, stage, segment, effect):
                fill_law(plan, tables, draw, epoch, stage, segment, effect, law)
            factor, lasting, total, probability = law.factor, law.survival, law.total, law.probability
        for slot in range(len(age)):
            age[slot] = np.ceil(plan.deal_age[deal, slot])
        u_move, u_days = in_play.u_first[i], in_play.u_second[i]
        slot, days = _rest_of_hazard(u_move, u_days, age, probability, lasting, total, plan.hazard_start, weight)
        if slot == NOWHERE:
            slot, days = _beyond_hazards(
                u_move, u_days, age, rate, factor, total, before, levered, plan.hazard_start, weight
            )
        in_play.slot[i] = np.uint32(slot)
        epoch_levers = (epoch, stage, segment, slot)
        in_play.leaves_on[i] = with_levers(
            max(0.0, days),
            tables.time_factor[epoch_levers],
            tables.cap_days[epoch_levers],
            tables.cap_weight[epoch_levers],
        )


@inner
def _rest_of_hazard(
    u_move: float,
    u_days: float,
    age: NDArray[np.float64],
    probability: NDArray[np.float64],
    lasting: NDArray[np.float64],
    total: NDArray[np.float64],
    start: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw slot and days left of a stay that has hazards by day; the slot is NOWHERE where floats do not suffice."""
    stalled = len(weight) - 1
    weight[stalled] = probability[stalled]
    sum_of_weights = 0.0
    piece, left, known = 0, 1.0, -1.0
    for slot in range(stalled):
        if age[slot] != known:  # as a rule all ages are one
            known = age[slot]
            piece, left = left_of_piece(total, start, known) if known < start[-1] else (len(total) - 1, 0.0)
        lasts = lasting[slot, piece + 1] + left * (lasting[slot, piece] - lasting[slot, piece + 1])
        weight[slot] = probability[slot] * (lasts if known > 0.0 else 1.0)
        sum_of_weights += weight[slot]
    sum_of_weights += weight[stalled]
    if sum_of_weights <= LEAST_WEIGHT:
        return NOWHERE, 0.0
    slot = choose(weight, u_move * sum_of_weights)
    if slot == stalled:
        return slot, math.inf
    u_left = min(u_days * weight[slot] / probability[slot], 1.0)
    return slot, hazard_isf(lasting[slot], total, start, u_left) - age[slot]


@inner
def _beyond_hazards(
    u_move: float,
    u_days: float,
    age: NDArray[np.float64],
    rate: NDArray[np.float64],
    factor: NDArray[np.float64],
    total: NDArray[np.float64],
    before: NDArray[np.float64],
    levered: NDArray[np.float64],
    start: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw slot and days left where hardly a stay lasts so long: by the ratio of the hazards at this age."""
    weigh_by_hazards(age, rate, factor, total, before, levered, start, weight)
    sum_of_weights = 0.0
    for slot in range(len(weight)):
        sum_of_weights += weight[slot]
    if sum_of_weights == 0.0:
        return len(weight) - 1, math.inf
    slot = choose(weight, u_move * sum_of_weights)
    return slot, -math.log(u_days) / total[piece_of(age[slot], start)]
