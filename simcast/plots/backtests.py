"""Backtests: what was foreseen on each past day, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simcast.arguments import check_kind
from simcast.backtesting import Backtest
from simcast.forecast import Metric
from simcast.plots.drawing import BLUE, INK, ORANGE, label_values, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INTERVALS = (("p05", "p95", 1.5), ("p10", "p90", 5.0), ("p25", "p75", 10.0))
"""Quantiles at the ends of the central 90%, 80% and 50%, and how wide they are drawn, in points."""


def plot_backtest(backtest: Backtest, metric: Metric = "bookings", *, ax: Axes | None = None) -> Axes:
    """Draw the forecast from each origin, what happened, and what the weighted pipeline said.

    Parameters
    ----------
    backtest
        The backtest.
    metric
        ``"bookings"`` or ``"wins"``.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    check_kind(backtest, Backtest, "backtest", "simcast.backtest(history, scenario, ...) makes one")
    held = backtest.of(metric)
    axes = new_axes(3.2, ax)
    places = range(len(held))
    for low, high, width in _INTERVALS:
        axes.vlines(places, held[low], held[high], color=BLUE, linewidth=width, alpha=0.45)
    axes.plot(places, held["p50"], "_", color=BLUE, markersize=14, label="simcast: median, 50%, 80%, 90%")
    axes.plot(places, held["weighted_pipeline"], "x", color=ORANGE, markersize=7, label="weighted pipeline")
    axes.plot(places, held["actual"], "D", color=INK, markersize=4, label="what happened")
    axes.set_xticks(places, [f"{day:%Y-%m-%d}" for day in held.index], rotation=30, ha="right")
    axes.set_ylim(bottom=0)
    axes.set_xmargin(0.08)
    label_values(axes.yaxis, metric)
    axes.set_xlabel("forecast made at the start of", fontsize=9)
    axes.set_ylabel(f"{metric} over the horizon", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="best")
    return axes
