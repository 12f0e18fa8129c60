"""The bench on which plans are tried: posterior, open deals and baseline are fixed, only the levers change."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.compare import compare
from simcast.analysis.ground import Ground, ground_of
from simcast.analysis.stalled import are_stalled, usual_days_of
from simcast.app.outcome import Outcome, outcome_of
from simcast.arguments import check_name
from simcast.errors import ScenarioError
from simcast.forecast import Forecast
from simcast.history import Book
from simcast.plan import Plan, build_plan
from simcast.progress import Progress
from simcast.scenario import BASELINE, Scenario, build_scenario, dump_yaml, load_scenario
from simcast.segments import Segments
from simcast.simulation import simulate

Levers = Sequence[Mapping[str, Any]]
"""The levers of a plan in the syntax of a scenario file."""

PLAN = "what-if"
"""What the plan under the sliders is called until it has a name."""

SOON_SECONDS = 0.4
"""Where playing all futures takes longer than this, as many are shown first as take no longer."""
FEWEST_FUTURES = 250
"""But no fewer than these: quantiles of fewer say little."""

_MOST_KEPT = 64
_MOST_BYTES = 2**26
"""Results by day may take this much memory; beyond it, results come by the file's own period."""


@dataclass(frozen=True)
class Question:
    """What the page is opened with.

    Parameters
    ----------
    file
        The scenario file.
    overrides
        Values set over those of the file, as ``--set`` gives them.
    futures
        How many futures the page plays.
    threads
        On how many threads; all processors unless given.
    start
        The scenario of the file from which the sliders start at first.
    """

    file: str
    overrides: tuple[str, ...] = ()
    futures: int = 2000
    threads: int | None = None
    start: str = BASELINE


