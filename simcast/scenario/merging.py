"""Joining the files of a scenario: ``extends``, ``--set``, and a record of everything overridden."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from simcast.errors import ScenarioError
from simcast.scenario.distribution import FAMILY_NAMES
from simcast.scenario.reading import KeyPath, Node, Place, is_file, plain, read_file, read_text
from simcast.scenario.showing import dotted, shorten, written

RIVALS: dict[KeyPath, str] = {("forecast", "until"): "horizon", ("forecast", "horizon"): "until"}
"""Keys that stand for each other: setting one over the other replaces it."""

_STEP = re.compile(r"""\[(\d+)\]|"([^"]+)"|([^.\[\]"]+)""")
_SETTING = re.compile(r"""("[^"]+"|[^.\[\]"]+)(\.("[^"]+"|[^.\[\]"]+)|\[\d+\])*""")


@dataclass(frozen=True)
class Setting:
    """A value set over that of the file by an option of its own, such as ``--futures 500``.

    Parameters
    ----------
    text
        The same as ``--set`` takes it: ``simulation.futures=500``.
    option
        The option that stands for it, as the user wrote it.
    without
        What to say where the file lacks the section to which the key belongs; the section is made unless given.
    """

    text: str
    option: str
    without: str = ""


def read_layers(path: Path, shown: str, problems: list[str], changes: list[str], trail: tuple[Path, ...] = ()) -> Node:
    """Read a file and, under it, those that it extends.

    Parameters
    ----------
    path, shown
        The file, and how to call it in messages.
    problems
        Receives what is wrong but does not stop the reading.
    changes
        Receives one line per value overridden: old, new, and where each was written.
    trail
        The files that led here, to notice when one extends itself.

    Raises
    ------
    ScenarioError
        When a file is missing or unreadable, or extends itself.
    """
    here = path.resolve()
    if here in trail:
        circle = " -> ".join(step.name for step in (*trail[trail.index(here) :], here))
        raise ScenarioError(f"{shown}: extends itself ({circle}); remove one of these extends")
    node = read_file(path, shown, problems)
    entries = dict(node.value) if isinstance(node.value, dict) else {}
    extends = entries.pop("extends", None)
    own = replace(node, value=entries)
    if trail:
        _check_version(own, problems)
    if extends is None:
        return own
    layer: Node | None = None
    n_problems = len(problems)
    for name in _names(extends, problems):
        base_path = path.parent / str(name.value)
        base_shown = str(Path(shown).parent / str(name.value))
        if not is_file(base_path):
            problems.append(f"{name.place}: extends: no such file {base_shown!r}")
            continue
        base = read_layers(base_path, base_shown, problems, changes, (*trail, here))
        layer = base if layer is None else _join(layer, base, (), problems)
    if any(": extends: " in problem for problem in problems[n_problems:]):
        raise ScenarioError(problems)  # what else seems to be missing may stand in the file that is
    return own if layer is None else overlay(layer, own, (), changes)


def _names(extends: Node, problems: list[str]) -> list[Node]:
    names = extends.value if isinstance(extends.value, list) else [extends]
    problems += [
        f"{name.place}: extends: must be a file or a list of files, got {shorten(plain(name))}"
        for name in names
        if not isinstance(name.value, str)
    ]
    return [name for name in names if isinstance(name.value, str)]


def _check_version(node: Node, problems: list[str]) -> None:
    version = node.child("simcast")
    if version is not None and version.value != 1:
        problems.append(f"{version.place}: simcast: version {shorten(plain(version))} is not known; this is version 1")


def _is_leaf(node: Node) -> bool:
    """Distinguish values from sections; a distribution such as ``{normal: [1, 0.1]}`` is one value."""
    if not isinstance(node.value, dict):
        return True
    return len(node.value) == 1 and next(iter(node.value)) in FAMILY_NAMES


def _join(left: Node, right: Node, path: KeyPath, problems: list[str]) -> Node:
    """Join two files of one layer; what both give, they must give alike."""
    if isinstance(left.value, dict) and isinstance(right.value, dict) and not (_is_leaf(left) or _is_leaf(right)):
        entries = dict(left.value)
        for key, child in right.value.items():
            entries[key] = _join(entries[key], child, (*path, key), problems) if key in entries else child
        return replace(left, value=entries)
    if plain(left) != plain(right):
        problems.append(
            f"{right.place}: {dotted(path)}: {shorten(plain(right))} here, but {shorten(plain(left))} at {left.place}; "
            "files extended together may not differ, so drop one or set it in the file that extends them"
        )
    return left


def overlay(base: Node, over: Node, path: KeyPath, changes: list[str]) -> Node:
    """Lay one tree over another: mappings merge, all else is replaced, and each replacement is recorded."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)) or _is_leaf(base) or _is_leaf(over):
        if plain(base) != plain(over):
            changes.append(
                f"{dotted(path)}: {written(plain(base))} ({base.place}) -> {written(plain(over))} ({over.place})"
            )
        return over
    entries = dict(base.value)
    for key, child in over.value.items():
        _drop_rival(entries, (*path, key), child, changes)
        entries[key] = overlay(entries[key], child, (*path, key), changes) if key in entries else child
    return replace(over, value=entries)


