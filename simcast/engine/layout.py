"""What the kernel reads and what it writes: named tuples of C-ordered arrays, and nothing else.

Axis order everywhere: draw, epoch or future first, then stage, segment, slot. A *slot* is a possible move of a
stage: the forward move first, the stage's other moves after it, and the last slot is to stall for good. An *epoch* is
a run of days in which no lever changes. Days count from the as-of date; money is in whole minor units (cents),
so that sums do not depend on the order in which they are made.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

NOWHERE = -1
"""The destination of a slot that is unused, or of a deal that stalls."""

NOT_FORCED = -2
"""In `KernelPlan.deal_forced`: the deal plays on freely."""

SET = 0
ODDS = 1
MOVE_ODDS = 2
MULTIPLY = 3
ADD = 4
CAP = 5
"""What an effect does. Effects on one number are applied in this order, so their order in a file is of no account.

ODDS are those of the forward move against all that may become of a stay, MOVE_ODDS those among the moves: the share
that never ends stays as it is.
"""

MAX_VISITS = 200
"""A deal that visits more stages than this within the horizon is stopped there, and counted."""

OPEN = 0
NEW = 1
"""The origins of a deal, on the last axis of bookings and wins."""


P = TypeVar("P", bound=tuple[Any, ...])


class Effects(NamedTuple):
    """Levers on one kind of parameter: n effects over epochs, segments and futures."""

    operation: NDArray[np.int64]
    """(n_effects,): SET, ODDS, MOVE_ODDS, MULTIPLY, ADD or CAP."""
    stage: NDArray[np.int64]
    """(n_effects,): stage code; -1 where stages play no part."""
    slots: NDArray[np.bool_]
    """(n_effects, n_slots): the moves it acts on (durations only)."""
    segments: NDArray[np.bool_]
    """(n_effects, n_segments): the segments it acts on."""
    on_open: NDArray[np.bool_]
    """(n_effects,): acts on the deals open at the as-of date too (amounts only)."""
    weight: NDArray[np.float64]
    """(n_effects, n_epochs): how far it has faded in, 0 to 1."""
    value: NDArray[np.float64]
    """(n_effects, n_futures): its size in each future."""


class KernelPlan(NamedTuple):
    """All that the kernel reads."""

    seed: np.uint64
    horizon_days: int
    draw_of_future: NDArray[np.int64]
    """(n_futures,)"""
    period_of_day: NDArray[np.int64]
    """(horizon_days,)"""
    epoch_of_day: NDArray[np.int64]
    """(horizon_days,)"""
    group_of_segment: NDArray[np.int64]
    """(n_segments,): the row of the results in which a segment is counted."""

    destination: NDArray[np.int64]
    """(n_stages, n_slots): a stage's code, ``n_stages + outcome``, or NOWHERE."""
    family: NDArray[np.int64]
    """(n_stages, n_slots): duration family codes of `samplers`."""
    outcome_won: NDArray[np.bool_]
    """(n_outcomes,)"""
    outcome_resumes: NDArray[np.int64]
    """(n_outcomes,): the stage in which a deal stays after this outcome (renewals), or NOWHERE."""

    probability: NDArray[np.float64]
    """(n_draws, n_stages, n_segments, n_slots), summing to 1 over slots."""
    scale: NDArray[np.float64]
    """(n_draws, n_stages, n_segments, n_slots), days."""
    shape: NDArray[np.float64]
    """(n_draws, n_stages, n_segments, n_slots)"""
    hazard_row: NDArray[np.int64]
    """(n_stages,): where a stage all of whose moves have the family "hazard" is in the arrays below, or NOWHERE."""
    hazard_start: NDArray[np.float64]
    """(n_pieces + 1,): the first day of each piece, and the end after which a stay never ends."""
    hazard_rate: NDArray[np.float64]
    """(n_draws, n_rows, n_slots - 1, n_pieces): hazard per day of each move; 0 in unused slots."""
    hazard_factor: NDArray[np.float64]
    """(n_draws, n_rows, n_segments, n_slots - 1): multiplies it."""
    amount_slope: NDArray[np.float64]
    """(n_draws, n_stages): change of the log odds of the forward move among the moves (for "hazard": of its log hazard)
    by log amount; without any draws where nothing goes with the amount."""
    amount_offset: NDArray[np.float64]
    """(n_draws, n_stages, n_segments): what a deal at the centre of amounts adds to them, against `probability` (or
    `hazard_factor`), which are those of deals of all amounts together; without any draws like `amount_slope`."""

    clock_of: NDArray[np.int64]
    """(n_stages, n_slots): the clock in whose operational time a stay's days pass; NOWHERE where all days are alike."""
    clock_passed: NDArray[np.float64]
    """(n_clocks, horizon_days + 1): operational days passed by the beginning of each day; see `clock`."""
    clock_opening: NDArray[np.float64]
    """(n_clocks, horizon_days): the part of each day's weight that has passed for stays that begin on it."""
    clock_from_day: NDArray[np.int64]
    """(n_clocks, n_wholes): the day on which each clock passes 0, 1, 2, ... operational days; with `month_speed` only
    its shape counts: with room for the fastest future no search is long."""
    month_of_day: NDArray[np.int64]
    """(horizon_days,); without any days where months are alike."""
    month_speed: NDArray[np.float64]
    """(n_months, n_futures): what the days of each month weigh besides, on all clocks; without any months where all
    are alike."""

    deal_key: NDArray[np.uint64]
    """(n_deals,): from the deal's id, so that its luck does not depend on the other deals."""
    deal_stage: NDArray[np.int64]
    """(n_deals,)"""
    deal_segment: NDArray[np.int64]
    """(n_deals,)"""
    deal_age: NDArray[np.float64]
    """(n_deals, n_slots): days already spent in the stage, operational ones on the clock of each move that has one."""
    deal_amount: NDArray[np.int64]
    """(n_deals,): minor units; negative where unknown."""
    deal_log_amount: NDArray[np.float64]
    """(n_deals,): log of the amount over its centre; NaN where unknown or of no account."""
    deal_forced: NDArray[np.int64]
    """(n_deals,): an outcome that a lever forces, or NOT_FORCED."""
    deal_forced_day: NDArray[np.float64]
    """(n_deals,)"""

    arrival_key: NDArray[np.uint64]
    """(n_segments,): from the segment's label."""
    arrival_mean: NDArray[np.float64]
    """(n_draws, n_segments): new deals per average day."""
    arrival_weekday_factor: NDArray[np.float64]
    """(n_draws, horizon_days): each day's share of its week, averaging 1."""
    arrival_trend_factor: NDArray[np.float64]
    """(n_draws, horizon_days): trend, season and walk; deals that a lever adds do not follow them."""
    arrival_size: NDArray[np.float64]
    """(n_draws, n_segments): the negative binomial's size; infinite for Poisson."""
    entry_cumulative: NDArray[np.float64]
    """(n_segments, n_stages): where new deals enter."""

    amount_family: int
    amount_scale: NDArray[np.float64]
    """(n_draws, n_segments), minor units."""
    amount_shape: NDArray[np.float64]
    """(n_draws, n_segments)"""
    amount_quantiles: NDArray[np.float64]
    """(n_segments, n_levels): the empirical amounts over their scale, see `amounts`; no levels for other families."""
    amount_most: float
    """What a drawn amount is at most, in minor units; infinite for no bound."""
    amount_some: NDArray[np.float64]
    """(n_draws, n_segments): the share of drawn amounts that are of the family; the others are 0."""

    on_conversion: Effects
    on_duration: Effects
    on_arrivals: Effects
    on_amount: Effects


