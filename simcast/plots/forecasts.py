"""Forecasts: how a total builds up over the horizon, and what scenarios change."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simcast.analysis import Difference, Leaks
from simcast.analysis.compare import judged_by_wins
from simcast.arguments import check_kind, check_name, listed
from simcast.forecast import METRICS, Forecast, Metric
from simcast.plots.drawing import (
    BAND_OPACITY,
    BLUE,
    GREEN,
    GREY,
    INK,
    RED,
    label_dates,
    label_values,
    legend_above,
    name_rows,
    new_axes,
)
from simcast.report.tables import leak_name
from simcast.scenario import BASELINE
from simcast.writing import chance, count, money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def plot_cumulative(forecast: Forecast, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw how a total builds up from period to period: median and the central 50%, 80% and 90% of the futures.

    Parameters
    ----------
    forecast
        Best by day or week (``forecast.period``): the fan has a point per period.
    metric
        ``"bookings"`` or ``"wins"``; a target is drawn where there is one. Bookings unless given, or wins where nothing
        is booked.
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
    per_period = (
        forecast.results[metric].sum(("segment", "origin"), skipna=False).transpose("future", "period").to_numpy()
    )
    total = np.concatenate([np.zeros((forecast.n_futures, 1)), np.cumsum(per_period, axis=1)], axis=1)
    begin = np.datetime64(str(forecast.results.attrs["as_of"]), "D")
    ends = forecast.results["period_end"].to_numpy().astype("datetime64[D]")
    days = np.concatenate([[begin], ends + np.timedelta64(1, "D")])
    for level, opacity in BAND_OPACITY.items():
        low, high = np.quantile(total, ((1 - level) / 2, (1 + level) / 2), axis=0)
        axes.fill_between(days, low, high, color=BLUE, alpha=opacity, linewidth=0, label=f"{level:.0%} of futures")
    axes.plot(days, np.quantile(total, 0.5, axis=0), color=INK, linewidth=1.4, label="median")
    if metric in forecast.targets:
        axes.axhline(forecast.targets[metric], color=RED, linewidth=1.2, linestyle="--", label="target")
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    label_values(axes.yaxis, metric)
    label_dates(axes.xaxis)
    axes.set_ylabel(f"{metric} so far", fontsize=9)
    legend_above(axes)
    return axes


def plot_differences(differences: Sequence[Difference], *, ax: Axes | None = None) -> Axes:
    """Draw what each scenario brings net of its cost: the mean, and the central 50% and 90% of the futures.

    Where nothing is booked, what it brings in wins.

    Parameters
    ----------
    differences
        Such as `Run.differences`, drawn from top to bottom.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    differences = listed(differences)
    for each in differences:
        check_kind(each, Difference, "differences", "a run holds them in .differences")
    axes = new_axes(0.8 + 0.42 * max(len(differences), 1), ax)
    by_wins = judged_by_wins(differences)
    for position, difference in enumerate(reversed(differences)):
        gain, better = difference.gain(by_wins=by_wins), chance(difference.better(by_wins=by_wins))
        colour = GREEN if gain.mean > 0 else RED
        for level, width in ((0.05, 2.0), (0.25, 6.0)):
            low, high = gain.quantile(level), gain.quantile(round(1 - level, 2))
            axes.hlines(position, low, high, color=colour, linewidth=width)
        axes.plot(gain.mean, position, "o", color=INK, markersize=5)
        axes.annotate(
            f"{count(gain.mean, signed=True)} wins, more in {better}"
            if by_wins
            else f"{money(gain.mean, signed=True)}, better in {better}",
            (gain.quantile(0.95), position),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.axvline(0.0, color=GREY, linewidth=1.0)
    name_rows(axes, [difference.scenario for difference in reversed(differences)])
    axes.set_ylim(-0.6, len(differences) - 0.4)
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + 0.35 * (high - low))  # room for the words
    label_values(axes.xaxis, "wins" if by_wins else "bookings", signed=True)
    against = {difference.against for difference in differences} - {BASELINE}
    what, other = "more wins" if by_wins else "net gain", ", ".join(sorted(against)) or "the baseline"
    axes.set_xlabel(textwrap.fill(f"{what}, against {other} in the same futures", 60), fontsize=9)
    legend_above(axes, *_interval_keys())
    return axes


def plot_leaks(found: Leaks, *, ax: Axes | None = None) -> Axes:
    """Draw what one point of conversion more is worth at each stage: the mean, and the central 50% and 90%.

    Parameters
    ----------
    found
        What `simcast.analysis.leaks` found; drawn by rank from top to bottom.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    check_kind(found, Leaks, "found", "simcast.analysis.leaks(ground) finds them")
    axes = new_axes(0.8 + 0.42 * max(len(found.leaks), 1), ax)
    metric: Metric = "wins" if found.by_wins else "bookings"
    for position, leak in enumerate(found.leaks):
        worth = leak.point.wins if metric == "wins" else leak.point.bookings
        colour = GREEN if worth.mean > 0 else RED
        for level, width in ((0.05, 2.0), (0.25, 6.0)):
            axes.hlines(
                position, worth.quantile(level), worth.quantile(round(1 - level, 2)), color=colour, linewidth=width
            )
        axes.plot(worth.mean, position, "o", color=INK, markersize=5)
    axes.axvline(0.0, color=GREY, linewidth=1.0)
    name_rows(axes, [leak_name(leak) for leak in found.leaks])
    axes.set_ylim(len(found.leaks) - 0.4, -0.6)
    label_values(axes.xaxis, metric, signed=True)
    axes.set_xlabel(f"{metric} for one point of conversion more, in the same futures", fontsize=9)
    legend_above(axes, *_interval_keys())
    return axes


def _interval_keys() -> Iterator[Line2D]:
    """Yield what a legend shows of dots with thick and thin bars."""
    from matplotlib.lines import Line2D

    yield Line2D([], [], color=INK, marker="o", markersize=5, linestyle="none", label="mean")
    yield Line2D([], [], color=GREY, linewidth=6.0, label="half of the futures")
    yield Line2D([], [], color=GREY, linewidth=2.0, label="90% of the futures")
