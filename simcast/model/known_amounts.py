"""Whether the stays whose amount is known tell how chances go with the amount, where many amounts are not known.

Stays without an amount stand at the centre of amounts in the model of a stage. That does no harm where amounts are
missing at random: such stays move forward as often as others. Where they do not, as where an amount is written down
when a deal is won, known amounts are those of other deals than the open ones, and chances must not go with them.

Source: Mantel & Haenszel (1959), Statistical aspects of the analysis of data from retrospective studies of disease.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.ranks import rank_correlation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

AMOUNTS_FOR_SLOPE = 100
"""So many ended stays must have had an amount from their beginning on."""
SHARE_FOR_SLOPE = 0.8
"""So large a share of them do not mislead, whatever the others are."""
MOST_ODDS = 1.35
"""Amounts are taken to be missing at random where the odds of moving forward of stays with an amount, over those of
stays without, are at most this, and at least one over this."""

LEAST_CORRELATION = 0.1
_LEAST_SCORE = 4.0


@dataclass(frozen=True)
class UnusedAmounts:
    """Amounts that chances seem to go with, but that are known of too few stays, and not at random.

    Parameters
    ----------
    share
        Of the ended stays, which have an amount.
    odds
        Of moving forward with an amount, over those without; infinite where only those with one did.
    correlation
        Rank correlation of the amount and moving forward.
    """

    share: float
    odds: float
    correlation: float


def tell_of_chances(log_amount: Floats, forward: Bools, segment: Ints) -> bool | UnusedAmounts:
    """Return whether chances are to go with the amount; where amounts matter and yet cannot be used, say why.

    Parameters
    ----------
    log_amount
        float64, (n_stays,): of ended stays, NaN where it was not known when they began.
    forward
        bool, (n_stays,): whether they ended in the forward move.
    segment
        int64, (n_stays,)
    """
    known = np.isfinite(log_amount)
    if known.sum() < AMOUNTS_FOR_SLOPE:
        return False
    share = float(known.mean())
    odds = common_odds(known, forward, segment)
    if share >= SHARE_FOR_SLOPE or 1.0 / MOST_ODDS <= odds <= MOST_ODDS:
        return True
    correlation, score = rank_correlation(log_amount[known], forward[known].astype(np.int64), segment[known])
    if abs(correlation) > LEAST_CORRELATION and abs(score) > _LEAST_SCORE:
        return UnusedAmounts(share, odds, correlation)
    return False


def common_odds(known: Bools, forward: Bools, segment: Ints) -> float:
    """Return the odds of moving forward of stays with an amount over those without, by Mantel and Haenszel.

    It is infinite, or 0, where only those of one kind moved forward while the others did not.

    Examples
    --------
    >>> stays = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [30, 10, 20, 20], axis=0).astype(bool)
    >>> common_odds(stays[:, 0], stays[:, 1], np.zeros(80, dtype=np.int64))  # 3 to 1 against 1 to 1
    3.0
    """
    counts = np.zeros((int(np.max(segment)) + 1, 2, 2))
    np.add.at(counts, (segment, known.astype(np.int64), forward.astype(np.int64)), 1.0)
    total = np.maximum(counts.sum(axis=(1, 2)), 1.0)
    for_known = float(np.sum(counts[:, 1, 1] * counts[:, 0, 0] / total))
    for_unknown = float(np.sum(counts[:, 1, 0] * counts[:, 0, 1] / total))
    if for_unknown > 0.0:
        return for_known / for_unknown
    return np.inf if for_known > 0.0 else 1.0
