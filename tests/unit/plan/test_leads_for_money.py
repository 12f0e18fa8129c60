"""Budgets that pay by the lead bring `amount / cost_per_lead` new deals, on whatever weekdays they act."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcast.analysis import run
from simcast.errors import ScenarioError
from simcast.scenario import build_scenario

WORKDAYS = [1, 1, 1, 1, 1, 0, 0]
UNEVEN = [2, 1, 1, 1, 1, 1, 0]
MONEY: dict[str, Any] = {"lever": "budget", "amount": 1000, "into": {"source": "ads"}, "cost_per_lead": {"into": 20}}


def more_deals(lever: dict[str, Any], weekdays: list[float], until: str = "2026-09-30") -> tuple[float, float]:
    """Return the mean of additional new deals, and its error."""
    played = run(
        build_scenario(
            {
                "simcast": 1,
                "pipeline": {"stages": ["lead"]},
                "forecast": {"as_of": "2026-07-01", "until": until},
                "simulation": {"futures": 1000},
                "assume": {
                    "segments": {"source": {"ads": 0.5, "web": 0.5}},
                    "stages": {"lead": {"conversion": 0.5, "days": 5}},
                    "arrivals": {"per_day": 6, "weekdays": weekdays},
                },
                "scenarios": {"change": [lever]},
            },
            folder=Path(),
        )
    )
    entered = [forecast.results["entered"].sum(["stage", "period"]) for forecast in played.forecasts.values()]
    added = (entered[1] - entered[0]).to_numpy()
    return float(added.mean()), float(added.std() / np.sqrt(added.size))


@pytest.mark.parametrize("weekdays", [WORKDAYS, UNEVEN], ids=str)
@pytest.mark.parametrize(
    ("dates", "leads"),
    [
        ({"from": "2026-08-03", "until": "2026-08-07"}, 50.0),  # Monday to Friday
        ({"from": "2026-08-03", "until": "2026-08-07", "lag_weeks": 5 / 7}, 50.0),  # Saturday to Wednesday
        ({"from": "2026-08-01", "until": "2026-08-30", "lag_weeks": 1.5}, 50.0),
        ({"until": "2026-07-01"}, 50.0),
        ({}, 50.0),
    ],
)
def test_as_many_leads_come_as_are_paid_for(dates: dict[str, Any], leads: float, weekdays: list[float]) -> None:
    mean, error = more_deals(MONEY | dates, weekdays)
    assert mean == pytest.approx(leads, abs=5 * error)


def test_leads_that_come_after_the_forecast_are_not_brought_forward() -> None:
    mean, error = more_deals(MONEY | {"from": "2026-09-21", "until": "2026-09-27", "lag_weeks": 1}, WORKDAYS)
    assert mean == pytest.approx(50 * 3 / 5, abs=5 * error)  # Monday to Wednesday of five days; the rest is October's


def test_money_for_days_on_which_no_leads_come_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"scenarios\.change\[0\].*on weekdays on which none ever do"):
        more_deals(MONEY | {"from": "2026-08-01", "until": "2026-08-02"}, WORKDAYS)
    mean, error = more_deals(MONEY | {"from": "2026-08-01", "until": "2026-08-02", "lag_weeks": 2 / 7}, WORKDAYS)
    assert mean == pytest.approx(50, abs=5 * error)


def test_new_deals_by_the_day_come_on_average_days_of_the_week() -> None:
    lever = {"lever": "arrivals", "add_per_day": 10, "where": {"source": "ads"}}
    week = {"from": "2026-08-03", "until": "2026-08-09"}
    mean, error = more_deals(lever | week, WORKDAYS)
    assert mean == pytest.approx(70, abs=5 * error)
    with pytest.raises(ScenarioError, match=r"scenarios\.change\[0\].*on which none ever do.*change from or until"):
        more_deals(lever | {"from": "2026-08-08", "until": "2026-08-09"}, WORKDAYS)
