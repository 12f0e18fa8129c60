"""The sections of a scenario, each validated by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from simcast.errors import ScenarioError
from simcast.pipeline import Pipeline
from simcast.scenario.assumptions import Assumptions
from simcast.scenario.levers import Entry, Lever
from simcast.scenario.reading import KeyPath
from simcast.scenario.settings import ForecastSettings, HistorySettings, PipelineSettings
from simcast.scenario.team import Team

Problem = tuple[KeyPath, str]
T = TypeVar("T")

_ENTRY: TypeAdapter[Lever | str] = TypeAdapter(Entry)
_PATH_IN_TEXT = re.compile(r"([A-Za-z_]+(?:\.[A-Za-z_]+|\[\d+\])*): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Parts:
    """The sections that are sound by themselves; None where one is not, or is not there."""

    pipeline: Pipeline | None
    pipeline_problems: tuple[Problem, ...]
    history: HistorySettings | None
    history_given: bool
    assume: Assumptions | None
    assume_given: bool
    forecast: ForecastSettings | None
    teams: Mapping[str, Team | None]
    scenarios: Mapping[str, tuple[Lever | str, ...]]
    entry_paths: Mapping[str, tuple[KeyPath, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Parts:
        """Validate each section by itself, so that one bad section hides no problem of another."""
        settings = _attempt(TypeAdapter(PipelineSettings), data.get("pipeline"))
        pipeline, problems = _define(settings)
        scenarios, paths = {}, {}
        for name, entries in _mapping(data.get("scenarios")).items():
            checked = [
                (("scenarios", name, index), entry)
                for index, item in enumerate(entries if isinstance(entries, tuple) else ())
                if (entry := _attempt(_ENTRY, item)) is not None
            ]
            scenarios[name] = tuple(entry for _, entry in checked)
            paths[name] = tuple(path for path, _ in checked)
        team = TypeAdapter(Team)
        return cls(
            pipeline,
            tuple(problems),
            _attempt(TypeAdapter(HistorySettings), data.get("history")),
            "history" in data,
            _attempt(TypeAdapter(Assumptions), data.get("assume")),
            "assume" in data,
            _attempt(TypeAdapter(ForecastSettings), data.get("forecast")),
            {name: _attempt(team, item) for name, item in _mapping(data.get("teams")).items()},
            scenarios,
            paths,
        )

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The segment columns; None while they are not known."""
        if self.history is not None:
            return self.history.segments
        if self.history_given or (self.assume_given and self.assume is None):
            return None
        return tuple(self.assume.segments) if self.assume else ()

    def levers(self) -> Iterator[tuple[KeyPath, Lever]]:
        """All levers with their paths."""
        for name, entries in self.scenarios.items():
            for path, entry in zip(self.entry_paths[name], entries, strict=True):
                if isinstance(entry, Lever):
                    yield path, entry


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _attempt(adapter: TypeAdapter[T], value: object) -> T | None:
    """Validate one section; what is wrong with it is told elsewhere."""
    try:
        return None if value is None else adapter.validate_python(value)
    except ValidationError:
        return None


def _define(settings: PipelineSettings | None) -> tuple[Pipeline | None, list[Problem]]:
    if settings is None:
        return None, []
    try:
        return settings.define(), []
    except ScenarioError as error:
        return None, [_with_path(text) for text in error.problems]


def _with_path(text: str) -> Problem:
    """Take the path off the front of a problem that `Pipeline.define` found."""
    found = _PATH_IN_TEXT.match(text)
    if not found:
        return ("pipeline",), text
    steps = re.findall(r"[A-Za-z_]+|\d+", found[1])
    return tuple(int(step) if step.isdecimal() else step for step in steps), found[2]
