"""Backtests: forecasts from past as-of dates with what was known then, against what happened and plain baselines."""

from __future__ import annotations

from simcast.backtesting.automatic import AUTOMATIC
from simcast.backtesting.baselines import RULES
from simcast.backtesting.judging import DealScores, Judgement, StalledScores, judge, judge_deals
from simcast.backtesting.origins import rolling_origins
from simcast.backtesting.results import SIMCAST, WEIGHTED_PIPELINE, Backtest
from simcast.backtesting.rolling import backtest
from simcast.backtesting.summary import MetricSummary, Ratio, Scores, Summary, summarise
from simcast.backtesting.weighted_pipeline import WeightedPipeline, weighted_pipeline

__all__ = [
    "AUTOMATIC",
    "RULES",
    "SIMCAST",
    "WEIGHTED_PIPELINE",
    "Backtest",
    "DealScores",
    "Judgement",
    "MetricSummary",
    "Ratio",
    "Scores",
    "StalledScores",
    "Summary",
    "WeightedPipeline",
    "backtest",
    "judge",
    "judge_deals",
    "rolling_origins",
    "summarise",
    "weighted_pipeline",
]