@dataclass(eq=False)
class Bench:
    """A scenario with all that its plans have in common, and the plans played on it.

    Parameters
    ----------
    ground
        The scenario, what was known of its history, the parameters and the open deals.
    futures
        How many futures are played.
    seconds
        How long playing all of them took.
    start
        The scenario of the file from which the sliders start at first.
    """

    ground: Ground
    futures: int
    seconds: float = 0.0
    start: str = BASELINE
    _base: dict[str, Any] = field(default_factory=dict, repr=False)
    _baselines: dict[int, Forecast] = field(default_factory=dict, repr=False)
    _begun: tuple[str, Forecast | None] = field(default=("", None), repr=False)
    _first_plan: Plan | None = field(default=None, repr=False)
    _played: OrderedDict[tuple[str, int], Outcome] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def scenario(self) -> Scenario:
        """The file, resolved."""
        return self.ground.scenario

    @property
    def book(self) -> Book:
        """The open deals."""
        return self.ground.book

    @cached_property
    def stalled(self) -> NDArray[np.bool_]:
        """Which of the open deals are stalled, in the order of `book`."""
        limit = usual_days_of(self.ground.history, self.ground.posterior, self.book)
        return are_stalled(self.book, limit, self._first_plan or self._plan(self.scenario))

    @property
    def preview(self) -> int:
        """How many futures are shown first while the others are played; all where that is soon."""
        if self.seconds <= SOON_SECONDS:
            return self.futures
        in_time = int(self.futures * SOON_SECONDS / self.seconds) // FEWEST_FUTURES * FEWEST_FUTURES
        return min(max(in_time, FEWEST_FUTURES), self.futures)

    @property
    def segments(self) -> Segments:
        """The segments that the parameters know."""
        return self.ground.posterior.segments

    def played(self, levers: Levers, futures: int) -> Outcome | None:
        """Return what is known of a plan already."""
        with self._lock:
            key = (_content(levers), futures)
            if key in self._played:
                self._played.move_to_end(key)
            return self._played.get(key)

    def play(self, levers: Levers, futures: int | None = None, progress: Progress | None = None) -> Outcome:
        """Play the first futures of a plan, those of the baseline under the same luck, and compare.

        Parameters
        ----------
        levers
            In the syntax of a scenario file; none for the baseline itself.
        futures
            How many; all of the bench unless given.
        progress
            Called with a description and the fraction done; it may raise to stop the playing.

        Raises
        ------
        ScenarioError
            When the levers are not possible.
        """
        n = futures or self.futures
        known = self.played(levers, n)
        if known is not None:
            return known
        scenario = self._for_play(levers, n)
        if n not in self._baselines:
            self._baselines[n] = simulate(self._plan(scenario), threads=self.ground.threads, progress=progress)
        baseline = forecast = self._baselines[n]
        if levers:
            forecast = self._play_plan(levers, scenario, progress)
        outcome = outcome_of(forecast, baseline, compare(forecast, baseline), self.scenario.forecast.period)
        with self._lock:
            self._played[_content(levers), n] = outcome
            while len(self._played) > _MOST_KEPT:
                self._played.popitem(last=False)
        return outcome

    def _play_plan(self, levers: Levers, scenario: Scenario, progress: Progress | None) -> Forecast:
        """Play a plan; the futures of it that were shown first are not played again."""
        plan, content = self._plan(scenario, PLAN), _content(levers)
        known, begun = self._begun
        if known == content and begun is not None and _goes_on(begun, plan):
            forecast = begun.joined(
                simulate(plan, threads=self.ground.threads, begin=begun.n_futures, progress=progress)
            )
        else:
            forecast = simulate(plan, threads=self.ground.threads, progress=progress)
        self._begun = (content, forecast)
        return forecast

    def _plan(self, scenario: Scenario, name: str = BASELINE) -> Plan:
        """Plan a scenario; what no lever changes is taken from the first plan made."""
        plan = build_plan(self.ground.posterior, self.book, scenario, name, like=self._first_plan)
        self._first_plan = self._first_plan or plan
        return plan

    def with_plans(self, plans: Mapping[str, Levers]) -> Scenario:
        """Return the file with these plans added to its scenarios.

        Raises
        ------
        ScenarioError
            When a plan has the name of a scenario of the file, or levers that are not possible.
        """
        taken = [name for name in plans if name in self.scenario.scenario_names]
        if taken:
            raise ScenarioError(
                [f"scenarios.{name}: the file has a scenario of this name; choose another" for name in taken]
            )
        data = self._data()
        data["scenarios"] = {**data.get("scenarios", {}), **{name: list(levers) for name, levers in plans.items()}}
        return build_scenario(data, folder=self.scenario.folder)

    def as_yaml(self, plans: Mapping[str, Levers]) -> str:
        """Return a scenario file with these plans: the original, resolved, and its scenarios beside them.

        Paths in it are relative to the folder of the original.
        """
        return dump_yaml(self.with_plans(plans).resolved(self.scenario.folder))

    def _data(self) -> dict[str, Any]:
        """Return the scenario as plain data; what is not about the plan is worked out once."""
        if not self._base:
            self._base.update(self.scenario.resolved(self.scenario.folder))
        return {key: dict(value) if isinstance(value, dict) else value for key, value in self._base.items()}

    def _for_play(self, levers: Levers, futures: int) -> Scenario:
        """Return the scenario with nothing but the plan, results by day where memory allows."""
        data = self._data()
        data["scenarios"] = {PLAN: list(levers)} if levers else {}
        data["simulation"]["futures"] = futures
        data["forecast"]["by"] = self.columns
        days = (self.scenario.forecast.until - self.scenario.forecast.as_of).days + 1
        groups = len(self.segments.grouped(self.columns)[0])
        bytes_per_day = 24 * groups + 12 * len(self.scenario.pipeline_definition.stages)
        if futures * days * bytes_per_day <= _MOST_BYTES:
            data["forecast"]["period"] = "day"
        return build_scenario(data, folder=self.scenario.folder)

    @property
    def columns(self) -> list[str]:
        """The columns by which results are split: those of the file, or else the first that there is."""
        return list(self.scenario.forecast.by or self.segments.columns[:1])

    def values_by_arrivals(self, column: str) -> list[str]:
        """Return the values of a segment column, those with the most new deals first."""
        per_segment = self.ground.posterior.draws["arrivals_per_day"].mean("draw").to_numpy()
        totals: dict[str, float] = {}
        for value, number in zip(self.segments.column(column), per_segment, strict=True):
            totals[value] = totals.get(value, 0.0) + float(number)
        return sorted(totals, key=lambda value: (-totals[value], value))

    def warm_up(self, progress: Progress | None = None) -> None:
        """Play the baseline, and learn how long that takes once all is compiled."""
        self.play((), min(FEWEST_FUTURES, self.futures), progress)
        start = time.perf_counter()
        self.play((), progress=progress)
        self.seconds = time.perf_counter() - start
        self.play((), self.preview)


def open_bench(question: Question, progress: Progress | None = None) -> Bench:
    """Read a scenario and its history, fit it or find its stored fit, and play the baseline.

    Raises
    ------
    SimcastError
        When the scenario or its history is wrong, or cannot be fitted.
    """
    scenario = load_scenario(question.file, overrides=question.overrides)
    ground = ground_of(scenario, threads=question.threads, progress=progress)
    check_name(question.start, scenario.scenario_names, "scenario")
    bench = Bench(ground, question.futures, start=question.start)
    bench.warm_up(progress)
    return bench


_open: dict[Question, Bench] = {}
_opening = Lock()


def shared_bench(question: Question, progress: Progress | None = None) -> Bench:
    """Return the bench of a question, opened once for all who look at the page.

    Raises
    ------
    SimcastError
        As `open_bench`.
    """
    with _opening:
        if question not in _open:
            _open[question] = open_bench(question, progress)
        return _open[question]


def _goes_on(begun: Forecast, plan: Plan) -> bool:
    """Return whether a plan's first futures are those played already, told apart by the same periods."""
    same_periods = begun.results.attrs["period"] == plan.days.period
    return same_periods and begun.n_futures < plan.n_futures and plan.capacity is None


def _content(levers: Levers) -> str:
    """Return the content of levers in one form, whatever the order of their keys."""
    return json.dumps(list(levers), sort_keys=True, default=str)
