"""simcast: calibrated forecasts for anything that moves through stages."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from simcast.errors import SimcastError
    from simcast.forecast import Forecast
    from simcast.history import History, read_history
    from simcast.model import fit
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
    "build_plan": "plan",
    "fit": "model",
    "load_scenario": "scenario",
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
    "build_plan",
    "fit",
    "load_scenario",
    "read_history",
    "simulate",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that `import simcast` stays light."""
    if name in _ROOMS:
        return getattr(importlib.import_module(f"simcast.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'simcast' has no attribute {name!r}")
