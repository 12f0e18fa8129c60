"""The capacity kernel on small random plans that use everything at once: any graph, all families, levers, renewals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.engine.capacity import play_team_futures
from simcast.engine.capacity_layout import (
    FOREVER,
    NO_TEAM,
    CapacityPlan,
    TeamPlan,
    TeamResults,
    empty_team_results,
)
from simcast.engine.chunks import play_chunk
from simcast.engine.layout import CAP, Effects, KernelPlan, Results
from simcast.engine.samplers import EXPONENTIAL
from tests.unit.engine import team_twin
from tests.unit.engine.plans import no_effects, random_plan


def with_people(plan: KernelPlan, n_people: int, half_life: float = FOREVER) -> TeamPlan:
    """Add two teams that work every day, the second for two stages; one stage has no team."""
    n_stages, n_futures, n_days = len(plan.destination), len(plan.draw_of_future), plan.horizon_days + 50
    _, _, n_segments, n_slots = plan.probability.shape
    capacity = CapacityPlan(
        team_of_stage=np.array([0, 1, NO_TEAM, 1]),
        effort_family=np.full(n_stages, EXPONENTIAL),
        effort_scale=np.full(n_stages, 30.0),
        effort_shape=np.ones(n_stages),
        effort_table=np.zeros((n_stages, 3)),
        hours_per_day=np.full(2, 24.0),
        is_working=np.ones((2, n_days)),
        worked_before=np.tile(np.arange(n_days + 1.0), (2, 1)),
        waits_for_working_day=np.zeros(2, bool),
        keeps_owner=np.zeros(2, bool),
        ramp=np.ones((2, 1)),
        turnover=np.zeros((2, n_futures)),
        replacement_days=np.zeros(2),
        first_position=np.array([0, n_people, 2 * n_people]),
        position_key=np.arange(2 * n_people).astype(np.uint64),
        position_from=np.full(2 * n_people, -FOREVER),
        position_until=np.full(2 * n_people, FOREVER),
        training_team=np.zeros(0, np.int64),
        training_from=np.zeros(0),
        training_days=np.zeros((0, n_futures)),
        training_factor=np.zeros((0, n_futures)),
        deal_waits_since=np.full(len(plan.deal_key), np.nan),
        half_life=np.full((n_stages, n_futures), half_life),
        usual_wait=np.zeros(n_stages),
        table_days=np.zeros((n_stages, 0)),
        table_log_odds=np.zeros((n_stages, 0)),
        on_response=no_effects((n_stages, n_segments, n_slots), int(plan.epoch_of_day[-1]) + 1, n_futures),
    )
    return TeamPlan(plan, capacity)


def flow_of(plan: TeamPlan) -> Results:
    played = play_chunk(plan, range(len(plan.kernel.draw_of_future)))
    assert isinstance(played, TeamResults)
    return played.flow


@pytest.mark.parametrize("seed", range(12))
def test_where_nobody_waits_every_count_is_that_of_independent_deals(seed: int) -> None:
    plan = random_plan(seed)
    alone = play_chunk(plan, range(3))
    for one, other in zip(alone, flow_of(with_people(plan, 400)), strict=True):
        np.testing.assert_array_equal(one, other)


WITHOUT_HAZARDS = [seed for seed in range(120) if random_plan(seed).hazard_rate.shape[1] == 0]
"""Drawn again, days by hazard begin anew at the turn as whole days; not drawn again, they are shifted by the wait."""


@pytest.mark.parametrize("seed", WITHOUT_HAZARDS)
def test_what_a_wait_does_vanishes_with_a_long_half_life(seed: int) -> None:
    """Stays drawn again under the odds that they had end as they did, whatever the family and the amount."""
    plan = with_people(random_plan(seed), 1)
    plain, again = flow_of(plan), flow_of(with_people(plan.kernel, 1, half_life=1e12))
    for name in ("wins", "entered", "left_forward", "open_at_end"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(again, name))


def test_a_single_person_is_not_enough() -> None:
    few, many = (flow_of(with_people(random_plan(3), n)) for n in (1, 400))
    assert few.left_forward.sum() < many.left_forward.sum()


def promises(rng: np.random.Generator, plan: KernelPlan) -> Effects:
    """Promise an answer within some days in one stage of each team, for some segments."""
    _, _, n_segments, n_slots = plan.probability.shape
    n_epochs, n_futures = int(plan.epoch_of_day[-1]) + 1, len(plan.draw_of_future)
    return Effects(
        operation=np.full(2, CAP),
        stage=np.array([0, 3]),
        slots=np.zeros((2, n_slots), bool),
        segments=rng.random((2, n_segments)) < 0.7,
        on_open=np.zeros(2, bool),
        weight=np.ones((2, n_epochs)),
        value=rng.uniform(0.3, 6.0, (2, n_futures)),
    )


def with_a_life(plan: KernelPlan, seed: int) -> TeamPlan:
    """Add two teams of a few people who come, learn, are trained, leave and are replaced; not all days are worked."""
    rng = np.random.default_rng(seed + 5000)
    few = with_people(plan, 1).capacity
    n_futures, n_days, n_people = len(plan.draw_of_future), few.is_working.shape[1], rng.integers(1, 4, 2)
    is_working = (rng.random((2, n_days)) < 0.8).astype(float)
    since = np.where(rng.random(n_people.sum()) < 0.3, rng.uniform(0, 10, n_people.sum()), -FOREVER)
    until = np.where(rng.random(n_people.sum()) < 0.3, np.maximum(since, 0) + rng.integers(3, 9, len(since)), FOREVER)
    waiting = np.isin(plan.deal_stage, (0, 1, 3)) & (plan.deal_forced < 0) & (rng.random(len(plan.deal_key)) < 0.5)
    capacity = few._replace(
        effort_scale=rng.uniform(2.0, 20.0, len(plan.destination)),
        hours_per_day=rng.uniform(6.0, 24.0, 2),
        is_working=is_working,
        worked_before=np.hstack([np.zeros((2, 1)), np.cumsum(is_working, axis=1)]),
        waits_for_working_day=rng.random(2) < 0.5,
        keeps_owner=rng.random(2) < 0.7,
        ramp=rng.uniform(0.3, 1.0, (2, 2)),
        turnover=rng.choice([0.0, 0.1, 0.3], (2, n_futures)),
        replacement_days=rng.choice([0.0, 2.5, FOREVER], 2),
        first_position=np.concatenate([[0], np.cumsum(n_people)]),
        position_key=rng.integers(0, 2**64, len(since), dtype=np.uint64),
        position_from=since,
        position_until=until,
        training_team=np.array([seed % 2]),
        training_from=np.array([3.0]),
        training_days=rng.uniform(1.0, 6.0, (1, n_futures)),
        training_factor=np.full((1, n_futures), 1.7),
        deal_waits_since=np.where(waiting, -plan.deal_age[:, 0], np.nan),
        on_response=promises(rng, plan) if seed % 3 == 0 else few.on_response,
    )
    return TeamPlan(plan._replace(deal_age=np.where(waiting[:, None], 0.0, plan.deal_age)), capacity)


Play = Callable[[TeamPlan, int, TeamResults], None]


def all_of(play: Play, plan: TeamPlan) -> dict[str, NDArray[Any]]:
    """Return all that a player writes down, by name."""
    results = empty_team_results(plan, len(plan.kernel.draw_of_future))
    play(plan, 0, results)
    return {**results.flow._asdict(), **{name: getattr(results, name) for name in TeamResults._fields[1:]}}


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 120))])
def test_the_kernel_equals_a_twin_that_goes_from_event_to_event(seed: int) -> None:
    plan = with_a_life(random_plan(seed), seed)
    got, expected = all_of(play_team_futures, plan), all_of(team_twin.play_team_futures, plan)
    for name, found in got.items():
        # The kernel's days come from a table that is right within 2e-6 of them; what is counted is the same.
        whole = np.issubdtype(found.dtype, np.integer)
        slack = float(name == "bookings") if whole else 1e-4
        np.testing.assert_allclose(found, expected[name], rtol=0.0 if whole else 1e-5, atol=slack, err_msg=name)


def test_the_twin_tells_owners_from_nobody() -> None:
    """Most of these plans are played otherwise when nobody owns a deal."""
    differ, seeds = np.zeros(2), (1, 2, 3, 4)
    for seed in seeds:
        plan = with_a_life(random_plan(seed), seed)
        mixed = all_of(play_team_futures, plan)
        for i, keeps in enumerate((False, True)):
            changed = TeamPlan(plan.kernel, plan.capacity._replace(keeps_owner=np.full(2, keeps)))
            differ[i] += not np.array_equal(
                mixed["wait_days"], all_of(team_twin.play_team_futures, changed)["wait_days"]
            )
    assert differ[0] >= 3
    assert differ.sum() >= 4
