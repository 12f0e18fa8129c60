"""Recalibration: a forecaster that erred in one way before is corrected by what came true before, and by nothing later.

A forecast and what happened meet at a normal score z: where in its own distribution the truth lay, as a standard
normal would put it. Calibrated forecasts have z of mean 0 and sd 1. From earlier z a shift b and a spread s are
estimated, drawn towards 0 and 1, and the quantile of level Phi(u) becomes the one of level Phi(b + s u).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simcast.backtesting.baselines import LEVELS
from simcast.backtesting.cells import distribution_cell

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

RECALIBRATED = "simcast_recalibrated"
"""The name of the method in the long table."""

PRIOR_SCORES = 4.0
"""How many independent earlier scores the prior, which changes nothing, counts for."""

_SCORES: Floats = np.asarray(stats.norm.ppf(LEVELS), dtype=np.float64)
_FARTHEST = 8.0


@dataclass(frozen=True)
class Correction:
    """How a forecaster's distributions are moved and stretched: normal score u becomes ``shift + spread * u``."""

    shift: float = 0.0
    spread: float = 1.0


def normal_score(sample: Floats, actual: float) -> float:
    """Return where in its distribution an outcome lies, as a standard normal score.

    Between the sample's values it is interpolated, beyond them continued along the slope of the outer half of that
    side. Of values that tie with the outcome it is the middle.

    Examples
    --------
    >>> import numpy as np
    >>> abs(normal_score(np.arange(199.0), 99.0)) < 1e-9, normal_score(np.arange(199.0), 400.0) > 4
    (True, True)
    """
    values = _at_levels(sample)
    low, high, middle = float(values[0]), float(values[-1]), float(np.median(values))
    if actual > high:
        return min(float(_SCORES[-1]) + (actual - high) / _slope(high - middle), _FARTHEST)
    if actual < low:
        return max(float(_SCORES[0]) - (low - actual) / _slope(middle - low), -_FARTHEST)
    first, last = np.searchsorted(values, actual, "left"), np.searchsorted(values, actual, "right")
    if last > first:
        return float(_SCORES[first:last].mean())
    return float(np.interp(actual, values, _SCORES))


def learn_correction(scores: Floats, overlap: float = 1.0) -> Correction:
    """Estimate shift and spread from earlier normal scores.

    Parameters
    ----------
    scores : float64, (n_scores,)
        Of forecasts that had come true.
    overlap
        How many of them share the same days: they count for so many fewer.
    """
    if len(scores) == 0:
        return Correction()
    weight = len(scores) / max(overlap, 1.0)
    share = weight / (weight + PRIOR_SCORES)
    shift = share * float(np.mean(scores))
    variance = (1.0 - share) + share * float(np.mean((scores - shift) ** 2))
    return Correction(shift, float(np.sqrt(variance)))


def corrected(sample: Floats, correction: Correction) -> Floats:
    """Return the quantiles of the corrected distribution at `LEVELS`; none is below 0."""
    values = _at_levels(sample)
    wanted = correction.shift + correction.spread * _SCORES
    middle = float(np.median(values))
    result = np.interp(wanted, _SCORES, values)
    above, below = wanted > _SCORES[-1], wanted < _SCORES[0]
    result[above] = values[-1] + (wanted[above] - _SCORES[-1]) * _slope(values[-1] - middle)
    result[below] = values[0] - (_SCORES[0] - wanted[below]) * _slope(middle - values[0])
    return np.asarray(np.maximum(result, 0.0), dtype=np.float64)


def _at_levels(sample: Floats) -> Floats:
    return np.sort(sample) if len(sample) == len(LEVELS) else np.asarray(np.quantile(sample, LEVELS))


def _slope(distance: float) -> float:
    """Return the units per normal score of one side, from the middle to its end."""
    return max(distance / float(_SCORES[-1]), 1e-9)


def recalibrated_cells(cells: pd.DataFrame, overlap: float) -> list[dict[str, Any]]:
    """Return the rows of the recalibrated forecasts: each learns from the totals that had come true before its origin.

    Parameters
    ----------
    cells
        The rows of one method and metric, totals only.
    overlap
        How many origins share the same days.
    """
    ordered = cells.sort_values("origin")
    scores = np.array(
        [normal_score(np.asarray(s), a) for s, a in zip(ordered["sample"], ordered["actual"], strict=True)]
    )
    rows = []
    for _, row in ordered.iterrows():
        came_true = (ordered["until"] < row["origin"]).to_numpy()
        correction = learn_correction(scores[came_true], overlap)
        labels = {name: row[name] for name in ("origin", "until", "metric", "part", "value")}
        values = corrected(np.asarray(row["sample"]), correction) if came_true.any() else np.asarray(row["sample"])
        rows.append(
            distribution_cell(labels | {"method": RECALIBRATED}, values, row["actual"])
            | {"shift": correction.shift, "spread": correction.spread, "n_learned": int(came_true.sum())}
        )
    return rows
