"""Days on which far more deals began than a count law foresees, such as those of campaigns, and what hangs on them.

Counts are negative binomial round a level that changes slowly. Where a few days hold a large part of all deals, no such
law holds: the level does not know of the days to come, and the forecast of new deals is too low where another such
day comes, too high where none does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import nbinom

from simcast.model.new_deals import ArrivalCounts, Floats, Ints

LEAST_COUNT = 20
TOO_RARE = 1e-4
"""A day of a burst has at least so many new deals, and so many as this share of days, or less, would have under the
negative binomial law with mean and variance of all days with fewer."""

LEAST_SHARE = 0.2
MOST_DAYS = 0.05
"""Fewer deals on them are not worth a word; more days are no exception."""

_MOST_SIZE = 1e6
"""Of a negative binomial law that is taken for Poisson's."""


@dataclass(frozen=True)
class Bursts:
    """Days of bursts.

    Parameters
    ----------
    n_days
        How many there are.
    length_days
        Among how many days.
    share
        Of all new deals on those days.
    largest_day, largest
        The first day with the most deals, since 1970-01-01, and how many it has.
    """

    n_days: int
    length_days: int
    share: float
    largest_day: int
    largest: int


def find_bursts(first_day: Ints, arrivals: ArrivalCounts) -> Bursts | None:
    """Return the days of bursts among the days counted, imports aside; None where no large part of deals began on any.

    Parameters
    ----------
    first_day
        int64, (n_deals,): the day on which each deal was first entered, since 1970-01-01.
    arrivals
        What is counted of them.
    """
    counted = first_day[(first_day >= arrivals.start) & (first_day < arrivals.until)]
    per_day = np.bincount(counted - arrivals.start, minlength=arrivals.length_days).astype(np.float64)
    days = np.delete(np.arange(per_day.size), [day - arrivals.start for day, _ in arrivals.imports])
    order = days[np.argsort(-per_day[days], kind="stable")]
    falling = per_day[order]
    n_days = _n_too_many(falling)
    share = float(falling[:n_days].sum() / max(falling.sum(), 1.0))
    if share < LEAST_SHARE:
        return None
    return Bursts(n_days, int(falling.size), share, int(order[0] + arrivals.start), int(falling[0]))


def _n_too_many(falling: Floats) -> int:
    """Return how many of the counts of days, the largest first, are too many for the law of those after them."""
    most = int(MOST_DAYS * falling.size)
    n_after = falling.size - 1 - np.arange(most)
    mean, square = ((power.sum() - np.cumsum(power)[:most]) / np.maximum(n_after, 1) for power in (falling, falling**2))
    beyond = np.maximum(square - mean**2 - mean, mean**2 / _MOST_SIZE)
    size = np.divide(mean**2, beyond, out=np.full(most, _MOST_SIZE), where=beyond > 0.0)
    rare = nbinom.sf(falling[:most] - 1, size, size / (size + mean)) < TOO_RARE
    found = np.flatnonzero(rare & (falling[:most] >= LEAST_COUNT))
    return int(found[-1]) + 1 if found.size else 0
