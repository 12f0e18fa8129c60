"""The model of one stage: a competing-risks mixture of lognormal durations, with a share of stays that never end.

For segment j, a stay is stalled with probability s. Otherwise it ends in move k with probability q[j, k], after
a lognormal number of days with median exp(m[j, k]) and shape sigma[k]. An ended stay of d days contributes

    log (1 - s) + log q[j, k] + log E_u [F(d + 1 - u) - F(max(d - u, 0))]

and an open one of age n days

    log (s + (1 - s) sum_k q[j, k] E_u [1 - F_k(n - u)]),

both averaged over the unknown time of day u of the beginning. The forward move's log odds, the log odds of the other
moves against the first of them (``lost``), and the log medians vary over segments round a common mean.

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

from simcast.model.compress import Floats, StageRows, likelihood_inputs
from simcast.model.hierarchy import guessed_variance, pooled_effects
from simcast.model.likelihood_op import log_likelihood
from simcast.model.priors import Prior
from simcast.model.stage_data import NO_DATA, pack

_PRIOR_INFORMATION = 11.0
"""The information that the prior's median spread of 0.3 between segments carries: 1 / 0.3**2."""


def build_stage_model(n_segments: int, n_moves: int, priors: Mapping[str, Prior]) -> pm.Model:
    """Build the model for any stage with this many segments and moves; its data come in by name later."""
    effects = ["conversion_logit"] + ["other_moves_logit"] * (n_moves - 2) + ["log_median_days"] * n_moves
    spreads = ["conversion_spread"] * (n_moves - 1) + ["median_spread"] * n_moves
    shape, stalled = priors["log_days_shape"], priors["stalled_logit"]
    model: pm.Model
    with pm.Model(check_bounds=False) as model:
        effect = pooled_effects(
            "effect", [priors[name] for name in effects], [priors[name] for name in spreads], n_segments
        )
        log_shape = pm.Normal("log_shape", shape.mean, shape.sd, shape=n_moves)
        stalled_logit = pm.Normal("stalled_logit", stalled.mean, stalled.sd)
        data = [pm.Data(name, value) for name, value in pack(NO_DATA).items()]
        pm.Potential("stays", log_likelihood("stage", (effect, stalled_logit, log_shape), data))
    return model


def stage_inputs(rows: StageRows) -> dict[str, NDArray[np.generic]]:
    """Return what the compiled model reads for one stage, by name."""
    inputs = pack(likelihood_inputs(rows))
    return inputs if rows.n_segments == 1 else inputs | {"effect_centring": centring(rows)}


def centring(rows: StageRows) -> Floats:
    """Return how far to centre each effect: 0 with no data, towards 1 where data outweigh the common mean."""
    cells = rows.ended_by_cell()
    later = rows.ended_by_cell(least_days=1)  # a stay of 0 days bounds the median from above, and says no more
    information = np.hstack([_logit_information(cells), later / _log_days_variance(rows)])
    return information / (information + _PRIOR_INFORMATION)


def _logit_information(cells: Floats) -> Floats:
    """Return the Fisher information on the log odds, (n_segments, n_moves - 1), about n p (1 - p)."""
    forward, others = cells[:, :1], cells[:, 1:]

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
