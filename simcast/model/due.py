"""The days on which stays were due to end, where ends that fall on some weekdays are recorded on a later one.

Where a day has an opening (`simcast.posterior.clocks`), an end on record there may have been due on it or on one of the
days before, on which little is recorded. The days of stays are fitted until they were due to end, since the clock puts
the ends off again. Which day that was nobody knows: ends are shared out over the days in proportion to how many stays
end at the ages that they make, as the ends of other weekdays tell, and those put off themselves, by expectation and
maximisation.

References
----------
Turnbull (1976), The empirical distribution function with arbitrarily grouped, censored and truncated data, JRSS B 38.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simcast.days import weekday_of
from simcast.model.at_risk import StageDays
from simcast.model.clocks import StageClocks
from simcast.model.distinct import distinct_rows
from simcast.model.pieces import piece_of
from simcast.posterior.clocks import days_waiting, put_off_shares

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 20
_LEAST = 1e-12
_GOLDEN = (5.0**0.5 - 1.0) / 2.0


def as_due(dated: StageDays, clocks: StageClocks) -> StageDays:
    """Return the stays of one stage with the ends that were put off on the days on which they were due.

    What was due on the last days known may wait still to be recorded: open stays count until before them.
    """
    is_open = dated.move < 0
    ended_by_move = np.bincount(dated.move[~is_open], minlength=len(clocks.clocks)).astype(np.float64)
    waiting = days_waiting(clocks.clocks, ended_by_move, dated.until)
    left = np.where(is_open, np.maximum(dated.left - waiting, dated.entered), dated.left)
    none = np.tile(np.eye(1, 7), (7, 1))
    of_move = np.array(
        [put_off_shares(one.weekday) if one is not None and one.opening.any() else none for one in clocks.clocks]
    )
    days, weekday = left - dated.entered, weekday_of(left)
    was_put_off = ~is_open & (days > 0) & (of_move[dated.move, weekday, 0] < 1.0)
    if not was_put_off.any():
        return dated
    kinds = distinct_rows(dated.move[was_put_off], weekday[was_put_off], days[was_put_off])
    move, end, lasted = kinds.columns
    put_off = np.where(lasted[:, None] >= np.arange(7), of_move[move, end], 0.0)
    certain = np.zeros((of_move.shape[0] + 1, int(np.max(days)) + 1))
    np.add.at(certain, (dated.move[~was_put_off] + 1, days[~was_put_off]), 1.0)
    share = _shares(certain, move, lasted, put_off, kinds.count)
    left[was_put_off] -= _dealt_out(kinds.number, share)
    return replace(dated, left=left)


def _shares(certain: Floats, move: Ints, lasted: Ints, put_off: Floats, count: Ints) -> Floats:
    """Return the chances of each kind of end to have been due 0, 1, ... days before: (n_kinds, 7).

    Parameters
    ----------
    certain
        float64, (1 + n_moves, n_ages): how many stays are known to have lasted so many days; those still open first.
    move, lasted, count
        int64, (n_kinds,): by which move ends were recorded, after how many days, and how many they are.
    put_off
        float64, (n_kinds, 7): the chances, if stays ended as often at all ages.
    """
    ages = np.maximum(lasted[:, None] - np.arange(7), 0)
    piece = piece_of(np.arange(certain.shape[1]))
    share: Floats = put_off / put_off.sum(axis=1, keepdims=True)
    for _ in range(_ROUNDS):
        ended = certain[1:].copy()
        np.add.at(ended, (move[:, None], ages), share * count[:, None])
        gone = ended.sum(axis=0) + certain[0]
        at_risk = np.maximum(np.bincount(piece, np.cumsum(gone[::-1])[::-1]), 1.0)
        hazard = np.array([(np.bincount(piece, one) / at_risk)[piece] for one in ended])
        lasting = np.cumprod(np.append(1.0, 1.0 - hazard.sum(axis=0)))[:-1]
        share = put_off * np.maximum(hazard * lasting, _LEAST)[move[:, None], ages]
        share /= share.sum(axis=1, keepdims=True)
    return share


def _dealt_out(kind: Ints, share: Floats) -> Ints:
    """Return how many days before each end was due: of each kind, and of any run of it, as many as the shares say.

    Along the stays of a kind a golden-ratio sequence is compared with its shares, so that neither early deals nor those
    of one segment are due on one day and all others on another.
    """
    order = np.argsort(kind, kind="stable")
    sorted_kind = kind[order]
    rank = np.arange(kind.size) - np.searchsorted(sorted_kind, np.arange(len(share)))[sorted_kind]
    at = (rank + 0.5) * _GOLDEN % 1.0
    due = np.zeros(kind.size, dtype=np.int64)
    due[order] = (at[:, None] > np.cumsum(share, axis=1)[sorted_kind, :-1]).sum(axis=1)
    return due
