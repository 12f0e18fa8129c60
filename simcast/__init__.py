"""simcast: calibrated forecasts for anything that moves through stages."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from simcast.backtesting import backtest
    from simcast.errors import SimcastError
    from simcast.forecast import Forecast
    from simcast.history import History, read_history
    from simcast.model import fit
    from simcast.model.arviz_data import open_in_arviz
    from simcast.pipeline import Pipeline
    from simcast.plan import Plan, build_plan
    from simcast.posterior import Posterior
    from simcast.scenario import Scenario, load_scenario
    from simcast.simulation import simulate

_ROOMS = {
    "Forecast": "forecast",
    "History": "history",
    "Pipeline": "pipeline",
    "Plan": "plan",
    "Posterior": "posterior",
    "Scenario": "scenario",
    "SimcastError": "errors",
    "backtest": "backtesting",
    "build_plan": "plan",
    "fit": "model",
    "load_scenario": "scenario",
    "open_in_arviz": "model.arviz_data",
    "read_history": "history",
    "simulate": "simulation",
}

__all__ = [
    "Forecast",
    "History",
    "Pipeline",
    "Plan",
    "Posterior",
    "Scenario",
    "SimcastError",
    "backtest",
    "build_plan",
    "fit",
    "load_scenario",
    "open_in_arviz",
    "read_history",
    "simulate",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that `import simcast` stays light."""
    if name in _ROOMS:
        return getattr(importlib.import_module(f"simcast.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'simcast' has no attribute {name!r}")
