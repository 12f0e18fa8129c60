"""What the capacity kernel reads and writes beside what the kernel of independent deals does.

Times are days from the as-of date. A *position* is a place in a team: one person after another, with a gap between a
leaver and the one who follows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import Effects, KernelPlan, Results, empty_results

NO_TEAM = -1
"""In `CapacityPlan.team_of_stage`: nobody is waited for."""

TABLE = -1
"""In `CapacityPlan.effort_family`: the effort's quantiles stand in a table."""

FOREVER = 1e18
"""Days until something that does not happen; a number that can be added to, unlike infinity."""


class CapacityPlan(NamedTuple):
    """Teams, the people in them, and what waiting for them does."""

    team_of_stage: NDArray[np.int64]
    """(n_stages,): the team that serves it, or NO_TEAM."""
    effort_family: NDArray[np.int64]
    """(n_stages,): of the hours that a stay takes: a family of `samplers`, or TABLE."""
    effort_scale: NDArray[np.float64]
    """(n_stages,), hours."""
    effort_shape: NDArray[np.float64]
    """(n_stages,)"""
    effort_table: NDArray[np.float64]
    """(n_stages, n_levels): quantiles at evenly spaced levels from 0 to 1."""

    hours_per_day: NDArray[np.float64]
    """(n_teams,)"""
    is_working: NDArray[np.float64]
    """(n_teams, n_days): 1 on working days, 0 on others; n_days goes beyond the horizon."""
    worked_before: NDArray[np.float64]
    """(n_teams, n_days + 1): working days before each day."""
    waits_for_working_day: NDArray[np.bool_]
    """(n_teams,): whether stays begin on working days only, even if somebody is free."""
    keeps_owner: NDArray[np.bool_]
    """(n_teams,): whether a deal's later stays wait for the person who took up its first one in the team."""
    ramp: NDArray[np.float64]
    """(n_teams, n_months): what a new person achieves in each month; afterwards 1."""
    turnover: NDArray[np.float64]
    """(n_teams, n_futures): leavers per person and day."""
    replacement_days: NDArray[np.float64]
    """(n_teams,): from a leaver to the one who follows; FOREVER for nobody."""

    first_position: NDArray[np.int64]
    """(n_teams + 1,): where each team's positions begin in the arrays below."""
    position_key: NDArray[np.uint64]
    """(n_positions,): for the luck of those who hold it."""
    position_from: NDArray[np.float64]
    """(n_positions,): the first day of a new person; -FOREVER for one who is there at the as-of date."""
    position_until: NDArray[np.float64]
    """(n_positions,): the first day without the position."""

    training_team: NDArray[np.int64]
    """(n_trainings,)"""
    training_from: NDArray[np.float64]
    """(n_trainings,)"""
    training_days: NDArray[np.float64]
    """(n_trainings, n_futures)"""
    training_factor: NDArray[np.float64]
    """(n_trainings, n_futures): on the effort of stays that begin during the training."""

    deal_waits_since: NDArray[np.float64]
    """(n_deals,): when an open deal that nobody works on yet entered its stage, minus its age; NaN for the others."""
    half_life: NDArray[np.float64]
    """(n_stages, n_futures): the days of waiting by which the odds of the forward move halve; FOREVER for no effect."""
    usual_wait: NDArray[np.float64]
    """(n_stages,): the days of waiting at which conversion is as the plan says."""
    table_days: NDArray[np.float64]
    """(n_stages, n_points): days of waiting, rising."""
    table_log_odds: NDArray[np.float64]
    """(n_stages, n_points): what they add to the log odds of the forward move; straight lines between them."""
    on_response: Effects
    """Caps on the wait (CAP), values in days."""


class TeamPlan(NamedTuple):
    """All that the capacity kernel reads."""

    kernel: KernelPlan
    capacity: CapacityPlan


class TeamResults(NamedTuple):
    """What the capacity kernel adds to: the results of deals, and those of teams, a row per future."""

    flow: Results
    wait_days: NDArray[np.float64]
    """(n_futures, n_stages): the sum of the waits of stays begun."""
    waited_for: NDArray[np.int64]
    """(n_futures, n_stages): stays begun in stages that teams serve."""
    wait_90: NDArray[np.float64]
    """(n_futures, n_teams): the wait that 90% of a team's stays do not exceed."""
    busy: NDArray[np.float64]
    """(n_futures, n_teams): working days spent on deals within the horizon, over all people."""
    present: NDArray[np.float64]
    """(n_futures, n_teams): working days of all people within the horizon."""
    queue: NDArray[np.int32]
    """(n_futures, n_periods, n_teams): stays that wait at the period's end."""
    extra_hours: NDArray[np.float64]
    """(n_futures, n_teams): hours of work done by extra help, so that no wait exceeds what a lever allows."""


def empty_team_results(plan: TeamPlan, n_futures: int) -> TeamResults:
    """Allocate zeroed results for `n_futures` futures of a plan."""
    flow = empty_results(plan.kernel, n_futures)
    n_stages, n_teams = len(plan.capacity.team_of_stage), len(plan.capacity.hours_per_day)
    by_team = (n_futures, n_teams)
    return TeamResults(
        flow,
        np.zeros((n_futures, n_stages)),
        np.zeros((n_futures, n_stages), np.int64),
        np.zeros(by_team),
        np.zeros(by_team),
        np.zeros(by_team),
        np.zeros((n_futures, flow.bookings.shape[1], n_teams), np.int32),
        np.zeros(by_team),
    )
