"""Levers as the kernel reads them: effects on segments, by day and by future."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simcast.engine import layout
from simcast.engine.layout import Effects
from simcast.engine.rng import LEVER, uniform_by_future
from simcast.pipeline import Pipeline
from simcast.plan.periods import ForecastDays
from simcast.plan.plan import MINOR_UNITS, Plan
from simcast.posterior.response import FittedResponse
from simcast.scenario import (
    AmountLever,
    ArrivalsLever,
    ConversionLever,
    Distribution,
    DurationLever,
    Lever,
    ResponseLever,
    TimedLever,
)
from simcast.segments import Segments

OPERATIONS = {
    "set": layout.SET,
    "odds": layout.ODDS,
    "multiply": layout.MULTIPLY,
    "add": layout.ADD,
    "add_per_day": layout.ADD,
    "cap_days": layout.CAP,
}
"""What the keys of levers do, as the kernel reads it."""

_ON_PARAMETERS = (ConversionLever, DurationLever, ArrivalsLever, AmountLever)
"""The levers that act on a parameter by themselves."""


@dataclass(frozen=True)
class LeverFrame:
    """What turns a lever's dates, names and distributions into arrays over days, segments and futures."""

    pipeline: Pipeline
    segments: Segments
    days: ForecastDays
    seed: np.uint64
    """Of the futures."""
    draw_of_future: NDArray[np.int64]
    """int64, (n_futures,): the draw of the posterior under which each future is played."""
    n_slots: int
    """The most moves of any stage, and one more: never to end."""
    responses: Mapping[str, FittedResponse] = field(default_factory=dict)
    """What was fitted of waiting for the first contact, by stage."""
    weekday_weight: NDArray[np.float64] = field(default_factory=lambda: np.ones((1, 7)))
    """float64, (n_draws, 7): arrivals by weekday, Monday first, averaging 1; all alike unless given."""

    @property
    def n_futures(self) -> int:
        """How many futures there are."""
        return len(self.draw_of_future)

    def size(self, lever: Lever, number: Distribution, part: str = "") -> NDArray[np.float64]:
        """Return the value of one of a lever's numbers in each future.

        The luck belongs to the lever's content: the same lever in two scenarios has the same size in a future.

        Returns
        -------
        float64, (n_futures,)
        """
        return self.shared_size(lever.key + part, number)

    def shared_size(self, name: str, number: Distribution) -> NDArray[np.float64]:
        """Return the value of a number in each future; numbers of the same name have the same luck.

        Returns
        -------
        float64, (n_futures,)
        """
        if number.is_fixed:
            return np.full(self.n_futures, number.mean())
        return number.ppf(uniform_by_future(self.seed, self.n_futures, key_of(name), LEVER))

    def slope(self, stage: str) -> NDArray[np.float64]:
        """Return what an hour of waiting takes off the log odds in each future: that of its draw.

        Returns
        -------
        float64, (n_futures,)
        """
        return self.responses[stage].slope[self.draw_of_future]

    def weight(self, lever: TimedLever) -> NDArray[np.float64]:
        """Return how far a lever has faded in for stays that begin on each day: 0 before it, 1 in full.

        Returns
        -------
        float64, (n_days,)
        """
        first = np.datetime64(lever.from_) if lever.from_ else self.days.as_of
        last = np.datetime64(lever.until) if lever.until else self.days.until
        middle = (self.days.days - first).astype(np.int64) + 0.5
        faded = np.minimum(middle / lever.ramp_days, 1.0) if lever.ramp_days > 0 else np.ones(self.days.n_days)
        acting = (self.days.days >= first) & (self.days.days <= last)
        return np.where(acting, faded, 0.0)


def key_of(text: str) -> np.uint64:
    """Return a 64-bit key for a name, the same on every machine."""
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def operation_of(lever: TimedLever) -> tuple[str, Distribution]:
    """Return what a lever does and by how much: the one operation that it names."""
    for name in OPERATIONS:
        number = getattr(lever, name, None)
        if number is not None:
            return name, number
    raise TypeError(f"{lever.lever} is no lever on a parameter")


@dataclass(frozen=True, eq=False)
class Acting:
    """One effect on a kind of parameter.

    Parameters
    ----------
    kind
        The lever that acts on the parameter by itself.
    operation
        What is done to it, see `simcast.engine.layout`.
    stage
        The stage's code; -1 where stages play no part.
    segments : bool, (n_segments,)
        Where it acts.
    weight : float64, (n_days,)
        How far it has faded in.
    value : float64, (n_futures,)
        Its size.
    """

    kind: type[TimedLever]
    operation: int
    stage: int
    segments: NDArray[np.bool_]
    weight: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class PlacedLever:
    """A lever, and where it is written.

    Parameters
    ----------
    file_place
        File, line and column.
    path
        The keys that lead to it, such as ``scenarios.hire-two[0]``.
    lever
        The lever.
    """

    file_place: str
    path: str
    lever: Lever

    @property
    def place(self) -> str:
        """Where it is written, as errors say it."""
        return f"{self.file_place}: {self.path}"


