"""Reading YAML 1.2 with the place of every value, and refusing what a scenario file never needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from simcast.arguments import similar_file
from simcast.errors import ScenarioError
from simcast.scenario.showing import dotted

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40
MAX_NUMBER_LENGTH = 60

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}

Scalar = str | int | float | bool | None
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value was written.

    Parameters
    ----------
    source
        The file as the user named it, or ``--set KEY``.
    line, column
        Counted from 1; 0 where a source has no lines.
    folder
        The folder of the file, against which paths in it are read.
    names_key
        Whether the source says which key it is of, as the option ``--futures`` does.
    """

    source: str
    line: int = 0
    column: int = 0
    folder: Path = field(default=Path(), compare=False)
    names_key: bool = False

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True)
class Node:
    """One YAML value with its place: a scalar, a mapping or a list of nodes.

    Parameters
    ----------
    value
        A scalar, a mapping from text to nodes, or a list of nodes.
    place
        Where the value begins.
    key
        Where the key begins that leads to it; None in lists and at the top.
    size
        How many nodes it comes to when aliases are written out.
    written
        A bare scalar as it is written, such as ``007`` for 7; empty for others.
    """

    value: Scalar | dict[str, Node] | list[Node]
    place: Place
    key: Place | None = None
    size: int = 1
    written: str = ""

    def child(self, step: str | int) -> Node | None:
        """Return what a key or a list index leads to, or None."""
        if isinstance(self.value, dict):
            return self.value.get(str(step))
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def find(self, path: KeyPath) -> tuple[Node, bool]:
        """Follow a path as far as it goes: the last node reached, and whether that was all of it."""
        node = self
        for step in path:
            following = node.child(step)
            if following is None:
                return node, False
            node = following
        return node, True

    def files(self) -> list[Path]:
        """Return the files in which the values were written."""
        found: dict[Path, None] = {}
        seen: set[int] = set()
        nodes = [self]
        while nodes:
            node = nodes.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.place.line:
                found[node.place.folder / Path(node.place.source).name] = None
            nodes += node.value.values() if isinstance(node.value, dict) else []
            nodes += node.value if isinstance(node.value, list) else []
        return list(found)


NEVER_IF_EMPTY = "replacement_days"
"""The key of a team that means something else without a value than if it is not there."""


_OF_COLUMNS = frozenset({"where", "out_of", "into"})
"""The keys under which columns have values by which some segments are chosen."""


def plain(node: Node) -> Any:  # noqa: ANN401 - whatever YAML may hold
    """Turn a node into plain data: dicts, tuples and scalars; keys without a value are left out.

    A scenario without a value stays, so that it is refused rather than forgotten, and so do a column that is to have
    none of its values, without which a lever would act on all, and a key for which no value is an answer.
    """
    return _plain(node, ())


def _plain(node: Node, path: KeyPath) -> Any:  # noqa: ANN401
    if isinstance(node.value, dict):
        return {
            key: _plain(child, (*path, key))
            for key, child in node.value.items()
            if child.value is not None
            or path == ("scenarios",)
            or (path and path[-1] in _OF_COLUMNS)
            or (path[:1] == ("teams",) and key == NEVER_IF_EMPTY)
        }
    if isinstance(node.value, list):
        return tuple(_plain(child, (*path, index)) for index, child in enumerate(node.value))
    return node.value


