"""What the data added to the priors."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simcast.arguments import check_kind
from simcast.plots.drawing import BLUE, GREY, INK, ORANGE, new_axes
from simcast.posterior import Diagnostics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from simcast.model.priors import Prior

Floats = NDArray[np.float64]

_SHOWN_SDS = 2.6
"""How far the prior is shown: to its 0.5% and 99.5% quantiles."""


def plot_prior_and_posterior(
    draws: ArrayLike, prior: Prior, name: str, *, positive: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw the posterior of one parameter over the prior that it began as.

    A posterior much narrower than its prior was decided by the data.

    Parameters
    ----------
    draws
        Draws of the parameter itself (not of its logarithm), of any shape.
    prior
        Such as ``simcast.model.priors.DEFAULT_PRIORS["stalled_logit"]``.
    name
        What the parameter is called.
    positive
        Whether a normal prior is cut at zero, as those are that a scenario gives for a spread.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    axes = new_axes(2.4, ax)
    values = np.asarray(draws, dtype=np.float64).ravel()
    ends = prior.mean + _SHOWN_SDS * prior.sd * np.array([-1.0, 1.0])
    if prior.family == "lognormal":
        ends = np.exp(ends)
    elif positive:
        ends = np.maximum(ends, 0.0)
    grid = np.linspace(min(ends[0], np.min(values)), max(ends[1], np.max(values)), 400)
    axes.fill_between(grid, _density(prior, grid, positive), color=GREY, alpha=0.4, linewidth=0, label="prior")
    axes.hist(values, bins=30, density=True, color=BLUE, alpha=0.8, label="posterior")
    axes.set_yticks([])
    axes.set_xlabel(name, fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    return axes


def _density(prior: Prior, grid: Floats, positive: bool) -> Floats:
    normal = NormalDist(prior.mean, prior.sd)
    if prior.family == "lognormal":
        return np.array([normal.pdf(np.log(value)) / value if value > 0 else 0.0 for value in grid])
    kept = 1.0 - normal.cdf(0.0) if positive else 1.0
    return np.array([normal.pdf(value) / kept if value >= 0 or not positive else 0.0 for value in grid])


def plot_prior_influence(diagnostics: Diagnostics, *, most: int = 12, ax: Axes | None = None) -> Axes:
    """Draw, for the parameters that rest on their priors most, by how much the data narrowed them.

    Parameters
    ----------
    diagnostics
        Of a fit.
    most
        How many parameters.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed.
    """
    check_kind(diagnostics, Diagnostics, "diagnostics", "a posterior that was fitted has them in .diagnostics")
    chosen = sorted(diagnostics.prior_influence, key=lambda item: item.contraction)[:most][::-1]
    axes = new_axes(0.6 + 0.22 * max(len(chosen), 1), ax)
    for position, item in enumerate(chosen):
        colour = ORANGE if item.rests_on_prior else BLUE
        axes.barh(position, max(item.contraction, 0.0), color=colour, height=0.7)
    axes.set_yticks(range(len(chosen)), [f"{item.part}: {item.parameter}" for item in chosen], fontsize=8)
    axes.set_xlim(0, 1)
    axes.axvline(0.2, color=INK, linewidth=0.8, linestyle="--")
    axes.set_xlabel("contraction: 0 the prior speaks, 1 the data do", fontsize=9)
    return axes
