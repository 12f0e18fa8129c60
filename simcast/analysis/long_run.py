"""What a deal that enters a stage brings in the long run, with no horizon: an absorbing Markov chain of the moves.

Source: J. G. Kemeny, J. L. Snell, "Finite Markov Chains" (1960), chapter 3: with Q the moves among stages and r the
wins that each stage leads to at once, the expected wins from each stage on are (I - Q)^-1 r.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.pipeline import Pipeline
from simcast.posterior import Posterior

Floats = NDArray[np.float64]

MOST_DRAWS = 200
"""Draws over which the long run is averaged."""


def thinning(posterior: Posterior) -> int:
    """Return the step from draw to draw that leaves at most `MOST_DRAWS` of them."""
    return max(1, -(-posterior.draws.sizes["draw"] // MOST_DRAWS))


def wins_from(
    posterior: Posterior, changed_stage: str | None = None, add: float = 0.0, *, once: bool = False
) -> Floats:
    """Return the expected wins of a deal that enters a stage, renewals included, whatever time they take.

    Parameters
    ----------
    posterior
        The moves' probabilities.
    changed_stage, add
        A stage whose forward move gains so many points of probability, which its other moves lose in proportion.
    once
        Whether the first win alone counts: then it is the chance to be won.

    Returns
    -------
    float64, (n_draws, n_segments, n_stages)
        At most `MOST_DRAWS` draws; NaN where deals would go round for ever.
    """
    pipeline = posterior.pipeline
    probability = posterior.draws["probability"].isel(draw=slice(None, None, thinning(posterior)))
    n_draws, n_segments = probability.sizes["draw"], probability.sizes["segment"]
    n = pipeline.n_stages
    among = np.zeros((n_draws, n_segments, n, n))
    wins = np.zeros((n_draws, n_segments, n))
    for code, stage in enumerate(pipeline.stages):
        moves = list(pipeline.moves[code])
        share = probability.sel(stage=stage, move=moves).transpose("draw", "segment", "move").to_numpy().copy()
        if stage == changed_stage:
            _shift(share, add)
        for position, move in enumerate(moves):
            _lead(pipeline, move, share[:, :, position], among[:, :, code], wins[:, :, code], once=once)
    try:
        return np.asarray(np.linalg.solve(np.eye(n) - among, wins[..., None])[..., 0])
    except np.linalg.LinAlgError:
        return np.full((n_draws, n_segments, n), np.nan)


def _shift(share: Floats, add: float) -> None:
    """Add points to the forward move of each draw and segment; the other moves yield in proportion."""
    before = share[:, :, 0].copy()
    after = np.clip(before + add, 0.0, 1.0)
    rest = np.where(before < 1.0, (1.0 - after) / np.maximum(1.0 - before, 1e-300), 0.0)
    share *= rest[:, :, None]
    share[:, :, 0] = after


def _lead(pipeline: Pipeline, move: str, share: Floats, among: Floats, wins: Floats, *, once: bool) -> None:
    """Let a share of a stage's stays lead to a stage, or to an outcome which may go on in a stage of its own."""
    if move in pipeline.outcomes:
        is_won = pipeline.is_won(move)
        if is_won:
            wins += share
        if (is_won and once) or not pipeline.renews(move):
            return
    among[:, :, pipeline.stage_code(move)] += share
