"""From posterior, open deals and scenario to the plan that the engine plays."""

from simcast.plan.building import build_plan
from simcast.plan.calendar import ForecastDays
from simcast.plan.plan import Plan

__all__ = ["ForecastDays", "Plan", "build_plan"]
