"""Which of a file's columns holds what, and which of its words mean which stage or outcome."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.arguments import or_nearest
from simcast.history.dialect import are_counts_of_seconds
from simcast.history.likely_segments import likely_segments
from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.pipeline import Pipeline

STAY_COLUMNS = ("deal", "segment_code", "stage", "entered", "left", "move", "amount", "amount_at_end")
OPEN = "open"
"""The word, in `outcomes`, for deals that have not ended."""
OPEN_CODE = -1

ColumnNames = Mapping[str, str | Mapping[str, str]]


@dataclass(frozen=True)
class Columns:
    """The file's column for each of our names. `log` uses stage and entered, `deals` entered_in, outcome and closed."""

    deal: str
    amount: str | None
    segments: tuple[str, ...]
    stage: str = ""
    entered: str = ""
    outcome: str = ""
    closed: str = ""
    entered_in: tuple[tuple[str, str], ...] = ()
    first_response: tuple[tuple[str, str], ...] = ()
    """Stages, and the columns that tell when deals in them were first contacted."""


def find_columns(
    table: Table,
    pipeline: Pipeline,
    form: str,
    given: ColumnNames | None,
    segments: Sequence[str] | None,
    problems: list[str],
) -> Columns:
    """Find the columns of a ``"log"`` or ``"deals"`` table; where no `segments` are given, those that a log has.

    Names that are not ours, columns that are not there, and parquet columns of a wrong type are added to `problems`.
    """
    names = ("deal", "stage", "entered") if form == "log" else ("deal", "outcome", "closed")
    given = dict(given or {})
    known = {*names, "amount", "entered", "first_response"}
    problems += [
        f"history.columns: {name!r} is not one of {', '.join(sorted(known))}" for name in given if name not in known
    ]
    chosen = {name: _single(given, name, problems) for name in names}
    amount = _single(given, "amount", problems)
    entered_in = _stage_columns(given, table, pipeline, problems) if form == "deals" else ()
    first_response = _response_columns(given, pipeline, problems)
    search = _Search(table, problems)
    n_problems = len(problems)
    for name, column in chosen.items():
        search.check(column, f"history.columns.{name}", "day" if name in {"entered", "closed"} else "word")
    for stage, column in entered_in:
        search.check(column, f"history.columns.entered.{stage}", "day")
    for stage, column in first_response:
        search.check(column, f"history.columns.first_response.{stage}", "wait")
    if len(problems) > n_problems and _looks_like(table, "deals" if form == "log" else "log"):
        other = "a row per deal: history.format: deals" if form == "log" else "a row per event: history.format: log"
        problems.append(f"{table.path}: has the columns of a table with {other}?")
    if "amount" in given or amount in table.cells:
        search.check(amount, "history.columns.amount", "amount")
    if segments is None:
        used = {*chosen.values(), amount, *(column for _, column in first_response), *STAY_COLUMNS}
        segments = likely_segments(table, used, chosen["deal"]) if form == "log" and not problems else ()
    segments = [normalise(name) for name in segments]
    for position, name in enumerate(segments):
        search.check_segment(name, repeated=name in segments[:position])
    return Columns(
        amount=amount if amount in table.cells else None,
        segments=tuple(segments),
        entered_in=entered_in,
        first_response=first_response,
        **chosen,
    )


def _looks_like(table: Table, form: str) -> bool:
    """Return whether a table has the columns that only this format has."""
    return {"log": {"stage", "entered"}, "deals": {"outcome", "closed"}}[form] <= set(table.cells.columns)


def _single(given: ColumnNames, name: str, problems: list[str]) -> str:
    column = given.get(name, name)
    if isinstance(column, str):
        return normalise(column)
    problems.append(f"history.columns.{name}: one column is needed, not {column!r}")
    return name


