"""Time series of past totals, forecast by AutoETS and AutoARIMA of statsforecast, where that is installed."""

from __future__ import annotations

import itertools
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import stats

from simcast.backtesting.baselines import LEVELS, BaselineForecast
from simcast.backtesting.past import Past
from simcast.days import DAYS_PER_YEAR
from simcast.forecast import METRICS

AUTOMATIC = ("auto_ets", "auto_arima")
"""The names of the baselines that need `simcast[baselines]`."""

LEAST_TOTALS = 8
"""With fewer horizons behind it a series is refused by AutoETS, or leaves no freedom to its errors."""

_LEVEL = 80


def is_installed() -> bool:
    """Return whether statsforecast is installed; it is not imported."""
    return find_spec("statsforecast") is not None


def automatic(name: str, past: Past) -> dict[str, BaselineForecast] | None:
    """Forecast one step of the series of totals over whole horizons, counted back from the origin.

    The distribution is the normal one that the method states, without what would be below 0. The season has as many
    steps as a year has horizons, where the series holds two years.

    Returns
    -------
    dict or None
        By metric; None where too little is known.
    """
    ends, first = [past.origin], past.horizon.before(past.origin)
    while first >= past.first_day and past.knows_wins_from(first):
        ends.append(first)
        first = past.horizon.before(first)
    totals = [past.won(first, end) for end, first in itertools.pairwise(ends)][::-1]
    if len(totals) < LEAST_TOTALS:
        return None
    season = max(round(DAYS_PER_YEAR / past.horizon.n_days), 1)
    season = season if len(totals) >= 2 * season else 1
    return {metric: _forecast(name, np.array([each[metric] for each in totals]), season) for metric in METRICS}


def _forecast(name: str, series: Any, season: int) -> BaselineForecast:  # noqa: ANN401  # an array
    if np.ptp(series) == 0.0:  # nothing to estimate
        return BaselineForecast(float(series[-1]), series[-1:])
    with np.errstate(all="ignore"):  # candidates that fit badly are tried on the way
        found = _model(name, season).forecast(y=series, h=1, level=[_LEVEL])
    point = float(found["mean"][0])
    high = float(found[f"hi-{_LEVEL}"][0])
    scale = max(high - point, 0.0) / float(stats.norm.ppf(0.5 + _LEVEL / 200.0))
    values = np.maximum(point + scale * stats.norm.ppf(LEVELS), 0.0)
    return BaselineForecast(max(point, 0.0), np.asarray(values, dtype=np.float64))


@cache
def _model(name: str, season: int) -> Any:  # noqa: ANN401  # statsforecast has no type hints
    from statsforecast.models import AutoARIMA, AutoETS

    return {"auto_ets": AutoETS, "auto_arima": AutoARIMA}[name](season_length=season)
