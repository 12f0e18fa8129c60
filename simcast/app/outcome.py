"""What the page keeps of a played plan: a few arrays, small enough to hold many plans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.compare import Difference
from simcast.days import Period, period_number
from simcast.forecast import Forecast, Metric, Summary

BANDS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The quantiles that the fan shows."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A plan, played.

    Parameters
    ----------
    futures
        How many futures were played.
    metric
        What is shown: bookings, or wins where the baseline books nothing.
    bookings, wins
        Summaries of the totals.
    difference
        Against the baseline, future by future.
    differences : float64, (n_futures,)
        Of it, one per future.
    cost
        The mean cost of the levers.
    targets
        Per metric, the wanted total and the share of futures that reach it.
    days : datetime64[D], (n_points,)
        The last day of each step of the fan.
    fan : float64, (n_points, n_bands)
        Quantiles of the cumulative total at `BANDS`.
    periods
        By first day of each period of the file, the total per future.
    groups
        By column and value, the total per future.
    deals
        The ids of the open deals.
    deal_chance : float64, (n_deals,)
        The share of futures in which each is won.
    deal_days : float64, (n_deals,)
        Mean days from the as-of date until it is won, where it is; NaN where it never is.
    notes
        What a reader should know about the levers.
    """

    futures: int
    metric: Metric
    bookings: Summary
    wins: Summary
    difference: Difference
    differences: Floats
    cost: float
    targets: dict[Metric, tuple[float, float]]
    days: NDArray[np.datetime64]
    fan: Floats
    periods: dict[str, Floats]
    groups: dict[str, dict[str, Floats]]
    deals: NDArray[np.str_]
    deal_chance: Floats
    deal_days: Floats
    notes: tuple[str, ...]

    @property
    def by_wins(self) -> bool:
        """Whether wins are shown, since nothing is booked."""
        return self.metric == "wins"

    @property
    def total(self) -> Summary:
        """The total of what is shown."""
        return self.wins if self.by_wins else self.bookings

    @property
    def gained(self) -> Summary:
        """What the plan brings more of it than the baseline, in the same futures."""
        return self.difference.wins if self.by_wins else self.difference.bookings


def outcome_of(forecast: Forecast, baseline: Forecast, difference: Difference, period: Period) -> Outcome:
    """Take from a forecast what the page shows.

    Parameters
    ----------
    forecast, baseline
        The plan, and what it is compared with.
    difference
        Between the two.
    period
        The period of the file.
    """
    results, metric = forecast.results, baseline.metric
    per_period = np.asarray(results[metric].sum(("segment", "origin"), skipna=False), dtype=np.float64)
    wins = results["deal_wins"].to_numpy()
    with np.errstate(invalid="ignore"):
        deal_days = results["deal_win_days"].to_numpy() / np.where(wins > 0, wins, np.nan)
    return Outcome(
        futures=forecast.n_futures,
        metric=metric,
        bookings=Summary.of(forecast.values("bookings")),
        wins=Summary.of(forecast.values("wins")),
        difference=difference,
        differences=forecast.values(metric) - baseline.values(metric),
        cost=float(results["cost"].mean()),
        targets={metric: (wanted, forecast.probability(metric, wanted)) for metric, wanted in forecast.targets.items()},
        days=results["period_end"].to_numpy().astype("datetime64[D]"),
        fan=np.quantile(np.cumsum(per_period, axis=1), BANDS, axis=0).T,
        periods=_periods(forecast, per_period, period),
        groups={
            column: {
                value: forecast.values(metric, where={column: value})
                for value in dict.fromkeys(forecast.segments.column(column))
            }
            for column in forecast.segments.columns
        },
        deals=results["deal"].to_numpy(),
        deal_chance=wins / forecast.n_futures,
        deal_days=deal_days,
        notes=forecast.notes,
    )


def _periods(forecast: Forecast, per_period: Floats, period: Period) -> dict[str, Floats]:
    """Add the steps of a forecast up to the periods of the file, by their first day."""
    starts = forecast.results["period"].to_numpy().astype("datetime64[D]")
    if forecast.results.attrs["period"] == period:
        return dict(zip(map(str, starts), per_period.T, strict=True))
    number = period_number(starts, period)
    return {str(starts[number == one][0]): per_period[:, number == one].sum(axis=1) for one in np.unique(number)}
