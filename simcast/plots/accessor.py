"""What stands behind `Forecast.plot`: the pictures of one forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simcast.analysis import Leaks, compare
from simcast.arguments import shown
from simcast.errors import ArgumentError, ArgumentTypeError
from simcast.forecast import Forecast, Metric
from simcast.plots.distributions import plot_distribution, plot_funnel
from simcast.plots.forecasts import plot_cumulative, plot_differences, plot_leaks

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ForecastPlots:
    """The pictures of one forecast; each returns its axes and draws into `ax` where it is given.

    Parameters
    ----------
    forecast
        The forecast.
    """

    def __init__(self, forecast: Forecast) -> None:
        self._forecast = forecast

    def fan(self, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how the total builds up, see `simcast.plots.plot_cumulative`."""
        return plot_cumulative(self._forecast, metric, ax=ax)

    def distribution(self, metric: Metric | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw how likely each total is, see `simcast.plots.plot_distribution`."""
        return plot_distribution(self._forecast, metric, ax=ax)

    def funnel(self, *, ax: Axes | None = None) -> Axes:
        """Draw the deals through the stages, see `simcast.plots.plot_funnel`."""
        return plot_funnel(self._forecast, ax=ax)

    def compare(self, against: Forecast, *, ax: Axes | None = None) -> Axes:
        """Draw what this scenario brings against another, future by future: `simcast.analysis.compare` as a picture.

        Of several scenarios at once see `simcast.plots.plot_differences`.

        Raises
        ------
        SimcastError
            When matplotlib is not installed.
        ValueError
            When the two do not share their futures.
        """
        return plot_differences([compare(self._forecast, against)], ax=ax)

    def leaks(self, found: object, *, ax: Axes | None = None) -> Axes:
        """Draw what one point of conversion is worth at each stage, see `simcast.plots.plot_leaks`.

        Parameters
        ----------
        found
            What `simcast.analysis.leaks` found of the same pipeline.
        ax
            Where to draw.

        Raises
        ------
        SimcastError
            When matplotlib is not installed.
        ValueError
            When the leaks are of other parameters than the forecast.
        """
        if not isinstance(found, Leaks):
            raise ArgumentTypeError(f"leaks: give what simcast.analysis.leaks found, got {shown(found)}")
        if found.ground.posterior.fingerprint != self._forecast.fingerprint:
            raise ArgumentError("leaks: these were found under other parameters than the forecast was played")
        return plot_leaks(found, ax=ax)
