"""All scenarios of one file or of several, ranked by what they bring over their baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.compare import Difference, compare
from simcast.analysis.run import Run
from simcast.arguments import check_kind, listed
from simcast.errors import ArgumentError, ScenarioArgumentError
from simcast.forecast import Forecast, Summary
from simcast.notebook import Shown
from simcast.scenario import BASELINE, Scenario
from simcast.writing import chance, count, interval, money

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Option:
    """One scenario against its baseline.

    Parameters
    ----------
    file, name
        The scenario's file and name.
    forecast
        Its futures.
    difference
        Against the baseline of its file; None for the baseline itself.
    target
        The share of futures that reach all targets; None without any.
    interaction
        Of a scenario made of others: its mean gain in net, less the sum of the gains of its parts; None otherwise.
    interaction_wins
        The same in wins.
    pays_back
        The end of the first period by which the mean gain (bookings times the margin) has paid the mean cost; None when
        it never does, or where there is no cost.
    """

    file: str
    name: str
    forecast: Forecast
    difference: Difference | None
    target: float | None
    interaction: Summary | None
    interaction_wins: Summary | None
    pays_back: date | None


@dataclass(frozen=True, eq=False, repr=False)
class Ranking(Shown):
    """The scenarios of all files, the best first.

    Parameters
    ----------
    runs
        One per file.
    options
        The baselines, in the order of the files, and after them all other scenarios by their mean net gain; by their
        mean of additional wins, where nothing is booked.
    across
        Each further file's baseline against that of the first, where both were played in the same futures.
    notes
        Why files cannot be compared future by future, where they cannot.
    """

    runs: tuple[Run, ...]
    options: tuple[Option, ...]
    across: tuple[Difference, ...]
    notes: tuple[str, ...]

    @property
    def by_wins(self) -> bool:
        """Whether nothing is booked in any scenario of any file, so that wins are what they are judged by."""
        return all(run.by_wins for run in self.runs)

    @property
    def trusted(self) -> bool:
        """Whether all fits are to be trusted."""
        return all(run.trusted for run in self.runs)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why not to trust the fits, each sentence once."""
        return tuple(dict.fromkeys(doubt for run in self.runs for doubt in run.posterior.doubts))

    @property
    def changes(self) -> tuple[Option, ...]:
        """The scenarios that are no baseline, the best first."""
        return tuple(option for option in self.options if option.difference is not None)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per scenario by file and name, the baselines first, then the others from the best down.

        Columns: those of `Run.to_frame`, and ``pays_back``, the day by which the mean gain has paid the mean cost.
        """
        import pandas as pd

        labels = dict.fromkeys(option.file for option in self.options)
        frames = {label: run.to_frame() for label, run in zip(labels, self.runs, strict=True)}
        table = pd.concat(frames, names=["file"])
        order = [(option.file, option.name) for option in self.options]
        return table.loc[order].assign(
            pays_back=pd.to_datetime(pd.Series([option.pays_back for option in self.options])).to_numpy()
        )

    def _headline(self) -> str:
        doubts = "" if self.trusted else "; a fit is NOT TO BE TRUSTED"
        return "\n".join([f"Ranking of {len(self.changes)} scenarios, the best first{doubts}", *self.notes])

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        rows = []
        for option in self.changes:
            if option.difference is not None:
                gain = option.difference.gain(by_wins=self.by_wins)
                named = option.name if len(self.runs) == 1 else f"{option.file}: {option.name}"
                better = chance(option.difference.better(by_wins=self.by_wins))
                mean = (count if self.by_wins else money)(gain.mean, signed=True)
                rows.append((named, mean, interval(gain, signed=True, deals=self.by_wins), better))
        gained, surely = ("more wins", "P(more)") if self.by_wins else ("net gain", "P(better)")
        return pd.DataFrame(rows, columns=["scenario", gained, "80% interval", surely]).set_index("scenario")


def rank(runs: Sequence[Run]) -> Ranking:
    """Rank the scenarios of several runs.

    Parameters
    ----------
    runs
        One per file; a single one is a list of one.

    Raises
    ------
    ScenarioArgumentError
        When two runs are of files that cannot be told apart by name.
    ArgumentTypeError, ArgumentError
        When one of them is not a run, or there are no runs.
    """
    runs = listed(runs)
    if not runs:
        raise ArgumentError("runs: give at least one; run(scenario) makes one")
    for each in runs:
        check_kind(each, Run, "runs", "run(scenario) makes one")
    labels = [_label(run.scenario, position) for position, run in enumerate(runs)]
    if len(set(labels)) < len(labels):
        raise ScenarioArgumentError(
            f"two files are called {labels[0]!r}; give each file once, and files different names"
        )
    options = [option for label, run in zip(labels, runs, strict=True) for option in _options(label, run)]
    baselines = [option for option in options if option.difference is None]
    changes = [option for option in options if option.difference is not None]
    by_wins = all(run.by_wins for run in runs)
    changes.sort(key=lambda option: -_gain(option, by_wins))
    across, notes = _across(labels, runs)
    return Ranking(tuple(runs), (*baselines, *changes), across, notes)


def _label(scenario: Scenario, position: int) -> str:
    return scenario.file.name if scenario.file else f"scenario {position + 1}"


def _gain(option: Option, by_wins: bool) -> float:
    if option.difference is None:
        return 0.0
    return option.difference.gain(by_wins=by_wins).mean


def _options(label: str, run: Run) -> list[Option]:
    """Return the scenarios of one run, the baseline first."""
    differences = {difference.scenario: difference for difference in run.differences}
    baseline = run.forecasts[BASELINE]
    return [
        Option(
            label,
            name,
            forecast,
            differences.get(name),
            forecast.probability_of_targets() if forecast.targets else None,
            _interaction(run, name, Forecast.net),
            _interaction(run, name, _wins),
            _pays_back(run, forecast, baseline),
        )
        for name, forecast in run.forecasts.items()
    ]


def _wins(forecast: Forecast) -> NDArray[np.float64]:
    return forecast.values("wins")


def _interaction(run: Run, name: str, total: Callable[[Forecast], NDArray[np.float64]]) -> Summary | None:
    """Return what a combined scenario brings beyond the sum of the scenarios that it is made of, future by future."""
    entries = run.scenario.scenarios.get(name, ())
    parts = [entry for entry in entries if isinstance(entry, str)]
    if len(parts) < 2 or len(parts) < len(entries) or not all(part in run.forecasts for part in parts):
        return None
    baseline = total(run.forecasts[BASELINE])
    together = total(run.forecasts[name]) - baseline
    alone = (total(run.forecasts[part]) - baseline for part in parts)
    return Summary.of(together - sum(alone, np.zeros_like(baseline)))


def _pays_back(run: Run, forecast: Forecast, baseline: Forecast) -> date | None:
    """Return the last day of the first period by which the gain so far, on average, is as large as the cost."""
    cost = float(forecast.results["cost"].mean() - baseline.results["cost"].mean())
    if not cost > 0.0:
        return None
    gained = 0.0
    for period, end in enumerate(run.days.ends):
        gained += float((forecast.gain(period=period) - baseline.gain(period=period)).mean())
        if gained >= cost:
            return date.fromisoformat(str(end))
    return None


def _across(labels: Sequence[str], runs: Sequence[Run]) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Compare the baselines of further files with the first one's, where the futures are the same."""
    found, notes = [], []
    first = runs[0]
    for label, run in zip(labels[1:], runs[1:], strict=True):
        reasons = _apart(first, run)
        if reasons:
            notes.append(f"{label} and {labels[0]} have different {', '.join(reasons)}: their totals are not compared")
            continue
        if not _same_margin(first, run):
            notes.append(
                f"{label} and {labels[0]} count different shares of bookings as gain (forecast.margin): their net "
                "gains are ranked together, and are not of one kind"
            )
        pair = compare(run.forecasts[BASELINE], first.forecasts[BASELINE])
        found.append(replace(pair, scenario=label, against=labels[0]))
    return tuple(found), tuple(notes)


def _same_margin(one: Run, other: Run) -> bool:
    """Return whether the same share of bookings counts as gain in two files."""
    margins = [run.forecasts[BASELINE].margin for run in (one, other)]
    first, second = (np.ones(()) if margin is None else margin for margin in margins)
    return np.array_equal(first, second)


def _apart(one: Run, other: Run) -> list[str]:
    """Say why two runs were not played in the same futures."""
    settings = (one.scenario.simulation, other.scenario.simulation)
    return [
        what
        for what, differ in (
            ("dates", (one.days.as_of, one.days.until) != (other.days.as_of, other.days.until)),
            ("numbers of futures", settings[0].futures != settings[1].futures),
            ("seeds", settings[0].seed != settings[1].seed),
            ("parameters", one.posterior.fingerprint != other.posterior.fingerprint),
        )
        if differ
    ]
