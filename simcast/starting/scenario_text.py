"""The text of a proposed scenario: every choice with the reason for it, and what else could stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from simcast.history.sources import Source
from simcast.pipeline import WON, Pipeline
from simcast.zones import OFFSET

_WIDTH = 110
_SMALL_CONVERSION = 0.2
"""Of less, five points more are too much to try."""
_COMMENTS = 42
"""The column in which comments begin."""


@dataclass(frozen=True)
class Content:
    """What a proposed scenario says.

    Parameters
    ----------
    title
        What the deals are called.
    path
        The history, relative to the scenario.
    source
        How it is read.
    pipeline, moves
        The stages, and the moves beyond forward and lost.
    segments, other_segments
        Columns proposed, and further ones that could be.
    has_amount, amount_known_from, on_bad_rows, repeats
        See `simcast.scenario.HistorySettings`.
    as_of, quarter_back
        Where the forecast stands, and where it could stand to be compared with what happened.
    unsure
        What the user should look at.
    conversion
        A stage whose conversion could rise, and about what it is.
    promise
        A stage, and the hours within which its deals could be answered.
    """

    title: str
    path: str
    source: Source
    pipeline: Pipeline
    moves: Sequence[tuple[str, str]]
    segments: tuple[str, ...]
    other_segments: tuple[str, ...]
    has_amount: bool
    amount_known_from: str
    on_bad_rows: str
    as_of: date
    quarter_back: date | None
    unsure: tuple[str, ...]
    conversion: tuple[str, float]
    promise: tuple[str, int] | None = None
    repeats: str = "stay"


def scenario_text(content: Content) -> str:
    """Return the YAML of a proposed scenario."""
    return "\n".join([*_opening(content), *_pipeline(content), *_history(content), *_asked(content)]) + "\n"


def _opening(content: Content) -> Iterator[str]:
    yield "# yaml-language-server: $schema=scenario.schema.json"
    yield "#"
    yield f"# How much will be won in the quarter from {content.as_of} on?"
    yield "#"
    yield "#   simcast check scenario.yaml        is everything in order?"
    yield "#   simcast run scenario.yaml --quick  a first look"
    yield "#   simcast run scenario.yaml          the forecast to rely on"
    if content.unsure:
        yield "#"
        yield "# Proposed by simcast init. It was not sure of the following; look at it first:"
        for text in content.unsure:
            yield from _wrapped(f"- {text}")
    yield ""
    yield "simcast: 1"
    yield f"name: {quoted(content.title)}"
    yield "question: What will the next quarter bring?"
    yield ""


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split():
        if len(line) + len(word) >= _WIDTH:
            yield f"# {line}"
            line = "  "
        line = f"{line} {word}" if line.strip() else line + word
    yield f"# {line}"


def _pipeline(content: Content) -> Iterator[str]:
    path = content.pipeline.path
    yield "# The stages in the order in which deals usually enter them; from each a deal moves on, or is lost."
    yield "pipeline:"
    yield f"  stages: [{', '.join(map(quoted, path))}]"
    if content.moves:
        yield "  moves:                                  # other moves that deals make"
        for start, end in content.moves:
            yield f"    - {{from: {quoted(start)}, to: {end if end == WON else quoted(end)}}}"
    yield ""


def _history(content: Content) -> Iterator[str]:
    source = content.source
    yield "history:"
    yield f"  path: {quoted(content.path)}"
    if source.query:
        yield f"  query: {quoted(source.query)}"
    yield f"  format: {source.format}"
    dialect = source.dialect
    for name in ("encoding", "delimiter", "dates", "decimal", "time_zone"):
        if value := getattr(dialect, name):
            about = _about_zone(name, value)
            yield f"  {name}: {quoted(value)}".ljust(_COMMENTS if about else 0) + about
    yield from _mapping("where", source.where, "only these rows are read")
    yield from _mapping("columns", source.columns, "the file's columns for ours")
    yield from _mapping("outcomes", source.outcomes, "the file's words for ours")
    segments = f"  segments: [{', '.join(map(quoted, content.segments))}]"
    others = f"  # could also be: {', '.join(content.other_segments)}" if content.other_segments else ""
    yield segments + (others or ("" if content.segments else "  # columns by which deals behave differently"))
    if content.amount_known_from == "entry":
        yield "  amount_known_from: entry                # open deals have amounts too"
    if content.repeats != "stay":
        first = "the first row of a deal in a stage counts, later ones do not"
        about = first if content.repeats == "first" else "rows that follow one of the same stage are part of its stay"
        yield f"  repeats: {content.repeats}".ljust(_COMMENTS) + f"# {about}"
    if content.on_bad_rows == "quarantine":
        yield "  on_bad_rows: quarantine                 # deals with bad rows are set aside"
    yield ""
    if not content.has_amount:
        yield "# No amounts are recorded, so wins are forecast; if all deals are worth about the same, say how much:"
        yield "# assume: {amount: 1000}"
        yield ""


def _about_zone(name: str, value: str) -> str:
    """Return the comment that a time zone needs: none where it is a place."""
    if name != "time_zone" or not (value == "UTC" or OFFSET.fullmatch(value)):
        return ""
    written = "in UTC" if value == "UTC" else "with this offset"
    return f"# times are written {written}; or name your zone, such as Europe/Berlin"


def _mapping(name: str, values: Mapping[str, object], about: str) -> Iterator[str]:
    if not values:
        return
    yield f"  {name}:{' ' * max(1, 38 - len(name))}# {about}"
    for ours, theirs in values.items():
        if isinstance(theirs, Mapping):
            yield f"    {quoted(ours)}:"
            for stage, column in theirs.items():
                yield f"      {quoted(str(stage))}: {quoted(str(column))}"
        elif isinstance(theirs, list | tuple):
            yield f"    {quoted(ours)}: [{', '.join(quoted(str(value)) for value in theirs)}]"
        else:
            yield f"    {quoted(ours)}: {quoted(str(theirs))}"


def _asked(content: Content) -> Iterator[str]:
    target = "bookings: 1000000" if content.has_amount else "wins: 100"
    stage, share = content.conversion
    yield "forecast:"
    yield f"  as_of: {content.as_of}                       # the day after the last one in the file"
    if content.quarter_back is not None:
        yield f"  # as_of: {content.quarter_back}                     # a quarter back: see simcast run --actual"
    yield "  horizon: 1 quarter"
    yield "  period: month"
    yield f"  by: [{', '.join(map(quoted, content.segments))}]"
    yield f"  # target: {{{target}}}           # its probability is shown"
    yield ""
    yield "simulation: {futures: 4000, seed: 1}"
    yield ""
    yield "# What might be changed; the baseline, without changes, is always included."
    yield "scenarios:"
    yield "  more-deals:"
    yield "    - {lever: arrivals, multiply: 1.1}"
    yield "  better-conversion:"
    change = "multiply: 1.1" if share < _SMALL_CONVERSION else "add: 0.05"
    yield f"    - {{lever: conversion, stage: {quoted(stage)}, {change}, ramp_days: 30}}"
    if content.promise:
        stage, hours = content.promise
        start = content.as_of + timedelta(days=1)
        yield (
            f"  answer-in-{hours}h:".ljust(_COMMENTS) + "# what waiting does is fitted to the first contacts on record"
        )
        yield f"    - {{lever: response, stage: {quoted(stage)}, within_hours: {hours}, from: {start}}}  # as_of + 1"


def quoted(text: str) -> str:
    """Return text as YAML 1.2 reads it back, in quotes where it must be.

    Examples
    --------
    >>> quoted("Interview 1"), quoted("12"), quoted("a: b"), quoted("Сделка успешна"), quoted("no"), quoted("null")
    ('Interview 1', '"12"', '"a: b"', 'Сделка успешна', '"no"', '"null"')
    """
    plain = re.fullmatch(r"[^\W\d_](?:[\w ./-]*\w)?", text)
    special = text.casefold() in {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
    return text if plain and not special else json.dumps(text, ensure_ascii=False)
