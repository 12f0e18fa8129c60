"""Paths and values as messages show them."""

from __future__ import annotations

from collections.abc import Sequence


def dotted(path: Sequence[str | int]) -> str:
    r"""Write a path as people read it.

    Examples
    --------
    >>> dotted(("scenarios", "fix-operator", 0, "add"))
    'scenarios.fix-operator[0].add'
    >>> dotted(("scenarios", "two\nlines"))
    'scenarios.two\\nlines'
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{_in_one_line(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def _in_one_line(name: str) -> str:
    """Write line breaks as they are written in quotes: a problem is one line, whatever its keys are called."""
    return name if len(name.splitlines()) <= 1 and name == name.rstrip("\r\n") else repr(name)[1:-1]


def shorten(value: object, width: int = 60) -> str:
    """Write a value for a message, cut to a readable length.

    Examples
    --------
    >>> shorten("x" * 100, width=12)
    "'xxxxxxxx..."
    >>> shorten({"normal": (1, 2)})
    "{'normal': [1, 2]}"
    """
    text = "nothing" if value is None else repr(_with_lists(value))
    return text if len(text) <= width else text[: width - 3] + "..."


def written(value: object) -> str:
    """Write a value as the file has it where that is a word: a key without a value is unset.

    Examples
    --------
    >>> written(True), written(None), written("lead")
    ('true', 'unset', "'lead'")
    """
    words = {None: "unset", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else shorten(value)


def _with_lists(value: object) -> object:
    """Turn tuples into lists, as the file has them."""
    if isinstance(value, dict):
        return {key: _with_lists(item) for key, item in value.items()}
    return [_with_lists(item) for item in value] if isinstance(value, list | tuple) else value
