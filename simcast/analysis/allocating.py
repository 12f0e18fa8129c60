"""How to split a budget, or people, among levers: all ways are played, or the best next step is taken each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.choices import NAME, Choice, Size, choices_of, exclusive_pairs, together
from simcast.analysis.ground import Ground
from simcast.analysis.inputs import Progress
from simcast.errors import ScenarioError
from simcast.forecast import Forecast, Summary

Floats = NDArray[np.float64]
Split = tuple[int, ...]
Goal = Literal["net", "bookings", "wins", "target"]
GOALS: tuple[Goal, ...] = ("net", "bookings", "wins", "target")

MOST_PLAYED = 150
"""So many ways to split are all played; with more, the best next step is taken each time."""

MOST_FUTURES = 2000
"""Futures per way that is tried; those of the check are as many as the scenario asks for, up to twice as many."""

FEW_FUTURES = 50
"""So many futures tell whether anything is booked at all."""

_SLACK = 1.0 + 1e-9


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

    budget: float | None
    people: int | None

    def allow(self, cost: float, people: int) -> bool:
        """Tell whether so much may be spent."""
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


@dataclass(frozen=True, eq=False)
class Allocated:
    """What was found.

    Parameters
    ----------
    ground, goal, limits, choices
        The question.
    exclusive
        The names of choices that cannot be had together.
    method
        Whether all ways were played, or the best next step was taken each time.
    n_tried
        How many ways were played.
    best, second
        The best way and the next best, in the futures in which they were looked for; there is no second when only one
        way is allowed.
    checked, second_checked
        The same ways in other futures: the best of many is a little lucky where it was chosen.
    ahead
        Of the best over the second, in those other futures.
    frontier
        The best way for each amount spent, where more brings more.
    """

    ground: Ground
    goal: Goal
    limits: Limits
    choices: tuple[Choice, ...]
    exclusive: tuple[tuple[str, str], ...]
    method: Literal["enumeration", "greedy"]
    n_tried: int
    best: Allocation
    second: Allocation | None
    checked: Allocation
    second_checked: Allocation | None
    ahead: Summary | None
    frontier: tuple[Allocation, ...]


def usual_goal(ground: Ground) -> Goal:
    """Return the goal where none is named: net, or wins where nothing is ever booked."""
    return "net" if ground.with_futures(FEW_FUTURES).play().values("bookings").any() else "wins"


def allocate(
    ground: Ground,
    among: Sequence[str],
    limits: Limits,
    goal: Goal = "net",
    *,
    steps: int = 4,
    progress: Progress | None = None,
) -> Allocated:
    """Find the split of a budget that brings most.

    Every way is played in the same futures. Up to `MOST_PLAYED` of them are all played; when there are more, the
    search starts from nothing, takes the step that brings most for its cost, and ends when no step up, and no
    exchange of a step of one choice for a step of another, brings more. The best way is then played again in other
    futures, since the best of many was also lucky.

    Parameters
    ----------
    ground
        The pipeline, its parameters and open deals.
    among
        What the budget may be spent on, see `simcast.analysis.choices.choices_of`.
    limits
        What may be spent.
    goal
        What is to be as large as possible: the mean of net (bookings times the margin, less cost), bookings or wins, or
        the chance to reach all targets.
    steps
        Into how many sizes a range of real numbers is divided.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioError
        When a choice is none, nothing is limited, or the target is the goal and there is none.
    """
    if limits.budget is None and limits.people is None:
        raise ScenarioError("--budget, --people: say what may be spent")
    if not among:
        raise ScenarioError("--among: the file has no scenario to choose from; name levers with a range and a cost")
    if goal == "target" and not ground.scenario.forecast.target:
        raise ScenarioError("--goal target: the scenario has no forecast.target")
    choices = choices_of(ground, among, steps)
    exclusive = exclusive_pairs(ground, choices)
    search = _Search(ground.with_futures(MOST_FUTURES), choices, exclusive, limits, goal, progress)
    ways = list(islice(search.allowed(), MOST_PLAYED + 1))
    everything = len(ways) <= MOST_PLAYED
    if everything:
        search.play_all(ways)
    else:
        search.climb()
    ranked = search.ranked()
    best, second = ranked[0], (ranked[1] if len(ranked) > 1 else None)
    check = _Search(_other_futures(ground), choices, exclusive, limits, goal, None)
    return Allocated(
        ground,
        goal,
        limits,
        choices,
        tuple((choices[one].name, choices[other].name) for one, other in sorted(exclusive)),
        "enumeration" if everything else "greedy",
        len(ranked),
        search.allocation(best),
        None if second is None else search.allocation(second),
        check.allocation(best),
        None if second is None else check.allocation(second),
        None if second is None else Summary.of(check.values(best) - check.values(second)),
        search.frontier(),
    )


def _other_futures(ground: Ground) -> Ground:
    """Return the same with another seed."""
    ground = ground.with_futures(2 * MOST_FUTURES)
    settings = ground.scenario.simulation
    other = settings.model_copy(update={"seed": settings.seed + 1})
    return replace(ground, scenario=ground.scenario.model_copy(update={"simulation": other}))


class _Search:
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
        """Tell whether a way keeps to the limits and combines only what can be had together."""
        apart = any(split[one] and split[other] for one, other in self._exclusive)
        return not apart and self._limits.allow(*self.spent(split))

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
            levers = together(self.sizes(split))
            self._found[split] = _goal(self._ground.play(NAME, levers), self._goal)
        return self._found[split]

    def play_all(self, splits: Sequence[Split]) -> None:
        """Play several ways."""
        for done, split in enumerate(splits, start=1):
            self.values(split)
            if self._progress is not None:
                self._progress("trying splits", done / len(splits))

    def climb(self) -> None:
        """Take the best step each time, until none brings more."""
        self.values(self.nothing)
        here = self.nothing
        while (better := self._best_step(here)) is not None:
            here = better
            if self._progress is not None:
                self._progress("trying splits", min(0.95, sum(here) / sum(len(c.sizes) for c in self._choices)))

    def _best_step(self, here: Split) -> Split | None:
        """Return the step up that brings most for its cost; where none brings more, the exchange that does."""
        now, cost = float(self.values(here).mean()), self.spent(here)[0]
        steps = [(split, float(self.values(split).mean()) - now) for split in self._steps_up(here)]
        better = [(gain / max(self.spent(split)[0] - cost, 1e-9), split) for split, gain in steps if gain > 0.0]
        if better:
            return max(better)[1]
        exchanges = [(float(self.values(split).mean()), split) for split in self._exchanges(here)]
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
