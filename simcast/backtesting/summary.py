"""The scores of a backtest: of each method, of each part of the forecast, and the ratios between methods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simcast.backtesting.cells import INTERVALS, ends_of
from simcast.backtesting.recalibration import RECALIBRATED, recalibrated_cells
from simcast.backtesting.results import Backtest
from simcast.forecast import METRICS, Metric
from simcast.scoring import interval_coverage, interval_score

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

N_PIT_BINS = 10
N_RESAMPLES = 4000
LEAST_BLOCKS = 6
"""With fewer stretches that do not overlap nothing can be told of a ratio, and no interval is given."""

RATIO_LEVEL = 0.95


@dataclass(frozen=True)
class Scores:
    """How well one method did.

    Parameters
    ----------
    n
        How many forecasts there are.
    crps, mae, bias, pinball
        Means over them, in the unit of the metric; ``mae`` is the error of the forecast as one number.
    actual
        What happened, on average.
    coverage, interval_score
        By central interval, over the forecasts that are distributions; empty where none is.
    coverage_in_part
        The same as ``coverage``, but an outcome that ties with forecast values counts by the share of their probability
        that lies within. Intervals of whole numbers, both ends included, hold more than they say; these do not.
    pit
        The shares of outcomes in each tenth of the distributions; empty where there is none.
    n_distributions
        How many forecasts are distributions; the others are single numbers.
    """

    n: int
    crps: float
    mae: float
    bias: float
    pinball: float
    actual: float
    coverage: dict[float, float]
    coverage_in_part: dict[float, float]
    interval_score: dict[float, float]
    pit: tuple[float, ...]
    n_distributions: int


@dataclass(frozen=True)
class Ratio:
    """The CRPS of simcast over that of another method, on the origins that both have.

    Parameters
    ----------
    against
        The other method.
    ratio
        Below 1 simcast is better.
    low, high
        A block bootstrap's interval; None where there are too few blocks.
    n
        How many origins there are.
    """

    against: str
    ratio: float
    low: float | None
    high: float | None
    n: int

    @property
    def verdict(self) -> str:
        """``"better"``, ``"worse"``, or ``"cannot tell"`` when the interval spans 1 or there is none."""
        if self.low is None or self.high is None or self.low <= 1.0 <= self.high:
            return "cannot tell"
        return "better" if self.high < 1.0 else "worse"


@dataclass(frozen=True)
class MetricSummary:
    """All scores of one metric.

    Parameters
    ----------
    methods
        By method, simcast first, of the totals.
    ratios
        Against each other method.
    periods, segments
        simcast's scores by position of the period; by column and value.
    """

    methods: dict[str, Scores]
    ratios: tuple[Ratio, ...]
    periods: dict[str, Scores]
    segments: dict[str, dict[str, Scores]]


@dataclass(frozen=True, eq=False)
class Summary:
    """The scores of a backtest.

    Parameters
    ----------
    metrics
        By metric: bookings only where amounts are on record.
    overlap
        How many origins share the same days: so many fewer independent forecasts there are.
    cells
        The long table, with the recalibrated forecasts where they were asked for.
    """

    metrics: dict[Metric, MetricSummary]
    overlap: float
    cells: pd.DataFrame


def summarise(backtest: Backtest, *, recalibrate: bool = False) -> Summary:
    """Score a backtest.

    Parameters
    ----------
    backtest
        As `simcast.backtest` returns it.
    recalibrate
        Whether to add the forecasts as recalibrated by what had come true before each origin.

    Raises
    ------
    ValueError
        When the backtest has no long table.
    """
    import pandas as pd

    if backtest.cells is None:
        raise ValueError("this backtest holds totals only: make it with simcast.backtest")
    cells = backtest.cells
    overlap = overlap_of(cells)
    totals = cells[cells["part"] == "total"]
    if recalibrate:
        model = totals[totals["method"] == "simcast"]
        rows = [row for metric in METRICS for row in recalibrated_cells(model[model["metric"] == metric], overlap)]
        cells = pd.concat([cells, pd.DataFrame(rows).astype(_date_types(cells))], ignore_index=True)
    has_amounts = bool((totals.loc[totals["metric"] == "bookings", "actual"] != 0.0).any())
    metrics: tuple[Metric, ...] = METRICS if has_amounts and not _counts_wins(totals) else ("wins",)
    by_metric = {metric: _metric_summary(cells[cells["metric"] == metric], overlap) for metric in metrics}
    return Summary(by_metric, overlap, cells)


def _date_types(cells: pd.DataFrame) -> dict[str, Any]:
    return {name: cells[name].dtype for name in ("origin", "until")}


def _counts_wins(totals: pd.DataFrame) -> bool:
    """Return whether bookings are wins again, each counted as 1."""
    actual = totals[totals["method"] == "simcast"].pivot(index="origin", columns="metric", values="actual")
    return bool((actual["bookings"] == actual["wins"]).all())


def overlap_of(cells: pd.DataFrame) -> float:
    """Return how many origins share the same days: the horizon over the usual distance of origins, at least 1."""
    days = cells[["origin", "until"]].drop_duplicates().sort_values("origin")
    if len(days) < 2:
        return 1.0
    step = days["origin"].diff().dt.days.median()
    length = ((days["until"] - days["origin"]).dt.days + 1).median()
    return max(1.0, round(float(length / step), 1))


def _metric_summary(cells: pd.DataFrame, overlap: float) -> MetricSummary:
    totals = cells[cells["part"] == "total"]
    model = cells[cells["method"] == "simcast"]
    present = list(dict.fromkeys(totals["method"]))
    names = [name for name in ("simcast", RECALIBRATED) if name in present]
    names += [name for name in present if name not in names]
    columns = [part for part in dict.fromkeys(model["part"]) if part not in ("total", "period")]
    return MetricSummary(
        methods={name: scores_of(totals[totals["method"] == name]) for name in names},
        ratios=tuple(
            crps_ratio(totals, "simcast", name, overlap) for name in names if name not in ("simcast", RECALIBRATED)
        ),
        periods=_by_value(model[model["part"] == "period"]),
        segments={column: _by_value(model[model["part"] == column]) for column in columns},
    )


def _by_value(rows: pd.DataFrame) -> dict[str, Scores]:
    return {str(value): scores_of(part) for value, part in rows.groupby("value", sort=False)}


def scores_of(rows: pd.DataFrame) -> Scores:
    """Score the rows of one method and one part of the forecast."""
    told = rows[rows["pit_low"].notna()]
    covered, in_part, fined = {}, {}, {}
    for interval in INTERVALS if len(told) else ():
        low, high = (told[name] for name in ends_of(interval))
        covered[interval] = interval_coverage(low, high, told["actual"])
        in_part[interval] = share_within(told["pit_low"].to_numpy(), told["pit_high"].to_numpy(), interval)
        fined[interval] = float(interval_score(low, high, told["actual"], interval).mean())
    error = rows["mean"] - rows["actual"]
    return Scores(
        n=len(rows),
        crps=float(rows["crps"].mean()),
        mae=float(error.abs().mean()),
        bias=float(error.mean()),
        pinball=float(rows["pinball"].mean()),
        actual=float(rows["actual"].mean()),
        coverage=covered,
        coverage_in_part=in_part,
        interval_score=fined,
        pit=pit_histogram(told["pit_low"].to_numpy(), told["pit_high"].to_numpy()) if covered else (),
        n_distributions=len(told),
    )


def pit_histogram(low: Floats, high: Floats) -> tuple[float, ...]:
    """Return the shares of outcomes in equal parts of 0 to 1; an outcome that ties is spread over its place.

    References
    ----------
    Czado, Gneiting & Held (2009), Predictive model assessment for count data, Biometrics 65: the nonrandomised PIT.

    Examples
    --------
    >>> import numpy as np
    >>> pit_histogram(np.array([0.05]), np.array([0.15]))[:3]
    (0.5, 0.5, 0.0)
    """
    reached = _reached(np.linspace(0.0, 1.0, N_PIT_BINS + 1), low, high)
    return tuple(np.diff(reached).round(9).tolist())


def share_within(low: Floats, high: Floats, interval: float) -> float:
    """Return the share of outcomes in a central interval; an outcome that ties is spread over its place.

    Examples
    --------
    >>> import numpy as np
    >>> round(share_within(np.array([0.05, 0.5]), np.array([0.15, 0.6]), 0.8), 6)
    0.75
    """
    below, above = _reached(np.array([0.5 - 0.5 * interval, 0.5 + 0.5 * interval]), low, high)
    return float(above - below)


def _reached(edges: Floats, low: Floats, high: Floats) -> Floats:
    """Return the share of outcomes below each edge, with outcomes spread evenly from `low` to `high`."""
    width = np.maximum(high - low, 1e-9)
    begin = np.minimum(low, 1.0 - width)
    reached: Floats = np.clip((edges[:, None] - begin) / width, 0.0, 1.0).mean(axis=1)
    return reached


def crps_ratio(totals: pd.DataFrame, method: str, against: str, overlap: float) -> Ratio:
    """Compare the mean CRPS of two methods, with an interval from a circular block bootstrap over origins.

    Origins that share days err alike; blocks as long as the horizon are drawn together.

    References
    ----------
    Politis & Romano (1992), A circular block-resampling procedure for stationary data.
    """
    by_method = totals.pivot(index="origin", columns="method", values="crps")[[method, against]].dropna().sort_index()
    ours, theirs = by_method[method].to_numpy(), by_method[against].to_numpy()
    ratio = _over(float(ours.mean()), float(theirs.mean())) if len(ours) else float("nan")
    n, length = len(ours), math.ceil(overlap)
    if n < LEAST_BLOCKS * length:
        return Ratio(against, ratio, None, None, n)
    generator = np.random.default_rng(1)
    starts = generator.integers(0, n, (N_RESAMPLES, math.ceil(n / length)))
    places = ((starts[:, :, None] + np.arange(length)) % n).reshape(N_RESAMPLES, -1)[:, :n]
    drawn = ours[places].mean(axis=1) / np.maximum(theirs[places].mean(axis=1), 1e-12)
    low, high = np.quantile(drawn, [(1 - RATIO_LEVEL) / 2, (1 + RATIO_LEVEL) / 2])
    return Ratio(against, ratio, float(low), float(high), n)


def _over(ours: float, theirs: float) -> float:
    return ours / theirs if theirs > 0 else float("nan")
