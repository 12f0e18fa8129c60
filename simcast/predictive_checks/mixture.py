"""Stays replicated from a mixture: the move is drawn first, then the days until it from a family of durations.

Written independently of the engine, so that an error in one does not hide in the other. The families, with their
scales in days and their shapes, are those of the table in `simcast.engine.samplers`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simcast.predictive_checks.stays import OPEN, CheckedStays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)
_TIME_OF_DAY, _TIME_WEIGHTS = 0.5 * (1.0 + _NODES), 0.5 * _NODE_WEIGHTS
"""Gauss-Legendre nodes and weights on (0, 1) for the unknown time of day at which a stay began."""

LONGEST_DAYS = 1e6
"""Stands for never, and for durations beyond any calendar."""

_SMALLEST = 1e-300


@dataclass(frozen=True)
class MixtureStage:
    """One draw's parameters of a stage whose days have families.

    Parameters
    ----------
    probability : float64, (n_moves + 1, n_cells)
        Of each move, and of never ending, last; for stays of all amounts together.
    family
        Of the days until each move.
    scale, shape : float64, (n_moves, n_cells)
        Of the days until each move.
    amount_slope
        Change of the log odds of the forward move, among the stays that end, per unit of a stay's log amount.
    at_centre : float64, (n_cells,)
        Those log odds at the centre of amounts; read only where there is a slope.
    """

    probability: Floats
    family: tuple[str, ...]
    scale: Floats
    shape: Floats
    amount_slope: float
    at_centre: Floats

    def probability_of(self, stays: CheckedStays, rows: Ints) -> Floats:
        """Return the probabilities of chosen stays: float64, (n_moves + 1, n_rows)."""
        cell = stays.cell[rows]
        probability: Floats = self.probability[:, cell]
        if self.amount_slope:
            before, never = probability[0].copy(), probability[-1].copy()
            log_odds = self.at_centre[cell] + self.amount_slope * stays.log_amount[rows]
            forward = special.expit(log_odds) * (1.0 - never)
            probability *= (1.0 - never - forward) / np.maximum(1.0 - never - before, _SMALLEST)
            probability[0], probability[-1] = forward, never
        return probability


def replicate_mixture(stage: MixtureStage, stays: CheckedStays, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw how each stay of a stage ends.

    Returns
    -------
    int64, (n_stays,)
        The position of the move; `OPEN` for stays that never end.
    int64, (n_stays,)
        Whole days from the day of entry to the day of the end; `LONGEST_DAYS` for stays that never end.
    """
    probability = stage.probability_of(stays, np.arange(len(stays)))
    move = _drawn(probability, generator)
    began = generator.random(len(stays))
    duration = np.full(len(stays), LONGEST_DAYS)
    for position, family in enumerate(stage.family):
        rows = np.flatnonzero(move == position)
        cell = stays.cell[rows]
        duration[rows] = _durations(family, stage.scale[position, cell], stage.shape[position, cell], generator)
    truncated = np.flatnonzero(stays.at_least_days)
    if truncated.size:
        move[truncated], began[truncated], duration[truncated] = _given_lasted(stage, stays, truncated, generator)
    never = move == len(stage.family)
    days = np.floor(np.minimum(began + duration, LONGEST_DAYS)).astype(np.int64)
    return np.where(never, OPEN, move), np.where(never, int(LONGEST_DAYS), days)


