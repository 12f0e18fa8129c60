"""Checks across the sections of a scenario: names that must exist elsewhere, and levers that clash."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping

from simcast.arguments import nearest
from simcast.pipeline import LOST, Pipeline
from simcast.scenario.assumptions import Assumptions, StageAssumption
from simcast.scenario.clashes import find_clashes
from simcast.scenario.levers import DealLever, DurationLever, HireLever, LeaveLever, TrainLever
from simcast.scenario.parts import Parts, Problem
from simcast.scenario.reading import KeyPath
from simcast.scenario.schema import BASELINE


def find_problems(parts: Parts) -> list[Problem]:
    """List what the sections of a scenario say against each other, by path."""
    problems = list(parts.pipeline_problems)
    if parts.pipeline is not None:
        enters = parts.assume.arrivals.enters if parts.assume and parts.assume.arrivals else None
        problems += _unreachable(parts.pipeline, enters)
        problems += _unknown_stages(parts, parts.pipeline)
        problems += _assumed(parts, parts.pipeline)
    problems += _sources(parts)
    problems += _columns(parts)
    problems += _names(parts)
    problems += _teams(parts)
    if parts.forecast is not None and not any(path[:1] == ("scenarios",) for path, _ in problems):
        problems += find_clashes(parts.scenarios, parts.entry_paths, parts.forecast.as_of, parts.forecast.until)
    return problems


def _unreachable(pipeline: Pipeline, enters: str | None) -> Iterator[Problem]:
    """Find stages and outcomes to which no way leads."""
    reached = {pipeline.path[0], *pipeline.path, *([enters] if enters else [])}
    frontier = list(reached)
    while frontier:
        stage = frontier.pop()
        following = pipeline.moves[pipeline.stage_code(stage)] if stage in pipeline.stages else ()
        new = [name for name in following if name not in reached]
        reached.update(new)
        frontier += new
    for stage in pipeline.stages:
        if stage not in reached:
            close = difflib.get_close_matches(stage, [name for name in pipeline.stages if name != stage], n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            yield (
                ("pipeline", "moves"),
                f"no move leads into stage {stage!r}{hint}; add one such as {{from: {pipeline.path[0]}, to: {stage}}}",
            )
    for outcome in pipeline.outcomes:
        if outcome not in reached and outcome not in pipeline.stages:
            yield (
                ("pipeline", "outcomes", outcome),
                f"no move leads to outcome {outcome!r}; add one under pipeline.moves",
            )


def _unknown_stages(parts: Parts, pipeline: Pipeline) -> Iterator[Problem]:
    """Find stages, moves and outcomes that the pipeline does not have."""
    for path, lever in parts.levers():
        stage = getattr(lever, "stage", None)
        if stage is not None and stage not in pipeline.stages:
            yield (*path, "stage"), f"no stage {stage!r} in the pipeline; {nearest(stage, pipeline.stages)}"
        elif isinstance(lever, DurationLever) and lever.move and not pipeline.allows(lever.stage, lever.move):
            known = pipeline.moves[pipeline.stage_code(lever.stage)]
            yield (*path, "move"), f"no move from {lever.stage!r} to {lever.move!r}; {nearest(lever.move, known)}"
        if isinstance(lever, DealLever) and lever.outcome not in pipeline.outcomes:
            yield (*path, "outcome"), f"no outcome {lever.outcome!r}; {nearest(lever.outcome, pipeline.outcomes)}"
    for team_name, team in parts.teams.items():
        for index, stage in enumerate(team.serves if team else ()):
            if stage not in pipeline.stages:
                yield (
                    ("teams", team_name, "serves", index),
                    f"no stage {stage!r} in the pipeline; {nearest(stage, pipeline.stages)}",
                )
    yield from _history_names(parts, pipeline)


def _history_names(parts: Parts, pipeline: Pipeline) -> Iterator[Problem]:
    """Find stages and outcomes under `history` that the pipeline does not have."""
    if parts.history is None:
        return
    entered = parts.history.columns.get("entered")
    for stage in entered if isinstance(entered, dict) else ():
        if stage not in pipeline.stages:
            yield (
                ("history", "columns", "entered", stage),
                f"no stage {stage!r} in the pipeline; {nearest(stage, pipeline.stages)}",
            )
    ours = (*pipeline.outcomes, "open", *pipeline.stages)
    for word, outcome in parts.history.outcomes.items():
        if outcome not in ours:
            yield ("history", "outcomes", word), f"no outcome {outcome!r}; {nearest(outcome, ours)}"


def _assumed(parts: Parts, pipeline: Pipeline) -> Iterator[Problem]:
    """Check what is assumed against the pipeline."""
    if parts.assume is None:
        return
    named: list[tuple[KeyPath, str]] = [
        (("assume", "open", index, "stage"), group.stage) for index, group in enumerate(parts.assume.open)
    ]
    if parts.assume.arrivals and parts.assume.arrivals.enters:
        named.append((("assume", "arrivals", "enters"), parts.assume.arrivals.enters))
    if parts.assume.calendar and parts.assume.calendar.stages:
        of = parts.assume.calendar.stages
        named += [(("assume", "calendar", "stages", index), stage) for index, stage in enumerate(of)]
    for stage, assumed in parts.assume.stages.items():
        named.append((("assume", "stages", stage), stage))
        if stage in pipeline.stages:
            yield from _assumed_moves(stage, assumed, pipeline)
    for path, stage in named:
        if stage not in pipeline.stages:
            yield path, f"no stage {stage!r} in the pipeline; {nearest(stage, pipeline.stages)}"
    if not parts.history_given:
        yield from _incomplete(parts.assume, pipeline)


def _assumed_moves(stage: str, assumed: StageAssumption, pipeline: Pipeline) -> Iterator[Problem]:
    """Find moves assumed for a stage that it does not have."""
    forward, *others = pipeline.moves[pipeline.stage_code(stage)]
    further = [name for name in others if name != LOST]
    reasons = {forward: "that is the forward move, so set conversion", LOST: "what remains of 1 is lost"}
    for name in assumed.moves:
        if name not in further:
            why = reasons.get(name) or nearest(name, further)
            yield ("assume", "stages", stage, "moves", name), f"no further move from {stage!r} to {name!r}; {why}"
    for name in assumed.days_to:
        if name not in (forward, *others):
            what = f"no move from {stage!r} to {name!r}; {nearest(name, (forward, *others))}"
            yield ("assume", "stages", stage, "days_to", name), what


def _incomplete(assume: Assumptions, pipeline: Pipeline) -> Iterator[Problem]:
    """Find what assumptions lack when there is no history to learn it from."""
    missing = [stage for stage in pipeline.stages if stage not in assume.stages]
    if missing:
        ended = "".join(
            f"; {name} says which share of deals that have ended so move on to {pipeline.forward(name)}, and after how "
            "many days"
            for name in missing
            if name in pipeline.outcomes
        )
        yield ("assume", "stages"), f"without a history every stage is assumed; missing: {', '.join(missing)}{ended}"


def _sources(parts: Parts) -> Iterator[Problem]:
    if not parts.history_given and not parts.assume_given:
        yield (), "neither history nor assume; say where the parameters come from"
    both = parts.history is not None and parts.assume is not None
    if both and parts.assume and parts.assume.segments:
        yield ("assume", "segments"), "with a history the segments come from it; name them under history.segments"


def _columns(parts: Parts) -> Iterator[Problem]:
    """Find segment columns that are not there, and values outside the assumed ones."""
    known = parts.columns
    if known is None:
        return
    advice = f"{', '.join(known)}" if known else "none; name them under history.segments or assume.segments"
    for index, column in enumerate(parts.forecast.by if parts.forecast else ()):
        if column not in known:
            yield ("forecast", "by", index), f"{column!r} is not a segment column (known: {advice})"
    for path, where in _selections(parts):
        for column, values in where.items():
            if column not in known:
                yield (*path, column), f"{column!r} is not a segment column (known: {advice})"
            elif parts.history is None and parts.assume is not None:
                shares = parts.assume.segments[column]
                for value in values:
                    if value not in shares:
                        yield (*path, column), f"no segment has the value {value!r}; {nearest(value, shares)}"


def _selections(parts: Parts) -> Iterator[tuple[KeyPath, Mapping[str, tuple[str, ...]]]]:
    """All places where segments are selected."""
    for path, lever in parts.levers():
        for key in ("where", "out_of", "into"):
            yield (*path, key), getattr(lever, key, {})
    for index, group in enumerate(parts.assume.open if parts.assume else ()):
        yield ("assume", "open", index, "where"), group.where


def _names(parts: Parts) -> Iterator[Problem]:
    """Find reserved scenario names, unknown scenarios and scenarios made of themselves."""
    known = [name for name in parts.scenarios if name != BASELINE]
    if BASELINE in parts.scenarios:
        yield ("scenarios", BASELINE), "'baseline' is always there, without levers; choose another name"
    references = {
        name: [entry for entry in entries if isinstance(entry, str)] for name, entries in parts.scenarios.items()
    }
    for name, entries in parts.scenarios.items():
        for path, entry in zip(parts.entry_paths[name], entries, strict=True):
            if isinstance(entry, str) and entry not in parts.scenarios:
                yield path, f"no scenario {entry!r}; {nearest(entry, [one for one in known if one != name])}"
    for circle in _circles(references):
        yield ("scenarios", circle[0]), f"made of itself ({' -> '.join(circle)}); leave one of these out"


def _circles(references: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Find each circle of references once."""
    told: set[frozenset[str]] = set()
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in trail:
            circle = (*trail[trail.index(name) :], name)
            if frozenset(circle) not in told:
                told.add(frozenset(circle))
                yield circle
        elif name not in done:
            for following in references.get(name, ()):
                yield from walk(following, (*trail, name))
            done.add(name)

    for name in references:
        yield from walk(name, ())


def _teams(parts: Parts) -> Iterator[Problem]:
    """Find teams that are not there, and stages that two teams serve."""
    for path, lever in parts.levers():
        if isinstance(lever, HireLever | LeaveLever | TrainLever) and lever.team not in parts.teams:
            yield (*path, "team"), f"no team {lever.team!r}; {nearest(lever.team, parts.teams)}"
    for (first, one), (second, other) in itertools.combinations(parts.teams.items(), 2):
        for stage in set(one.serves if one else ()) & set(other.serves if other else ()):
            yield ("teams", second, "serves"), f"stage {stage!r} is served by team {first!r} already"
