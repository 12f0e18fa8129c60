"""The log-likelihood of one stage's stays and its gradient, in one compiled pass over distinct rows.

Written by hand rather than as a graph, because a graph of the same formula takes a minute to compile and several
times as long to evaluate. `simcast.model.likelihood_op` makes it an operation of PyTensor.

Probabilities are summed as they are wherever floating-point numbers hold them, and as logarithms in the far tails,
so that value and gradient are finite anywhere the sampler may go.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import allocating, inner
from simcast.model.kernels.duration_tails import (
    GAMMA,
    LOGNORMAL,
    both_log_tails,
    gamma_log_median,
    gamma_median_slope,
    gamma_shape,
    log_density,
    shift_by_log_shape,
    smaller_tail,
    softplus,
)
from simcast.model.kernels.normal_tails import LOG_ROOT_TWO_PI, log_add, log_interval
from simcast.model.kernels.rounding import as_written
from simcast.model.kernels.stage_data import StageData, unpack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROOT_HALF = math.sqrt(0.5)
_DENSITY_AT_ZERO = math.exp(-LOG_ROOT_TWO_PI)
_SAFE = 1e-200
"""Above this a row's probability is summed as it is."""
_LEAST_SHARE = 1e-300


class _Families(NamedTuple):
    """The days of each cell and move: what the tails need beside z, and what turns log days into z.

    Here and below, arrays by cell and move have one dimension, in which a point's ``point_cell`` counts: whole numbers
    are slow to divide.
    """

    family: Ints
    precision: Floats
    k: Floats
    log_median: Floats
    median_slope: Floats


class _Points(NamedTuple):
    """The standardised days at every distinct point, their family's tail there, and the likelihood's derivative."""

    z: Floats
    tail: Floats
    density: Floats
    by_z: Floats


@as_written
def stage_from_arrays(
    effects: Floats, stalled_logit: Floats, log_shape: Floats, numbers: Floats, indices: Ints
) -> tuple[Floats, Floats, Floats, Floats]:
    """Do what `stage_log_likelihood` does for packed data, with scalars as arrays without dimensions."""
    value, by_effect, by_stalled, by_shape = stage_log_likelihood(
        effects, stalled_logit.item(), log_shape, unpack(numbers, indices)
    )
    return np.array(value), by_effect, np.array(by_stalled), by_shape


@as_written
def stage_log_likelihood(
    effects: Floats, stalled_logit: float, log_shape: Floats, data: StageData
) -> tuple[float, Floats, float, Floats]:
    """Return the log-likelihood of all stays and its derivatives by each of the three parameters.

    Parameters
    ----------
    effects
        float64, (n_cells, 2 n_moves - 1). First n_moves - 1 log odds: of the forward move against the rest, then
        of each further move against the first that is not forward. Then n_moves logs of the median days.
    stalled_logit
        Log odds that a stay never ends.
    log_shape
        float64, (n_moves,): log of the shape, for lognormal days sigma.

    Returns
    -------
    float, then a derivative in the shape of each parameter
    """
    n_moves = log_shape.size
    share = move_shares(effects[:, : n_moves - 1])
    stalled = 1.0 / (1.0 + math.exp(-stalled_logit))
    log_stalled, log_moving = -softplus(-stalled_logit), -softplus(stalled_logit)
    log_probability, log_median = _by_cell(share, log_moving, effects)

    families = _families(data.family, log_shape, share.shape[0])
    points = _evaluate_points(data, families, log_median)
    by_probability = np.zeros(share.size)
    total = _add_moved(data, log_probability, by_probability) + _add_ended(data, points, families)
    waiting, by_stalled = _add_open(data, points, families, log_probability, log_stalled, by_probability)

    by_median, by_log_shape = np.zeros(share.size), np.zeros(share.size)
    for point in range(points.z.size):
        cell = data.point_cell[point]
        by_median[cell] -= points.by_z[point] * families.precision[cell]
        by_log_shape[cell] += points.by_z[point] * _shift(families, cell, points.z[point])
    by_effect, by_shape = np.zeros(effects.shape), np.zeros(n_moves)
    by_logit = by_stalled * (1.0 - stalled)
    for cell in range(share.shape[0]):
        _add_by_log_odds(by_probability[cell * n_moves :], share[cell], by_effect[cell])
        for move in range(n_moves):
            by_effect[cell, n_moves - 1 + move] = by_median[cell * n_moves + move]
            by_shape[move] += by_log_shape[cell * n_moves + move]
            by_logit -= stalled * by_probability[cell * n_moves + move]
    return total + waiting, by_effect, by_logit, by_shape


