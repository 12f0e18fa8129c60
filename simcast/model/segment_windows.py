"""From when to when new deals came with each value of a segment column: sources begin, end, and are renamed.

All segments share one level of arrivals. A source that began last month, counted from the first day of the history on,
would look like a jump of that level, and lift the forecast of all others; one that has ended would go on for ever. So a
value counts from its first deal on, and to its last one, where the silence before or after cannot be chance.

Whether it can is judged by the other deals of that time, not by days: where business stops, or grows, all segments
share it, and that is the level's. A value that is one deal in ten is unlikely to miss two hundred. And values that come
and go are left alone: the silence must be twice as long as any in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.segments import UNKNOWN, Segments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_DAYS = 5
"""A value must have had new deals on so many days, beside one, for anything to be said of its silence."""
FEWEST_OTHERS = 20
"""A silence is told in other deals, of which there must be so many."""
LONGER_THAN_GAPS = 2.0
_UNLIKELY = math.log(1e6)
"""A silence that would come by chance once in a million times, over all values, is none."""


@dataclass(frozen=True)
class Window:
    """A value of a segment column that began after the others, or ended before them.

    Parameters
    ----------
    column, value
        The value.
    begins, ends
        Its first day with a deal, and the day after its last one, since 1970-01-01; None where it was there before, or
        still is.
    due
        How many of its deals would have come since, at the pace that it had; 0 where it has not ended.
    """

    column: str
    value: str
    begins: int | None
    ends: int | None
    due: float = 0.0

    def words(self) -> str:
        """Say what was found, and what the forecast makes of it."""
        who = f"new deals of {self.column} {self.value!r}"
        began = "" if self.begins is None else f"began on {np.datetime64(self.begins, 'D')}"
        if self.ends is None:
            return f"{who} {began}: their number is learned from then on"
        ended = f"ended on {np.datetime64(self.ends - 1, 'D')}, when about {self.due:,.0f} more were due"
        both = f"{began} and {ended}" if began else ended
        return f"{who} {both}: none are forecast; a lever on arrivals can add some"


def find_windows(first_day: Ints, segment: Ints, segments: Segments, until: int) -> tuple[Window, ...]:
    """Find the values that began late or ended early.

    Parameters
    ----------
    first_day, segment
        int64, (n_deals,): the days on which deals were entered, since 1970-01-01, and their segments.
    segments
        What the codes mean.
    until
        The first day not known.
    """
    found = []
    n_values = sum(len(set(segments.column(name))) for name in segments.columns)
    everything = np.sort(first_day)
    for column in segments.columns:
        values, of_segment = np.unique(np.array(segments.column(column)), return_inverse=True)
        code = of_segment[segment]
        order = np.lexsort((first_day, code))
        edges = np.searchsorted(code[order], np.arange(values.size + 1))
        for value, first, last in zip(values.tolist(), edges[:-1], edges[1:], strict=True):
            own = first_day[order[first:last]]
            begins, ends = (None, None) if value == UNKNOWN else _window(own, everything, math.log(n_values))
            if begins is not None or ends is not None:
                due = 0.0 if ends is None else own.size / (ends - own[0]) * (until - ends)
                found.append(Window(column, value, begins, ends, float(due)))
    return tuple(found)


def _window(own: Ints, everything: Ints, log_values: float) -> tuple[int | None, int | None]:
    """Return when one value began and ended; None where it was there before, or still is.

    Parameters
    ----------
    own, everything
        The days of its deals and of all deals, in order.
    log_values
        Log of the number of values that are looked at.
    """
    days = np.unique(own)
    if days.size <= FEWEST_DAYS:
        return None, None
    before, after = (
        np.searchsorted(everything, days, side=side) - np.searchsorted(own, days, side=side)
        for side in ("left", "right")
    )
    within = max(int(after[-1] - before[0]), 0)
    share = (days.size - 1) / (days.size - 1 + within)
    longest = float(np.max(before[1:] - after[:-1]))
    begun, ended = (
        n >= FEWEST_OTHERS
        and n > LONGER_THAN_GAPS * longest
        and (share == 1.0 or -n * math.log1p(-share) >= _UNLIKELY + log_values)
        for n in (int(before[0]), int(everything.size - own.size - after[-1]))
    )
    return int(days[0]) if begun else None, int(days[-1]) + 1 if ended else None


def days_of_segments(windows: tuple[Window, ...], segments: Segments, start: int, until: int) -> Ints:
    """Return from when and up to when each segment counts, int64, (n_segments, 2): where all its values do."""
    days = np.tile(np.array([start, until]), (len(segments), 1))
    for window in windows:
        here = np.array([value == window.value for value in segments.column(window.column)])
        if window.begins is not None:
            days[here, 0] = np.maximum(days[here, 0], window.begins)
        if window.ends is not None:
            days[here, 1] = np.minimum(days[here, 1], window.ends)
    return days
