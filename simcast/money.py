"""The largest amounts of money: the same for scenario files, histories and the engine."""

from __future__ import annotations

import math

MOST_AMOUNT = 1e13
"""The most that one deal may be worth. The engine counts hundredths in whole numbers of 64 bits, and no single win may
fill them; what is worth more is counted in thousands or millions."""

MOST_COST = 1e18
"""The most that one cost may come to: standard deviations take squares, and those of 1e200 fit no number of 64 bits."""


def written(amount: float) -> str:
    """Write an amount that is too large to be read digit by digit.

    Examples
    --------
    >>> written(1e308), written(1e13), written(25e12), written(math.inf)
    ('1e308', '1e13', '2.5e13', 'more than 1e308')
    """
    if math.isinf(amount):
        return "more than 1e308"
    return f"{amount:.4g}".replace("e+", "e")