@as_written
def row_log_likelihoods(
    effects: Floats, stalled_logit: float, log_shape: Floats, data: StageData
) -> tuple[Floats, Floats]:
    """Return the log-likelihood of one stay of each ended row, and of each open row, whatever the rows' counts.

    Parameters are those of `stage_log_likelihood`; no two cells share their rows.
    """
    n_moves = log_shape.size
    share = move_shares(effects[:, : n_moves - 1])
    log_stalled = -softplus(-stalled_logit)
    log_probability, log_median = _by_cell(share, -softplus(stalled_logit), effects)
    families = _families(data.family, log_shape, share.shape[0])
    points = _evaluate_points(data, families, log_median)
    ended = np.empty(data.ended_count.size)
    for row in range(ended.size):
        first, last = data.ended_start[row], data.ended_start[row + 1]
        value = 0.0
        for term in range(first, last):
            value += data.term_weight[term] * _interval(points, data.term_low[term], data.term_high[term])
        log_value = math.log(value) if value > _SAFE else _add_ended_in_tail(data, points, families, row)
        ended[row] = log_probability[data.point_cell[data.term_low[first]]] + log_value
    waiting = np.empty(data.open_count.size)
    scratch = np.zeros(share.size)
    for row in range(waiting.size):
        waiting[row] = _add_open_in_tail(data, points, families, log_probability, log_stalled, scratch, row)[0]
    return ended, waiting


@as_written
def move_shares(log_odds: Floats) -> Floats:
    """Return the probability of each move of a stay that ends, (n_cells, n_moves), at least 1e-300."""
    n_cells, n_odds = log_odds.shape
    share = np.empty((n_cells, n_odds + 1))
    for cell in range(n_cells):
        share[cell, 0] = max(math.exp(-softplus(-log_odds[cell, 0])), _LEAST_SHARE)
        rest = -softplus(log_odds[cell, 0])
        largest = 0.0
        for odds in range(1, n_odds):
            largest = max(largest, log_odds[cell, odds])
        total = math.exp(-largest)
        for odds in range(1, n_odds):
            total += math.exp(log_odds[cell, odds] - largest)
        base = rest - largest - math.log(total)
        share[cell, 1] = max(math.exp(base), _LEAST_SHARE)
        for odds in range(1, n_odds):
            share[cell, odds + 1] = max(math.exp(base + log_odds[cell, odds]), _LEAST_SHARE)
    return share


@allocating
def _by_cell(share: Floats, log_moving: float, effects: Floats) -> tuple[Floats, Floats]:
    """Return the log probability, and the log of the median days, of every cell and move."""
    n_cells, n_moves = share.shape
    log_probability, log_median = np.empty(share.size), np.empty(share.size)
    for cell in range(n_cells):
        for move in range(n_moves):
            log_probability[cell * n_moves + move] = math.log(share[cell, move]) + log_moving
            log_median[cell * n_moves + move] = effects[cell, n_moves - 1 + move]
    return log_probability, log_median


@inner
def _add_by_log_odds(by_probability: Floats, share: Floats, by_effect: Floats) -> None:
    """Carry a cell's derivatives by log probability back to the log odds."""
    n_moves = share.size
    by_others, not_forward = 0.0, 0.0
    for move in range(1, n_moves):
        by_others += by_probability[move]
        not_forward += share[move]
    by_effect[0] = by_probability[0] * not_forward - share[0] * by_others
    for move in range(2, n_moves):
        by_effect[move - 1] = by_probability[move] - share[move] / not_forward * by_others


