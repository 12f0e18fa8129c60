"""Over which months a stage's stays are spread by when they begin: open ones by when they began.

Months are good or bad for conversion by when stays begin, while the kernel gives each stay one effect, by the epoch in
which it begins; those of open deals are all in the first. So these get the mean effect of the months in which they
began, each by its share: their total then varies by as much as those months make it, and not by the luck of one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.history import Book
from simcast.plan.periods import ForecastDays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Months = NDArray[np.datetime64]

_FARTHEST = 24
"""Stays that began earlier than so many months ago count as if they had begun then."""


@dataclass(frozen=True, eq=False)
class Shares:
    """How the stays of each stage and block are spread over months.

    Parameters
    ----------
    months
        datetime64[M], (n_months,).
    share
        float64, (n_stages, n_blocks, n_months): sums to 1 over months. Block 0 is the open deals' stays, and those that
        begin on the as-of date; the others are the months of the forecast, in order.
    """

    months: Months
    share: Floats


def months_of_beginning(book: Book, days: ForecastDays) -> Shares:
    """Return when stays begin: in the month that is their block's, those of open deals before the as-of date."""
    ahead = np.unique(days.days.astype("datetime64[M]"))
    months = np.concatenate([ahead[0] - np.arange(_FARTHEST, 0, -1).astype("timedelta64[M]"), ahead])
    share = np.zeros((book.pipeline.n_stages, ahead.size + 1, months.size))
    share[:, 1:, _FARTHEST:] = np.eye(ahead.size)
    began = (book.recorded_until - np.ceil(book.age_days).astype("timedelta64[D]")).astype("datetime64[M]")
    place: Ints = np.maximum((began - months[0]).astype(np.int64), 0)
    np.add.at(share[:, 0], (book.stage_code, place), 1.0)
    share[:, 0, _FARTHEST] += share[:, 0].sum(axis=-1) == 0.0
    share[:, 0] /= share[:, 0].sum(axis=-1, keepdims=True)
    return Shares(months, share)
