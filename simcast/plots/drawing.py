"""What all pictures share: matplotlib when it is there, colours that all eyes can tell apart, and quiet axes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from simcast.errors import SimcastError
from simcast.writing import count, money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.lines import Line2D

BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
"""Okabe & Ito (2008), Color universal design: told apart by the colour-blind too."""
INK, GREY = "#222222", "#999999"

CHAINS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)

BAND_OPACITY = {0.9: 0.18, 0.8: 0.3, 0.5: 0.45}
"""How solid the central intervals are drawn, the widest first."""

_WIDTH, _DPI = 7.0, 85
_INCHES_PER_TICK = 0.8
_NAME_WIDTH = 28
"""How many letters of a name stand in a line: half of a picture would be names otherwise."""


def pyplot() -> ModuleType:
    """Return `matplotlib.pyplot`.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SimcastError(
            "plots need matplotlib, which is not installed: pip install matplotlib, or simcast[plots]"
        ) from error
    return plt


def new_axes(height: float, axes: Axes | None = None) -> Axes:
    """Return the axes given, or those of a new figure of this height in inches, without a frame."""
    if axes is None:
        _, axes = pyplot().subplots(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained")
    quiet(axes)
    return axes


def new_grid(n_rows: int, row_height: float) -> list[list[Axes]]:
    """Return the axes of a new figure of two columns, row by row."""
    figure, grid = pyplot().subplots(
        n_rows, 2, figsize=(_WIDTH, row_height * n_rows), dpi=_DPI, layout="constrained", squeeze=False
    )
    for axes in figure.axes:
        quiet(axes)
    return [list(row) for row in grid]


def quiet(axes: Axes) -> None:
    """Take away what carries no information: two sides of the frame, and dark grids."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=8, color=GREY)
    axes.set_axisbelow(True)


def label_values(axis: Axis, metric: str, *, signed: bool = False) -> None:
    """Write the ticks of an axis as money, or as numbers of deals; across, as many as do not touch."""
    write = count if metric == "wins" else money
    from matplotlib.axis import XAxis
    from matplotlib.ticker import MaxNLocator

    if isinstance(axis, XAxis):
        inches = axis.axes.get_window_extent().width / axis.axes.figure.dpi
        axis.set_major_locator(MaxNLocator(max(int(inches / _INCHES_PER_TICK), 2), steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(lambda value, _: write(value, signed=signed))


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Write names beside rows, from 0 on; long ones in two lines."""
    axes.set_yticks(range(len(names)), [_in_two_lines(name) for name in names], fontsize=9)


def _in_two_lines(name: str) -> str:
    """Part a long name; of one that is longer than two lines the middle is left out: names often differ at the end."""
    lines = textwrap.wrap(name, _NAME_WIDTH)
    if len(lines) <= 2:
        return "\n".join(lines)
    end = name[4 - _NAME_WIDTH :]
    return f"{lines[0]}\n... {end.partition(' ')[2] or end}"


def label_dates(axis: Axis) -> None:
    """Write the ticks of an axis as dates that do not repeat what the one before says."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()
    axis.set_major_locator(locator)
    years = ["", "%Y", "%Y", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"]  # below the ticks stands the year, not the last month
    axis.set_major_formatter(ConciseDateFormatter(locator, offset_formats=years))
    axis.get_offset_text().set_fontsize(8)


def legend_above(axes: Axes, *keys: Line2D) -> None:
    """Write the legend in a line above the picture, where it covers nothing; of all that has a name unless given."""
    shown = list(keys) or axes.get_legend_handles_labels()[0]
    axes.legend(
        handles=shown,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(shown),
        frameon=False,
        fontsize=8,
        handlelength=1.6,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
