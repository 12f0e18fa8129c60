"""What knowing more is worth, against closed forms."""

from __future__ import annotations

from typing import Any

import pytest

from simcast.analysis.knowing import Knowing, worth_of_knowing
from tests.unit.analysis.assumed_worlds import ground

OPEN = [{"stage": "договор", "count": 1000, "age_days": 0}]


def knowing(scenarios: dict[str, list[Any]], futures: int = 4000) -> Knowing:
    """Ask of 1,000 open deals of 100 each, half of which are won."""
    world = ground({"договор": {"conversion": 0.5, "days": 1}}, open_deals=OPEN, futures=futures, scenarios=scenarios)
    found = worth_of_knowing(world, {name: world.play(name) for name in world.scenario.scenario_names})
    assert found is not None
    return found


def lever(add: object, cost: float) -> list[dict[str, object]]:
    return [{"lever": "conversion", "stage": "договор", "add": add, "cost": cost}]


def test_knowing_an_uncertain_lever_is_worth_the_mean_of_what_it_avoids() -> None:
    """It brings 100,000 u - 5,000 with u uniform on (0, 0.1): nothing on average; known, E max(0, ·) = 1,250."""
    found = knowing({"try": lever({"uniform": [0.0, 0.1]}, 5000)})
    (worth,) = (found for found in found.worth if found.kind == "lever")
    assert worth.name == "try"
    assert abs(worth.value - 1250) < 5 * worth.error + 60  # 60: which of two equal choices is the best by chance
    assert worth.error < 100


def test_knowing_what_cannot_change_the_choice_is_worth_nothing() -> None:
    found = knowing({"try": lever({"uniform": [0.1, 0.2]}, 5000)})
    assert found.best == "try"
    assert [worth.value for worth in found.worth] == [0.0] * len(found.worth)


def test_what_is_certain_is_worth_nothing_to_know() -> None:
    found = knowing({"try": lever(0.05, 4000)})
    assert {worth.kind for worth in found.worth} == {"stage", "arrivals", "amounts"}
    assert all(worth.value == worth.error == 0.0 for worth in found.worth)


def test_luck_alone_teaches_nothing() -> None:
    """Two levers of which only one is uncertain and neither matters: learned choices are no better than none."""
    found = knowing({"try": lever({"uniform": [0.049, 0.051]}, 5000)})
    (worth,) = (found for found in found.worth if found.kind == "lever")
    assert worth.value < 4 * worth.error + 30


def test_there_must_be_a_choice_and_enough_futures() -> None:
    world = ground({"договор": {"conversion": 0.5, "days": 1}}, open_deals=OPEN, futures=50)
    assert worth_of_knowing(world, {"baseline": world.play()}) is None
    with pytest.raises(AssertionError):
        knowing({"try": lever(0.1, 0)}, futures=50)
