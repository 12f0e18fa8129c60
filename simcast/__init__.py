"""simcast: calibrated forecasts for anything that moves through stages.

From a history to a forecast::

    import simcast

    scenario = simcast.load_scenario("scenarios/q3.yaml")
    history = simcast.read_history("deals.csv", scenario.pipeline_definition, segments=["source"])
    posterior = simcast.fit(history.known_at("2026-07-01"), seed=1)
    plan = simcast.build_plan(posterior, history.open_deals("2026-07-01"), scenario)
    forecast = simcast.simulate(plan)
    forecast.quantiles("bookings", by="month")

================  ===================================================================================
load_scenario     a question, from a YAML file: a `Scenario`
read_history      what the CRM recorded, read strictly: a `History`; `Pipeline` names its stages
fit               the parameters, learned: a `Posterior`; `open_in_arviz` opens its chains
build_plan        parameters, open deals and one scenario's levers: a `Plan`
simulate          its futures, played: a `Forecast`, which holds an xarray.Dataset in ``results``
backtest          forecasts of the past against what happened
SimcastError      all errors that a user can mend, one line per problem in ``problems``
================  ===================================================================================

All of a scenario file at once is in `simcast.analysis`: ``run(scenario)`` plays and compares its scenarios, ``rank``
says which is best, ``diagnose`` whether the fit is to be trusted, ``leaks(ground_of(scenario))`` what each stage is
worth, ``deal_table``, ``solve`` and ``allocate`` the rest. Pictures are in `simcast.plots` and ``forecast.plot``;
levers and scenarios built in Python in `simcast.scenario`; origins and baselines in `simcast.backtesting`; a run's
page and workbook are written by ``simcast.report.write_report``. What functions take and return beside these: `Book`,
the open deals of a day; `ForecastDays`; `Summary`, a distribution over futures in a few numbers.

Results show a short table as the last line of a notebook's cell, and have ``to_frame()`` where they are tables; the
draws of a `Posterior` are an xarray.Dataset in ``draws``. An argument that has no meaning raises a `SimcastError` that
is a `ValueError`, `KeyError`, `IndexError` or `TypeError` too, and says the nearest name that is known. What is wrong
in a file, an override of it or its data is a `ScenarioError` or `DataError`, and no more than that.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from simcast.backtesting import backtest
    from simcast.errors import SimcastError
    from simcast.forecast import Forecast
    from simcast.history import Book, History, read_history
    from simcast.model import fit
    from simcast.model.arviz_data import open_in_arviz
    from simcast.pipeline import Pipeline
    from simcast.plan import ForecastDays, Plan, build_plan
    from simcast.posterior import Posterior
    from simcast.scenario import Scenario, load_scenario
    from simcast.simulation import simulate
    from simcast.summary import Summary

_MODULES = {
    "Book": "history",
    "Forecast": "forecast",
    "ForecastDays": "plan",
    "History": "history",
    "Pipeline": "pipeline",
    "Plan": "plan",
    "Posterior": "posterior",
    "Scenario": "scenario",
    "SimcastError": "errors",
    "Summary": "summary",
    "backtest": "backtesting",
    "build_plan": "plan",
    "fit": "model",
    "load_scenario": "scenario",
    "open_in_arviz": "model.arviz_data",
    "read_history": "history",
    "simulate": "simulation",
}

_OPEN = ("analysis", "backtesting", "errors", "plots", "scenario")
"""The packages that analysts use as they are: ``simcast.analysis.run`` needs no import of its own."""

_OF_ANALYSIS = ("allocate", "check", "compare", "deal_table", "diagnose", "ground_of", "leaks", "rank", "run", "solve")
"""What is easily looked for here."""

__all__ = [
    "Book",
    "Forecast",
    "ForecastDays",
    "History",
    "Pipeline",
    "Plan",
    "Posterior",
    "Scenario",
    "SimcastError",
    "Summary",
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
    if name in _MODULES:
        return getattr(importlib.import_module(f"simcast.{_MODULES[name]}"), name)
    if name in _OPEN:
        return importlib.import_module(f"simcast.{name}")
    raise AttributeError(f"module 'simcast' has no attribute {name!r}{_meant(name)}", name=name)


def __dir__() -> list[str]:
    """List the public names, those that are not imported yet among them, so that they can be completed."""
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, *_OPEN})


def _meant(name: str) -> str:
    """Say what was probably meant by a name that is none; nothing of names that only machines ask for."""
    if name.startswith("_"):
        return ""
    from simcast.arguments import nearest

    if name in _OF_ANALYSIS:
        return f"; it is simcast.analysis.{name}"
    if name in ("report", "write_report"):
        return "; from simcast.report import write_report, which writes a run's page or workbook"
    return f"; {nearest(name, (*__all__, *_OPEN))}"
