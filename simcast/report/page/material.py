"""What a report is made of: the run, the baseline by day for the fan, and what was asked of it beyond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simcast.analysis import Ground, Leaks, Run, deal_table, leaks
from simcast.analysis.inputs import Progress
from simcast.analysis.spread import Source, sources_of_spread
from simcast.forecast import Forecast, Metric, Summary
from simcast.plan import build_plan
from simcast.scenario import BASELINE
from simcast.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

_MOST_DAYS, _MOST_WEEKS = 190, 160
"""Up to how many days a fan has a point a day, and up to how many weeks a point a week."""
_MOST_VALUES = 60_000_000
"""How many values (futures times periods) a fan may take; beyond, it is as coarse as the forecast."""

MOST_FUTURES_PER_CHANGE = 2000
"""Differences under shared luck are sharp: each small change of a stage is played in so many futures at most."""

MOST_FUTURES_PER_DATE = 1000
"""In so many futures at most it is counted by which date each open deal is won; chances are those of the baseline."""


@dataclass(frozen=True, eq=False)
class Material:
    """What a report is made of.

    Parameters
    ----------
    run
        The forecast of each scenario.
    fine
        The baseline in periods fine enough for a fan.
    deals
        The open deals, see `simcast.analysis.deal_table`.
    leaks
        What small changes of each stage bring.
    sources
        Where the spread of the total comes from; empty where that cannot be told.
    metric
        What the answer is given in: bookings, or wins where no amounts are known or wins alone are wanted.
    provenance
        Hashes, versions, seed.
    command
        How to make the report again.
    """

    run: Run
    fine: Forecast
    deals: pd.DataFrame
    leaks: Leaks
    sources: tuple[Source, ...]
    metric: Metric
    provenance: Mapping[str, Any] = field(default_factory=dict)
    command: Sequence[str] = ()

    @property
    def baseline(self) -> Forecast:
        """The forecast without any lever."""
        return self.run.forecasts[BASELINE]


def collect(
    run: Run,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    provenance: Mapping[str, Any] | None = None,
    command: Sequence[str] = (),
) -> Material:
    """Play the baseline by day or week and small changes of each stage, in the same futures, and put all together."""
    baseline = run.forecasts[BASELINE]
    worth_nothing = Summary.of(baseline.values("bookings")).quantile(0.95) == 0.0
    metric: Metric = "wins" if worth_nothing or set(baseline.targets) == {"wins"} else "bookings"
    ground = Ground(run.scenario, run.history, run.posterior, run.book, threads)
    return Material(
        run,
        _fine(run, threads),
        deal_table(ground.with_futures(MOST_FUTURES_PER_DATE), baseline),
        leaks(ground.with_futures(MOST_FUTURES_PER_CHANGE), progress=progress),
        sources_of_spread(ground, baseline, metric),
        metric,
        provenance or {},
        command,
    )


def _fine(run: Run, threads: int | None) -> Forecast:
    """Return the baseline by day or week; as it is where that would be no finer, or take too much memory."""
    baseline, settings = run.forecasts[BASELINE], run.scenario.forecast
    n_days = run.days.n_days
    period = "day" if n_days <= _MOST_DAYS else "week" if n_days <= 7 * _MOST_WEEKS else "month"
    n_periods = n_days if period == "day" else n_days // 7 + 1
    order = ("day", "week", "month", "quarter")
    if order.index(period) >= order.index(settings.period) or n_periods * baseline.n_futures > _MOST_VALUES:
        return baseline
    finer = run.scenario.model_copy(update={"forecast": settings.model_copy(update={"period": period, "by": ()})})
    return simulate(build_plan(run.posterior, run.book, finer, BASELINE), threads=threads)