def _drop_rival(entries: dict[str, Node], path: KeyPath, over: Node, changes: list[str]) -> None:
    rival = RIVALS.get(path)
    if rival in entries and rival is not None:
        old = entries.pop(rival)
        dropped = dotted((*path[:-1], rival))
        changes.append(f"{dropped}: {written(plain(old))} ({old.place}) -> dropped for {dotted(path)} ({over.place})")


def override(tree: Node, setting: str | Setting, problems: list[str], changes: list[str]) -> Node:
    """Set one value by its dotted path, as ``--set`` does.

    Parameters
    ----------
    setting
        ``key.path=value``; the value is YAML, list items are named by index
        (``scenarios.fix-operator.0.add=0.2``), and a name with a dot in it stands in double quotes.
    """
    key, equals, text = (setting.text if isinstance(setting, Setting) else setting).partition("=")
    source = setting.option if isinstance(setting, Setting) else f"--set {key.strip()}"
    place = Place(source, folder=tree.place.folder)
    steps = _steps(key.strip())
    if not equals or steps is None:
        problems.append(f"--set {setting}: write KEY=VALUE, such as forecast.target.bookings=3e6")
        return tree
    if steps[0] == "extends":
        problems.append(f"{source}: the files that a scenario extends are named in the file itself; write it there")
        return tree
    if isinstance(setting, Setting) and setting.without and tree.child(steps[0]) is None:
        problems.append(f"{setting.option}: {setting.without}")
        return tree
    try:
        value = read_text(text, place, problems)
    except ScenarioError as error:
        problems.extend(error.problems)
        return tree
    own = replace(place, names_key=True)  # of the key itself, not of those that stand in its value
    leaf = replace(_placed(value or Node(None, place), place), place=own, key=own)
    return _put(tree, steps, leaf, (), problems, changes)


def _placed(node: Node, place: Place) -> Node:
    """Give every value of a ``--set`` the place of the setting itself."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _placed(child, place) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_placed(child, place) for child in value]
    return replace(node, value=value, place=place, key=place)


def _steps(key: str) -> list[str] | None:
    """Split a dotted path; None when it is not one."""
    if not _SETTING.fullmatch(key):
        return None
    return [step[1] or step[2] or step[3] for step in _STEP.finditer(key)]


def _put(node: Node, steps: list[str], leaf: Node, path: KeyPath, problems: list[str], changes: list[str]) -> Node:
    """Return the tree with `leaf` at the end of `steps`; mappings on the way are made where missing."""
    if not steps:
        if plain(node) != plain(leaf):
            old = "unset" if plain(node) is None else f"{written(plain(node))} ({node.place})"
            changes.append(f"{dotted(path)}: {old} -> {written(plain(leaf))} ({leaf.place})")
        return leaf
    step, *rest = steps
    if isinstance(node.value, list):
        if not (step.isdecimal() and int(step) < len(node.value)):
            known = f"0 to {len(node.value) - 1}" if node.value else "none: it is empty"
            problems.append(
                f"{leaf.place}: {dotted(path)} is a list; name an item by its index ({known}), got {step!r}"
            )
            return node
        index = int(step)
        items = list(node.value)
        items[index] = _put(items[index], rest, leaf, (*path, index), problems, changes)
        return replace(node, value=items)
    entries = dict(node.value) if isinstance(node.value, dict) else {}
    _drop_rival(entries, (*path, step), leaf, changes)
    following = entries.get(step) or Node(None, leaf.place, key=leaf.place)
    entries[step] = _put(following, rest, leaf, (*path, step), problems, changes)
    return replace(node, value=entries)
