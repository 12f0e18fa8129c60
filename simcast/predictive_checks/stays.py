"""The stays of one stage as a replicate sees them: when each began, how long it is in sight, and how it really went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.days import day_number, day_numbers, quarter_of
from simcast.errors import FitError
from simcast.history import History, latest_amounts
from simcast.posterior import Posterior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_STAYS = 20_000
"""More stays of a stage than this are sampled: a check of so many sees every difference that matters."""

OPEN = -1
"""Stands for the move of a stay that has not ended."""


@dataclass(frozen=True)
class CheckedStays:
    """The stays of one stage that are in the file, or a sample of them.

    Parameters
    ----------
    stage
        The stage.
    moves
        The names of its moves, forward first.
    as_of
        The first day not known, since 1970-01-01.
    n_all
        How many stays there are; more than are here when they were sampled.
    segment : int64, (n_stays,)
        Segment codes of the posterior.
    cell : int64, (n_stays,)
        Which of the stage's parameters it has: those of its segment, or where parameters drift, of its segment and
        the quarter in which it began.
    entered : int64, (n_stays,)
        The day of entry, since 1970-01-01.
    quarters_back : int64, (n_stays,)
        How many calendar quarters before the latest stay of the stage it began.
    at_least_days : int64, (n_stays,)
        A stay shorter than this would not be in the file (left truncation); 0 for most.
    log_amount : float64, (n_stays,)
        The logarithm of the deal's amount over the centre of amounts; 0 where it is not known or has no effect.
    move : int64, (n_stays,)
        The position in `moves` of how it ended; `OPEN` while it has not.
    days : int64, (n_stays,)
        Whole days from its entry to its end; to the first day not known while it is open.
    """

    stage: str
    moves: tuple[str, ...]
    as_of: int
    n_all: int
    segment: Ints
    cell: Ints
    entered: Ints
    quarters_back: Ints
    at_least_days: Ints
    log_amount: Floats
    move: Ints
    days: Ints

    def __len__(self) -> int:
        return int(self.entered.size)

    @property
    def seen_days(self) -> Ints:
        """The whole days from entry to the first day not known: int64, (n_stays,). Longer stays are open."""
        return self.as_of - self.entered


def stays_by_stage(posterior: Posterior, history: History, generator: np.random.Generator) -> Iterator[CheckedStays]:
    """Yield the stays of each stage in which any began.

    Raises
    ------
    FitError
        When the history has a segment or a move that the posterior does not know.
    """
    stays = history.stays
    as_of = day_number(history.recorded_until)
    recorded_from = first_day_on_record(posterior)
    open_ = stays["left"].isna().to_numpy()
    entered = day_numbers(stays["entered"].to_numpy())
    left = np.where(open_, as_of, day_numbers(stays["left"].to_numpy()))
    at_least = np.zeros_like(entered) if recorded_from is None else np.maximum(recorded_from - entered, 0)
    on_record = (left - entered >= at_least) & (entered < as_of)
    stage = stays["stage"].to_numpy(dtype=object)
    segment = segment_codes(posterior, history)
    log_amount = _log_amounts(posterior, history)
    move = stays["move"].to_numpy(dtype=object)
    quarter = quarter_of(entered)
    for code, name in enumerate(posterior.pipeline.stages):
        rows = np.flatnonzero(on_record & (stage == name))
        if not rows.size:
            continue
        chosen = rows if rows.size <= MOST_STAYS else np.sort(generator.choice(rows, MOST_STAYS, replace=False))
        moves = posterior.pipeline.moves[code]
        yield CheckedStays(
            stage=name,
            moves=moves,
            as_of=as_of,
            n_all=rows.size,
            segment=segment[chosen],
            cell=segment[chosen],
            entered=entered[chosen],
            quarters_back=int(np.max(quarter[rows])) - quarter[chosen],
            at_least_days=at_least[chosen],
            log_amount=log_amount[chosen],
            move=_move_codes(name, moves, move[chosen], open_[chosen]),
            days=(left - entered)[chosen],
        )


def first_day_on_record(posterior: Posterior) -> int | None:
    """Return the first day from which ends of stays are on record, since 1970-01-01; None when all are."""
    text = posterior.draws.attrs.get("recorded_from", "")
    return day_number(np.datetime64(str(text), "D")) if text else None


def segment_codes(posterior: Posterior, history: History) -> Ints:
    """Return the posterior's segment code of each stay.

    Raises
    ------
    FitError
        When the posterior does not know a segment of the history.
    """
    known = {value: code for code, value in enumerate(posterior.segments.values)}
    if history.segments.columns != posterior.segments.columns:
        raise FitError(
            f"the posterior is by {', '.join(posterior.segments.columns) or 'no segment'}, "
            f"the history by {', '.join(history.segments.columns) or 'no segment'}; fit this history again"
        )
    missing = [
        label
        for label, value in zip(history.segments.labels, history.segments.values, strict=True)
        if value not in known
    ]
    if missing:
        raise FitError(
            [f"the posterior does not know the segment {label!r}; fit this history again" for label in missing]
        )
    translated = np.array([known[value] for value in history.segments.values], dtype=np.int64)
    codes: Ints = translated[history.stays["segment_code"].to_numpy(dtype=np.int64)]
    return codes


def _log_amounts(posterior: Posterior, history: History) -> Floats:
    """Return log(amount / centre) of each stay's deal as known on entry; 0 where amounts say nothing of moves."""
    stays = history.stays
    if "amount_slope" not in posterior.draws:
        return np.zeros(len(stays))
    amount = latest_amounts(stays).to_numpy(dtype=np.float64)
    known = amount > 0
    centred = np.zeros(amount.size)
    centred[known] = np.log(amount[known] / float(posterior.draws.attrs["amount_centre"]))
    return centred


def _move_codes(stage: str, moves: tuple[str, ...], names: NDArray[np.object_], open_: Bools) -> Ints:
    """Return the position of each move among its stage's; `OPEN` for stays that have not ended."""
    positions = {name: position for position, name in enumerate(moves)}
    unknown = sorted({str(name) for name in names[~open_] if name not in positions})
    if unknown:
        raise FitError(
            [
                f"the history moves from {stage!r} to {name!r}, which the posterior does not know; fit it again"
                for name in unknown
            ]
        )
    return np.array(
        [OPEN if waits else positions[name] for name, waits in zip(names, open_, strict=True)], dtype=np.int64
    )
