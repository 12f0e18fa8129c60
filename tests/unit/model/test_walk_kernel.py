"""Derivatives of the walk of log hazards, against differences, and the operation that carries them."""

from __future__ import annotations

import itertools

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray

from simcast.model.kernels.walk import walk_from_round, walk_gradient
from simcast.model.walk_op import random_walk

Floats = NDArray[np.float64]

N_MOVES, N_PIECES = 2, 7
STEP = 1e-5


def a_walk(seed: int) -> tuple[Floats, Floats, list[NDArray[np.generic]]]:
    """Return spreads, coordinates and data at random; one step is to a spike, two pieces share a knot,
    and one coordinate follows another."""
    generator = np.random.default_rng(seed)
    spike = np.zeros((N_MOVES, N_PIECES - 2))
    spike[0, 2] = 1.0
    knot = np.arange(N_MOVES * N_PIECES)
    knot[5] = knot[4]
    leader, lead = np.arange(N_MOVES * N_PIECES), np.zeros((N_MOVES, N_PIECES))
    leader[N_PIECES + 3], lead[1, 3] = 4, 0.9
    data: list[NDArray[np.generic]] = [
        generator.normal(size=(N_MOVES, N_PIECES)),
        generator.normal(size=(N_MOVES, N_PIECES, N_PIECES)),
        generator.normal(size=N_MOVES),
        generator.uniform(size=spike.shape),
        spike,
        generator.normal(size=(N_MOVES, N_PIECES, N_PIECES - 2)),
        generator.uniform(0.5, 2.0, size=spike.shape),
        knot,
        generator.normal(size=N_PIECES),
        leader,
        lead,
        np.array([0.5, 1.5, -3.0, 2.0, 1.0, 3.0]),
    ]
    return generator.normal(size=N_MOVES), generator.normal(size=(N_MOVES, N_PIECES)), data


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weight", [0.0, 1.3])
def test_derivatives_are_those_of_differences(seed: int, weight: float) -> None:
    log_step, round_, data = a_walk(seed)
    by_log_hazard = np.random.default_rng(seed + 10).normal(size=round_.shape)

    def value(log_step: Floats, round_: Floats) -> float:
        prior, log_hazard, *_ = walk_from_round(log_step, round_, *data)
        return weight * float(prior) + float((by_log_hazard * log_hazard).sum())

    _, _, told, amplitude = walk_from_round(log_step, round_, *data)
    by_step, by_round = walk_gradient(log_step, round_, *data, told, amplitude, np.array(weight), by_log_hazard)
    for move in range(N_MOVES):
        step = np.zeros(N_MOVES)
        step[move] = STEP
        difference = (value(log_step + step, round_) - value(log_step - step, round_)) / (2 * STEP)
        assert by_step[move] == pytest.approx(difference, rel=1e-6, abs=1e-6)
    for at in itertools.product(range(N_MOVES), range(N_PIECES)):
        step = np.zeros(round_.shape)
        step[at] = STEP
        difference = (value(log_step, round_ + step) - value(log_step, round_ - step)) / (2 * STEP)
        assert by_round[at] == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("used", ["both", "prior", "hazards"])
def test_the_operation_has_the_gradient_of_what_is_used_of_it(used: str) -> None:
    log_step, round_, data = a_walk(1)
    of_prior, of_hazards = float(used != "hazards"), float(used != "prior")
    spreads, coordinates = pt.dvector(), pt.dmatrix()
    prior, log_hazard, _ = random_walk(spreads, coordinates, [pt.constant(part) for part in data])
    terms = {"both": prior + log_hazard.sum(), "prior": prior, "hazards": log_hazard.sum()}
    gradient = pytensor.function(
        [spreads, coordinates], pytensor.grad(terms[used], [spreads, coordinates]), mode="FAST_COMPILE"
    )
    _, _, told, amplitude = walk_from_round(log_step, round_, *data)
    expected = walk_gradient(
        log_step, round_, *data, told, amplitude, np.array(of_prior), np.full(round_.shape, of_hazards)
    )
    for found, wanted in zip(gradient(log_step, round_), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
