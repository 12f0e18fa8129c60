"""Checking a scenario file and the history behind it, without fitting or writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcast.analysis.cautions import moves_left_out, where_amounts_matter
from simcast.analysis.inputs import chosen_names, read_scenario_history
from simcast.analysis.unfelt import amounts_unfelt
from simcast.arguments import check_kind, listed
from simcast.assume import assumed_posterior
from simcast.history import History
from simcast.notebook import Shown
from simcast.plan import check_names, forecast_days
from simcast.scenario import Scenario
from simcast.writing import counted


@dataclass(frozen=True, eq=False, repr=False)
class Check(Shown):
    """What was found in a scenario that can be run.

    Parameters
    ----------
    scenario
        The scenario.
    history
        What was known at the as-of date; None when everything is assumed.
    unfelt
        Which levers on amounts no deal feels, as far as that is known without a fit.
    """

    scenario: Scenario
    history: History | None
    unfelt: tuple[str, ...] = ()

    def _headline(self) -> str:
        return "\n".join(["Check (all of it in .lines())", *self.lines()[:3]])

    def lines(self) -> list[str]:
        """Return the findings for people."""
        scenario = self.scenario
        days = forecast_days(scenario)
        lines = [
            f"{scenario.name}: {days.as_of} to {days.until} by {days.period}, {scenario.simulation.futures:,} futures",
            f"stages: {', '.join(scenario.pipeline_definition.stages)}",
            f"scenarios: {', '.join(scenario.scenario_names)}",
        ]
        lines += [f"override: {change}" for change in scenario.changes]
        lines += [f"warning: {warning}" for warning in self._of_scenario]
        if self.history is not None:
            lines += self._open_deals(self.history)
            answered = set(self.history.quality.warnings).difference(self._of_data)
            lines += [line for line in self.history.quality.lines() if line.removeprefix("warning: ") not in answered]
        return [*lines, *self._next()]

    @property
    def _of_scenario(self) -> list[str]:
        """What to beware of in the scenario, and in what it assumes over its history."""
        return [*self.scenario.warnings(), *moves_left_out(self.scenario, self.history), *self.unfelt]

    @property
    def _of_data(self) -> list[str]:
        """What to beware of in the history, as far as nothing else is assumed."""
        return [] if self.history is None else where_amounts_matter(self.history.quality.warnings, self.scenario)

    def _open_deals(self, history: History) -> list[str]:
        """Say how many deals stand where, on the as-of date."""
        book = history.open_deals(history.observed_until)
        stages = self.scenario.pipeline_definition.stages
        counts = np.bincount(book.stage_code, minlength=len(stages))
        where = ", ".join(f"{count:,} in {stage}" for stage, count in zip(stages, counts, strict=True) if count)
        return [
            f"open at the start of {history.observed_until}: {counted(len(book), 'deal')}"
            + (f" ({where})" if where else "")
        ]

    def _next(self) -> list[str]:
        """Say what to do now."""
        file = self.scenario.file or "FILE"
        if self._of_data:
            return [f"next: check whether the warnings are data errors; then simcast run {file}"]
        return [f"next: simcast run {file}"]

    def to_dict(self) -> dict[str, Any]:
        """Return the findings in a form that JSON can hold."""
        return {
            "file": self.scenario.file.name if self.scenario.file else None,
            "name": self.scenario.name,
            "scenarios": list(self.scenario.scenario_names),
            "overrides": list(self.scenario.changes),
            "warnings": self._of_scenario,
            "history": None if self.history is None else self.history.quality.to_dict(),
        }


def check(scenario: Scenario, names: Sequence[str] = ()) -> Check:
    """Validate a scenario against its history, as known at the as-of date.

    Parameters
    ----------
    scenario
        The file.
    names
        Hold the levers of these scenarios only against the history; all unless given.

    Raises
    ------
    ScenarioNameError
        When it has no scenario of one of `names`.
    DataError
        When rows of the history are bad.
    ScenarioError
        When a lever names a segment or deal that is not in the history, or assumed chances sum to more than 1.
    """
    check_kind(scenario, Scenario, "scenario", "load_scenario reads one from a file")
    chosen = chosen_names(scenario, listed(names))
    history = read_scenario_history(scenario, rejects=False)
    known = None if history is None else history.known_at(scenario.forecast.as_of)
    if known is not None:
        check_names(scenario, known.segments, known.open_deals(known.observed_until), chosen)
    elif scenario.assume is not None:
        assumed_posterior(scenario.pipeline_definition, scenario.assume)
    return Check(scenario, known, tuple(dict.fromkeys(amounts_unfelt(scenario, known, chosen))))
