"""The kernel's plain-Python twin: its specification, slow and readable, one deal and one stay at a time.

It shares with the kernel only the layout of what goes in and comes out. Its random numbers, quantiles and
survival functions come from elsewhere: Python's integers, the standard library and SciPy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from simcast.engine.amounts import EMPIRICAL_CODE
from simcast.engine.layout import (
    ADD,
    CAP,
    MAX_VISITS,
    MOVE_ODDS,
    MULTIPLY,
    NEW,
    NOT_FORCED,
    NOWHERE,
    ODDS,
    OPEN,
    SET,
    Effects,
    KernelPlan,
    Results,
)

STAY, ARRIVALS, BIRTH, AMOUNT = 0, 1, 2, 3
WORD = 2**64
ROTATIONS = (16, 42, 12, 31, 16, 32, 24, 21)


class Deal(NamedTuple):
    """A deal about to be played."""

    key: int
    segment: int
    stage: int
    enters_on: float
    amount: float
    origin: int
    number: int  # among the open deals; -1 for a new one


def threefry(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    """Threefry-2x64-20, as published."""
    schedule = (*key, key[0] ^ key[1] ^ 0x1BD11BDAA9FC1A22)
    x, y = (counter[0] + key[0]) % WORD, (counter[1] + key[1]) % WORD
    for i in range(20):
        x = (x + y) % WORD
        rotation = ROTATIONS[i % 8]
        y = ((y << rotation | y >> (64 - rotation)) % WORD) ^ x
        if i % 4 == 3:
            injection = i // 4 + 1
            x = (x + schedule[injection % 3]) % WORD
            y = (y + schedule[(injection + 1) % 3] + injection) % WORD
    return x, y


def uniforms(plan: KernelPlan, future: int, key: int, visit: int, purpose: int) -> tuple[float, float]:
    words = threefry((int(plan.seed), future), (key % WORD, visit * 256 + purpose))
    return ((words[0] >> 12) + 0.5) / 2**52, ((words[1] >> 12) + 0.5) / 2**52


class ByFamily(NamedTuple):
    """The days until a move, as a family with its two numbers."""

    family: int
    scale: float
    shape: float

    def quantile(self, s: float) -> float:
        """The time that a share `s` of stays exceeds."""
        return (
            self.scale
            * [
                lambda: 1.0,
                lambda: -math.log(s),
                lambda: math.exp(-self.shape * special.ndtri(s)),
                lambda: (-math.log(s)) ** self.shape,
                lambda: ((1 - s) / s) ** self.shape,
                lambda: special.gammainccinv(self.shape, s),
            ][self.family]()
        )

    def survival(self, age: float) -> float:
        """The share of stays that exceed `age`."""
        x = age / self.scale
        if x <= 0:
            return 1.0
        return [
            lambda: float(x < 1),
            lambda: math.exp(-x),
            lambda: special.ndtr(-math.log(x) / self.shape),
            lambda: math.exp(-(x ** (1 / self.shape))),
            lambda: 1 / (1 + x ** (1 / self.shape)),
            lambda: special.gammaincc(self.shape, x),
        ][self.family]()


class ByDay(NamedTuple):
    """The days until a move, as the share of all stays that it ends on each day, and the hazard of all moves on it."""

    ended: np.ndarray
    hazard: np.ndarray

    def lasting(self) -> np.ndarray:
        """Of the stays that the move ends, the share that reaches each day."""
        return np.append(np.cumsum(self.ended[::-1])[::-1], 0.0) / self.ended.sum()

    def quantile(self, s: float) -> float:
        """The day on which the share that reaches it falls below `s`, and the time of day."""
        lasting = self.lasting()
        day = int(np.flatnonzero(lasting >= s)[-1])
        within = (s - lasting[day + 1]) / (lasting[day] - lasting[day + 1])
        through = math.exp(-self.hazard[day])
        return day - math.log(through + within * (1 - through)) / self.hazard[day]

    def survival(self, age: float) -> float:
        """The share that has not ended before the day on which it would be `age` days old."""
        return float(self.lasting()[min(math.ceil(age), len(self.ended))])


def ends_by_day(plan: KernelPlan, draw: int, stage: int, segment: int, effect: float = 0.0) -> list[ByDay]:
    """How stays with hazards end, move by move; `effect` is added to the log hazard of the forward move."""
    row = plan.hazard_row[stage]
    piece = np.searchsorted(plan.hazard_start, np.arange(plan.hazard_start[-1]), side="right") - 1
    hazard = plan.hazard_rate[draw, row][:, piece] * plan.hazard_factor[draw, row, segment][:, None]
    hazard[0] *= math.exp(effect)
    total = hazard.sum(axis=0)
    reached = np.exp(-(np.cumsum(total) - total))
    return [ByDay(reached * of_move / total * (1 - np.exp(-total)), total) for of_move in hazard]


def laws(plan: KernelPlan, draw: int, stage: int, segment: int, effect: float = 0.0) -> Sequence[ByFamily | ByDay]:
    """The days until each move of a stage."""
    if plan.hazard_row[stage] >= 0:
        return ends_by_day(plan, draw, stage, segment, effect)
    numbers = plan.family[stage], plan.scale[draw, stage, segment], plan.shape[draw, stage, segment]
    return [ByFamily(int(family), *rest) for family, *rest in zip(*numbers, strict=True)]


def arrivals(mean: float, size: float, u: float) -> int:
    if mean <= 0:
        return 0
    return int(stats.poisson.ppf(u, mean) if math.isinf(size) else stats.nbinom.ppf(u, size, size / (size + mean)))


def at_work(
    effects: Effects, plan: KernelPlan, future: int, day: int, segment: int
) -> Iterator[tuple[int, int, float, float]]:
    """The effects on a segment on a day: position, operation, value and how far each has faded in."""
    epoch = plan.epoch_of_day[day]
    for i in np.argsort(effects.operation, kind="stable"):
        if effects.segments[i, segment]:
            yield int(i), int(effects.operation[i]), effects.value[i, future], effects.weight[i, epoch]


def probabilities(plan: KernelPlan, future: int, day: int, stage: int, segment: int) -> list[float]:
    p = [float(x) for x in plan.probability[plan.draw_of_future[future], stage, segment]]
    for i, operation, value, weight in at_work(plan.on_conversion, plan, future, day, segment):
        if plan.on_conversion.stage[i] != stage:
            continue
        odds = 1 + weight * (value - 1)
        if operation == MOVE_ODDS:
            p = among_the_moves(p, odds)
            continue
        target = {
            SET: p[0] + weight * (value - p[0]),
            ODDS: p[0] * odds / (1 - p[0] + p[0] * odds),
            MULTIPLY: p[0] * odds,
            ADD: p[0] + weight * value,
        }[operation]
        target = min(1.0, max(0.0, target))
        rest = 1 - p[0]
        p = [target, *(x * (1 - target) / rest if rest > 0 else (1 - target) * (k == 0) for k, x in enumerate(p[1:]))]
    return p


def among_the_moves(p: list[float], odds: float) -> list[float]:
    """Multiply the odds of the forward move among the moves; the share that never ends stays."""
    *moves, stalled = p
    weights = [moves[0] * odds, *moves[1:]]
    return [*(w * sum(moves) / sum(weights) if sum(weights) > 0 else 0.0 for w in weights), stalled]


def own_probabilities(
    plan: KernelPlan, draw: int, stage: int, segment: int, p: list[float], effect: float
) -> list[float]:
    """Give a deal its own chances: the effect of its amount is on the log odds, or log hazard, of the forward move."""
    if plan.hazard_row[stage] < 0:
        return among_the_moves(p, math.exp(effect))  # whether a stay ends has nothing to do with amounts
    own_days, usual_days = (ends_by_day(plan, draw, stage, segment, own) for own in (effect, 0.0))
    ended = [[*(k.ended.sum() for k in days), math.exp(-days[0].hazard.sum())] for days in (own_days, usual_days)]
    ratio = [own / usual for own, usual in zip(*ended, strict=True)]
    weights = [x * r for x, r in zip(p, ratio, strict=True)]
    return [x / sum(weights) for x in weights]


def with_levers(plan: KernelPlan, future: int, day: int, stage: int, segment: int, slot: int, days: float) -> float:
    law = laws(plan, plan.draw_of_future[future], stage, segment)[slot]
    acting = [
        effect
        for effect in at_work(plan.on_duration, plan, future, day, segment)
        if plan.on_duration.stage[effect[0]] == stage and plan.on_duration.slots[effect[0], slot]
    ]
    for _, operation, value, weight in acting:
        if operation == CAP:
            days -= weight * max(0.0, days - value)
        else:
            factor = value if operation == MULTIPLY else value / law.quantile(0.5)
            days *= 1 + weight * (factor - 1)
    return days


def stay(plan: KernelPlan, future: int, deal: Deal, visit: int, ages: np.ndarray) -> tuple[int, float]:
    """Draw the move that ends a stay, given the ages already reached on the moves' clocks, and the days until then."""
    draw, day = plan.draw_of_future[future], int(deal.enters_on)
    u_move, u_time = uniforms(plan, future, deal.key, visit, STAY)
    p = probabilities(plan, future, day, deal.stage, deal.segment)
    effect = 0.0
    if deal.number >= 0 and len(plan.amount_slope) and not math.isnan(plan.deal_log_amount[deal.number]):
        effect = plan.amount_slope[draw, deal.stage] * plan.deal_log_amount[deal.number]
        effect += plan.amount_offset[draw, deal.stage, deal.segment]
        p = own_probabilities(plan, draw, deal.stage, deal.segment, p, effect)
    law = laws(plan, draw, deal.stage, deal.segment, effect)
    by_day = plan.hazard_row[deal.stage] >= 0
    moves = plan.destination[deal.stage]
    weights = [x * (1.0 if moves[k] == NOWHERE or x == 0 else law[k].survival(ages[k])) for k, x in enumerate(p)]
    overdue = sum(weights) == 0
    if overdue and by_day:
        return len(p) - 1, math.inf
    cumulative = np.cumsum(p if overdue else weights)
    slot = int(np.searchsorted(cumulative, u_move * cumulative[-1], side="right"))
    if overdue:
        return slot, 0.0
    if moves[slot] == NOWHERE:
        return slot, math.inf
    age = ages[slot]
    days = law[slot].quantile(u_time * law[slot].survival(age)) - (math.ceil(age) if by_day else age)
    return slot, with_levers(plan, future, day, deal.stage, deal.segment, slot, max(0.0, days))


