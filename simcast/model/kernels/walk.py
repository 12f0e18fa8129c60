"""The random walk of a stage's log hazards from the coordinates in which it is sampled, and its derivatives.

Written by hand, like `simcast.model.kernels.hazard`: as a graph the same formula is dozens of small arrays and loops,
for the sampler to fill and for the compiler to translate. It is written in loops, since expressions of arrays take
three times as long to compile. What the coordinates are for is told in `simcast.model.hazard_model`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import inner
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
    leader: Ints,
    lead: Floats,
    priors: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return a walk's log prior, up to a constant, and what it makes of the hazards.

    Parameters
    ----------
    log_step
        float64, (n_moves,): the log of the spread of each move's steps.
    round_
        float64, (n_moves, n_pieces): the coordinates, about standard normal.
    centre, root, guessed, centring, spike, modes, root_gap, knot, leader, lead
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
    told, amplitude, log_hazard = np.empty(round_.shape), np.empty(spike.shape), np.empty(round_.shape)
    at_knots, moved = np.empty(n_moves * n_pieces), np.empty(n_pieces)
    combined, beyond = np.empty(n_pieces - 2), np.empty(n_pieces - 2)
    led = np.empty(round_.shape)
    _follow(round_, leader, lead, at_knots, led)
    doubled = 0.0
    for move in range(n_moves):
        _times(root[move], led[move], told[move])
        for piece in range(n_pieces):
            told[move, piece] += centre[move, piece]
        for later in range(n_pieces - 2):
            walks = 1.0 - spike[move, later]
            combined[later] = walks * told[move, 2 + later]
            beyond[later] = (log_step[move] - guessed[move]) * walks
        _transposed_times(modes[move, 2:], combined, amplitude[move])
        for later in range(n_pieces - 2):
            more = math.expm1((1.0 - centring[move, later]) * beyond[later])
            combined[later] = amplitude[move, later] * more
        _times(modes[move], combined, moved)
        for piece in range(n_pieces):
            told[move, piece] += moved[piece]
        day_0, start = told[move, 0], told[move, 1]
        doubled += ((day_0 - first_mean) / first_sd) ** 2 + ((start - level_mean) / level_sd) ** 2
        size = math.exp(guessed[move])
        place, first = start, move * n_pieces
        at_knots[first], at_knots[first + 1] = start + day_0, start
        for later in range(n_pieces - 2):
            step, stay = told[move, 2 + later], math.exp(-centring[move, later] * beyond[later])
            doubled += spike[move, later] * step**2
            doubled += (amplitude[move, later] * stay) ** 2 + 2.0 * centring[move, later] * beyond[later]
            place += step * size * root_gap[move, later] * (1.0 - spike[move, later])
            at_knots[first + 2 + later] = place + spike[move, later] * (spike_mean + spike_sd * step)
    for move in range(n_moves):
        for piece in range(n_pieces):
            log_hazard[move, piece] = at_knots[knot[move * n_pieces + piece]] - slowing[piece]
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
    leader: Ints,
    lead: Floats,
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
    for move in range(n_moves):
        for piece in range(n_pieces):
            by_knot[knot[move * n_pieces + piece]] += by_log_hazard[move, piece]
    by_step, by_led = np.zeros(n_moves), np.empty(round_.shape)
    by_told, by_more = np.empty(n_pieces), np.empty(n_pieces - 2)
    combined, carried = np.empty(n_pieces - 2), np.empty(n_pieces - 2)
    for move in range(n_moves):
        first = move * n_pieces
        total = 0.0
        for piece in range(n_pieces):
            total += by_knot[first + piece]
        by_told[0] = by_knot[first] - weight * (told[move, 0] - first_mean) / first_sd**2
        by_told[1] = total - weight * (told[move, 1] - level_mean) / level_sd**2
        size, onwards = math.exp(guessed[move]), 0.0
        for later in range(n_pieces - 3, -1, -1):
            own, walks = by_knot[first + 2 + later], 1.0 - spike[move, later]
            onwards += own
            by_told[2 + later] = onwards * size * root_gap[move, later] * walks + spike[move, later] * (
                spike_sd * own - weight * told[move, 2 + later]
            )
        _transposed_times(modes[move], by_told, by_more)
        for later in range(n_pieces - 2):
            walks, stays_put = 1.0 - spike[move, later], centring[move, later]
            beyond = (log_step[move] - guessed[move]) * walks
            more = math.expm1((1.0 - stays_put) * beyond)
            squared = weight * amplitude[move, later] * math.exp(-2.0 * stays_put * beyond)
            by_beyond = by_more[later] * (more + 1.0) * (1.0 - stays_put) + stays_put * squared
            by_step[move] += (amplitude[move, later] * by_beyond - weight * stays_put) * walks
            combined[later] = by_more[later] * more - squared
        _times(modes[move, 2:], combined, carried)
        for later in range(n_pieces - 2):
            by_told[2 + later] += (1.0 - spike[move, later]) * carried[later]
        _transposed_times(root[move], by_told, by_led[move])
    by_round = np.empty(round_.shape)
    _follow_back(by_led, leader, lead, by_knot, by_round)
    return by_step, by_round


@inner
def _follow(round_: Floats, leader: Ints, lead: Floats, flat: Floats, led: Floats) -> None:
    """Write coordinates, each as correlated with the one that it follows as `lead` says; `flat` is room to work in."""
    n_moves, n_pieces = round_.shape
    for move in range(n_moves):
        for piece in range(n_pieces):
            flat[move * n_pieces + piece] = round_[move, piece]
    for move in range(n_moves):
        for piece in range(n_pieces):
            share, followed = lead[move, piece], flat[leader[move * n_pieces + piece]]
            led[move, piece] = math.sqrt(1.0 - share * share) * round_[move, piece] + share * followed


@inner
def _follow_back(by_led: Floats, leader: Ints, lead: Floats, flat: Floats, by_round: Floats) -> None:
    """Write the derivatives by the coordinates from those by what `_follow` made of them."""
    n_moves, n_pieces = by_led.shape
    for place in range(flat.size):
        flat[place] = 0.0
    for move in range(n_moves):
        for piece in range(n_pieces):
            share, own = lead[move, piece], by_led[move, piece]
            flat[move * n_pieces + piece] += math.sqrt(1.0 - share * share) * own
            flat[leader[move * n_pieces + piece]] += share * own
    for move in range(n_moves):
        for piece in range(n_pieces):
            by_round[move, piece] = flat[move * n_pieces + piece]


@inner
def _times(matrix: Floats, vector: Floats, found: Floats) -> None:
    """Write a matrix times a vector, to the same bit on every machine: four sums at a time, in the order written."""
    n_rows, n_columns = matrix.shape
    by_fours = n_columns - n_columns % 4
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


@inner
def _transposed_times(matrix: Floats, vector: Floats, found: Floats) -> None:
    """Write the transpose of a matrix times a vector."""
    for column in range(found.size):
        found[column] = 0.0
    for row in range(matrix.shape[0]):
        for column in range(found.size):
            found[column] += vector[row] * matrix[row, column]
