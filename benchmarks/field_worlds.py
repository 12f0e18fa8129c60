"""A web funnel, renewals, hiring and fundraising with a known truth: who enters, by which ways they leave each stage.

NumPy alone, and nothing of simcast: instants are real numbers of days since a Monday. Whoever enters a stage draws how
the stay ends and when; some never leave. Stays that are open on a day go on from it by the same law, given that they
are open: a way and an instant are drawn anew until they lie ahead. So the same generator says what may happen after a
history, as often as one asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Law = Callable[[int, np.random.Generator], Floats]

WON, LOST, WITHDREW = -1, -2, -3
"""Where stays end but for stages, which are 0 and up."""
MOST_TRIES = 100_000
MOST_ROWS = 1_000_000
"""Of open stays replayed at once, which bounds the memory."""


def lognormal(median: float, sigma: float) -> Law:
    """Days of this median; `sigma` is the sd of their logarithm."""
    return lambda n, generator: median * np.exp(sigma * generator.standard_normal(n))


def exponential(mean: float) -> Law:
    """Days of this mean, most of them short."""
    return lambda n, generator: mean * generator.standard_exponential(n)


def uniform(most: float) -> Law:
    """Any day up to the last is as likely as any other."""
    return lambda n, generator: most * generator.random(n)


def at_latest(most: float, law: Law) -> Law:
    """Days of a law, but the last day where it says more: what is due is done on its day."""
    return lambda n, generator: np.minimum(law(n, generator), most)


@dataclass(frozen=True)
class Way:
    """A way out of a stage: where to, the chance of each kind to take it, and after how many days."""

    to: int
    chance: tuple[float, ...]
    days: Law


@dataclass(frozen=True)
class Stays:
    """Stays that have begun.

    Parameters
    ----------
    future
        The number of the replay, 0 in a history: int64, (n_stays,), as are the others but for instants and amounts.
    subject
        Who stays. In a replay those who enter are numbered from 0 again: only their wins are counted.
    stage, kind
        Where, and of which kind (source, plan, job) the subject is.
    term
        How many wins there were before.
    entered
        The instant: float64, (n_stays,).
    """

    future: Ints
    subject: Ints
    stage: Ints
    kind: Ints
    term: Ints
    entered: Floats

    def __len__(self) -> int:
        return len(self.subject)

    def taken(self, which: Bools | Ints) -> Stays:
        """Return some of them."""
        return Stays(*(getattr(self, each.name)[which] for each in fields(self)))

    @classmethod
    def joined(cls, parts: list[Stays]) -> Stays:
        """Return several as one."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


@dataclass(frozen=True)
class Ends:
    """How stays ended: the stays, where they led, and the instants."""

    stays: Stays
    to: Ints
    instant: Floats

    def wins(self, n_futures: int) -> Ints:
        """Count the wins of each replay."""
        return np.bincount(self.stays.future[self.to == WON], minlength=n_futures)


