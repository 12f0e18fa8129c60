"""Scores of probabilistic forecasts: CRPS, coverage, interval score, PIT, bias, pinball and Brier, on plain arrays.

A forecast is a sample of equally likely futures, in arrays of shape (n_futures, n_cases): the first axis is the
future, as everywhere. What really happened has the shape (n_cases,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def crps_of_sample(sample: ArrayLike, observed: ArrayLike) -> Floats:
    """Return the continuous ranked probability score of each case, in the unit of the quantity; less is better.

    It is the absolute error of a forecast that is one number, and rewards a distribution that is both right and
    narrow. The estimator is the fair one: its mean does not depend on how many futures were played.

    Parameters
    ----------
    sample : float64, (n_futures, n_cases)
        At least two futures.
    observed : float64, (n_cases,)

    Returns
    -------
    float64, (n_cases,)
        May be a little below 0, as no estimator of this kind can exclude.

    Raises
    ------
    ValueError
        When the shapes do not fit, or there are fewer than two futures.

    References
    ----------
    Zamo & Naveau (2018), Estimation of the continuous ranked probability score with limited information and
    applications to ensemble weather forecasts, Mathematical Geosciences 50, equation 14 (``eFAIR``).

    Examples
    --------
    >>> crps_of_sample([[1.0, 2.0], [3.0, 2.0]], [2.0, 5.0])
    array([0., 3.])
    """
    futures, happened = _aligned(sample, observed)
    n_futures = futures.shape[0]
    if n_futures < 2:
        raise ValueError(f"the fair CRPS needs at least 2 futures, got {n_futures}")
    distance = np.abs(futures - happened).mean(axis=0)
    # The sum of |x_i - x_j| over pairs, from the order statistics: x_(i) is the larger one in i of them.
    weight = 2.0 * np.arange(n_futures) - (n_futures - 1)
    pairs = np.tensordot(weight, np.sort(futures, axis=0) - happened, axes=1)
    score: Floats = distance - pairs / (n_futures * (n_futures - 1.0))
    return score


def crps_of_distribution(values: ArrayLike, observed: float) -> float:
    """Return the CRPS of a distribution that is exactly these equally likely values; less is better.

    Unlike `crps_of_sample`, which estimates that of the distribution behind a sample, it takes the values as the
    forecast itself; of a single number it is the absolute error.

    Parameters
    ----------
    values : float64, (n_values,)
        In any order.
    observed
        What happened.

    Raises
    ------
    ValueError
        When there are no values.

    References
    ----------
    Gneiting & Raftery (2007), Strictly proper scoring rules, prediction, and estimation, equation 21.

    Examples
    --------
    >>> crps_of_distribution([3.0], 5.0), crps_of_distribution([1.0, 3.0], 2.0)
    (2.0, 0.5)
    """
    futures = np.sort(np.asarray(values, dtype=np.float64))
    n = len(futures)
    if n == 0:
        raise ValueError("a distribution needs at least one value")
    weight = 2.0 * np.arange(n) - (n - 1)
    return float(np.abs(futures - observed).mean() - weight @ (futures - observed) / n**2)


def pinball(quantiles: ArrayLike, levels: ArrayLike, observed: float) -> Floats:
    """Return the pinball loss of each quantile of a forecast; less is better.

    Parameters
    ----------
    quantiles, levels : float64, (n_levels,)
        The quantiles, and the probabilities that they should not be exceeded with.
    observed
        What happened.

    Returns
    -------
    float64, (n_levels,)

    Raises
    ------
    ValueError
        When the shapes differ.

    References
    ----------
    Koenker & Bassett (1978), Regression quantiles, Econometrica 46.

    Examples
    --------
    >>> pinball([4.0, 8.0], [0.1, 0.9], 10.0).round(6)
    array([0.6, 1.8])
    """
    foreseen, level = _same_shape(quantiles, levels)
    error = observed - foreseen
    loss: Floats = np.maximum(level * error, (level - 1.0) * error)
    return loss


def brier(probability: ArrayLike, happened: ArrayLike) -> float:
    """Return the mean squared error of probabilities; less is better, NaN without cases.

    Parameters
    ----------
    probability, happened : float64, (n_cases,)
        The probabilities, and 1 where the event came, else 0.

    Raises
    ------
    ValueError
        When the shapes differ.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78.

    Examples
    --------
    >>> brier([0.5, 1.0], [1.0, 1.0])
    0.125
    """
    foreseen, came = _same_shape(probability, happened)
    return float(np.mean((foreseen - came) ** 2)) if foreseen.size else float("nan")


def interval_coverage(lower: ArrayLike, upper: ArrayLike, observed: ArrayLike) -> float:
    """Return the share of cases that lie in their intervals, both ends included; NaN without cases.

    Parameters
    ----------
    lower, upper, observed : float64, (n_cases,)

    Raises
    ------
    ValueError
        When the shapes differ, or an interval ends before it begins.

    Examples
    --------
    >>> interval_coverage([0.0, 0.0], [1.0, 1.0], [1.0, 1.5])
    0.5
    """
    low, high, happened = _intervals(lower, upper, observed)
    inside = (low <= happened) & (happened <= high)
    return float(inside.mean()) if inside.size else float("nan")


def interval_score(lower: ArrayLike, upper: ArrayLike, observed: ArrayLike, level: float) -> Floats:
    """Return the score of central intervals: their width, and a fine for each miss; less is better.

    Parameters
    ----------
    lower, upper, observed : float64, (n_cases,)
    level
        What the intervals should cover, such as 0.8; the ends are the quantiles (1 - level) / 2 and (1 + level) / 2.

    Returns
    -------
    float64, (n_cases,)

    Raises
    ------
    ValueError
        When the shapes differ, an interval ends before it begins, or the level is not between 0 and 1.

    References
    ----------
    Gneiting & Raftery (2007), Strictly proper scoring rules, prediction, and estimation, equation 43.

    Examples
    --------
    >>> interval_score([0.0, 0.0], [1.0, 1.0], [0.3, 1.5], level=0.8).round(6)
    array([1., 6.])
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"the level of an interval must be between 0 and 1, got {level}")
    low, high, happened = _intervals(lower, upper, observed)
    missed = np.maximum(low - happened, 0.0) + np.maximum(happened - high, 0.0)
    score: Floats = (high - low) + 2.0 / (1.0 - level) * missed
    return score


