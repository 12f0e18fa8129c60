"""The open deals that a scenario assumes."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.assume.segments import assumed_segments
from simcast.errors import ScenarioError
from simcast.pipeline import Pipeline
from simcast.scenario import Assumptions
from simcast.segments import Segments

if TYPE_CHECKING:
    from simcast.history import Book

Floats = NDArray[np.float64]


def assumed_book(assumptions: Assumptions, pipeline: Pipeline, segments: Segments, as_of: date | np.datetime64) -> Book:
    """Build the book of the open deals that a scenario assumes.

    Deals are named ``open-1``, ``open-2`` and so on. A group that names no segment is spread over the assumed segments
    by their shares, as evenly as whole deals allow; what is left over counts for the next group in the same stage.

    Parameters
    ----------
    assumptions
        The scenario's `assume` section.
    pipeline, segments
        Those of the posterior with which the book will be simulated.
    as_of
        The as-of date.

    Raises
    ------
    ScenarioError
        When a group could be in several segments and their shares are not assumed.
    """
    from simcast.history import Book

    known, shares = assumed_segments(assumptions)
    stage_codes: list[int] = []
    segment_codes: list[int] = []
    ages: list[float] = []
    amounts: list[float] = []
    owed: dict[tuple[str, bytes], Floats] = {}
    for index, group in enumerate(assumptions.open):
        place = f"assume.open[{index}]"
        chosen = segments.select(group.where, f"{place}.where")
        if chosen.sum() > 1 and known != segments:
            raise ScenarioError(f"{place}: {int(chosen.sum())} segments are possible; name one with where")
        weights = np.where(chosen, shares if known == segments else 1.0, 0.0)
        alike = owed.setdefault((group.stage, weights.tobytes()), np.zeros(len(segments)))
        segment_codes += np.repeat(np.arange(len(segments)), _spread(group.count, weights, alike)).tolist()
        stage_codes += [pipeline.stage_code(group.stage)] * group.count
        ages += [group.age_days] * group.count
        amounts += [math.nan if group.amount is None else group.amount] * group.count
    return Book(
        as_of=np.datetime64(str(as_of), "D"),
        pipeline=pipeline,
        segments=segments,
        deal=np.array([f"open-{number}" for number in range(1, len(ages) + 1)], dtype=object),
        stage_code=np.array(stage_codes, dtype=np.int64),
        age_days=np.array(ages, dtype=np.float64),
        segment_code=np.array(segment_codes, dtype=np.int64),
        amount=np.array(amounts, dtype=np.float64),
        recorded_until=np.datetime64(str(as_of), "D"),
    )


def _spread(count: int, weights: Floats, owed: Floats) -> NDArray[np.int64]:
    """Spread whole items in proportion to weights; those that shares leave over go where most is owed.

    `owed` is what earlier items left owing, float64, (n_segments,), and is overwritten.

    Examples
    --------
    >>> owed = np.zeros(3)
    >>> _spread(10, np.array([0.34, 0.33, 0.33]), owed), np.round(owed, 2)
    (array([4, 3, 3]), array([-0.6,  0.3,  0.3]))
    >>> _spread(1, np.array([0.34, 0.33, 0.33]), owed)
    array([0, 1, 0])
    """
    exact = count * weights / weights.sum()
    whole: NDArray[np.int64] = np.floor(exact + 1e-9).astype(np.int64)
    owed += exact - whole
    for _ in range(count - int(whole.sum())):
        most = int(np.argmax(np.round(owed, 9)))
        whole[most] += 1
        owed[most] -= 1.0
    return whole