@dataclass(frozen=True)
class Field:
    """The law of one field.

    Parameters
    ----------
    stages
        Their names.
    kinds
        The names of the kinds of subjects.
    share
        Of the subjects that enter, by kind.
    per_day
        How many enter on an average day.
    weekdays
        The same relative to that by weekday, Monday first.
    listed
        How many there are where the list of them is closed: all have entered by the as-of day, `per_day` is their
        number by the days of the history, and nobody else enters. 0 where new ones go on entering.
    first_stage
        The share of those who enter in each stage.
    ways
        By stage.
    on_working_days
        Whether what would happen on a weekend happens on the Monday after.
    renews
        Whether the winners begin anew in the first stage, at the instant of their win.
    n_days, n_ahead
        The days of the history, and those that are forecast.
    """

    stages: tuple[str, ...]
    kinds: tuple[str, ...]
    share: tuple[float, ...]
    per_day: float
    ways: tuple[tuple[Way, ...], ...]
    n_days: int
    n_ahead: int
    weekdays: tuple[float, ...] = (1.0,) * 7
    listed: int = 0
    first_stage: tuple[float, ...] = (1.0,)
    on_working_days: bool = False
    renews: bool = False

    def begin(self, first: int, last: int, generator: np.random.Generator, n_futures: int = 1) -> Stays:
        """Return who enters from one day until before another, in each of several replays."""
        day = np.arange(first, last)
        mean = self.per_day * np.array(self.weekdays)[day % 7]
        counts = generator.poisson(mean, (n_futures, len(day)))
        if self.listed:
            counts = generator.multinomial(self.listed if first == 0 else 0, mean / mean.sum(), n_futures)
        future, place = np.nonzero(counts)
        repeats = counts[future, place]
        n = int(repeats.sum())
        kind = generator.choice(len(self.kinds), n, p=self.share)
        stage = generator.choice(len(self.first_stage), n, p=self.first_stage)
        entered = np.repeat(day[place], repeats) + generator.random(n)
        return Stays(np.repeat(future, repeats), np.arange(n), stage, kind, np.zeros(n, dtype=np.int64), entered)

    def leave(self, stays: Stays, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw where stays lead to and when, infinite for those that never end."""
        to, left = np.full(len(stays), LOST, dtype=np.int64), np.full(len(stays), np.inf)
        luck = generator.random(len(stays))
        for stage, ways in enumerate(self.ways):
            here = stays.stage == stage
            below = np.zeros(len(stays))
            for way in ways:
                above = below + np.array(way.chance)[stays.kind]
                taken = np.flatnonzero(here & (below <= luck) & (luck < above))
                to[taken] = way.to
                left[taken] = stays.entered[taken] + way.days(len(taken), generator)
                below = above
        return to, self._worked(left) if self.on_working_days else left

    def _worked(self, instant: Floats) -> Floats:
        weekday = np.mod(np.floor(np.where(np.isfinite(instant), instant, 0.0)), 7)
        return instant + np.where(weekday >= 5, 7 - weekday, 0.0)

    def leave_from(self, day: int, stays: Stays, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw the same given that stays which began before a day have not ended before it."""
        to, left = self.leave(stays, generator)
        for _ in range(MOST_TRIES):
            past = np.flatnonzero((left < day) & (stays.entered < day))
            if not len(past):
                return to, left
            to[past], left[past] = self.leave(stays.taken(past), generator)
        raise RuntimeError(f"{len(past)} stays that are open on day {day} hardly can be")

    def play(self, stays: Stays, day: int, last: int, generator: np.random.Generator) -> tuple[Ends, Stays]:
        """Follow stays from a day until before another; return how stays ended, and those still open."""
        ended, still = [], []
        while len(stays):
            to, left = self.leave_from(day, stays, generator)
            over = left < last
            still.append(stays.taken(~over))
            ends = Ends(stays.taken(over), to[over], left[over])
            ended.append(ends)
            stays = self._going_on(ends)
        ends = Ends(
            Stays.joined([each.stays for each in ended]),
            np.concatenate([each.to for each in ended]),
            np.concatenate([each.instant for each in ended]),
        )
        return ends, Stays.joined(still)

    def _going_on(self, ends: Ends) -> Stays:
        """Return the stays that begin where others end; those who renew begin where they began."""
        goes = (ends.to >= 0) | (ends.to == WON) if self.renews else ends.to >= 0
        to, stays = ends.to[goes], ends.stays.taken(goes)
        return replace(stays, stage=np.maximum(to, 0), term=stays.term + (to == WON), entered=ends.instant[goes])


@dataclass(frozen=True)
class Past:
    """A history: who entered, how their stays ended before the as-of day, and the stays that are open on it."""

    begun: Stays
    ends: Ends
    open: Stays


def past_of(field: Field, seed: int) -> Past:
    """Return the history of a seed; one without a win is drawn anew, since nobody could learn from it."""
    generator = np.random.default_rng([seed, 0])
    while True:
        begun = field.begin(0, field.n_days, generator)
        ends, still = field.play(begun, 0, field.n_days, generator)
        if (ends.to == WON).any():
            return Past(begun, ends, still)


def true_wins(field: Field, past: Past, seed: int, n_futures: int) -> Ints:
    """Return how many wins there are in the days ahead, in each of many replays from the same open stays."""
    generator = np.random.default_rng([seed, 1])
    n_open, last = len(past.open), field.n_days + field.n_ahead
    at_once = max(1, MOST_ROWS // max(n_open, 1))
    wins = []
    for first in range(0, n_futures, at_once):
        n = min(at_once, n_futures - first)
        known = past.open.taken(np.tile(np.arange(n_open), n))
        known = replace(known, future=np.repeat(np.arange(n), n_open))
        new = field.begin(field.n_days, last, generator, n)
        ends, _ = field.play(Stays.joined([known, new]), field.n_days, last, generator)
        wins.append(ends.wins(n))
    return np.concatenate(wins)


def web_funnel() -> Field:
    """Visitors of three sources: visit, sign-up, trial of two weeks, paid.

    Who goes no further is never recorded as lost. Some of those who look come by a link that begins the trial at once,
    and some who signed up pay without one: they skip stages. A sign-up takes minutes, seldom days.
    """
    return Field(
        stages=("visit", "sign-up", "trial"),
        kinds=("search", "ads", "partners"),
        share=(0.55, 0.30, 0.15),
        per_day=240.0,
        weekdays=(1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8),
        ways=(
            (Way(1, (0.09, 0.05, 0.14), exponential(0.3)), Way(2, (0.01, 0.01, 0.05), exponential(0.5))),
            (Way(2, (0.55, 0.45, 0.60), lognormal(1.0, 1.2)), Way(WON, (0.04, 0.02, 0.04), lognormal(2.0, 0.8))),
            (Way(WON, (0.36, 0.25, 0.42), lognormal(13.0, 0.35)),),
        ),
        n_days=154,
        n_ahead=14,
    )


def renewals() -> Field:
    """Contracts of one year on two plans: a reminder on the 335th day, then renewed or churned within 30.

    A few are given up in the middle of their year. Most renew some days before the year is over, and all others on its
    last day; most of those who churn let the day pass. The next term begins on the day of the renewal.
    """
    return Field(
        stages=("active", "reminder"),
        kinds=("basic", "pro"),
        share=(0.7, 0.3),
        per_day=1000 / 1463,
        weekdays=(1.3, 1.3, 1.3, 1.3, 1.2, 0.4, 0.2),
        ways=(
            (Way(1, (0.94, 0.98), at_latest(335.0, lognormal(1e9, 0.0))), Way(LOST, (0.06, 0.02), uniform(335.0))),
            (
                Way(WON, (0.82, 0.92), at_latest(30.0, lognormal(18.0, 0.6))),
                Way(LOST, (0.18, 0.08), at_latest(30.0, lognormal(40.0, 0.8))),
            ),
        ),
        n_days=1463,
        n_ahead=91,
        renews=True,
    )


def hiring() -> Field:
    """Candidates for three jobs: applied, two rounds of interviews, offer; rejected or withdrawn everywhere.

    One in ten was asked to come and begins with the first interview; a third of those who pass that one skip the
    second. All is decided on working days. Some hear nothing any more, which nobody writes down.
    """
    return Field(
        stages=("applied", "interview", "second interview", "offer"),
        kinds=("engineer", "sales", "support"),
        share=(0.5, 0.2, 0.3),
        per_day=800 / 364,
        weekdays=(1.3, 1.3, 1.3, 1.2, 1.0, 0.5, 0.4),
        first_stage=(0.9, 0.1),
        ways=(
            (
                Way(1, (0.07, 0.10, 0.12), lognormal(6.0, 0.7)),
                Way(LOST, (0.78, 0.76, 0.74), lognormal(9.0, 0.8)),
                Way(WITHDREW, (0.05, 0.05, 0.05), lognormal(8.0, 0.8)),
            ),
            (
                Way(2, (0.28, 0.30, 0.30), lognormal(10.0, 0.5)),
                Way(3, (0.14, 0.15, 0.15), lognormal(8.0, 0.5)),
                Way(LOST, (0.45, 0.42, 0.42), lognormal(7.0, 0.7)),
                Way(WITHDREW, (0.10, 0.10, 0.10), lognormal(9.0, 0.7)),
            ),
            (
                Way(3, (0.45, 0.50, 0.55), lognormal(7.0, 0.5)),
                Way(LOST, (0.42, 0.38, 0.35), lognormal(6.0, 0.6)),
                Way(WITHDREW, (0.10, 0.10, 0.08), lognormal(8.0, 0.6)),
            ),
            (
                Way(WON, (0.65, 0.75, 0.80), lognormal(7.0, 0.6)),
                Way(WITHDREW, (0.35, 0.25, 0.20), lognormal(8.0, 0.6)),
            ),
        ),
        on_working_days=True,
        n_days=364,
        n_ahead=91,
    )


def fundraising() -> Field:
    """Forty investors met in twenty weeks: a talk, the partners' meeting, diligence, committed.

    Partners put some off, who come back to them months later. One talk in six is never answered, nor are some later
    meetings. Afterwards nobody new is met: the list is closed. All is decided on working days.
    """
    return Field(
        stages=("talk", "partners", "diligence", "later"),
        kinds=("angel", "fund"),
        share=(0.4, 0.6),
        per_day=40 / 140,
        weekdays=(1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0),
        listed=40,
        ways=(
            (Way(1, (0.45, 0.40), lognormal(10.0, 0.7)), Way(LOST, (0.39, 0.44), lognormal(18.0, 0.8))),
            (
                Way(2, (0.45, 0.40), lognormal(14.0, 0.6)),
                Way(LOST, (0.35, 0.40), lognormal(21.0, 0.6)),
                Way(3, (0.15, 0.15), lognormal(14.0, 0.6)),
            ),
            (Way(WON, (0.75, 0.65), lognormal(21.0, 0.5)), Way(LOST, (0.25, 0.35), lognormal(25.0, 0.5))),
            (Way(1, (0.50, 0.50), lognormal(60.0, 0.5)), Way(LOST, (0.20, 0.20), lognormal(60.0, 0.5))),
        ),
        on_working_days=True,
        n_days=140,
        n_ahead=122,
    )


def all_answer(field: Field) -> Field:
    """Return a field in which those who would never leave a stage are lost instead, after the days of a loss."""

    def with_silence(ways: tuple[Way, ...]) -> tuple[Way, ...]:
        silent = 1.0 - np.sum([way.chance for way in ways], axis=0)
        return tuple(
            replace(way, chance=tuple((np.array(way.chance) + silent).tolist())) if way.to == LOST else way
            for way in ways
        )

    return replace(field, ways=tuple(with_silence(ways) for ways in field.ways))


FIELDS: dict[str, Callable[[], Field]] = {
    "web funnel": web_funnel,
    "renewals": renewals,
    "hiring": hiring,
    "fundraising": fundraising,
    "fundraising, a date per stage": fundraising,
    "fundraising, all answer": lambda: all_answer(fundraising()),
}
"""By their names in the table; the last two tell what makes the forecast of the one before them hard."""
