"""Checks of function arguments: names, types and numbers, with errors that list the valid ones."""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, SupportsIndex, TypeVar, cast, overload

from simcast.errors import ArgumentError, ArgumentTypeError, UnknownNameError

T = TypeVar("T")

MOST_KNOWN = 30
"""How many known names an error lists."""

_LONGEST = 60
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST = 3
"""Shorter words are no mistyped ones: a, b; II, III."""


def nearest(word: object, known: Iterable[str]) -> str:
    """Suggest the nearest known word, whatever its case, and list those there are.

    Examples
    --------
    >>> nearest("meetng", ["lead", "meeting"])
    "did you mean 'meeting'? (known: lead, meeting)"
    """
    names = [str(name) for name in known]
    close = _closest(word, names) if isinstance(word, str) else None
    more = f" and {len(names) - MOST_KNOWN:,} more" if len(names) > MOST_KNOWN else ""
    listed = f"known: {', '.join(names[:MOST_KNOWN])}{more}" if names else "there are none"
    return f"did you mean {close!r}? ({listed})" if close else listed


def or_nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint at the nearest known name, or at all of them: the end of a sentence that says what is not there.

    Examples
    --------
    >>> or_nearest("outcom", ["Outcome", "Stage"]), or_nearest("id", ["Outcome", "Stage"])
    ("; did you mean 'Outcome'?", ' (known: Outcome, Stage)')
    """
    close = _closest(word, known)
    return f"; did you mean {close!r}?" if close else f" (known: {', '.join(known)})"


def _closest(word: str, names: Sequence[str]) -> str | None:
    """Return the name that is nearest to a word, whatever its case; None where none is near."""
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1)
    return folded[close[0]] if close else None


def slip_of(word: str, known: Iterable[str]) -> str | None:
    """Return the known name that a word was probably meant to be; None where it may well be another.

    That is a name in other case, or with one letter more, less, other, or exchanged with the next in one of its words.
    Names that differ in a number, or in a word of one or two letters, are different names.

    Examples
    --------
    >>> slip_of("laed", ["lead", "call"]), slip_of("round 2", ["round 1"]), slip_of("tier b", ["tier a"])
    ('lead', None, None)
    """
    return next((name for name in known if name != word and _is_slip(word.casefold(), name.casefold())), None)


def _is_slip(word: str, name: str) -> bool:
    """Return whether two names differ by nothing, or by one letter of one word."""
    if re.findall(r"\d+", word) != re.findall(r"\d+", name):
        return False
    words, names = _LETTERS.findall(word), _LETTERS.findall(name)
    if len(words) != len(names):
        return False
    other = [(one, two) for one, two in zip(words, names, strict=True) if one != two]
    if not other:
        return True
    (one, two), *more = other
    return not more and min(len(one), len(two)) >= _SHORTEST and _one_edit(*sorted((one, two), key=len))


def _one_edit(short: str, long: str) -> bool:
    """Return whether one letter put in, changed, or exchanged with the next makes one word the other."""
    at = next((at for at, (one, two) in enumerate(zip(short, long, strict=False)) if one != two), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    exchanged = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return exchanged or short[at + 1 :] == long[at + 1 :]


def check_name(name: object, known: Iterable[str], what: str) -> None:
    """Refuse a name that is none of those known.

    Raises
    ------
    UnknownNameError
        With the nearest known name, and all of them.

    Examples
    --------
    >>> check_name("leed", ["lead", "meeting"], "stage")
    Traceback (most recent call last):
    simcast.errors.UnknownNameError: there is no stage 'leed'; did you mean 'lead'? (known: lead, meeting)
    """
    names = tuple(known)
    if not (isinstance(name, str) and name in names):
        raise UnknownNameError(f"there is no {what} {shown(name)}; {nearest(name, names)}")


def check_kind(value: object, kind: type | tuple[type, ...], place: str, hint: str = "") -> None:
    """Refuse another kind of thing than a function works with.

    Parameters
    ----------
    value
        What was given.
    kind
        What is needed; any of several.
    place
        The parameter's name.
    hint
        How one comes by it.

    Raises
    ------
    ArgumentTypeError
        When the value is no instance of `kind`.

    Examples
    --------
    >>> check_kind("q3.yaml", dict, "scenario", "load_scenario reads one from a file")
    Traceback (most recent call last):
    simcast.errors.ArgumentTypeError: scenario: needs a dict, got 'q3.yaml'; load_scenario reads one from a file
    """
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = " or ".join("None" if each is type(None) else each.__name__ for each in kinds)
        raise ArgumentTypeError(f"{place}: needs a {names}, got {shown(value)}" + (f"; {hint}" if hint else ""))


def shown(value: object) -> str:
    """Write what was given into an error: short things as they are, of others their kind.

    Examples
    --------
    >>> shown("leed"), shown(None), shown(nearest)
    ("'leed'", 'None', 'a function')
    """
    if value is None or isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"a {type(value).__name__}"


def similar_file(path: Path) -> str:
    """Name a sibling with nearly the same name, for a mistyped path: the end of a sentence, or nothing."""
    if not path.parent.is_dir():
        return f"; the folder {path.parent} does not exist either"
    names = sorted(entry.name for entry in path.parent.iterdir())
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {path.parent / near[0]}?" if near else ""


@overload
def listed(values: str | Iterable[str]) -> tuple[str, ...]: ...


@overload
def listed(values: Iterable[T] | T) -> tuple[T, ...]: ...


def listed(values: object) -> tuple[Any, ...]:
    """Return values as a tuple; a single one, such as a text, is a list of one.

    Examples
    --------
    >>> listed("source"), listed(["source", "region"]), listed(0.5)
    (('source',), ('source', 'region'), (0.5,))
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        return (values,)
    return tuple(values)