@allocating
def _families(family: Ints, log_shape: Floats, n_cells: int) -> _Families:
    """Work out what the tails of each cell and move need; gamma's shape is no scale of log days."""
    n_moves = log_shape.size
    n = n_cells * n_moves
    found = _Families(np.empty(n, np.int64), np.ones(n), np.ones(n), np.zeros(n), np.zeros(n))
    for move in range(n_moves):
        is_gamma = family[move] == GAMMA
        precision = 1.0 if is_gamma else math.exp(-log_shape[move])
        k = gamma_shape(log_shape[move]) if is_gamma else 1.0
        log_median = gamma_log_median(k) if is_gamma else 0.0
        slope = gamma_median_slope(k) if is_gamma else 0.0
        for cell in range(move, n, n_moves):
            found.family[cell], found.precision[cell], found.k[cell] = family[move], precision, k
            found.log_median[cell], found.median_slope[cell] = log_median, slope
    return found


@allocating
def _evaluate_points(data: StageData, families: _Families, log_median: Floats) -> _Points:
    n_points = data.point_log_days.size
    z, tail, density = np.empty(n_points), np.empty(n_points), np.empty(n_points)
    for point in range(n_points):
        cell = data.point_cell[point]
        z[point] = (data.point_log_days[point] - log_median[cell]) * families.precision[cell]
        if families.family[cell] == LOGNORMAL:
            tail[point] = 0.5 * math.erfc(abs(z[point]) * _ROOT_HALF)
            density[point] = _DENSITY_AT_ZERO * math.exp(-0.5 * z[point] * z[point])
        else:
            tail[point] = smaller_tail(families.family[cell], families.k[cell], families.log_median[cell], z[point])
            density[point] = math.exp(_log_density(families, cell, z[point]))
    return _Points(z, tail, density, np.zeros(n_points))


@inner
def _log_tails(families: _Families, cell: int, z: float) -> tuple[float, float]:
    return both_log_tails(families.family[cell], families.k[cell], families.log_median[cell], z)


@inner
def _log_density(families: _Families, cell: int, z: float) -> float:
    return log_density(families.family[cell], families.k[cell], families.log_median[cell], z)


@inner
def _shift(families: _Families, cell: int, z: float) -> float:
    k, log_median, slope = families.k[cell], families.log_median[cell], families.median_slope[cell]
    return shift_by_log_shape(families.family[cell], k, log_median, slope, z)


@inner
def _add_moved(data: StageData, log_probability: Floats, by_probability: Floats) -> float:
    """Return the log-likelihood of the moves that ended stays; add its derivatives by log probability."""
    total = 0.0
    for k in range(data.moved_cell.size):
        total += data.moved_count[k] * log_probability[data.moved_cell[k]]
        by_probability[data.moved_cell[k]] += data.moved_count[k]
    return total


@allocating
def _add_ended(data: StageData, points: _Points, families: _Families) -> float:
    """Return the log-likelihood of the ended stays' days, given their moves; add its derivatives by z."""
    total = 0.0
    for row in range(data.ended_count.size):
        first, last = data.ended_start[row], data.ended_start[row + 1]
        count = data.ended_count[row]
        value = 0.0
        for term in range(first, last):
            value += data.term_weight[term] * _interval(points, data.term_low[term], data.term_high[term])
        if value > _SAFE:
            for term in range(first, last):
                weight = count * data.term_weight[term] / value
                points.by_z[data.term_low[term]] -= weight * points.density[data.term_low[term]]
                points.by_z[data.term_high[term]] += weight * points.density[data.term_high[term]]
            total += count * math.log(value)
        else:
            total += count * _add_ended_in_tail(data, points, families, row)
    return total


