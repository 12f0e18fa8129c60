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
from numpy.typing import NDArray

from simcast.model.cells import Cells
from simcast.model.compress import Floats, StageRows, likelihood_inputs
from simcast.model.hierarchy import guessed_variance, pooled_effects
from simcast.model.kernels.duration_tails import PARAMETRIC
from simcast.model.kernels.stage_data import no_data, pack
from simcast.model.likelihood_op import log_likelihood
from simcast.model.priors import Prior
from simcast.model.stage_shape import StageShape, cell_inputs, effects_by_cell

_PRIOR_INFORMATION = 11.0
"""The information that the prior's median spread of 0.3 between segments carries: 1 / 0.3**2."""


def build_stage_model(shape: StageShape, priors: Mapping[str, Prior]) -> pm.Model:
    """Build the model for any stage of this shape and any parametric family; its data come in by name later."""
    n_moves = shape.n_moves
    effects = ["conversion_logit"] + ["other_moves_logit"] * (n_moves - 2) + ["log_median_days"] * n_moves
    spreads = ["conversion_spread"] * (n_moves - 1) + ["median_spread"] * n_moves
    log_shape, stalled = priors["log_days_shape"], priors["stalled_logit"]
    model: pm.Model
    with pm.Model(check_bounds=False) as model:
        effect = pooled_effects(
            "effect", [priors[name] for name in effects], [priors[name] for name in spreads], shape.layout
        )
        by_cell = effects_by_cell(shape, effect, priors, [0, *range(n_moves - 1, 2 * n_moves - 1)])
        parameters = (
            by_cell,
            pm.Normal("stalled_logit", stalled.mean, stalled.sd),
            pm.Normal("log_shape", log_shape.mean, log_shape.sd, shape=n_moves),
        )
        data = [pm.Data(name, value) for name, value in pack(no_data(n_moves)).items()]
        pm.Potential("stays", log_likelihood("stage", parameters, data))
    return model


def stage_inputs(shape: StageShape, cells: Cells, rows: StageRows, family: str) -> dict[str, NDArray[np.generic]]:
    """Return what the compiled model reads for one stage, by name."""
    code = np.full(rows.n_moves, PARAMETRIC.index(family), dtype=np.int64)
    inputs = pack(likelihood_inputs(rows, code, cells.days_of)) | cell_inputs(shape, cells)
    return inputs if shape.layout.n_segments == 1 else inputs | {"effect_centring": centring(cells, rows)}


def centring(cells: Cells, rows: StageRows) -> Floats:
    """Return how far to centre each effect: 0 with no data, towards 1 where data outweigh the common mean."""
    ended = _by_segment(cells, rows.ended_by_cell())
    # A stay of 0 days bounds the median from above, and says no more.
    later = _by_segment(cells, rows.ended_by_cell(least_days=1))
    information = np.hstack([logit_information(ended), later / _log_days_variance(rows)])
    return information / (information + _PRIOR_INFORMATION)


def _by_segment(cells: Cells, by_cell: Floats) -> Floats:
    """Sum counts by cell, (n_cells, n_moves), over the cells of each segment."""
    total = np.zeros((cells.n_segments, by_cell.shape[1]))
    np.add.at(total, cells.segment, by_cell)
    return total


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
