"""What waiting for the first contact does to conversion, as a posterior holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.posterior.draws import Posterior

Floats = NDArray[np.float64]

_LEVELS = (0.05, 0.95)
_HOURS_PER_DAY = 24.0


@dataclass(frozen=True, eq=False)
class FittedResponse:
    """How the odds of the forward move of one stage fall with the hours until the first contact.

    Parameters
    ----------
    stage
        The stage.
    slope : float64, (n_draws,)
        What an hour of waiting takes off the log odds; below 0 where waiting does good.
    waits : float64, (n_segments, n_levels)
        Quantiles of the hours that deals waited.
    conversion : float64, (n_segments,)
        The share of deals that moved forward.
    n_deals
        How many deals it rests on.
    """

    stage: str
    slope: Floats
    waits: Floats
    conversion: Floats
    n_deals: int

    @property
    def is_clear(self) -> bool:
        """Whether waiting does harm in at least 95% of the draws."""
        return bool(np.quantile(self.slope, _LEVELS[0]) > 0.0)

    @property
    def half_life_hours(self) -> tuple[float, float, float]:
        """The hours by which the odds halve: median, and 5% and 95% points; infinite where waiting does no harm."""
        low, middle, high = np.quantile(self.slope, [_LEVELS[0], 0.5, _LEVELS[1]])
        halved = [math.log(2.0) / slope if slope > 0.0 else math.inf for slope in (middle, high, low)]
        return halved[0], halved[1], halved[2]

    @property
    def change_per_day(self) -> tuple[float, float, float]:
        """By which share a day of waiting changes the odds: median, and 5% and 95% points."""
        low, middle, high = np.quantile(np.expm1(-_HOURS_PER_DAY * self.slope), [_LEVELS[0], 0.5, _LEVELS[1]])
        return float(middle), float(low), float(high)

    def words(self) -> str:
        """Say what waiting does, and how sure that is."""
        on = f"{self.n_deals:,} deals with a recorded first contact"
        if self.is_clear:
            middle, low, high = self.half_life_hours
            return (
                f"in {self.stage!r} the odds of moving on fall by half every {middle:.3g} hours of waiting for the "
                f"first contact (90%: {low:.3g} to {high:.3g}), from {on}"
            )
        middle, low, high = self.change_per_day
        return (
            f"in {self.stage!r} waiting for the first contact does no clear harm: a day of it changes the odds of "
            f"moving on by {middle:+.0%} (90%: {low:+.0%} to {high:+.0%}), from {on}"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the numbers in a form that JSON can hold; None stands for hours without end."""
        halved = [None if math.isinf(hours) else hours for hours in self.half_life_hours]
        return {
            "stage": self.stage,
            "deals": self.n_deals,
            "half_life_hours": {"median": halved[0], "0.05": halved[1], "0.95": halved[2]},
            "odds_change_per_day": dict(zip(("median", "0.05", "0.95"), self.change_per_day, strict=True)),
        }


def fitted_responses(posterior: Posterior) -> dict[str, FittedResponse]:
    """Return what was fitted, by stage; nothing where the history has no first contacts."""
    draws = posterior.draws
    if "response_slope" not in draws:
        return {}
    n_deals = draws["response_deals"].to_numpy()
    found = {}
    for code, stage in enumerate(posterior.pipeline.stages):
        if n_deals[code]:
            here = draws.isel(stage=code)
            found[stage] = FittedResponse(
                stage,
                here["response_slope"].to_numpy(),
                here["response_waits"].transpose("segment", "wait_level").to_numpy(),
                here["response_conversion"].to_numpy(),
                int(n_deals[code]),
            )
    return found
