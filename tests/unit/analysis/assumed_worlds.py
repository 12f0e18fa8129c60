"""Small pipelines whose answers can be worked out by hand."""

from __future__ import annotations

from typing import Any

from simcast.analysis import Ground, ground_of
from simcast.scenario import build_scenario


def ground(
    stages: dict[str, dict[str, Any]],
    *,
    per_day: float = 0.0,
    open_deals: list[dict[str, Any]] | None = None,
    days: int = 90,
    futures: int = 4000,
    target: dict[str, float] | None = None,
    scenarios: dict[str, list[Any]] | None = None,
    segments: dict[str, dict[str, float]] | None = None,
    teams: dict[str, dict[str, Any]] | None = None,
    weather: dict[str, float] | None = None,
    amount: Any = 100,  # noqa: ANN401  # a quantity as a file writes it
) -> Ground:
    """Return the ground of a pipeline that is assumed throughout; deals are worth 100 each, or nothing."""
    assume: dict[str, Any] = {"stages": stages, "arrivals": {"per_day": per_day}}
    assume |= {} if amount is None else {"amount": amount}
    assume |= {} if weather is None else {"weather": weather}
    assume |= {"open": open_deals} if open_deals else {}
    assume |= {"segments": segments} if segments else {}
    return ground_of(
        build_scenario(
            {
                "simcast": 1,
                "pipeline": {"stages": list(stages)},
                "assume": assume,
                "forecast": {"as_of": "2026-01-01", "horizon": f"{days} days", "target": target or {}},
                "simulation": {"futures": futures, "seed": 5},
                "scenarios": scenarios or {},
                "teams": teams or {},
            }
        )
    )
