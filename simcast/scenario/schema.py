"""The scenario: the whole of one question, checked and frozen."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from simcast.arguments import nearest
from simcast.errors import ScenarioError, ScenarioNameError, hide_passwords
from simcast.pipeline import Pipeline
from simcast.scenario.assumptions import Assumptions
from simcast.scenario.fields import DEFINITION, Closed, Name, Sentence, Text, number_definitions
from simcast.scenario.levers import Entry, Lever
from simcast.scenario.reading import KeyPath, Node, Place
from simcast.scenario.settings import (
    ForecastSettings,
    HistorySettings,
    PipelineSettings,
    SimulationSettings,
    expand_variables,
)
from simcast.scenario.team import Team

BASELINE = "baseline"


@dataclass(frozen=True)
class Origin:
    """Where a scenario was read from; it makes no difference to what the scenario says.

    Parameters
    ----------
    file
        The file, or None when it was built in memory.
    folder
        The folder against which paths are read.
    changes
        One line per value overridden by ``extends`` or ``--set``.
    tree
        All values with their places.
    """

    file: Path | None = field(default=None, compare=False)
    folder: Path = field(default=Path(), compare=False)
    changes: tuple[str, ...] = field(default=(), compare=False)
    tree: Node = field(default=Node({}, Place("scenario")), compare=False)

    def place(self, path: KeyPath) -> str:
        """Return the place of a value, such as ``q3.yaml:12:5``."""
        node, _ = self.tree.find(path)
        return str(node.key or node.place)


def _check_version(version: object) -> object:
    if type(version) is not int:
        raise ValueError("the version is the whole number 1")
    return version


class Scenario(Closed):
    """One question: the pipeline, its history or assumptions, what is forecast, and what might be changed."""

    simcast: Annotated[Literal[1], BeforeValidator(_check_version)] = Field(
        description="The version of this format: 1."
    )
    name: Text = Field(
        default="scenario", description="What the scenario is called; the name of the file unless given."
    )
    question: Sentence = Field(default="", description="The question that the scenario answers.")
    extends: Annotated[str | tuple[str, ...] | None, Field(exclude=True)] = Field(
        default=None,
        description="A file, or a list of files, whose keys this one extends or overrides; relative to it.",
    )
    pipeline: PipelineSettings = Field(
        description="Stages, moves and outcomes; or the path of a YAML file that holds them.",
        json_schema_extra=lambda schema: _also_text(schema),
    )
    history: HistorySettings | None = Field(default=None, description="Where the past of the pipeline is.")
    assume: Assumptions | None = Field(
        default=None, description="Parameters that are assumed: without a history, or in place of what its fit says."
    )
    forecast: ForecastSettings = Field(description="What is forecast.")
    simulation: SimulationSettings = Field(
        default_factory=SimulationSettings, description="How many futures are played, and their seed."
    )
    teams: dict[Name, Team] = Field(default_factory=dict, description="Teams that serve stages, by name.")
    scenarios: dict[Name, Annotated[tuple[Entry, ...], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="By name: a list of levers, or of names of other scenarios. The baseline, without levers, is "
        "always there.",
    )
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @cached_property
    def pipeline_definition(self) -> Pipeline:
        """The pipeline, complete with all moves."""
        return self.pipeline.define()

    @property
    def origin(self) -> Origin:
        """Where the scenario was read from, with the place of every value."""
        return self._origin

    @property
    def file(self) -> Path | None:
        """The file that the scenario was read from; None when it was built in memory."""
        return self._origin.file

    @property
    def folder(self) -> Path:
        """The folder of the scenario's file."""
        return self._origin.folder

    @property
    def changes(self) -> tuple[str, ...]:
        """One line per value that ``extends`` or ``--set`` replaced: old, new, and where each stands."""
        return tuple(map(hide_passwords, self._origin.changes))

    @property
    def history_path(self) -> Path | None:
        """The file of the history: variables expanded, relative to the file that names it.

        None without history, and where the history is in a database.
        """
        source = self.history_source
        return source if isinstance(source, Path) else None

    @property
    def history_folder(self) -> Path:
        """The folder against which the path of the history is read: that of the file which names it."""
        node, found = self._origin.tree.find(("history", "path"))
        return node.place.folder if found else self.folder

    @property
    def history_source(self) -> Path | str | None:
        """The file of the history, or the URL of its database with the password that the environment gives."""
        if self.history is None:
            return None
        try:
            expanded = expand_variables(self.history.path)
        except ValueError as error:
            raise ScenarioError(f"{self._origin.place(('history', 'path'))}: history.path: {error}") from None
        return expanded if "://" in expanded else self.history_folder / expanded

    @property
    def input_files(self) -> tuple[Path, ...]:
        """The files that the scenario was read from, those that it extends or names, and its history."""
        read = (self.file, *self._origin.tree.files(), self.history_path)
        return tuple(dict.fromkeys(file for file in read if file is not None))

    @property
    def segment_columns(self) -> tuple[str, ...]:
        """The columns by which parameters may differ: those of the history, or those assumed."""
        if self.history is not None:
            return self.history.segments
        return tuple(self.assume.segments) if self.assume else ()

    @property
    def scenario_names(self) -> tuple[str, ...]:
        """All scenarios, the baseline first."""
        return (BASELINE, *self.scenarios)

    def placed_levers(self, name: str) -> dict[KeyPath, Lever]:
        """Return the levers of a scenario by the path at which each is written.

        Raises
        ------
        ScenarioNameError
            When there is no scenario of this name; a `KeyError` too.
        """
        if name not in self.scenario_names:
            raise ScenarioNameError(f"there is no scenario {name!r}; {nearest(name, self.scenario_names)}")
        return expand(name, self.scenarios)

    def levers(self, name: str) -> tuple[Lever, ...]:
        """Return the levers of a scenario, those of the scenarios it is made of included; none for the baseline.

        Raises
        ------
        ScenarioNameError
            When there is no scenario of this name; a `KeyError` too.
        """
        return tuple(self.placed_levers(name).values())

    def __repr__(self) -> str:
        dates = f"{self.forecast.as_of} to {self.forecast.until} by {self.forecast.period}"
        names = ", ".join(self.scenario_names)
        return f"Scenario {self.name!r}: {dates}, {self.simulation.futures:,} futures\nscenarios: {names}"

    def warnings(self) -> list[str]:
        """List what is allowed but probably not meant, with places."""
        from simcast.scenario.advice import warnings

        return warnings(self)

    def resolved(self, folder: Path | None = None) -> dict[str, Any]:
        """Return the scenario as plain data with every default filled in.

        Written as YAML and loaded again it is an equal scenario.

        Parameters
        ----------
        folder
            Where the data will be written: the path of the history is then given relative to it.
        """
        data: dict[str, Any] = _lists(self.model_dump(by_alias=True, exclude_none=True))
        if folder is not None and self.history_path is not None:
            data["history"]["path"] = os.path.relpath(self.history_path, folder)
        elif self.history is not None:
            data["history"]["path"] = _moved_database(self.history.path, self.history_folder, folder)
        return data

    @property
    def digest(self) -> str:
        """The SHA-256 of all that the scenario says, whatever the layout of its files."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _moved_database(path: str, before: Path, after: Path | None) -> str:
    """Return the URL of a database; the file of an SQLite one is given relative to a new folder."""
    found = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/:$?].*)", path)
    if found and after is not None:
        return found[1] + os.path.relpath(before / found[2], after)
    return path


def expand(name: str, scenarios: Mapping[str, Sequence[Lever | str]]) -> dict[KeyPath, Lever]:
    """Collect the levers of a scenario and of those it is made of; each scenario counts once."""
    levers: dict[KeyPath, Lever] = {}
    visited: set[str] = set()

    def visit(current: str) -> None:
        if current in visited:
            return
        visited.add(current)
        for index, entry in enumerate(scenarios.get(current, ())):
            if isinstance(entry, str):
                visit(entry)
            else:
                levers["scenarios", current, index] = entry

    visit(name)
    return levers


def _lists(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    """Turn tuples into lists, as YAML and JSON know them."""
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, list | tuple) else value


def _plain_defaults(schema: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    """Write the defaults of numbers as a file would, not as the fields of `Distribution`."""
    if isinstance(schema, list):
        return [_plain_defaults(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if set(schema) >= {"family", "parameters"} and schema["family"] == "constant":
        return schema["parameters"][0]
    return {key: _plain_defaults(item) for key, item in schema.items()}


def _also_text(schema: dict[str, Any]) -> None:
    reference = schema.pop("$ref", None)
    if reference is not None:
        schema["anyOf"] = [{"$ref": reference}, {"type": "string"}]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (Draft 2020-12) of the scenario file."""
    schema: dict[str, Any] = _plain_defaults(Scenario.model_json_schema(by_alias=True, mode="validation"))
    definitions = schema.get("$defs", {}) | number_definitions()
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "simcast scenario",
        "$defs": dict(sorted(definitions.items())),
    }
    referring: dict[str, Any] = _with_references(whole)
    return referring


def _with_references(value: Any) -> Any:  # noqa: ANN401 - JSON of any depth
    """Put references to shared definitions where fields named them; pydantic refuses references it did not make."""
    if isinstance(value, dict):
        named = {"$ref": f"#/$defs/{value[DEFINITION]}"} if DEFINITION in value else {}
        return named | {key: _with_references(item) for key, item in value.items() if key != DEFINITION}
    return [_with_references(item) for item in value] if isinstance(value, list) else value
