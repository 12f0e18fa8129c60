"""The log-likelihood of a stage under cause-specific hazards, and its gradient, in one compiled pass over pieces.

In cell c and piece j, move k ends a stay at the rate ``h[k] = exp(log_hazard[k, j] + effect[c, k])`` per day, all moves
together at ``H = sum_k h[k]``. A day passes with probability ``exp(-H)`` and ends by k with ``(1 - exp(-H)) h[k] / H``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import allocating, inner
from simcast.model.kernels.rounding import as_written

Floats = NDArray[np.float64]

_LEAST, _MOST = -60.0, 30.0
"""Log hazards beyond these change nothing that floating-point numbers could show."""

_LEAST_RATE, _MOST_RATE = math.exp(_LEAST), math.exp(_MOST)

_FARTHEST = 300.0
"""Exponentials of logarithms within this, above and below zero, can be multiplied: none is infinite, none nothing."""


@as_written
def hazard_log_likelihood(
    log_hazard: Floats, effects: Floats, passed: Floats, ended: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the log-likelihood of all stays and its derivatives by `log_hazard` and `effects`.

    Parameters
    ----------
    log_hazard
        float64, (n_moves, n_pieces): log of the rate per day.
    effects
        float64, (n_cells, n_moves): what is added to it in each cell.
    passed, ended
        float64, (n_cells, n_pieces) and (n_cells, n_pieces, n_moves): see `simcast.model.pieces.HazardCounts`.

    Returns
    -------
    float64 without dimensions, and a derivative in the shape of each parameter
    """
    n_moves, n_pieces = log_hazard.shape
    by_hazard, by_effect = np.zeros(log_hazard.shape), np.zeros(effects.shape)
    usual, factor = _exp(log_hazard), _exp(effects)
    rate = np.empty(n_moves)
    total = 0.0
    for cell in range(passed.shape[0]):
        for piece in range(n_pieces):
            n_ended = 0.0
            for move in range(n_moves):
                n_ended += ended[cell, piece, move]
            if passed[cell, piece] == 0.0 and n_ended == 0.0:
                continue
            sum_of_rates = _rates(usual, factor, cell, piece, rate)
            by_each = -passed[cell, piece] * sum_of_rates
            total -= passed[cell, piece] * sum_of_rates
            if n_ended > 0.0:
                ending = -math.expm1(-sum_of_rates)
                total += n_ended * math.log(ending / sum_of_rates)
                by_each += n_ended * (sum_of_rates * (1.0 - ending) / ending - 1.0)
            for move in range(n_moves):
                count = ended[cell, piece, move]
                if count > 0.0:
                    total += count * min(max(log_hazard[move, piece] + effects[cell, move], _LEAST), _MOST)
                slope = by_each * rate[move] / sum_of_rates + count
                by_hazard[move, piece] += slope
                by_effect[cell, move] += slope
    return np.array(total), by_hazard, by_effect


@allocating
def _exp(logarithms: Floats) -> Floats:
    """Return a number for each logarithm, of which two can be multiplied."""
    return np.exp(np.minimum(np.maximum(logarithms, -_FARTHEST), _FARTHEST))


@inner
def _rates(usual: Floats, factor: Floats, cell: int, piece: int, rate: Floats) -> float:
    """Write down the rate of every move, and return their sum."""
    total = 0.0
    for move in range(rate.size):
        rate[move] = min(max(usual[move, piece] * factor[cell, move], _LEAST_RATE), _MOST_RATE)
        total += rate[move]
    return total


@as_written
def hazard_row_log_likelihoods(
    log_hazard: Floats,
    effects: Floats,
    starts: NDArray[np.int64],
    cell: NDArray[np.int64],
    move: NDArray[np.int64],
    low_days: NDArray[np.int64],
    high_days: NDArray[np.int64],
    since: NDArray[np.int64],
) -> Floats:
    """Return the log-likelihood of one stay of each row.

    A row's stays ended by `move` after `low_days` to `high_days`, or, where `move` is -1, are open after `low_days`;
    they are on record because they had lasted `since` days. The days of a row lie in one piece.
    """
    n_moves, n_pieces = log_hazard.shape
    n_cells = effects.shape[0]
    summed = np.zeros((n_cells, n_pieces + 1))
    share = np.zeros((n_cells, n_pieces, n_moves))
    usual, factor = _exp(log_hazard), _exp(effects)
    rate = np.empty(n_moves)
    for c in range(n_cells):
        for piece in range(n_pieces):
            sum_of_rates = _rates(usual, factor, c, piece, rate)
            summed[c, piece + 1] = summed[c, piece] + sum_of_rates * (starts[piece + 1] - starts[piece])
            for k in range(n_moves):
                share[c, piece, k] = math.log(rate[k]) - math.log(sum_of_rates)
    value = np.empty(cell.size)
    for row in range(cell.size):
        c = cell[row]
        before = _summed_hazard(summed[c], starts, since[row])
        low = _summed_hazard(summed[c], starts, low_days[row])
        value[row] = before - low
        if move[row] >= 0:
            high = _summed_hazard(summed[c], starts, high_days[row] + 1)
            piece = min(int(np.searchsorted(starts, low_days[row], side="right")) - 1, n_pieces - 1)
            value[row] += math.log(-math.expm1(min(low - high, -1e-300))) + share[c, piece, move[row]]
    return value


@inner
def _summed_hazard(summed: Floats, starts: NDArray[np.int64], days: int) -> float:
    """Return the hazard summed over the days before `days`."""
    piece: int = min(int(np.searchsorted(starts, days, side="right")) - 1, summed.size - 2)
    width = starts[piece + 1] - starts[piece]
    share = min(1.0, (days - starts[piece]) / width)
    return float(summed[piece] + (summed[piece + 1] - summed[piece]) * share)
