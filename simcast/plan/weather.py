"""The weather of the months to come, as effects that every scenario has beside those of its levers.

Each month has a good or bad time for conversion, for speed and for new deals, in each future another, keyed by the
month's name alone: the same in all scenarios, so that their differences are as sharp as without weather. It acts on the
stays that begin in the month; the stays of open deals count as beginning on the as-of date, as with levers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import MULTIPLY, ODDS, Effects
from simcast.engine.rng import LEVER, uniform_by_future
from simcast.plan.levers import LeverFrame, key_of
from simcast.posterior import Posterior
from simcast.scenario import ArrivalsLever, ConversionLever, DurationLever, TimedLever

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ByKind = Mapping[type[TimedLever], Effects]

_SPREADS: Mapping[type[TimedLever], str] = {
    ConversionLever: "weather_conversion",
    DurationLever: "weather_speed",
    ArrivalsLever: "weather_arrivals",
}


def with_weather(
    posterior: Posterior, frame: LeverFrame, epoch_of_day: Ints, effects: ByKind
) -> tuple[Ints, dict[type[TimedLever], Effects]]:
    """Add the weather of each month to the effects of levers, and begin an epoch with each month.

    Parameters
    ----------
    posterior
        Whose ``weather_conversion``, ``weather_speed`` and ``weather_arrivals`` it is; without them nothing changes.
    frame
        What the plan is worked out against.
    epoch_of_day, effects
        Those of the levers, see `simcast.plan.levers.effects_of`.
    """
    spread = {
        kind: posterior.draws[name].to_numpy()[frame.draw_of_future]
        for kind, name in _SPREADS.items()
        if name in posterior.draws and posterior.draws[name].any()
    }
    if not spread:
        return epoch_of_day, dict(effects)
    months = frame.days.days.astype("datetime64[M]")
    begins = (np.diff(epoch_of_day) != 0) | (np.diff(months.astype(np.int64)) != 0)
    epochs = np.concatenate([[0], np.cumsum(begins)]).astype(np.int64)
    first_day = np.searchsorted(epochs, np.arange(epochs[-1] + 1))
    found = {
        kind: of_kind._replace(weight=np.ascontiguousarray(of_kind.weight[:, epoch_of_day[first_day]]))
        for kind, of_kind in effects.items()
    }
    for kind, sd in spread.items():
        found[kind] = _joined(found[kind], _of_months(frame, kind, sd, months[first_day]))
    return epochs, found


def _of_months(
    frame: LeverFrame, kind: type[TimedLever], sd: Floats, month_of_epoch: NDArray[np.datetime64]
) -> Effects:
    """Return the effects of all months: odds or new deals multiplied, or times divided, by a lognormal number.

    `sd` is that of its logarithm in each future. Its median is 1, of new deals its mean.
    """
    months, stages = np.unique(month_of_epoch), np.arange(1 if kind is ArrivalsLever else frame.pipeline.n_stages)
    mean = -0.5 * sd**2 if kind is ArrivalsLever else 0.0
    value = np.array([np.exp(mean + sd * _weather(frame, kind, month)) for month in months])
    n = months.size * stages.size
    slots = np.zeros((n, frame.n_slots), dtype=bool)
    if kind is DurationLever:
        slots[:, :-1] = True
        value = 1.0 / value
    return Effects(
        operation=np.full(n, ODDS if kind is ConversionLever else MULTIPLY, dtype=np.int64),
        stage=np.tile(stages, months.size).astype(np.int64),
        slots=slots,
        segments=np.ones((n, len(frame.segments)), dtype=bool),
        on_open=np.zeros(n, dtype=bool),
        weight=np.repeat(month_of_epoch == months[:, None], stages.size, axis=0).astype(np.float64),
        value=np.repeat(value, stages.size, axis=0),
    )


def _weather(frame: LeverFrame, kind: type[TimedLever], month: np.datetime64) -> Floats:
    """Return a standard normal number for each future: float64, (n_futures,)."""
    from scipy.special import ndtri

    key = key_of(f"weather:{kind.__name__}:{month}")
    return np.asarray(ndtri(uniform_by_future(frame.seed, frame.n_futures, key, LEVER)), dtype=np.float64)


def _joined(levers: Effects, weather: Effects) -> Effects:
    """Put the effects of weather behind those of levers, whose places costs are counted by."""
    joined = [np.concatenate([own, other]) for own, other in zip(levers, weather, strict=True)]
    return Effects(*(np.ascontiguousarray(part) for part in joined))
