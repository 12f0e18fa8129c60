"""Scenario files in a few lines, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from simcast.errors import ScenarioError
from simcast.scenario import Scenario, build_scenario


def minimal(**changes: object) -> dict[str, Any]:
    data: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["lead", "meeting"]},
        "history": {"path": "deals.csv", "segments": ["source", "region"]},
        "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
    }
    return data | changes


def with_levers(*levers: object, **changes: object) -> Scenario:
    return build_scenario(minimal(scenarios={"fix": list(levers)}, **changes))


def problems_of(data: dict[str, Any], *overrides: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        build_scenario(data, overrides=overrides)
    return "\n".join(caught.value.problems)
