"""The stays in which open deals are found at the as-of date, drawn given how long they have lasted already.

The move is drawn from p S(age) / sum, the time from T given T > age. The wait so far happened without levers, so
survival is the posterior's; levers act on the moves' probabilities and on the time that remains.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from simcast.engine.amount_slope import effect_of_amount, fill_law, is_law_of, room_for_a_law, shift_odds
from simcast.engine.block import BLOCK, InPlay
from simcast.engine.clock import run_clocks
from simcast.engine.graph import Graph
from simcast.engine.hazard import hazard_exceeded, hazard_survival, piece_of
from simcast.engine.inner import allocating, inner
from simcast.engine.layout import NOT_FORCED, NOWHERE, KernelPlan
from simcast.engine.rng import STAY, fill_uniforms
from simcast.engine.samplers import exceeded_by_log, log_survival, survival
from simcast.engine.stays import choose_slots, cut_days, draw_days
from simcast.engine.tables import Tables, choose, with_levers

_MOST_OF_ONE = 1.0 - 2.0**-53

_LEAST_WEIGHT = 1e-280
"""Below this, an open deal's chances are weighed by their logarithms."""

# A typed constant, since Numba compiles a function anew for each plain number that it is called with.
_FIRST_VISIT = cast("int", np.int64(0))


class Alike(NamedTuple):
    """What deals in a row share that have the same stage, segment, age and effect of the amount: rows of slots."""

    kind: NDArray[np.uint32]  # (BLOCK,): by deal, its row
    reach: NDArray[np.float64]  # (BLOCK * n_slots,): running sums of the moves' weights, as shares of the whole
    lasting: NDArray[np.float64]  # (BLOCK * n_slots,): the share of stays that is left at this age
    waited: NDArray[np.float64]  # (BLOCK * n_slots,): the days so far, stretched as those to come
    weight: NDArray[np.float64]  # (n_slots,)
    own: NDArray[np.float64]  # (n_slots,)


@allocating
def room_for_the_alike(plan: KernelPlan) -> Alike:
    """Allocate room for what the deals of a block share."""
    n_slots = plan.destination.shape[1]
    return Alike(
        np.empty(BLOCK, np.uint32),
        np.empty(BLOCK * n_slots),
        np.empty(BLOCK * n_slots),
        np.empty(BLOCK * n_slots),
        np.empty(n_slots),
        np.empty(n_slots),
    )


@inner
def begin_open_deals(
    plan: KernelPlan, tables: Tables, graph: Graph, alike: Alike, future: int, start: int, in_play: InPlay
) -> int:
    """Put a block of the deals open at the as-of date in play, and return how many there are in it."""
    n = min(BLOCK, len(plan.deal_key) - start)
    n_segments = tables.cumulative.shape[2]
    for i in range(n):
        deal = start + i
        stage, segment = plan.deal_stage[deal], plan.deal_segment[deal]
        in_play.key[i] = plan.deal_key[deal]
        in_play.deal[i] = deal
        in_play.amount[i] = plan.deal_amount[deal]
        in_play.segment[i] = np.uint32(segment)
        in_play.stage[i] = np.uint32(stage)
        in_play.enters_on[i] = 0.0
        in_play.cell[i] = np.uint32(stage * n_segments + segment)  # of the first epoch
    fill_uniforms(plan.seed, future, in_play.key, n, _FIRST_VISIT, STAY, in_play.u_first, in_play.u_second)
    any_otherwise = _weigh(plan, tables, alike, future, start, n)
    choose_slots(alike.reach, graph.n_slots, alike.kind, in_play.u_first, in_play.slot, n)
    for i in range(np.uint64(n)):
        u = in_play.u_second[i] * alike.lasting[alike.kind[i] * graph.n_slots + in_play.slot[i]]
        in_play.u_second[i] = u if u < _MOST_OF_ONE else _MOST_OF_ONE
    draw_days(tables.days, graph, in_play, n)
    for i in range(np.uint64(n)):
        in_play.leaves_on[i] -= alike.waited[alike.kind[i] * graph.n_slots + in_play.slot[i]]
    cut_days(tables.days, graph, in_play, n)
    if any_otherwise or graph.has_other:
        _draw_rests(plan, tables, graph, alike, future, start, in_play, n)
    if plan.hazard_rate.shape[1] > 0:
        _draw_rests_of_hazards(plan, tables, future, start, in_play, n)
    if len(plan.clock_passed) > 0:
        run_clocks(plan, in_play, n, True)
    if graph.has_forced:
        for i in range(n):
            if plan.deal_forced[start + i] != NOT_FORCED:
                outcome = plan.deal_forced[start + i] - plan.destination.shape[0]
                in_play.slot[i] = np.uint32(plan.destination.shape[1] + outcome)
                in_play.leaves_on[i] = plan.deal_forced_day[start + i]
    return n


