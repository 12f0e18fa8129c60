"""The open and the won deals that are set aside with bad rows: if they are many, the rest is misleading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simcast.history.events import Events, Ints
from simcast.history.parsing import NO_DAY
from simcast.history.rounds import is_win
from simcast.pipeline import Pipeline
from simcast.writing import agreed


@dataclass(frozen=True)
class LeftOut:
    """How many deals of one kind are in a file, and how many of them are set aside."""

    kind: str
    n_set_aside: int
    n_read: int

    MOST: ClassVar[float] = 0.1
    FEWEST: ClassVar[int] = 3

    @property
    def matters(self) -> bool:
        """Whether a forecast from what is left must not be trusted."""
        return self.n_set_aside >= self.FEWEST and self.n_set_aside >= self.MOST * self.n_read

    def words(self) -> str:
        """Say how many, such as 57 of 250 (23%) open deals."""
        share = f"{self.n_set_aside / self.n_read:.0%}"
        return f"{self.n_set_aside:,} of {self.n_read:,} ({share}) {self.kind} {agreed(self.n_read, 'deal', 'deals')}"


def count_left_out(events: Events, pipeline: Pipeline, set_aside: Ints) -> tuple[LeftOut, ...]:
    """Count the open and the won deals of a file by what of their rows can be read.

    Parameters
    ----------
    events
        All events, those of bad rows too, in any order.
    set_aside
        The codes of the deals that are set aside.
    """
    told = events.take((events.deal >= 0) & (events.place >= 0) & (events.day != NO_DAY))
    told = told.take(np.lexsort((told.row, told.second, told.day, told.deal)))
    final = np.array([False] * pipeline.n_stages + [not pipeline.renews(name) for name in pipeline.outcomes])
    is_last = np.append(~told.continues[1:], True) if len(told.deal) else np.zeros(0, dtype=bool)
    of_kind = {
        "open": told.deal[is_last & ~final[told.place]],
        "won": np.unique(told.deal[is_win(told, pipeline)]),
    }
    return tuple(LeftOut(kind, int(np.isin(deals, set_aside).sum()), len(deals)) for kind, deals in of_kind.items())