def _stage_columns(
    given: ColumnNames, table: Table, pipeline: Pipeline, problems: list[str]
) -> tuple[tuple[str, str], ...]:
    """Pair stages with the columns that hold the days on which they were entered."""
    entered = given.get("entered")
    if entered is None:
        beside = [stage for stage in pipeline.stages[len(pipeline.path) :] if normalise(stage) in table.cells]
        return tuple((stage, normalise(stage)) for stage in (*pipeline.path, *beside) if stage not in pipeline.outcomes)
    if isinstance(entered, str):
        if len(pipeline.path) == 1:
            return ((pipeline.path[0], normalise(entered)),)
        problems.append(
            "history.columns.entered: give a column for each stage,"
            f" such as {{{pipeline.path[0]}: {entered}}}, since the pipeline has several"
        )
        return ()
    stages, pairs = _by_stage(entered, "entered", pipeline, problems)
    for column in sorted({column for column in pairs.values() if list(pairs.values()).count(column) > 1}):
        named = " and ".join(repr(stage) for stage, other in pairs.items() if other == column)
        problems.append(f"history.columns.entered: {column!r} is given for {named}; one column dates one stage")
    if not pairs:
        problems.append("history.columns.entered: name at least one stage and its column")
    return tuple((stage, pairs[name]) for name, stage in stages.items() if name in pairs)


