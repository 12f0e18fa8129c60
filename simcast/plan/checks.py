"""Whether a scenario names only what is there: segments, columns, open deals."""

from __future__ import annotations

from collections.abc import Iterable

from simcast.errors import ScenarioError
from simcast.history import Book
from simcast.plan.levers import PlacedLever
from simcast.scenario import DealLever, Scenario, TimedLever
from simcast.segments import Segments
from simcast.writing import counted


def placed_levers(scenario: Scenario, name: str) -> list[PlacedLever]:
    """Return the levers of one scenario, each with the place at which it is written."""
    return [
        PlacedLever(scenario.origin.place(path), _dotted(path), lever)
        for path, lever in scenario.placed_levers(name).items()
    ]


def _dotted(path: Iterable[str | int]) -> str:
    """Write a path as errors do, such as ``scenarios.hire-two[0]``.

    Examples
    --------
    >>> _dotted(("scenarios", "hire-two", 0))
    'scenarios.hire-two[0]'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def check_names(scenario: Scenario, segments: Segments, book: Book, names: Iterable[str] | None = None) -> None:
    """Refuse a scenario whose levers or columns name what is not in the data.

    Parameters
    ----------
    scenario
        The scenario.
    segments
        The segments that occur.
    book
        The open deals.
    names
        The scenarios of the file to look at; all unless given.

    Raises
    ------
    ScenarioError
        With one line per problem.
    """
    known = segments.columns
    problems = [
        f"{scenario.origin.place(('forecast', 'by'))}: forecast.by: {column!r} is not a segment column "
        f"(known: {', '.join(known) or 'none: name them under history.segments'})"
        for column in scenario.forecast.by
        if column not in known
    ]
    problems += [
        f"{scenario.origin.place(('forecast', 'margin_by', column, value))}: forecast.margin_by.{column}: {value!r} "
        f"does not occur (known: {', '.join(dict.fromkeys(segments.column(column)))})"
        for column, shares in scenario.forecast.margin_by.items()
        if column in known
        for value in shares
        if value not in segments.column(column)
    ]
    open_deals = set(book.deal)
    for name in scenario.scenario_names if names is None else names:
        for placed in placed_levers(scenario, name):
            lever = placed.lever
            if isinstance(lever, DealLever) and lever.deal not in open_deals:
                problems.append(
                    f"{placed.place}.deal: {lever.deal!r} is not among the {counted(len(book), 'deal')} open at"
                    f" {book.as_of}"
                )
            if isinstance(lever, TimedLever):
                try:
                    segments.select(lever.where, f"{placed.place}.where")
                except ScenarioError as error:
                    problems += error.problems
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