def whole_number(value: object, place: str, least: int = 1) -> int:
    """Return a whole number that is at least so large.

    Raises
    ------
    ArgumentTypeError
        When it is no whole number.
    ArgumentError
        When it is smaller.

    Examples
    --------
    >>> whole_number(250, "chunk")
    250
    """
    try:
        number = operator.index(cast("SupportsIndex", value))
    except TypeError:
        raise ArgumentTypeError(f"{place}: needs a whole number, got {shown(value)}") from None
    if number < least:
        raise ArgumentError(f"{place}: needs a whole number of {least} or more, got {number}")
    return number


def number(value: Any, place: str) -> float:  # noqa: ANN401  # whatever a caller takes for a number
    """Return a number that may be infinite, but not NaN.

    Raises
    ------
    ArgumentTypeError
        When it is no number, such as a text that looks like one.
    ArgumentError
        When it is NaN.

    Examples
    --------
    >>> number(3, "at_least")
    3.0
    """
    if isinstance(value, str):
        raise ArgumentTypeError(f"{place}: needs a number, got the text {shown(value)}")
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{place}: needs a number, got {shown(value)}") from None
    if math.isnan(found):
        raise ArgumentError(f"{place}: needs a number, got NaN")
    return found


def shares(values: Iterable[float] | float, place: str) -> tuple[float, ...]:
    """Return numbers between 0 and 1, as levels of quantiles are.

    Raises
    ------
    ArgumentTypeError
        When some are no numbers.
    ArgumentError
        When some lie outside.

    Examples
    --------
    >>> shares([0.1, 0.9], "levels")
    (0.1, 0.9)
    """
    found = tuple(number(value, place) for value in listed(values))
    for each in found:
        if not 0.0 <= each <= 1.0:
            meant = f"; write {each / 100:g} for {each:g}%" if 1.0 < each <= 100.0 else ""
            raise ArgumentError(f"{place}: {each:g} does not lie between 0 and 1{meant}")
    return found
