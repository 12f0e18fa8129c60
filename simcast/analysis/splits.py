"""Ways to split a budget: which are allowed, what they cost, and what they bring, each played once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.choices import NAME, Choice, Size, together
from simcast.analysis.ground import Ground
from simcast.forecast import Forecast, Summary
from simcast.progress import Progress

Floats = NDArray[np.float64]
Split = tuple[int, ...]
Goal = Literal["net", "bookings", "wins", "target"]

_SLACK = 1.0 + 1e-9
_HINT = 1e-3
"""What coming all the way to a target counts against the certainty to reach it."""


@dataclass(frozen=True)
class Limits:
    """What may be spent.

    Parameters
    ----------
    budget
        Money; None without a limit.
    people
        People hired; None without a limit.
    """

    budget: float | None = None
    people: int | None = None

    def allow(self, cost: float, people: int) -> bool:
        """Return whether so much may be spent."""
        return (self.budget is None or cost <= self.budget * _SLACK) and (self.people is None or people <= self.people)


@dataclass(frozen=True)
class Allocation:
    """One way to split.

    Parameters
    ----------
    sizes
        What is taken of each choice.
    cost, people
        What it costs on average, and whom it hires.
    value
        The goal: a mean, or the share of futures that reach all targets.
    gain
        Of the goal over nothing at all, future by future.
    """

    sizes: tuple[Size, ...]
    cost: float
    people: int
    value: float
    gain: Summary


class Search:
    """Ways already played, so that none is played twice."""

    def __init__(
        self,
        ground: Ground,
        choices: Sequence[Choice],
        exclusive: frozenset[tuple[int, int]],
        limits: Limits,
        goal: Goal,
        progress: Progress | None,
    ) -> None:
        self._ground, self._choices, self._exclusive = ground, choices, exclusive
        self._limits, self._goal, self._progress = limits, goal, progress
        self._found: dict[Split, Floats] = {}
        self.books_nothing = True
        """Whether no way that was played books anything in any future."""
        self._score: dict[Split, float] = {}

    @property
    def n_played(self) -> int:
        """How many ways were played."""
        return len(self._found)

    @property
    def n_sizes(self) -> tuple[int, ...]:
        """How many sizes each choice has, nothing of it among them."""
        return tuple(len(choice.sizes) for choice in self._choices)

    @property
    def nothing(self) -> Split:
        """The way that takes nothing of anything."""
        return (0,) * len(self._choices)

    def sizes(self, split: Split) -> tuple[Size, ...]:
        """Return what a way takes of each choice."""
        return tuple(choice.sizes[at] for choice, at in zip(self._choices, split, strict=True))

    def spent(self, split: Split) -> tuple[float, int]:
        """Return what a way costs, and whom it hires."""
        sizes = self.sizes(split)
        return sum(size.cost for size in sizes), sum(size.people for size in sizes)

    def is_allowed(self, split: Split) -> bool:
        """Return whether a way keeps to the limits and combines only what can be had together."""
        apart = any(split[one] and split[other] for one, other in self._exclusive)
        return not apart and self._limits.allow(*self.spent(split))

    def cut_down(self, split: Split, order: Sequence[int]) -> Split:
        """Return a way that is allowed: less of the choices that come first in some order, where one asks for too much.

        Of two that cannot be had together the one that comes first in the order goes.
        """
        rank = {at: position for position, at in enumerate(order)}
        here = list(split)
        for one, other in sorted(self._exclusive):
            if here[one] and here[other]:
                here[min(one, other, key=lambda at: rank[at])] = 0
        for at in order:
            while here[at] and not self._limits.allow(*self.spent(tuple(here))):
                here[at] -= 1
        return tuple(here) if self.is_allowed(tuple(here)) else self.nothing

    def tell(self, done: float) -> None:
        """Return which fraction of the work is done."""
        if self._progress is not None:
            self._progress("trying splits", done)

    def allowed(self, start: Split = ()) -> Iterator[Split]:
        """Yield all ways that are allowed and begin in some way; beginnings that cost too much already are left."""
        rest = self._choices[len(start) :]
        cheapest = tuple(min(range(len(choice.sizes)), key=lambda at: choice.sizes[at].cost) for choice in rest)
        if not self._limits.allow(self.spent((*start, *cheapest))[0], 0):
            return
        if not rest:
            if self.is_allowed(start):
                yield start
            return
        for size in range(len(rest[0].sizes)):
            yield from self.allowed((*start, size))

    def values(self, split: Split) -> Floats:
        """Return the goal in each future."""
        if split not in self._found:
            forecast = self._ground.play(NAME, together(self.sizes(split)))
            self._found[split] = _goal(forecast, self._goal)
            self.books_nothing &= forecast.books_nothing
            self._score[split] = float(self._found[split].mean())
            if self._goal == "target":
                self._score[split] += _HINT * _nearness(forecast)
        return self._found[split]

    def score(self, split: Split) -> float:
        """Return by what a search finds its way: the mean of the goal.

        Where the target is far, no single step raises the chance to reach it; a little is added for coming nearer.
        """
        self.values(split)
        return self._score[split]

    def play_all(self, splits: Sequence[Split]) -> None:
        """Play several ways."""
        for done, split in enumerate(splits, start=1):
            self.values(split)
            self.tell(done / len(splits))

    def polish(self, most: int) -> None:
        """Go on from the best way in single steps up or down while one brings more and `most` ways are not played."""
        here = max(self._found, key=self.score)
        while self.n_played < most:
            near = [
                (*here[:at], here[at] + step, *here[at + 1 :])
                for at in range(len(here))
                for step in (1, -1)
                if 0 <= here[at] + step < len(self._choices[at].sizes)
            ]
            for split in near:
                if self.is_allowed(split) and self.n_played < most:
                    self.values(split)
            best = max(self._found, key=self.score)
            if self.score(best) <= self.score(here):
                return
            here = best

    def climb(self) -> None:
        """Take the best step each time, until none brings more."""
        self.values(self.nothing)
        here = self.nothing
        while (better := self._best_step(here)) is not None:
            here = better
            self.tell(min(0.95, sum(here) / sum(self.n_sizes)))

    def _best_step(self, here: Split) -> Split | None:
        """Return the step up that brings most for its cost; where none brings more, the exchange that does."""
        now, cost = self.score(here), self.spent(here)[0]
        steps = [(split, self.score(split) - now) for split in self._steps_up(here)]
        better = [(gain / max(self.spent(split)[0] - cost, 1e-9), split) for split, gain in steps if gain > 0.0]
        if better:
            return max(better)[1]
        exchanges = [(self.score(split), split) for split in self._exchanges(here)]
        best = max(exchanges, default=(now, here))
        return best[1] if best[0] > now else None

    def _steps_up(self, here: Split) -> list[Split]:
        """Return the ways with a little more of one choice."""
        ups = [
            (*here[:at], here[at] + 1, *here[at + 1 :])
            for at, choice in enumerate(self._choices)
            if here[at] + 1 < len(choice.sizes)
        ]
        return [split for split in ups if self.is_allowed(split)]

    def _exchanges(self, here: Split) -> Iterator[Split]:
        """Yield the ways with less of one choice and more of another."""
        for down in range(len(here)):
            for less in range(here[down]):
                fewer = (*here[:down], less, *here[down + 1 :])
                yield from (split for split in self._steps_up(fewer) if split[down] == less)

    def ranked(self) -> list[Split]:
        """Return the ways that were played, the best first, and the cheaper of equals."""
        return sorted(self._found, key=lambda split: (-float(self._found[split].mean()), self.spent(split), split))

    def allocation(self, split: Split) -> Allocation:
        """Return a way with what it costs and brings."""
        values = self.values(split)
        return Allocation(
            self.sizes(split), *self.spent(split), float(values.mean()), Summary.of(values - self.values(self.nothing))
        )

    def frontier(self) -> tuple[Allocation, ...]:
        """Return the ways than which no other brings as much for less, the cheapest first."""
        by_money = self._limits.budget is not None

        def spent(split: Split) -> float:
            cost, people = self.spent(split)
            return cost if by_money else float(people)

        found: list[Split] = []
        for split in sorted(self._found, key=lambda split: (spent(split), -float(self._found[split].mean()), split)):
            if not found or self._found[split].mean() > self._found[found[-1]].mean():
                found.append(split)
        return tuple(self.allocation(split) for split in found)


def _goal(forecast: Forecast, goal: Goal) -> Floats:
    """Return what is to be as large as possible, in each future."""
    if goal == "net":
        return forecast.net()
    if goal == "target":
        reached = np.ones(forecast.n_futures, dtype=bool)
        for metric, wanted in forecast.targets.items():
            reached &= forecast.values(metric) >= wanted
        return reached.astype(np.float64)
    return forecast.values(goal)


def _nearness(forecast: Forecast) -> float:
    """Return how far futures come towards their targets, from 0 to 1 on average."""
    shares = [
        np.clip(forecast.values(metric) / wanted, 0.0, 1.0).mean() if wanted > 0 else 1.0
        for metric, wanted in forecast.targets.items()
    ]
    return float(np.mean(shares))
