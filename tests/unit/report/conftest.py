"""What reports are made of: a run whose every name is hostile, and the least that can be played."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simcast.analysis import run
from simcast.report.page import Material, collect
from simcast.scenario import build_scenario

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def hostile() -> Material:
    """Play the hostile run once for all tests."""
    from hostile_runs import hostile_material

    return hostile_material()


@pytest.fixture(scope="session")
def one_future() -> Material:
    """The least that can be played: one stage, one future, no open deal, no target, no scenario."""
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["lead"]},
            "assume": {
                "stages": {"lead": {"conversion": 0.5, "days": 3}},
                "arrivals": {"per_day": 1},
                "amount": 1,
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-07-01", "period": "day"},
            "simulation": {"futures": 1, "seed": 2},
        }
    )
    return collect(run(scenario, threads=1), threads=1)
