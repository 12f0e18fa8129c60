"""Where records begin: a CRM that was filled with running deals knows nothing of those that had ended before.

A deal that began before the records is in the file only because it was still open when they began. Its stays count
from that day on (left truncation); counting them from their beginning would make every early deal a survivor.

References
----------
Klein & Moeschberger (2003), Survival Analysis, 2nd edition, section 3.4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.days import day_number
from simcast.model.pieces import PIECE_STARTS, HazardCounts, count_pieces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SURELY_MISSING = 12.0
"""When so many deals should have ended before the first that did, chance does not explain it: exp(-12) is 6e-6."""


def first_recorded_day(
    stage: Ints, entered: Ints, left: Ints, ends_deal: NDArray[np.bool_]
) -> tuple[int, float] | None:
    """Find the day on which records of ended deals begin, when that is long after the first deals.

    Parameters
    ----------
    stage
        int64, (n_stays,): stage codes.
    entered, left
        int64, (n_stays,): days; `left` of an open stay is the first day not known.
    ends_deal
        bool, (n_stays,): whether the stay ended in an outcome.

    Returns
    -------
    The day of the first outcome on record, and how many outcomes the later hazards would have brought before it;
    None when that is too few to tell.
    """
    if not ends_deal.any():
        return None
    first = int(np.min(left[ends_deal]))
    early = entered < first
    if not early.any():
        return None
    missing = 0.0
    for code in np.unique(stage[early]):
        here = stage == code
        hazard = _outcome_hazard(entered[here], left[here], ends_deal[here], first)
        exposed = here & early
        lasted = np.minimum(left[exposed], first) - entered[exposed]
        missing += float(_summed(hazard, lasted).sum())
    return (first, missing) if missing > SURELY_MISSING else None


def _outcome_hazard(entered: Ints, left: Ints, ends_deal: NDArray[np.bool_], first: int) -> Floats:
    """Return the rate of outcomes per day in each piece of a stay, from the days since `first` only: (n_pieces,)."""
    known = left >= first
    nothing = np.zeros(int(known.sum()), dtype=np.int64)
    counts: HazardCounts = count_pieces(
        nothing,
        np.where(ends_deal[known], 0, -1),
        (left - entered)[known],
        n_cells=1,
        n_moves=1,
        since=np.maximum(0, first - entered[known]),
    )
    ended = counts.ended[0, :, 0]
    rate: Floats = ended / np.maximum(counts.passed[0] + ended, 1.0)
    return rate


def _summed(hazard: Floats, days: Ints) -> Floats:
    """Return the hazard summed over the first `days` days."""
    total = np.concatenate([[0.0], np.cumsum(hazard * np.diff(PIECE_STARTS))])
    summed: Floats = np.interp(days, PIECE_STARTS, total)
    return summed


def from_records_on(
    entered: Ints, left: Ints, recorded_from: int | None, is_open: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Ints]:
    """Return which stays reached the day on which records begin, and how many days each had lasted by then."""
    if recorded_from is None:
        return np.ones(entered.size, dtype=bool), np.zeros(entered.size, dtype=np.int64)
    return is_open | (left >= recorded_from), np.maximum(0, recorded_from - entered)


def recorded_day(choice: str, found: tuple[int, float] | None) -> int | None:
    """Return the day chosen by a scenario: ``auto`` takes the one found, ``none`` none, else an ISO date."""
    if choice == "auto":
        return None if found is None else found[0]
    return None if choice == "none" else day_number(np.datetime64(choice, "D"))
