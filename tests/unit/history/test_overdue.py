"""Open stays that last longer than all that ended: told where stays stall, and not where they are only slow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.history.measures import overdue_by_chance
from simcast.history.quality import SELDOM_OVERDUE

Floats = NDArray[np.float64]
Law = Callable[[np.random.Generator, int], Floats]


def lognormal(sigma: float) -> Law:
    return lambda rng, n: 14 * np.exp(sigma * rng.standard_normal(n))


def log_logistic(scale: float) -> Law:
    return lambda rng, n: 14 * np.exp(scale * rng.logistic(size=n))


def told(law: Law, n_stays: int, days: int, n_histories: int, stalled: float = 0.0) -> float:
    """Return in how many histories, of stays that begin at any time, open ones are told to be older than chance."""
    count = 0
    for seed in range(n_histories):
        rng = np.random.default_rng(seed)
        begun = rng.uniform(0, days, n_stays)
        left = begun + np.where(rng.random(n_stays) < stalled, np.inf, law(rng, n_stays))
        ended = left < days
        first = np.floor(begun).astype(np.int64)
        lasted = np.floor(left[ended]).astype(np.int64) - first[ended]
        count += overdue_by_chance(lasted, days - first[~ended] - 1) <= SELDOM_OVERDUE
    return count / n_histories


@pytest.mark.parametrize("n_stays", [40, 200, 2000])
@pytest.mark.parametrize(
    "law",
    [lognormal(0.6), lognormal(1.2), log_logistic(0.7), log_logistic(1.5), lambda rng, n: 5 / rng.random(n)],
    ids=["punctual", "lognormal", "log-logistic", "slow", "Pareto"],
)
def test_slow_stays_are_not_told_more_often_than_once_in_a_hundred(law: Law, n_stays: int) -> None:
    """Of 150 histories more than 6 would be told with probability 0.1% at most. In most of those of slow stays some
    open ones, one in twenty or more, have waited longer than any that left, and all of them will leave."""
    assert told(law, n_stays, 365, 150) <= 6 / 150


@pytest.mark.parametrize(("n_stays", "stalled", "at_least"), [(2000, 0.05, 0.9), (300, 0.1, 0.7), (300, 0.25, 0.8)])
def test_stays_that_stall_are_told(n_stays: int, stalled: float, at_least: float) -> None:
    assert told(lognormal(0.9), n_stays, 540, 60, stalled) >= at_least


def test_stays_of_the_same_day_or_of_one_length_leave_no_doubt() -> None:
    for days in (0, 5):
        assert overdue_by_chance(np.full(30, days), np.array([200, 150, 90])) <= SELDOM_OVERDUE
        assert overdue_by_chance(np.full(30, days), np.array([days])) > SELDOM_OVERDUE
