"""The plan: what the kernel reads, and the names with which its results are labelled."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simcast.engine.capacity_layout import CapacityPlan, TeamPlan
from simcast.engine.layout import KernelPlan
from simcast.forecast import Metric
from simcast.notebook import Shown
from simcast.pipeline import Pipeline
from simcast.plan.periods import ForecastDays
from simcast.segments import Segments

MINOR_UNITS = 100
"""Minor units (cents) in one unit of money."""


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Shown):
    """One scenario, ready to be simulated.

    Parameters
    ----------
    scenario
        The scenario's name.
    kernel
        All that the kernel reads: arrays, in days from the as-of date and minor units of money.
    pipeline
        The stages that the kernel's codes stand for.
    groups
        The segments in which results are counted.
    days
        The days and periods forecast.
    deals : object (str), (n_deals,)
        The ids of the open deals.
    cost : float64, (n_futures,)
        What the scenario's levers cost in each future.
    targets
        Wanted totals by metric.
    fingerprint
        Of the posterior that the parameters come from.
    notes
        What a reader of the forecast should know about the levers.
    capacity
        The teams, as the capacity kernel reads them; None without any.
    teams
        Their names.
    person_hours, person_cost : float64, (n_teams,)
        What one person of each team works in the forecast's days, and costs on average.
    margin : float64, (n_futures,) or (n_futures, n_groups)
        The share of bookings that counts as gain, in all or in each group; None where all of them do.
    """

    scenario: str
    kernel: KernelPlan
    pipeline: Pipeline
    groups: Segments
    days: ForecastDays
    deals: NDArray[np.object_]
    cost: NDArray[np.float64]
    targets: dict[Metric, float]
    fingerprint: str
    notes: tuple[str, ...] = ()
    capacity: CapacityPlan | None = None
    teams: tuple[str, ...] = ()
    person_hours: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    person_cost: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    margin: NDArray[np.float64] | None = None

    @property
    def playable(self) -> KernelPlan | TeamPlan:
        """What is played: with teams, they and the kernel's arrays."""
        return self.kernel if self.capacity is None else TeamPlan(self.kernel, self.capacity)

    @property
    def n_futures(self) -> int:
        """How many futures the plan holds."""
        return len(self.kernel.draw_of_future)

    def _headline(self) -> str:
        days = f"{self.days.as_of} to {self.days.until} by {self.days.period}"
        return f"Plan of {self.scenario!r}: {len(self.deals):,} open deals, {self.n_futures:,} futures, {days}"
