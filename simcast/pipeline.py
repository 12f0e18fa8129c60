"""The pipeline: stages, the moves possible between them, and the outcomes in which deals end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from simcast.arguments import check_kind, check_name, slip_of
from simcast.errors import ArgumentTypeError, ScenarioArgumentError

WON = "won"
LOST = "lost"
STALLED = "stalled"
"""The name of the share of stays that never end; reserved, because it stands among the moves of a posterior."""

Kind = Literal["won", "lost"]


@dataclass(frozen=True, repr=False)
class Pipeline:
    """Stage names and codes, the possible moves, and the absorbing outcomes. No parameters.

    Build one with `Pipeline.define`, which completes the moves. Codes: a stage's code is its
    position in `stages`; a destination's code is a stage's code or, for an outcome,
    ``n_stages + position in outcomes``.

    Parameters
    ----------
    path
        The stages in order; the forward move leads to the next, from the last to ``won``.
    stages
        `path`, then the stages beside it (such as ``nurture``), then ``won`` where wins may renew.
    outcomes
        Where deals end; ``won`` and ``lost`` first.
    kinds
        For each outcome, whether it counts as won or lost.
    moves
        For each stage, the names of its possible destinations, the forward move first.
    """

    path: tuple[str, ...]
    stages: tuple[str, ...]
    outcomes: tuple[str, ...]
    kinds: tuple[Kind, ...]
    moves: tuple[tuple[str, ...], ...]

    @classmethod
    def define(
        cls,
        stages: Sequence[str],
        moves: Sequence[tuple[str, str]] = (),
        outcomes: Mapping[str, Kind] | None = None,
    ) -> Pipeline:
        """Complete a pipeline from its ordered stages and the moves beyond forward and lost.

        A name that occurs only in `moves` becomes a stage beside the path. Its forward move is the first
        one declared out of it; with none declared it leads back to the stages that lead into it.
        A name that only one move leads to, and that differs from a known one by a letter, is taken for a slip of the
        pen; a move out of it says that it is a stage of its own.
        Every stage may lead to ``lost`` and to each further outcome marked as lost.
        A move out of ``won`` (a renewal) makes ``won`` a stage as well, in which won deals stay.

        Raises
        ------
        ScenarioArgumentError
            On an empty, repeated or mistyped stage, a reserved name, a move that is forward already, a
            move out of a lost outcome, or an outcome that is neither won nor lost. All problems are listed at once.
        ArgumentTypeError
            When stages are no list of names, moves no list of pairs, or outcomes no mapping.

        Examples
        --------
        >>> pipeline = Pipeline.define(["lead", "meeting"], moves=[("meeting", "nurture")])
        >>> pipeline.stages
        ('lead', 'meeting', 'nurture')
        >>> pipeline.moves
        (('meeting', 'lost'), ('won', 'lost', 'nurture'), ('meeting', 'lost'))
        """
        _check_kinds(stages, moves, outcomes)
        ends: dict[str, Kind] = {WON: "won", LOST: "lost", **(outcomes or {})}
        problems = _problems(stages, moves, ends)
        if problems:
            raise ScenarioArgumentError(problems)

        path = tuple(stages)
        beside = tuple(dict.fromkeys(name for move in moves for name in move if name not in path and name not in ends))
        renewing = tuple(name for name in ends if any(start == name for start, _ in moves))
        every = (*path, *beside, *renewing)
        lost = tuple(name for name, kind in ends.items() if kind == "lost")

        def destinations(stage: str) -> tuple[str, ...]:
            declared = [end for start, end in moves if start == stage]
            if stage in path:
                position = path.index(stage)
                declared.insert(0, path[position + 1] if position + 1 < len(path) else WON)
            elif not declared:
                declared = [start for start, end in moves if end == stage]
            return tuple(dict.fromkeys((declared[0], *lost, *declared[1:])))

        return cls(path, every, tuple(ends), tuple(ends.values()), tuple(map(destinations, every)))

    @property
    def n_stages(self) -> int:
        """How many stages there are, those beside the path included."""
        return len(self.stages)

    @property
    def destinations(self) -> tuple[str, ...]:
        """The names of all destinations, in code order: stages, then outcomes."""
        inner = tuple(name if name not in self.outcomes else f"{name} (stage)" for name in self.stages)
        return (*inner, *self.outcomes)

    @cached_property
    def _stage_codes(self) -> dict[str, int]:
        return {name: code for code, name in enumerate(self.stages)}

    @cached_property
    def _destination_codes(self) -> dict[str, int]:
        inner = {name: code for code, name in enumerate(self.stages) if name not in self.outcomes}
        return inner | {name: self.n_stages + code for code, name in enumerate(self.outcomes)}

    def stage_code(self, stage: str) -> int:
        """Return the code of a stage.

        Raises
        ------
        UnknownNameError
            When it is not one; a `KeyError` too.
        """
        if stage not in self._stage_codes:
            check_name(stage, self.stages, "stage")
        return self._stage_codes[stage]

    def destination_code(self, name: str) -> int:
        """Return the code of a stage or outcome as the end of a move.

        Raises
        ------
        UnknownNameError
            When it is neither; a `KeyError` too.
        """
        if name not in self._destination_codes:
            check_name(name, self._destination_codes, "stage or outcome")
        return self._destination_codes[name]

    def forward(self, stage: str) -> str:
        """Return the destination of a stage's forward move; `UnknownNameError` when it is no stage."""
        return self.moves[self.stage_code(stage)][0]

    def allows(self, stage: str, destination: str) -> bool:
        """Return whether a stay in `stage` may end in a move to `destination`; `UnknownNameError` for no stage."""
        return destination in self.moves[self.stage_code(stage)]

    def is_won(self, outcome: str) -> bool:
        """Return whether an outcome counts as won; `UnknownNameError` when it is no outcome."""
        check_name(outcome, self.outcomes, "outcome")
        return self.kinds[self.outcomes.index(outcome)] == "won"

    def __repr__(self) -> str:
        forward = {(name, moves[0]) for name, moves in zip(self.stages, self.moves, strict=True)}
        ends = {name for name in self.outcomes if name not in ("won", *self.stages)}
        beside = [
            f"{stage} -> {move}"
            for stage, moves in zip(self.stages, self.moves, strict=True)
            for move in moves
            if move not in ends and ((stage, move) not in forward or stage not in self.path)
        ]
        also = f"; also {', '.join(beside)}" if beside else ""
        return f"Pipeline: {' -> '.join((*self.path, 'won'))}{also}; or {', '.join(sorted(ends))}"

    def renews(self, outcome: str) -> bool:
        """Return whether deals go on after this outcome, by a declared move out of it."""
        return outcome in self._stage_codes