def ages_of(plan: KernelPlan, deal: Deal, visit: int) -> np.ndarray:
    """The ages of a stay, one for each slot: those of open deals at the as-of date, else none."""
    return plan.deal_age[deal.number] if deal.number >= 0 and visit == 0 else np.zeros(plan.deal_age.shape[1])


def passed_by(plan: KernelPlan, future: int, clock: int) -> np.ndarray:
    """What a clock of a future reads at the beginning of each day."""
    if not len(plan.month_speed):
        return plan.clock_passed[clock]
    weights = np.diff(plan.clock_passed[clock]) * plan.month_speed[plan.month_of_day, future]
    return np.append(0.0, np.cumsum(weights))


def end_of_stay(plan: KernelPlan, future: int, deal: Deal, slot: int, days: float, is_open: bool) -> float:
    """When a stay ends: hazards count days of the calendar, and on the first of them only its rest is left.

    With a clock days are operational: a stay that does not end on its first day has hazards count from that noon.
    """
    day, by_day = math.floor(deal.enters_on), plan.hazard_row[deal.stage] >= 0
    if days == math.inf:
        return days
    clock = plan.clock_of[deal.stage, slot]
    if by_day and days < 1 and not is_open:
        if clock == NOWHERE or day >= plan.horizon_days or plan.clock_opening[clock, day] < 1:
            return deal.enters_on + days * (day + 1 - deal.enters_on)
        days = 1.0
    if clock == NOWHERE:
        return day + days if by_day else deal.enters_on + days
    passed, opening = passed_by(plan, future, clock), plan.clock_opening[clock]
    if is_open:
        return on_clock(passed, reading(passed, deal.enters_on), days)
    if by_day:
        return max(deal.enters_on, on_clock(passed, begun(passed, opening, day + 0.5), days - 0.5))
    return on_clock(passed, begun(passed, opening, deal.enters_on), days)


