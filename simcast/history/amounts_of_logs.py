"""Since when the amounts of a log are known: the row on which they stand, unless the file or its user says else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simcast.history.deals import AmountKnownFrom
from simcast.history.events import Events, Ints
from simcast.history.rounds import first_of_each, last_amounts, last_of_each, rounds_of, won_rounds
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
    rounds = rounds_of(events, pipeline)
    remarks: tuple[str, ...] = ()
    if known_from is None and (found := _given_away(events, pipeline, rounds)):
        known_from, remarks = "close", (found,)
    if known_from is None or not len(rounds):
        return events, remarks
    if known_from == "entry":
        known = np.flatnonzero(~np.isnan(events.amount))
        earliest = known[first_of_each(rounds[known])]
        amount = events.amount.copy()
        amount[first_of_each(rounds)[rounds[earliest]]] = events.amount[earliest]
    else:
        amount = np.full(len(rounds), np.nan)
        amount[last_of_each(rounds)] = last_amounts(events, rounds)
    return replace(events, amount=amount), remarks


def _given_away(events: Events, pipeline: Pipeline, rounds: Ints) -> str:
    """Say so where amounts on the first rows of deals tell who will win; empty where they do not."""
    if not len(rounds):
        return ""
    won = won_rounds(events, pipeline, rounds)
    first = first_of_each(rounds)
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