def _given_lasted(
    stage: MixtureStage, stays: CheckedStays, rows: Ints, generator: np.random.Generator
) -> tuple[Ints, Floats, Floats]:
    """Draw move, time of day and duration of stays that are known to have reached a later day.

    The probability that a stay begins at time u of its day and ends in move k after day c is that of u, times
    p_k S_k(c - u): all nodes of u and all moves are weighed together, then the duration is drawn beyond c - u.
    """
    n_moves, n_nodes = len(stage.family), _TIME_OF_DAY.size
    cell = stays.cell[rows]
    beyond = stays.at_least_days[rows, None] - _TIME_OF_DAY
    probability = stage.probability_of(stays, rows)
    weight = np.empty((n_moves * n_nodes + 1, rows.size))
    for position, family in enumerate(stage.family):
        scale, shape = stage.scale[position, cell, None], stage.shape[position, cell, None]
        lasted = np.maximum(_survival(family, scale, shape, beyond), _SMALLEST)
        block = slice(position * n_nodes, (position + 1) * n_nodes)
        weight[block] = (probability[position, :, None] * lasted * _TIME_WEIGHTS).T
    weight[-1] = probability[-1]
    way = _drawn(weight / weight.sum(axis=0), generator)
    move = np.minimum(way // n_nodes, n_moves)
    began = _TIME_OF_DAY[way % n_nodes]
    duration = np.full(rows.size, LONGEST_DAYS)
    share = 1.0 - generator.random(rows.size)
    for position, family in enumerate(stage.family):
        mine = np.flatnonzero(move == position)
        scale, shape = stage.scale[position, cell[mine]], stage.shape[position, cell[mine]]
        waited = stays.at_least_days[rows[mine]] - began[mine]
        survival = share[mine] * np.maximum(_survival(family, scale, shape, waited), _SMALLEST)
        # Rounding must not take a stay back to before the time that it has lasted.
        duration[mine] = np.maximum(_exceeded(family, scale, shape, survival), waited)
    return move, began, duration


def _drawn(probability: Floats, generator: np.random.Generator) -> Ints:
    """Draw one category for each column: int64, (n_columns,)."""
    cumulative = np.cumsum(probability, axis=0)[:-1]
    chosen: Ints = (generator.random(probability.shape[1]) >= cumulative).sum(axis=0)
    return chosen


def _durations(family: str, scale: Floats, shape: Floats, generator: np.random.Generator) -> Floats:
    """Draw one duration for each pair of scale and shape."""
    n = scale.size
    drawn: Floats
    if family == "lognormal":
        drawn = scale * np.exp(shape * generator.standard_normal(n))
    elif family == "weibull":
        drawn = scale * generator.standard_exponential(n) ** shape
    elif family == "loglogistic":
        drawn = scale * np.exp(shape * generator.logistic(size=n))
    elif family == "exponential":
        drawn = scale * generator.standard_exponential(n)
    elif family == "gamma":
        drawn = scale * generator.standard_gamma(shape)
    else:
        drawn = scale.copy()
    return np.asarray(drawn, dtype=np.float64)


def _survival(family: str, scale: Floats, shape: Floats, days: Floats) -> Floats:
    """Return P(T > days), elementwise; `days` above 0."""
    ratio = days / scale
    steep = np.maximum(shape, 1e-12)
    survival: Floats
    if family == "lognormal":
        survival = np.asarray(special.ndtr(-np.log(ratio) / steep))
    elif family == "weibull":
        survival = np.exp(-np.exp(np.minimum(np.log(ratio) / steep, 700.0)))
    elif family == "loglogistic":
        survival = np.asarray(special.expit(-np.log(ratio) / steep))
    elif family == "exponential":
        survival = np.exp(-ratio)
    elif family == "gamma":
        survival = special.gammaincc(steep, ratio)
    else:
        survival = np.where(ratio < 1.0, 1.0, 0.0)
    return np.asarray(survival, dtype=np.float64)


def _exceeded(family: str, scale: Floats, shape: Floats, survival: Floats) -> Floats:
    """Return the days beyond which the given share of stays lasts, elementwise: the inverse of `_survival`."""
    days: Floats
    if family == "lognormal":
        days = scale * np.exp(-shape * special.ndtri(survival))
    elif family == "weibull":
        days = scale * (-np.log(survival)) ** shape
    elif family == "loglogistic":
        days = scale * np.exp(-shape * special.logit(survival))
    elif family == "exponential":
        days = -scale * np.log(survival)
    elif family == "gamma":
        days = scale * special.gammainccinv(np.maximum(shape, 1e-12), survival)
    else:
        days = scale.copy()
    return np.asarray(np.minimum(days, LONGEST_DAYS), dtype=np.float64)
