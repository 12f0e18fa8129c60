"""Names with accents, which may be written in two ways and are then the same."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from simcast.scenario.reading import KeyPath, Node
from simcast.scenario.showing import dotted

_AS_WRITTEN = (("history", "path"), ("history", "query"))
"""A file and a query, of which other programs must make the same; so are the files under ``extends``."""


def composed(node: Node, problems: list[str], path: KeyPath = ()) -> Node:
    """Write accents and letters as one character (NFC), as histories are read: one name may be written in two ways.

    Parameters
    ----------
    node
        A tree of a scenario, its files put together.
    problems
        Where keys that are the same then are told.
    path
        The keys and indices that lead to `node`.
    """
    if isinstance(node.value, str):
        as_written = path in _AS_WRITTEN or path[:1] == ("extends",)
        return node if as_written else replace(node, value=unicodedata.normalize("NFC", node.value))
    if isinstance(node.value, list):
        return replace(node, value=[composed(item, problems, (*path, n)) for n, item in enumerate(node.value)])
    if not isinstance(node.value, dict):
        return node
    entries: dict[str, Node] = {}
    for key, child in node.value.items():
        name = unicodedata.normalize("NFC", key)
        if name in entries:
            again, first = child.key or child.place, entries[name].key or entries[name].place
            problems.append(f"{again}: {dotted((*path, name))}: given twice, first at {first}; keep one of them")
        entries[name] = composed(child, problems, (*path, name))
    return replace(node, value=entries)
