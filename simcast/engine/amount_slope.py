"""Open deals whose conversion depends on their amount, until they are first won.

Where days belong to families, the odds of the forward move among the moves are multiplied: the other moves yield in
proportion, and the share that never ends stays as it is. Where days have hazards, that of the forward move is
multiplied, on every day: such a deal has a law of its own. A plan's numbers are right for deals of all amounts
together, so that a deal at the centre of amounts has an effect too, the offset. One whose amount is unknown has none.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.block import InPlay, after_days
from simcast.engine.hazard import fill_survival, hazard_isf
from simcast.engine.inner import inner
from simcast.engine.layout import NOWHERE, KernelPlan
from simcast.engine.tables import Tables, choose, with_levers, with_odds

_MOST_EFFECT = 500.0
"""Logarithms of odds and hazards move by no more than this, so that none overflows."""


class OwnLaw(NamedTuple):
    """Room for the law of one deal's stay: as `simcast.engine.hazard.fill_survival` takes and writes it."""

    of: NDArray[np.float64]  # (4,): epoch, stage, segment and effect that it is of
    factor: NDArray[np.float64]  # (n_moves,)
    survival: NDArray[np.float64]  # (n_moves, n_pieces + 1)
    total: NDArray[np.float64]  # (n_pieces,)
    probability: NDArray[np.float64]  # (n_moves + 1,), with conversion levers


@njit(inline="always")
def effect_of_amount(plan: KernelPlan, draw: int, stage: int, segment: int, deal: int) -> float:
    """Return what a deal's amount adds to the log odds, or log hazard, of the forward move; 0 where it is unknown."""
    log_amount = plan.deal_log_amount[deal]
    own = plan.amount_offset[draw, stage, segment] + plan.amount_slope[draw, stage] * log_amount
    effect: float = 0.0 if math.isnan(log_amount) else own
    return effect


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


@inner
def forget_law(law: OwnLaw) -> None:
    """Let a law be nobody's, since another future begins."""
    law.of[:] = math.nan


@njit(inline="always")
def is_law_of(law: OwnLaw, epoch: int, stage: int, segment: int, effect: float) -> bool:
    """Return whether a law is that of the deal before: deals of about the same amount stand in a row."""
    same: bool = law.of[3] == effect and law.of[2] == segment and law.of[1] == stage and law.of[0] == epoch
    return same


@inner
def fill_law(
    plan: KernelPlan, tables: Tables, draw: int, epoch: int, stage: int, segment: int, effect: float, law: OwnLaw
) -> None:
    """Work out how a stay ends whose forward hazard is multiplied by ``exp(effect)``.

    Conversion levers change a deal's probabilities by the ratios by which they change those of its segment.
    """
    law.of[0], law.of[1], law.of[2], law.of[3] = epoch, stage, segment, effect
    row = plan.hazard_row[stage]
    for move in range(len(law.factor)):
        law.factor[move] = plan.hazard_factor[draw, row, segment, move]
    law.factor[0] *= odds_of(effect)
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


@inner
def odds_of(effect: float) -> float:
    """Return the factor on odds that an effect on their logarithm is."""
    return math.exp(min(max(effect, -_MOST_EFFECT), _MOST_EFFECT))


@inner
def _moved_uniform(u: float, forward: float, moving: float, effect: float) -> float:
    """Return a uniform that chooses under the usual probabilities what u chooses under a deal's own; monotone in u.

    The uniforms below `forward` choose that move, those up to `moving` another one, the rest never to end.
    """
    if u >= moving:
        return u
    shifted, _ = with_odds(forward, moving - forward, odds_of(effect))
    if u < shifted:
        below: float = np.nextafter(forward, 0.0)
        return min(u * forward / shifted, below)
    other = moving - (moving - u) * (moving - forward) / (moving - shifted)
    below = np.nextafter(moving, 0.0)
    return min(max(forward, other), below)


@inner
def move_uniforms(plan: KernelPlan, tables: Tables, future: int, in_play: InPlay, n: int) -> None:
    """Move the uniforms that choose the moves of stays whose days belong to families, deal by deal.

    Moved, they choose as they would have chosen under the deals' own probabilities: no further number is drawn.
    """
    draw = plan.draw_of_future[future]
    last_move = plan.destination.shape[1] - 2
    for i in range(n):
        deal, stage, segment = in_play.deal[i], in_play.stage[i], in_play.segment[i]
        if deal < 0 or plan.hazard_row[stage] != NOWHERE:
            continue
        effect = effect_of_amount(plan, draw, stage, segment, deal)
        cumulative = tables.cumulative[plan.epoch_of_day[int(in_play.enters_on[i])], stage, segment]
        if effect != 0.0 and 0.0 < cumulative[0] < cumulative[last_move]:
            in_play.u_first[i] = _moved_uniform(in_play.u_first[i], cumulative[0], cumulative[last_move], effect)


@inner
def begin_stays_under_own_laws(
    plan: KernelPlan, tables: Tables, law: OwnLaw, future: int, in_play: InPlay, n: int
) -> None:
    """Draw again, from the same uniforms, the stays that have hazards by day: each deal under the law of its own."""
    draw = plan.draw_of_future[future]
    forget_law(law)
    for i in range(n):
        deal, stage, segment = in_play.deal[i], in_play.stage[i], in_play.segment[i]
        if deal < 0 or plan.hazard_row[stage] == NOWHERE:
            continue
        effect = effect_of_amount(plan, draw, stage, segment, deal)
        if effect == 0.0:
            continue
        epoch = plan.epoch_of_day[int(in_play.enters_on[i])]
        if not is_law_of(law, epoch, stage, segment, effect):
            fill_law(plan, tables, draw, epoch, stage, segment, effect, law)
        slot = choose(law.probability, in_play.u_first[i])
        in_play.slot[i] = slot
        in_play.leaves_on[i] = math.inf
        if plan.destination[stage, slot] != NOWHERE:
            days = with_levers(
                hazard_isf(law.survival[slot], law.total, plan.hazard_start, in_play.u_second[i]),
                tables.time_factor[epoch, stage, segment, slot],
                tables.cap_days[epoch, stage, segment, slot],
                tables.cap_weight[epoch, stage, segment, slot],
            )
            in_play.leaves_on[i] = after_days(in_play.enters_on[i], days)
