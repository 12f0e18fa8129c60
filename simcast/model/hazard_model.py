"""The model of one stage for shapes that no family has: cause-specific hazards by day, smooth but free.

In cell c on day d of a stay, move k ends it at the rate ``exp(v[k, piece(d)] + b[c, k]) / max(d, 1)``. From piece to
piece of time `v` walks at random, with a variance that is learned for each move. So what is not told is even by the
logarithm of days, not by days: that a stay ends before it is twice as old is as likely at any age, and an old one may
stay for good.

Day 0, of which a deal sees only a part and on which much is booked at once, stands apart from the walk by a wide step;
so does a spike, a day on which a rule ends many stays, after which the walk goes on as if it had not been there. `b`
varies over segments and sums to zero over them, may drift from quarter to quarter, and for the forward move may depend
on the amount. Beyond the oldest stay on record the walk goes on, see `simcast.model.beyond_record`; a stay that reaches
ten years never ends.

The walk is sampled in coordinates in which the normal approximation of its posterior is round: neighbouring pieces
hang together, how closely differs from history to history, and the sampler need not find that out. When the spread
of the steps changes, combinations of steps that data tell stay where they are, and the others change with it. The model
is the same whatever the coordinates.

References
----------
Prentice & Gloeckler (1978), Regression analysis of grouped survival data with application to breast cancer data.
Fahrmeir & Wagenpfeil (1996), Smoothing hazard functions and time-varying effects in discrete duration and competing
risks models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from simcast.model.centring import centring_weight, column_centring, ties_of_effects
from simcast.model.hierarchy import SegmentLayout, contrasts
from simcast.model.laplace import NormalApproximation, approximate
from simcast.model.likelihood_op import log_likelihood
from simcast.model.priors import Prior
from simcast.model.screening import HazardLikelihood, for_screening
from simcast.model.stage_shape import StageShape, Tensor, by_standing, cell_inputs, effects_by_cell, odds_in_effects
from simcast.model.stays import StageStays
from simcast.model.walk import Walk
from simcast.model.walk_op import random_walk

Floats = NDArray[np.float64]

_CLOSEST = 0.9999
"""A coordinate that follows another keeps so much of its own."""


def build_hazard_model(shape: StageShape, priors: Mapping[str, Prior]) -> pm.Model:
    """Build the model for any stage of this shape; its data come in by name later."""
    n_moves, n_pieces = shape.n_moves, shape.n_pieces
    model: pm.Model
    with pm.Model(check_bounds=False) as model:
        expected = by_standing(shape, priors, odds_in_effects(n_moves, hazards=True))
        effect = contrasts("effect", [priors["hazard_spread"]] * n_moves, shape.layout, expected)
        by_cell = effects_by_cell(shape, effect, priors, range(n_moves))
        log_hazard = _log_hazard(n_moves, n_pieces, priors)
        data = [
            pm.Data("passed", np.zeros((1, n_pieces)), shape=(None, n_pieces)),
            pm.Data("ended", np.zeros((1, n_pieces, n_moves)), shape=(None, n_pieces, n_moves)),
        ]
        pm.Potential("stays", log_likelihood("hazard", (log_hazard, by_cell), data))
    return model


def _log_hazard(n_moves: int, n_pieces: int, priors: Mapping[str, Prior]) -> Tensor:
    """Declare the walks, and return the log hazards, (n_moves, n_pieces)."""
    spread = priors["hazard_step"]
    log_step = pm.Normal("log_step", spread.mean, spread.sd, shape=n_moves)
    round_: Tensor = pm.Flat("walk_round", shape=(n_moves, n_pieces), initval=np.zeros((n_moves, n_pieces)))
    steps = (n_moves, n_pieces - 2)
    no_data = {  # in the order in which the kernel takes them
        "walk_centre": np.zeros((n_moves, n_pieces)),
        "walk_root": _unit_roots(n_moves, n_pieces),
        "walk_log_step": np.zeros(n_moves),
        "walk_centring": np.zeros(steps),
        "walk_spike": np.zeros(steps),
        "walk_modes": _unit_modes(n_moves, n_pieces),
        "walk_root_gap": np.ones(steps),
        "walk_knot": np.arange(n_moves * n_pieces),
        "walk_slowing": np.zeros(n_pieces),
        "walk_leader": np.arange(n_moves * n_pieces),
        "walk_lead": np.zeros((n_moves, n_pieces)),
    }
    data = [pm.Data(name, value, shape=value.shape) for name, value in no_data.items()]
    not_walked = [priors[name] for name in ("first_day_step", "log_hazard", "spike_step")]
    means_and_sds = pt.constant(np.array([[prior.mean, prior.sd] for prior in not_walked]).ravel())
    log_prior, log_hazard, told = random_walk(log_step, round_, [*data, means_and_sds])
    pm.Potential("walk_prior", log_prior)
    pm.Deterministic("log_hazard_start", told[:, 1])
    pm.Deterministic("first_day_step", told[:, 0])
    return pm.Deterministic("log_hazard", log_hazard)


def hazard_inputs(shape: StageShape, stays: StageStays, priors: Mapping[str, Prior]) -> dict[str, NDArray[np.generic]]:
    """Return what the compiled model reads for one stage, by name."""
    counts = stays.pieces
    # Pieces for which there is room, and no use, hold nothing.
    room = (0, shape.n_pieces - counts.grid.n_pieces)
    inputs: dict[str, NDArray[np.generic]] = {
        "walk_slowing": np.pad(counts.grid.slowing, room),
        "passed": np.pad(counts.passed, ((0, 0), room)),
        "ended": np.pad(counts.ended, ((0, 0), room, (0, 0))),
    }
    likelihood = HazardLikelihood(for_screening(stays), priors)
    found = approximate(likelihood)
    inputs |= walk_coordinates(likelihood, found, priors["spike_step"], shape.n_pieces)
    if shape.layout.n_segments > 1:
        usual = np.full(stays.n_moves, priors["hazard_spread"].typical)
        inputs |= _effect_centring(shape.layout, stays, ties_of_effects(shape.layout, found, usual))
    return inputs | cell_inputs(shape, stays.cells)


def _unit_roots(n_moves: int, n_pieces: int) -> Floats:
    return np.tile(np.eye(n_pieces), (n_moves, 1, 1))


def _unit_modes(n_moves: int, n_pieces: int) -> Floats:
    return np.tile(np.eye(n_pieces)[:, 2:], (n_moves, 1, 1))


def walk_coordinates(
    likelihood: HazardLikelihood, found: NormalApproximation, spiking: Prior, n_pieces: int
) -> dict[str, NDArray[np.generic]]:
    """Return the coordinates of the walk, from the normal approximation of its posterior.

    A walk is told by the step from day 1 to day 0, its place on day 1, and the further steps, each over the
    spread, or, to a spike, less the mean and over the standard deviation of its prior. Steps beyond a move's last knot
    move nothing and are drawn from their prior.

    Returns
    -------
    ``walk_centre`` (n_moves, n_pieces) and ``walk_root`` (n_moves, n_pieces, n_pieces)
        What is added to standard normal numbers, after they were multiplied.
    ``walk_log_step`` (n_moves,)
        The log of the spread that the approximation found.
    ``walk_root_gap`` (n_moves, n_pieces - 2), ``walk_knot`` (n_moves * n_pieces,)
        The root of how far each knot lies from the one before, and the knot of each piece.
    ``walk_spike`` (n_moves, n_pieces - 2)
        1 for the steps to spikes, from which the walk does not go on.
    ``walk_modes`` (n_moves, n_pieces, n_pieces - 2)
        Of what the steps are made when the spread changes: orthonormal combinations of them, which data tell one by
        one; and, in the rows of what is no step of the walk, how that goes along with them.
    ``walk_centring`` (n_moves, n_pieces - 2)
        How far each combination stays put when the spread changes: 0 where the data say nothing, towards 1 where they
        say all; see `simcast.model.hierarchy.pooled_effects`.
    ``walk_leader`` (n_moves * n_pieces,), ``walk_lead`` (n_moves, n_pieces)
        The coordinate that each follows, and how closely: itself and 0 but for spikes, see `_leaders_of_spikes`.
    """
    n_moves = len(likelihood.walks)
    centre, root = np.zeros((n_moves, n_pieces)), _unit_roots(n_moves, n_pieces)
    centring, root_gap, spike = (
        np.zeros((n_moves, n_pieces - 2)),
        np.ones((n_moves, n_pieces - 2)),
        np.zeros((n_moves, n_pieces - 2)),
    )
    knot, modes = np.zeros((n_moves, n_pieces), dtype=np.int64), _unit_modes(n_moves, n_pieces)
    whitened = []
    for move, (walk, place) in enumerate(zip(likelihood.walks, likelihood.places, strict=True)):
        n_knots, n_later = walk.n_knots, walk.n_knots - 2
        told, usual = steps_of_hazards(walk, float(found.sizes[move]), spiking)
        covariance = told @ found.covariance[place, place] @ told.T
        centre[move, :n_knots] = told @ found.mode[place] - usual
        root[move, :n_knots, :n_knots] = np.linalg.cholesky(covariance)
        modes[move, :n_knots, :n_later], variance = _modes_of_steps(covariance, walk.is_spike)
        size = modes[move, 2:n_knots, :n_later].T @ np.where(walk.is_spike, 0.0, centre[move, 2:n_knots])
        # A combination that is many spreads long stays where it is too, however little is known of it.
        centring[move, :n_later] = np.clip(1.0 - variance / (1.0 + size**2), 0.0, 1.0)
        root_gap[move, :n_later], spike[move, :n_later] = np.sqrt(walk.gap), walk.is_spike
        knot[move, : walk.knot.size] = walk.knot
        whitened.append(np.asarray(np.linalg.solve(root[move, :n_knots, :n_knots], told), dtype=np.float64))
    leader, lead = _leaders_of_spikes(likelihood, found.covariance, whitened, n_pieces)
    return {
        "walk_leader": leader,
        "walk_lead": lead,
        "walk_centre": centre,
        "walk_root": root,
        "walk_log_step": np.log(found.sizes[:n_moves]),
        "walk_modes": modes,
        "walk_centring": centring,
        "walk_root_gap": root_gap,
        "walk_spike": spike,
        "walk_knot": (knot + np.arange(n_moves)[:, None] * n_pieces).ravel(),
    }


def _leaders_of_spikes(
    likelihood: HazardLikelihood, covariance: Floats, whitened: Sequence[Floats], n_pieces: int
) -> tuple[NDArray[np.int64], Floats]:
    """Return which coordinate each follows, and how closely, for `walk_coordinates`.

    Where a rule ends all stays that are left on one day, as a contract ends that is renewed or not, that day is a spike
    of several moves. How many stays end in which is known; how certainly they end at all is not, beyond nearly: the
    hazards of that day are high together, by any amount. So those of later moves follow that of the first.

    Parameters
    ----------
    likelihood, covariance
        Where the walks' places are among the parameters, and the covariance of these.
    whitened
        For each move float64, (n_knots, n_knots): what makes coordinates of its places.
    n_pieces
        How many coordinates a move has.
    """
    n_moves = len(likelihood.walks)
    leader, lead = np.arange(n_moves * n_pieces), np.zeros((n_moves, n_pieces))
    first: dict[int, tuple[int, int]] = {}
    for move, walk in enumerate(likelihood.walks):
        for piece in np.flatnonzero(np.isin(walk.knot, 2 + np.flatnonzero(walk.is_spike))).tolist():
            own = int(walk.knot[piece])
            led_by, followed = first.setdefault(piece, (move, own))
            if led_by != move:
                shared = covariance[likelihood.places[move], likelihood.places[led_by]]
                correlation = whitened[move][own] @ shared @ whitened[led_by][followed]
                lead[move, own] = np.clip(correlation, -_CLOSEST, _CLOSEST)
                leader[move * n_pieces + own] = led_by * n_pieces + followed
    return leader, lead


def steps_of_hazards(walk: Walk, spread: float, spiking: Prior) -> tuple[Floats, Floats]:
    """Return how what tells a walk is made of its places at the knots.

    Returns
    -------
    float64, (n_knots, n_knots)
        What the places are multiplied by.
    float64, (n_knots,)
        What is then taken away.
    """
    told, usual = np.zeros((walk.n_knots, walk.n_knots)), np.zeros(walk.n_knots)
    told[0, :2] = 1.0, -1.0
    told[1, 1] = 1.0
    size = np.where(walk.is_spike, spiking.sd, spread * np.sqrt(walk.gap))
    later = np.arange(2, walk.n_knots)
    told[later, later], told[later, walk.before] = 1.0 / size, -1.0 / size
    usual[2:] = np.where(walk.is_spike, spiking.mean / spiking.sd, 0.0)
    return told, usual


def _modes_of_steps(covariance: Floats, is_spike: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the combinations of a walk's steps that are known independently of each other.

    Steps by themselves are not: of a long run in which nothing ended only the sum is known, by what comes after it.
    Scaled one by one with the spread they would take along all that follows.

    Parameters
    ----------
    covariance
        float64, (n_knots, n_knots): of what tells a walk, steps over their spread.
    is_spike
        bool, (n_knots - 2,)

    Returns
    -------
    float64, (n_knots, n_knots - 2)
        The combinations in columns, in the places of steps; nothing in those of spikes. The rows of the place on day 1,
        day 0 and spikes are what is to be expected of them when a combination changes by one.
    float64, (n_knots - 2,)
        How uncertain each combination is beside the spread; 0 for spikes.
    """
    modes, variance = np.zeros((covariance.shape[0], is_spike.size)), np.zeros(is_spike.size)
    step = np.flatnonzero(~is_spike)
    of_steps = covariance[np.ix_(step + 2, step + 2)]
    variance[step], vectors = np.linalg.eigh(of_steps)
    modes[:, step] = np.linalg.solve(of_steps, covariance[step + 2]).T @ vectors
    modes[np.ix_(step + 2, step)] = vectors
    return modes, variance


def _effect_centring(layout: SegmentLayout, stays: StageStays, ties: Floats) -> dict[str, Floats]:
    """Return how far to centre the effects of segments, those of each move alike, and of their columns, by name."""
    ended = stays.cells.sum_by_segment(stays.pieces.ended.sum(axis=1))
    inputs = {"effect_centring": centring_weight(np.median(ended, axis=0), ties[0])}
    if layout.column_codes:
        inputs["effect_column_centring"] = column_centring(layout, ended, ties)
    return inputs