def reading(passed: np.ndarray, time: float) -> float:
    """What a clock reads; days beyond the horizon count as they are."""
    far = len(passed) - 1
    return float(passed[-1] + (time - far)) if time > far else float(np.interp(time, np.arange(far + 1), passed))


def begun(passed: np.ndarray, opening: np.ndarray, time: float) -> float:
    """What it reads for a stay that begins: from its opening on a day passes evenly what is left of its weight."""
    day = math.floor(time)
    if day >= len(opening):
        return reading(passed, time)
    opened = passed[day] + opening[day] * (passed[day + 1] - passed[day])
    return float(np.interp(time, [day, day + 1], [opened, passed[day + 1]]))


def on_clock(passed: np.ndarray, began: float, days: float) -> float:
    """When so many operational days have passed since a reading."""
    readings = [*passed, passed[-1] + 1e6]
    wanted = began + days
    day = int(np.searchsorted(readings, wanted, side="right")) - 1  # the last of days of no weight
    if day >= len(passed) - 1:
        return len(passed) - 1 + (wanted - readings[-2])  # exact where nothing is left over
    return day + (wanted - readings[day]) / (readings[day + 1] - readings[day])


def new_deals(plan: KernelPlan, future: int) -> Iterator[Deal]:
    draw = plan.draw_of_future[future]
    for segment in range(len(plan.arrival_key)):
        for day in range(plan.horizon_days):
            mean, key = plan.arrival_mean[draw, segment], int(plan.arrival_key[segment])
            added = 0.0
            for i, operation, value, weight in at_work(plan.on_arrivals, plan, future, day, segment):
                chosen = plan.on_arrivals.segments[i]
                total = plan.arrival_mean[draw][chosen].sum()
                if operation == MULTIPLY:
                    mean *= 1 + weight * (value - 1)
                else:
                    share = plan.arrival_mean[draw, segment] / total if total > 0 else 1 / chosen.sum()
                    added += weight * value * share
            mean = (mean * plan.arrival_trend_factor[draw, day] + added) * plan.arrival_weekday_factor[draw, day]
            n = arrivals(mean, plan.arrival_size[draw, segment], uniforms(plan, future, key + day, 0, ARRIVALS)[0])
            for ordinal in range(n):
                own = key + day * 2**32 + ordinal
                u_time, u_entry = uniforms(plan, future, own, 0, BIRTH)
                stage = int(np.searchsorted(plan.entry_cumulative[segment], u_entry, side="right"))
                yield Deal(own, segment, stage, day + u_time, math.nan, NEW, -1)


