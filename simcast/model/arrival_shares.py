"""Whether new deals come from where they came from: steps and slow drift of the shares that values of a column have.

All segments share one level of arrivals, and the forecast gives each the share that it had over the whole history.
Where a source grows beside others that shrink, the mix ahead is another one, and with it conversion and amounts. Of
each value the log odds of a new deal to be of it, and not of the others, are tested month by month as conversion is
(`simcast.model.changes`). Values that began late or ended early (`simcast.model.segment_windows`) are known to the
model and left out: with them the shares of all others change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from simcast.days import month_of
from simcast.model.changes import MonthlySeries
from simcast.model.new_deals import ArrivalCounts
from simcast.model.weather import MonthlyEffects
from simcast.segments import UNKNOWN, Segments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FALSE_ALARM = 0.01
"""Of a history whose shares stay what they were, over all its values, if months come and go independently."""
_LEAST_CHANGE = 0.05
"""Of the share that is, beside the one that is forecast: less is not worth a word."""
_LEAST_SHARE = 0.02
"""Of the new deals of the whole history: of what is rarer, such as one of many owners, no share is told."""
_MOST_TOLD = 5
"""Of more values the rest count as others."""
_NOTHING = 1e-9


@dataclass(frozen=True)
class ValueShare:
    """The share of new deals that have one value of a column.

    Parameters
    ----------
    value
        Its name.
    first, last
        Months, since 1970-01: of a step the first one after it, and the last; of a drift, its ends.
    is_trend
        Whether it came little by little.
    before, after
        The share before and after.
    taken
        The share over the whole history, which the forecast takes.
    """

    value: str
    first: int
    last: int
    is_trend: bool
    before: float
    after: float
    taken: float


@dataclass(frozen=True)
class ShareChange:
    """A column of which values no longer have the shares that they had.

    Parameters
    ----------
    column
        Its name.
    values
        Those whose shares have changed, the largest change first.
    others
        By how much the number of all other values' deals is to be multiplied; None where there are none.
    """

    column: str
    values: tuple[ValueShare, ...]
    others: float | None

    def multiply(self, value: ValueShare) -> float:
        """Return by how much the number of a value's deals is to be multiplied, the total staying what it is."""
        everything = sum(one.after for one in self.values)
        return value.after / value.taken / (everything if self.others is None else max(everything, 1.0))


def find_share_changes(
    first_day: Ints, segment: Ints, segments: Segments, arrivals: ArrivalCounts
) -> tuple[ShareChange, ...]:
    """Find the columns of which values have other shares of the new deals than they had.

    Parameters
    ----------
    first_day, segment
        int64, (n_deals,): the days on which deals were entered, since 1970-01-01, and their segments.
    segments
        What the codes mean.
    arrivals
        Which days count, and the values that were not there all the time.
    """
    there = np.ones(len(segments), dtype=bool)
    for window in arrivals.windows:
        there &= np.array([value != window.value for value in segments.column(window.column)])
    counted = (first_day >= arrivals.start) & ~np.isin(first_day, [day for day, _ in arrivals.imports]) & there[segment]
    if not counted.any():
        return ()
    month, of = month_of(first_day[counted]), segment[counted]
    columns = {name: np.array(segments.column(name)) for name in segments.columns}
    common = {name: _common_values(values[of]) for name, values in columns.items()}
    level = _FALSE_ALARM / max(1, sum(map(len, common.values())))
    found = []
    for name, values in columns.items():
        every = (_change_of(value, (values == value)[of], month, level) for value in common[name])
        told = [changed for changed in every if changed is not None]
        if told:
            told = sorted(told, key=lambda share: -abs(share.after - share.taken))[:_MOST_TOLD]
            left = 1.0 - sum(share.taken for share in told)
            rest = max(0.0, 1.0 - sum(share.after for share in told))
            found.append(ShareChange(name, tuple(told), rest / left if left > _NOTHING else None))
    return tuple(found)


def _common_values(of_deal: NDArray[np.str_]) -> list[str]:
    """Return the values of a column that are not too rare for a word."""
    values, count = np.unique(of_deal, return_counts=True)
    return [value for value in values[count >= _LEAST_SHARE * of_deal.size].tolist() if value != UNKNOWN]


def _change_of(value: str, is_it: NDArray[np.bool_], month: Ints, level: float) -> ValueShare | None:
    """Return the change of one value's share; None where none is clear and large enough for a word."""
    months = np.arange(int(np.min(month)), int(np.max(month)) + 1, dtype=np.int64)
    own = np.bincount(month - months[0], is_it, months.size).astype(np.float64)
    every = np.bincount(month - months[0], minlength=months.size).astype(np.float64)
    taken = float(is_it.mean())
    counts = np.array([own, every * taken, every * taken * (1.0 - taken)])
    told = MonthlySeries(counts, MonthlyEffects.on_odds, months).change(level)
    if told is None:
        return None
    before, after = (float(expit(logit(taken) + added)) for added in (told.before, told.after))
    if abs(after - taken) < _LEAST_CHANGE:
        return None
    return ValueShare(value, told.first, told.last, told.is_trend, before, after, taken)
