"""Since when the amounts of a log are known: the row on which they stand, unless the file or its user says else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simcast.history.deals import AmountKnownFrom
from simcast.history.events import Events, Ints
from simcast.pipeline import Pipeline

_FEWEST_WINS, _FEWEST_OTHERS = 10, 20
_MOST_OF_OTHERS, _LEAST_OF_WINS = 0.05, 0.5
"""Amounts that so few of the deals not won have when they begin, and so many of those won, were entered later."""


def date_amounts(
    events: Events, pipeline: Pipeline, known_from: AmountKnownFrom | None
) -> tuple[Events, tuple[str, ...]]:
    """Move each deal's amounts to the events since which they are known.

    Parameters
    ----------
    events
        In order, as `put_in_order` returns them.
    known_from
        ``"close"``: the last amount belongs to the end of a deal, and to the last stay of one that is open.
        ``"entry"``: the first one was known when the deal began. None: each since its own event, unless hardly any deal
        but those that were won has an amount when it begins: the export has then put the last one on all rows.

    Returns
    -------
    Events
        The same with their amounts moved.
    tuple of str
        What to know of it.
    """
    rounds = _rounds(events, pipeline)
    remarks: tuple[str, ...] = ()
    if known_from is None and (found := _given_away(events, pipeline, rounds)):
        known_from, remarks = "close", (found,)
    if known_from is None or not len(rounds):
        return events, remarks
    known = np.flatnonzero(~np.isnan(events.amount))
    first, last = _first_of_each(rounds), _first_of_each(rounds[::-1])
    last = len(rounds) - 1 - last
    if known_from == "entry":
        _, at = np.unique(rounds[known], return_index=True)
        amount = events.amount.copy()
        amount[first[rounds[known[at]]]] = events.amount[known[at]]
    else:
        amount = np.full(len(rounds), np.nan)
        amount[last[rounds[known]]] = events.amount[known]  # of several the last one stays
    return replace(events, amount=amount), remarks


def _rounds(events: Events, pipeline: Pipeline) -> Ints:
    """Return for each event the number of its round: the way of a deal from its beginning, or a win, to an end."""
    if not len(events.deal):
        return np.zeros(0, dtype=np.int64)
    after_end = np.append(False, events.place[:-1] >= pipeline.n_stages)
    return np.cumsum(~events.continues | after_end) - 1


def _first_of_each(rounds: Ints) -> NDArray[np.intp]:
    """Return where each round's number stands first."""
    return np.unique(rounds, return_index=True)[1]


def _given_away(events: Events, pipeline: Pipeline, rounds: Ints) -> str:
    """Say so where amounts on the first rows of deals tell who will win; empty where they do not."""
    if not len(rounds):
        return ""
    is_won = np.array([kind == "won" for kind in pipeline.kinds])
    outcome = events.place - pipeline.n_stages
    won = np.zeros(rounds[-1] + 1, dtype=bool)
    won[rounds[(outcome >= 0) & is_won[np.maximum(outcome, 0)]]] = True
    first = _first_of_each(rounds)
    has = ~np.isnan(events.amount[first]) & (events.place[first] < pipeline.n_stages)
    n_won, n_others = int(won.sum()), int((~won).sum())
    if n_won < _FEWEST_WINS or n_others < _FEWEST_OTHERS:
        return ""
    of_wins, of_others = has[won].mean(), has[~won].mean()
    if of_wins < _LEAST_OF_WINS or of_others > _MOST_OF_OTHERS:
        return ""
    return (
        f"{of_wins:.0%} of the won deals have an amount from their first row on, {of_others:.0%} of the others:"
        " the amounts were known at the win only, and are taken so (history.amount_known_from: entry if not)"
    )
