"""Rounds: the ways of deals from their beginning, or from a win after which they go on, to an end or to today."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.history.events import Events, Ints
from simcast.pipeline import Pipeline

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def rounds_of(events: Events, pipeline: Pipeline) -> Ints:
    """Return for each event the number of its round, from 0 on."""
    if not len(events.deal):
        return np.zeros(0, dtype=np.int64)
    after_end = np.append(False, events.place[:-1] >= pipeline.n_stages)
    return np.cumsum(~events.continues | after_end) - 1


def first_of_each(rounds: Ints) -> NDArray[np.intp]:
    """Return where each round's number stands first."""
    return np.unique(rounds, return_index=True)[1]


def last_of_each(rounds: Ints) -> NDArray[np.intp]:
    """Return where each round's number stands last."""
    return len(rounds) - 1 - first_of_each(rounds[::-1])


def is_win(events: Events, pipeline: Pipeline) -> Bools:
    """Return whether each event is a win."""
    wins = np.array([False] * pipeline.n_stages + [kind == "won" for kind in pipeline.kinds] + [False])
    return wins[events.place]


def won_rounds(events: Events, pipeline: Pipeline, rounds: Ints) -> Bools:
    """Return whether each round ended in a win."""
    won = np.zeros(rounds[-1] + 1 if len(rounds) else 0, dtype=bool)
    won[rounds[is_win(events, pipeline)]] = True
    return won


def last_amounts(events: Events, rounds: Ints, n_rounds: int | None = None) -> Floats:
    """Return the last amount of each round (of `n_rounds`, or all), whatever its row; NaN where there is none."""
    n_found = n_rounds if n_rounds is not None else rounds[-1] + 1 if len(rounds) else 0
    found = np.full(n_found, np.nan)
    known = ~np.isnan(events.amount)
    found[rounds[known]] = events.amount[known]  # of several the last one stays
    return found
