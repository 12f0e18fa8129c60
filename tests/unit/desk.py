"""A small desk whose parameters are assumed, with names that are hard on pages: markup and Cyrillic letters."""

from __future__ import annotations

from typing import Any

from simcast.scenario import Scenario, build_scenario

STAGES = ("lead", "<b>call</b>", "договор")


def desk(**changes: Any) -> Scenario:  # noqa: ANN401  # plain data, as in a file
    """Return a scenario without a history; `changes` replace its sections."""
    data: dict[str, Any] = {
        "simcast": 1,
        "name": "Desk <i>",
        "pipeline": {"stages": list(STAGES)},
        "assume": {
            "segments": {"source": {"ads": 0.5, "<u>site</u>": 0.5}},
            "stages": {stage: {"conversion": 0.5, "days": {"exponential": {"mean": 5}}} for stage in STAGES},
            "arrivals": {"per_day": 1},
            "amount": {"lognormal": {"median": 1000, "sigma": 0.5}},
            "open": [{"stage": "lead", "count": 3, "age_days": 2}],
        },
        "forecast": {"as_of": "2026-07-01", "until": "2026-08-31", "by": ["source"], "target": {"bookings": 5000}},
        "simulation": {"futures": 60, "seed": 1},
        "scenarios": {"<script>": [{"lever": "conversion", "stage": "lead", "add": 0.1}]},
    }
    return build_scenario(data | changes)
