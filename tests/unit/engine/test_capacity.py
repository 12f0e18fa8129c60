"""The capacity kernel on small random plans that use everything at once: any graph, all families, levers, renewals."""

from __future__ import annotations

import numpy as np
import pytest

from simcast.engine.capacity_layout import FOREVER, NO_TEAM, CapacityPlan, TeamPlan, TeamResults
from simcast.engine.chunks import play_chunk
from simcast.engine.layout import KernelPlan, Results
from simcast.engine.samplers import EXPONENTIAL
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
