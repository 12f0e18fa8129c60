"""Where deals were lost over the last year, and how a stage's conversion compares with what it was before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcast.analysis.ground import Ground

YEAR = np.timedelta64(365, "D")
QUARTER = np.timedelta64(91, "D")


@dataclass(frozen=True)
class Losses:
    """What a stage lost.

    Parameters
    ----------
    stage
        The stage.
    lost, value
        Deals lost there over the year before the as-of date, and what is known of their amounts.
    conversion_recent, conversion_before
        The shares of ended stays that moved forward: those that ended over the last 91 days, and over the year before
        these; None where none ended.
    """

    stage: str
    lost: int
    value: float
    conversion_recent: float | None
    conversion_before: float | None


def losses_of(ground: Ground) -> tuple[Losses, ...]:
    """Return the losses of each stage; nothing without a history, or where it records none: all that ended moved on."""
    if ground.history is None or not ground.history.quality.n_lost:
        return ()
    history, pipeline = ground.history, ground.posterior.pipeline
    stays = history.stays
    until = history.recorded_until
    left = stays["left"].to_numpy().astype("datetime64[D]")
    in_year, recent = left >= until - YEAR, left >= until - QUARTER
    before = ~recent & (left >= until - QUARTER - YEAR)
    lost = stays["move"].isin([name for name in pipeline.outcomes if not pipeline.is_won(name)]).to_numpy()
    found = []
    for stage in pipeline.stages:
        here = (stays["stage"] == stage).to_numpy()
        forward = (stays["move"] == pipeline.forward(stage)).to_numpy()
        lost_here = here & lost & in_year
        found.append(
            Losses(
                stage,
                int(lost_here.sum()),
                float(np.nansum(stays["amount_at_end"].to_numpy(dtype=np.float64)[lost_here])),
                _share(forward, here & recent),
                _share(forward, here & before),
            )
        )
    return tuple(found)


def _share(
    forward: np.ndarray[tuple[int], np.dtype[np.bool_]], among: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> float | None:
    return float(forward[among].mean()) if among.any() else None