def effects_of(
    frame: LeverFrame, levers: Sequence[PlacedLever], derived: Sequence[Acting] = ()
) -> tuple[NDArray[np.int64], Mapping[type[TimedLever], Effects]]:
    """Turn levers on parameters into effects.

    Returns
    -------
    int64, (n_days,)
        The epoch of each day: runs of days in which no lever changes.
    mapping
        The effects per kind of lever: on conversion, duration, arrivals, amount and response. Those that come of
        other levers follow those that act on a parameter by themselves.
    """
    timed = [(placed.place, placed.lever) for placed in levers if isinstance(placed.lever, _ON_PARAMETERS)]
    weights = np.array([frame.weight(lever) for _, lever in timed] + [acting.weight for acting in derived])
    weights = weights.reshape(len(timed) + len(derived), frame.days.n_days)
    changes = np.any(np.diff(weights, axis=1) != 0, axis=0)
    epoch_of_day = np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)
    first_day = np.searchsorted(epoch_of_day, np.arange(epoch_of_day[-1] + 1))
    by_kind: dict[type[TimedLever], Effects] = {}
    for kind in (*_ON_PARAMETERS, ResponseLever):
        chosen = [i for i, (_, lever) in enumerate(timed) if isinstance(lever, kind)]
        by_kind[kind] = _effects(frame, [timed[i] for i in chosen], weights[chosen][:, first_day])
        for i, acting in enumerate(derived, start=len(timed)):
            if acting.kind is kind:
                by_kind[kind] = _and_one(
                    by_kind[kind], acting.operation, acting.stage, acting.segments, weights[i, first_day], acting.value
                )
    return epoch_of_day, by_kind


def with_conversion(plan: Plan, stage: str, segments: NDArray[np.bool_], probability: NDArray[np.float64]) -> Plan:
    """Return a plan in which some segments move forward from a stage with a probability given for each future.

    As a lever that sets it does from the as-of date on, except that the probability need not be the same, or drawn from
    a distribution: it can be that of the draw under which the future is played.

    Parameters
    ----------
    plan
        The plan; its other levers stay.
    stage
        The stage.
    segments : bool, (n_segments,)
        Where.
    probability : float64, (n_futures,)
        What to set.
    """
    before = plan.kernel.on_conversion
    in_full = np.ones(before.weight.shape[1])
    after = _and_one(before, layout.SET, plan.pipeline.stage_code(stage), segments, in_full, probability)
    return replace(plan, kernel=plan.kernel._replace(on_conversion=after))


def _and_one(
    effects: Effects,
    operation: int,
    stage: int,
    segments: NDArray[np.bool_],
    weight: NDArray[np.float64],
    value: NDArray[np.float64],
) -> Effects:
    """Return effects and, after them, one more that names no move and leaves open deals' amounts alone.

    Parameters
    ----------
    effects
        Those there are.
    operation, stage, segments
        As in `Acting`.
    weight : float64, (n_epochs,)
        How far the effect has faded in.
    value : float64, (n_futures,)
        Its size.
    """
    more = Effects(
        operation=np.array([operation], dtype=np.int64),
        stage=np.array([stage], dtype=np.int64),
        slots=np.zeros((1, effects.slots.shape[1]), dtype=bool),
        segments=segments[None],
        on_open=np.zeros(1, dtype=bool),
        weight=weight[None],
        value=value[None],
    )
    return Effects(*(np.concatenate(both) for both in zip(effects, more, strict=True)))


def _effects(frame: LeverFrame, levers: Sequence[tuple[str, TimedLever]], weight: NDArray[np.float64]) -> Effects:
    """Collect the effects of one kind of lever."""
    n = len(levers)
    operations = [operation_of(lever) for _, lever in levers]
    money = [
        float(MINOR_UNITS) if isinstance(lever, AmountLever) and name == "add" else 1.0
        for (_, lever), (name, _) in zip(levers, operations, strict=True)
    ]
    stages = [getattr(lever, "stage", None) for _, lever in levers]
    return Effects(
        operation=np.array([OPERATIONS[name] for name, _ in operations], dtype=np.int64),
        stage=np.array([-1 if stage is None else frame.pipeline.stage_code(stage) for stage in stages], dtype=np.int64),
        slots=np.array([_slots(frame, lever) for _, lever in levers], dtype=bool).reshape(n, frame.n_slots),
        segments=np.array(
            [frame.segments.select(lever.where, f"{place}.where") for place, lever in levers], dtype=bool
        ).reshape(n, len(frame.segments)),
        on_open=np.array([isinstance(lever, AmountLever) and lever.open for _, lever in levers], dtype=bool),
        weight=np.ascontiguousarray(weight),
        value=np.array(
            [
                frame.size(lever, number) * unit
                for (_, lever), (_, number), unit in zip(levers, operations, money, strict=True)
            ]
        ).reshape(n, frame.n_futures),
    )


def _slots(frame: LeverFrame, lever: TimedLever) -> NDArray[np.bool_]:
    """Mark the moves that a lever on durations acts on: the one it names, or all of the stage."""
    slots = np.zeros(frame.n_slots, dtype=bool)
    if isinstance(lever, DurationLever):
        moves = frame.pipeline.moves[frame.pipeline.stage_code(lever.stage)]
        slots[: len(moves)] = [lever.move in (None, move) for move in moves]
    return slots
