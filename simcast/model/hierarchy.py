"""Effects that vary over segments round a common mean, parametrised so that the sampler moves freely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from simcast.model.priors import Prior

Floats = NDArray[np.float64]
Tensor: TypeAlias = Any


def pooled_effects(name: str, mean_priors: Sequence[Prior], spread_priors: Sequence[Prior], n_segments: int) -> Tensor:
    """Declare effects, (n_segments, n_effects), each normal round a common mean with a common spread.

    Declares ``{name}_mean``, ``{name}_log_spread``, ``{name}_raw`` and the data ``{name}_centring``. Centring 0
    samples ``(effect - mean) / spread``, best where the data say little; centring 1 samples the effect itself, best
    where they say much; between them the two are blended (Papaspiliopoulos, Roberts & Skoeld 2007). The model is the
    same whatever the centring. A single segment has no spread to learn: its effect is the mean.
    """
    n_effects = len(mean_priors)
    mean: Tensor = pm.Normal(f"{name}_mean", *_columns(mean_priors), shape=n_effects)
    if n_segments == 1:
        return mean[None, :]
    log_spread = _log_spread(name, spread_priors)
    centring: Tensor = pm.Data(f"{name}_centring", np.zeros((n_segments, n_effects)), shape=(n_segments, n_effects))
    raw = pm.Normal(f"{name}_raw", centring * mean, pt.exp(centring * log_spread), shape=(n_segments, n_effects))
    return mean + (raw - centring * mean) * pt.exp((1 - centring) * log_spread)


def _log_spread(name: str, priors: Sequence[Prior]) -> Tensor:
    """Declare the logarithms of the spreads, whether the spreads are lognormal or normal cut at zero."""
    means, sds = _columns(priors)
    if all(prior.family == "lognormal" for prior in priors):
        return pm.Normal(f"{name}_log_spread", means, sds, shape=len(priors))
    log_spread: Tensor = pm.Flat(f"{name}_log_spread", shape=len(priors), initval=np.full(len(priors), -1.0))
    lognormal = np.array([prior.family == "lognormal" for prior in priors])
    quantity: Tensor = pt.switch(lognormal, log_spread, pt.exp(log_spread))
    jacobian = (log_spread * ~lognormal).sum()
    pm.Potential(f"{name}_log_spread_prior", jacobian - 0.5 * (((quantity - means) / sds) ** 2).sum())
    return log_spread


def _columns(priors: Sequence[Prior]) -> tuple[Floats, Floats]:
    return np.array([prior.mean for prior in priors]), np.array([prior.sd for prior in priors])


def effects_of_draws(mean: Floats, log_spread: Floats | None, raw: Floats | None, centring: Floats) -> Floats:
    """Return the effects from draws of what `pooled_effects` declares.

    Parameters
    ----------
    mean, log_spread
        float64, (..., n_effects); `log_spread` and `raw` are None for a single segment.
    raw
        float64, (..., n_segments, n_effects).
    centring
        float64, (n_segments, n_effects).
    """
    common = mean[..., None, :]
    if log_spread is None or raw is None:
        return common
    return common + (raw - centring * common) * np.exp((1 - centring) * log_spread[..., None, :])


def guessed_variance(squares: float, count: float) -> float:
    """Return a rough variance from a sum of squared deviations, as if ten more of variance 0.7 had been seen.

    It serves to choose a centring only, which needs no precision but must not trust three observations.
    """
    return (squares + 10 * 0.7) / (count + 10)
