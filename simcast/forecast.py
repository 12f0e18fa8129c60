"""The forecast: labelled results of a simulated scenario, and what can be read from them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.arguments import check_kind, check_name, nearest, number, shares, whole_number
from simcast.days import PERIODS, Period, coarser, period_number
from simcast.errors import ArgumentError, OutOfRangeError, UnknownNameError
from simcast.notebook import Shown
from simcast.segments import Segments
from simcast.summary import METRICS, QUANTILES, Metric, Summary
from simcast.writing import chance, count, money

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Origin = Literal["open", "new"]
ORIGINS: tuple[Origin, ...] = ("open", "new")

StageVariable = Literal["entered", "left_forward", "open_at_end"]
STAGE_VARIABLES: tuple[StageVariable, ...] = ("entered", "left_forward", "open_at_end")

__all__ = ["METRICS", "ORIGINS", "QUANTILES", "STAGE_VARIABLES", "Forecast", "Metric", "Origin", "Plots", "Summary"]


class Plots(Protocol):
    """The pictures of a forecast, as `Forecast.plot` offers them; each returns its axes."""

    def fan(self, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how the total builds up from period to period; of bookings, or wins where nothing is booked."""

    def distribution(self, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how likely each total is."""

    def funnel(self, *, ax: Axes | None = None) -> Axes:
        """Draw the deals through the stages."""

    def compare(self, against: Forecast, *, ax: Axes | None = None) -> Axes:
        """Draw what this scenario brings against another, future by future."""

    def leaks(self, found: object, *, ax: Axes | None = None) -> Axes:
        """Draw what one point of conversion is worth at each stage, as `simcast.analysis.leaks` found it."""


@dataclass(frozen=True, eq=False, repr=False)
class Forecast(Shown):
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
          end; ``team_extra_hours`` (future, team), work by extra help that a promise to answer in time takes
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

    def __post_init__(self) -> None:
        check_kind(self.results, xr.Dataset, "results", "simulate(plan) makes a forecast of them")
        check_kind(self.segments, Segments, "segments")

    @property
    def n_futures(self) -> int:
        """How many futures were played."""
        return int(self.results.sizes["future"])

    @property
    def futures_held(self) -> str:
        """Which futures of the plan these are, such as ``0-9999``."""
        return "{}-{}".format(*self.results["future"].to_numpy()[[0, -1]])

    def first(self, n_futures: int) -> Forecast:
        """Return the first futures alone, which are those that a run of so many plays.

        What is counted over all futures (``deal_wins``, ``deal_win_days``) is left out.

        Raises
        ------
        ArgumentError
            When it is fewer than one.
        """
        whole_number(n_futures, "n_futures")
        rest = self.results.drop_vars(["deal_wins", "deal_win_days"], errors="ignore")
        return replace(self, results=rest.isel(future=slice(n_futures)))

    def joined(self, later: Forecast) -> Forecast:
        """Return these futures and later ones of the same plan together, as if all had been played at once.

        Not for plans with teams: what is said of them is said of all futures.

        Raises
        ------
        ArgumentError
            When the later ones are not the next of the same plan, or one has lost its open deals (see `first`).
        """
        check_kind(later, Forecast, "later", "simulate(plan, begin=...) plays more futures")
        if (self.scenario, self.fingerprint) != (later.scenario, later.fingerprint):
            raise ArgumentError(f"later: {later.scenario!r} is not of the plan of {self.scenario!r}; see compare")
        if not all("deal_wins" in forecast.results for forecast in (self, later)):
            raise ArgumentError("later: what `first` returned has lost the open deals; join whole forecasts")
        if (after := int(self.results["future"][-1]) + 1) != int(later.results["future"][0]):
            raise ArgumentError(f"later: holds futures {later.futures_held}; those from {after} come next")
        over_futures = [str(name) for name, values in self.results.items() if "future" in values.dims]
        parts = [self.results[over_futures], later.results[over_futures]]
        together = xr.concat(parts, dim="future", coords="minimal", compat="override", join="override")
        rest = self.results.drop_vars([*over_futures, "future"], errors="ignore")
        for name in ("deal_wins", "deal_win_days"):
            rest[name] = rest[name] + later.results[name]
        order = list(self.results.data_vars)
        return replace(later, results=xr.merge([together, rest], join="override")[order].assign_attrs(rest.attrs))

    @property
    def plot(self) -> Plots:
        """The pictures of this forecast, such as ``forecast.plot.fan()``; they need matplotlib (``simcast[plots]``)."""
        # Pictures stand above forecasts, which load them by name when one is asked for.
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
            ``"bookings"``, in money, or ``"wins"``, in deals.
        period
            The position of one period, from 0, or from -1 back; all of them unless given.
        where
            Column values that the segments must have; a list of values means any of them.
        origin
            Only deals ``"open"`` at the as-of date, or only ``"new"`` ones.

        Returns
        -------
        float64, (n_futures,)

        Raises
        ------
        UnknownNameError
            When there is no such metric or origin; a `KeyError` too.
        OutOfRangeError
            When there is no such period; an `IndexError` too.
        ScenarioNameError
            When a column or a value of `where` is not in the forecast; a `KeyError` too.

        Examples
        --------
        ``forecast.values("wins", where={"source": "ads"}, origin="new")``
        """
        data = self._results_of(metric, period)
        if where:
            data = data.isel(segment=np.flatnonzero(self.segments.select(where)))
        if origin is not None:
            check_name(origin, ORIGINS, "origin")
            at = ORIGINS.index(origin)
            data = data.isel(origin=slice(at, at + 1))  # a view, which a list of labels is not
        # There is no NaN to be skipped, and skipping makes a copy of all.
        return np.asarray(data.sum(("period", "segment", "origin"), skipna=False), dtype=np.float64)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per future with its ``bookings``, ``wins``, ``cost`` of the levers and ``net`` result."""
        import pandas as pd

        totals = {str(metric): self.values(metric) for metric in METRICS}
        columns = {**totals, "cost": self.results["cost"].to_numpy(), "net": self.net()}
        return pd.DataFrame(columns, self.results["future"].to_numpy()).rename_axis("future")

    @property
    def books_nothing(self) -> bool:
        """Whether nothing is booked in any future, as where no amount is known: only wins can tell plans apart then."""
        return not self.results["bookings"].to_numpy().any()

    @property
    def metric(self) -> Metric:
        """What its total is counted in: bookings, or wins where nothing is booked."""
        return "wins" if self.books_nothing else "bookings"

    def _results_of(self, metric: Metric, period: int | None = None) -> xr.DataArray:
        """Return a metric, of one period or all, with its dimensions."""
        check_name(metric, METRICS, "metric")
        data = self.results[metric]
        return data if period is None else data.isel(period=[self._position(period)])

    def _position(self, period: int) -> int:
        """Return the position of a period, from 0, or from -1 back; refuse one that is not there."""
        starts = self.results["period"].to_numpy().astype("datetime64[D]")
        if isinstance(period, str):
            raise UnknownNameError(
                f"period: needs a position, 0 to {len(starts) - 1}, got {period!r}; quantiles(by=...) splits by period"
            )
        found = whole_number(period, "period", least=-len(starts))
        if found >= len(starts):
            raise OutOfRangeError(
                f"period: there is none at {found}; there are {len(starts)}, from 0 (begins {starts[0]}) to "
                f"{len(starts) - 1} (begins {starts[-1]})"
            )
        return found

    def _check_stage(self, stage: str) -> None:
        check_name(stage, self.results["stage"].to_numpy().tolist(), "stage")

    def net(self) -> NDArray[np.float64]:
        """Return bookings times the margin, less the cost of the levers, float64, (n_futures,)."""
        return np.asarray(self.gain() - self.results["cost"].to_numpy(), dtype=np.float64)

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
        data = self._results_of("bookings", period)
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
        """Return the share of futures in which a total reaches a value, from 0 to 1.

        Raises
        ------
        UnknownNameError
            When there is no such metric.
        ArgumentTypeError, ArgumentError
            When `at_least` is no number.
        """
        return float(np.mean(self.values(metric) >= number(at_least, "at_least")))

    def probability_of_targets(self) -> float:
        """Return the share of futures that reach all targets; 1 without any."""
        reached = [self.values(metric) >= wanted for metric, wanted in self.targets.items()]
        return float(np.all(reached, axis=0).mean())

    def stage_values(self, variable: StageVariable, stage: str) -> NDArray[np.float64]:
        """Return the stays begun or ended over the horizon, or open at its end, float64, (n_futures,).

        Raises
        ------
        UnknownNameError
            When there is no such variable or stage; a `KeyError` too.
        """
        check_name(variable, STAGE_VARIABLES, "variable of stages")
        self._check_stage(stage)
        data = self.results[variable].sel(stage=stage)
        return np.asarray(data.isel(period=-1) if variable == "open_at_end" else data.sum("period"), dtype=np.float64)

    def wait_days(self, stage: str) -> NDArray[np.float64]:
        """Return the mean wait for a free person in each future, in days, float64, (n_futures,): 0 without a team.

        Raises
        ------
        UnknownNameError
            When there is no such stage; a `KeyError` too.
        """
        self._check_stage(stage)
        if "wait_days" not in self.results:
            return np.zeros(self.n_futures)
        return np.asarray(self.results["wait_days"].sel(stage=stage), dtype=np.float64)

    def quantiles(
        self, metric: Metric, by: str | None = None, levels: Sequence[float] | float = QUANTILES
    ) -> pd.DataFrame:
        """Return quantiles of a metric over futures, one row per value of `by`.

        Parameters
        ----------
        metric
            ``"bookings"`` or ``"wins"``.
        by
            ``None`` for the total; ``"period"``, or a calendar period no finer than the forecast's (``"month"``);
            or one of the columns by which the forecast was asked for (``"source"``).
        levels
            Which quantiles, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            Columns: mean, then one per level, in money or deals. Index: the metric, the first days of periods, or the
            values of the column.

        Raises
        ------
        UnknownNameError
            When there is no such metric, or the forecast was not made by this column; a `KeyError` and a `ValueError`.
        ArgumentError
            When its periods are coarser, or a level is not between 0 and 1; a `ValueError` too.
        """
        import pandas as pd

        levels = shares(levels, "levels")
        rows = {}
        for label, values in self._split(metric, by).items():
            rows[label] = [values.mean(), *np.quantile(values, levels)]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", *levels])
        return frame.rename_axis(by or "total")

    def _split(self, metric: Metric, by: str | None) -> dict[object, NDArray[np.float64]]:
        """Return values per future for the total, each period, or each value of a column."""
        by = by[0] if isinstance(by, list | tuple) and len(by) == 1 else by
        if by is None:
            return {metric: self.values(metric)}
        if by in self.segments.columns:
            present = dict.fromkeys(self.segments.column(by))
            return {value: self.values(metric, where={by: value}) for value in present}
        starts = self.results["period"].to_numpy().astype("datetime64[D]")
        period = cast("Period", self.results.attrs["period"])
        if by not in ("period", *PERIODS):
            known = nearest(by, (*self.segments.columns, "period", *coarser(period)))
            raise UnknownNameError(
                f"by={by!r}: the forecast is not split by that; {known}; or list it under forecast.by"
            )
        if by in ("period", period):
            return {start: self.values(metric, period=i) for i, start in enumerate(starts)}
        if by not in coarser(period):
            raise ArgumentError(f"by={by!r}: the forecast holds one value per {period}; set forecast.period to {by}")
        number = period_number(starts, by)
        per_period = np.asarray(self.results[metric].sum(("segment", "origin"), skipna=False))
        return {starts[number == k][0]: per_period[:, number == k].sum(axis=1) for k in np.unique(number)}

    def _headline(self) -> str:
        about = self.results.attrs
        dates = f"{about.get('as_of')} to {about.get('until')} by {about.get('period')}"
        lines = [f"Forecast {self.scenario!r}: {self.n_futures:,} futures, {dates}"]
        for metric, wanted in self.targets.items():
            written, likely = (money if metric == "bookings" else count)(wanted), self.probability(metric, wanted)
            lines.append(f"{metric} reach the target of {written} in {chance(likely)} of futures")
        return "\n".join(lines)

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        found = {metric: Summary.of(self.values(metric)) for metric in METRICS}
        rows = {
            metric: [write(value) for value in (each.mean, *map(each.quantile, (0.1, 0.5, 0.9)))]
            for (metric, each), write in zip(found.items(), (money, count), strict=True)
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "P10", "P50", "P90"])