def _check_kinds(stages: Sequence[str], moves: Sequence[tuple[str, str]], outcomes: object) -> None:
    """Refuse what is no list of names, no list of pairs of names, or no mapping."""
    check_kind(stages, (list, tuple), "pipeline.stages", "list the names in order, such as ['lead', 'meeting']")
    for name in stages:
        check_kind(name, str, "pipeline.stages")
    pairs = "list pairs of names, such as [('meeting', 'nurture')]"
    check_kind(moves, (list, tuple), "pipeline.moves", pairs)
    for move in moves:
        if not isinstance(move, list | tuple) or len(move) != 2 or not all(isinstance(name, str) for name in move):
            raise ArgumentTypeError(f"pipeline.moves: {move!r} is no pair of names; {pairs}")
    if outcomes is not None:
        check_kind(outcomes, Mapping, "pipeline.outcomes", "say of each what it is: {'disqualified': 'lost'}")


def _problems(stages: Sequence[str], moves: Sequence[tuple[str, str]], ends: Mapping[str, Kind]) -> list[str]:
    """List what keeps these stages, moves and outcomes from being a pipeline."""
    problems = [] if stages else ["pipeline.stages: name at least one stage"]
    problems += [
        f"pipeline.stages: {name!r} is listed twice" for name in dict.fromkeys(stages) if list(stages).count(name) > 1
    ]
    problems += [
        f"pipeline.stages: {name!r} is an outcome; list it under outcomes only" for name in stages if name in ends
    ]
    for name in dict.fromkeys([*stages, *(name for move in moves for name in move), *ends]):
        if not name.strip():
            problems.append("pipeline: a stage or outcome has an empty name")
        if name == STALLED:
            problems.append(f"pipeline: {STALLED!r} is a reserved word; choose another name")
    problems += [
        f"pipeline.outcomes: {reserved!r} is reserved and always counts as {reserved}"
        for reserved in (WON, LOST)
        if ends[reserved] != reserved
    ]
    problems += [
        f"pipeline.outcomes: {name!r} counts as {kind!r}; write won or lost"
        for name, kind in ends.items()
        if kind not in (WON, LOST)
    ]
    for position, move in enumerate(moves):
        problems += [f"pipeline.moves[{position}]: {text}" for text in _move_problems(move, moves[:position], ends)]
    problems += [
        f"pipeline.moves[{position}]: {name!r} would be a stage of its own, beside the path; did you mean {meant!r}? "
        f"If not, say so by a move out of it, such as {{from: {name}, to: {moves[position][0]}}}"
        for position, name, meant in _slips(stages, moves, ends)
    ]
    return problems


def _slips(
    stages: Sequence[str], moves: Sequence[tuple[str, str]], ends: Iterable[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield what only leads in, and is nearly a known name: the position of the move, the name, the known one."""
    known = [*stages, *ends, *(start for start, _ in moves)]
    for position, (_, name) in enumerate(moves):
        if name not in known and (meant := slip_of(name, known)) is not None:
            yield position, name, meant
        known.append(name)


def with_ways_back(stages: Sequence[str], moves: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return moves as data have them: of names that look like slips of the pen the way back is said.

    A stage beside the path without a move out of it has this way anyway; said, it tells that the name is meant.
    """
    back = [
        (name, start)
        for _, name, _ in _slips(stages, moves, (WON, LOST))
        for start, end in moves
        if end == name and start not in (WON, LOST)
    ]
    return [*moves, *dict.fromkeys(back)]


def _move_problems(move: tuple[str, str], before: Sequence[tuple[str, str]], ends: Mapping[str, Kind]) -> Iterator[str]:
    """Say what is wrong with one declared move."""
    start, end = move
    if move in before:
        yield f"from {start!r} to {end!r} is listed twice"
    if start == end:
        yield f"from {start!r} to itself is no move; a stay simply goes on"
    if ends.get(start) == "lost":
        yield f"nothing follows the lost outcome {start!r}; let deals that may come back wait in a stage of their own"
    elif start in ends and end in ends:
        yield f"from {start!r} a deal must go on to a stage, not to {end!r}"
