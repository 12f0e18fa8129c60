"""What a backtest found: a table of forecasts with what happened, and the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simcast.arguments import check_name
from simcast.forecast import METRICS, QUANTILES
from simcast.notebook import Shown
from simcast.scoring import bias, interval_coverage
from simcast.writing import counted

if TYPE_CHECKING:
    import pandas as pd

    from simcast.backtesting.one_origin import OriginResult

SIMCAST, WEIGHTED_PIPELINE = "simcast", "weighted_pipeline"
"""The names of the methods that are compared, as `simcast.backtest` takes them."""

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


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(Shown):
    """Forecasts from past as-of dates beside what happened.

    Parameters
    ----------
    table
        A row per origin and metric: ``origin`` and ``until`` (dates), ``metric`` (``"bookings"`` or ``"wins"``),
        ``actual``, ``mean``, the quantiles ``p05`` to ``p95``, ``weighted_pipeline``, the ``crps`` and ``pit`` of
        the forecast, and ``trusted``: whether the diagnostics of its fit allow it to be trusted.
    cells
        The long table: a row per origin, method (``"simcast"`` and the baselines), metric and part of the forecast
        (``"total"``, ``"period"`` with its position, or a segment column with its value), see
        `simcast.backtesting.cells`. None in a backtest that was put together of a table alone.
    deals
        A row per origin and open deal, see `simcast.backtesting.deal_outcomes`.
    origins
        What is known of each origin: ``origin``, ``until``, ``trusted``, ``fingerprint``, ``n_open``, ``notes``.
    """

    table: pd.DataFrame
    cells: pd.DataFrame | None = field(default=None, repr=False)
    deals: pd.DataFrame | None = field(default=None, repr=False)
    origins: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @classmethod
    def of_origins(cls, results: Sequence[OriginResult]) -> Backtest:
        """Put the origins of a backtest together."""
        import pandas as pd

        about = tuple(result.about for result in results)
        cells = pd.concat([result.cells for result in results], ignore_index=True)
        deals = pd.concat([result.deals for result in results], ignore_index=True)
        return cls(_wide(cells, {each["origin"]: each["trusted"] for each in about}), cells, deals, about)

    def of(self, metric: str) -> pd.DataFrame:
        """Return the rows of one metric, with the origin as index; `UnknownNameError` when there is no such metric."""
        check_name(metric, METRICS, "metric")
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

    def _headline(self) -> str:
        first, last = self.table["origin"].min(), self.table["origin"].max()
        n = self.table["origin"].nunique()
        if n == 0:
            return "Backtest without dates"
        dates = f"{first:%Y-%m-%d}" + (f" to {last:%Y-%m-%d}" if n > 1 else "")
        return f"Backtest from {counted(n, 'as-of date')}, {dates}"

    def _table(self) -> pd.DataFrame:
        rounded = {"coverage_50": 2, "coverage_80": 2, "coverage_90": 2, "crps": 1, "bias": 1}
        return self.scores().round(rounded) if len(self.table) else self.table


def _coverage(held: pd.DataFrame, level: float) -> float:
    low, high = (held[quantile_column((1 + sign * level) / 2)] for sign in (-1, 1))
    return interval_coverage(low, high, held["actual"])


def _wide(cells: pd.DataFrame, trusted: dict[str, bool]) -> pd.DataFrame:
    """Return the table of totals, a row per origin and metric."""
    totals = cells[cells["part"] == "total"]
    model = totals[totals["method"] == "simcast"].set_index(["origin", "metric"])
    weighted = totals[totals["method"] == "weighted_pipeline"].set_index(["origin", "metric"])["mean"]
    renamed = {f"q{level:g}": quantile_column(level) for level in QUANTILES}
    table = model.rename(columns=renamed).assign(weighted_pipeline=weighted).reset_index()
    table["trusted"] = table["origin"].dt.strftime("%Y-%m-%d").map(trusted).astype(bool)
    names = ["origin", "until", "metric", "actual", "mean", *QUANTILE_COLUMNS, "weighted_pipeline", "crps", "pit"]
    return table[[*names, "trusted"]].astype({"origin": "datetime64[s]", "until": "datetime64[s]"})
