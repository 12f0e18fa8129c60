"""How the mean number of new deals moves over the calendar: yearly harmonics, and blocks of days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.days import DAYS_PER_YEAR

Floats = NDArray[np.float64]

BLOCK_DAYS = 28
"""The level of arrivals is constant within a block of four weeks, and walks from block to block."""

N_FUTURE_BLOCKS = 130
"""How far a posterior walks on after the as-of date, ten years nearly; beyond, the level stays."""

HARMONICS = ("cos 1", "sin 1", "cos 2", "sin 2")
"""The labels of the yearly harmonics: once and twice a year."""


def yearly_harmonics(days: NDArray[np.int64]) -> Floats:
    """Return the cosines and sines of one and two turns a year at noon of each day.

    Parameters
    ----------
    days
        int64, (n_days,): since 1970-01-01.

    Returns
    -------
    float64, (n_days, 4)
        In the order of `HARMONICS`.

    Examples
    --------
    >>> yearly_harmonics(np.array([0, 182])).round(2).tolist()
    [[1.0, 0.01, 1.0, 0.02], [-1.0, 0.0, 1.0, -0.0]]
    """
    turn = 2.0 * np.pi * (days + 0.5) / DAYS_PER_YEAR
    return np.stack([np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)], axis=-1)


def calendar_factor(
    first_day: int,
    n_days: int,
    season: Floats | None,
    path: Floats | None,
    trend: Floats,
    bounds: Floats | None = None,
) -> Floats:
    """Return the factor by which the mean of new deals differs from that at the as-of date, day by day.

    It is ``exp(trend (x + 1/2) + season(date) + path[block of x])`` on day x after the as-of date, season and path
    together kept within the bounds; all three may be missing.

    Parameters
    ----------
    first_day
        The as-of date, in days since 1970-01-01.
    n_days
        How many days from it on.
    season
        float64, (n_draws, 4): coefficients of `yearly_harmonics`.
    path
        float64, (n_draws, n_blocks): the level in the blocks of `BLOCK_DAYS` after the as-of date.
    trend
        float64, (n_draws,): change of the log mean per day.
    bounds
        float64, (n_draws, 2): the lowest and the highest that season and path may come to.

    Returns
    -------
    float64, (n_draws, n_days)

    Examples
    --------
    >>> walked = np.array([[0.0, np.log(2.0)]])
    >>> calendar_factor(0, 30, None, walked, np.zeros(1))[0, [0, 27, 28, 29]].round(6).tolist()
    [1.0, 1.0, 2.0, 2.0]
    >>> calendar_factor(0, 30, None, walked, np.zeros(1), np.log([[0.5, 1.5]]))[0, [0, 27, 28, 29]].round(6).tolist()
    [1.0, 1.0, 1.5, 1.5]
    """
    day = np.arange(n_days)
    level = np.zeros((trend.size, n_days))
    if season is not None:
        level = level + season @ yearly_harmonics(first_day + day).T
    if path is not None:
        level = level + path[:, np.minimum(day // BLOCK_DAYS, path.shape[1] - 1)]
    if bounds is not None:
        level = np.clip(level, bounds[:, :1], bounds[:, 1:])
    factor: Floats = np.exp(trend[:, None] * (day + 0.5) + level)
    return factor
