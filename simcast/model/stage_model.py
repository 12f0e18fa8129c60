"""The model of one stage: a competing-risks mixture, with a share of stays that never end.

For cell c, a stay is stalled with probability s. Otherwise it ends in move k with probability q[c, k], after days T
of the stage's family with median exp(m[c, k]) and shape exp(r[k]). An ended stay of d days contributes

    log (1 - s) + log q[c, k] + log E_u [F(d + 1 - u) - F(max(d - u, 0))]

and an open one of age n days

    log (s + (1 - s) sum_k q[c, k] E_u [1 - F_k(n - u)]),

both averaged over the unknown time of day u of the beginning. A stay that is on record only because it had lasted n
days is divided by what an open one of n days contributes. The forward move's log odds, the log odds of the other
moves against the first of them (``lost``), and the log medians vary over segments round a common mean; they may drift
from quarter to quarter, and the forward move's log odds may depend on the amount.

References
----------
Larson & Dinse (1985), A mixture model for the regression analysis of competing risks data, JRSS C 34.
Papaspiliopoulos, Roberts & Skoeld (2007), A general framework for the parametrization of hierarchical models.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from simcast.model.centring import centring_weight, column_centring, guessed_variance, ties_of_effects
from simcast.model.compress import Floats, StageRows, likelihood_inputs
from simcast.model.hierarchy import SegmentLayout, columns, effects_about
from simcast.model.kernels.duration_tails import PARAMETRIC
from simcast.model.kernels.stage_data import no_data, pack
from simcast.model.laplace import ApproximationError, NormalApproximation, approximate
from simcast.model.likelihood_op import log_likelihood
from simcast.model.priors import Prior, effect_names, spread_names
from simcast.model.screening import FamilyLikelihood, for_screening
from simcast.model.stage_shape import StageShape, Tensor, by_standing, cell_inputs, effects_by_cell, odds_in_effects
from simcast.model.stays import StageStays

_LEAST_LEAN, _MOST_LEAN = 0.5, 2.0


def build_stage_model(shape: StageShape, priors: Mapping[str, Prior]) -> pm.Model:
    """Build the model for any stage of this shape and any parametric family; its data come in by name later."""
    n_moves = shape.n_moves
    effects, spreads = effect_names(n_moves), spread_names(n_moves)
    log_shape, stalled = priors["log_days_shape"], priors["stalled_logit"]
    model: pm.Model
    with pm.Model(check_bounds=False) as model:
        means, sds = columns([priors[name] for name in effects])
        upright: Tensor = pm.Normal("effect_mean_upright", means, sds, shape=len(effects))
        expected = by_standing(shape, priors, odds_in_effects(len(effects), hazards=False))
        effect = effects_about("effect", upright, [priors[name] for name in spreads], shape.layout, expected)
        by_cell = effects_by_cell(shape, effect, priors, [0, *range(n_moves - 1, 2 * n_moves - 1)])
        stalled_logit: Tensor = pm.Normal("stalled_logit", stalled.mean, stalled.sd)
        lean: Tensor = pm.Data("effect_lean", np.zeros(len(effects)), shape=(len(effects),))
        leaning = lean * pt.softplus(stalled_logit)
        mean = pm.Deterministic("effect_mean", upright + leaning)
        pm.Potential("effect_mean_prior", 0.5 * (((upright - means) / sds) ** 2 - ((mean - means) / sds) ** 2).sum())
        pm.Deterministic("effect", effect + leaning)
        log_shapes = pm.Normal("log_shape", log_shape.mean, log_shape.sd, shape=n_moves)
        parameters = (by_cell + leaning, stalled_logit, log_shapes)
        data = [pm.Data(name, value) for name, value in pack(no_data(n_moves)).items()]
        pm.Potential("stays", log_likelihood("stage", parameters, data))
    return model


def stage_inputs(
    shape: StageShape, stays: StageStays, family: str, priors: Mapping[str, Prior]
) -> dict[str, NDArray[np.generic]]:
    """Return what the compiled model reads for one stage, by name."""
    code = np.full(stays.n_moves, PARAMETRIC.index(family), dtype=np.int64)
    inputs = pack(likelihood_inputs(stays.rows, code, stays.cells.days_of)) | cell_inputs(shape, stays.cells)
    found = _approximation(stays, family, priors)
    inputs["effect_lean"] = _lean(found, stays.n_moves)
    return inputs if shape.layout.n_segments == 1 else inputs | _effect_centring(shape.layout, stays, priors, found)


def _lean(found: NormalApproximation | None, n_moves: int) -> Floats:
    """Return by how much the means of effects rise with minus the log of the share of stays that ever end.

    Where hardly any losses are recorded, nobody can tell lost from stalled: the more are stalled, the larger a share of
    those that end moved forward, for it is the share of all that is known. Then the log odds are sampled about where
    they are for none stalled, and lean with the share of stalled stays. Elsewhere, below `_LEAST_LEAN`, they are
    upright.

    Returns
    -------
    float64, (n_effects,)
        About 1 for such odds; 0 for the others, and for log medians.
    """
    lean = np.zeros(2 * n_moves - 1)
    if found is not None:
        odds, stalled = np.arange(n_moves - 1), found.mode.size - 1 - n_moves
        with_logit = found.covariance[odds, stalled] / found.covariance[stalled, stalled]
        slope = with_logit * (1.0 + np.exp(-found.mode[stalled]))
        lean[odds] = np.where(slope > _LEAST_LEAN, np.minimum(slope, _MOST_LEAN), 0.0)
    return lean


def _effect_centring(
    layout: SegmentLayout, stays: StageStays, priors: Mapping[str, Prior], found: NormalApproximation | None
) -> dict[str, Floats]:
    """Return how far to centre the effects of segments and of their columns, by name."""
    ended = stays.cells.sum_by_segment(stays.rows.ended_by_cell())
    # A stay of 0 days bounds the median from above, and says no more.
    later = stays.cells.sum_by_segment(stays.rows.ended_by_cell(least_days=1))
    information = np.hstack([logit_information(ended), later / _log_days_variance(stays.rows)])
    usual = np.array([priors[name].typical for name in spread_names(stays.n_moves)])
    ties = ties_of_effects(layout, found, usual)
    inputs = {"effect_centring": centring_weight(information, ties[0])}
    if layout.column_codes:
        inputs["effect_column_centring"] = column_centring(layout, information, ties)
    return inputs


def _approximation(stays: StageStays, family: str, priors: Mapping[str, Prior]) -> NormalApproximation | None:
    """Return the normal approximation of the posterior; None where there is none."""
    try:
        return approximate(FamilyLikelihood(for_screening(stays), family, priors))
    except ApproximationError:
        return None


def logit_information(ended: Floats) -> Floats:
    """Return the Fisher information on the log odds, (n_segments, n_moves - 1), about n p (1 - p)."""
    forward, others = ended[:, :1], ended[:, 1:]

    def information(one: Floats, other: Floats) -> Floats:
        return one * other / np.maximum(one + other, 1.0)

    return np.hstack(
        [information(forward, others.sum(axis=1, keepdims=True)), information(others[:, 1:], others[:, :1])]
    )


def _log_days_variance(rows: StageRows) -> float:
    """Return a rough variance of log days over all ended stays, for scaling only."""
    log_days = np.log(0.5 * (rows.low_days + rows.high_days) + 0.5)
    mean = np.sum(rows.count * log_days) / max(rows.n_ended, 1)
    return guessed_variance(float(np.sum(rows.count * (log_days - mean) ** 2)), rows.n_ended)
