"""The forecast: labelled results of a simulated scenario, and what can be read from them."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.segments import Segments

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Metric = Literal["bookings", "wins"]
METRICS: tuple[Metric, ...] = ("bookings", "wins")

Origin = Literal["open", "new"]
ORIGINS: tuple[Origin, ...] = ("open", "new")

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""The quantiles that every summary gives."""


@dataclass(frozen=True)
class Summary:
    """A distribution over futures in a few numbers.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation over futures.
    quantiles
        The quantiles at `QUANTILES`, in the same order.
    n_futures
        How many futures there are.
    """

    mean: float
    sd: float
    quantiles: tuple[float, ...]
    n_futures: int

    @classmethod
    def of(cls, values: NDArray[np.generic]) -> Summary:
        """Summarise one value per future."""
        numbers = np.asarray(values, dtype=np.float64)
        return cls(
            float(numbers.mean()),
            float(numbers.std()),
            tuple(float(q) for q in np.quantile(numbers, QUANTILES)),
            len(numbers),
        )

    def quantile(self, q: float) -> float:
        """Return one of the quantiles at `QUANTILES`."""
        return self.quantiles[QUANTILES.index(q)]

    @property
    def mean_error(self) -> float:
        """The Monte Carlo standard error of the mean."""
        return self.sd / math.sqrt(self.n_futures)

    def to_dict(self) -> dict[str, object]:
        """Return the summary as the JSON documents hold it."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "quantiles": {f"{q:g}": value for q, value in zip(QUANTILES, self.quantiles, strict=True)},
        }


class Plots(Protocol):
    """The pictures of a forecast, as `Forecast.plot` offers them; each returns its axes."""

    def fan(self, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how the total builds up from period to period; of bookings, or wins where nothing is booked."""

    def distribution(self, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how likely each total is."""

    def funnel(self, *, ax: Axes | None = None) -> Axes:
        """Draw the deals through the stages."""

    def compare(self, *others: Forecast, ax: Axes | None = None) -> Axes:
        """Draw what other scenarios bring against this one, future by future."""

    def leaks(self, found: object, *, ax: Axes | None = None) -> Axes:
        """Draw what one point of conversion is worth at each stage, as `simcast.analysis.leaks` found it."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """The results of one scenario, by future.

    Parameters
    ----------
    scenario
        The scenario's name.
    results
        Dims (future, period, segment, origin, stage); variables

        - ``bookings`` (future, period, segment, origin): amount won, dated at the win
        - ``wins`` (future, period, segment, origin)
        - ``entered``, ``left_forward``, ``open_at_end`` (future, period, stage): stays, over all segments
        - ``cost`` (future,): what the scenario's levers cost
        - ``margin`` (future,) or (future, segment): the share of bookings that counts as gain; not there where all of
          them do
        - ``period_end`` (period,): the last day of each period
        - with teams: ``wait_days`` (future, stage), the mean wait for a free person within the horizon;
          ``team_wait_90`` (future, team), the wait that 90% of stays do not exceed; ``team_utilisation`` (future,
          team), working time spent on deals; ``team_queue`` (future, period, team), stays that wait at the period's
          end; ``team_extra_hours`` (future, team), work by extra hands that a promise to answer in time takes
        - ``deal_wins``, ``deal_win_days`` (deal,): per open deal, the futures in which it is won, and the sum of the
          days until then

        Segments are the combinations of the columns by which the forecast was asked for.
    segments
        What the segment labels stand for.
    targets
        Wanted totals by metric.
    fingerprint
        Of the posterior that the parameters come from.
    notes
        What a reader should know about the levers.
    """

    scenario: str
    results: xr.Dataset
    segments: Segments
    targets: dict[Metric, float]
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def n_futures(self) -> int:
        """How many futures were played."""
        return int(self.results.sizes["future"])

    def first(self, n_futures: int) -> Forecast:
        """Return the first futures alone, which are those that a run of so many plays.

        What is counted over all futures (``deal_wins``, ``deal_win_days``) is left out.
        """
        fewer = self.results.drop_vars(["deal_wins", "deal_win_days"]).isel(future=slice(n_futures))
        return replace(self, results=fewer)

    def joined(self, later: Forecast) -> Forecast:
        """Return these futures and later ones of the same plan together, as if all had been played at once.

        Not for plans with teams: what is said of them is said of all futures.
        """
        over_futures = [str(name) for name, values in self.results.items() if "future" in values.dims]
        parts = [forecast.results[over_futures] for forecast in (self, later)]
        together = xr.concat(parts, dim="future", coords="minimal", compat="override", join="override")
        rest = self.results.drop_vars(over_futures)
        for name in ("deal_wins", "deal_win_days"):
            rest[name] = rest[name] + later.results[name]
        order = list(self.results.data_vars)
        return replace(later, results=xr.merge([together, rest], join="override")[order].assign_attrs(rest.attrs))

    @property
    def plot(self) -> Plots:
        """The pictures of this forecast, such as ``forecast.plot.fan()``; they need matplotlib (``simcast[plots]``)."""
        # Pictures stand above forecasts, which know them by name only, and load them when one is asked for.
        return cast("Plots", importlib.import_module("simcast.plots.accessor").ForecastPlots(self))

    def values(
        self,
        metric: Metric,
        *,
        period: int | None = None,
        where: dict[str, str] | None = None,
        origin: Origin | None = None,
    ) -> NDArray[np.float64]:
        """Return a total per future.

        Parameters
        ----------
        metric
            ``"bookings"`` or ``"wins"``.
        period
            The position of one period; all of them unless given.
        where
            Column values that the segments must have.
        origin
            Only deals open at the as-of date, or only new ones.

        Returns
        -------
        float64, (n_futures,)

        Examples
        --------
        ``forecast.values("wins", where={"source": "ads"}, origin="new")``
        """
        data = self.results[metric]
        if period is not None:
            data = data.isel(period=[period])
        if where:
            data = data.isel(segment=np.flatnonzero(self.segments.select(where)))
        if origin is not None:
            at = ORIGINS.index(origin)
            data = data.isel(origin=slice(at, at + 1))  # a view, which a list of labels is not
        # There is no NaN to be skipped, and skipping makes a copy of all.
        return np.asarray(data.sum(("period", "segment", "origin"), skipna=False), dtype=np.float64)

    @property
    def books_nothing(self) -> bool:
        """Whether nothing is booked in any future, as where no amount is known: only wins can tell plans apart then."""
        return not self.results["bookings"].to_numpy().any()

    @property
    def metric(self) -> Metric:
        """What its total is counted in: bookings, or wins where nothing is booked."""
        return "wins" if self.books_nothing else "bookings"

    def net(self) -> NDArray[np.float64]:
        """Return bookings times the margin, less the cost of the levers, float64, (n_futures,)."""
        cost: NDArray[np.float64] = self.results["cost"].to_numpy()
        return self.gain() - cost

    def gain(self, *, period: int | None = None) -> NDArray[np.float64]:
        """Return the bookings that count as gain, all or those of one period, float64, (n_futures,)."""
        if "margin" not in self.results:
            return self.values("bookings", period=period)
        margin: NDArray[np.float64] = self.results["margin"].to_numpy()
        if margin.ndim == 1:
            return self.values("bookings", period=period) * margin
        return np.asarray((self._bookings_by_segment(period) * margin).sum(axis=1))

    def _bookings_by_segment(self, period: int | None = None) -> NDArray[np.float64]:
        """Return bookings, all or those of one period, float64, (n_futures, n_segments)."""
        data = self.results["bookings"]
        data = data if period is None else data.isel(period=[period])
        return np.asarray(data.sum(("period", "origin"), skipna=False).transpose("future", "segment"))

    @property
    def margin(self) -> NDArray[np.float64] | None:
        """The share of bookings that counts as gain, float64, (n_futures,); None where all of them do.

        Where it goes by segment, the mean over segments, each weighted by its share of all bookings.
        """
        if "margin" not in self.results:
            return None
        margin: NDArray[np.float64] = self.results["margin"].to_numpy()
        if margin.ndim == 1:
            return margin
        booked = self._bookings_by_segment().sum(axis=0)
        return np.asarray(margin @ (booked / booked.sum()) if booked.sum() > 0.0 else margin.mean(axis=1))

    def probability(self, metric: Metric, at_least: float) -> float:
        """Return the share of futures in which a total reaches a value."""
        return float(np.mean(self.values(metric) >= at_least))

    def probability_of_targets(self) -> float:
        """Return the share of futures that reach all targets; 1 without any."""
        reached = np.ones(self.n_futures, dtype=bool)
        for metric, wanted in self.targets.items():
            reached &= self.values(metric) >= wanted
        return float(reached.mean())

    def stage_values(
        self, variable: Literal["entered", "left_forward", "open_at_end"], stage: str
    ) -> NDArray[np.float64]:
        """Return the stays begun or ended over the horizon, or open at its end, float64, (n_futures,)."""
        data = self.results[variable].sel(stage=stage)
        total = data.isel(period=-1) if variable == "open_at_end" else data.sum("period")
        return np.asarray(total, dtype=np.float64)

    def wait_days(self, stage: str) -> NDArray[np.float64]:
        """Return the mean wait for a free person in each future, float64, (n_futures,): 0 without a team."""
        if "wait_days" not in self.results:
            return np.zeros(self.n_futures)
        return np.asarray(self.results["wait_days"].sel(stage=stage), dtype=np.float64)

    def quantiles(self, metric: Metric, by: str | None = None, levels: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Return quantiles of a metric over futures, one row per value of `by`.

        Parameters
        ----------
        metric
            ``"bookings"`` or ``"wins"``.
        by
            ``None`` for the total; ``"period"``, or a calendar period no finer than the forecast's (``"month"``);
            or one of the columns by which the forecast was asked for (``"source"``).
        levels
            Which quantiles.

        Returns
        -------
        pandas.DataFrame
            Columns: mean, then one per level.

        Raises
        ------
        ValueError
            When the forecast was not made by this column, or its periods are coarser.
        """
        import pandas as pd

        rows = {}
        for label, values in self._split(metric, by).items():
            rows[label] = [values.mean(), *np.quantile(values, levels)]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", *levels])
        return frame.rename_axis(by or "total")

    def _split(self, metric: Metric, by: str | None) -> dict[object, NDArray[np.float64]]:
        """Return values per future for the total, each period, or each value of a column."""
        if by is None:
            return {metric: self.values(metric)}
        if by in self.segments.columns:
            present = dict.fromkeys(self.segments.column(by))
            return {value: self.values(metric, where={by: value}) for value in present}
        starts = self.results["period"].to_numpy().astype("datetime64[D]")
        period = str(self.results.attrs["period"])
        order = ("day", "week", "month", "quarter")
        if by not in ("period", *order):
            known = ", ".join((*self.segments.columns, "period", *order))
            raise ValueError(f"by={by!r}: the forecast is not split by that (known: {known})")
        if by in ("period", period):
            return {start: self.values(metric, period=i) for i, start in enumerate(starts)}
        if order.index(by) < order.index(period) or period == "week":
            raise ValueError(f"by={by!r}: the forecast holds one value per {period}; set forecast.period to {by}")
        months = starts.astype("datetime64[M]").astype(np.int64)
        number = {"week": (starts.astype(np.int64) + 3) // 7, "month": months, "quarter": months // 3}[by]
        per_period = np.asarray(self.results[metric].sum(("segment", "origin"), skipna=False))
        return {starts[number == k][0]: per_period[:, number == k].sum(axis=1) for k in np.unique(number)}
