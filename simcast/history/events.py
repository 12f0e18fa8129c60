"""From dated events to stays: order within a deal, the check of its path, and the stays that follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.history.columns import yaml_text
from simcast.history.faults import Faults
from simcast.history.parsing import NO_DAY
from simcast.pipeline import Pipeline

Ints = NDArray[np.int64]

FINE, BEGINS_WITH_OUTCOME, REPEATS, FOLLOWS_OUTCOME, NO_SUCH_MOVE = range(5)
"""What may be wrong with an event, given the one before it in its deal."""


@dataclass(frozen=True)
class Events:
    """Entries into stages and outcomes, one entry per event.

    Parameters
    ----------
    row : int64, (n_events,)
        The row of the table that holds it.
    deal : int64, (n_events,)
        The code of the deal.
    place : int64, (n_events,)
        The code of the destination (see `Pipeline.destination_code`).
    day : int64, (n_events,)
        Days since 1970.
    second : int64, (n_events,)
        Seconds of the day, 0 where the file has none.
    amount : float64, (n_events,)
        The amount recorded with the event; NaN where there is none.
    column : int64, (n_events,)
        Which of `columns` the event comes from, for errors.
    columns
        Names of columns of the file.
    """

    row: Ints
    deal: Ints
    place: Ints
    day: Ints
    second: Ints
    amount: NDArray[np.float64]
    column: Ints
    columns: tuple[str, ...]

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Events:
        """Return the chosen events, in the order given."""
        return self._with(getattr(self, name)[chosen] for name in _ARRAYS)

    def join(self, other: Events) -> Events:
        """Return these events followed by others of the same table."""
        return self._with(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _ARRAYS)

    def _with(self, arrays: Iterable[NDArray[Any]]) -> Events:
        # No key is `columns`, the one field of another type.
        return replace(self, **dict(zip(_ARRAYS, arrays, strict=True)))  # type: ignore[arg-type]

    @property
    def continues(self) -> NDArray[np.bool_]:
        """Return whether the event before each one belongs to the same deal."""
        return np.append(False, self.deal[1:] == self.deal[:-1]) if len(self.deal) else np.zeros(0, dtype=bool)


_ARRAYS = ("row", "deal", "place", "day", "second", "amount", "column")


@dataclass(frozen=True)
class Stays:
    """Stays as codes, in the order of their events; `left` is `NO_DAY` and `move` -1 while they are open."""

    deal: Ints
    stage: Ints
    entered: Ints
    left: Ints
    move: Ints
    amount: NDArray[np.float64]
    amount_at_end: NDArray[np.float64]


def put_in_order(events: Events, pipeline: Pipeline, faults: Faults) -> Events:
    """Sort events by deal and time, and report those that the pipeline does not allow.

    Events of one day keep their times or the order of the file; a deal whose path is not possible in this
    order, but is when the events of a day follow the pipeline, takes the latter.
    """
    ordered = events.take(np.lexsort((events.row, events.second, events.day, events.deal)))
    wrong = find_wrong_steps(ordered, pipeline)
    if not wrong.any():
        return ordered
    doubtful = np.isin(events.deal, ordered.deal[wrong != FINE])
    tried = events.take(doubtful)
    tried = tried.take(np.lexsort((tried.row, tried.place, tried.day, tried.deal)))
    still_wrong = tried.deal[find_wrong_steps(tried, pipeline) != FINE]
    mended = np.isin(tried.deal, still_wrong, invert=True)
    kept = np.isin(ordered.deal, tried.deal[mended], invert=True)
    _report(ordered.take(kept), wrong[kept], pipeline, faults)
    both = ordered.take(kept).join(tried.take(mended))
    return both.take(np.argsort(both.deal, kind="stable"))


def find_repeats(events: Events, repeats: str) -> NDArray[np.bool_]:
    """Return which events do not count.

    Parameters
    ----------
    events
        In any order.
    repeats
        ``stay``: all count. ``join``: not those that repeat the stage in which the deal is. ``first``: not those that
        repeat any stage in which it was.
    """
    by_time = (events.row, events.second, events.day)
    order = np.lexsort((*by_time, events.place, events.deal) if repeats == "first" else (*by_time, events.deal))
    deal, place = events.deal[order], events.place[order]
    again = np.zeros(len(order), dtype=bool)
    if repeats != "stay":
        again[order[1:]] = (deal[1:] == deal[:-1]) & (place[1:] == place[:-1])
    return again


def find_wrong_steps(events: Events, pipeline: Pipeline) -> Ints:
    """Return what is wrong with each event, given the one before it in its deal: a code per event, `FINE` if right."""
    stage_of = _stage_of_place(pipeline)
    allowed = np.zeros((pipeline.n_stages, len(stage_of)), dtype=bool)
    for stage, moves in enumerate(pipeline.moves):
        allowed[stage, [pipeline.destination_code(name) for name in moves]] = True
    before = np.roll(events.place, 1)
    came_from = stage_of[before]
    return np.select(
        [
            ~events.continues & (stage_of[events.place] < 0),
            ~events.continues,
            events.place == before,
            came_from < 0,
            ~allowed[came_from, events.place],
        ],
        [BEGINS_WITH_OUTCOME, FINE, REPEATS, FOLLOWS_OUTCOME, NO_SUCH_MOVE],
        default=FINE,
    ).astype(np.int64)


def _stage_of_place(pipeline: Pipeline) -> Ints:
    """Return the stage in which a deal stays after each destination; -1 after an outcome that ends it."""
    after_outcomes = [pipeline.stage_code(name) if pipeline.renews(name) else -1 for name in pipeline.outcomes]
    return np.array([*range(pipeline.n_stages), *after_outcomes], dtype=np.int64)


def _report(events: Events, wrong: Ints, pipeline: Pipeline, faults: Faults) -> None:
    for position in map(int, np.flatnonzero(wrong)):
        before = "" if wrong[position] == BEGINS_WITH_OUTCOME else _named(events, position - 1, pipeline)
        column = events.columns[events.column[position]]
        name = place_name(pipeline, int(events.place[position]))
        previous = place_name(pipeline, int(events.place[position - 1]))
        faults.add(column, {int(events.row[position]): _rule(int(wrong[position]), before, previous, name, pipeline)})


def _named(events: Events, position: int, pipeline: Pipeline) -> str:
    day = np.datetime64(int(events.day[position]), "D")
    return f"{place_name(pipeline, int(events.place[position]))!r} ({day})"


def _rule(wrong: int, before: str, previous: str, name: str, pipeline: Pipeline) -> str:
    if wrong == BEGINS_WITH_OUTCOME:
        return f"the deal begins with the outcome {name!r}; add a row for the stage that it was in before"
    if wrong == REPEATS:
        return f"{name!r} follows {before}, where the deal was already; a stay is one row: remove one of them"
    if wrong == FOLLOWS_OUTCOME and pipeline.kinds[pipeline.outcomes.index(previous)] == "lost":
        return (
            f"{name!r} follows {before}, which ends the deal; correct the rows,"
            " or let deals that come back wait in a stage of their own"
        )
    line = f"- {{from: {yaml_text(previous)}, to: {yaml_text(name)}}}"
    return f"{name!r} after {before} is not a move of the pipeline; correct it, or add under pipeline.moves: {line}"


def place_name(pipeline: Pipeline, place: int) -> str:
    """Return the name of a destination code, as the file would write it."""
    return pipeline.stages[place] if place < pipeline.n_stages else pipeline.outcomes[place - pipeline.n_stages]


def to_stays(events: Events, pipeline: Pipeline) -> Stays:
    """Turn ordered events of possible paths into stays.

    The amount at the end of a stay that an outcome ended is the one recorded with the outcome, or else the
    last one recorded before.
    """
    stage = _stage_of_place(pipeline)[events.place]
    ended = np.append(events.continues[1:], False) if len(events.deal) else np.zeros(0, dtype=bool)
    next_place = np.where(ended, np.roll(events.place, -1), -1)
    next_amount = np.where(next_place >= pipeline.n_stages, np.roll(_last_known(events), -1), np.nan)
    stays = stage >= 0
    return Stays(
        deal=events.deal[stays],
        stage=stage[stays],
        entered=events.day[stays],
        left=np.where(ended, np.roll(events.day, -1), NO_DAY)[stays],
        move=next_place[stays],
        amount=events.amount[stays],
        amount_at_end=next_amount[stays],
    )


def _last_known(events: Events) -> NDArray[np.float64]:
    """Carry each deal's amounts forward over the events without one."""
    position = np.arange(len(events.amount))
    begins = np.maximum.accumulate(np.where(events.continues, 0, position))
    latest = np.maximum.accumulate(np.where(np.isnan(events.amount), 0, position))
    return events.amount[np.maximum(latest, begins)]


@dataclass(frozen=True)
class Content:
    """What a file says, deal by deal, before its paths are checked.

    Parameters
    ----------
    deals
        The ids by deal code, sorted.
    row_deal : int64, (n_rows,)
        The deal that each row of the table belongs to; -1 where its id is empty.
    events
        All events; those in rows with faults are not to be used.
    segments
        For each segment column, the value of each deal.
    late_segments
        Values that were not there from a deal's first day: deal code, column, day since 1970 on which they came.
    close_dates_ignored
        Dates of closing of deals that are open (expected dates, then).
    remarks
        What to know of how it was understood.
    """

    deals: list[str]
    row_deal: Ints
    events: Events
    segments: dict[str, NDArray[np.object_]]
    late_segments: list[tuple[int, str, int]]
    close_dates_ignored: int = 0
    remarks: tuple[str, ...] = ()
