"""Whether simulated means are those that they should be, but for chance: a test that heavy tails do not fool.

Bookings are sums of a few large amounts. Where a sample happens to hold none of the largest, its mean is low and its
spread is too, so that plain standard errors would cry wolf: with 3 wins in each of 200 futures, amounts that are
lognormal with sigma 2 put 3 in 100 means beyond 4 of them, where 6 in 100,000 are due.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray


def agreement_score(differences: NDArray[np.float64]) -> float | None:
    """Return how far the mean of differences is from zero, on the scale of a standard normal number.

    It is Student's t made free of skewness by Hall's transformation, and brought to the normal scale by Wallace's
    approximation.

    Parameters
    ----------
    differences : float64, (n,)
        Independent, of mean zero if all is well.

    Returns
    -------
    float or None
        None where there is no chance in the differences, or fewer than two of them.

    Notes
    -----
    Sources: P. Hall, "On the removal of skewness by transformation", Journal of the Royal Statistical Society B 54
    (1992); D. L. Wallace, "Bounds on normal approximations to Student's and the chi-square distributions", Annals of
    Mathematical Statistics 30 (1959).

    Examples
    --------
    >>> import numpy as np
    >>> round(agreement_score(np.array([-1.0, 1.0] * 50) + 0.3), 2)  # 2.99 standard errors
    2.91
    >>> agreement_score(np.array([0.3, 0.3])) is None
    True
    """
    n = len(differences)
    spread = float(np.std(differences, ddof=1)) if n > 1 else 0.0
    if spread <= 0.0:
        return None
    mean = float(np.mean(differences))
    skewness = float(np.mean(((differences - mean) / spread) ** 3)) / math.sqrt(n)
    t = mean / spread * math.sqrt(n)
    t = t + skewness * t * t / 3.0 + skewness * skewness * t**3 / 27.0 + skewness / 6.0
    freedom = n - 1.0
    score = math.sqrt(freedom * math.log1p(t * t / freedom)) * (8.0 * freedom + 1.0) / (8.0 * freedom + 3.0)
    return math.copysign(score, t)


_MOST_MISSED = 600.0
"""Events that did not happen beyond which exp would underflow."""


def score_of_missed_events(missed: float) -> float:
    """Return how unlikely it is that so many rare events were due and none happened, as `agreement_score` does.

    It is for results that are alike in all futures though they need not be: hardly any win in a day, or hardly any
    loss. The probability of none is exp(-missed), or less.

    Parameters
    ----------
    missed
        How many were due; its sign is that of the score.

    Examples
    --------
    >>> round(score_of_missed_events(-1.66), 2), round(score_of_missed_events(9.67), 2)
    (-1.31, 4.0)
    """
    none = math.exp(-min(abs(missed), _MOST_MISSED))
    return math.copysign(-NormalDist().inv_cdf(none / 2.0), missed)
