"""How the sampler went through one part of the model: traces, and whether the chains agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simcast.arguments import shown
from simcast.errors import ArgumentTypeError, SimcastError
from simcast.plots.drawing import CHAINS, INK, new_grid
from simcast.posterior import Posterior

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

_BINS = 20
_POINTS = 80
"""The points of a trace: more than the eye tells apart weigh much and say nothing."""
_ROW_HEIGHT = 1.2


def plot_traces(trace: Any, names: Sequence[str] | None = None, *, most: int = 3) -> list[list[Axes]]:  # noqa: ANN401
    """Draw the traces and the ranks of the parameters on which the chains of one part agree least.

    Chains that went through the same distribution have draws of all ranks alike: the lines at the right stay near the
    dashed one.

    Parameters
    ----------
    trace
        What `simcast.open_in_arviz` returns.
    names
        Only these variables; all unless given.
    most
        How many parameters, the largest r-hat first.

    Returns
    -------
    list of pairs of axes
        A row per parameter: trace and ranks.

    Raises
    ------
    SimcastError
        When matplotlib is not installed, or there is no such variable.
    ArgumentTypeError
        When `trace` is a posterior, or its path.
    """
    if isinstance(trace, Posterior | str | Path) or not hasattr(trace, "__getitem__"):
        raise ArgumentTypeError(
            f"trace: needs what ArviZ reads, got {shown(trace)}; open_in_arviz(posterior, part) returns it"
        )
    posterior = trace["posterior"]
    known = [str(name) for name in posterior.data_vars]
    missing = [name for name in names or () if name not in known]
    if missing:
        raise SimcastError([f"there is no parameter {name!r} here (known: {', '.join(known)})" for name in missing])
    drawn = [each for name in names or known for each in _parameters(posterior[name])]
    drawn.sort(key=lambda each: -_split_rhat(each[1]))
    if not drawn:
        raise SimcastError(f"{', '.join(names or known)}: does not vary from draw to draw; there is nothing to see")
    worst = drawn[: max(most, 1)]
    grid = new_grid(len(worst), _ROW_HEIGHT)
    for (left, right), (label, draws) in zip(grid, worst, strict=True):
        _draw_trace(left, draws)
        left.set_title(label, fontsize=8, loc="left")
        _draw_ranks(right, draws)
    grid[-1][0].set_xlabel("draw", fontsize=8)
    grid[-1][1].set_xlabel("rank among all draws", fontsize=8)
    return grid


def _parameters(variable: xr.DataArray) -> Iterator[tuple[str, Floats]]:
    """Yield label and draws, (n_chains, n_draws), of each parameter of a variable that varies at all."""
    chains_first = variable.transpose("chain", "draw", ...)
    dims = chains_first.dims[2:]
    for index in np.ndindex(*chains_first.shape[2:]):
        draws = np.asarray(chains_first[(slice(None), slice(None), *index)], dtype=np.float64)
        if not np.ptp(draws) > 0:
            continue
        where = [str(chains_first[dim].to_numpy()[at]) for dim, at in zip(dims, index, strict=True)]
        yield f"{variable.name}[{', '.join(where)}]" if where else str(variable.name), draws


def _split_rhat(draws: Floats) -> float:
    """Return r-hat of half-chains, enough to order by: Gelman et al. (2013), Bayesian Data Analysis, 11.4."""
    half = draws.shape[1] // 2
    halves = np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
    within = float(halves.var(axis=1, ddof=1).mean()) if half > 1 else 0.0
    if within == 0.0:
        return float("inf")
    return float(np.sqrt((half - 1) / half + halves.mean(axis=1).var(ddof=1) / within))


def _draw_trace(axes: Axes, draws: Floats) -> None:
    every = -(-draws.shape[1] // _POINTS)
    for chain, colour in zip(draws, _colours(len(draws)), strict=True):
        axes.plot(np.arange(chain.size)[::every], chain[::every], color=colour, linewidth=0.6)


def _draw_ranks(axes: Axes, draws: Floats) -> None:
    ranks = draws.ravel().argsort().argsort().reshape(draws.shape)
    edges = np.linspace(0, draws.size, _BINS + 1)
    for chain, colour in zip(ranks, _colours(len(ranks)), strict=True):
        axes.stairs(np.histogram(chain, edges)[0], edges, color=colour, linewidth=1.2, baseline=None)
    axes.axhline(draws.shape[1] / _BINS, color=INK, linewidth=1.0, linestyle="--")
    axes.set_ylim(bottom=0)
    axes.set_yticks([])


def _colours(n_chains: int) -> list[str]:
    return [CHAINS[position % len(CHAINS)] for position in range(n_chains)]
