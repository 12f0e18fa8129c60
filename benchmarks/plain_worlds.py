"""Worlds with a known truth, simulated with NumPy alone, and the histories that they leave.

Independent of `simcast.synthetic`, of the model and of the engine: instants are real numbers, and only the
written history knows whole days.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history import History
from simcast.pipeline import Pipeline

Floats = NDArray[np.float64]
START = np.datetime64("2025-01-06")


@dataclass(frozen=True)
class TrueStage:
    """What is true of one stage; the two moves are forward and lost.

    `conversion` is of the stays that end, (n_segments,); `median_days` is (n_segments, 2).
    """

    conversion: Floats
    median_days: Floats
    sigma: Floats
    stalled: float


@dataclass(frozen=True)
class World:
    """A pipeline with its truth; `rate` is per average day at the end of the history."""

    stages: tuple[str, ...]
    sources: tuple[str, ...]
    truth: tuple[TrueStage, ...]
    rate: Floats
    weekday: Floats
    trend_per_year: float
    size: float
    amount_median: Floats
    amount_sigma: float

    def history(self, n_days: int, seed: int) -> History:
        """Simulate `n_days` of new deals, and everything that happened to them by then."""
        generator = np.random.default_rng(seed)
        segment, entered = self._arrivals(n_days, generator)
        deal = np.arange(segment.size)
        pieces = []
        pipeline = Pipeline.define(self.stages)
        for code, (stage, true) in enumerate(zip(self.stages, self.truth, strict=True)):
            n = deal.size
            move = (generator.random(n) >= true.conversion[segment]).astype(int)
            days = true.median_days[segment, move] * np.exp(true.sigma[move] * generator.standard_normal(n))
            left = np.where(generator.random(n) < true.stalled, np.inf, entered + days)
            seen = left < n_days
            name = np.array([pipeline.moves[code][0], "lost"], dtype=object)[move]
            amount = self.amount_median[segment] * np.exp(self.amount_sigma * generator.standard_normal(n))
            ends = seen & ((move == 1) | (code == len(self.stages) - 1))
            pieces.append(
                pd.DataFrame(
                    {
                        "deal": deal,
                        "visit": code,
                        "source": np.array(self.sources, dtype=object)[segment],
                        "stage": stage,
                        "entered": START + np.floor(entered).astype("timedelta64[D]"),
                        "left": np.where(
                            seen,
                            START + np.floor(np.where(seen, left, 0)).astype("timedelta64[D]"),
                            np.datetime64("NaT", "D"),
                        ),
                        "move": np.where(seen, name, None),
                        "amount_at_end": np.where(ends, amount, np.nan),
                    }
                )
            )
            onward = seen & (move == 0)
            deal, segment, entered = deal[onward], segment[onward], left[onward]
        table = pd.concat(pieces).sort_values(["deal", "visit"]).drop(columns="visit")
        table["deal"] = table["deal"].map("D{:06d}".format)
        return History.of(pipeline, table, ["source"], START + np.timedelta64(n_days, "D"))

    def _arrivals(self, n_days: int, generator: np.random.Generator) -> tuple[NDArray[np.int64], Floats]:
        days = np.arange(n_days)
        mean = self.rate[:, None] * self.weekday[days % 7] * np.exp(self.trend_per_year * (days - n_days) / 365.25)
        counts = generator.poisson(mean * generator.gamma(self.size, 1 / self.size, mean.shape))
        segment, day = np.nonzero(counts)
        repeats = counts[segment, day]
        return np.repeat(segment, repeats), np.repeat(day, repeats) + generator.random(int(repeats.sum()))


def censored_world() -> World:
    """Return a quick stage, whole days long against its stays; then a slow one, which history mostly cuts off."""
    return World(
        stages=("лид", "договор"),
        sources=("cold", "site", "реклама"),
        truth=(
            TrueStage(
                conversion=np.array([0.7, 0.8, 0.75]),
                median_days=np.array([[1.5, 2.5], [1.2, 2.0], [1.5, 2.5]]),
                sigma=np.array([0.6, 0.9]),
                stalled=0.03,
            ),
            TrueStage(
                conversion=np.array([0.45, 0.6, 0.5]),
                median_days=np.array([[75.0, 12.0], [65.0, 10.0], [75.0, 12.0]]),
                sigma=np.array([0.5, 0.7]),
                stalled=0.05,
            ),
        ),
        rate=np.array([12.0, 30.0, 20.0]),
        weekday=np.array([1.5, 1.5, 1.4, 1.3, 1.1, 0.15, 0.05]),
        trend_per_year=0.4,
        size=8.0,
        amount_median=np.array([5_000.0, 9_000.0, 20_000.0]),
        amount_sigma=0.7,
    )
