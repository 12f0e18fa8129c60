"""The weather of the months to come, which every scenario has beside its levers.

Each month has a good or bad time for conversion, for speed and for new deals, in each future another, keyed by the
month's name alone: the same in all scenarios, so that their differences are as sharp as without weather. That of
conversion acts on the stays that begin in the month, as levers do (open deals': `simcast.plan.months`), that of speed
on the days that pass in it, as clocks do: whoever waits through a quick month comes nearer to the end of the stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import MOVE_ODDS, MULTIPLY, NOWHERE, Effects
from simcast.engine.rng import LEVER, uniform_by_future
from simcast.history import Book
from simcast.plan.levers import LeverFrame, key_of
from simcast.plan.months import Months, Shares, months_of_beginning
from simcast.posterior import Posterior
from simcast.scenario import ArrivalsLever, ConversionLever, TimedLever

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ByKind = Mapping[type[TimedLever], Effects]

_CONVERSION, _SPEED, _ARRIVALS = "weather_conversion", "weather_speed", "weather_arrivals"


def with_weather(
    posterior: Posterior, frame: LeverFrame, of_levers: tuple[Ints, ByKind], book: Book
) -> tuple[Ints, dict[type[TimedLever], Effects]]:
    """Add the weather of months, for conversion and new deals, to levers, and begin an epoch with each month.

    Parameters
    ----------
    posterior
        Whose ``weather_conversion`` and ``weather_arrivals`` it is; without them nothing changes.
    frame
        What the plan is worked out against.
    of_levers
        The epoch of each day, and the effects of levers, see `simcast.plan.levers.effects_of`.
    book
        The open deals, with their ages in days of the calendar.
    """
    epoch_of_day, effects = of_levers
    spread = {name: sd for name in (_CONVERSION, _ARRIVALS) if (sd := _spread(posterior, frame, name)) is not None}
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
    if _ARRIVALS in spread:
        weather = _of_arrivals(frame, spread[_ARRIVALS], months[first_day])
        found[ArrivalsLever] = _joined(found[ArrivalsLever], weather)
    if _CONVERSION in spread:
        log_odds = spread[_CONVERSION] * _of_stays(frame, months_of_beginning(book, frame.days))
        log_odds = log_odds + _level(posterior, frame, _CONVERSION)
        found[ConversionLever] = _joined(found[ConversionLever], _on_stays(frame, log_odds, months[first_day]))
    return epochs, found


def month_arrays(posterior: Posterior, frame: LeverFrame, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the speed of months in each future, and clocks for all moves, which it acts on; no months without weather.

    Parameters
    ----------
    posterior
        Whose ``weather_speed`` it is.
    frame
        What the plan is worked out against.
    parameters
        The kernel's arrays, of which those of clocks are replaced.
    """
    sd = _spread(posterior, frame, _SPEED)
    if sd is None:
        return {"month_of_day": np.zeros(0, dtype=np.int64), "month_speed": np.zeros((0, 1))}
    months, month_of_day = np.unique(frame.days.days.astype("datetime64[M]"), return_inverse=True)
    of_months = np.array([sd * _normal(frame, _SPEED, str(month)) for month in months])
    speed = np.exp(of_months - 0.5 * sd**2 + _level(posterior, frame, _SPEED))  # on average days pass as they did
    clock_of, passed, opening = (parameters[name] for name in ("clock_of", "clock_passed", "clock_opening"))
    clock_of = clock_of.copy()
    on_none = clock_of[:, :-1] == NOWHERE
    if on_none.any():  # a clock of ordinary days, unless a plan like this one has it already
        clock_of[:, :-1][on_none] = len(passed)
        passed = np.vstack([*passed, np.arange(frame.days.n_days + 1.0)])
        opening = np.vstack([*opening, np.zeros(frame.days.n_days)])
    weight = np.array([np.bincount(month_of_day, np.diff(one), months.size) for one in passed])
    n_wholes = int(np.ceil(np.max(weight @ speed))) + 1
    return {
        "clock_of": clock_of,
        "clock_passed": passed,
        "clock_opening": opening,
        "clock_from_day": np.zeros((len(passed), n_wholes), dtype=np.int64),
        "month_of_day": month_of_day.astype(np.int64),
        "month_speed": speed,
    }


