"""Effects that vary over segments round a common mean, parametrised so that the sampler moves freely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray
from scipy.linalg import helmert

from simcast.model.priors import Prior
from simcast.segments import Segments

Floats = NDArray[np.float64]
Tensor: TypeAlias = Any


@dataclass(frozen=True)
class SegmentLayout:
    """How the segments of a model are made up of the values of crossed columns.

    Parameters
    ----------
    n_segments
        How many segments there are.
    column_codes
        For each column that has an effect of its own, the code of its value in each segment, (n_segments,). Empty
        where fewer than two columns vary: the segments' own effects then say all there is to say.
    """

    n_segments: int
    column_codes: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, segments: Segments) -> SegmentLayout:
        """Find the columns that vary.

        Examples
        --------
        >>> SegmentLayout.of(Segments(("source", "region"), (("ads", "East"), ("ads", "West"), ("site", "East"))))
        SegmentLayout(n_segments=3, column_codes=((0, 0, 1), (0, 1, 0)))
        """
        codes = []
        for name in segments.columns:
            values = segments.column(name)
            known = sorted(set(values))
            if 1 < len(known) < len(segments):
                codes.append(tuple(known.index(value) for value in values))
        return cls(len(segments), tuple(codes) if len(codes) > 1 else ())


def zero_sum_basis(n: int) -> Floats:
    """Return an orthonormal basis, (n, n - 1), of the vectors of length n that sum to zero."""
    basis: Floats = helmert(n).T
    return basis


def pooled_effects(
    name: str,
    mean_priors: Sequence[Prior],
    spread_priors: Sequence[Prior],
    layout: SegmentLayout,
    expected: Tensor | float = 0.0,
) -> Tensor:
    """Declare effects, (n_segments, n_effects), each normal round a common mean with a common spread.

    Declares ``{name}_mean`` and the effects themselves as ``{name}``; the rest is as in `effects_about`.
    """
    mean: Tensor = pm.Normal(f"{name}_mean", *columns(mean_priors), shape=len(mean_priors))
    return pm.Deterministic(name, effects_about(name, mean, spread_priors, layout, expected))


def effects_about(
    name: str, mean: Tensor, spread_priors: Sequence[Prior], layout: SegmentLayout, expected: Tensor | float = 0.0
) -> Tensor:
    """Return effects, (n_segments, n_effects), each normal round a common `mean`, (n_effects,), with a common spread.

    Declares ``{name}_log_spread``, ``{name}_raw`` and the data ``{name}_centring``. Centring 0 samples
    ``(effect - location) / spread``, best where the data say little; centring 1 samples the effect itself, best where
    they say much; between them the two are blended (Papaspiliopoulos, Roberts & Skoeld 2007). The model is the same
    whatever the centring. A single segment has no spread to learn: its effect is the mean. Where several columns cross,
    the location of a segment is the mean plus an effect of each of its values (`column_effects`), and the segment's own
    effect is what is left. What is `expected` of segments, (n_segments, n_effects), is added to their locations.
    """
    n_segments, n_effects = layout.n_segments, len(spread_priors)
    if n_segments == 1:
        return mean[None, :]
    location = mean[None, :] + expected + column_effects(name, spread_priors, layout)
    log_spread = _log_spread(f"{name}_log_spread", spread_priors)
    centring: Tensor = pm.Data(f"{name}_centring", np.zeros((n_segments, n_effects)), shape=(n_segments, n_effects))
    raw = pm.Normal(f"{name}_raw", centring * location, pt.exp(centring * log_spread), shape=(n_segments, n_effects))
    return location + (raw - centring * location) * pt.exp((1 - centring) * log_spread)


def contrasts(
    name: str, spread_priors: Sequence[Prior], layout: SegmentLayout, expected: Tensor | float = 0.0
) -> Tensor:
    """Declare effects, (n_segments, n_effects), that sum to zero over segments, round the effects of crossed columns.

    What is `expected` of segments, (n_segments, n_effects), sums to zero over them and is added to these.

    Declares ``{name}_log_spread``, ``{name}_raw`` in an orthonormal basis, the data ``{name}_centring`` (n_effects,),
    and ``{name}``; see `pooled_effects`.
    """
    n_segments, n_effects = layout.n_segments, len(spread_priors)
    if n_segments == 1:
        return pm.Deterministic(name, pt.zeros((1, n_effects)))
    log_spread = _log_spread(f"{name}_log_spread", spread_priors)
    centring: Tensor = pm.Data(f"{name}_centring", np.zeros(n_effects), shape=(n_effects,))
    basis, around = zero_sum_basis(n_segments), expected + column_effects(name, spread_priors, layout)
    location = 0.0 if isinstance(around, float) else centring * pt.dot(basis.T, around)
    raw = pm.Normal(f"{name}_raw", location, pt.exp(centring * log_spread), shape=(n_segments - 1, n_effects))
    own = pt.dot(basis, (raw - location) * pt.exp((1 - centring) * log_spread))
    return pm.Deterministic(name, around + own)


def column_effects(name: str, spread_priors: Sequence[Prior], layout: SegmentLayout) -> Tensor | float:
    """Declare the effects of the crossed columns' values, each summing to zero over its column; 0 without any.

    Declares for each column, by its number, ``{name}_column_log_spread_0`` and ``{name}_column_raw_0``, and for all
    of them the data ``{name}_column_centring`` (n_columns, n_effects); see `pooled_effects`.
    """
    n_columns, n_effects = len(layout.column_codes), len(spread_priors)
    if n_columns == 0:
        return 0.0
    total: Tensor = 0.0
    centrings: Tensor = pm.Data(
        f"{name}_column_centring", np.zeros((n_columns, n_effects)), shape=(n_columns, n_effects)
    )
    for column, codes in enumerate(layout.column_codes):
        n_values, centring = max(codes) + 1, centrings[column]
        log_spread = _log_spread(f"{name}_column_log_spread_{column}", spread_priors)
        sd = pt.exp(centring * log_spread)
        raw = pm.Normal(f"{name}_column_raw_{column}", 0.0, sd, shape=(n_values - 1, n_effects))
        of_value: Tensor = pt.dot(zero_sum_basis(n_values), raw * pt.exp((1 - centring) * log_spread))
        total = total + of_value[np.array(codes)]
    return total


def _log_spread(name: str, priors: Sequence[Prior]) -> Tensor:
    """Declare the logarithms of the spreads, whether the spreads are lognormal or normal cut at zero."""
    means, sds = columns(priors)
    if all(prior.family == "lognormal" for prior in priors):
        return pm.Normal(name, means, sds, shape=len(priors))
    log_spread: Tensor = pm.Flat(name, shape=len(priors), initval=np.full(len(priors), -1.0))
    lognormal = np.array([prior.family == "lognormal" for prior in priors])
    quantity: Tensor = pt.switch(lognormal, log_spread, pt.exp(log_spread))
    jacobian = (log_spread * ~lognormal).sum()
    pm.Potential(f"{name}_prior", jacobian - 0.5 * (((quantity - means) / sds) ** 2).sum())
    return log_spread


def columns(priors: Sequence[Prior]) -> tuple[Floats, Floats]:
    """Return the means and the standard deviations of several priors."""
    return np.array([prior.mean for prior in priors]), np.array([prior.sd for prior in priors])
