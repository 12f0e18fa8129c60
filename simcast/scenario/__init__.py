"""Scenario files: the schema, reading YAML with places, merging, and the levers."""

from __future__ import annotations

from simcast.scenario.assumptions import (
    ArrivalAssumption,
    Assumptions,
    CalendarAssumption,
    OpenDeals,
    StageAssumption,
    WeatherAssumption,
)
from simcast.scenario.distribution import Distribution, Quantity
from simcast.scenario.levers import (
    LEVERS,
    AmountLever,
    ArrivalsLever,
    BudgetLever,
    ConversionLever,
    DealLever,
    DurationLever,
    HireLever,
    LeaveLever,
    Lever,
    ResponseLever,
    TimedLever,
    TrainLever,
)
from simcast.scenario.loading import build_scenario, dump_yaml, load_scenario
from simcast.scenario.merging import Setting
from simcast.scenario.pipeline_file import load_pipeline
from simcast.scenario.schema import BASELINE, Scenario, json_schema
from simcast.scenario.settings import (
    ForecastSettings,
    HistorySettings,
    ModelSettings,
    PipelineSettings,
    PriorSettings,
    SimulationSettings,
)
from simcast.scenario.team import Team

__all__ = [
    "BASELINE",
    "LEVERS",
    "AmountLever",
    "ArrivalAssumption",
    "ArrivalsLever",
    "Assumptions",
    "BudgetLever",
    "CalendarAssumption",
    "ConversionLever",
    "DealLever",
    "Distribution",
    "DurationLever",
    "ForecastSettings",
    "HireLever",
    "HistorySettings",
    "LeaveLever",
    "Lever",
    "ModelSettings",
    "OpenDeals",
    "PipelineSettings",
    "PriorSettings",
    "Quantity",
    "ResponseLever",
    "Scenario",
    "Setting",
    "SimulationSettings",
    "StageAssumption",
    "Team",
    "TimedLever",
    "TrainLever",
    "WeatherAssumption",
    "build_scenario",
    "dump_yaml",
    "json_schema",
    "load_pipeline",
    "load_scenario",
]
