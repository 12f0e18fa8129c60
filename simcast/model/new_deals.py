"""New deals counted: how many arrive on each kind of day, where they enter, and what the won ones are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.days import weekday_of
from simcast.model.segment_windows import Window, days_of_segments, find_windows
from simcast.posterior.arrivals import BLOCK_DAYS
from simcast.segments import Segments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS_FOR_WEEKDAYS = 14
"""A shorter history tells nothing of the days of the week."""
DAYS_FOR_TREND = 56
"""A shorter history tells nothing of a trend."""

DAYS_FOR_SEASON = 365
"""A shorter history tells nothing of the seasons."""

N_BLOCKS = 39
"""How many blocks of four weeks are counted at most: three years nearly."""

DAYS_OF_RAMP = 182
"""In the first half-year of a young CRM, arrivals grow because people begin to use it, not because there are more."""

LEAST_IMPORT, IMPORT_FACTOR, MOST_IMPORTS = 50, 20.0, 3
"""A day on which at least so many deals begin, and so many times those of a mean other day, is one of an import into
the CRM and says nothing of arrivals. Where there are more such days than this, they are a way of working."""


@dataclass(frozen=True)
class ArrivalCounts:
    """New deals summed over days that share segment, weekday and block of four weeks.

    The negative binomial likelihood needs no more: for counts y of days with mean m and size r it is the sum of
    ``log(r + i)`` over i below y, plus ``y log m - (y + r) log(m + r) + r log r``.

    Parameters
    ----------
    total
        float64, (n_segments, 7, n_blocks): deals by segment, weekday (0 Monday) and block, the latest block first.
    n_days
        float64, (7, n_blocks): days of each kind.
    exposed
        float64, (n_segments, 7, n_blocks): those of them on which the segment's deals could come.
    start, until
        The first day counted, and the first day not known, since 1970-01-01.
    exceeding
        float64, (most deals in a day and segment,): how many (segment, day) pairs had more than 0, 1, 2, ... deals.
    squares
        float64, (n_blocks,): the sum of the squared counts of a block's (segment, day) pairs.
    begins_young
        Whether the first day counted is that of the first deal on record, so that the CRM may be ramping up.
    imports
        Days left out as imports, since 1970-01-01, each with its number of deals.
    windows
        The values of segment columns that began after the others or ended before them.
    """

    total: Floats
    n_days: Floats
    exposed: Floats
    start: int
    until: int
    exceeding: Floats
    squares: Floats
    begins_young: bool = False
    imports: tuple[tuple[int, int], ...] = ()
    windows: tuple[Window, ...] = ()

    @property
    def hidden(self) -> Floats:
        """The days on which a segment's deals could not come: float64, (n_segments, n_blocks)."""
        hidden: Floats = self.n_days.sum(axis=0) - self.exposed.sum(axis=1)
        return hidden

    @property
    def mean_rate(self) -> float:
        """The mean number of new deals per segment and day on which they could come, in which rates are measured."""
        n_days = self.length_days * self.n_segments - float(self.hidden.sum())
        return max(float(self.total.sum()), 1.0) / max(n_days, 1)

    @property
    def n_segments(self) -> int:
        """How many segments there are."""
        return int(self.total.shape[0])

    @property
    def n_blocks(self) -> int:
        """How many blocks there are; the first in time may be cut short."""
        return int(self.n_days.shape[1])

    @property
    def length_days(self) -> int:
        """How many days are counted."""
        return self.until - self.start

    @property
    def has_weekdays(self) -> bool:
        """Whether the history is long enough to tell the days of the week apart."""
        return self.length_days >= DAYS_FOR_WEEKDAYS

    @property
    def has_trend(self) -> bool:
        """Whether the history is long enough to show a trend."""
        return self.length_days >= DAYS_FOR_TREND

    @property
    def has_season(self) -> bool:
        """Whether the history is long enough to show the seasons."""
        return self.length_days >= DAYS_FOR_SEASON


