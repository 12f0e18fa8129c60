"""From a file, or plain data, to a checked scenario, with every problem reported at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from pydantic import ValidationError

from simcast.arguments import check_kind, listed
from simcast.errors import ScenarioArgumentError, ScenarioError
from simcast.scenario.accents import composed
from simcast.scenario.checks import find_problems
from simcast.scenario.merging import Setting, override, read_layers
from simcast.scenario.parts import Parts, Problem
from simcast.scenario.reading import Node, Place, is_file, plain, read_file
from simcast.scenario.schema import Origin, Scenario
from simcast.scenario.showing import shorten
from simcast.scenario.wording import found, placed


def load_scenario(path: str | Path, *, overrides: Sequence[str | Setting] = ()) -> Scenario:
    """Read a scenario file.

    Parameters
    ----------
    path
        The YAML file.
    overrides
        Values set over those of the file, as ``--set`` gives them: ``"forecast.target.bookings=3e6"``; or a `Setting`,
        which says what option the user wrote for it.

    Raises
    ------
    ScenarioError
        With every problem found, each with its file, line, column and key.
    ArgumentTypeError
        When `path` is no path, or overrides are no texts.

    Examples
    --------
    ``load_scenario("scenarios/q3.yaml", overrides=["simulation.futures=2000", "history.model.quick=true"])``
    """
    check_kind(path, (str, Path), "path", "build_scenario takes data in memory")
    overrides = _settings(overrides)
    problems: list[str] = []
    changes: list[str] = []
    file = Path(path)
    tree = read_layers(file, str(path), problems, changes)
    if isinstance(tree.value, dict) and "name" not in tree.value:
        tree = replace(tree, value={**tree.value, "name": Node(file.stem, tree.place)})
    return _checked(tree, file, overrides, problems, changes)


def build_scenario(
    data: Mapping[str, Any], *, folder: str | Path = ".", overrides: Sequence[str | Setting] = ()
) -> Scenario:
    """Build a scenario from plain data of the same form as a file.

    Parameters
    ----------
    data
        Dicts, lists and scalars, also those of numpy and pandas; days may be text, `datetime.date` or any moment that
        has no time of day; paths may be `Path`.
    folder
        The folder against which paths in it are read.
    overrides
        As for `load_scenario`.

    Raises
    ------
    ScenarioArgumentError
        With every problem found, each with its key; a `ValueError` too.
    ArgumentTypeError
        When `data` is no mapping, or overrides are no texts.
    """
    check_kind(data, Mapping, "data", "load_scenario reads a file")
    overrides = _settings(overrides)
    place = Place("scenario", folder=Path(folder))
    return _checked(_node(data, place), None, overrides, [], [])


def _settings(overrides: Sequence[str | Setting] | str) -> tuple[str | Setting, ...]:
    """Return overrides as a list, of which a single text is one."""
    hint = "write each as a text, such as 'simulation.futures=2000'"
    if isinstance(overrides, Mapping):
        check_kind(overrides, (list, tuple), "overrides", hint)
    settings: tuple[str | Setting, ...] = listed(overrides)
    for setting in settings:
        check_kind(setting, (str, Setting), "overrides", hint)
    return settings


def _node(value: Any, place: Place) -> Node:  # noqa: ANN401 - plain data of any depth
    if isinstance(value, Mapping):
        return Node({str(key): _node(item, place) for key, item in value.items()}, place)
    value = _as_in_a_file(value)
    if isinstance(value, list | tuple):
        return Node([_node(item, place) for item in value], place)
    return Node(value, place)


def _as_in_a_file(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    """Return what a file would hold for a value of numpy, pandas or `pathlib`, or for the midnight of a day."""
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    elif isinstance(value, np.generic | np.ndarray) or type(value).__name__ in {"Index", "Series"}:
        value = value.tolist()
    if isinstance(value, datetime) and str(value).endswith(" 00:00:00"):  # NaT is a datetime too
        return value.date()
    return str(value) if isinstance(value, PurePath) else value


def _checked(
    tree: Node, file: Path | None, overrides: Sequence[str | Setting], problems: list[str], changes: list[str]
) -> Scenario:
    """Apply overrides, validate, check across sections, and raise all problems together."""
    for setting in overrides:
        tree = override(tree, setting, problems, changes)
    n_problems = len(problems)
    tree = _with_pipeline_file(tree, problems)
    pipeline_unread = len(problems) > n_problems
    tree = composed(tree, problems)
    data = plain(tree)
    scenario: Scenario | None = None
    found_in_tree: list[Problem] = []
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        found_in_tree += found(error, Scenario)
    found_in_tree += find_problems(Parts.of(data))
    if pipeline_unread:
        found_in_tree = [problem for problem in found_in_tree if problem[0][:1] != ("pipeline",)]
    lines = [placed(tree, path, text) for path, text in found_in_tree]
    problems += [text for _, text in sorted(lines, key=lambda item: (item[0].line, item[0].column))]
    if problems or scenario is None:
        refused = ScenarioArgumentError if file is None else ScenarioError
        raise refused(list(dict.fromkeys(problems)))
    scenario._origin = Origin(file, tree.place.folder, tuple(changes), tree)
    return scenario


def _with_pipeline_file(tree: Node, problems: list[str]) -> Node:
    """Put the file that ``pipeline: stages.yaml`` names in its place."""
    named = tree.child("pipeline")
    if named is None or not isinstance(named.value, str) or not isinstance(tree.value, dict):
        return tree
    path = named.place.folder / named.value
    if not is_file(path):
        problems.append(f"{named.place}: pipeline: no such file {shorten(named.value)}; give stages, or a file of them")
        return replace(tree, value={**tree.value, "pipeline": replace(named, value=None)})
    shown = str(Path(named.place.source).parent / named.value) if named.place.line else str(path)
    try:
        held = read_file(path, shown, problems)
    except ScenarioError as error:
        problems.extend(error.problems)
        held = replace(named, value=None)
    return replace(tree, value={**tree.value, "pipeline": held})


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Write plain data, such as `Scenario.resolved` returns, as YAML 1.2.

    Examples
    --------
    >>> print(dump_yaml({"simcast": 1, "pipeline": {"stages": ["lead", "no"]}}), end="")
    simcast: 1
    pipeline:
      stages:
      - lead
      - no
    """
    import io

    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # ruamel annotates it as None
    yaml.allow_unicode = True
    yaml.width = 1000
    stream = io.StringIO()
    yaml.dump(dict(data), stream)
    return stream.getvalue()
