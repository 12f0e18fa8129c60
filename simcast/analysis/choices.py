"""What a budget may be spent on: levers in several sizes, and scenarios of the file, each with its price."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from simcast.analysis.ground import Ground
from simcast.analysis.questions import NEUTRAL, Unknown, Value, lever_words
from simcast.analysis.solving import check_lever, check_on_top, lever_of
from simcast.errors import ScenarioArgumentError, ScenarioError
from simcast.scenario import BASELINE, BudgetLever, Lever, Scenario
from simcast.scenario.clashes import clashes_on_top, find_clashes

NAME = "allocate"
"""What a scenario made of choices is called."""


@dataclass(frozen=True)
class Size:
    """How much of a choice is taken.

    Parameters
    ----------
    text
        In words: ``"add=0.1"``, ``"all"``; empty for nothing of it.
    levers
        What it changes.
    cost, people
        What it costs on average, and how many people it hires.
    """

    text: str
    levers: tuple[Lever, ...]
    cost: float
    people: int


@dataclass(frozen=True)
class Choice:
    """Something that a budget may be spent on.

    Parameters
    ----------
    name
        The lever in words, or the scenario's name.
    sizes
        From nothing of it to all of it.
    """

    name: str
    sizes: tuple[Size, ...]


_ABSOLUTE = frozenset({"set", "cap_days", "within_hours"})
"""Numbers of levers that say what will be, not by how much it changes."""

NOTHING = Size("", (), 0.0, 0)


def check_choices(scenario: Scenario, texts: Sequence[str], standing_on: str = BASELINE) -> None:
    """Refuse what `choices_of` would, before anything is fitted.

    Raises
    ------
    ScenarioArgumentError
        When a text is neither a scenario of the file nor a lever with a range, or is named twice, or adds nothing to
        the scenario on which the question stands, or sets what that one sets already.
    """
    problems = [f"among {text}: is named twice" for text in dict.fromkeys(texts) if texts.count(text) > 1]
    problems += [
        f"among {text}: brings nothing that {standing_on} does not; leave it out"
        for text in dict.fromkeys(texts)
        if standing_on != BASELINE and text in scenario.scenarios and not _added(scenario, text, standing_on)
    ]
    if problems:
        raise ScenarioArgumentError(problems)
    for text in texts:
        if text in scenario.scenarios:
            told = clashes_on_top(scenario, scenario.levers(text), standing_on)
            problems += [f"among {text}: {problem}; leave it out" for problem in told]
        else:
            try:
                check_on_top(scenario, _read_lever(scenario, text)[0], standing_on)
            except ScenarioArgumentError as error:
                problems += [re.sub(r"^unknown(?=:)", f"among {text!r}", problem) for problem in error.problems]
    if problems:
        raise ScenarioArgumentError(problems)


def usual_choices(scenario: Scenario, standing_on: str = BASELINE) -> tuple[str, ...]:
    """Return the scenarios to choose from unless some are named: all that are not made of others.

    Where the question stands on one of them, those are left out that add nothing to it, or set what it sets already.
    """
    left_out = clashing_choices(scenario, standing_on)
    return tuple(
        name
        for name in _made_of_levers(scenario)
        if name not in left_out and (standing_on == BASELINE or _added(scenario, name, standing_on))
    )


def clashing_choices(scenario: Scenario, standing_on: str) -> dict[str, str]:
    """Say of scenarios to choose from what they set that the one on which the question stands sets already, by name."""
    told = ((name, clashes_on_top(scenario, scenario.levers(name), standing_on)) for name in _made_of_levers(scenario))
    return {name: first for name, found in told if (first := next(found, None)) is not None}


def _made_of_levers(scenario: Scenario) -> list[str]:
    """Return the scenarios that are not made of others."""
    held = scenario.scenarios.items()
    return [name for name, entries in held if not any(isinstance(entry, str) for entry in entries)]


def choices_of(ground: Ground, texts: Sequence[str], steps: int) -> tuple[Choice, ...]:
    """Read what a budget may be spent on.

    Parameters
    ----------
    ground
        The pipeline.
    texts
        Each the name of a scenario of the file, to be had as a whole or not at all; or a lever with a range, whose
        `cost` and `cost_per_month` are those of its largest change and lower in proportion for less.
    steps
        Into how many sizes a range of real numbers is divided.

    Raises
    ------
    ScenarioArgumentError
        When one is neither, or is named twice.
    """
    check_choices(ground.scenario, texts, ground.standing_on)
    known = ground.scenario.scenarios
    return tuple(
        _whole(ground, text) if text in known else _divided(ground, *_read_lever(ground.scenario, text), steps)
        for text in texts
    )


def _whole(ground: Ground, name: str) -> Choice:
    """Return a scenario of the file as a choice."""
    return Choice(name, (NOTHING, _priced(ground, "all", _added(ground.scenario, name, ground.standing_on))))


def _added(scenario: Scenario, name: str, standing_on: str) -> tuple[Lever, ...]:
    """Return the levers of a scenario that are not pulled already; one that two scenarios share counts once."""
    pulled = scenario.levers(standing_on)
    return tuple(lever for lever in scenario.levers(name) if all(lever is not known for known in pulled))


def _read_lever(scenario: Scenario, text: str) -> tuple[Unknown, dict[str, float]]:
    """Return a lever with its range, and the prices of its largest change, which are taken out of it."""
    try:
        return _read_unknown(scenario, text)
    except ScenarioError as error:
        names = ", ".join(scenario.scenarios) or "none"
        told = [re.sub(r"^unknown(?=[ .:])", "among", problem) for problem in error.problems]
        raise ScenarioArgumentError(
            [*told, f"among {text!r}: is no scenario of the file either (known: {names})"]
        ) from None


def _read_unknown(scenario: Scenario, text: str) -> tuple[Unknown, dict[str, float]]:
    """Return a lever with its range, and its prices; errors speak of it as `simcast solve` does."""
    unknown = Unknown.parse(text)
    if isinstance(unknown.first, date):
        raise ScenarioArgumentError(
            f"unknown {text!r}: a budget is split into sizes, not dates; give a range of numbers"
        )
    prices: dict[str, float] = {
        key: unknown.lever.pop(key) for key in ("cost", "cost_per_month") if key in unknown.lever
    }
    for key, price in prices.items():
        if not isinstance(price, int | float) or price < 0:
            raise ScenarioArgumentError(f"unknown {text!r}: {key} must be a number that is not negative, got {price!r}")
    check_lever(scenario, unknown)
    return unknown, prices


def _divided(ground: Ground, unknown: Unknown, prices: Mapping[str, float], steps: int) -> Choice:
    """Return a lever in several sizes as a choice."""
    n = min(steps, unknown.n_steps)
    values = [unknown.at(step / n) for step in range(n + 1)]
    sizes = [
        _priced(
            ground,
            f"{unknown.key}={value:.4g}",
            (lever_of(_paid(unknown, prices, _share(unknown, value)), value),),
        )
        for value in values
        if not unknown.is_neutral(value) and _share(unknown, value) != 0.0
    ]
    return Choice(lever_words(unknown.lever), (NOTHING, *sizes))


def _share(unknown: Unknown, value: Value) -> float:
    """Return how large a change is, as a share of the largest one.

    Where nobody knows the value that changes nothing (a new conversion, hours within which all are answered), it is
    counted from the range's first one.
    """
    none = unknown.first if unknown.key in _ABSOLUTE else NEUTRAL.get((str(unknown.lever["lever"]), unknown.key), 0.0)
    first, last, at = float(none), float(unknown.last), float(value)  # type: ignore[arg-type]  # no dates here
    return (at - first) / (last - first) if last != first else 1.0


def _paid(unknown: Unknown, prices: Mapping[str, float], share: float) -> Unknown:
    """Return a lever with a share of its costs."""
    return replace(unknown, lever={**unknown.lever, **{key: price * share for key, price in prices.items() if price}})


def _priced(ground: Ground, text: str, levers: Sequence[Lever]) -> Size:
    """Return a size with what it costs on average and whom it hires."""
    cost = float(ground.plan(NAME, levers).cost.mean() - ground.plan().cost.mean())
    people = sum(int(getattr(lever, "count", 0)) for lever in levers if lever.lever == "hire")
    return Size(text, tuple(levers), cost, people)


def exclusive_pairs(ground: Ground, choices: Sequence[Choice]) -> frozenset[tuple[int, int]]:
    """Return the pairs of choices that cannot be had together.

    They set the same thing for the same stays, or one takes money from where the other puts it.
    """
    forecast = ground.scenario.forecast
    found = set()
    for one in range(len(choices)):
        for other in range(one + 1, len(choices)):
            levers = together((choices[one].sizes[-1], choices[other].sizes[-1]))
            paths = tuple(("scenarios", NAME, position) for position in range(len(levers)))
            clash = any(find_clashes({NAME: levers}, {NAME: paths}, forecast.as_of, forecast.until))
            if clash or _opposed(ground, levers):
                found.add((one, other))
    return frozenset(found)


def _opposed(ground: Ground, levers: Sequence[Lever]) -> bool:
    """Return whether one budget takes money from where another puts it: what is left of both nobody would do."""
    budgets = [lever for lever in levers if isinstance(lever, BudgetLever)]
    select = ground.posterior.segments.select
    return any(
        one is not other and one.out_of and other.into and bool((select(one.out_of) & select(other.into)).any())
        for one in budgets
        for other in budgets
    )


def together(sizes: Sequence[Size]) -> tuple[Lever, ...]:
    """Return the levers of several choices; one that two scenarios share counts once."""
    found: list[Lever] = []
    for size in sizes:
        found += [lever for lever in size.levers if all(lever is not known for known in found)]
    return tuple(found)
