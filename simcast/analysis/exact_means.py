"""The exact mean of a scenario's totals beside the simulated one, as a check of the simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.forecast import METRICS, ORIGINS, Forecast, Metric, Origin
from simcast.plan import Plan
from simcast.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from simcast.expectation import Expectation

Z_LIMIT = 4.0
"""Scores beyond this tell that simulation and expectation disagree: by chance once in 16,000 comparisons, or in about a
thousand where few wins have amounts of very heavy tails (lognormal, sigma 2)."""

_NEXT_TO_NOTHING = 1e-4
"""Where there is no chance, means may differ by this part: money is rounded to minor units."""


@dataclass(frozen=True)
class Means:
    """The exact and the simulated mean of one total, over the same futures.

    Parameters
    ----------
    expected
        The exact mean: the average over futures of the expected total given each future's parameters.
    simulated
        The mean of what was simulated in them.
    monte_carlo_error
        The standard error of the difference of the two, from the differences by future; None with one future only.
    z
        The difference on the scale of a standard normal number, see `simcast.expectation.agreement_score`: about the
        number of its standard errors, less where rare large amounts stretch it. Where results are alike in all futures
        it says how unlikely that is. None where nothing is random, and for one future.
    numerical_error
        By how much the expected mean moves when the steps of its grid are halved.
    """

    expected: float
    simulated: float
    monte_carlo_error: float | None
    z: float | None
    numerical_error: float

    @property
    def disagree(self) -> bool:
        """Whether the two differ by more than chance and the grid explain, whose error may be twice that by halving."""
        apart = abs(self.simulated - self.expected)
        beyond_grid = max(0.0, apart - 2.0 * self.numerical_error)
        if self.z is None:  # nothing was left to chance, except in a single future
            return self.monte_carlo_error is not None and beyond_grid > _NEXT_TO_NOTHING * abs(self.expected)
        return abs(self.z) * beyond_grid > Z_LIMIT * apart


@dataclass(frozen=True)
class ExactMeans:
    """What `simcast run --exact` tells of one scenario.

    Parameters
    ----------
    means
        By metric.
    n_futures
        In how many futures both means are taken.
    origins
        The origins of the deals that both means count.
    notes
        What is left out, and why.
    """

    means: dict[Metric, Means]
    n_futures: int
    origins: tuple[Origin, ...]
    notes: tuple[str, ...]

    @property
    def covers_all(self) -> bool:
        """Whether no origin of deals is left out."""
        return len(self.origins) == len(ORIGINS)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per metric: the ``expected`` and ``simulated`` mean, and what their difference is worth.

        Columns: ``expected``, ``simulated``, ``monte_carlo_error`` and ``z`` (NaN where there is none),
        ``numerical_error``.
        """
        import pandas as pd

        rows = {str(metric): vars(means) for metric, means in self.means.items()}
        return pd.DataFrame.from_dict(rows, orient="index").astype(float).rename_axis("metric")

    def disagreements(self) -> list[str]:
        """Say of which metrics simulation and expectation disagree."""
        return [
            f"simulated {metric} average {means.simulated:,.6g} and should average {means.expected:,.6g} in the same "
            f"futures, which is not chance{_score_in_brackets(means)}; the simulation or this check is at fault"
            for metric, means in self.means.items()
            if means.disagree
        ]


def _score_in_brackets(means: Means) -> str:
    """Return the z of the difference of two means, in brackets; nothing where there is none."""
    return "" if means.z is None else f" (z = {means.z:+.1f})"


def exact_means(
    plan: Plan, forecast: Forecast, *, threads: int | None = None, progress: Progress | None = None
) -> ExactMeans:
    """Compute the exact means of a plan's totals, and compare them with those simulated in the same futures.

    Parameters
    ----------
    plan
        What was simulated.
    forecast
        Its results.
    threads
        How many threads work; all processors unless given.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    SimcastError
        When no exact mean can be computed for this plan.
    """
    from simcast.expectation import expect

    if progress is not None:
        progress(f"computing the exact mean of {plan.scenario}", 0.0)
    expectation = expect(plan, threads=threads)
    if progress is not None:
        progress(f"computing the exact mean of {plan.scenario}", 1.0)
    means = {metric: _compared(metric, expectation, forecast) for metric in METRICS}
    return ExactMeans(means, len(expectation.futures), expectation.origins, expectation.notes)


def _compared(metric: Metric, expectation: Expectation, forecast: Forecast) -> Means:
    """Compare the mean of a total with the simulated one, over the same futures and origins."""
    expected = expectation.values(metric)
    by_origin = [forecast.values(metric, origin=origin)[expectation.futures] for origin in expectation.origins]
    simulated = np.sum(by_origin, axis=0)
    differences, n = simulated - expected, len(expected)
    return Means(
        expected=float(expected.mean()),
        simulated=float(simulated.mean()),
        monte_carlo_error=float(np.std(differences, ddof=1)) / math.sqrt(n) if n > 1 else None,
        z=_score(simulated, expected, expectation.values("wins")),
        numerical_error=expectation.numerical_error(metric),
    )


def _score(simulated: NDArray[np.float64], expected: NDArray[np.float64], wins: NDArray[np.float64]) -> float | None:
    """Return how far simulated totals are from what is expected, in terms of chance; None where there is none.

    `wins` are those expected, by which is told how many events a difference stands for.
    """
    from simcast.expectation import agreement_score, score_of_missed_events

    differences = simulated - expected
    apart, scale = float(differences.mean()), abs(float(expected.mean()))
    if len(simulated) == 1 or np.ptp(simulated) > 0.0:
        return agreement_score(differences)
    if abs(apart) <= _NEXT_TO_NOTHING * scale or not expected.any() or not wins.any():
        return None
    return score_of_missed_events(apart * len(simulated) * float(wins.sum() / expected.sum()))
