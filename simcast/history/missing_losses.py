"""Losses that were deleted from a CRM some time after they happened: what is left of the past was nearly all won.

If lost deals are deleted a month after the loss, an export contains last month as it was, but of the years before all
wins and few losses. A fit takes the average and forecasts far too many wins, and yet fits such a file well. For each of
a few numbers of days, N, three things must hold at once, since each of them also has innocent causes:

- among deals that ended, a larger share was lost in the last N days than before (Fisher's exact test). This is also so
  where deals are lost sooner than they are won and more come in, or where old deals are cleaned up;
- more deals began in the last N days than before: what was deleted is not among those that began. A clean-up, or a
  month in which more is lost, takes no deal away. Counts of weeks are taken as dispersed as they are;
- lost deals that began before were lost in the last N days more often than their ages let expect, whatever the numbers
  that began with them: a log-rank test in reverse time, in which a deal that was lost at an age stands against those
  lost younger, with the scores of deletion. More deals, and poorer ones, pass this. So must the three in four of them
  that were lost the youngest, which clean-ups do not meet; and where the last weeks differ more than chance has it, as
  with a clean-up, all of their losses count as so many fewer. Beside a clean-up, deletion is not told.

If more deals begin and, from the same day on, deals of all ages are lost more often, this cannot be distinguished from
deletion.

References
----------
Fisher (1935), The Logic of Inductive Inference. Lagakos, Barraj & De Gruttola (1988), Nonparametric analysis of
truncated survival data, with application to AIDS, on reverse time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.days import day_number, day_numbers
from simcast.pipeline import Pipeline

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS = (14, 21, 30, 45, 60, 90, 120, 180)
"""The numbers of days after which losses may have been deleted that are looked at."""
LEVEL = 1e-4
"""Of the tests of ends and of ages together, corrected for the numbers of days."""
_LEVEL_OF_ENDS, _LEVEL_OF_OTHERS = 1e-2, 1e-3
"""Of the test of ends alone, and of those of deals begun and of ages: each keeps one kind of honest history from being
told of."""
_YOUNG, _LEVEL_OF_YOUNG = 0.75, 0.1
"""The share of the lost deals that are taken for young, since clean-ups do not meet them, and the level for them."""
_BEFORE_DAYS = 365
"""With so many days before the last N days these are compared."""
_FEWEST_TIMES = 3
"""The history must be so many times as long as N."""
_FOLLOWED = 0.9
"""Of lost deals, this share is lost within the days by which deals that began are taken from before."""
_DELETED = 0.7
"""The share of losses deleted for which the scores of the test of ages are the best."""
_WEEK = 7
_SURELY = 3.0
"""So many standard errors of a variance."""


@dataclass(frozen=True)
class MissingLosses:
    """Losses that seem to have been deleted.

    Parameters
    ----------
    days
        After about so many days.
    since
        The first of them, YYYY-MM-DD: losses are on record from then on.
    lost, won
        How many deals were lost and won since.
    lost_before, won_before
        The same of the year before.
    begun, begun_before
        Deals begun in these days, and in as many before on average.
    p_value
        Of the tests of ends and of ages together, corrected for the numbers of days looked at.
    """

    days: int
    since: str
    lost: int
    won: int
    lost_before: int
    won_before: int
    begun: int
    begun_before: float
    p_value: float

    def words(self) -> str:
        """Say what was found, what it does to a forecast, and what to do."""
        return (
            f"losses older than about {self.days} days seem to be missing: since {self.since} {self.lost:,} deals were"
            f" lost and {self.won:,} won, in the year before {self.lost_before:,} and {self.won_before:,}, and"
            f" {self.begun:,} deals began, where {self.begun_before:,.0f} did in as many days before"
            f" (p = {self.p_value:.1g}): conversion is then far too high, and so are the wins forecast;"
            " export the deleted deals, too"
        )


def missing_losses(pipeline: Pipeline, stays: pd.DataFrame, until: np.datetime64) -> MissingLosses | None:
    """Look at the deals of a table of stays (see `History`) for losses that were deleted; None where none seem to be.

    Parameters
    ----------
    pipeline, stays
        The pipeline and its table of stays.
    until
        The first day that is not on record.
    """
    first = ~stays["deal"].duplicated().to_numpy()
    last = ~stays["deal"].duplicated(keep="last").to_numpy()
    move = stays["move"].to_numpy(dtype=object)[last]
    ends = {name: 1 if pipeline.is_won(name) else -1 for name in pipeline.outcomes}
    outcome = np.array([ends.get(name, 0) if isinstance(name, str) else 0 for name in move], dtype=np.int64)
    began = day_numbers(stays["entered"].to_numpy()[first])
    return find_missing_losses(began, day_numbers(stays["left"].to_numpy()[last]), outcome, day_number(until))


def find_missing_losses(began: Ints, ended: Ints, outcome: Ints, until: int) -> MissingLosses | None:
    """Return the clearest number of days after which losses are missing; None where there is none.

    Parameters
    ----------
    began, ended
        int64, (n_deals,): the days on which deals began and ended.
    outcome
        int64, (n_deals,): 1 where a deal was won, -1 where it was lost, 0 where it is open.
    until
        The first day that is not on record.
    """
    lost = outcome == -1
    if not lost.any() or not (outcome == 1).any():
        return None
    start = int(np.min(began))
    found = [
        told
        for days in DAYS
        if until - start >= _FEWEST_TIMES * days and (told := _test(began, ended, outcome, until, days)) is not None
    ]
    return min(found, key=lambda told: told.p_value, default=None)


def _test(began: Ints, ended: Ints, outcome: Ints, until: int, days: int) -> MissingLosses | None:
    """Test one number of days."""
    since, lost = until - days, outcome == -1
    start = max(int(np.min(began)), since - _BEFORE_DAYS)
    now, before = (
        _count(ended[outcome != 0], outcome[outcome != 0], *days) for days in ((since, until), (start, since))
    )
    if not now[0] or (p_ends := _fisher(now, before)) > _LEVEL_OF_ENDS:
        return None
    ages = ended[lost] - began[lost]
    follow = min(int(np.quantile(ages, _FOLLOWED)), (since - start) // 2)
    earlier = (start, since - follow)
    n_now, n_earlier = (int(((began >= low) & (began < high)).sum()) for low, high in ((since, until), earlier))
    share, total = days / (days + earlier[1] - earlier[0]), n_now + n_earlier
    if not total:
        return None
    spread = math.sqrt(total * share * (1.0 - share) * _dispersion(began, (since, until), earlier))
    if _upper_tail((n_now - total * share) / spread) > _LEVEL_OF_OTHERS:
        return None
    young = ages <= np.quantile(ages, _YOUNG)
    p_ages, p_young = (
        _upper_tail(
            _reverse_log_rank(began[lost][here], ages[here], since, until)
            / math.sqrt(_dispersion(ended[lost][here], (since, until), (start, since)))
        )
        for here in (np.ones(ages.size, dtype=bool), young)
    )
    both = max(p_ends * p_ages, 1e-300)
    p_value = both * (1.0 - math.log(both)) * len(DAYS)  # of a product of two such probabilities
    if p_value > LEVEL or p_ages > _LEVEL_OF_OTHERS or p_young > _LEVEL_OF_YOUNG:
        return None
    return MissingLosses(
        days=days,
        since=str(np.datetime64(since, "D")),
        lost=now[0],
        won=now[1],
        lost_before=before[0],
        won_before=before[1],
        begun=n_now,
        begun_before=n_earlier * days / (earlier[1] - earlier[0]),
        p_value=p_value,
    )


def _count(ended: Ints, outcome: Ints, low: int, high: int) -> tuple[int, int]:
    """Return how many deals were lost and won from one day up to another."""
    here = outcome[(ended >= low) & (ended < high)]
    return int((here == -1).sum()), int((here == 1).sum())


def _fisher(now: tuple[int, int], before: tuple[int, int]) -> float:
    """Return the probability of so many losses now, or more, given the margins of the table.

    Examples
    --------
    >>> round(_fisher((3, 1), (1, 3)), 4)
    0.2429
    """
    n_now, n_lost, total = sum(now), now[0] + before[0], sum(now) + sum(before)
    losses = np.arange(now[0], min(n_now, n_lost) + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])

    def choose(n: int, k: Ints) -> Floats:
        chosen: Floats = logs[n] - logs[k] - logs[n - k]
        return chosen

    every = choose(n_lost, losses) + choose(total - n_lost, n_now - losses)
    return float(np.exp(every - choose(total, np.array([n_now]))).sum())


def _dispersion(days: Ints, now: tuple[int, int], before: tuple[int, int]) -> float:
    """Return the variance of weekly counts over their mean, at least 1; that of now where it is surely larger."""
    of_now, of_before = (_weekly_dispersion(days, *span) for span in (now, before))
    n_weeks = (now[1] - now[0]) // _WEEK
    surely = 1.0 + _SURELY * math.sqrt(2.0 / max(n_weeks - 1, 1))  # of the variance of so few weeks
    return of_now if of_now > surely * of_before else of_before


def _weekly_dispersion(days: Ints, low: int, high: int) -> float:
    n_weeks = (high - low) // _WEEK
    week = (high - 1 - days[(days >= high - _WEEK * n_weeks) & (days < high)]) // _WEEK
    counts = np.bincount(week, minlength=n_weeks)
    return max(1.0, float(counts.var(ddof=1) / counts.mean())) if n_weeks > 1 and counts.any() else 1.0


def _upper_tail(score: float) -> float:
    """Return how often a standard normal number is as large."""
    return 0.5 * math.erfc(score / math.sqrt(2.0))


def _reverse_log_rank(began: Ints, age: Ints, since: int, until: int) -> float:
    """Return the standardised log-rank score, in reverse time, of losses missing before a day.

    Of the deals lost by an age, and begun so early that they could be seen to be, those that began before the day and
    reach the age after it are lost at it more often if younger losses among them are missing.

    Parameters
    ----------
    began, age
        int64, (n_lost,): when lost deals began, and after how many days they were lost.
    """
    kept = began >= since - _BEFORE_DAYS
    began, age = began[kept], age[kept]
    ages = np.unique(age)
    at_risk = [(age <= one) & (began < until - one) for one in ages]
    ending = np.array([int((age[rows] == one).sum()) for one, rows in zip(ages, at_risk, strict=True)])
    sizes = np.array([int(rows.sum()) for rows in at_risk])
    # The share lost by each age, by the product limit over later ages.
    stay = 1.0 - ending[:0:-1] / np.maximum(sizes[:0:-1], 1)
    by_age = np.concatenate([np.cumprod(np.maximum(stay, 1e-9))[::-1], [1.0]])
    place = np.searchsorted(ages, since - 1 - began, side="right")
    by_then = np.concatenate([[0.0], by_age])[place]
    total = variance = 0.0
    for one, rows, share, n_ending, size in zip(ages, at_risk, by_age, ending, sizes, strict=True):
        if size > 1:
            before = (began < since) & (began >= since - one)
            score = np.where(before, -np.log1p(-_DELETED * np.minimum(1.0, by_then / share)), 0.0)[rows]
            total += float(score[age[rows] == one].sum() - n_ending * score.mean())
            variance += float(n_ending * score.var() * (size - n_ending) / (size - 1))
    return total / math.sqrt(variance) if variance > 0.0 else 0.0
