"""The amounts of a file as they count: without placeholders, and on the days since which they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from simcast.history.asked_and_won import won_over_asked
from simcast.history.deals import AmountKnownFrom
from simcast.history.events import Events, Ints
from simcast.history.placeholders import Placeholder, find_placeholder
from simcast.history.rounds import first_of_each, last_amounts, last_of_each, rounds_of, won_rounds
from simcast.pipeline import Pipeline
from simcast.writing import agreed, counted

_FEWEST_WINS, _FEWEST_OTHERS = 10, 20
_MOST_OF_OTHERS, _LEAST_OF_WINS = 0.05, 0.5
"""Amounts that so few of the deals not won have when they begin, and so many of those won, were entered later."""

PlaceholderAmounts: TypeAlias = Literal["auto"] | Sequence[float]


class Settled(NamedTuple):
    """Events with their amounts as they count; remarks tell how they were understood, caveats what may mislead."""

    events: Events
    remarks: tuple[str, ...]
    caveats: tuple[str, ...]


def settle_amounts(
    events: Events,
    pipeline: Pipeline,
    form: str,
    known_from: AmountKnownFrom | None,
    placeholders: PlaceholderAmounts,
) -> Settled:
    """Leave out amounts that are none, and move the others to the events since which they are known.

    Parameters
    ----------
    events
        In order, as `put_in_order` returns them.
    form
        ``"log"`` or ``"deals"``.
    known_from
        What is said of it. Where placeholders are found, amounts were set later than at the entry, whatever is said.
    placeholders
        Amounts that are none; ``"auto"``: they are found.
    """
    if placeholders != "auto":
        events = _without(events, placeholders)
        found: list[Placeholder] = []
    else:
        events, found = _find_and_leave_out(events, pipeline)
    late = ", and amounts are taken as known at the close" if found and known_from == "entry" else ""
    caveats = tuple(
        f"{one.words(f'{one.value:,.12g}')}, taken as unknown{late} (history.placeholder_amounts: [] if it is none)"
        for one in found
    )
    if form == "log" and (text := won_over_asked(events, pipeline)):
        caveats = (*caveats, text)
    if late:
        known_from = "close"
    if form == "log" or late:
        events, remarks = _date_amounts(events, pipeline, known_from)
    else:
        remarks = () if known_from == "entry" else _of_open_deals(events, pipeline)
    return Settled(events, remarks, caveats)


def _without(events: Events, amounts: Sequence[float]) -> Events:
    """Return the events without some amounts."""
    return replace(events, amount=np.where(np.isin(events.amount, list(amounts)), np.nan, events.amount))


def _find_and_leave_out(events: Events, pipeline: Pipeline) -> tuple[Events, list[Placeholder]]:
    """Leave out placeholders, one after another, the most frequent first."""
    found: list[Placeholder] = []
    rounds = rounds_of(events, pipeline)
    won = won_rounds(events, pipeline, rounds)
    while True:
        amounts = last_amounts(events, rounds)
        known = ~np.isnan(amounts)
        one = find_placeholder(amounts[known], won[known])
        if one is None:
            return events, found
        events = _without(events, [one.value])
        found.append(one)


def _date_amounts(
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


def _of_open_deals(events: Events, pipeline: Pipeline) -> tuple[str, ...]:
    """Say so where open deals of a table have amounts too: a forecast of the past would know them of those alone."""
    rounds = rounds_of(events, pipeline)
    known = ~np.isnan(last_amounts(events, rounds))
    ended = events.place[last_of_each(rounds)] >= pipeline.n_stages
    if not (known & ~ended).any() or not (known & ended).any():
        return ()
    n_known = int((known & ~ended).sum())
    text = (
        f"{counted(n_known, 'open deal')} {agreed(n_known, 'has an amount', 'have amounts')}, as ended ones do:"
        " where amounts are known from the"
        " beginning on, set history.amount_known_from: entry; else forecasts of the past know those of deals that"
        " stayed open, and of no others"
    )
    return (text,)