def open_deals(plan: KernelPlan) -> Iterator[Deal]:
    for i, key in enumerate(plan.deal_key):
        amount = float(plan.deal_amount[i]) if plan.deal_amount[i] >= 0 else math.nan
        yield Deal(int(key), int(plan.deal_segment[i]), int(plan.deal_stage[i]), 0.0, amount, OPEN, i)


def worth(plan: KernelPlan, future: int, deal: Deal) -> int:
    draw, amount = plan.draw_of_future[future], deal.amount
    if math.isnan(amount):
        scale, shape = plan.amount_scale[draw, deal.segment], plan.amount_shape[draw, deal.segment]
        exceeding = uniforms(plan, future, deal.key, 0, AMOUNT)[0]
        is_some = exceeding < plan.amount_some[draw, deal.segment]
        exceeding = exceeding / plan.amount_some[draw, deal.segment] if is_some else 0.5
        if plan.amount_family == EMPIRICAL_CODE:
            known = plan.amount_quantiles[deal.segment]
            amount = scale * np.interp(1 - exceeding, (np.arange(len(known)) + 0.5) / len(known), known)
        else:
            amount = ByFamily(plan.amount_family, scale, shape).quantile(exceeding)
        amount = min(amount, plan.amount_most) if is_some else 0.0
    factor, added = 1.0, 0.0
    for i, operation, value, weight in at_work(plan.on_amount, plan, future, int(deal.enters_on), deal.segment):
        if deal.origin == NEW or plan.on_amount.on_open[i]:
            factor *= 1 + weight * (value - 1) if operation == MULTIPLY else 1
            added += weight * value if operation == ADD else 0
    return round(max(0.0, amount * factor + added))


def play(plan: KernelPlan, future: int, deal: Deal, results: Results, row: int) -> None:
    """Follow one deal to its end or the horizon."""
    group = plan.group_of_segment[deal.segment]
    for visit in range(MAX_VISITS):
        began = plan.period_of_day[int(deal.enters_on)]
        if deal.origin == NEW or visit > 0:
            results.entered[row, began, group, deal.stage] += 1
        forced = plan.deal_forced[deal.number] if deal.number >= 0 and visit == 0 else NOT_FORCED
        slot, days = stay(plan, future, deal, visit, ages_of(plan, deal, visit))
        destination = plan.destination[deal.stage, slot]
        leaves_on = end_of_stay(plan, future, deal, slot, days, deal.origin == OPEN and visit == 0)
        if forced != NOT_FORCED:
            destination, leaves_on = forced, plan.deal_forced_day[deal.number]
        ended = plan.period_of_day[int(leaves_on)] if leaves_on < plan.horizon_days else plan.period_of_day[-1] + 1
        results.open_at_end[row, began:ended, group, deal.stage] += 1
        if not leaves_on < plan.horizon_days:
            return
        results.left_forward[row, ended, group, deal.stage] += destination == plan.destination[deal.stage, 0]
        if destination >= len(plan.destination):
            outcome = destination - len(plan.destination)
            if plan.outcome_won[outcome]:
                results.bookings[row, ended, group, deal.origin] += worth(plan, future, deal)
                results.wins[row, ended, group, deal.origin] += 1
                if deal.number >= 0:
                    results.deal_wins[deal.number] += 1
                    results.deal_win_days[deal.number] += int(leaves_on)
                deal = deal._replace(number=-1)
            destination = plan.outcome_resumes[outcome]
            if destination == NOWHERE:
                return
        deal = deal._replace(stage=int(destination), enters_on=leaves_on)
    results.capped[0] += 1


def play_futures(plan: KernelPlan, first: int, results: Results) -> None:
    """Play the futures ``first, first + 1, ...`` as the kernel does."""
    for row in range(len(results.bookings)):
        for deal in (*open_deals(plan), *new_deals(plan, first + row)):
            play(plan, first + row, deal, results, row)
