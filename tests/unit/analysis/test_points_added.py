"""A point of conversion is cut where it would exceed 100%: what was really added is told."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pytest
import twin
from rich.console import Console

from simcast.analysis import Ground, leaks
from simcast.analysis.leaks import Leak
from simcast.report.leaks import leaks_document, print_leaks
from simcast.report.tables import leaks_table
from simcast.report.words import LANGUAGES
from tests.unit.analysis.assumed_worlds import ground

FULL = {"звонок": {"conversion": 0.995, "days": 1}, "[a]": {"conversion": 0.5, "days": 1}}


def call_of(world: Ground) -> Leak:
    return next(leak for leak in leaks(world).leaks if leak.stage == "звонок")


def test_half_a_point_is_told_as_such() -> None:
    found = leaks(ground(FULL, per_day=10, futures=300))
    added = {leak.stage: leak.added for leak in found.leaks}
    assert added == pytest.approx({"звонок": 0.005, "[a]": 0.01})
    told = {stage["stage"]: stage["per_point"] for stage in leaks_document(found)["stages"]}
    assert told["звонок"]["points_added"] == pytest.approx(0.5)
    assert told["[a]"]["points_added"] == 1.0
    assert dict(zip(found.to_frame()["stage"], found.to_frame()["points_added"], strict=True)) == pytest.approx(
        {"звонок": 0.5, "[a]": 1.0}
    )
    stream = StringIO()
    print_leaks(found, Console(file=stream, width=120))
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("per point of")]
    assert lines == ["per point of 'звонок': 0.50 of a point, for no conversion exceeds 100%; not scaled"]
    for language, note in (("en", "Per point of звонок: 0.50 of a point"), ("ru", "этапе «звонок»: 0,50 пункта")):
        assert note in leaks_table(found, LANGUAGES[language]).note


def test_where_a_point_can_be_added_nothing_is_said() -> None:
    stages = FULL | {"звонок": {"conversion": {"beta": [980, 20]}, "days": 1}}
    found = leaks(ground(stages, per_day=1, futures=200))
    assert all(0.00995 < leak.added <= 0.01 for leak in found.leaks)
    stream = StringIO()
    print_leaks(found, Console(file=stream, width=120))
    assert "of a point" not in stream.getvalue()
    assert "of a point" not in leaks_table(found, LANGUAGES["en"]).note


@pytest.mark.parametrize(
    ("levers", "added"),
    [
        ([{"set": 0.998}], 0.002),
        ([{"add": 0.5}], 0.0),
        ([{"multiply": 1.6, "where": {"source": "ads"}}], (0.004 + 3 * 0.01) / 4),
        ([{"odds": 249}], 1 - 0.996),
        ([{"odds": 249, "ramp_days": 1}], (0.01 * 0 + 1 - 125 / 126 + 89 * 0.004) / 90),
        ([{"set": 1.0, "from": "2026-02-15"}], 0.005),
        ([{"set": 0.9, "until": "2026-02-14"}, {"add": 0.35, "from": "2026-02-15"}], (45 * 0.01 + 45 * 0.01) / 90),
    ],
)
def test_it_is_what_the_scenario_leaves_room_for(levers: list[dict[str, Any]], added: float) -> None:
    stages = {"звонок": {"conversion": 0.622, "days": 1}} if "multiply" in levers[0] else None
    stages = stages or {"звонок": {"conversion": 0.5, "days": 1}}
    written = [{"lever": "conversion", "stage": "звонок"} | lever for lever in levers]
    world = ground(
        stages,
        per_day=1,
        futures=20,
        scenarios={"change": written},
        segments={"source": {"ads": 0.25, "site": 0.75}},
    )
    share = call_of(world.on("change"))
    if "where" in levers[0]:  # stays come by chance
        assert share.added == pytest.approx(added, abs=1e-3)
        assert share.is_cut
    else:
        assert share.added == pytest.approx(added, abs=1e-9)


def test_it_is_what_the_kernel_leaves_room_for_on_each_day_of_each_future() -> None:
    """Under weather, whose odds are those among the moves, and several levers at once."""
    response = {"lever": "response", "stage": "звонок", "within_hours": 1, "now_hours": 9, "half_life_hours": 3}
    on_call = {"lever": "conversion", "stage": "звонок"}
    world = ground(
        {"звонок": {"conversion": 0.98, "stalled": 0.003, "days": 1}},
        per_day=5,
        days=70,
        futures=30,
        weather={"conversion": 0.8},
        segments={"source": {"ads": 0.25, "site": 0.75}},
        scenarios={"many": [response, on_call | {"add": 0.004, "where": {"source": "ads"}, "ramp_days": 30}]},
    )
    for standing in (world, world.on("many")):
        kernel = standing.plan().kernel
        added = {
            segment: np.mean(
                [
                    min(1.0 - twin.probabilities(kernel, future, day, 0, segment)[0], 0.01)
                    for future in range(30)
                    for day in range(70)
                ]
            )
            for segment in (0, 1)
        }
        assert added[0] < 0.0099
        for source, code in (("ads", 0), ("site", 1)):
            assert standing.posterior.segments.labels[code] == source
            found = {tuple(leak.where.items()): leak for leak in leaks(standing, by=["source"]).leaks}
            assert found[(("source", source),)].added == pytest.approx(added[code], rel=1e-12)
