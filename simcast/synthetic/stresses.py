"""Worlds that break what the model assumes, one way each: drift, seasons, fat tails, clean-ups, shared shocks, shapes.

Each begins as a world of `simcast.synthetic.random_worlds`; one thing is then made worse. The first kind is left as it
is, as a control.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simcast.synthetic.random_worlds import DAYS_PER_YEAR, FIRST_DAY, RandomWorld, draw_world
from simcast.synthetic.stays import Floats, Ints, MixtureStays, Stays
from simcast.synthetic.worlds import World

FORWARD, LOST = 0, 1

DRIFT_PER_YEAR = 0.5
"""The share of forward moves that turn into losses within a year of drift."""

SEASON = 0.6
"""The log amplitude of a year of arrivals."""

FAT_SIGMA_OF_AMOUNTS, FAT_FACTOR_OF_TIMES = 1.9, 1.8

CLEAN_AFTER_DAYS = 45
QUARTER_DAYS = 91

SHOCK_SD = 0.45
"""Of a month's common effect on arrivals (log), and on what becomes of deals (share of forward moves lost)."""

MONTH_DAYS = 30

RUSH_SHARE, RUSH_DAYS = 0.6, 14
"""The share of forward moves that wait for the last days of a quarter."""


@dataclass(frozen=True)
class Weathered:
    """Stays of which some forward moves turn into losses: a share that depends on the day of entry.

    Parameters
    ----------
    inner
        The stays as they would be.
    lost_share : float64, (n_days,)
        The share of forward moves that turn, by day of entry.
    """

    inner: Stays
    lost_share: Floats

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw moves and ends: see `Stays.end`."""
        move, left = self.inner.end(segment_code, entered, generator)
        day = np.minimum(entered.astype(np.int64), len(self.lost_share) - 1)
        turned = (move == FORWARD) & (generator.random(len(move)) < self.lost_share[day])
        return np.where(turned, LOST, move), left


@dataclass(frozen=True)
class CleanedUp:
    """Stays that are closed as lost at the end of a quarter when they have lasted long, come what may."""

    inner: Stays

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw moves and ends: see `Stays.end`."""
        move, left = self.inner.end(segment_code, entered, generator)
        cleaned = np.ceil((entered + CLEAN_AFTER_DAYS) / QUARTER_DAYS) * QUARTER_DAYS - 0.5
        swept = (left > cleaned) & (cleaned > entered)
        return np.where(swept, LOST, move), np.where(swept, cleaned, left)


@dataclass(frozen=True)
class Rushed:
    """Stays of which most forward moves wait for the last days of their quarter."""

    inner: Stays

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw moves and ends: see `Stays.end`."""
        move, left = self.inner.end(segment_code, entered, generator)
        waits = (move == FORWARD) & np.isfinite(left) & (generator.random(len(move)) < RUSH_SHARE)
        ends = (np.floor(np.where(np.isfinite(left), left, 0.0) / QUARTER_DAYS) + 1.0) * QUARTER_DAYS
        late = ends - RUSH_DAYS * generator.random(len(move))
        return move, np.where(waits, np.maximum(left, late), left)


def stress_world(kind: str, seed: int, n_days_after: int) -> RandomWorld:
    """Draw a world and make one thing of it worse.

    Parameters
    ----------
    kind
        One of `KINDS`.
    seed
        The same one gives the same world.
    n_days_after
        How many days it goes on after those that are known.

    Raises
    ------
    ValueError
        When the kind is not known.
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is not known (known: {', '.join(KINDS)})")
    drawn = draw_world(seed, n_days_after)
    return replace(drawn, world=KINDS[kind](drawn.world, np.random.default_rng([seed, 2])))


def _with_stays(world: World, change: Callable[[Stays], Stays]) -> World:
    return replace(world, stages=tuple(replace(stage, stays=change(stage.stays)) for stage in world.stages))


def _calm(world: World, _: np.random.Generator) -> World:
    return world


def _drift(world: World, _: np.random.Generator) -> World:
    """From the middle of all days on, ever more of the forward moves turn into losses."""
    days = np.arange(len(world.arrivals.log_level))
    since = np.maximum(days - len(days) / 2, 0.0) / DAYS_PER_YEAR
    lost = 1.0 - (1.0 - DRIFT_PER_YEAR) ** since
    return _with_stays(world, lambda stays: Weathered(stays, lost))


def _seasons(world: World, generator: np.random.Generator) -> World:
    days = np.arange(len(world.arrivals.log_level))
    angle = 2.0 * math.pi * (days / DAYS_PER_YEAR + generator.random())
    level = world.arrivals.log_level + SEASON * np.cos(angle)
    return replace(world, arrivals=replace(world.arrivals, log_level=level))


def _fat_tails(world: World, _: np.random.Generator) -> World:
    def fatter(stays: Stays) -> Stays:
        if not isinstance(stays, MixtureStays):
            return stays
        factor = 1.0 / FAT_FACTOR_OF_TIMES if stays.family == "gamma" else FAT_FACTOR_OF_TIMES
        return replace(stays, shape=stays.shape * factor)

    return replace(_with_stays(world, fatter), amount_sigma=np.full_like(world.amount_sigma, FAT_SIGMA_OF_AMOUNTS))


def _clean_ups(world: World, _: np.random.Generator) -> World:
    return _with_stays(world, CleanedUp)


def _shared_shocks(world: World, generator: np.random.Generator) -> World:
    """Give each month a common effect on arrivals and on conversion; each of them averages out."""
    n_days = len(world.arrivals.log_level)
    month = np.arange(n_days) // MONTH_DAYS
    level = SHOCK_SD * generator.standard_normal(month[-1] + 1)[month] - 0.5 * SHOCK_SD**2
    weather = generator.standard_normal(month[-1] + 1)[month]
    lost = 1.0 - np.exp(-SHOCK_SD * np.exp(0.8 * weather - 0.32))
    arrivals = replace(world.arrivals, log_level=world.arrivals.log_level + level)
    return _with_stays(replace(world, arrivals=arrivals), lambda stays: Weathered(stays, lost))


def _rush(world: World, _: np.random.Generator) -> World:
    return _with_stays(world, Rushed)


def _wrong_family(world: World, _: np.random.Generator) -> World:
    """Give all times two humps, far apart."""

    def two_humps(stays: Stays) -> Stays:
        if not isinstance(stays, MixtureStays):
            return stays
        return replace(stays, family="two_humps", shape=np.full_like(stays.shape, 0.3))

    return _with_stays(world, two_humps)


KINDS: dict[str, Callable[[World, np.random.Generator], World]] = {
    "calm": _calm,
    "drift": _drift,
    "seasons": _seasons,
    "fat tails": _fat_tails,
    "clean-ups": _clean_ups,
    "shared shocks": _shared_shocks,
    "quarter-end rush": _rush,
    "wrong family": _wrong_family,
}
"""What each kind does to a world."""

__all__ = ["FIRST_DAY", "KINDS", "CleanedUp", "Rushed", "Weathered", "stress_world"]
