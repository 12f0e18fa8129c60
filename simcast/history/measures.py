"""Numbers that describe a table of stays: what the quality report is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.days import day_number, day_numbers, weekday_of
from simcast.pipeline import Pipeline
from simcast.segments import Segments

BULK_SHARE = 0.05
"""A day on which more than this share of all events falls may be a bulk import."""
FEWEST_EVENT_DAYS = 60
"""With fewer days with events, a day with many of them is no sign of anything."""

FEWEST_ON_A_PATH = 20
"""Stays must have ended so often in a group of stages for moves that never happened to tell anything."""
FEWEST_SILENT_DAYS = 3
"""So many days without events, a long weekend, are no sign of anything."""
LEAST_TAIL, SHARE_OF_TAIL = 20, 0.1
"""So many of the longest stays that ended, or this share of them, tell how soon others end after them."""
_A_MOMENT = 0.5
"""Days that a stay of 0 days has lasted, nearly."""
RECENT_DAYS, FEWEST_DAYS_SEEN = 90, 30
"""By which it is told how usual days without events are, and how many deals are open on a usual day."""
MOST_SURE = 0.99
"""No day is surer than this to have an event."""
UNLIKELY = 10.0
"""Minus the logarithm of the probability of a silence in which records are taken to have ended."""

Days = NDArray[np.int64]


@dataclass(frozen=True)
class StageCounts:
    """The stays in one stage. `n_overdue` open ones have lasted longer than any that ended (`longest_days`).

    `overdue_by_chance` is how often stays that go on ending as the longest ones did are open for so long.
    `n_usual` is how many are open on a usual day: those begun per day of late times the mean days of those that ended
    (Little's law).
    """

    stage: str
    n_stays: int
    n_open: int
    n_overdue: int
    longest_days: int | None
    n_usual: float = 0.0
    overdue_by_chance: float = 1.0


@dataclass(frozen=True)
class Amounts:
    """What is known of amounts, in deals and in wins. `share_of_deals` is None without deals.

    `share_of_largest` is the part of all that was won that the `n_largest` wins hold, one in a hundred.
    """

    share_of_deals: float | None
    n_wins: int
    n_wins_unknown: int
    n_wins_zero: int
    n_losses: int
    n_losses_zero: int
    n_largest: int
    share_of_largest: float


@dataclass(frozen=True)
class SegmentSizes:
    """How many deals the segments have; the labels are those of the smallest and the largest."""

    n_segments: int
    deals_per_segment: float
    smallest: tuple[str, int]
    largest: tuple[str, int]


@dataclass(frozen=True)
class FirstContacts:
    """How many deals that entered a stage have a first contact on record, and how many hours they waited for it."""

    stage: str
    n_entered: int
    n_deals: int
    median_hours: float
    hours_90: float


def first_contacts(stays: pd.DataFrame, responses: pd.DataFrame) -> tuple[FirstContacts, ...]:
    """Describe the first contacts by stage."""
    return tuple(
        FirstContacts(
            stage=str(stage),
            n_entered=int(stays.loc[stays["stage"] == stage, "deal"].nunique()),
            n_deals=len(group),
            median_hours=float(group["hours"].median()),
            hours_90=float(group["hours"].quantile(0.9)),
        )
        for stage, group in responses.groupby("stage", sort=False)
    )


def event_days(pipeline: Pipeline, stays: pd.DataFrame) -> Days:
    """Return the day (since 1970) of every entry and of every outcome that ended a deal, unsorted."""
    final = [name for name in pipeline.outcomes if not pipeline.renews(name)]
    ends = stays.loc[stays["move"].isin(final), "left"]
    return np.concatenate([day_numbers(stays["entered"].to_numpy()), day_numbers(ends.to_numpy())])


def weekend_share(days: Days) -> float | None:
    """Return the share of events on Saturdays and Sundays; None without events."""
    return float((weekday_of(days) >= 5).mean()) if len(days) else None


def bulk_days(days: Days) -> tuple[tuple[str, float], ...]:
    """Return the days that hold an unlikely share of all events, and that share, largest first."""
    distinct, counts = np.unique(days, return_counts=True)
    if len(distinct) < FEWEST_EVENT_DAYS:
        return ()
    shares = counts / len(days)
    order = np.argsort(-shares, kind="stable")
    return tuple((str(np.datetime64(int(distinct[k]), "D")), float(shares[k])) for k in order if shares[k] > BULK_SHARE)


def longest_gap_days(days: Days) -> int:
    """Return the longest run of whole days without events between two events."""
    distinct = np.unique(days)
    return int(np.diff(distinct).max()) - 1 if len(distinct) > 1 else 0


def silence_is_unlikely(days: Days, silent_days: int) -> bool:
    """Return whether so many days without an event after the last one are a sign that records end there.

    They are where they are more than twice as many as in the longest gap before, and would come once in 20,000 times
    if each day were as likely to have an event as the last days on record.

    Parameters
    ----------
    days
        The days of all events, since 1970.
    silent_days
        Whole days after the last of them.
    """
    if not len(days) or silent_days <= max(FEWEST_SILENT_DAYS, 2 * longest_gap_days(days)):
        return False
    last = np.max(days)
    seen = min(RECENT_DAYS, max(FEWEST_DAYS_SEEN, int(last - np.min(days)) + 1))
    share = len(np.unique(days[days > last - seen])) / seen
    return silent_days * -math.log1p(-min(share, MOST_SURE)) >= UNLIKELY


def stays_by_stage(pipeline: Pipeline, stays: pd.DataFrame, observed_until: np.datetime64) -> tuple[StageCounts, ...]:
    """Describe each stage's stays."""
    entered, left = (day_numbers(stays[name].to_numpy()) for name in ("entered", "left"))
    is_open = stays["left"].isna().to_numpy()
    # An open stay has lasted at least n - 1 days, an ended one at most its days + 1 (hours are not known).
    until = day_number(observed_until)
    least = until - entered - 1
    stage = stays["stage"].to_numpy(dtype=object)
    described = []
    for name in pipeline.stages:
        here = stage == name
        ended = (left - entered)[here & ~is_open]
        longest = int(ended.max()) if len(ended) else None
        overdue = 0 if longest is None else int((least[here & is_open] > longest).sum())
        per_day = float((entered[here] >= until - RECENT_DAYS).sum()) / RECENT_DAYS
        usual = per_day * float(ended.mean()) if len(ended) else 0.0
        chance = overdue_by_chance(ended, least[here & is_open]) if overdue else 1.0
        described.append(
            StageCounts(name, int(here.sum()), int((here & is_open).sum()), overdue, longest, usual, chance)
        )
    return tuple(described)


def overdue_by_chance(ended: Days, open_: Days) -> float:
    """Return how often no stay ends beyond the longest that did, though the open ones last as long as they have.

    The hazard by the logarithm of days is what it was while the longest stays that ended were ending, or higher: so it
    is of Pareto stays, and it rises where they are log-logistic, lognormal or Weibull. Where it is constant the stays
    that end while `a` log days pass, of which `b` brought k, are negative binomial, and none does with probability
    (1 + a / b)^-k.

    Parameters
    ----------
    ended, open_
        int64: the days of the stays that ended, and of those that are open.
    """
    n_tail = min(max(LEAST_TAIL, round(SHARE_OF_TAIL * ended.size)), ended.size)
    begins = max(float(np.sort(ended)[-n_tail]), _A_MOMENT)
    k = int((ended >= begins).sum()) or ended.size
    longest = float(np.max(ended)) + 1.0  # hours are not known
    passed = np.log(np.maximum(np.concatenate([ended + 1.0, open_]), begins) / begins)
    before, beyond = np.minimum(passed, np.log(longest / begins)), np.maximum(passed - np.log(longest / begins), 0.0)
    return float((1.0 + beyond.sum() / before.sum()) ** -k)


def separate_paths(stays: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return the groups of stages between which no deal ever moved, those with most stays first; one if all are linked.

    Groups in which few stays ended say nothing.
    """
    counts = stays["stage"][stays["left"].notna()].value_counts()
    group = {str(stage): {str(stage)} for stage in counts.index}
    moves = stays[["stage", "move"]].dropna().drop_duplicates()
    for stage, move in moves.itertuples(index=False):
        if stage in group and move in group and group[stage] is not group[move]:
            joined = group[stage] | group[move]
            group.update(dict.fromkeys(joined, joined))
    distinct = {frozenset(stages): None for stages in group.values()}
    found = [tuple(stage for stage in group if stage in stages) for stages in distinct]
    return tuple(stages for stages in found if counts[list(stages)].sum() >= FEWEST_ON_A_PATH)


def latest_amounts(stays: pd.DataFrame) -> pd.Series[float]:
    """Return the amount of each stay's deal as it was known when the stay began; NaN where none was."""
    found: pd.Series[float] = stays.groupby("deal", sort=False)["amount"].ffill()
    return found


def describe_amounts(pipeline: Pipeline, stays: pd.DataFrame) -> Amounts:
    """Count the deals and the ends whose amounts are known, and those that are zero."""
    known = stays["amount"].notna() | stays["amount_at_end"].notna()
    n_deals = stays["deal"].nunique()
    won = stays.loc[stays["move"].isin(_outcomes(pipeline, won=True)), "amount_at_end"]
    lost = stays.loc[stays["move"].isin(_outcomes(pipeline, won=False)), "amount_at_end"]
    descending = np.sort(won.dropna().to_numpy(dtype=np.float64))[::-1]
    n_largest, total = -(-len(descending) // 100), float(descending.sum())
    return Amounts(
        share_of_deals=float(stays.loc[known, "deal"].nunique() / n_deals) if n_deals else None,
        n_wins=len(won),
        n_wins_unknown=int(won.isna().sum()),
        n_wins_zero=int((won == 0).sum()),
        n_losses=len(lost),
        n_losses_zero=int((lost == 0).sum()),
        n_largest=n_largest,
        share_of_largest=float(descending[:n_largest].sum()) / total if total > 0 else 0.0,
    )


def _outcomes(pipeline: Pipeline, *, won: bool) -> list[str]:
    return [name for name in pipeline.outcomes if pipeline.is_won(name) is won]


def segment_sizes(segments: Segments, stays: pd.DataFrame) -> SegmentSizes | None:
    """Count the deals of each segment; None when deals are not told apart, or there are none."""
    if not segments.columns or stays.empty:
        return None
    codes = stays.drop_duplicates("deal")["segment_code"].to_numpy()
    counts = np.bincount(codes, minlength=len(segments))
    small, large = int(np.argmin(counts)), len(counts) - 1 - int(np.argmax(counts[::-1]))
    return SegmentSizes(
        n_segments=len(segments),
        deals_per_segment=float(counts.mean()),
        smallest=(segments.labels[small], int(counts[small])),
        largest=(segments.labels[large], int(counts[large])),
    )


def late_start(pipeline: Pipeline, stays: pd.DataFrame) -> tuple[int, int] | None:
    """Return the days from the first entry to the first end of a deal, and the median days from entry to end.

    None when fewer than 50 deals have ended. When the first is longer than the second, deals that ended
    early were probably not recorded.
    """
    ends = stays[stays["move"].isin(pipeline.outcomes)].drop_duplicates("deal")
    if len(ends) < 50:
        return None
    first_entered = stays.drop_duplicates("deal").set_index("deal")["entered"]
    began, ended = (day_numbers(dates.to_numpy()) for dates in (ends["deal"].map(first_entered), ends["left"]))
    return int(np.min(ended) - np.min(day_numbers(first_entered.to_numpy()))), int(np.median(ended - began))
