"""Worlds for the proof of the model: any graph of moves, any family of times, arrivals whose level moves.

More general than `simcast.synthetic.truth`, and simpler inside: a world is simulated from an empty pipeline on, past
the day on which a forecast stands, so that what happens next is known without any conditioning on what did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.synthetic.course import days_after
from simcast.synthetic.stays import Floats, Ints, Stays

if TYPE_CHECKING:
    import pandas as pd

WON, LOST = "won", "lost"

_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True)
class WorldStage:
    """One stage: its name, where its stays may lead (the forward move first), and how they end."""

    name: str
    moves: tuple[str, ...]
    stays: Stays


@dataclass(frozen=True)
class WorldArrivals:
    """New deals, which enter the first stage: negative binomial counts per segment and day.

    Parameters
    ----------
    per_day : float64, (n_segments,)
        Mean on an average day of the week where `log_level` is 0.
    weekday_weight : float64, (7,)
        Monday first, averaging 1.
    size
        Variance ``m + m**2 / size``.
    log_level : float64, (n_days,)
        Logarithm of the level on each simulated day: trend, season, whatever else.
    """

    per_day: Floats
    weekday_weight: Floats
    size: float
    log_level: Floats


@dataclass(frozen=True)
class World:
    """A pipeline with all its parameters.

    Parameters
    ----------
    stages
        In order; new deals enter the first.
    columns, segments
        Names of the segment columns, and one tuple of values per segment.
    arrivals
        New deals.
    amount_median, amount_sigma : float64, (n_segments,)
        Of the lognormal amounts of won deals.
    """

    stages: tuple[WorldStage, ...]
    columns: tuple[str, ...]
    segments: tuple[tuple[str, ...], ...]
    arrivals: WorldArrivals
    amount_median: Floats
    amount_sigma: Floats


@dataclass(frozen=True)
class WorldEvents:
    """Everything that happens in a world, one entry per event, sorted by deal and time.

    Parameters
    ----------
    deal, segment_code : int64, (n_events,)
        Deals are numbered in the order of their arrival.
    name : object (str), (n_events,)
        The stage entered, or the outcome reached.
    instant : float64, (n_events,)
        Days since the world began.
    amount : float64, (n_events,)
        What was won; NaN elsewhere.
    """

    deal: Ints
    segment_code: Ints
    name: NDArray[np.object_]
    instant: Floats
    amount: Floats


def simulate_world(world: World, start: str | np.datetime64, seed: int) -> WorldEvents:
    """Simulate all days of a world, whose number is that of ``world.arrivals.log_level``."""
    generator = np.random.default_rng(seed)
    segment, entered = arriving(world.arrivals, np.datetime64(str(start), "D"), generator)
    n_days = len(world.arrivals.log_level)
    code_of = {stage.name: code for code, stage in enumerate(world.stages)}
    deal, stage = np.arange(len(segment)), np.zeros(len(segment), dtype=np.int64)
    rounds: list[WorldEvents] = []
    while len(deal):
        names = np.array([stage.name for stage in world.stages], dtype=object)[stage]
        rounds.append(WorldEvents(deal, segment[deal], names, entered, np.full(len(deal), np.nan)))
        destination, left = _ends(world, stage, segment[deal], entered, generator)
        done = left < n_days
        deal, destination, entered = deal[done], destination[done], left[done]
        stage = np.array([code_of.get(name, -1) for name in destination], dtype=np.int64)
        over = stage < 0
        won = destination[over] == WON
        amounts = _amounts(world, segment[deal[over]], generator)
        rounds.append(
            WorldEvents(
                deal[over], segment[deal[over]], destination[over], entered[over], np.where(won, amounts, np.nan)
            )
        )
        deal, stage, entered = deal[~over], stage[~over], entered[~over]
    return _in_order(rounds)


def arriving(arrivals: WorldArrivals, start: np.datetime64, generator: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw the segments of all new deals and the instants at which they arrive, in order of time."""
    days = np.arange(len(arrivals.log_level))
    weekday = (days_after(start, days).astype(np.int64) + _MONDAY_OFFSET) % 7
    mean = arrivals.per_day[:, None] * arrivals.weekday_weight[weekday] * np.exp(arrivals.log_level)
    counts = generator.poisson(mean * generator.gamma(arrivals.size, 1.0 / arrivals.size, mean.shape))
    segment, day = np.nonzero(counts)
    repeats = counts[segment, day]
    instants = np.repeat(day, repeats) + generator.random(int(repeats.sum()))
    order = np.argsort(instants, kind="stable")
    return np.repeat(segment, repeats)[order], instants[order]


def _ends(
    world: World, stage: Ints, segment: Ints, entered: Floats, generator: np.random.Generator
) -> tuple[NDArray[np.object_], Floats]:
    """Draw where each stay leads and the instant at which it ends."""
    destination = np.full(len(stage), "", dtype=object)
    left = np.full(len(stage), np.inf)
    for code, here in enumerate(world.stages):
        rows = np.flatnonzero(stage == code)
        if len(rows):
            move, left[rows] = here.stays.end(segment[rows], entered[rows], generator)
            destination[rows] = np.array(here.moves, dtype=object)[move]
    return destination, left


def _amounts(world: World, segment: Ints, generator: np.random.Generator) -> Floats:
    z = generator.standard_normal(len(segment))
    return np.asarray(world.amount_median[segment] * np.exp(world.amount_sigma[segment] * z))


def _in_order(rounds: list[WorldEvents]) -> WorldEvents:
    """Put the events of all rounds together, each deal's in the order in which they came."""
    if not rounds:
        nothing = np.zeros(0)
        return WorldEvents(nothing.astype(np.int64), nothing.astype(np.int64), nothing.astype(object), nothing, nothing)
    columns = [np.concatenate(parts) for parts in zip(*(vars(events).values() for events in rounds), strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return WorldEvents(*(column[order] for column in columns))


def world_log(world: World, events: WorldEvents, start: str | np.datetime64) -> pd.DataFrame:
    """Return the events as the canonical log of a CRM.

    Returns
    -------
    pandas.DataFrame
        Columns ``deal``, ``stage``, ``entered`` (whole days), ``amount`` (of won deals) and the segment columns.
    """
    import pandas as pd

    first = np.datetime64(str(start), "D")
    columns: dict[str, object] = {
        "deal": [f"D-{number:06d}" for number in events.deal],
        "stage": events.name,
        "entered": days_after(first, np.floor(events.instant).astype(np.int64)).astype("datetime64[s]"),
        "amount": np.round(events.amount, 2),
    }
    for position, column in enumerate(world.columns):
        values = np.array([segment[position] for segment in world.segments], dtype=object)
        columns[column] = values[events.segment_code]
    return pd.DataFrame(columns)
