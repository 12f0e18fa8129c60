"""What a backtest found: a table of forecasts with what happened, and the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simcast.forecast import METRICS, QUANTILES
from simcast.scoring import bias, interval_coverage

if TYPE_CHECKING:
    import pandas as pd

SIMCAST, WEIGHTED_PIPELINE = "simcast", "weighted pipeline"
"""The names of the methods that are compared."""

LEVELS = (0.5, 0.8, 0.9)
"""The central intervals whose coverage is told."""


def quantile_column(level: float) -> str:
    """Return the name of a quantile's column.

    Examples
    --------
    >>> quantile_column(0.05), quantile_column(0.5)
    ('p05', 'p50')
    """
    return f"p{round(level * 100):02d}"


QUANTILE_COLUMNS = tuple(quantile_column(level) for level in QUANTILES)


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts from past as-of dates beside what happened.

    Parameters
    ----------
    table
        A row per origin and metric: ``origin`` and ``until`` (dates), ``metric`` (``"bookings"`` or ``"wins"``),
        ``actual``, ``mean``, the quantiles ``p05`` to ``p95``, ``weighted_pipeline``, the ``crps`` and ``pit`` of
        the forecast, and ``trusted``: whether the diagnostics of its fit allow it to be trusted.
    """

    table: pd.DataFrame

    def of(self, metric: str) -> pd.DataFrame:
        """Return the rows of one metric, with the origin as index."""
        rows = self.table[self.table["metric"] == metric]
        return rows.drop(columns="metric").set_index("origin")

    def scores(self) -> pd.DataFrame:
        """Return the scores of simcast and of the weighted pipeline.

        Returns
        -------
        pandas.DataFrame
            Indexed by metric and method. Columns: ``n`` forecasts; ``coverage_50``, ``coverage_80`` and
            ``coverage_90``, the shares of the actual totals within the central intervals (NaN for the weighted
            pipeline, which has none); ``crps``, the mean over origins, which for a single number is its absolute error;
            and ``bias``, by how much forecasts were too high on average. The last two are in the metric's unit.
            Origins closer together than the horizon share days, and do not count as so many independent ones.
        """
        import pandas as pd

        rows = {}
        for metric in METRICS:
            held = self.of(metric)
            covered = {f"coverage_{round(level * 100)}": _coverage(held, level) for level in LEVELS}
            rows[metric, SIMCAST] = {
                "n": len(held),
                **covered,
                "crps": held["crps"].mean(),
                "bias": bias(held["mean"], held["actual"]),
            }
            rows[metric, WEIGHTED_PIPELINE] = {
                "n": len(held),
                **dict.fromkeys(covered, float("nan")),
                "crps": (held["weighted_pipeline"] - held["actual"]).abs().mean(),
                "bias": bias(held["weighted_pipeline"], held["actual"]),
            }
        scores = pd.DataFrame.from_dict(rows, orient="index")
        scores.index = pd.MultiIndex.from_tuples(scores.index, names=["metric", "method"])
        return scores


def _coverage(held: pd.DataFrame, level: float) -> float:
    low, high = (held[quantile_column((1 + sign * level) / 2)] for sign in (-1, 1))
    return interval_coverage(low, high, held["actual"])
