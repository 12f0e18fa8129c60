"""An amount that stands on deals until they are won: one that says nothing of what they are worth.

One and the same amount on most of the deals that are not won, and on far fewer of those that are, is what somebody, or
the CRM, writes down before the true one is known. An honest price that most deals have is that of won deals as well.

The test is exact whatever the numbers of deals, and holds where deals at that price have a third of the odds of a win.

Source: Fisher (1935), The logic of inductive inference, on tables of two by two whose odds ratio is not 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

_LEAST_OF_OTHERS = 0.5
"""Of the deals not won that have an amount, so many must have this one."""
_MOST_OF_WINS = 0.2
"""Won deals must have it at most so often as the others."""
_HONEST_ODDS = 1.0 / 3.0
"""Of being won at a price, over those at other prices: chances may go so far with an honest one."""
_FEWEST_WINS, _FEWEST_OTHERS = 5, 20
_FALSE_ALARM = 0.01


@dataclass(frozen=True)
class Placeholder:
    """An amount that is none.

    Parameters
    ----------
    value
        What stands on the deals.
    of_others, of_wins
        Shares of the deals with an amount, of those not won and of those won, that have this one.
    """

    value: Any
    of_others: float
    of_wins: float

    def words(self, written: str) -> str:
        """Say what it stands on, as it is written."""
        return (
            f"{written} stands as the amount on {self.of_others:.0%} of the deals not won that have one, and on"
            f" {self.of_wins:.0%} of the won ones: it is a placeholder"
        )


def find_placeholder(amounts: NDArray[Any], won: Bools) -> Placeholder | None:
    """Return the amount that is a placeholder; None where there is none.

    Parameters
    ----------
    amounts
        (n_deals,): the amount of each deal that has one, as a number or as it is written.
    won
        bool, (n_deals,): whether it was won.

    Examples
    --------
    >>> won = np.arange(100) < 20
    >>> find_placeholder(np.where(won, np.arange(100), 5000), won)
    Placeholder(value=5000, of_others=1.0, of_wins=0.0)
    >>> find_placeholder(np.full(100, 5000), won) is None
    True
    """
    n_wins, n_others = int(won.sum()), int((~won).sum())
    if n_wins < _FEWEST_WINS or n_others < _FEWEST_OTHERS:
        return None
    values, counts = np.unique(amounts[~won], return_counts=True)
    value, of_others = values[np.argmax(counts)], int(np.max(counts))
    of_wins = int((amounts[won] == value).sum())
    found = Placeholder(
        value.item() if isinstance(value, np.generic) else value, of_others / n_others, of_wins / n_wins
    )
    if found.of_others < _LEAST_OF_OTHERS or found.of_wins > _MOST_OF_WINS * found.of_others:
        return None
    from scipy.stats import nchypergeom_fisher

    by_chance = nchypergeom_fisher.cdf(of_wins, n_wins + n_others, of_wins + of_others, n_wins, _HONEST_ODDS)
    return found if by_chance <= _FALSE_ALARM else None
