"""A distribution over futures in a few numbers: mean, spread and the quantiles that every summary gives."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from simcast.arguments import shown
from simcast.errors import ArgumentError
from simcast.notebook import Shown

if TYPE_CHECKING:
    import pandas as pd

Metric = Literal["bookings", "wins"]
METRICS: tuple[Metric, ...] = get_args(Metric)
"""What the totals of a future are of."""

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""The quantiles that every summary gives."""


@dataclass(frozen=True, repr=False)
class Summary(Shown):
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
        """Summarise one value per future, (n_futures,).

        Raises
        ------
        ArgumentError
            When there is none, or more than one per future.
        """
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.ndim != 1 or not numbers.size:
            raise ArgumentError(f"values: one per future is needed, (n_futures,), got the shape {numbers.shape}")
        return cls(
            float(numbers.mean()),
            float(numbers.std()),
            tuple(float(q) for q in np.quantile(numbers, QUANTILES)),
            len(numbers),
        )

    def quantile(self, q: float) -> float:
        """Return one of the quantiles at `QUANTILES`.

        Raises
        ------
        ArgumentError
            When it is another one; `Forecast.quantiles` gives any.
        """
        if q not in QUANTILES:
            known = ", ".join(f"{level:g}" for level in QUANTILES)
            raise ArgumentError(
                f"q: a summary has no quantile {shown(q)} (known: {known}); Forecast.quantiles gives any"
            )
        return self.quantiles[QUANTILES.index(q)]

    @property
    def mean_error(self) -> float:
        """The Monte Carlo standard error of the mean."""
        return self.sd / math.sqrt(self.n_futures)

    def _headline(self) -> str:
        return f"Summary of {self.n_futures:,} futures: mean {_short(self.mean)}, sd {_short(self.sd)}"

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        names = [f"P{100 * level:g}" for level in QUANTILES[: len(self.quantiles)]]
        return pd.DataFrame([list(map(_short, self.quantiles))], index=[""], columns=names)

    def to_dict(self) -> dict[str, object]:
        """Return the summary as the JSON documents hold it."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "quantiles": {f"{q:g}": value for q, value in zip(QUANTILES, self.quantiles, strict=True)},
        }


def _short(value: float) -> str:
    """Write a number of any size in at most four digits, or in full where it is large."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
