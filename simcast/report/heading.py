"""What every JSON document of a question says of where its numbers come from, and of how far to trust them."""

from __future__ import annotations

from typing import Any

import simcast
from simcast.analysis.ground import Ground


def heading(ground: Ground) -> dict[str, Any]:
    """Return the keys with which the document begins that answers a question asked of a scenario's ground."""
    scenario = ground.scenario
    return {
        "simcast": simcast.__version__,
        "file": scenario.file.name if scenario.file else None,
        "name": scenario.name,
        "scenario": ground.standing_on,
        "as_of": str(scenario.forecast.as_of),
        "until": str(scenario.forecast.until),
        "seed": scenario.simulation.seed,
        "fingerprint": ground.posterior.fingerprint,
        "trusted": ground.trusted,
        "warnings": list(ground.warnings),
    }
