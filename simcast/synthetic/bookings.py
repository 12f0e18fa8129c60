"""What the truth itself says will be booked: the yardstick for a forecast made from a synthetic history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.synthetic.course import Calendar, run_course
from simcast.synthetic.log import arriving, draw_amounts
from simcast.synthetic.truth import Truth

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Bookings:
    """Bookings and wins from the as-of date to the horizon, by future: float64 and int64, (n_futures,)."""

    bookings_open: NDArray[np.float64]
    bookings_new: NDArray[np.float64]
    wins_open: NDArray[np.int64]
    wins_new: NDArray[np.int64]

    @property
    def bookings(self) -> NDArray[np.float64]:
        """Bookings of open and new deals together: float64, (n_futures,)."""
        return self.bookings_open + self.bookings_new

    @property
    def wins(self) -> NDArray[np.int64]:
        """Wins of open and new deals together: int64, (n_futures,)."""
        return self.wins_open + self.wins_new


@dataclass(frozen=True)
class _OpenDeals:
    """The open deals of a log, on a calendar's line of days; amount NaN where it is not recorded yet."""

    stage_code: NDArray[np.int64]
    segment_code: NDArray[np.int64]
    day: NDArray[np.int64]
    amount: NDArray[np.float64]


def simulate_bookings(
    truth: Truth,
    log: pd.DataFrame,
    start: str | np.datetime64,
    as_of: str | np.datetime64,
    until: str | np.datetime64,
    *,
    n_futures: int,
    seed: int,
) -> Bookings:
    """Simulate the bookings of `as_of` to `until` (inclusive) under the truth, given what the log knows.

    Open deals go on from their stage given that their stay has lasted until the as-of date; the time of day
    at which it began is not known. New deals arrive as in the history, whose trend began at `start`.

    Parameters
    ----------
    truth
        The parameters that made `log`.
    log
        A history of `simulate_history` that ends where the forecast begins.
    """
    origin = np.datetime64(str(start), "D")
    first_day, end_day = (int((np.datetime64(str(day), "D") - origin).astype(np.int64)) for day in (as_of, until))
    end_day += 1
    calendar = Calendar.of(truth, origin, np.datetime64(str(until), "D"))
    standing = _open_deals(truth, log, origin)
    generator = np.random.default_rng(seed)
    bookings, wins = np.zeros((2, n_futures)), np.zeros((2, n_futures), dtype=np.int64)
    for future in range(n_futures):
        n_open = len(standing.day)
        arrived, arrived_segment = arriving(truth, calendar, first_day, end_day - first_day, generator)
        segment_code = np.concatenate([standing.segment_code, arrived_segment])
        entered = np.concatenate([standing.day + generator.random(n_open), arrived])
        stage_code = np.concatenate([standing.stage_code, np.zeros(len(arrived), dtype=np.int64)])
        drawn = draw_amounts(truth, segment_code, generator.random(len(entered)))
        known = np.concatenate([standing.amount, np.full(len(arrived), np.nan)])
        amount = np.where(np.isfinite(known), known, drawn)
        course = run_course(truth, calendar, stage_code, segment_code, entered, generator, float(first_day))
        won = course.won < end_day
        for origin_code, part in enumerate((slice(None, n_open), slice(n_open, None))):
            bookings[origin_code, future] = amount[part][won[part]].sum()
            wins[origin_code, future] = won[part].sum()
    return Bookings(bookings[0], bookings[1], wins[0], wins[1])


def _open_deals(truth: Truth, log: pd.DataFrame, origin: np.datetime64) -> _OpenDeals:
    """Find the deals of a log whose last event is a stage."""
    last = log.groupby("deal", sort=False).tail(1)
    last = last[~last["stage"].isin(["won", "lost"])]
    stage_codes = {stage.name: code for code, stage in enumerate(truth.stages)}
    segment_codes = {segment.values: code for code, segment in enumerate(truth.segments)}
    rows = zip(*(last[column] for column in truth.columns), strict=True) if truth.columns else [()] * len(last)
    return _OpenDeals(
        stage_code=np.array([stage_codes[name] for name in last["stage"]], dtype=np.int64),
        segment_code=np.array([segment_codes[tuple(row)] for row in rows], dtype=np.int64),
        day=(last["entered"].to_numpy().astype("datetime64[D]") - origin).astype(np.int64),
        amount=last["amount"].to_numpy(dtype=np.float64),
    )
