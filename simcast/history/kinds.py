"""The kinds of things that `read_history` takes, checked before anything is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pandas as pd

from simcast.arguments import check_kind, number, shown
from simcast.errors import ArgumentTypeError
from simcast.history.dialect import Dialect
from simcast.pipeline import Pipeline

_OPTIONAL_PATH = (str, Path, type(None))


def check_kinds(path: object, pipeline: object, dialect: object, options: Mapping[str, object]) -> None:
    """Refuse what is another kind of thing than `read_history` takes.

    Parameters
    ----------
    path, pipeline, dialect
        As given.
    options
        ``columns``, ``outcomes``, ``where``, ``segments``, ``placeholder_amounts``, ``format``, ``query``, ``folder``
        and ``rejects``, as given.

    Raises
    ------
    ArgumentTypeError
        With the parameter's name, and how to write what was probably meant.
    """
    of_tables = "; History.of takes a table of stays" if isinstance(path, pd.DataFrame) else ""
    check_kind(path, (str, Path), "path", f"name a file, or the URL of a database{of_tables}")
    check_kind(pipeline, Pipeline, "pipeline", "a scenario has one in .pipeline_definition; Pipeline.define makes one")
    check_kind(dialect, (Dialect, type(None)), "dialect", "such as Dialect(encoding='cp1251')")
    if isinstance(dialect, Dialect):
        for field in fields(dialect):
            check_kind(getattr(dialect, field.name), str, f"dialect.{field.name}")
    for name in ("columns", "outcomes", "where"):
        _check_mapping(options[name], name)
    if options["segments"] is not None:
        _check_texts(options["segments"], "segments")
    if isinstance(amounts := options["placeholder_amounts"], Iterable) and not isinstance(amounts, str):
        for amount in amounts:
            number(amount, "placeholder_amounts")
    elif amounts != "auto":
        raise ArgumentTypeError(f"placeholder_amounts: needs 'auto' or a list of numbers, got {shown(amounts)}")
    check_kind(options["format"], str, "format")
    check_kind(options["query"], (str, type(None)), "query")
    check_kind(options["folder"], _OPTIONAL_PATH, "folder")
    if options["rejects"] is not False:
        check_kind(options["rejects"], _OPTIONAL_PATH, "rejects", "False writes none")


def _check_mapping(given: object, place: str) -> None:
    """Refuse what is no mapping of texts to texts; to lists of them for rows, or mappings for columns."""
    if not isinstance(given, Mapping):
        check_kind(given, (Mapping, type(None)), place, "write {name: value}")
        return
    _check_texts(list(given), place)
    for name, value in given.items():
        if place == "columns" and isinstance(value, Mapping):
            _check_mapping(value, f"{place}.{name}")
        elif place == "where":
            _check_texts(value, f"{place}.{name}")
        else:
            _check_text(value, f"{place}.{name}")


def _check_texts(given: object, place: str) -> None:
    if isinstance(given, Iterator):  # would be used up here
        raise ArgumentTypeError(f"{place}: needs text or a list of it, got {shown(given)}")
    for text in given if isinstance(given, Iterable) and not isinstance(given, str) else [given]:
        _check_text(text, place)


def _check_text(given: object, place: str) -> None:
    is_word = given is not None and not isinstance(given, Iterable)
    check_kind(given, str, place, f"write it as text, such as {str(given)!r}" if is_word else "")
