"""Where the spread of a total comes from: unknown parameters, part by part, and luck of months and deals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.ground import Ground
from simcast.analysis.lever_numbers import uncertain_numbers
from simcast.analysis.parameters import mean_amounts
from simcast.engine.layout import MOVE_ODDS, KernelPlan
from simcast.forecast import Forecast, Metric
from simcast.scenario import BASELINE

Floats = NDArray[np.float64]

FEWEST_FUTURES = 100
"""With fewer futures shares of variance are little else than chance."""

_NEXT_TO_NOTHING = 1e-12
_COLLINEAR = 1e-8
"""A singular value that is less than this part of the largest is rounding."""


@dataclass(frozen=True)
class Source:
    """One source of the spread of a total.

    Parameters
    ----------
    kind
        ``"stage"``: not knowing a stage's conversion and speed; ``"arrivals"``: how many new deals come on average;
        ``"amounts"``: what they are worth on average; ``"lever"``: how much the levers of a scenario change, where the
        ground stands on one; ``"weather"``: months that are good or bad for all deals;
        ``"luck"``: the luck of single deals, and all that the others leave unexplained.
    stage
        The stage, else empty.
    share
        Of the variance of the total.
    """

    kind: Literal["stage", "arrivals", "amounts", "lever", "weather", "luck"]
    stage: str
    share: float

    @property
    def is_chance(self) -> bool:
        """Whether it is luck, which no data take away."""
        return self.kind in {"weather", "luck"}


def sources_of_spread(ground: Ground, forecast: Forecast, metric: Metric = "bookings") -> tuple[Source, ...]:
    """Share the variance of a total out among its sources: of the baseline's, or of the scenario the ground stands on.

    Each future has its own draw of the parameters, and the parts of the model are fitted apart, so that their draws
    are independent. The share of a part is that of the variance which a linear regression of the total on the part's
    parameters explains, over futures and adjusted for their number: its first-order index where the total goes
    linearly with them. What goes otherwise, and what two parts bring only together, counts as luck.

    Parameters
    ----------
    ground
        What the forecast was played from.
    forecast
        The scenario on which the ground stands.
    metric
        ``"bookings"`` or ``"wins"``.

    Returns
    -------
    tuple of Source
        The largest first, weather (where there is any) and luck last; empty with fewer than `FEWEST_FUTURES` futures,
        or where nothing varies.

    References
    ----------
    Saltelli et al. (2008), Global Sensitivity Analysis: The Primer, sections 1.2.5 and 4.5.
    """
    total = forecast.values(metric)
    if len(total) < FEWEST_FUTURES or float(total.std()) <= _NEXT_TO_NOTHING * max(1.0, abs(float(total.mean()))):
        return ()
    kernel = ground.plan().kernel
    draw = kernel.draw_of_future
    found = [
        Source(kind, stage, _explained(total, parameters[draw]))
        for kind, stage, parameters in parts_of(ground)
        if kind != "amounts" or parameters.any()  # where no deal is worth anything there is nothing to know of it
    ]
    if (levers := uncertain_numbers(ground.scenario, ground.scenario.levers(ground.standing_on))).size:
        found.append(Source("lever", "", _explained(total, levers)))
    if (weather := _weather_of(ground.plan(BASELINE).kernel)).size:
        found.append(Source("weather", "", _explained(total, weather)))
    known = sum(source.share for source in found)
    if known > 1.0:  # by chance only, since the parts are independent
        found = [Source(source.kind, source.stage, source.share / known) for source in found]
    luck = Source("luck", "", max(0.0, 1.0 - known))
    return (*sorted(found, key=lambda source: (source.is_chance, -source.share)), luck)


def parts_of(ground: Ground) -> Iterator[tuple[Literal["stage", "arrivals", "amounts"], str, Floats]]:
    """Yield the parts of the model with their parameters, (n_draws, n_parameters)."""
    posterior, kernel = ground.posterior, ground.plan().kernel
    draws = posterior.draws
    rate = draws["arrivals_per_day"].transpose("draw", "segment").to_numpy().astype(np.float64)
    weight = rate.mean(axis=0)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1.0 / len(weight))
    for stage in posterior.pipeline.stages:
        here = draws.sel(stage=stage, move=posterior.pipeline.forward(stage))
        conversion, days = (
            here[name].transpose("draw", "segment").to_numpy() @ weight for name in ("probability", "days_scale")
        )
        yield "stage", stage, np.column_stack([conversion, _log(days)])
    factor = (kernel.arrival_weekday_factor * kernel.arrival_trend_factor).sum(axis=1)
    yield "arrivals", "", (factor * kernel.arrival_mean.sum(axis=1))[:, None]
    yield "amounts", "", (mean_amounts(posterior) @ weight)[:, None]


def _weather_of(kernel: KernelPlan) -> Floats:
    """Return the logs of what the months do in a plan without levers: float64, (n_futures, n_effects)."""
    of_stays = kernel.on_conversion.value[kernel.on_conversion.operation == MOVE_ODDS]
    speed = kernel.month_speed if len(kernel.month_speed) else of_stays[:0]
    return _log(np.vstack([of_stays, speed, kernel.on_arrivals.value])).T


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, _NEXT_TO_NOTHING)), dtype=np.float64)


def _explained(total: Floats, parameters: Floats) -> float:
    """Return the adjusted share of the variance that a linear regression on the parameters explains.

    It is adjusted for the rank of the parameters: stages have the same months, so that many columns say the same.
    """
    finite = np.isfinite(parameters).all(axis=0)
    varying = parameters[:, finite & (np.ptp(np.where(np.isfinite(parameters), parameters, 0.0), axis=0) > 0.0)]
    if not varying.size:
        return 0.0
    centred = varying - varying.mean(axis=0)
    scale = centred.std(axis=0)
    centred = centred[:, scale > 0.0] / scale[scale > 0.0]
    residual = total - total.mean()
    slope, _, rank, _ = np.linalg.lstsq(centred, residual, rcond=_COLLINEAR)
    n = len(total)
    if not rank or n <= rank + 1:
        return 0.0
    left = residual - centred @ slope
    share = 1.0 - float(left @ left) / float(residual @ residual) * (n - 1) / (n - int(rank) - 1)
    return float(max(0.0, share))
