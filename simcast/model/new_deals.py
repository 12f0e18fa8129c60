"""New deals counted: how many arrive on each kind of day, where they enter, and what the won ones are worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS_FOR_WEEKDAYS = 14
"""A shorter history tells nothing of the days of the week."""
DAYS_FOR_TREND = 56
"""A shorter history tells nothing of a trend."""

DAYS_OF_ARRIVALS = 182
"""Only the last half-year is counted: the first months of a young CRM would pass for a trend that goes on."""

DAYS_PER_YEAR = 365.25
_MOST_TIME_BINS = 26
_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True)
class ArrivalCounts:
    """New deals summed over days that share segment, weekday and bin of time.

    The negative binomial likelihood needs no more: for counts y of days with mean m and size r it is the sum of
    ``log(r + i)`` over i below y, plus ``y log m - (y + r) log(m + r) + r log r``.

    Parameters
    ----------
    total
        float64, (n_segments, 7, n_bins): deals by segment, weekday (0 Monday) and bin.
    n_days
        float64, (7, n_bins): days of each kind.
    years
        float64, (n_bins,): mean time of each bin's days, in years from the middle of the days counted.
    years_to_end
        From the middle of the days counted to the first day not known.
    exceeding
        float64, (most deals in a day and segment,): how many (segment, day) pairs had more than 0, 1, 2, ... deals.
    """

    total: Floats
    n_days: Floats
    years: Floats
    years_to_end: float
    exceeding: Floats

    @property
    def mean_rate(self) -> float:
        """The mean number of new deals per segment and day, in which rates are measured."""
        return max(float(self.total.sum()), 1.0) / max(self.length_days * self.n_segments, 1)

    @property
    def n_segments(self) -> int:
        """How many segments there are."""
        return int(self.total.shape[0])

    @property
    def length_days(self) -> int:
        """How many days are counted."""
        return int(self.n_days.sum())

    @property
    def has_weekdays(self) -> bool:
        """Whether the history is long enough to tell the days of the week apart."""
        return self.length_days >= DAYS_FOR_WEEKDAYS

    @property
    def has_trend(self) -> bool:
        """Whether the history is long enough to show a trend."""
        return self.length_days >= DAYS_FOR_TREND


def count_arrivals(first_day: Ints, segment: Ints, until: int, n_segments: int) -> ArrivalCounts:
    """Count new deals from the first recorded day, or from `DAYS_OF_ARRIVALS` ago, to the day before `until`.

    Parameters
    ----------
    first_day
        int64, (n_deals,): the day on which each deal was first entered, since 1970-01-01.
    segment
        int64, (n_deals,): segment codes.
    until
        The first day not known.
    n_segments
        How many segments there are.
    """
    start = max(int(np.min(first_day)), until - DAYS_OF_ARRIVALS)
    days = np.arange(start, until)
    daily = np.zeros((n_segments, days.size))
    recent = first_day >= start
    np.add.at(daily, (segment[recent], first_day[recent] - start), 1.0)

    n_bins = min(_MOST_TIME_BINS, max(1, days.size // 7))
    time_bin = (days - start) * n_bins // days.size
    weekday = (days + _MONDAY_OFFSET) % 7
    n_days = np.zeros((7, n_bins))
    np.add.at(n_days, (weekday, time_bin), 1.0)
    total = np.zeros((n_segments, 7, n_bins))
    for code in range(n_segments):
        np.add.at(total[code], (weekday, time_bin), daily[code])

    middle = 0.5 * (start + until)
    midday = days + 0.5
    bin_time = np.bincount(time_bin, weights=midday) / np.bincount(time_bin)
    of_value = np.bincount(daily.astype(np.int64).ravel())
    return ArrivalCounts(
        total=total,
        n_days=n_days,
        years=(bin_time - middle) / DAYS_PER_YEAR,
        years_to_end=(until - middle) / DAYS_PER_YEAR,
        exceeding=np.cumsum(of_value[::-1])[::-1][1:].astype(np.float64),
    )


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
    """What the lognormal likelihood needs of the amounts of each segment.

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
    """

    count: Floats
    mean_log: Floats
    squares: Floats
    centre: float

    @property
    def n_amounts(self) -> int:
        """How many amounts there are."""
        return int(self.count.sum())


def sum_amounts(amount: Floats, segment: Ints, n_segments: int) -> AmountSums:
    """Sum up the amounts that are known and positive.

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
    return AmountSums(count, mean, squares, centre)
