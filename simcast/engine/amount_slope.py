"""Open deals whose conversion goes with their amount, until they are first won.

Where days belong to families, the odds of the forward move are multiplied; the other moves yield in proportion. Where
days have hazards, that of the forward move is multiplied, on every day: such a deal has a law of its own. A deal
whose amount is unknown, or at its centre, has a log amount of 0 and passes untouched.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.block import InPlay, after_days
from simcast.engine.hazard import fill_survival, hazard_exceeded
from simcast.engine.layout import NOWHERE, KernelPlan
from simcast.engine.tables import Tables, choose, with_levers

_MOST_EFFECT = 500.0
"""Logarithms of odds and hazards move by no more than this, so that none overflows."""


class OwnLaw(NamedTuple):
    """Room for the law of one deal's stay: as `simcast.engine.hazard.fill_survival` takes and writes it."""

    of: NDArray[np.float64]  # (4,): epoch, stage, segment and effect that it is of
    factor: NDArray[np.float64]  # (n_moves,)
    survival: NDArray[np.float64]  # (n_moves, n_pieces + 1)
    total: NDArray[np.float64]  # (n_pieces,)
    probability: NDArray[np.float64]  # (n_moves + 1,), with conversion levers


@njit(cache=True)
def room_for_a_law(plan: KernelPlan) -> OwnLaw:
    """Allocate room for the law of one stay."""
    n_moves, n_pieces = plan.hazard_rate.shape[2:]
    return OwnLaw(
        np.full(4, np.nan),
        np.empty(n_moves),
        np.empty((n_moves, n_pieces + 1)),
        np.empty(n_pieces),
        np.empty(n_moves + 1),
    )


@njit(inline="always")
def is_law_of(law: OwnLaw, epoch: int, stage: int, segment: int, effect: float) -> bool:
    """Tell whether a law is that of the deal before: deals of about the same amount stand in a row."""
    same: bool = law.of[3] == effect and law.of[2] == segment and law.of[1] == stage and law.of[0] == epoch
    return same


@njit(cache=True)
def fill_law(
    plan: KernelPlan, tables: Tables, draw: int, epoch: int, stage: int, segment: int, effect: float, law: OwnLaw
) -> None:
    """Work out how a stay ends whose forward hazard is multiplied by ``exp(effect)``.

    Conversion levers change a deal's probabilities by the ratios by which they change those of its segment.
    """
    law.of[0], law.of[1], law.of[2], law.of[3] = epoch, stage, segment, effect
    row = plan.hazard_row[stage]
    law.factor[:] = plan.hazard_factor[draw, row, segment]
    law.factor[0] *= math.exp(min(max(effect, -_MOST_EFFECT), _MOST_EFFECT))
    rate = plan.hazard_rate[draw, row]
    fill_survival(rate, law.factor, plan.hazard_start, law.survival, law.total, law.probability)
    before, levered = plan.probability[draw, stage, segment], tables.probability[epoch, stage, segment]
    sum_of_all = 0.0
    for slot in range(len(levered)):
        own = law.probability[slot] / before[slot] if before[slot] > 0.0 else 1.0
        law.probability[slot] = levered[slot] * own
        sum_of_all += law.probability[slot]
    for slot in range(len(levered)):
        law.probability[slot] /= sum_of_all


@njit(cache=True)
def shifted_forward(forward: float, effect: float) -> float:
    """Return the probability of the forward move after its odds are multiplied by ``exp(effect)``."""
    odds = math.exp(min(max(effect, -_MOST_EFFECT), _MOST_EFFECT))
    return forward * odds / (1.0 - forward + forward * odds)


@njit(cache=True)
def shift_odds(probability: NDArray[np.float64], effect: float, shifted: NDArray[np.float64]) -> None:
    """Multiply the odds of the first of some probabilities by ``exp(effect)``, the others yielding in proportion."""
    shifted[0] = shifted_forward(probability[0], effect)
    rest = (1.0 - shifted[0]) / (1.0 - probability[0]) if probability[0] < 1.0 else 0.0
    for slot in range(1, len(probability)):
        shifted[slot] = probability[slot] * rest


@njit(cache=True)
def _moved_uniform(u: float, forward: float, shifted: float) -> float:
    """Return a uniform that chooses under the old probabilities what u chooses under the new; monotone in both."""
    if u < shifted:
        below: float = np.nextafter(forward, 0.0)
        return min(u * forward / shifted, below)
    return max(forward, 1.0 - (1.0 - u) * (1.0 - forward) / (1.0 - shifted))


@njit(cache=True)
def move_uniforms(plan: KernelPlan, tables: Tables, future: int, in_play: InPlay, n: int) -> None:
    """Move the uniforms that choose the moves of stays whose days belong to families, deal by deal.

    Moved, they choose as they would have chosen under the deals' own probabilities: no further number is drawn.
    """
    draw = plan.draw_of_future[future]
    for i in range(n):
        deal = in_play.deal[i]
        if deal < 0 or plan.deal_log_amount[deal] == 0.0:
            continue
        stage = in_play.stage[i]
        effect = plan.amount_slope[draw, stage] * plan.deal_log_amount[deal]
        epoch = plan.epoch_of_day[int(in_play.enters_on[i])]
        forward = tables.probability[epoch, stage, in_play.segment[i], 0]
        if effect != 0.0 and 0.0 < forward < 1.0 and plan.hazard_row[stage] == NOWHERE:
            in_play.u_first[i] = _moved_uniform(in_play.u_first[i], forward, shifted_forward(forward, effect))


@njit(cache=True)
def begin_stays_under_own_laws(plan: KernelPlan, tables: Tables, future: int, in_play: InPlay, n: int) -> None:
    """Draw again, from the same uniforms, the stays that have hazards by day: each deal under the law of its own."""
    draw = plan.draw_of_future[future]
    law = room_for_a_law(plan)
    for i in range(n):
        deal = in_play.deal[i]
        if deal < 0 or plan.deal_log_amount[deal] == 0.0:
            continue
        stage, segment = in_play.stage[i], in_play.segment[i]
        effect = plan.amount_slope[draw, stage] * plan.deal_log_amount[deal]
        if effect == 0.0 or plan.hazard_row[stage] == NOWHERE:
            continue
        epoch = plan.epoch_of_day[int(in_play.enters_on[i])]
        if not is_law_of(law, epoch, stage, segment, effect):
            fill_law(plan, tables, draw, epoch, stage, segment, effect, law)
        slot = choose(law.probability, in_play.u_first[i])
        in_play.goes_to[i] = plan.destination[stage, slot]
        in_play.leaves_on[i] = math.inf
        if in_play.goes_to[i] != NOWHERE:
            days = with_levers(
                hazard_exceeded(law.survival[slot], law.total, plan.hazard_start, in_play.u_second[i]),
                tables.time_factor[epoch, stage, segment, slot],
                tables.cap_days[epoch, stage, segment, slot],
                tables.cap_weight[epoch, stage, segment, slot],
            )
            in_play.leaves_on[i] = after_days(in_play.enters_on[i], days)
