"""Spikes: days on which a rule ends stays, such as a trial that expires after 30 days or a fine raised after 60.

Pieces of time some days wide would spread such ends over days on which none comes. A spike is found where, of the
stays that end by one move near a day, far more end on that day than chance and any smooth course of days explain.
Weekly rhythms, which double the ends of every seventh day, are none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from simcast.model.pieces import HAZARD_END_DAYS, MOST_SPIKES, PIECE_STARTS, Spike, piece_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_ENDS = 20
"""With fewer ends on it a day is no spike."""
TIMES_THE_USUAL = 4.0
"""So many times the mean of the days round it end on a spike at least."""
TIMES_ON_SINGLE_DAYS = 10.0
"""So many on the first days, which have a piece each: there the walk itself may rise and fall by less."""

_SURELY = 1e-6
"""The chance that any day of a stage without spikes is taken for one."""
_LEAST_REACH = 3
"""A week is looked at even where pieces are shorter: a weekly rhythm then has its mean."""
_FIRST_DAY = 2
"""Day 0 stands apart anyway, and from day 1 the walk begins."""


def find_spikes(move: Ints, days: Ints, n_moves: int) -> tuple[Spike, ...]:
    """Find the spikes of a stage, those that stand out by most stays first, `MOST_SPIKES` at most.

    A day is compared with the days round it, as far as a piece is wide either side and three days at least. The number
    of its ends is compared with a binomial one, given the ends on all these days, with Bonferroni's correction for the
    number of days and moves. A spike found is left out when other days are compared with those round them.

    Parameters
    ----------
    move
        int64, (n_stays,): position of the move that ended each stay; -1 while it is open.
    days
        int64, (n_stays,): whole days from entering to leaving, or to the first day not known.
    n_moves
        How many moves leave the stage.

    Examples
    --------
    >>> days = np.concatenate([np.arange(100), np.full(300, 60)])
    >>> find_spikes(np.zeros(400, dtype=np.int64), days, 1)
    (Spike(move=0, day=60),)
    """
    n_days = min(int(np.max(days, initial=0)), HAZARD_END_DAYS - 2) + 1
    over = (move >= 0) & (days < n_days)
    ended = np.bincount(move[over] * n_days + days[over], minlength=n_moves * n_days).reshape(n_moves, n_days)
    if np.max(ended) < FEWEST_ENDS:
        return ()
    usual = np.ones(ended.shape, dtype=bool)
    usual[:, 0] = False
    found: list[Spike] = []
    while len(found) < MOST_SPIKES:
        excess = _excess(ended, usual)
        place = int(np.argmax(excess))
        if excess.flat[place] <= 0.0:
            break
        found.append(Spike(*divmod(place, n_days)))
        usual.flat[place] = False
    return tuple(found)


def _excess(ended: Ints, usual: NDArray[np.bool_]) -> Floats:
    """Return by how many ends each day stands out, (n_moves, n_days); 0 where it is no spike, or one already found."""
    ends_around, days_around = _around(ended * usual), _around(usual.astype(np.int64))
    expected = ends_around / np.maximum(days_around, 1)
    times = np.where(_widths(ended.shape[1]) == 1, TIMES_ON_SINGLE_DAYS, TIMES_THE_USUAL)
    standing = usual & (days_around > 0) & (ended >= FEWEST_ENDS) & (ended >= times * expected)
    standing[:, :_FIRST_DAY] = False
    chance = binom.sf(ended[standing] - 1, (ended + ends_around)[standing], 1.0 / (1.0 + days_around[standing]))
    standing[standing] = chance * ended.size < _SURELY
    return np.where(standing, ended - expected, 0.0)


def _widths(n_days: int) -> Ints:
    """Return how many days the piece of each day has in a stage without spikes, (n_days,)."""
    widths: Ints = np.diff(PIECE_STARTS)[piece_of(np.arange(n_days))]
    return widths


def _around(values: Ints) -> Ints:
    """Return the sums over the days round each day, itself left out, (n_moves, n_days)."""
    day = np.arange(values.shape[1])
    reach = np.maximum(_widths(day.size), _LEAST_REACH)
    total = np.concatenate([np.zeros((values.shape[0], 1), dtype=np.int64), np.cumsum(values, axis=1)], axis=1)
    around: Ints = total[:, np.minimum(day + reach + 1, day.size)] - total[:, np.maximum(day - reach, 0)] - values
    return around
