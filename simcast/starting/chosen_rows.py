"""Which rows of a user's own file are read: those of one pipeline, and of a list of changes those of the stage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pandas as pd

from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column, look_at
from simcast.starting.said import Said

_MOST_PIPELINES = 12
_MOST_STAGES = 40


@dataclass(frozen=True)
class ChosenRows:
    """The rows that are read.

    Parameters
    ----------
    table
        They alone.
    columns
        What its columns look like.
    where
        Columns, and the values that rows have in them (history.where).
    stage
        The column of stages where the table lists changes of any field; empty where it does not.
    """

    table: Table
    columns: list[Column]
    where: dict[str, str | list[str]] = field(default_factory=dict)
    stage: str = ""


def choose_rows(table: Table, columns: list[Column], said: Said, unsure: list[str]) -> ChosenRows:
    """Choose the largest of several pipelines, and of a list of changes those of the stage."""
    chosen = ChosenRows(table, columns)
    named = set(said.columns.values())
    for column in columns:
        if words.PIPELINE.fullmatch(column.key) and 1 < column.n_words <= _MOST_PIPELINES and column.name not in named:
            largest = str(_texts(table, column)[lambda text: text != ""].value_counts().index[0])
            unsure.append(
                f"{column.name!r} names {column.n_words} pipelines ({', '.join(column.words)}): the largest,"
                f" {largest!r}, is read (history.where)"
            )
            chosen = _kept(chosen, column, [largest])
    if {"stage", "outcome", "closed"}.isdisjoint(said.columns):
        chosen = _changes_of_stage(chosen, unsure)
    return chosen


def _changes_of_stage(chosen: ChosenRows, unsure: list[str]) -> ChosenRows:
    """Choose the rows that tell of stages where rows are changes of any field: its name, and its new value."""
    value = next((column for column in chosen.columns if words.NEW_VALUE.search(column.key)), None)
    for column in chosen.columns:
        if value is None or not words.FIELD.fullmatch(column.key) or column.is_date or column.is_number:
            continue
        told = {
            word: set(_texts(chosen.table, value)[_texts(chosen.table, column) == word]) - {""}
            for word in column.words
            if words.STAGE_FIELD.search(words.plain(word))
        }
        told = {word: values for word, values in told.items() if 1 < len(values) <= _MOST_STAGES}
        if not told:
            continue
        stage = max(told, key=lambda word: (bool(words.STAGE_NAME.search(words.plain(word))), len(told[word])))
        fields = [stage, *(word for word in told if word != stage and _adds_ends(told[stage], told[word]))]
        fields += _tells_of_beginnings(chosen, column, value, stage)
        shown = " and ".join(map(repr, fields))
        unsure.append(
            f"rows are changes of fields: those of {shown} in {column.name!r} are read, and {value.name!r} is taken as"
            " the stage that a deal enters (history.where, history.columns.stage)"
        )
        return _kept(chosen, column, fields, stage=value.name)
    return chosen


def _tells_of_beginnings(chosen: ChosenRows, field: Column, value: Column, stage: str) -> list[str]:
    """Return the names under which rows tell of new deals with the stage that they begin in."""
    fields, values = _texts(chosen.table, field), _texts(chosen.table, value)
    before = [column for column in chosen.columns if words.OLD_STAGE.search(column.key)]
    known = {text for column in (value, *before) for text in _texts(chosen.table, column)[fields == stage]} - {""}
    told = {word: set(values[fields == word]) for word in field.words if words.BEGUN.search(words.plain(word))}
    return [word for word, found in told.items() if word != stage and found and found <= known]


def _adds_ends(stages: Collection[str], others: Collection[str]) -> bool:
    """Return whether another field tells of ends, and the one of stages does not."""
    ends = {"won", "lost"}
    return not ends & set(words.meanings(stages).values()) and bool(ends & set(words.meanings(others).values()))


def _kept(chosen: ChosenRows, column: Column, values: Sequence[str], stage: str = "") -> ChosenRows:
    table = chosen.table.keep(_texts(chosen.table, column).isin(values).to_numpy(dtype=bool))
    where: dict[str, str | list[str]] = {**chosen.where, column.name: values[0] if len(values) == 1 else list(values)}
    return ChosenRows(table, look_at(table), where, stage)


def _texts(table: Table, column: Column) -> pd.Series:
    return table.cells[column.name].astype("str").map(normalise)
