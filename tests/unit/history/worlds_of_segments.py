"""Histories of deals with a segment column, made in a few lines of NumPy: when each deal reached which stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).max
STAGES = ("lead", "call", "proposal", "contract")


@dataclass(frozen=True)
class Kind:
    """Deals with one value: new ones per day, chances of going on and median days by stage, from when to when."""

    per_day: float = 1.0
    forward: tuple[float, float, float, float] = (0.6, 0.5, 0.55, 0.65)
    days: tuple[float, float, float, float] = (6.0, 12.0, 20.0, 14.0)
    stalled: float = 0.03
    begins: int = -730
    ends: int = 0


@dataclass(frozen=True)
class World:
    """What `find_set_late` takes: values, days of beginning, days by point of the way, open deals."""

    value: NDArray[np.object_]
    began: NDArray[np.int64]
    points: dict[str, NDArray[np.int64]]
    is_open: NDArray[np.bool_]

    def with_values(self, value: NDArray[np.object_]) -> World:
        return World(value, self.began, self.points, self.is_open)


def make_world(kinds: Mapping[str, Kind], rng: np.random.Generator, growth: float = 0.0) -> World:
    """Let deals of all kinds go their ways until day 0, each stage for lognormal days."""
    parts = [(name, *_course(kind, rng, growth)) for name, kind in kinds.items()]
    value = np.concatenate([np.full(began.size, name, dtype=object) for name, began, _, _ in parts])
    began = np.concatenate([began for _, began, _, _ in parts])
    points = {point: np.concatenate([reached[point] for _, _, reached, _ in parts]) for point in parts[0][2]}
    return World(value, began, points, np.concatenate([is_open for *_, is_open in parts]))


def _course(
    kind: Kind, rng: np.random.Generator, growth: float
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]], NDArray[np.bool_]]:
    every = np.arange(kind.begins, kind.ends)
    began = np.repeat(every, rng.poisson(kind.per_day * np.exp(growth * every / 365)))
    now, alive = began.astype(np.float64), np.ones(began.size, dtype=bool)
    lost = np.full(began.size, NEVER)
    points: dict[str, NDArray[np.int64]] = {}
    for point, forward, days in zip((*STAGES[1:], "won"), kind.forward, kind.days, strict=True):
        now = now + days * np.exp(0.8 * rng.standard_normal(began.size))
        stalls, moves = rng.random(began.size) < kind.stalled, rng.random(began.size) < forward
        ended = alive & ~stalls & (now < 0)
        lost[ended & ~moves] = np.floor(now[ended & ~moves])
        alive = ended & moves
        points[point] = np.where(alive, np.floor(np.where(alive, now, 0.0)).astype(np.int64), NEVER)
    points["lost"] = lost
    return began, points, (points["won"] == NEVER) & (lost == NEVER)


def overwritten(world: World, rng: np.random.Generator, point: str, names: tuple[str, ...], share: float) -> World:
    """Give a share of the deals one of some values when they reach a point of the way."""
    there = (world.points[point] < 0) & (rng.random(world.began.size) < share)
    return world.with_values(np.where(there, rng.choice(np.array(names, dtype=object), world.began.size), world.value))
