"""Which stages most deals go through, and in which order; which are beside that path, and which were renamed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simcast.pipeline import LOST, WON, Pipeline, with_ways_back

Move = tuple[str, str]

_CLEAR_ORDER = 2 / 3
_FEWEST = 20
"""With fewer entries a stage is on the path, whatever became of them."""
_FEWEST_OF_EACH = 20
"""A stage with fewer entries may have been left, or begun, by chance when another was begun, or left."""
_RENEWING = 0.05
"""So large a share of the wins must be followed by a stage: with fewer, what follows a win is a mistake."""


@dataclass(frozen=True)
class UsualPath:
    """The way that most deals go.

    Parameters
    ----------
    stages
        The stages of the path, in the order in which deals usually enter them.
    beside
        Those beside it: deals come back from them, enter them after a win, or stay there for good.
    never_left
        Those of them that no deal ever leaves but as lost.
    moves
        How many times each move is made that is neither forward on the path nor to lost, the most frequent first.
    doubtful
        Pairs of neighbours on the path whose order is not clear: fewer than two thirds of the deals agree.
    entries
        How many times each stage is entered, and each outcome.
    """

    stages: tuple[str, ...]
    beside: tuple[str, ...]
    never_left: tuple[str, ...]
    moves: Mapping[Move, int]
    doubtful: tuple[Move, ...]
    entries: Mapping[str, int] = field(default_factory=dict)

    def pipeline(self) -> Pipeline:
        """Return a pipeline of these stages in which every move that was seen is allowed."""
        return Pipeline.define(self.stages, with_ways_back(self.stages, list(self.moves)))


def usual_path(events: pd.DataFrame) -> UsualPath:
    """Find the path.

    Parameters
    ----------
    events
        Columns ``deal`` and ``stage`` (or outcome), a row for each that a deal reached, in order deal by deal.
    """
    in_stage = events[~events["stage"].isin([WON, LOST])]
    order, before = _order(in_stage)
    steps = _steps(events)
    reached = {str(name): set(deals) for name, deals in events.groupby("stage")["deal"]}
    apart = {stage: why for stage in order[1:] if (why := _why_beside(stage, order, steps, reached))}
    path = tuple(stage for stage in order if stage not in apart)
    return UsualPath(
        path,
        tuple(apart),
        tuple(stage for stage, why in apart.items() if why == "never left"),
        _moves(steps, path, tuple(apart)),
        tuple(pair for pair in itertools.pairwise(path) if before[pair] < _CLEAR_ORDER),
        {str(name): int(count) for name, count in events["stage"].value_counts().items()},
    )


def renamed(events: pd.DataFrame, path: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return the later name, and the day on which it is first used, of stages that seem to have been renamed.

    They are as near to each other on the path as can be, no deal has been in both, and the one was last entered before
    the other was first entered, though both were entered often.

    Parameters
    ----------
    events
        Columns ``deal``, ``stage`` and ``day``.
    path
        The stages, in order.
    """
    entries = events[events["stage"].isin(path)]
    by_stage = entries.groupby("stage")
    first, last, count = by_stage["day"].min(), by_stage["day"].max(), by_stage["day"].count()
    deals = {str(name): set(of_stage) for name, of_stage in by_stage["deal"]}
    found: dict[str, tuple[str, int]] = {}
    for pair in itertools.pairwise(path):
        one, other = sorted(pair, key=lambda name: int(first[name]))
        if (
            last[one] < first[other]
            and min(count[one], count[other]) >= _FEWEST_OF_EACH
            and not deals[one] & deals[other]
        ):
            found[one] = (other, int(first[other]))
    return found


def _order(entries: pd.DataFrame) -> tuple[tuple[str, ...], dict[Move, float]]:
    """Order stages by how often deals enter one before another, at their first entries; return these shares, too."""
    first = entries.drop_duplicates(["deal", "stage"])
    named = list(dict.fromkeys(first["stage"]))
    position = pd.DataFrame(
        {"deal": first["deal"], "stage": first["stage"], "nth": np.arange(len(first), dtype=np.float64)}
    ).pivot_table(index="deal", columns="stage", values="nth")
    ranks = position[named].to_numpy()
    n_stages = len(named)
    before = np.array([[(ranks[:, a] < ranks[:, b]).sum() for b in range(n_stages)] for a in range(n_stages)])
    both = before + before.T
    share = np.divide(before, both, out=np.full(before.shape, 0.5), where=both > 0)
    order = sorted(range(n_stages), key=lambda a: (-share[a].sum(), a))
    shares = {(named[a], named[b]): float(share[a, b]) for a in range(n_stages) for b in range(n_stages)}
    return tuple(named[a] for a in order), shares


def _steps(events: pd.DataFrame) -> Counter[Move]:
    """Count how many times each stage or outcome is followed by each other one."""
    deals, names = events["deal"].to_numpy(), events["stage"].to_numpy()
    follows = (deals[1:] == deals[:-1]) & (names[1:] != names[:-1])
    return Counter(zip(names[:-1][follows], names[1:][follows], strict=True))


def _why_beside(stage: str, order: Sequence[str], steps: Mapping[Move, int], reached: Mapping[str, set[object]]) -> str:
    """Say why a stage stands beside the path; ``""`` where it is on it."""
    place = order.index(stage)
    into = {start: count for (start, end), count in steps.items() if end == stage}
    out_of = {end: count for (start, end), count in steps.items() if start == stage and end != LOST}
    if sum(into.values()) < _FEWEST:
        return ""
    if into.get(WON, 0) > sum(into.values()) / 2:
        return "after a win"
    beyond = set().union(*(reached.get(name, set()) for name in (*order[place + 1 :], WON)))
    if len(beyond & reached[stage]) >= len(beyond) / 2:  # most deals that got further have been here
        return ""
    back = sum(out_of.get(name, 0) for name in order[:place])
    if back > sum(out_of.values()) - back:
        return "comes back"
    return "" if out_of else "never left"


def _moves(steps: Mapping[Move, int], path: Sequence[str], beside: Sequence[str]) -> dict[Move, int]:
    """Return the moves that are neither forward nor to lost, those that a stage makes most often first."""
    forward = dict(zip(path, (*path[1:], WON), strict=True)) | dict.fromkeys(beside, LOST)
    won = sum(count for (_, end), count in steps.items() if end == WON)
    again = sum(count for (start, end), count in steps.items() if start == WON and end != LOST)
    if again > _RENEWING * won:
        forward[WON] = LOST
    counts = {
        (start, end): count
        for (start, end), count in steps.items()
        if start in forward and end not in {forward[start], LOST}
    }
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
