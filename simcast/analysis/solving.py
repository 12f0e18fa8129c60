"""The smallest change of one number for which a condition holds, found by bisection under common random numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import ValidationError

from simcast.analysis.ground import GROUND_OF, Ground
from simcast.analysis.questions import Condition, Unknown, Value, lever_words
from simcast.arguments import check_kind
from simcast.errors import ScenarioArgumentError, ScenarioError
from simcast.forecast import Forecast
from simcast.notebook import Shown
from simcast.progress import Progress
from simcast.scenario import LEVERS, Lever, Scenario, build_scenario
from simcast.scenario.clashes import clashes_on_top

if TYPE_CHECKING:
    import pandas as pd

NAME = "solve"
"""What the scenario with the lever sought is called."""

Z = 1.96
"""The Monte Carlo interval of the answer is of 95%."""

_EXPECTED_PLAYS = 45
_N_LOOKED_AT = 16
"""In how many parts of the range the condition is looked at before its answer is bracketed."""
_NEAR_NO_CHANGE = (1 / 65536, 1 / 4096, 1 / 256, 1 / 64)
"""Places near the smallest change at which it is looked at, too, since a range may be far wider than its answer."""
_HALVINGS = 6


@dataclass(frozen=True)
class Point:
    """The condition's measure at one value.

    Parameters
    ----------
    value
        Of the number sought.
    measure, error
        The share of futures (or the mean), and its Monte Carlo standard error.
    """

    value: Value
    measure: float
    error: float


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Shown):
    """What was found.

    Parameters
    ----------
    ground
        What was asked.
    unknown, condition
        The question.
    answer
        The smallest change for which the condition holds; None when it cannot be met within the range.
    low, high
        Between which values the answer lies given the simulation's error, with 95%; None where the range ends before.
    points
        All values that were tried, from the smallest change to the largest.
    met_without
        Whether the condition holds without any change.
    best
        The answer; where there is none, the value at which the measure is largest.
    forecast
        The futures under that.
    baseline
        The futures without any change.
    is_monotone
        Whether the measure rose with the change wherever it was looked at, beyond its error.
    """

    ground: Ground
    unknown: Unknown
    condition: Condition
    answer: Point | None
    low: Value | None
    high: Value | None
    points: tuple[Point, ...]
    met_without: bool
    best: Point
    forecast: Forecast
    baseline: Forecast
    is_monotone: bool

    def to_frame(self) -> pd.DataFrame:
        """Return a row per value tried, from the smallest change on: ``value``, ``measure`` and its ``error``."""
        import pandas as pd

        return pd.DataFrame([vars(point) for point in self.points])

    def _headline(self) -> str:
        asked = f"Solution for {self.condition.text}, varying {lever_words(self.unknown.lever)} {self.unknown.key}=?"
        if self.met_without:
            return f"{asked}: holds without any change"
        if self.answer is None:
            return f"{asked}: cannot be met within {self.unknown.first} to {self.unknown.last}"
        ends = [_end(value) for value in (self.low, self.high)]
        return f"{asked}: {self.unknown.key}={_end(self.answer.value)} is enough (95%: {ends[0]} to {ends[1]})"


def _end(value: Value | None) -> str:
    """Write a value of the range, or that the range ends before."""
    return "the end of the range" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def solve(
    ground: Ground, unknown: Unknown | str, condition: Condition | str, *, progress: Progress | None = None
) -> Solution:
    """Find the smallest change for which a condition holds, whichever way its range is written.

    All values are played in the same futures. The measure is looked at all along the range, and bracketed by bisection
    from the first place on at which it suffices. The error of the answer is where the measure plus and minus 1.96 of
    its Monte Carlo standard errors would meet the condition.

    Parameters
    ----------
    ground
        The pipeline, its parameters and open deals.
    unknown
        The lever and where to look for its number, also as text: ``"conversion stage=operator add=0..0.3"``.
    condition
        What has to hold, also as text: ``"P(bookings>=target)>=0.8"``.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioArgumentError
        When this scenario cannot have such a lever, or has one on the same stays; or a text says no range or no
        condition.
    ArgumentTypeError
        When an argument is another kind of thing.
    """
    check_kind(ground, Ground, "ground", GROUND_OF)
    unknown = Unknown.parse(unknown) if isinstance(unknown, str) else unknown
    targets = {str(metric): wanted for metric, wanted in ground.scenario.forecast.target.items()}
    condition = Condition.parse(condition, targets) if isinstance(condition, str) else condition
    check_kind(unknown, Unknown, "unknown", "write it as text: 'conversion stage=operator add=0..0.3'")
    check_kind(condition, Condition, "condition", "write it as text: 'P(bookings>=target)>=0.8'")
    check_lever(ground.scenario, unknown)
    check_on_top(ground.scenario, unknown, ground.standing_on)
    search = _from_the_smallest(_Search(ground, unknown, condition, progress))
    baseline = ground.play()
    met_without = condition.measure(baseline)[0] >= condition.level
    step = search.first(condition.level)
    if step is None:
        return search.solution(None, search.best(), None, None, met_without, baseline)
    answer = search.point(step)
    if step == 0:
        return search.solution(answer, step, None, None, met_without, baseline)
    low, high = (search.first(condition.level + sign * Z * answer.error) for sign in (-1.0, 1.0))
    return search.solution(answer, step, search.value(low), search.value(high), met_without, baseline)


def _from_the_smallest(search: _Search) -> _Search:
    """Return a search whose range goes from the smallest change to the largest, whichever way it was written.

    From no change on, where that is known and lies in the range: towards its better end. Else from the end at which
    the condition does not hold, where it holds at the other. Else, of days, from the last on, from which on a lever
    acts for the shortest time.
    """
    unknown, level = search.unknown, search.condition.level
    neutral = unknown.neutral
    if neutral is not None and unknown.first == neutral:
        return search
    start, end = search.point(0).measure, search.point(unknown.n_steps).measure
    if neutral is not None and unknown.within(neutral):
        better = unknown.last if end >= start and unknown.last != neutral else unknown.first
        return search.over(neutral, better)
    backwards = start >= level > end
    if (start >= level) == (end >= level) and unknown.key != "until":
        backwards = isinstance(unknown.first, date) and unknown.last > unknown.first  # type: ignore[operator]  # both are dates
    return search.over(unknown.last, unknown.first) if backwards else search


class _Search:
    """Values already played, by their step, so that none is played twice."""

    def __init__(self, ground: Ground, unknown: Unknown, condition: Condition, progress: Progress | None) -> None:
        self.unknown, self.condition = unknown, condition
        self._ground, self._progress = ground, progress
        self._found: dict[int, Point] = {}
        n = unknown.n_steps
        looked_at = {
            round(n * part) for part in (*_NEAR_NO_CHANGE, *(k / _N_LOOKED_AT for k in range(_N_LOOKED_AT + 1)))
        }
        self._looked_at = list(range(n + 1)) if n <= _N_LOOKED_AT else sorted(looked_at)

    def over(self, first: Value, last: Value) -> _Search:
        """Return the search over another range."""
        return _Search(self._ground, replace(self.unknown, first=first, last=last), self.condition, self._progress)

    def value(self, step: int | None) -> Value | None:
        """Return the value at a step of the range."""
        return None if step is None else self.unknown.at(step / self.unknown.n_steps)

    def point(self, step: int) -> Point:
        """Return the measure at a step of the range."""
        if step not in self._found:
            value = self.unknown.at(step / self.unknown.n_steps)
            self._found[step] = Point(value, *self.condition.measure(self.play(value)))
            if self._progress is not None:
                self._progress("trying values", min(len(self._found) / _EXPECTED_PLAYS, 1.0))
        return self._found[step]

    def play(self, value: Value) -> Forecast:
        """Play the futures with a value; one that changes nothing needs no lever."""
        levers = [] if self.unknown.is_neutral(value) else [lever_of(self.unknown, value)]
        return self._ground.play(NAME, levers)

    def first(self, level: float) -> int | None:
        """Return the first step at which the measure reaches a level, to four digits; None when none does.

        The measure need not rise all the way: what people cost may exceed what they bring. So it is looked at all along
        the range first, then near the best place where nowhere there it suffices, and only then bracketed.
        """
        low = 0
        for step in self._looked_at:
            if self.point(step).measure >= level:
                return self._bracketed(level, low, step)
            low = step
        best = self.best()
        if self.point(best).measure < level:
            return None
        return self._bracketed(level, max(step for step in self._looked_at if step < best), best)

    def _bracketed(self, level: float, low: int, high: int) -> int:
        """Return the first step that reaches a level, which one at `low` does not, and one at `high` does."""
        while high - low > (unit := _unit(high)):
            middle = -(-(low + high) // (2 * unit)) * unit  # rounded up, so that it is never `low`
            if middle >= high:
                middle -= unit
            low, high = (low, middle) if self.point(middle).measure >= level else (middle, high)
        return high

    def best(self) -> int:
        """Return the step with the largest measure, looked for beside the best of those all along the range."""
        at = max(range(len(self._looked_at)), key=lambda k: self.point(self._looked_at[k]).measure)
        best = self._looked_at[at]
        if at == len(self._looked_at) - 1:
            return best
        left, right = self._looked_at[max(at - 1, 0)], self._looked_at[at + 1]
        for _ in range(_HALVINGS):
            steps = sorted({left, (left + best) // 2, best, (best + right) // 2, right})
            at = max(range(len(steps)), key=lambda k: self.point(steps[k]).measure)
            left, best, right = steps[max(at - 1, 0)], steps[at], steps[min(at + 1, len(steps) - 1)]
        return best

    def solution(
        self,
        answer: Point | None,
        step: int,
        low: Value | None,
        high: Value | None,
        met_without: bool,
        baseline: Forecast,
    ) -> Solution:
        """Put together what was found."""
        points = tuple(point for _, point in sorted(self._found.items()))
        monotone = all(later.measure >= earlier.measure - Z * later.error for earlier, later in pairwise(points))
        return Solution(
            self._ground,
            self.unknown,
            self.condition,
            answer,
            low,
            high,
            points,
            met_without,
            self.point(step),
            self.play(self.point(step).value),
            baseline,
            monotone,
        )


def _unit(step: int) -> int:
    """Return the power of ten by which steps near this one are told apart: four digits of the change."""
    unit: int = 10 ** max(len(str(step)) - 4, 0)
    return unit


def lever_of(unknown: Unknown, value: Value) -> Lever:
    """Return the lever with a value.

    Raises
    ------
    ScenarioArgumentError
        When the lever cannot have this value.
    """
    kind = LEVERS[str(unknown.lever["lever"])]
    try:
        return kind.model_validate(unknown.data(value))
    except ValidationError as error:
        raise ScenarioArgumentError(
            [f"unknown: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        ) from None


def check_lever(scenario: Scenario, unknown: Unknown) -> None:
    """Refuse a lever that the scenario's file could not have, with the same words as the file would be."""
    data = scenario.resolved()
    if scenario.history_source is not None:
        data["history"]["path"] = str(scenario.history_source)
    data["scenarios"] = {NAME: [_plain(unknown.data(_telling(unknown)))]}
    try:
        build_scenario(data, folder=scenario.history_folder)
    except ScenarioError as error:
        told = [problem.replace(f"scenario: scenarios.{NAME}[0]", "unknown") for problem in error.problems]
        raise ScenarioArgumentError(told) from None


def check_on_top(scenario: Scenario, unknown: Unknown, standing_on: str) -> None:
    """Refuse a lever that sets what the scenario sets from which the question starts, as a file may not.

    Of dates every one is tried that may be the answer: the first and the last reach furthest.
    """
    values = (unknown.first, unknown.last) if isinstance(unknown.first, date) else (_telling(unknown),)
    levers = [lever_of(unknown, value) for value in values]
    if found := next(clashes_on_top(scenario, levers, standing_on), None):
        advice = "set them apart by where, from or until, or start from another scenario"
        raise ScenarioArgumentError(f"unknown: {found}; {advice}")


def _telling(unknown: Unknown) -> Value:
    """Return the value at which the lever changes most, or the other where it changes nothing there."""
    return unknown.first if unknown.is_neutral(unknown.last) else unknown.last


def _plain(data: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if value is not None}
