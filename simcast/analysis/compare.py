"""Scenarios compared future by future, under common random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcast.arguments import check_kind
from simcast.errors import ArgumentError
from simcast.forecast import Forecast, Summary
from simcast.writing import chance, interval, money


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return (
            f"Difference of {self.scenario!r} from {self.against!r}: net {money(self.net.mean, signed=True)} "
            f"on average (80%: {interval(self.net, signed=True)}), better in {chance(self.probability_better)}"
        )


def compare(forecast: Forecast, against: Forecast) -> Difference:
    """Compare two forecasts that were played with the same seed and futures.

    Future i of both is the same course of luck under the same posterior draw, so that the difference is known
    far more sharply than either total.

    Parameters
    ----------
    forecast, against
        Such as two of `Run.forecasts`.

    Raises
    ------
    ArgumentError
        When the two do not share their futures; a `ValueError` too.
    ArgumentTypeError
        When one is no forecast.
    """
    for value, place in ((forecast, "forecast"), (against, "against")):
        check_kind(value, Forecast, place, "a run holds one per scenario in .forecasts")
    if apart := _apart(forecast, against):
        raise ArgumentError(
            "the two forecasts were not played from one posterior with the same number of futures, seed and days: "
            + "; ".join(apart)
        )
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


def _apart(one: Forecast, other: Forecast) -> list[str]:
    """Say in what two forecasts differ that futures depend on."""
    pairs: dict[str, tuple[object, object]] = {
        "futures": (one.n_futures, other.n_futures),
        "posteriors": (one.fingerprint, other.fingerprint),
        **{name: (one.results.attrs.get(name), other.results.attrs.get(name)) for name in ("seed", "as_of", "until")},
    }
    return [f"{name} {left} and {right}" for name, (left, right) in pairs.items() if left != right]
