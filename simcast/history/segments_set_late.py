"""Values of segment columns that deals get on their way, such as a source that is overwritten when a deal is won.

A fit with such a column knows the end of every deal that has one, and takes the open deals, which have none yet, for
those that never get that far. For each value, and each point of the way (a stage reached, won, lost), two things are
tested, both of which must hold:

- nearly all deals with the value got there, though among the others many do not: an exact binomial test against one in
  ten that ends elsewhere, or waits longer than nearly all did;
- too few deals with the value are on their way there. How many should be follows from the days that those who arrived
  took, and from the days on which the others began: given how many arrived of late and are on their way, those on their
  way are binomial. Quick values, new ones, and times with more or fewer deals give no cause.

A value that has ended is left alone. The chance that both hold is that of a product of two independent probabilities,
corrected by Holm for the values and points that are looked at.

References
----------
Fisher (1932), Statistical Methods for Research Workers, 4th edition, section 21.1, on the product. Holm (1979), A
simple sequentially rejective multiple test procedure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.days import day_number, day_numbers
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEVEL = 1e-4
"""Of both tests together, corrected for the values and points of the way."""
_LEVEL_OF_EACH = 0.005
_FEWEST = 20
"""So many deals with a value must have got there, and there must be so many others."""
_USUAL_ELSEWHERE = 0.1
"""An honest value has at least this share of deals that end elsewhere; one with fewer is told by both tests."""
_OTHERS_ELSEWHERE = 0.2
"""So many of the others must not get there, or all do."""
_LATE_DAYS = 180
"""Arrivals of so many days are compared with the deals on their way."""
_FOLLOWED = 0.95
"""Deals on their way for longer than this share of those who arrived count as ending elsewhere."""
_ENDED = 0.01
"""A value whose last arrival lies back so long that chance seldom explains it has ended."""
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class SetLate:
    """A value of a segment column that deals seem to get on their way.

    Parameters
    ----------
    column, value
        The value.
    point
        Where they get it: a stage or an outcome.
    n_there, n_elsewhere
        Deals with the value that got there, and that ended elsewhere or wait for longer than those did.
    n_coming, due
        Deals with the value that are on their way there, and how many should be.
    p_value
        Corrected.
    """

    column: str
    value: str
    point: str
    n_there: int
    n_elsewhere: int
    n_coming: int
    due: float
    p_value: float

    def words(self) -> str:
        """Say what was found, what it does to a forecast, and what to do."""
        return (
            f"{self.column} {self.value!r} seems to be set when deals reach {self.point!r}: {self.n_there:,} of"
            f" {self.n_there + self.n_elsewhere:,} deals with it got there, and {self.n_coming:,} are on their way"
            f" where about {self.due:.0f} should be (p = {self.p_value:.1g}): forecasts then know the end of deals that"
            f" have it, and of open deals too little; leave {self.column!r} out of history.segments"
        )


def segments_set_late(
    pipeline: Pipeline, columns: tuple[str, ...], stays: pd.DataFrame, until: np.datetime64
) -> tuple[SetLate, ...]:
    """Find the clearest such value of each segment column of a table of stays (see `History`).

    Parameters
    ----------
    pipeline, columns, stays
        The pipeline, the segment columns and the stays.
    until
        The first day that is not on record.
    """
    if not columns or stays.empty:
        return ()
    deal = np.asarray(stays.groupby("deal", sort=False).ngroup(), dtype=np.int64)
    first = ~stays["deal"].duplicated().to_numpy()
    last = ~stays["deal"].duplicated(keep="last").to_numpy()
    entered, left = (day_numbers(stays[name].to_numpy()) for name in ("entered", "left"))
    n_deals, place = int(first.sum()), {name: number for number, name in enumerate(pipeline.path)}
    rank = stays["stage"].map(place).fillna(-1).to_numpy(dtype=np.int64)
    is_won = stays["move"].isin([name for name in pipeline.outcomes if pipeline.is_won(name)]).to_numpy()
    points: dict[str, Ints] = {}
    for number, name in enumerate(pipeline.path[1:], 1):
        points[name] = _earliest(deal, [(rank >= number, entered), (is_won, left)], n_deals)
    ends = stays["move"].where(stays["move"].isin(pipeline.outcomes))[last]
    for name in pipeline.outcomes:
        points[name] = np.where((ends == name).to_numpy(), left[last], _NEVER)
    values = {name: stays[name].to_numpy(dtype=object)[first] for name in columns}
    is_open = ends.isna().to_numpy() & stays["left"].isna().to_numpy()[last]
    return find_set_late(values, entered[first], points, is_open, day_number(until))


def _earliest(deal: Ints, when: list[tuple[Flags, Ints]], n_deals: int) -> Ints:
    """Return for each deal the first of the days on which one of several things holds."""
    found = np.full(n_deals, _NEVER)
    for rows, day in when:
        np.minimum.at(found, deal[rows], day[rows])
    return found


def find_set_late(
    values: Mapping[str, NDArray[np.object_]], began: Ints, points: Mapping[str, Ints], is_open: Flags, until: int
) -> tuple[SetLate, ...]:
    """Return of each column the value that is set late the most clearly; none where none is.

    Parameters
    ----------
    values
        By column, (n_deals,): the values of deals.
    began
        int64, (n_deals,): the days on which they began.
    points
        By stage or outcome, int64, (n_deals,): the day on which deals got there; the largest number where never.
    is_open
        bool, (n_deals,)
    until
        The first day that is not on record.
    """
    tests = [
        (column, told)
        for column, of_deals in values.items()
        for value in dict.fromkeys(of_deals.tolist())
        if value != UNKNOWN
        for told in _tests(column, value, of_deals == value, began, points, is_open, until)
    ]
    found: dict[str, SetLate] = {}
    least = 0.0
    for number, (column, told) in enumerate(sorted(tests, key=lambda test: test[1].p_value)):
        least = max(least, (len(tests) - number) * told.p_value)
        if least > LEVEL:
            break
        found.setdefault(column, SetLate(**{**vars(told), "p_value": least}))
    return tuple(found.values())


def _tests(
    column: str, value: str, here: Flags, began: Ints, points: Mapping[str, Ints], is_open: Flags, until: int
) -> Iterator[SetLate]:
    """Yield the test of one value at each point where there are enough deals; a p-value of 1 where one test fails."""
    for point, day in points.items():
        there = day < until
        own, others = here & there, ~here
        n_there = int(own.sum())
        settled = others & (there | ~is_open)
        if n_there < _FEWEST or settled.sum() < _FEWEST:
            continue
        if (settled & ~there).sum() < _OTHERS_ELSEWHERE * settled.sum():
            continue
        took = np.sort(day[own] - began[own])
        longest = max(1, int(np.quantile(took, _FOLLOWED)))
        on_way = here & is_open & ~there
        coming = on_way & (until - began <= longest)
        n_coming, n_elsewhere = int(coming.sum()), int((here & ~there & ~coming).sum())
        late = day[own][day[own] >= until - _LATE_DAYS]
        waiting, arriving = _due(took, longest, until - began[others])
        due = late.size * waiting / arriving if arriving else 0.0
        p_elsewhere = _binomial(n_elsewhere, n_there + n_elsewhere, _USUAL_ELSEWHERE)
        p_coming = _binomial(n_coming, late.size + n_coming, waiting / max(waiting + arriving, 1e-12))
        p_value = 1.0
        if max(p_elsewhere, p_coming) <= _LEVEL_OF_EACH and not _has_ended(late, until):
            both = max(p_elsewhere * p_coming, 1e-300)
            p_value = both * (1.0 - math.log(both))
        yield SetLate(column, value, point, n_there, n_elsewhere, n_coming, due, p_value)


def _due(took: Ints, longest: int, age: Ints) -> tuple[float, float]:
    """Return how many of deals of such ages would be on their way, and how many would have arrived of late."""
    by_now, by_then = (
        np.searchsorted(took, days, side="left") / took.size for days in (age, np.maximum(age - _LATE_DAYS, 0))
    )
    return float((1.0 - by_now)[age <= longest].sum()), float((by_now - by_then).sum())


def _has_ended(late: Ints, until: int) -> bool:
    silent = until - int(np.max(late, initial=until - _LATE_DAYS))
    return late.size < 2 or (1.0 - silent / _LATE_DAYS) ** late.size < _ENDED


def _binomial(least: int, trials: int, probability: float) -> float:
    """Return the probability of so few, or fewer.

    Examples
    --------
    >>> round(_binomial(1, 4, 0.5), 4)
    0.3125
    """
    if probability <= 0.0 or trials == 0:
        return 1.0
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    few = np.arange(least + 1)
    terms = logs[trials] - logs[few] - logs[trials - few]
    terms = terms + few * math.log(probability) + (trials - few) * math.log1p(-min(probability, 1.0 - 1e-12))
    return min(1.0, float(np.exp(terms).sum()))