@inner
def _weigh(plan: KernelPlan, tables: Tables, alike: Alike, future: int, start: int, n: int) -> bool:
    """Weigh the moves of each kind of deal in a block once; tell whether some are to be drawn otherwise."""
    draw, epoch = plan.draw_of_future[future], plan.epoch_of_day[0]
    has_slope, any_otherwise = len(plan.amount_slope) > 0, False
    last_stage, last_segment, last_age, last_effect, kind = -1, -1, 0.0, 0.0, -1
    for i in range(n):
        deal = start + i
        stage, segment, age = plan.deal_stage[deal], plan.deal_segment[deal], plan.deal_age[deal]
        by_day, effect = plan.hazard_row[stage] != NOWHERE, 0.0
        if has_slope and not by_day:
            effect = effect_of_amount(plan, draw, stage, segment, deal)
        if not (stage == last_stage and segment == last_segment and age == last_age and effect == last_effect):
            kind += 1
            last_stage, last_segment, last_age, last_effect = stage, segment, age, effect
            total = 0.0
            if not by_day:
                total = _weigh_moves(
                    alike,
                    age,
                    effect,
                    tables.probability[epoch, stage, segment],
                    plan.destination[stage],
                    plan.family[stage],
                    plan.scale[draw, stage, segment],
                    plan.shape[draw, stage, segment],
                )
            _write_kind(alike, kind, total, age, tables.time_factor[epoch, stage, segment])
            any_otherwise = any_otherwise or (total <= _LEAST_WEIGHT and not by_day)
        alike.kind[i] = np.uint32(kind)
    return any_otherwise


@inner
def _write_kind(alike: Alike, kind: int, total: float, age: float, time_factor: NDArray[np.float64]) -> None:
    """Write the rows of one kind of deal; those to be drawn otherwise keep their uniforms as they are."""
    n_slots = len(time_factor)
    at, so_far, last = kind * n_slots, 0.0, 0
    for slot in range(n_slots):
        alike.reach[at + slot], alike.lasting[at + slot] = 1.0, 1.0
        alike.waited[at + slot] = age * time_factor[slot]
        if total > _LEAST_WEIGHT:
            so_far += alike.weight[slot]
            alike.reach[at + slot] = so_far / total
            if alike.weight[slot] > 0.0:
                alike.lasting[at + slot] = alike.weight[slot] / alike.own[slot]
                last = slot
    for slot in range(last, n_slots):
        alike.reach[at + slot] = 1.0  # whatever the rounding, so that no slot without weight is chosen


@inner
def _weigh_moves(
    alike: Alike,
    age: float,
    effect: float,
    probability: NDArray[np.float64],
    destination: NDArray[np.int64],
    family: NDArray[np.int64],
    scale: NDArray[np.float64],
    shape: NDArray[np.float64],
) -> float:
    """Write a deal's probabilities to `own` and what of them is left at its age to `weight`; return its sum."""
    for slot in range(len(probability)):
        alike.own[slot] = probability[slot]
    if effect != 0.0:
        shift_odds(probability, effect, alike.own)
    total = 0.0
    for slot in range(len(probability)):
        alike.weight[slot] = alike.own[slot]
        if alike.own[slot] > 0.0 and destination[slot] != NOWHERE:
            alike.weight[slot] *= survival(family[slot], scale[slot], shape[slot], age)
        total += alike.weight[slot]
    return total


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
        effect = effect_of_amount(plan, draw, stage, segment, deal) if len(plan.amount_slope) > 0 else 0.0
        slot = int(np.int64(in_play.slot[i]))
        probability = tables.probability[epoch, stage, segment]
        total = _weigh_moves(alike, age, effect, probability, destination, family, scale, shape)
        if total > _LEAST_WEIGHT:
            if not graph.is_other[stage * np.int64(graph.n_slots) + slot]:
                continue
            days = exceeded_by_log(family[slot], scale[slot], shape[slot], math.log(in_play.u_second[i])) - age
        else:
            uniforms = in_play.u_first[i], in_play.u_second[i]
            slot, days = _beyond_floats(uniforms[0], uniforms[1], age, alike.own, destination, family, scale, shape)
        in_play.slot[i] = np.uint32(slot)
        in_play.leaves_on[i] = with_levers(
            max(0.0, days),
            tables.time_factor[epoch, stage, segment, slot],
            tables.cap_days[epoch, stage, segment, slot],
            tables.cap_weight[epoch, stage, segment, slot],
        )