@inner
def _interval(points: _Points, low: int, high: int) -> float:
    """Return the probability between two points, taken on the side where the tails are smaller."""
    if points.z[low] > 0.0:
        return float(points.tail[low] - points.tail[high])
    if points.z[high] < 0.0:
        return float(points.tail[high] - points.tail[low])
    return float(1.0 - points.tail[low] - points.tail[high])


@inner
def _add_ended_in_tail(data: StageData, points: _Points, families: _Families, row: int) -> float:
    """Do in logarithms what `_add_ended` does for one row, and return the row's log-likelihood of days."""
    first, last = data.ended_start[row], data.ended_start[row + 1]
    cell = data.point_cell[data.term_low[first]]
    value = -math.inf
    for term in range(first, last):
        low, high = data.term_low[term], data.term_high[term]
        interval = log_interval(*_log_tails(families, cell, points.z[low]), *_log_tails(families, cell, points.z[high]))
        value = log_add(value, math.log(data.term_weight[term]) + interval)
    for term in range(first, last):
        low, high = data.term_low[term], data.term_high[term]
        weight = data.ended_count[row] * data.term_weight[term]
        points.by_z[low] -= weight * math.exp(_log_density(families, cell, points.z[low]) - value)
        points.by_z[high] += weight * math.exp(_log_density(families, cell, points.z[high]) - value)
    return value


@allocating
def _add_open(
    data: StageData,
    points: _Points,
    families: _Families,
    log_probability: Floats,
    log_stalled: float,
    by_probability: Floats,
) -> tuple[float, float]:
    """Return the open stays' log-likelihood and its derivative by log stalled; add those by z and log probability."""
    probability, stalled = np.empty(log_probability.size), math.exp(log_stalled)
    for cell in range(probability.size):
        probability[cell] = math.exp(log_probability[cell])
    total = 0.0
    by_stalled = 0.0
    for row in range(data.open_count.size):
        first, last = data.open_start[row], data.open_start[row + 1]
        count = data.open_count[row]
        value = stalled
        for term in range(first, last):
            point, cell = data.wait_point[term], data.wait_cell[term]
            above = points.tail[point] if points.z[point] > 0.0 else 1.0 - points.tail[point]
            value += data.wait_weight[term] * probability[cell] * above
        if value <= _SAFE:
            row_total, row_by_stalled = _add_open_in_tail(
                data, points, families, log_probability, log_stalled, by_probability, row
            )
            total += count * row_total
            by_stalled += row_by_stalled
            continue
        for term in range(first, last):
            point, cell = data.wait_point[term], data.wait_cell[term]
            above = points.tail[point] if points.z[point] > 0.0 else 1.0 - points.tail[point]
            weight = count * data.wait_weight[term] * probability[cell] / value
            points.by_z[point] -= weight * points.density[point]
            by_probability[cell] += weight * above
        total += count * math.log(value)
        by_stalled += count * stalled / value
    return total, by_stalled


@inner
def _add_open_in_tail(
    data: StageData,
    points: _Points,
    families: _Families,
    log_probability: Floats,
    log_stalled: float,
    by_probability: Floats,
    row: int,
) -> tuple[float, float]:
    """Do in logarithms what `_add_open` does for one row."""
    first, last = data.open_start[row], data.open_start[row + 1]
    value = log_stalled
    for term in range(first, last):
        point, cell = data.wait_point[term], data.wait_cell[term]
        above = _log_tails(families, cell, points.z[point])[1]
        value = log_add(value, math.log(data.wait_weight[term]) + log_probability[cell] + above)
    for term in range(first, last):
        point, cell = data.wait_point[term], data.wait_cell[term]
        above = _log_tails(families, cell, points.z[point])[1]
        scale = math.log(data.wait_weight[term]) + log_probability[cell] - value
        density = _log_density(families, cell, points.z[point])
        points.by_z[point] -= data.open_count[row] * math.exp(scale + density)
        by_probability[cell] += data.open_count[row] * math.exp(scale + above)
    return value, data.open_count[row] * math.exp(log_stalled - value)
