"""Scenarios compared future by future, under common random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simcast.arguments import check_kind
from simcast.errors import ArgumentError
from simcast.forecast import QUANTILES, Forecast, Summary
from simcast.writing import chance, count, interval, money

if TYPE_CHECKING:
    import pandas as pd

_UNCERTAIN_BELOW = 1.645
"""A mean that is no more than so many of its Monte Carlo errors from zero may be zero."""


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
    probability_more_wins, probability_fewer_wins
        The shares of futures with more wins, and with fewer.
    cost
        The mean cost, of one less that of the other.
    books_nothing
        Whether neither books anything in any future, so that money does not tell them apart: net is only the cost.
    """

    scenario: str
    against: str
    bookings: Summary
    wins: Summary
    net: Summary
    probability_better: float
    probability_worse: float
    probability_more_wins: float
    probability_fewer_wins: float
    cost: float
    books_nothing: bool

    @property
    def cost_per_win(self) -> float | None:
        """The mean cost over the mean of the additional wins; None where there is no cost, or may be no such win."""
        return self.cost / self.wins.mean if self.clearly_wins and self.cost > 0.0 else None

    @property
    def clearly_wins(self) -> bool:
        """Whether there are more wins on average, beyond the simulation's error."""
        return self.wins.mean > _UNCERTAIN_BELOW * self.wins.mean_error

    def gain(self, *, by_wins: bool) -> Summary:
        """Return what the scenario is judged by: the additional wins, or the net gain."""
        return self.wins if by_wins else self.net

    def better(self, *, by_wins: bool) -> float:
        """Return the share of futures in which that is above zero."""
        return self.probability_more_wins if by_wins else self.probability_better

    def worse(self, *, by_wins: bool) -> float:
        """Return the share of futures in which that is below zero."""
        return self.probability_fewer_wins if by_wins else self.probability_worse

    def to_frame(self) -> pd.DataFrame:
        """Return a row for ``bookings``, ``wins`` and ``net``, with ``mean``, ``sd`` and the quantiles over futures."""
        import pandas as pd

        rows = {name: getattr(self, name) for name in ("bookings", "wins", "net")}
        levels = [f"p{100 * level:02.0f}" for level in QUANTILES]
        return pd.DataFrame.from_dict(
            {name: [found.mean, found.sd, *found.quantiles] for name, found in rows.items()},
            orient="index",
            columns=["mean", "sd", *levels],
        ).rename_axis("metric")

    def __repr__(self) -> str:
        if self.books_nothing:
            gained = interval(self.wins, signed=True, deals=True)
            return (
                f"Difference of {self.scenario!r} from {self.against!r}: {count(self.wins.mean, signed=True)} wins "
                f"on average (80%: {gained}), more in {chance(self.probability_more_wins)}"
            )
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
            "the two forecasts were not played from one posterior with the same futures, seed and days: "
            + "; ".join(apart)
        )
    net = forecast.net() - against.net()
    wins = forecast.values("wins") - against.values("wins")
    return Difference(
        forecast.scenario,
        against.scenario,
        Summary.of(forecast.values("bookings") - against.values("bookings")),
        Summary.of(wins),
        Summary.of(net),
        float(np.mean(net > 0)),
        float(np.mean(net < 0)),
        float(np.mean(wins > 0)),
        float(np.mean(wins < 0)),
        float(forecast.results["cost"].mean() - against.results["cost"].mean()),
        forecast.books_nothing and against.books_nothing,
    )


def judged_by_wins(differences: Sequence[Difference]) -> bool:
    """Return whether scenarios are judged by wins: neither they nor what they are compared with book anything."""
    return bool(differences) and all(difference.books_nothing for difference in differences)


def _apart(one: Forecast, other: Forecast) -> list[str]:
    """Say in what two forecasts differ that futures depend on."""
    pairs: dict[str, tuple[object, object]] = {
        "futures": (one.futures_held, other.futures_held),
        "posteriors": (one.fingerprint, other.fingerprint),
        **{name: (one.results.attrs.get(name), other.results.attrs.get(name)) for name in ("seed", "as_of", "until")},
    }
    return [f"{name} {left} and {right}" for name, (left, right) in pairs.items() if left != right]