@allocating
def _beyond_floats(
    u_move: float,
    u_days: float,
    age: float,
    probability: NDArray[np.float64],
    destination: NDArray[np.int64],
    family: NDArray[np.int64],
    scale: NDArray[np.float64],
    shape: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw slot and days left of a deal so old that the survivals of all its moves are below the range of floats."""
    weight, best = np.full(len(probability), -math.inf), -math.inf
    for slot in range(len(probability)):
        if probability[slot] > 0.0 and destination[slot] != NOWHERE:
            weight[slot] = math.log(probability[slot]) + log_survival(family[slot], scale[slot], shape[slot], age)
            best = max(best, weight[slot])
    if best == -math.inf:  # older than any stay can be (constant times only): it moves on at once
        slot = choose(probability, u_move)
        return slot, 0.0 if destination[slot] != NOWHERE else math.inf
    total = 0.0
    for slot in range(len(weight)):
        weight[slot] = math.exp(weight[slot] - best)
        total += weight[slot]
    slot = choose(weight, u_move * total)
    log_s = math.log(u_days) + log_survival(family[slot], scale[slot], shape[slot], age)
    return slot, exceeded_by_log(family[slot], scale[slot], shape[slot], log_s) - age


@allocating
def _draw_rests_of_hazards(plan: KernelPlan, tables: Tables, future: int, start: int, in_play: InPlay, n: int) -> None:
    """Draw slot and days left of stays that have hazards by day.

    These count whole days, and the as-of date is the beginning of a day: a deal has lasted its age rounded up.
    """
    draw = plan.draw_of_future[future]
    epoch = plan.epoch_of_day[0]
    law, has_slope = room_for_a_law(plan), len(plan.amount_slope) > 0
    weight = np.empty(plan.destination.shape[1])
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
        age = np.ceil(plan.deal_age[deal])
        u_move, u_days = in_play.u_first[i], in_play.u_second[i]
        slot, days = _rest_of_hazard(u_move, u_days, age, probability, lasting, total, plan.hazard_start, weight)
        if slot == NOWHERE:
            slot, days = _beyond_hazards(u_move, u_days, age, rate, factor, before, levered, plan.hazard_start, weight)
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
    age: float,
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
    for slot in range(stalled):
        weight[slot] = probability[slot]
        if weight[slot] > 0.0:
            weight[slot] *= hazard_survival(lasting[slot], total, start, age)
        sum_of_weights += weight[slot]
    sum_of_weights += weight[stalled]
    if sum_of_weights <= _LEAST_WEIGHT:
        return NOWHERE, 0.0
    slot = choose(weight, u_move * sum_of_weights)
    if slot == stalled:
        return slot, math.inf
    u_left = min(u_days * weight[slot] / probability[slot], 1.0)
    return slot, hazard_exceeded(lasting[slot], total, start, u_left) - age


@inner
def _beyond_hazards(
    u_move: float,
    u_days: float,
    age: float,
    rate: NDArray[np.float64],
    factor: NDArray[np.float64],
    before: NDArray[np.float64],
    levered: NDArray[np.float64],
    start: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw slot and days left where hardly a stay lasts so long: by the ratio of the hazards at this age.

    Conversion levers change the ratio as they change that of the probabilities, from `before` to `levered`.
    """
    stalled = len(weight) - 1
    piece = piece_of(age, start)
    total, sum_of_weights = 0.0, 0.0
    weight[stalled] = 0.0
    for slot in range(stalled):
        hazard = rate[slot, piece] * factor[slot]
        weight[slot] = hazard * levered[slot] / before[slot] if before[slot] > 0.0 else 0.0
        total += hazard
        sum_of_weights += weight[slot]
    if age >= start[-1] or sum_of_weights == 0.0:
        return stalled, math.inf
    return choose(weight, u_move * sum_of_weights), -math.log(u_days) / total
