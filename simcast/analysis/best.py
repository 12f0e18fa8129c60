"""The best segment of a stage: which it is, how sure that is, and what its conversion would bring in the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.ground import Ground
from simcast.forecast import Forecast
from simcast.plan.levers import with_conversion
from simcast.simulation import stays_by_segment

Floats = NDArray[np.float64]

SURE = 0.95
"""How probable it must be that the best segment is better than the others, all those it was chosen from allowed for."""

_ALIKE = 1e-6


@dataclass(frozen=True)
class Stays:
    """The stays of the forecast, by stage and segment.

    Parameters
    ----------
    by_stage
        By stage, how many there are per segment on average: those of open deals at the as-of date and those that begin
        within the forecast.
    arrivals
        New deals per day and segment, for stages that no deal reaches.
    """

    by_stage: dict[str, Floats]
    arrivals: Floats

    @classmethod
    def of(cls, ground: Ground) -> Stays:
        """Count them in all futures of the baseline, unless there is but one segment."""
        posterior = ground.posterior
        rate = posterior.draws["arrivals_per_day"].mean("draw").to_numpy().astype(np.float64)
        stages = posterior.pipeline.stages
        if len(posterior.segments) == 1:
            return cls({stage: np.ones(1) for stage in stages}, rate)
        return cls(dict(zip(stages, stays_by_segment(ground.plan(), threads=ground.threads), strict=True)), rate)

    def shares(self, stage: str, chosen: NDArray[np.bool_]) -> Floats:
        """Return each segment's share of a stage's stays among those chosen.

        Of new deals where the forecast has no such stay; equal shares where it has none of these either.

        Returns
        -------
        float64, (n_segments,)
        """
        for weight in (self.by_stage[stage], self.arrivals, np.ones(len(chosen))):
            total = weight[chosen].sum()
            if total > 0.0:
                break
        return np.asarray(np.where(chosen, weight, 0.0) / total, dtype=np.float64)


@dataclass(frozen=True)
class Best:
    """The segment of a stage whose conversion is highest.

    Parameters
    ----------
    code, label
        Which it is: that with the highest median over posterior draws, which are drawn to the mean of all segments the
        more, the fewer stays speak for a segment.
    conversion
        That median.
    probability
        In how many of the draws it is higher than that of the stage's other stays together.
    is_sure
        Whether that is more than chance makes of the highest of as many segments as there are.
    """

    code: int
    label: str
    conversion: float
    probability: float
    is_sure: bool


def best_of(ground: Ground, stage: str, stays: Stays) -> Best | None:
    """Find the best segment of a stage; None where there is but one, or all are alike."""
    segments = ground.posterior.segments
    if len(segments) < 2:
        return None
    forward = forward_shares(ground, stage)
    usual = np.median(forward, axis=0)
    if np.ptp(usual) < _ALIKE:
        return None
    code = int(np.argmax(usual))
    others = forward @ stays.shares(stage, np.arange(len(segments)) != code)
    probability = float(np.mean(forward[:, code] > others))
    is_sure = (1.0 - probability) * (len(segments) - 1) <= 1.0 - SURE
    return Best(code, segments.labels[code], float(usual[code]), probability, is_sure)


def play_at_best(ground: Ground, stage: str, best: Best) -> Forecast:
    """Play the baseline's futures with the conversion of a stage's best segment in all segments.

    In each future it is that of the draw under which the future is played.
    """
    plan = ground.plan()
    others = np.arange(len(ground.posterior.segments)) != best.code
    there = forward_shares(ground, stage)[plan.kernel.draw_of_future, best.code]
    return ground.simulate(with_conversion(plan, stage, others, there))


def forward_shares(ground: Ground, stage: str) -> Floats:
    """Return the probability of a stage's forward move, float64, (n_draws, n_segments)."""
    here = ground.posterior.draws["probability"].sel(stage=stage, move=ground.posterior.pipeline.forward(stage))
    return np.asarray(here.transpose("draw", "segment").to_numpy(), dtype=np.float64)
