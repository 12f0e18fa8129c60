"""The random walk of a stage's log hazards from the coordinates in which it is sampled, and its derivatives.

Written by hand, like `simcast.model.kernels.hazard`: as a graph the same formula is dozens of small arrays and loops,
for the sampler to fill and for the compiler to translate. What the coordinates are for is told in
`simcast.model.hazard_model`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import allocating
from simcast.model.kernels.rounding import as_written

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@as_written
def walk_from_round(
    log_step: Floats,
    round_: Floats,
    centre: Floats,
    root: Floats,
    guessed: Floats,
    centring: Floats,
    spike: Floats,
    modes: Floats,
    root_gap: Floats,
    knot: Ints,
    slowing: Floats,
    priors: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return a walk's log prior, up to a constant, and what it makes of the hazards.

    Parameters
    ----------
    log_step
        float64, (n_moves,): the log of the spread of each move's steps.
    round_
        float64, (n_moves, n_pieces): the coordinates, about standard normal.
    centre, root, guessed, centring, spike, modes, root_gap, knot
        What turns coordinates into a walk: see `simcast.model.hazard_model.walk_coordinates`.
    slowing
        float64, (n_pieces,): what is taken from the walk to give the log hazard of each piece.
    priors
        float64, (6,): mean and standard deviation of the step to day 0, of the place on day 1, and of spikes.

    Returns
    -------
    float64 without dimensions
        The log prior of the walk, in these coordinates.
    float64, (n_moves, n_pieces)
        The log hazards.
    float64, (n_moves, n_pieces)
        The step to day 0, the place on day 1, and the further steps over the spread that was guessed.
    float64, (n_moves, n_pieces - 2)
        How long each combination of steps is over that spread.
    """
    n_moves, n_pieces = round_.shape
    first_mean, first_sd, level_mean, level_sd, spike_mean, spike_sd = priors
    told, amplitude = np.empty((n_moves, n_pieces)), np.empty((n_moves, n_pieces - 2))
    at_knots = np.empty(n_moves * n_pieces)
    doubled = 0.0
    for move in range(n_moves):
        walks = 1.0 - spike[move]
        as_guessed = centre[move] + _times(root[move], round_[move])
        amplitude[move] = _transposed_times(modes[move, 2:], walks * as_guessed[2:])
        beyond = (log_step[move] - guessed[move]) * walks
        told[move] = as_guessed + _times(modes[move], amplitude[move] * np.expm1((1.0 - centring[move]) * beyond))
        day_0, start, steps = told[move, 0], told[move, 1], told[move, 2:]
        doubled += ((day_0 - first_mean) / first_sd) ** 2 + ((start - level_mean) / level_sd) ** 2
        size = math.exp(guessed[move])
        place, first = start, move * n_pieces
        at_knots[first], at_knots[first + 1] = start + day_0, start
        for later in range(n_pieces - 2):
            stay = math.exp(-centring[move, later] * beyond[later])
            doubled += spike[move, later] * steps[later] ** 2
            doubled += (amplitude[move, later] * stay) ** 2 + 2.0 * centring[move, later] * beyond[later]
            place += steps[later] * size * root_gap[move, later] * walks[later]
            at_knots[first + 2 + later] = place + spike[move, later] * (spike_mean + spike_sd * steps[later])
    log_hazard = at_knots[knot].reshape(n_moves, n_pieces) - slowing
    return np.array(-0.5 * doubled), log_hazard, told, amplitude


@as_written
def walk_gradient(
    log_step: Floats,
    round_: Floats,
    _centre: Floats,
    root: Floats,
    guessed: Floats,
    centring: Floats,
    spike: Floats,
    modes: Floats,
    root_gap: Floats,
    knot: Ints,
    _slowing: Floats,
    priors: Floats,
    told: Floats,
    amplitude: Floats,
    by_prior: Floats,
    by_log_hazard: Floats,
) -> tuple[Floats, Floats]:
    """Carry derivatives by the log prior and by the log hazards back to `log_step` and `round_`.

    Parameters
    ----------
    told, amplitude
        The third and fourth of what `walk_from_round` returned.
    by_prior
        float64 without dimensions
    by_log_hazard
        float64, (n_moves, n_pieces)

    The others are those of `walk_from_round`.

    Returns
    -------
    float64, (n_moves,) and (n_moves, n_pieces)
    """
    n_moves, n_pieces = round_.shape
    first_mean, first_sd, level_mean, level_sd, _, spike_sd = priors
    weight = by_prior.item()
    by_knot = np.zeros(n_moves * n_pieces)
    for piece, derivative in enumerate(by_log_hazard.ravel()):
        by_knot[knot[piece]] += derivative
    by_step, by_round = np.empty(n_moves), np.empty((n_moves, n_pieces))
    for move in range(n_moves):
        walks, stays_put = 1.0 - spike[move], centring[move]
        own = by_knot[move * n_pieces : (move + 1) * n_pieces]
        day_0, start, steps = told[move, 0], told[move, 1], told[move, 2:]
        by_told = np.empty(n_pieces)
        by_told[0] = own[0] - weight * (day_0 - first_mean) / first_sd**2
        by_told[1] = own.sum() - weight * (start - level_mean) / level_sd**2
        size, onwards = math.exp(guessed[move]), 0.0
        for later in range(n_pieces - 3, -1, -1):
            onwards += own[2 + later]
            by_told[2 + later] = onwards * size * root_gap[move, later] * walks[later] + spike[move, later] * (
                spike_sd * own[2 + later] - weight * steps[later]
            )
        by_more = _transposed_times(modes[move], by_told)
        beyond = (log_step[move] - guessed[move]) * walks
        more = np.expm1((1.0 - stays_put) * beyond)
        squared = weight * amplitude[move] * np.exp(-2.0 * stays_put * beyond)
        by_beyond = amplitude[move] * (by_more * (more + 1.0) * (1.0 - stays_put) + stays_put * squared)
        by_step[move] = ((by_beyond - weight * stays_put) * walks).sum()
        by_told[2:] += walks * _times(modes[move, 2:], by_more * more - squared)
        by_round[move] = _transposed_times(root[move], by_told)
    return by_step, by_round


@allocating
def _times(matrix: Floats, vector: Floats) -> Floats:
    """Return a matrix times a vector, to the same bit on every machine: four sums at a time, in the order written."""
    n_rows, n_columns = matrix.shape
    by_fours = n_columns - n_columns % 4
    found = np.empty(n_rows)
    for row in range(n_rows):
        one, two, three, four = 0.0, 0.0, 0.0, 0.0
        for column in range(0, by_fours, 4):
            one += matrix[row, column] * vector[column]
            two += matrix[row, column + 1] * vector[column + 1]
            three += matrix[row, column + 2] * vector[column + 2]
            four += matrix[row, column + 3] * vector[column + 3]
        for column in range(by_fours, n_columns):
            one += matrix[row, column] * vector[column]
        found[row] = (one + two) + (three + four)
    return found


@allocating
def _transposed_times(matrix: Floats, vector: Floats) -> Floats:
    """Return the transpose of a matrix times a vector."""
    found = np.zeros(matrix.shape[1])
    for row in range(matrix.shape[0]):
        for column in range(found.size):
            found[column] += vector[row] * matrix[row, column]
    return found