def count_arrivals(
    first_day: Ints, segment: Ints, until: int, segments: Segments, recorded_from: int | None = None
) -> ArrivalCounts:
    """Count new deals of the last three years, or from the first on record, to the day before `until`.

    Parameters
    ----------
    first_day
        int64, (n_deals,): the day on which each deal was first entered, since 1970-01-01.
    segment
        int64, (n_deals,): segment codes.
    until
        The first day not known.
    segments
        What the codes mean.
    recorded_from
        The first day from which ends of stays are on record. Deals that had ended before it are missing, so the
        arrivals before it are incomplete and are not counted. None when all are on record.
    """
    first = int(np.min(first_day))
    start = max(first, until - N_BLOCKS * BLOCK_DAYS)
    if recorded_from is not None:
        start = min(max(start, recorded_from), until - 1)
    days = np.arange(start, until)
    daily = np.zeros((len(segments), days.size))
    recent = first_day >= start
    windows = find_windows(first_day[recent], segment[recent], segments, until)
    span = days_of_segments(windows, segments, start, until)
    np.add.at(daily, (segment[recent], first_day[recent] - start), 1.0)
    imported = _imports(daily.sum(axis=0))
    imports = tuple((int(days[day]), int(daily[:, day].sum())) for day in imported)
    days, daily = np.delete(days, imported), np.delete(daily, imported, axis=1)

    block = (until - 1 - days) // BLOCK_DAYS
    n_blocks = (until - 1 - start) // BLOCK_DAYS + 1
    weekday = weekday_of(days)
    n_days = np.zeros((7, n_blocks))
    np.add.at(n_days, (weekday, block), 1.0)
    total, exposed = np.zeros((2, len(segments), 7, n_blocks))
    for code, (begins, ends) in enumerate(span):
        np.add.at(total[code], (weekday, block), daily[code])
        np.add.at(exposed[code], (weekday, block), (days >= begins) & (days < ends))

    of_value = np.bincount(daily.astype(np.int64).ravel())
    return ArrivalCounts(
        total=total,
        n_days=n_days,
        exposed=exposed,
        start=start,
        until=until,
        exceeding=np.cumsum(of_value[::-1])[::-1][1:].astype(np.float64),
        squares=np.bincount(block, weights=np.sum(daily**2, axis=0), minlength=n_blocks).astype(np.float64),
        begins_young=start == first,
        imports=imports,
        windows=windows,
    )


def _imports(per_day: Floats) -> list[int]:
    """Return the positions of the days of an import, in order."""
    found: list[int] = []
    if per_day.size < DAYS_FOR_WEEKDAYS:
        return found
    for day in np.argsort(-per_day)[: MOST_IMPORTS + 1]:
        others = np.delete(per_day, [*found, int(day)])
        if per_day[day] < LEAST_IMPORT or per_day[day] <= IMPORT_FACTOR * others.mean():
            break
        found.append(int(day))
    return sorted(found) if len(found) <= MOST_IMPORTS else []


def entry_shares(stage: Ints, segment: Ints, n_stages: int, n_segments: int) -> Floats:
    """Return the share of new deals that enter at each stage, (n_stages, n_segments).

    A segment's counts are smoothed by one deal spread as those of the whole pipeline are, so that a segment
    with few deals resembles the rest. Stages at which no deal entered keep a share of exactly 0.

    Examples
    --------
    >>> entry_shares(np.array([0, 0, 1]), np.array([0, 0, 1]), n_stages=2, n_segments=2).round(2).tolist()
    [[0.89, 0.33], [0.11, 0.67]]
    """
    count = np.zeros((n_stages, n_segments))
    np.add.at(count, (stage, segment), 1.0)
    overall = count.sum(axis=1, keepdims=True) / count.sum()
    smoothed: Floats = (count + overall) / (count.sum(axis=0) + 1.0)
    return smoothed


@dataclass(frozen=True)
class AmountSums:
    """What is known of amounts: the sums that the lognormal likelihood needs, and the amounts themselves.

    Parameters
    ----------
    count
        float64, (n_segments,): known positive amounts.
    mean_log
        float64, (n_segments,): mean of their logarithms, less `centre`; 0 without any.
    squares
        float64, (n_segments,): sum of squared deviations of the logarithms from their mean.
    centre
        Mean logarithm over all segments.
    log_amount, segment
        (n_amounts,): the logarithms and their segments.
    zeros
        float64, (n_segments,): known amounts of 0, which the fields above leave out.
    n_unknown
        How many deals had no amount.
    empirical
        Whether new deals are worth what deals of the past were, rather than lognormal amounts.
    """

    count: Floats
    mean_log: Floats
    squares: Floats
    centre: float
    log_amount: Floats
    segment: Ints
    zeros: Floats
    n_unknown: int = 0
    empirical: bool = False

    @property
    def n_amounts(self) -> int:
        """How many amounts above 0 there are."""
        return int(self.count.sum())

    @property
    def n_zeros(self) -> int:
        """How many amounts are known to be 0."""
        return int(self.zeros.sum())

    @property
    def n_known(self) -> int:
        """How many amounts are known."""
        return self.n_amounts + self.n_zeros


def sum_amounts(amount: Floats, segment: Ints, n_segments: int) -> AmountSums:
    """Sum up the amounts that are known; those of 0 are counted, and stand in no logarithm.

    Parameters
    ----------
    amount
        float64, (n,): NaN where not known.
    segment
        int64, (n,): segment codes.
    n_segments
        How many segments there are.
    """
    known = amount > 0
    logs, codes = np.log(amount[known]), segment[known]
    centre = float(logs.mean()) if logs.size else 0.0
    count = np.bincount(codes, minlength=n_segments).astype(np.float64)
    mean = np.bincount(codes, weights=logs - centre, minlength=n_segments) / np.maximum(count, 1.0)
    squares = np.bincount(codes, weights=(logs - centre - mean[codes]) ** 2, minlength=n_segments).astype(np.float64)
    zeros = np.bincount(segment[amount == 0], minlength=n_segments).astype(np.float64)
    return AmountSums(count, mean, squares, centre, logs, codes, zeros, n_unknown=int(np.sum(~(amount >= 0))))
