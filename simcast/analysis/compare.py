"""Scenarios compared future by future, under common random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcast.forecast import Forecast, Summary


@dataclass(frozen=True)
class Difference:
    """What one scenario brings against another, future by future.

    Parameters
    ----------
    scenario, against
        The names of the two.
    bookings, wins, net
        Differences of the totals; net is bookings times the margin, less cost.
    probability_better, probability_worse
        The shares of futures in which the net result is larger, and smaller; in the others it is the same.
    """

    scenario: str
    against: str
    bookings: Summary
    wins: Summary
    net: Summary
    probability_better: float
    probability_worse: float


def compare(forecast: Forecast, against: Forecast) -> Difference:
    """Compare two forecasts that were played with the same seed and futures.

    Future i of both is the same course of luck under the same posterior draw, so that the difference is known
    far more sharply than either total.

    Raises
    ------
    ValueError
        When the two do not share their futures.
    """
    if forecast.n_futures != against.n_futures or forecast.fingerprint != against.fingerprint:
        raise ValueError("the two forecasts were not played from one posterior with the same number of futures")
    net = forecast.net() - against.net()
    return Difference(
        forecast.scenario,
        against.scenario,
        Summary.of(forecast.values("bookings") - against.values("bookings")),
        Summary.of(forecast.values("wins") - against.values("wins")),
        Summary.of(net),
        float(np.mean(net > 0)),
        float(np.mean(net < 0)),
    )