def _spread(posterior: Posterior, frame: LeverFrame, name: str) -> Floats | None:
    """Return how much months differ in each future; None where they do not."""
    if name not in posterior.draws or not posterior.draws[name].any():
        return None
    return np.asarray(posterior.draws[name].to_numpy()[frame.draw_of_future], dtype=np.float64)


def _level(posterior: Posterior, frame: LeverFrame, name: str) -> Floats:
    """Return what all months to come have in common in each future: float64, (n_futures,)."""
    if f"{name}_level" not in posterior.draws:
        return np.zeros(frame.n_futures)
    level: Floats = posterior.draws[f"{name}_level"].to_numpy()[frame.draw_of_future]
    return level * _normal(frame, name, "level")


def _of_arrivals(frame: LeverFrame, sd: Floats, month_of_epoch: Months) -> Effects:
    """Return the effects of all months on new deals: multiplied by a lognormal number whose mean is 1."""
    months = np.unique(month_of_epoch)
    value = np.array([np.exp(sd * _normal(frame, _ARRIVALS, str(month)) - 0.5 * sd**2) for month in months])
    return _effects(frame, MULTIPLY, np.zeros(months.size, np.int64), month_of_epoch == months[:, None], value)


def _of_stays(frame: LeverFrame, shares: Shares) -> Floats:
    """Return the weather of each stage's stays in units of its spread: float64, (n_stages, n_blocks, n_futures)."""
    met = np.flatnonzero(shares.share.any(axis=(0, 1)))
    of_months = np.array([_normal(frame, _CONVERSION, str(month)) for month in shares.months[met]])
    found: Floats = shares.share[:, :, met] @ of_months
    return found


def _on_stays(frame: LeverFrame, log_odds: Floats, month_of_epoch: Months) -> Effects:
    """Return the effects of all blocks (see `Shares`) on the odds of each stage's moves."""
    n_stages, n_blocks, _ = log_odds.shape
    block = np.searchsorted(np.unique(month_of_epoch), month_of_epoch) + 1
    block[0] = 0
    value = np.exp(log_odds.reshape(n_stages * n_blocks, -1))
    weight = np.tile(block == np.arange(n_blocks)[:, None], (n_stages, 1))
    return _effects(frame, MOVE_ODDS, np.repeat(np.arange(n_stages), n_blocks), weight, value)


def _effects(frame: LeverFrame, operation: int, stage: Ints, weight: NDArray[np.bool_], value: Floats) -> Effects:
    """Return effects on all segments, each on one stage in some epochs."""
    n = stage.size
    return Effects(
        operation=np.full(n, operation, dtype=np.int64),
        stage=stage.astype(np.int64),
        slots=np.zeros((n, frame.n_slots), dtype=bool),
        segments=np.ones((n, len(frame.segments)), dtype=bool),
        on_open=np.zeros(n, dtype=bool),
        weight=weight.astype(np.float64),
        value=value,
    )


def _normal(frame: LeverFrame, kind: str, name: str) -> Floats:
    """Return a standard normal number for each future: float64, (n_futures,)."""
    from scipy.special import ndtri

    key = key_of(f"{kind}:{name}")
    return np.asarray(ndtri(uniform_by_future(frame.seed, frame.n_futures, key, LEVER)), dtype=np.float64)


def _joined(levers: Effects, weather: Effects) -> Effects:
    """Put the effects of weather behind those of levers, whose places costs are counted by."""
    joined = [np.concatenate([own, other]) for own, other in zip(levers, weather, strict=True)]
    return Effects(*(np.ascontiguousarray(part) for part in joined))