class Results(NamedTuple):
    """What the kernel adds to, one row per future of a chunk; per-deal counts are summed over the chunk."""

    bookings: NDArray[np.int64]
    """(n_futures, n_periods, n_groups, 2): minor units; the last axis tells OPEN from NEW."""
    wins: NDArray[np.int32]
    """(n_futures, n_periods, n_groups, 2)"""
    entered: NDArray[np.int32]
    """(n_futures, n_periods, n_groups, n_stages): stays begun."""
    left_forward: NDArray[np.int32]
    """(n_futures, n_periods, n_groups, n_stages): stays ended by the forward move."""
    open_at_end: NDArray[np.int32]
    """(n_futures, n_periods, n_groups, n_stages): stays open at the period's end."""
    deal_wins: NDArray[np.int64]
    """(n_deals,): futures in which the open deal is won."""
    deal_win_days: NDArray[np.int64]
    """(n_deals,): the sum over those futures of the day of the win, counted from the as-of date."""
    capped: NDArray[np.int64]
    """(1,): deals stopped at MAX_VISITS."""


def no_hazards(n_draws: int, n_stages: int, n_segments: int, n_slots: int) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a plan none of whose stages has the family "hazard", a slope by amount, or a clock."""
    return {
        "hazard_row": np.full(n_stages, NOWHERE, dtype=np.int64),
        "hazard_start": np.zeros(1),
        "hazard_rate": np.zeros((n_draws, 0, n_slots - 1, 0)),
        "hazard_factor": np.zeros((n_draws, 0, n_segments, n_slots - 1)),
        "amount_slope": np.zeros((0, n_stages)),
        "amount_offset": np.zeros((0, n_stages, n_segments)),
        "clock_of": np.full((n_stages, n_slots), NOWHERE, dtype=np.int64),
        "clock_passed": np.zeros((0, 2)),
        "clock_opening": np.zeros((0, 1)),
        "clock_from_day": np.zeros((0, 1), dtype=np.int64),
        "month_of_day": np.zeros(0, dtype=np.int64),
        "month_speed": np.zeros((0, 1)),
    }


def as_declared(plan: P) -> P:
    """Return a plan whose arrays are in C order and can be written to; those that are so already are not copied.

    Numba takes any other array for another type, such as one that came from another process read-only, and would
    compile the whole kernel anew for it.
    """
    parts = [
        np.require(part, requirements=("C_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
        if isinstance(part, np.ndarray)
        else as_declared(part)
        if isinstance(part, tuple)
        else part
        for part in plan
    ]
    return type(plan)(*parts)


def empty_results(plan: KernelPlan, n_futures: int) -> Results:
    """Allocate zeroed results for `n_futures` futures of a plan."""
    n_periods = int(plan.period_of_day[-1]) + 1
    n_groups = int(np.max(plan.group_of_segment)) + 1
    n_stages = plan.destination.shape[0]
    n_deals = len(plan.deal_key)
    by_origin = (n_futures, n_periods, n_groups, 2)
    by_stage = (n_futures, n_periods, n_groups, n_stages)
    return Results(
        np.zeros(by_origin, np.int64),
        np.zeros(by_origin, np.int32),
        np.zeros(by_stage, np.int32),
        np.zeros(by_stage, np.int32),
        np.zeros(by_stage, np.int32),
        np.zeros(n_deals, np.int64),
        np.zeros(n_deals, np.int64),
        np.zeros(1, np.int64),
    )
