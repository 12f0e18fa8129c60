"""Whether deals are worth what they were: a step or slow drift of the level of amounts, which new deals do not follow.

New deals are taken to be worth what won deals of all the past were. The mean logarithm of amounts, each over that of
its segment, is tested month by month as conversion is (`simcast.model.changes`): against random orders of the months.

- Where nearly all deals have an amount when they begin, those of all deals count, by the month in which they begin: all
  that begin are seen, however long they take.
- Elsewhere those of won deals count, by the month of the win. Won deals by the month of their beginning would be the
  quick ones alone in the last months; and in the first months of a record wins are those of quick deals, so that these
  months are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.days import day_numbers, month_of
from simcast.model.amount_model import AMOUNT_ROUNDING
from simcast.model.changes import MonthlySeries, Told
from simcast.model.weather import MonthlyEffects
from simcast.pipeline import Pipeline

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SHARE_FROM_ENTRY = 0.8
"""So many deals must have an amount when they begin for those of all deals to count."""
_QUICK = 0.98
"""Wins count from when so large a share of the won deals could have been won."""
_FALSE_ALARM = 0.01
_LEAST_CHANGE = np.log(1.2)
"""Of the log amount, from one end to the other: less is not worth a word."""


@dataclass(frozen=True)
class AmountChange:
    """A change of the level of amounts.

    Parameters
    ----------
    of
        Whose amounts tell of it: those of all deals by when they began, or of won deals by when they were won.
    first, last
        Months, since 1970-01: of a step the first one after it, and the last that tells; of a drift, its ends.
    is_trend
        Whether it came little by little.
    factor
        What deals are worth after it over before.
    multiply
        What deals are worth after it over what won deals were on average, which is what new deals are taken for.
    """

    of: Literal["all", "won"]
    first: int
    last: int
    is_trend: bool
    factor: float
    multiply: float


def find_amount_change(pipeline: Pipeline, stays: pd.DataFrame) -> AmountChange | None:
    """Return the change of the level of amounts; None where none is clear and large enough for a word."""
    begins = ~stays["deal"].duplicated()
    won = stays["move"].isin([name for name in pipeline.outcomes if pipeline.is_won(name)]) & stays["amount_at_end"].gt(
        0
    )
    begun = stays["entered"].where(begins).ffill()
    if stays.loc[begins, "amount"].notna().mean() >= _SHARE_FROM_ENTRY:
        of: Literal["all", "won"] = "all"
        told = stays[begins & stays["amount"].gt(0)]
        amount, day = told["amount"], told["entered"]
        day_of_wins = begun[won]
    else:
        of, told = "won", stays[won]
        amount, day, day_of_wins = told["amount_at_end"], told["left"], told["left"]
        if len(told):
            seen = day >= begun.min() + (day - begun[won]).quantile(_QUICK)
            told, amount, day = told[seen], amount[seen], day[seen]
    if not len(told):
        return None
    month = month_of(day_numbers(day.to_numpy()))
    segment = told["segment_code"].to_numpy(dtype=np.int64)
    change = change_of_level(np.log(amount.to_numpy(dtype=np.float64)), month, segment)
    if change is None:
        return None
    ahead = change.after - np.log(np.mean(np.exp(_level(change, month_of(day_numbers(day_of_wins.to_numpy()))))))
    multiply = float(np.exp(ahead)) if len(day_of_wins) else change.factor
    return AmountChange(of, change.first, change.last, change.is_trend, change.factor, multiply)


def change_of_level(log_amount: Floats, month: Ints, segment: Ints) -> Told | None:
    """Return the change of the mean of logarithms, each over its segment's, from month to month."""
    _, segment = np.unique(segment, return_inverse=True)
    beside = log_amount - (np.bincount(segment, log_amount) / np.bincount(segment))[segment]
    months = np.arange(int(np.min(month)), int(np.max(month)) + 1, dtype=np.int64)
    at = month - months[0]
    count, total = np.bincount(at), np.bincount(at, beside)
    within = beside - (total / np.maximum(count, 1))[at]
    freedom = max(1, int(log_amount.size - np.count_nonzero(count)))
    variance = max(float(within @ within) / freedom, AMOUNT_ROUNDING**2)

    def on_level(total: Floats, count: Floats) -> MonthlyEffects:
        return MonthlyEffects(total / np.maximum(count, 1.0), count / variance)

    series = MonthlySeries(np.array([total, count], dtype=np.float64), on_level, months)
    return series.change(_FALSE_ALARM, _LEAST_CHANGE)


def _level(change: Told, month: Ints) -> Floats:
    """Return what is added to the logarithms in each month, by a change."""
    if change.is_trend:
        return np.interp(month, [change.first, change.last], [change.before, change.after])
    return np.where(month < change.first, change.before, change.after)
