"""Plans that share what no lever changes are those that are built apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from simcast.analysis import ground_of
from simcast.plan import Plan, build_plan
from simcast.scenario import load_scenario


def _same(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one == other


def _differing(one: Plan, other: Plan) -> set[str]:
    return {name for name in one.kernel._fields if not _same(getattr(one.kernel, name), getattr(other.kernel, name))}


@pytest.mark.parametrize("file", ["assumed", "operator", "renewals", "voronka"])
def test_a_plan_like_another_is_the_one_built_alone(file: str) -> None:
    ground = ground_of(load_scenario(f"scenarios/{file}.yaml")).with_futures(50)
    baseline = ground.plan()
    for name in ground.scenario.scenario_names[1:]:
        alone = build_plan(ground.posterior, ground.book, ground.scenario, name)
        like = ground.plan(name)
        assert _differing(like, alone) == set()
        assert _same(like.capacity, alone.capacity)
        assert like.kernel.probability is baseline.kernel.probability


def test_other_days_or_parameters_are_not_shared() -> None:
    short, long = (
        ground_of(load_scenario("scenarios/assumed.yaml", overrides=[f"forecast.horizon={days} days"])).with_futures(5)
        for days in (30, 31)
    )
    plan = build_plan(long.posterior, long.book, long.scenario, like=short.plan())
    assert _differing(plan, long.plan()) == set()
    other = dataclasses.replace(short, posterior=dataclasses.replace(short.posterior, fingerprint="another"))
    assert other.plan().kernel.probability is not short.plan().kernel.probability