def pit(sample: ArrayLike, observed: ArrayLike, generator: np.random.Generator) -> Floats:
    """Return the probability integral transform of each case: uniform where forecasts are calibrated.

    It is where in the sample the observation stands, from 0 (below all) to 1 (above all). Counts tie with futures;
    among its ties an observation is given a place at random, without which counts could not look calibrated.

    Parameters
    ----------
    sample : float64, (n_futures, n_cases)
    observed : float64, (n_cases,)
    generator
        Of the places among ties.

    Returns
    -------
    float64, (n_cases,)
        Exactly uniform on (0, 1), whatever the number of futures, when the observation is drawn as the futures are.

    Raises
    ------
    ValueError
        When the shapes do not fit.

    References
    ----------
    Czado, Gneiting & Held (2009), Predictive model assessment for count data, Biometrics 65.

    Examples
    --------
    >>> pit([[1.0], [2.0], [3.0]], [9.0], np.random.default_rng(1)) > 0.75
    array([ True])
    """
    futures, happened = _aligned(sample, observed)
    below = np.count_nonzero(futures < happened, axis=0)
    ties = np.count_nonzero(futures == happened, axis=0)
    place: Floats = (below + generator.random(happened.shape) * (ties + 1)) / (futures.shape[0] + 1)
    return place


def bias(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Return by how much forecasts are too high on average, in the unit of the quantity; NaN without cases.

    Parameters
    ----------
    predicted : float64, (n_cases,)
        The means of the forecasts, or single numbers.
    observed : float64, (n_cases,)

    Raises
    ------
    ValueError
        When the shapes differ.

    Examples
    --------
    >>> bias([3.0, 5.0], [2.0, 2.0])
    2.0
    """
    forecast, happened = _same_shape(predicted, observed)
    return float(np.mean(forecast - happened)) if forecast.size else float("nan")


def _aligned(sample: ArrayLike, observed: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as arrays; `ValueError` when they do not speak of the same cases."""
    futures, happened = np.asarray(sample, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if futures.ndim != 2 or happened.shape != futures.shape[1:]:
        raise ValueError(
            f"need a sample (n_futures, n_cases) and observations (n_cases,), got {futures.shape} and {happened.shape}"
        )
    return futures, happened


def _intervals(lower: ArrayLike, upper: ArrayLike, observed: ArrayLike) -> tuple[Floats, Floats, Floats]:
    low, happened = _same_shape(lower, observed)
    high, _ = _same_shape(upper, observed)
    if np.any(low > high):
        raise ValueError("an interval ends before it begins: give the lower ends first")
    return low, high, happened


def _same_shape(forecast: ArrayLike, observed: ArrayLike) -> tuple[Floats, Floats]:
    predicted, happened = np.asarray(forecast, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if predicted.ndim != 1 or predicted.shape != happened.shape:
        raise ValueError(
            f"need forecasts and observations of one shape (n_cases,), got {predicted.shape} and {happened.shape}"
        )
    return predicted, happened
