"""The days of a stage: as they were, and as the fitted model would make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.arguments import check_kind, nearest
from simcast.errors import SimcastError, UnknownNameError
from simcast.history import History
from simcast.plots.drawing import BLUE, INK, new_axes
from simcast.posterior import Posterior
from simcast.predictive_checks.laws import player
from simcast.predictive_checks.replicates import replicate_stage
from simcast.predictive_checks.stage_checks import StageComparison
from simcast.predictive_checks.stays import stays_by_stage

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


Floats = NDArray[np.float64]

N_REPLICATES = 100
_SHOWN = 0.99
"""The axis ends where this share of the stays has ended."""


def plot_days(
    posterior: Posterior,
    history: History,
    stage: str,
    move: str | None = None,
    *,
    sampled: Mapping[str, xr.Dataset] | None = None,
    seed: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of a stage's stays that had ended in a move after so many days, in the history and in replicates.

    The band holds 90% of the histories that the posterior would have made of the same stays, seen as long as they
    were (a posterior predictive check). A history that leaves the band has a shape that the model does not know.

    Parameters
    ----------
    posterior
        The fit.
    history
        What was known at the as-of date, as it was fitted.
    stage, move
        Which stays; the forward move unless given.
    sampled
        What the sampler drew, by part; needed only where parameters drift.
    seed
        Of the replicates.
    ax
        Where to draw; a new figure unless given.

    Raises
    ------
    SimcastError
        When matplotlib is not installed, the pipeline has no such stage or move, or no stay ended so.
    """
    check_kind(posterior, Posterior, "posterior", "fit(history) and Posterior.load(path) return one")
    check_kind(history, History, "history", "read_history reads one")
    moves = dict(zip(posterior.pipeline.stages, posterior.pipeline.moves, strict=True))
    if stage not in moves:
        raise UnknownNameError(f"there is no stage {stage!r}; {nearest(stage, moves)}")
    move = move or moves[stage][0]
    if move not in moves[stage]:
        raise UnknownNameError(f"no stay in {stage!r} moves to {move!r}; {nearest(move, moves[stage])}")
    shares = _shares_by_day(_replicated(posterior, history, stage, sampled, seed), moves[stage].index(move))
    last = int(np.argmax(shares[0] >= _SHOWN * shares[0, -1])) + 1
    days = np.arange(last)
    low, high = np.quantile(shares[1:, :last], (0.05, 0.95), axis=0)
    axes = new_axes(2.6, ax)
    axes.fill_between(days, low, high, step="post", color=BLUE, alpha=0.3, linewidth=0, label="90% of replicates")
    axes.step(days, shares[1:, :last].mean(axis=0), where="post", color=BLUE, linewidth=1.0, label="expected")
    axes.step(days, shares[0, :last], where="post", color=INK, linewidth=1.2, label="history")
    axes.set_xlabel(f"days in {stage} until {move}", fontsize=9)
    axes.set_ylabel("share ended so", fontsize=9)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return axes


def _replicated(
    posterior: Posterior, history: History, stage: str, sampled: Mapping[str, xr.Dataset] | None, seed: int
) -> StageComparison:
    """Replicate the stays of one stage under draws spread evenly over the posterior."""
    generator = np.random.default_rng(seed)
    for stays in stays_by_stage(posterior, history, generator):
        if stays.stage == stage:
            held = posterior.sampled if sampled is None else sampled
            play = player(posterior, held.get(f"stage {stage}"), stays, generator)
            draws = np.linspace(0, posterior.n_draws - 1, N_REPLICATES).astype(np.int64)
            return StageComparison(stays, replicate_stage(play, stays, draws), posterior.segments.labels)
    raise SimcastError(f"no stay in {stage!r} is in the history")


def _shares_by_day(comparison: StageComparison, move: int) -> Floats:
    """Return the share of all stays that ended in a move by each day, (1 + n_replicates, n_days): the history first."""
    ended = comparison.move == move
    if not ended[0].any():
        raise SimcastError(f"no stay in {comparison.stays.stage!r} ended in {comparison.stays.moves[move]!r}")
    n_rows, n_days = ended.shape[0], int(np.max(comparison.days)) + 1
    row, stay = np.nonzero(ended)
    counts = np.bincount(row * n_days + comparison.days[row, stay], minlength=n_rows * n_days).reshape(n_rows, n_days)
    shares: Floats = np.cumsum(counts, axis=1) / ended.shape[1]
    return shares
