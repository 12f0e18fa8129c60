"""Pictures for notebooks: each function draws one and returns its axes. They need matplotlib, imported when drawing."""

from __future__ import annotations

from simcast.plots.backtests import plot_backtest
from simcast.plots.distributions import plot_distribution, plot_funnel
from simcast.plots.forecasts import plot_cumulative, plot_differences, plot_leaks
from simcast.plots.priors import plot_prior_and_posterior, plot_prior_influence
from simcast.plots.sampler import plot_traces
from simcast.plots.stays import plot_days

__all__ = [
    "plot_backtest",
    "plot_cumulative",
    "plot_days",
    "plot_differences",
    "plot_distribution",
    "plot_funnel",
    "plot_leaks",
    "plot_prior_and_posterior",
    "plot_prior_influence",
    "plot_traces",
]
