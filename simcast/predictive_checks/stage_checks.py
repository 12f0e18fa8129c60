"""Checks of one stage: days until each move, conversion by segment, open stays, and recent pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simcast.days import quarter_of
from simcast.predictive_checks.replicates import StageReplicates
from simcast.predictive_checks.stays import OPEN, CheckedStays, Floats, Ints
from simcast.predictive_checks.verdict import (
    FEW_REPLICATES,
    PredictiveCheck,
    Subject,
    compare_number,
    distances_of_replicates,
    impossible,
    tail_probability,
)

DAYS = "stays by day"
CONVERSION = "conversion"
OPEN_STAYS = "open stays"
PACE = "recent pace"

FEWEST_ENDS = 20
"""Stays must have ended so often, in a move or in a segment, for its days or its shares to be checked."""
FEWEST_ENDS_IN_QUARTER = 50
"""Stays must have ended so often in a move and a calendar quarter for its days to be checked by themselves."""
RECENT_DAYS = (28, 91)

_EVERY_DAY_UNTIL = 90
_GROWTH = 1.02


@dataclass(frozen=True)
class StageComparison:
    """A stage's stays beside their replicates, from which each check takes its numbers.

    Parameters
    ----------
    stays
        How they really went.
    replicates
        How they went in each replicate.
    segments
        The labels of the segments, in code order.
    """

    stays: CheckedStays
    replicates: StageReplicates
    segments: tuple[str, ...]

    @property
    def part(self) -> str:
        """The part of the model."""
        return f"stage {self.stays.stage}"

    @cached_property
    def move(self) -> NDArray[np.int8]:
        """How each stay ended, int8, (1 + n_replicates, n_stays): the history's row first."""
        return np.concatenate([self.stays.move[None].astype(np.int8), self.replicates.move])

    @cached_property
    def days(self) -> NDArray[np.int32]:
        """Days of each stay, int32, (1 + n_replicates, n_stays): the history's row first."""
        return np.concatenate([self.stays.days[None].astype(np.int32), self.replicates.days])

    @property
    def scale_up(self) -> float:
        """How many stays one of these stands for."""
        return self.stays.n_all / len(self.stays)


def check_stage(comparison: StageComparison) -> Iterator[PredictiveCheck]:
    """Yield all checks of one stage, not judged yet."""
    for position in range(len(comparison.stays.moves)):
        yield from _days_checks(comparison, position)
    yield from _conversion_checks(comparison)
    yield from _count_checks(comparison)


def _days_checks(comparison: StageComparison, move: int) -> Iterator[PredictiveCheck]:
    """Compare the distribution of days until one move, over all stays that ended so and by quarter of the end."""
    counts, last_day, quarters = _histograms(comparison, move)
    name = comparison.stays.moves[move]
    overall = counts.sum(axis=1)
    if overall[0].sum() >= FEWEST_ENDS:
        yield _distribution_check(overall, last_day, comparison.part, "all", name)
    for position, quarter in enumerate(quarters):
        if counts[0, position].sum() >= FEWEST_ENDS_IN_QUARTER:
            label = f"{1970 + quarter // 4} Q{quarter % 4 + 1}"
            yield _distribution_check(counts[:, position], last_day, comparison.part, label, name)


def _histograms(comparison: StageComparison, move: int) -> tuple[Floats, Ints, Ints]:
    """Count the stays that ended in a move.

    Returns
    -------
    float64, (1 + n_replicates, n_quarters, n_bins)
        How many, by calendar quarter of the end and bin of days.
    int64, (n_bins,)
        The last day of each bin.
    int64, (n_quarters,)
        The quarters, counted from the first of 1970.
    """
    stays = comparison.stays
    first_day = int(np.min(stays.entered))
    quarter_of_day = quarter_of(np.arange(first_day, stays.as_of))
    quarters = np.unique(quarter_of_day)
    last_day = _last_days(stays.as_of - first_day)
    row, stay = np.nonzero(comparison.move == move)
    days = comparison.days[row, stay]
    quarter = quarter_of_day[stays.entered[stay] + days - first_day] - quarters[0]
    cell = (row * quarters.size + quarter) * last_day.size + np.searchsorted(last_day, days)
    shape = (comparison.move.shape[0], quarters.size, last_day.size)
    counts = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
    return counts, last_day, quarters