def is_file(path: Path) -> bool:
    """Return whether there is a file of this name; text that can name none is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def read_file(path: Path, shown: str, problems: list[str]) -> Node:
    """Read one YAML file whose top level is a mapping.

    Parameters
    ----------
    path
        The file.
    shown
        How to call it in messages.
    problems
        Receives what is wrong but does not keep the rest from being read, such as a key given twice.

    Raises
    ------
    ScenarioError
        When the file cannot be read at all.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        near = similar_file(path)
        advice = near if near.startswith("; did you mean") else "; `simcast init` writes one to start from"
        raise ScenarioError(f"{shown}: no such file{advice}") from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{shown}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if len(raw) > MAX_BYTES:
        raise ScenarioError(f"{shown}: {len(raw):,} bytes; a scenario file has at most {MAX_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ScenarioError(f"{shown}:{line}: not UTF-8 text; save the file as UTF-8") from None
    node = read_text(text, Place(shown, folder=path.parent), problems)
    if node is None:
        raise ScenarioError(f"{shown}: the file is empty; a scenario begins with 'simcast: 1'")
    if not isinstance(node.value, dict):
        raise ScenarioError(f"{node.place}: the top level must be keys with values, such as 'simcast: 1'")
    return node


def read_text(text: str, source: Place, problems: list[str]) -> Node | None:
    """Read YAML text; None when it holds nothing.

    Raises
    ------
    ScenarioError
        When the text is not YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return _Composer(YAML(typ="safe", pure=True).parse(text), source, problems).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ScenarioError(_syntax_problem(text, source, line, column, error.problem or error.context or "")) from None
    except YAMLError as error:
        position = getattr(error, "position", None)  # of a character that YAML cannot hold
        if isinstance(position, int):
            line_start = text.rfind("\n", 0, position) + 1
            line, column = text.count("\n", 0, position) + 1, position - line_start + 1
            source = replace(source, line=line, column=column)
            raise ScenarioError(
                f"{source}: not valid YAML: the character {text[position : position + 1]!r}; remove it"
            ) from None
        raise ScenarioError(f"{source}: not valid YAML: {str(error).splitlines()[0]}") from None


def _syntax_problem(text: str, source: Place, line: int, column: int, reason: str) -> str:
    """Say what is wrong with the YAML; a tab in an indent is the cause more often than the parser knows."""
    for number, content in enumerate(text.splitlines()[:line], start=1):
        tab = re.match(r" *\t\s*\S", content)
        if tab and not content.lstrip().startswith("#"):
            place = replace(source, line=number, column=content.index("\t") + 1)
            return f"{place}: a tab in the indent; YAML is indented with spaces"
    written = text.split("\n")[line - 1 : line]
    hint = "; put quotes round ${...} inside braces" if written and "${" in written[0] else ""
    return f"{replace(source, line=line, column=column)}: not valid YAML: {reason}{hint}"


class _Composer:
    """Builds nodes from parser events, with limits that keep aliases and nesting from exploding."""

    def __init__(self, events: Iterator[Any], source: Place, problems: list[str]) -> None:
        self.events = events
        self.source = source
        self.problems = problems
        self.anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        """Compose the one document of the stream; None when there is none."""
        root: Node | None = None
        for event in self.events:
            match type(event).__name__:
                case "DocumentStartEvent" if root is None:
                    root = self.compose(next(self.events), ())
                case "DocumentStartEvent":
                    raise ScenarioError(
                        f"{self.place(event)}: a second document ('---'); a file holds one, use extends to join files"
                    )
        return root if root is None or root.value is not None else None

    def place(self, event: Any) -> Place:  # noqa: ANN401 - ruamel's events carry no types
        return replace(self.source, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def compose(self, event: Any, path: KeyPath) -> Node:  # noqa: ANN401
        place = self.place(event)
        if len(path) > MAX_DEPTH:
            raise ScenarioError(f"{place}: nested more than {MAX_DEPTH} levels deep")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.aliased(event.anchor, place)
        if event.tag is not None:
            self.problems.append(f"{place}: a tag ({event.tag}); scenario files hold plain values only, without tags")
        if kind == "ScalarEvent":
            text = self.text(event, place)
            bare = event.style is None
            node = Node(scalar(text) if bare else text, place, written=text if bare else "")
        elif kind == "SequenceStartEvent":
            node = self.sequence(place, path)
        else:
            node = self.mapping(place, path)
        if node.size > MAX_NODES:
            raise ScenarioError(f"{place}: more than {MAX_NODES:,} values once aliases are written out")
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def aliased(self, anchor: str, place: Place) -> Node:
        if anchor not in self.anchors:
            raise ScenarioError(f"{place}: *{anchor} refers to no value before it (write it first, as &{anchor} ...)")
        return self.anchors[anchor]

    def sequence(self, place: Place, path: KeyPath) -> Node:
        items: list[Node] = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self.compose(event, (*path, len(items))))
        return Node(items, place, size=1 + sum(item.size for item in items))

    def mapping(self, place: Place, path: KeyPath) -> Node:
        entries: dict[str, Node] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key_place = self.place(event)
            key = self.key(event, key_place, path)
            value = replace(self.compose(next(self.events), (*path, key)), key=key_place)
            if key in entries:
                first = entries[key].key
                self.problems.append(
                    f"{key_place}: {dotted((*path, key))}: given twice, first at {first}; keep one of them"
                )
                continue
            if value.value is None and key.isdecimal() and (before := _last_number(entries)) is not None:
                name, whole = before
                problem = f"'{whole},{key}' ends at its comma; write a decimal point: {whole}.{key}"
                self.problems.append(f"{key_place}: {dotted((*path, name))}: {problem}")
                continue
            entries[key] = value
        return Node(entries, place, size=1 + sum(entry.size for entry in entries.values()))

    def key(self, event: Any, place: Place, path: KeyPath) -> str:  # noqa: ANN401
        if type(event).__name__ != "ScalarEvent":
            self.compose(event, (*path, 0))
            self.problems.append(f"{place}: a key must be one word or text, not a list or mapping")
            return f"(key at {place})"
        if event.tag is not None:
            self.problems.append(f"{place}: a tag ({event.tag}); scenario files hold plain values only, without tags")
        if event.value == "<<" and event.style is None:
            self.problems.append(f"{place}: <<: merge keys are not YAML 1.2; use extends, or repeat the keys")
        return self.text(event, place)

    def text(self, event: Any, place: Place) -> str:  # noqa: ANN401
        """Return a scalar's text, with letters that JSON escapes in two halves made whole."""
        text = str(event.value)
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.problems.append(
                f"{place}: {text!r} contains half of an escaped character (\\ud800 to \\udfff); write it whole"
            )
            return text.encode("utf-8", "replace").decode()


def _last_number(entries: dict[str, Node]) -> tuple[str, int] | None:
    """Return the last of some entries where it is a whole number: the part of ``{add: 0,1}`` before its comma."""
    for key in reversed(entries):
        value = entries[key].value
        return (key, value) if isinstance(value, int) and not isinstance(value, bool) else None
    return None


def scalar(text: str) -> Scalar:
    """Give a bare word its meaning in the core schema of YAML 1.2.

    Dates stay text, and so do ``no``, ``22:22`` and ``1_000``; YAML 1.1 made other things of them.

    Examples
    --------
    >>> [scalar(text) for text in ("no", "22:22", "010", "1e5", "0x1F", "~")]
    ['no', '22:22', 10, 100000.0, 31, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    infinite = _INFINITY.fullmatch(text)
    return float(f"{infinite[1]}inf") if infinite else text
