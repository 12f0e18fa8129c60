"""From posterior, open deals and scenario to the plan that the engine plays."""

from simcast.plan.building import build_plan, forecast_days
from simcast.plan.checks import check_names
from simcast.plan.periods import ForecastDays
from simcast.plan.plan import MINOR_UNITS, Plan

__all__ = ["MINOR_UNITS", "ForecastDays", "Plan", "build_plan", "check_names", "forecast_days"]