def _last_days(longest_days: int) -> Ints:
    """Return the last day of each bin: every day for three months, then 2% more each time.

    Examples
    --------
    >>> _last_days(100)[-5:].tolist()
    [92, 94, 96, 98, 100]
    """
    days = list(range(_EVERY_DAY_UNTIL + 1))
    while days[-1] < longest_days:
        days.append(max(days[-1] + 1, int(np.ceil(days[-1] * _GROWTH))))
    return np.array(days, dtype=np.int64)


def _distribution_check(counts: Floats, last_day: Ints, part: str, subset: str, move: str) -> PredictiveCheck:
    """Compare distribution functions by their largest distance (Kolmogorov) from the replicates' mean.

    The check tells the share within the days at which history and expectation are furthest apart.
    """
    n = int(counts[0].sum())
    has_any = counts[1:].sum(axis=1) > 0
    if np.count_nonzero(has_any) < FEW_REPLICATES:
        return impossible(Subject(DAYS, part, subset, f"{move}: days until it"), 1.0, "distribution", n)
    shares = np.cumsum(counts, axis=1)
    observed, replicated = shares[0] / n, shares[1:][has_any]
    replicated /= replicated[:, -1:]
    expected = replicated.mean(axis=0)
    apart = np.abs(observed - expected)
    worst = int(np.argmax(apart))
    low, high = np.quantile(replicated[:, worst], (0.05, 0.95))
    within = f"{move} within {last_day[worst]} days" if last_day[worst] else f"{move} on the day of entry"
    return PredictiveCheck(
        **asdict(Subject(DAYS, part, subset, within)),
        observed=float(observed[worst]),
        expected=float(expected[worst]),
        interval=(float(low), float(high)),
        p_value=tail_probability(float(apart[worst]), distances_of_replicates(replicated).max(axis=1)),
        discrepancy=float(apart[worst]),
        scale="distribution",
        n=n,
    )


def _conversion_checks(comparison: StageComparison) -> Iterator[PredictiveCheck]:
    """Compare the shares of ended stays that ended in each move, by segment.

    With two moves one share says all.
    """
    stays, n_segments = comparison.stays, len(comparison.segments)
    n_moves = len(stays.moves)
    row, stay = np.nonzero(comparison.move != OPEN)
    cell = (row * n_segments + stays.segment[stay]) * n_moves + comparison.move[row, stay]
    shape = (comparison.move.shape[0], n_segments, n_moves)
    counts = np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)
    ended = counts.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore"):
        shares = counts / ended
    checked = [0] if n_moves == 2 else range(n_moves if n_moves > 1 else 0)
    for segment in np.flatnonzero(ended[0, :, 0] >= FEWEST_ENDS):
        for move in checked:
            yield compare_number(
                Subject(CONVERSION, comparison.part, comparison.segments[segment], f"ended in {stays.moves[move]}"),
                float(shares[0, segment, move]),
                shares[1:, segment, move],
                scale="share",
                n=int(ended[0, segment, 0]),
            )


def _count_checks(comparison: StageComparison) -> Iterator[PredictiveCheck]:
    """Compare how many stays are open at the as-of date, and how many ended in the days before it."""
    stays = comparison.stays
    is_open = comparison.move == OPEN
    still = is_open.sum(axis=1) * comparison.scale_up
    yield _count_check(OPEN_STAYS, comparison, "open at the as-of date", still)
    for recent in RECENT_DAYS:
        lately = ~is_open & (stays.entered + comparison.days >= stays.as_of - recent)
        ended = lately.sum(axis=1) * comparison.scale_up
        yield _count_check(PACE, comparison, f"ended in the last {recent} days", ended)


def _count_check(name: str, comparison: StageComparison, statistic: str, counts: Floats) -> PredictiveCheck:
    return compare_number(
        Subject(name, comparison.part, "all", statistic),
        float(counts[0]),
        counts[1:].astype(np.float64),
        scale="ratio",
        n=comparison.stays.n_all,
    )
