"""Turning pydantic's findings into lines that a person can act on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simcast.arguments import nearest
from simcast.errors import ScenarioArgumentError
from simcast.scenario.fields import PartError
from simcast.scenario.levers import LEVERS
from simcast.scenario.meant import hint
from simcast.scenario.reading import KeyPath, Node, Place
from simcast.scenario.showing import dotted, shorten

_QUOTED = re.compile(r'quote it: ".*"$')
"""What a number in place of a name is told; as it is written, 007 is no 7."""


def placed(tree: Node, path: KeyPath, text: str) -> tuple[Place, str]:
    """Write one problem, with the place of the nearest key that was written."""
    node, is_all = tree.find(path)
    place = node.key or node.place
    named = not path or (place.names_key and is_all)
    if node.written:
        text = _QUOTED.sub(lambda _: f'quote it: "{node.written}"', text)
    return place, f"{place}: {text}" if named else f"{place}: {dotted(path)}: {text}"


def found(error: ValidationError, top: type[BaseModel]) -> list[tuple[KeyPath, str]]:
    """Say in plain words, and by path, what pydantic found."""
    problems: list[tuple[KeyPath, str]] = []
    for details, loc, otherwise in _of_one_form(error, top):
        path = tuple(step for step in loc if not _is_tag(step))
        problems += [((*path, *inner), text + otherwise) for inner, text in _texts(details, loc, top)]
    return problems


def _of_one_form(error: ValidationError, top: type[BaseModel]) -> list[tuple[ErrorDetails, tuple[int | str, ...], str]]:
    """List findings, their locations, and what else would do.

    Where a value may be a word or something else, pydantic tries each form, tells what is wrong with each, and names
    the form in the location. What counts is the form that the value has.
    """
    every = [(details, details["loc"], _form_named(details["loc"], top)) for details in error.errors(include_url=False)]
    is_word = {
        loc[:at]: not isinstance(details["input"], dict | list | tuple)
        for details, loc, at in every
        if at is not None and details["type"] == "literal_error" and at == len(loc) - 1
    }
    kept = []
    for details, loc, at in every:
        if at is None or loc[:at] not in is_word:
            kept.append((details, loc, ""))
        elif is_word[loc[:at]] == str(loc[at]).startswith("literal["):
            forms = {str(other[at]).partition("[")[0] for _, other, _ in every if other[:at] == loc[:at]} - {"literal"}
            otherwise = f"; or give {'a list' if 'tuple' in forms else 'keys with values'}" if is_word[loc[:at]] else ""
            kept.append((details, (*loc[:at], *loc[at + 1 :]), otherwise))
    return kept


def _form_named(loc: Sequence[int | str], top: type[BaseModel]) -> int | None:
    """Return where in a location pydantic names one of several forms, unless it names none."""
    kind: Any = top
    for at, step in enumerate(loc):
        forms = {_form(option) for option in get_args(kind)} if get_origin(kind) in (Union, UnionType) else set()
        if isinstance(step, str) and step.partition("[")[0] in forms:
            return at
        kind = _inside(kind, step)
    return None


def _form(kind: Any) -> str:  # noqa: ANN401 - type annotations are of many kinds
    """Return how pydantic calls a form of a value in its locations, up to the bracket."""
    origin = get_origin(kind)
    return "literal" if origin is Literal else getattr(origin or kind, "__name__", "")


def refusal(error: ValidationError, part: type[BaseModel]) -> ScenarioArgumentError:
    """Return what pydantic found in a part that was built in Python as an error of our own."""
    lines = [
        f"{part.__name__}: {dotted(path)}: {text}" if path else f"{part.__name__}: {text}"
        for path, text in found(error, part)
    ]
    return ScenarioArgumentError(lines)


def _is_tag(step: int | str) -> bool:
    """Distinguish the marks of a branch in pydantic's locations from keys of the file."""
    return step == "[key]" or (isinstance(step, str) and step.startswith("<") and step[1:-1] in ("name", *LEVERS))


def _texts(details: ErrorDetails, loc: tuple[int | str, ...], top: type[BaseModel]) -> list[tuple[KeyPath, str]]:
    """Say what is wrong, with the path below `loc` that it is about."""
    kind, got = details["type"], details["input"]
    if kind == "too_short" and len(got) >= details["ctx"]["min_length"]:
        return []  # an item is at fault, which pydantic leaves out of its count; the item's own problem says it
    context: dict[str, Any] = details.get("ctx", {})
    if loc == ("simcast",) and kind != "missing":
        return [((), f"version {shorten(got)} is not known; this is version 1, so write 'simcast: 1'")]
    if kind == "value_error":
        cause = context["error"]
        if isinstance(cause, PartError):
            return [((key,) if key else (), text) for key, text in cause.problems]
        return [((), str(cause))]
    if kind == "extra_forbidden":
        return [((), f"unknown key; {nearest(str(loc[-1]), known_keys(top, loc[:-1]))}")]
    if kind == "literal_error" and loc[-1] == "[key]":
        return [((), f"unknown key; {nearest(str(got), _quoted(context['expected']))}")]
    if kind == "literal_error" and isinstance(got, str):
        options = _quoted(context["expected"])
        return [((), f"{got!r} is not one of {', '.join(options)}{_close(got, options)}")]
    if kind == "union_tag_not_found":
        return [_lever_text(got)]
    words = _WORDS.get(kind)
    return [((), words(context, got) if words else f"is not valid, got {shorten(got)}")]


