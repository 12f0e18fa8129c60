"""The deals that are open on a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.notebook import Shown
from simcast.pipeline import Pipeline
from simcast.segments import Segments
from simcast.writing import count, money


@dataclass(frozen=True, eq=False, repr=False)
class Book(Shown):
    """The deals that are open at an as-of date, sorted by id.

    Parameters
    ----------
    as_of
        The day on whose start the book stands.
    pipeline
        The pipeline that the stage codes belong to.
    segments
        The segments that the segment codes belong to.
    deal : object (str), (n_deals,)
        Ids.
    stage_code : int64, (n_deals,)
        The stage in which each stands.
    age_days : float64, (n_deals,)
        How long it has been there: whole days less one half, since the time of day of the entry is not known.
    segment_code : int64, (n_deals,)
        Its segment.
    amount : float64, (n_deals,)
        The latest amount known; NaN when there is none.
    recorded_until
        The day until which the ages count: `as_of`, unless the records end earlier (`History.recorded_until`).
    """

    as_of: np.datetime64
    pipeline: Pipeline
    segments: Segments
    deal: NDArray[np.object_]
    stage_code: NDArray[np.int64]
    age_days: NDArray[np.float64]
    segment_code: NDArray[np.int64]
    amount: NDArray[np.float64]
    recorded_until: np.datetime64

    def __len__(self) -> int:
        return len(self.deal)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per open deal: ``deal``, ``stage``, ``age_days``, ``amount``, and the segment columns."""
        return pd.DataFrame(
            {
                "deal": self.deal.astype(str),
                "stage": [self.pipeline.stages[code] for code in self.stage_code],
                "age_days": self.age_days,
                "amount": self.amount,
                **{
                    name: [self.segments.values[code][position] for code in self.segment_code]
                    for position, name in enumerate(self.segments.columns)
                },
            }
        )

    def _headline(self) -> str:
        return f"Book: {len(self):,} deals open at {self.as_of}"

    def _table(self) -> pd.DataFrame:
        found = {}
        for code, stage in enumerate(self.pipeline.stages):
            here = self.stage_code == code
            if here.any():
                found[stage] = [
                    f"{here.sum():,}",
                    count(np.median(self.age_days[here])),
                    money(np.nansum(self.amount[here])),
                ]
        return pd.DataFrame.from_dict(found, orient="index", columns=["deals", "median age in days", "amount in all"])
