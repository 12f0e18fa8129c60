"""The weather of the months to come, as effects that every scenario has beside those of its levers.

Each month has a good or bad time for conversion, for speed and for new deals, in each future another, keyed by the
month's name alone: the same in all scenarios, so that their differences are as sharp as without weather. That of
conversion acts on the stays that begin in the month, that of speed on those that end in it (`simcast.plan.months`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import MOVE_ODDS, MULTIPLY, Effects
from simcast.engine.rng import LEVER, uniform_by_future
from simcast.plan.levers import LeverFrame, key_of
from simcast.plan.months import Months, Shares
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
    posterior: Posterior,
    frame: LeverFrame,
    of_levers: tuple[Ints, ByKind],
    shares: Mapping[type[TimedLever], Callable[[], Shares]],
) -> tuple[Ints, dict[type[TimedLever], Effects]]:
    """Add the weather of each month to the effects of levers, and begin an epoch with each month.

    Parameters
    ----------
    posterior
        Whose ``weather_conversion``, ``weather_speed`` and ``weather_arrivals`` it is, and what their levels may be off
        by; without them nothing changes.
    frame
        What the plan is worked out against.
    of_levers
        The epoch of each day, and the effects of levers, see `simcast.plan.levers.effects_of`.
    shares
        How stays are spread over the months whose weather they have, for conversion and for speed.
    """
    epoch_of_day, effects = of_levers
    draws = posterior.draws
    spread = {kind: name for kind, name in _SPREADS.items() if name in draws and draws[name].any()}
    if not spread:
        return epoch_of_day, dict(effects)
    months = frame.days.days.astype("datetime64[M]")
    begins = (np.diff(epoch_of_day) != 0) | (np.diff(months.astype(np.int64)) != 0)
    begins[:1] = True  # the open deals' stays, which count as beginning on the as-of date, have an epoch of their own
    epochs = np.concatenate([[0], np.cumsum(begins)]).astype(np.int64)
    first_day = np.searchsorted(epochs, np.arange(epochs[-1] + 1))
    found = {
        kind: of_kind._replace(weight=np.ascontiguousarray(of_kind.weight[:, epoch_of_day[first_day]]))
        for kind, of_kind in effects.items()
    }
    for kind, name in spread.items():
        sd = draws[name].to_numpy()[frame.draw_of_future]
        if kind is ArrivalsLever:
            weather = _of_arrivals(frame, sd, months[first_day])
        else:
            log_effect = sd * _of_stays(frame, kind, shares[kind]())
            if f"{name}_level" in draws:
                level = draws[f"{name}_level"].to_numpy()[frame.draw_of_future]
                log_effect = log_effect + level * _normal(frame, kind, "level")
            weather = _on_stays(frame, kind, log_effect, months[first_day])
        found[kind] = _joined(found[kind], weather)
    return epochs, found


def _of_arrivals(frame: LeverFrame, sd: Floats, month_of_epoch: Months) -> Effects:
    """Return the effects of all months on new deals: multiplied by a lognormal number whose mean is 1."""
    months = np.unique(month_of_epoch)
    value = np.array([np.exp(sd * _normal(frame, ArrivalsLever, str(month)) - 0.5 * sd**2) for month in months])
    return _effects(frame, MULTIPLY, np.zeros(months.size, np.int64), month_of_epoch == months[:, None], value)


def _of_stays(frame: LeverFrame, kind: type[TimedLever], shares: Shares) -> Floats:
    """Return the weather of each stage's stays in units of its spread: float64, (n_stages, n_blocks, n_futures)."""
    met = np.flatnonzero(shares.share.any(axis=(0, 1)))
    of_months = np.array([_normal(frame, kind, str(month)) for month in shares.months[met]])
    found: Floats = shares.share[:, :, met] @ of_months
    return found


def _on_stays(frame: LeverFrame, kind: type[TimedLever], log_effect: Floats, month_of_epoch: Months) -> Effects:
    """Return the effects of all blocks (see `Shares`) on each stage: odds multiplied, or times divided."""
    n_stages, n_blocks, _ = log_effect.shape
    block = np.searchsorted(np.unique(month_of_epoch), month_of_epoch) + 1
    block[0] = 0
    log_value = log_effect.reshape(n_stages * n_blocks, -1)
    value = np.exp(log_value if kind is ConversionLever else -log_value)
    weight = np.tile(block == np.arange(n_blocks)[:, None], (n_stages, 1))
    operation = MOVE_ODDS if kind is ConversionLever else MULTIPLY
    return _effects(frame, operation, np.repeat(np.arange(n_stages), n_blocks), weight, value)


def _effects(frame: LeverFrame, operation: int, stage: Ints, weight: NDArray[np.bool_], value: Floats) -> Effects:
    """Return effects on all segments and moves, each on one stage in some epochs."""
    n = stage.size
    slots = np.zeros((n, frame.n_slots), dtype=bool)
    slots[:, :-1] = True
    return Effects(
        operation=np.full(n, operation, dtype=np.int64),
        stage=stage.astype(np.int64),
        slots=slots,
        segments=np.ones((n, len(frame.segments)), dtype=bool),
        on_open=np.zeros(n, dtype=bool),
        weight=weight.astype(np.float64),
        value=value,
    )


def _normal(frame: LeverFrame, kind: type[TimedLever], name: str) -> Floats:
    """Return a standard normal number for each future: float64, (n_futures,)."""
    from scipy.special import ndtri

    key = key_of(f"weather:{kind.__name__}:{name}")
    return np.asarray(ndtri(uniform_by_future(frame.seed, frame.n_futures, key, LEVER)), dtype=np.float64)


def _joined(levers: Effects, weather: Effects) -> Effects:
    """Put the effects of weather behind those of levers, whose places costs are counted by."""
    joined = [np.concatenate([own, other]) for own, other in zip(levers, weather, strict=True)]
    return Effects(*(np.ascontiguousarray(part) for part in joined))
