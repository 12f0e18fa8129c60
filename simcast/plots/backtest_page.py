"""One page of pictures of a backtest: forecasts and what happened, PIT, coverage, reliability of single deals."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from simcast.backtesting.cells import INTERVALS
from simcast.backtesting.scenario_file import BacktestRun
from simcast.backtesting.summary import N_PIT_BINS
from simcast.plots.backtests import plot_backtest
from simcast.plots.drawing import BLUE, GREY, INK, ORANGE, pyplot, quiet
from simcast.report.backtest_words import answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DPI = 110
_TITLE_WIDTH = 130
"""The letters of the title that the page is wide."""


def draw_backtest_page(run: BacktestRun, file: Path) -> None:
    """Draw the page into a PNG file.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    plt = pyplot()
    metrics = list(run.summary.metrics)
    figure = plt.figure(figsize=(11, 3.6 * len(metrics) + 3.4), dpi=_DPI, layout="constrained")
    figure.suptitle(fill(f"{run.scenario.name}: {answer(run)}", _TITLE_WIDTH), fontsize=11)
    grid = figure.add_gridspec(len(metrics) + 1, 3, height_ratios=[*[1.1] * len(metrics), 1.0])
    for row, metric in enumerate(metrics):
        axes = figure.add_subplot(grid[row, :])
        quiet(axes)
        plot_backtest(run.backtest, metric, ax=axes)
    places = [figure.add_subplot(grid[len(metrics), column]) for column in range(3)]
    for axes in places:
        quiet(axes)
    _pit(run, places[0])
    _coverage(run, places[1])
    _reliability(run, places[2])
    figure.savefig(file, metadata={"Software": None})
    plt.close(figure)


def _pit(run: BacktestRun, axes: Axes) -> None:
    """Draw the histogram of PIT values: flat where forecasts are calibrated."""
    pit = run.summary.metrics[run.metric].methods["simcast"].pit
    places = [(k + 0.5) / N_PIT_BINS for k in range(N_PIT_BINS)]
    axes.bar(places, pit, width=0.9 / N_PIT_BINS, color=BLUE, alpha=0.6)
    axes.axhline(1.0 / N_PIT_BINS, color=INK, linewidth=1, linestyle=":")
    axes.set_xlabel(f"place of {run.metric} in the forecast (PIT)", fontsize=9)
    axes.set_ylabel("share of as-of dates", fontsize=9)


def _coverage(run: BacktestRun, axes: Axes) -> None:
    """Draw how often intervals held, beside how often they should."""
    for metric, color in zip(run.summary.metrics, (BLUE, ORANGE), strict=False):
        held = run.summary.metrics[metric].methods["simcast"].coverage
        axes.plot(INTERVALS, [held[level] for level in INTERVALS], "o-", color=color, label=metric)
    axes.plot([0, 1], [0, 1], ":", color=INK, linewidth=1)
    axes.set_xlabel("central interval", fontsize=9)
    axes.set_ylabel("contained the actual", fontsize=9)
    axes.legend(frameon=False, fontsize=8)


def _reliability(run: BacktestRun, axes: Axes) -> None:
    """Draw the share of open deals that were won against the forecast, with how many they were."""
    axes.plot([0, 1], [0, 1], ":", color=INK, linewidth=1)
    axes.set_xlabel("forecast P(won); how many open deals", fontsize=9)
    axes.set_ylabel("share won", fontsize=9)
    if run.deals is None:
        axes.text(0.5, 0.5, "no base rate is known", ha="center", color=GREY)
        return
    rows = run.deals.table
    axes.plot([row["foreseen"] for row in rows], [row["won"] for row in rows], "o-", color=BLUE)
    for row in rows:
        axes.annotate(
            f"{row['n']:.0f}",
            (row["foreseen"], row["won"]),
            fontsize=7,
            color=INK,
            xytext=(3, -3),
            textcoords="offset points",
            ha="left",
            va="top",
            rotation=-45,  # across the line of points, so that near ones do not cover each other
            rotation_mode="anchor",
        )
    axes.set_ylim(bottom=-0.15)
    axes.set_xlim(right=1.1)