def _close(word: str, options: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, options, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _quoted(expected: str) -> list[str]:
    """Take the options out of pydantic's list, such as ``'log', 'deals' or 'hubspot'``."""
    return [word.strip("' ") for word in expected.replace(" or ", ", ").split(", ")]


def _lever_text(got: object) -> tuple[KeyPath, str]:
    if not isinstance(got, dict):
        return (), f"must be a lever such as {{lever: conversion, ...}} or the name of a scenario, got {shorten(got)}"
    if "lever" not in got:
        return (), f"no lever named; begin with lever: and one of {', '.join(LEVERS)}"
    kind = got["lever"]
    return ("lever",), f"unknown lever {shorten(kind)}; {nearest(str(kind), LEVERS)}"


def _got(wanted: str) -> Callable[[dict[str, Any], object], str]:
    return lambda context, got: f"{wanted.format(**context)}, got {shorten(got)}"


def _text_wanted(context: dict[str, Any], got: object) -> str:  # noqa: ARG001 - one signature for all
    if isinstance(got, bool | int | float):
        return f'must be text, got {got!r}; quote it: "{got}"'
    return f"must be text, got {shorten(got)}"


def _number_wanted(context: dict[str, Any], got: object) -> str:  # noqa: ARG001
    return f"must be a number, got {shorten(got)}{hint(got) if isinstance(got, str) else ''}"


def _whole_wanted(context: dict[str, Any], got: object) -> str:  # noqa: ARG001
    return f"must be a whole number, got {shorten(got)}{hint(got, whole=True) if isinstance(got, str) else ''}"


def _list_wanted(context: dict[str, Any], got: object) -> str:  # noqa: ARG001
    instead = f"; write [{got}]" if isinstance(got, str | int | float) else ""
    return f"must be a list, got {shorten(got)}{instead}"


_WORDS: dict[str, Callable[[dict[str, Any], object], str]] = {
    "missing": lambda context, got: "missing; this key is required",  # noqa: ARG005
    "string_type": _text_wanted,
    "string_too_short": lambda context, got: "must not be empty",  # noqa: ARG005
    "int_type": _whole_wanted,
    "int_from_float": _got("must be a whole number"),
    "int_parsing_size": _got("must be a smaller whole number"),
    "float_type": _number_wanted,
    "bool_type": _got("must be true or false"),
    "finite_number": _got("must be a finite number"),
    "greater_than": _got("must be above {gt}"),
    "greater_than_equal": _got("must be {ge} or more"),
    "less_than": _got("must be below {lt}"),
    "less_than_equal": _got("must be at most {le}"),
    "literal_error": _got("must be one of {expected}"),
    "tuple_type": _list_wanted,
    "dict_type": _got("must be keys with values"),
    "model_type": _got("must be keys with values"),
    "too_short": lambda context, got: f"must have {context['min_length']} or more items, got {shorten(got)}",
    "too_long": lambda context, got: f"must have at most {context['max_length']} items, got {shorten(got)}",
}


def known_keys(top: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """List the keys that the part at `loc` knows."""
    kind: Any = top
    for step in loc:
        kind = _inside(kind, step)
    model = _model(kind)
    return [entry.alias or name for name, entry in model.model_fields.items()] if model else []


def _inside(kind: Any, step: int | str) -> Any:  # noqa: ANN401 - type annotations are of many kinds
    """Return the annotation of what a key or index of `kind` leads to."""
    if isinstance(step, str) and step.startswith("<") and step[1:-1] in LEVERS:
        return LEVERS[step[1:-1]]
    model = _model(kind)
    if model is not None:
        named = {entry.alias or name: entry.annotation for name, entry in model.model_fields.items()}
        return named.get(str(step))
    if get_origin(kind) in (dict, tuple):
        return get_args(kind)[1 if get_origin(kind) is dict else 0]
    for option in get_args(kind):
        inner = _inside(option, step)
        if inner is not None:
            return inner
    return None


def _model(kind: Any) -> type[BaseModel] | None:  # noqa: ANN401
    """Find the model in an annotation such as ``Model | None``."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (dict, tuple):
        return None
    return next((model for option in get_args(kind) if (model := _model(option))), None)
