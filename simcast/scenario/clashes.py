"""Levers of one scenario that would set the same thing for the same stays."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from simcast.scenario.levers import ConversionLever, DealLever, DurationLever, Lever, ResponseLever, TimedLever
from simcast.scenario.reading import KeyPath
from simcast.scenario.schema import Scenario, expand
from simcast.scenario.showing import dotted

_ADDING_UP = frozenset({"hire", "leave", "budget", "train"})
"""Levers that add up by their nature: two people hired in June and one in July."""


def find_clashes(
    scenarios: Mapping[str, Sequence[Lever | str]],
    entry_paths: Mapping[str, tuple[KeyPath, ...]],
    as_of: date,
    until: date,
) -> Iterator[tuple[KeyPath, str]]:
    """Find pairs of levers on one target whose segments and days overlap, each pair once.

    Parameters
    ----------
    scenarios
        The entries of each scenario.
    entry_paths
        Where each entry is written.
    as_of, until
        The days within which levers without dates act.
    """
    told: set[tuple[KeyPath, KeyPath]] = set()
    for name in scenarios:
        placed = _placed(name, scenarios, entry_paths)
        for (first, one), (second, other) in itertools.combinations(placed.items(), 2):
            if (first, second) in told or not _clash(one, other, as_of, until):
                continue
            told.add((first, second))
            together = "" if first[1] == second[1] == name else f" in scenario {name!r}"
            advice = "leave one out, or set them apart by where, from or until"
            yield second, f"{_target(other)}, as {dotted(first)} does{together}, for the same stays; {advice}"


def clashes_on_top(scenario: Scenario, levers: Sequence[Lever], standing_on: str) -> Iterator[str]:
    """Say which levers, on top of a scenario's, would set what those set already, as a file may not.

    Parameters
    ----------
    scenario
        The file.
    levers
        What is to be pulled too; levers of the file that the scenario has itself clash with nothing.
    standing_on
        The scenario whose levers are pulled already.
    """
    as_of, until = scenario.forecast.as_of, scenario.forecast.until
    pulled = scenario.placed_levers(standing_on)
    for lever in levers:
        if any(lever is held for held in pulled.values()):
            continue
        for path, held in pulled.items():
            if _clash(held, lever, as_of, until):
                together = "" if path[1] == standing_on else f" in scenario {standing_on!r}"
                yield f"{_target(lever)}, as {dotted(path)} does{together}, for the same stays"


def _placed(
    name: str, scenarios: Mapping[str, Sequence[Lever | str]], entry_paths: Mapping[str, tuple[KeyPath, ...]]
) -> dict[KeyPath, Lever]:
    """Collect the levers of a scenario by where they are written."""
    found = expand(name, scenarios)
    return {entry_paths[str(path[1])][int(path[2])]: lever for path, lever in found.items()}


def _clash(one: Lever, other: Lever, as_of: date, until: date) -> bool:
    if one.lever != other.lever or one.lever in _ADDING_UP or not _same_target(one, other):
        return False
    if not (isinstance(one, TimedLever) and isinstance(other, TimedLever)):
        return True
    apart_in_time = one.last_day(until) < other.first_day(as_of) or other.last_day(until) < one.first_day(as_of)
    return not apart_in_time and not _apart(one.where, other.where)


def _same_target(one: Lever, other: Lever) -> bool:
    if isinstance(one, DealLever) and isinstance(other, DealLever):
        return one.deal == other.deal
    if isinstance(one, DurationLever) and isinstance(other, DurationLever):
        return one.stage == other.stage and (one.move is None or other.move is None or one.move == other.move)
    if isinstance(one, ConversionLever | ResponseLever) and isinstance(other, ConversionLever | ResponseLever):
        return one.stage == other.stage
    return True


def _apart(one: Mapping[str, tuple[str, ...]], other: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether no segment is selected by both: some column of both has no value in common."""
    return any(not set(one[column]) & set(other[column]) for column in one.keys() & other.keys())


def _target(lever: Lever) -> str:
    match lever:
        case DealLever():
            return f"decides deal {lever.deal!r}"
        case ConversionLever() | ResponseLever() | DurationLever():
            return f"changes the {lever.lever} of {lever.stage!r}"
        case _:
            return f"changes the {lever.lever}"
