"""One forecast of one quantity, scored: a row of the long table of a backtest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.backtesting.baselines import LEVELS
from simcast.scoring import crps_of_distribution, pinball

Floats = NDArray[np.float64]

SCORED_QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""The quantiles that are kept: the ends of the central 50%, 80%, 90% and 95%, and the median."""

INTERVALS = (0.5, 0.8, 0.9, 0.95)
"""The central intervals whose coverage and score are told."""


def quantile_name(level: float) -> str:
    """Return the name of a quantile's column in the long table.

    Examples
    --------
    >>> quantile_name(0.025)
    'q0.025'
    """
    return f"q{level:g}"


def ends_of(interval: float) -> tuple[str, str]:
    """Return the columns of the two ends of a central interval.

    Examples
    --------
    >>> ends_of(0.8)
    ('q0.1', 'q0.9')
    """
    return quantile_name(round((1 - interval) / 2, 4)), quantile_name(round((1 + interval) / 2, 4))


def distribution_cell(
    labels: dict[str, Any], values: Floats, actual: float, *, point: float | None = None
) -> dict[str, Any]:
    """Score a forecast that is equally likely values; a single value has no intervals and no PIT.

    Parameters
    ----------
    labels
        Which forecast it is; put first.
    values : float64, (n_values,)
        Equally likely values, or one number.
    actual
        What happened.
    point
        The forecast as one number; the mean of the values unless given.
    """
    is_distribution = len(values) > 1
    quantiles = np.quantile(values, SCORED_QUANTILES)
    kept = quantiles if is_distribution else np.full(len(quantiles), np.nan)
    below, not_above = float((values < actual).mean()), float((values <= actual).mean())
    return {
        **labels,
        "actual": float(actual),
        "mean": float(values.mean()) if point is None else point,
        **{quantile_name(level): float(q) for level, q in zip(SCORED_QUANTILES, kept, strict=True)},
        "crps": crps_of_distribution(values, actual),
        "pinball": float(pinball(quantiles, np.array(SCORED_QUANTILES), actual).mean()),
        "pit_low": below if is_distribution else np.nan,
        "pit_high": not_above if is_distribution else np.nan,
        "sample": values if len(values) <= len(LEVELS) else np.quantile(values, LEVELS),
    }
