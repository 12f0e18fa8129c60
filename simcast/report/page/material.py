"""What a report is made of: the run, the baseline by day for the fan, and further questions asked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from simcast.analysis import Ground, Leaks, Run, deal_table, leaks
from simcast.analysis.fine import play_fine
from simcast.analysis.spread import Source, sources_of_spread
from simcast.forecast import Forecast, Metric
from simcast.progress import Progress
from simcast.scenario import BASELINE
from simcast.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

MOST_FUTURES_PER_CHANGE = 1000
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
    metric: Metric = "wins" if run.by_wins or set(baseline.targets) == {"wins"} else "bookings"
    ground = Ground(run.scenario, run.history, run.posterior, run.book, threads)
    return Material(
        run,
        _fine(run, threads) or baseline,
        deal_table(ground.with_futures(MOST_FUTURES_PER_DATE), baseline),
        leaks(ground.with_futures(MOST_FUTURES_PER_CHANGE), baseline=baseline, progress=progress),
        sources_of_spread(ground, baseline, metric),
        metric,
        provenance or {},
        command,
    )


def _fine(run: Run, threads: int | None) -> Forecast | None:
    """Return the baseline by day or week; play it where the run has not done so."""
    return run.fine or play_fine(run.scenario, run.posterior, run.book, partial(simulate, threads=threads))
