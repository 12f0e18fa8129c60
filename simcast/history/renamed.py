"""Stages that were renamed in the middle of a record: two names, one after the other, for one place of the path."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pandas as pd

_FEWEST = 20
"""A stage with fewer entries may have been left, or begun, by chance when another was begun, or left."""


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
        if last[one] < first[other] and min(count[one], count[other]) >= _FEWEST and not deals[one] & deals[other]:
            found[one] = (other, int(first[other]))
    return found
