"""Backtests: forecasts from past as-of dates with what was known then, against what happened and a plain baseline."""

from __future__ import annotations

from simcast.backtesting.origins import rolling_origins
from simcast.backtesting.results import SIMCAST, WEIGHTED_PIPELINE, Backtest
from simcast.backtesting.rolling import backtest
from simcast.backtesting.weighted_pipeline import WeightedPipeline, weighted_pipeline

__all__ = [
    "SIMCAST",
    "WEIGHTED_PIPELINE",
    "Backtest",
    "WeightedPipeline",
    "backtest",
    "rolling_origins",
    "weighted_pipeline",
]