def _by_stage(
    given: Mapping[str, str], key: str, pipeline: Pipeline, problems: list[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the stages by their names as compared, and a column for each that is named."""
    pairs = {normalise(stage): normalise(column) for stage, column in given.items()}
    stages = {normalise(stage): stage for stage in pipeline.stages if stage not in pipeline.outcomes}
    problems += [
        f"history.columns.{key}: {stage!r} is not a stage{or_nearest(stage, list(stages))}"
        for stage in pairs
        if stage not in stages
    ]
    return stages, pairs


def _response_columns(given: ColumnNames, pipeline: Pipeline, problems: list[str]) -> tuple[tuple[str, str], ...]:
    """Pair stages with the columns that tell of the first contact; one column alone is of the first stage."""
    told = given.get("first_response")
    if told is None:
        return ()
    if isinstance(told, str):
        return ((pipeline.path[0], normalise(told)),)
    stages, pairs = _by_stage(told, "first_response", pipeline, problems)
    return tuple((stage, pairs[name]) for name, stage in stages.items() if name in pairs)


class _Search:
    """Looks for columns in a table and notes those that cannot be used."""

    def __init__(self, table: Table, problems: list[str]) -> None:
        self.table = table
        self.problems = problems

    def check(self, column: str, setting: str, kind: str) -> None:
        names = list(self.table.cells.columns)
        if column not in names:
            self.problems.append(
                f"{self.table.path}: there is no column {column!r}{or_nearest(column, names)};"
                f" name the file's own column under {setting}"
            )
        elif not _usable(self.table.cells[column], kind):
            self.problems.append(
                f"{self.table.path}: column {column!r} holds {_type_name(self.table.cells[column])}, but"
                f" {_NEEDED[kind]} needed for {setting}; convert the column"
            )

    def check_segment(self, name: str, *, repeated: bool) -> None:
        if repeated:
            self.problems.append(f"history.segments: {name!r} is listed twice")
        elif name in STAY_COLUMNS:
            self.problems.append(f"history.segments: {name!r} is a name that stays use themselves; rename the column")
        else:
            self.check(name, "history.segments", "word")


_NEEDED = {
    "word": "text or whole numbers are",
    "day": "dates without a time zone, or text, are",
    "amount": "numbers or text are",
    "wait": "dates and times without a time zone, numbers (hours), or text are",
}


def _usable(column: pd.Series, kind: str) -> bool:
    """Return whether a column of this type can hold words, days or amounts."""
    dtype: object = column.dtype
    if isinstance(dtype, pd.StringDtype):
        return True
    if kind == "word":
        return isinstance(dtype, pd.Int64Dtype)
    if kind == "day":  # whole numbers may be counts of seconds, and are told apart cell by cell
        whole_or_date = isinstance(dtype, pd.Int64Dtype) or (isinstance(dtype, np.dtype) and dtype.kind == "M")
        return whole_or_date or are_counts_of_seconds(column)
    if kind == "wait" and isinstance(dtype, np.dtype) and dtype.kind == "M":
        return True
    return isinstance(dtype, pd.Int64Dtype) or (isinstance(dtype, np.dtype) and dtype.kind == "f")


def _type_name(column: pd.Series) -> str:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return (
            f"datetimes in the time zone {column.dtype.tz} (days are local calendar days: name the zone whose days are"
            " meant under history.time_zone)"
        )
    held = column.dropna()
    is_object = column.dtype == np.dtype("object") and held.size
    return f"values of type {type(held.iloc[0]).__name__ if is_object else column.dtype}"


class Words:
    """The meaning of the words in a file's stage or outcome column.

    Parameters
    ----------
    pipeline
        Its stages and outcomes are words as they are.
    outcomes
        The file's words -> our stages and outcomes, or ``"open"`` (for the deals format).
    problems
        Words mapped to a name that is neither are added to it.
    """

    def __init__(
        self, pipeline: Pipeline, outcomes: Mapping[str, str] | None, problems: list[str], *, may_be_open: bool
    ) -> None:
        stages = [name for name in pipeline.stages if name not in pipeline.outcomes]
        self._meaning = {name: pipeline.destination_code(name) for name in (*stages, *pipeline.outcomes)}
        self.known = tuple(self._meaning)
        self._meaning = {normalise(name): code for name, code in self._meaning.items()}
        targets = dict(self._meaning)
        if may_be_open:
            targets.setdefault(OPEN, OPEN_CODE)
            self._meaning.setdefault(OPEN, OPEN_CODE)
        for word, name in (outcomes or {}).items():
            if normalise(name) in targets:
                self._meaning[normalise(word)] = targets[normalise(name)]
            else:
                problems.append(f"history.outcomes.{word}: {name!r} is not a name{or_nearest(name, list(targets))}")

    def read(self, codes: NDArray[np.int64], words: Sequence[str]) -> tuple[NDArray[np.int64], dict[int, str]]:
        """Turn coded words (-1 where empty) into destination codes (`OPEN_CODE` where empty or open).

        Returns
        -------
        int64, (n_rows,)
            `OPEN_CODE` also where the word is not known.
        dict
            The rule broken, by row, where it is not.
        """
        meaning = np.array([self._meaning.get(word, OPEN_CODE) for word in words] + [OPEN_CODE], dtype=np.int64)
        unknown = np.array([word not in self._meaning for word in words] + [False], dtype=bool)
        rules = [self._rule(word) if bad else "" for word, bad in zip(words, unknown[:-1], strict=True)]
        return meaning[codes], {int(row): rules[codes[row]] for row in np.flatnonzero(unknown[codes])}

    def _rule(self, word: str) -> str:
        folded = {option.casefold(): option for option in (*reversed(list(self._meaning)), *reversed(self.known))}
        near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
        if not near:
            return (
                f"is neither a stage nor an outcome (known: {', '.join(self._meaning)});"
                f" say what it means under history.outcomes: {{{yaml_text(word)}: ...}}"
            )
        name = folded[near[0]]
        return (
            f"is neither a stage nor an outcome; did you mean {name!r}?"
            f" Correct it, or map it under history.outcomes: {{{yaml_text(word)}: {yaml_text(name)}}}"
        )


def yaml_text(word: str) -> str:
    """Return a word as it can stand in a YAML mapping, quoted where it must be.

    Examples
    --------
    >>> yaml_text("звонок"), yaml_text("no: 1")
    ('звонок', '"no: 1"')
    """
    plain = re.fullmatch(r"[^\W\d][\w -]*", word) and word.casefold() not in {"true", "false", "null"}
    return word if plain else json.dumps(word, ensure_ascii=False)
