"""Forecasts at the end of the horizon: how likely each total is, and what became of the deals in each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from simcast.arguments import check_kind, check_name
from simcast.forecast import METRICS, Forecast, Metric
from simcast.plots.drawing import BLUE, GREEN, GREY, INK, RED, SKY, label_values, name_rows, new_axes
from simcast.report.page.charts import histogram
from simcast.writing import chance

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_distribution(forecast: Forecast, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the shares of futures by total, parted by the target where there is one, and P10, P50 and P90 below.

    Parameters
    ----------
    forecast
        The forecast.
    metric
        ``"bookings"`` or ``"wins"``; bookings unless given, or wins where nothing is booked.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    check_kind(forecast, Forecast, "forecast", "a run holds one per scenario in .forecasts")
    metric = metric or forecast.metric
    check_name(metric, METRICS, "metric")
    axes = new_axes(3.0, ax)
    chart, target = histogram(forecast, metric), forecast.targets.get(metric)
    reached = np.zeros(len(chart.shares), dtype=bool) if target is None else chart.edges[:-1] >= target * (1 - 1e-9)
    colours = [GREEN if hit else (BLUE if target is None else GREY) for hit in reached]
    axes.bar(chart.edges[:-1], chart.shares, np.diff(chart.edges), align="edge", color=colours, edgecolor="white")
    low, middle, high = chart.quantiles
    below = -0.05 * float(np.max(chart.shares))
    axes.plot([low, high], [below, below], color=INK, linewidth=2.0, solid_capstyle="round")
    axes.plot(middle, below, "o", color=INK, markersize=5)
    if target is not None:
        likely = chance(forecast.probability(metric, target))
        axes.axvline(target, color=RED, linewidth=1.2, linestyle="--", label=f"target, reached in {likely}")
        axes.legend(frameon=False, fontsize=8, loc="upper right")
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    label_values(axes.xaxis, metric)
    axes.set_xlabel(f"{metric} over the horizon; the line below: P10, P50, P90", fontsize=9)
    return axes


def plot_funnel(forecast: Forecast, *, ax: Axes | None = None) -> Axes:
    """Draw how many stays began in each stage, how many of the stage's deals went on, and how many are left at the end.

    Parameters
    ----------
    forecast
        The forecast; means over its futures are drawn.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    check_kind(forecast, Forecast, "forecast", "a run holds one per scenario in .forecasts")
    stages = [str(stage) for stage in forecast.results["stage"].to_numpy()]
    axes = new_axes(0.8 + 0.6 * len(stages), ax)
    bars: tuple[tuple[Literal["entered", "left_forward", "open_at_end"], str, str], ...] = (
        ("entered", SKY, "entered"),
        ("left_forward", BLUE, "moved on or won"),
        ("open_at_end", GREY, "in stage at the end"),
    )
    for offset, (variable, colour, label) in enumerate(bars):
        places = [at + 0.26 * (offset - 1) for at in range(len(stages))]
        means = [float(forecast.stage_values(variable, stage).mean()) for stage in stages]
        drawn = axes.barh(places, means, height=0.24, color=colour, label=label)
        axes.bar_label(drawn, [f"{mean:,.0f}" for mean in means], padding=3, fontsize=8)
    name_rows(axes, stages)
    axes.invert_yaxis()
    axes.set_xmargin(0.08)
    label_values(axes.xaxis, "wins")
    axes.set_xlabel("deals, mean over the futures", fontsize=9)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return axes
