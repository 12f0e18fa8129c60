"""Small worlds with a team, whose waits can be worked out by hand."""

from __future__ import annotations

from typing import Any

from simcast.analysis import Run, run
from simcast.scenario import build_scenario

TEAM: dict[str, Any] = {
    "serves": ["call"],
    "headcount": 1,
    "hours_per_day": 8,
    "effort_hours": {"call": 8},
    "backlog": "all",
}


def world(
    team: dict[str, Any] | None,
    levers: list[dict[str, Any]] | None = None,
    n_open: int = 4,
    **changes: Any,  # noqa: ANN401 - parts of a scenario file
) -> Run:
    """Play a stage that all deals pass at once when their turn has come; the as-of date is a Wednesday."""
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["call"]},
        "assume": {
            "stages": {"call": {"conversion": 1.0, "days": 0}},
            "amount": 1,
            "open": [{"stage": "call", "count": n_open, "age_days": 0}],
        },
        "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
        "simulation": {"futures": 20, "seed": 3},
    }
    content |= changes
    if team is not None:
        content["teams"] = {"people": TEAM | team}
    if levers:
        content["scenarios"] = {"change": levers}
    return run(build_scenario(content))


def wait(played: Run, name: str = "baseline", stage: str = "call") -> float:
    return float(played.forecasts[name].wait_days(stage).mean())


BUSY: dict[str, Any] = {
    "pipeline": {"stages": ["lead", "call", "offer"]},
    "assume": {
        "stages": {
            "lead": {"conversion": 0.8, "days": {"exponential": {"mean": 2}}},
            "call": {"conversion": {"beta": [40, 60]}, "days": {"lognormal": {"median": 3, "sigma": 0.8}}},
            "offer": {"conversion": 0.5, "days": {"gamma": {"mean": 6, "shape": 2}}},
        },
        "arrivals": {"per_day": 6},
        "amount": {"lognormal": {"median": 1000, "sigma": 0.7}},
        "segments": {"source": {"ads": 0.6, "referral": 0.4}},
        "open": [{"stage": "call", "count": 9, "age_days": 4}, {"stage": "lead", "count": 5, "age_days": 1}],
    },
    "simulation": {"futures": 120, "seed": 3},
}
"""A small funnel with luck in all its parts."""

TIRED = {"headcount": 3, "effort_hours": {"call": 5}, "backlog": "none"}
"""A team that cannot do what comes to it."""

BOTH = {
    "serves": ["call", "встреча"],
    "headcount": 2,
    "effort_hours": {"call": 8, "встреча": 16},
    "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
}
