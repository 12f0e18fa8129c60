"""The inputs of a scenario's simulation: its history, its posterior, its open deals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np

from simcast.arguments import check_kind, nearest
from simcast.assume import assumed_book, assumed_posterior
from simcast.errors import DataError, ScenarioError, ScenarioNameError
from simcast.history import Book, Dialect, History, read_history
from simcast.posterior import Posterior, stored_checked
from simcast.progress import Progress
from simcast.scenario import BASELINE, Scenario
from simcast.scenario.settings import HistorySettings


def read_scenario_history(scenario: Scenario, *, rejects: Path | Literal[False] = False) -> History | None:
    """Read the history that a scenario names; None when it assumes everything.

    Parameters
    ----------
    scenario
        The scenario.
    rejects
        Where rows that are set aside go; False writes none.

    Raises
    ------
    DataError
        When rows are bad, or when nothing is known at the as-of date.
    ArgumentTypeError
        When `scenario` is not a `Scenario` (but the path of its file, say).
    """
    check_kind(scenario, Scenario, "scenario", "load_scenario reads one from a file")
    settings, path = scenario.history, scenario.history_source
    if settings is None or path is None:
        return None
    if rejects and settings.on_bad_rows == "quarantine":
        rejects.parent.mkdir(parents=True, exist_ok=True)
    history = read_history(
        path,
        scenario.pipeline_definition,
        format=settings.format,
        columns={str(name): column for name, column in settings.columns.items()},
        outcomes=settings.outcomes,
        segments=settings.segments,
        on_bad_rows=settings.on_bad_rows,
        amount_known_from=settings.amount_known_from,
        placeholder_amounts=settings.placeholder_amounts,
        rejects=rejects,
        today=max(date.today(), scenario.forecast.as_of),
        dialect=dialect_of(settings),
        where=settings.where,
        query=settings.query,
        folder=scenario.history_folder,
        repeats=settings.repeats,
        changed_segments=settings.changed_segments,
    )
    first = history.stays["entered"].min()
    if not first < np.datetime64(scenario.forecast.as_of):
        raise DataError(
            f"{path}: nothing is known at forecast.as_of {scenario.forecast.as_of}: "
            f"the first date is {first:%Y-%m-%d}; choose a later as-of date"
        )
    return history if settings.recorded_until == "auto" else replace(history, said_end=_said_end(settings))


def _said_end(settings: HistorySettings) -> np.datetime64:
    """Return the first day that is not on record any more, by what a scenario says; none ever where it says so."""
    return np.datetime64("9999-12-31" if settings.recorded_until == "none" else settings.recorded_until, "D")


def dialect_of(settings: HistorySettings) -> Dialect:
    """Return how the file of a history is written, as far as the scenario says."""
    return Dialect(
        settings.encoding or "",
        settings.delimiter or "",
        settings.dates or "",
        settings.decimal or "",
        settings.time_zone or "",
    )


def posterior_of(scenario: Scenario, known: History | None, progress: Progress | None = None) -> Posterior:
    """Fit the history, or load its stored fit, and lay the scenario's assumptions over it.

    Raises
    ------
    FitError
        When the model cannot be fitted.
    ScenarioError
        When there is neither a history nor an assumption for some part.
    """
    fitted = None
    if known is not None and scenario.history is not None:
        from simcast.model import load_or_fit

        fitted = _as_checked(load_or_fit(known, settings=scenario.history.model, progress=progress), known)
    if scenario.assume is not None:
        return assumed_posterior(scenario.pipeline_definition, scenario.assume, base=fitted)
    if fitted is None:
        raise ScenarioError("history: name a history to learn from, or assume the parameters (assume)")
    return fitted


def book_of(scenario: Scenario, known: History | None, posterior: Posterior) -> Book:
    """Return the open deals: those of the history, unless the scenario assumes others."""
    as_of = np.datetime64(scenario.forecast.as_of, "D")
    if scenario.assume is not None and (known is None or scenario.assume.open):
        return assumed_book(scenario.assume, posterior.pipeline, posterior.segments, as_of)
    if known is None:
        raise ScenarioError("history: name a history to learn from, or assume the open deals (assume.open)")
    return known.open_deals(as_of)


def chosen_names(scenario: Scenario, names: Sequence[str]) -> list[str]:
    """Return the scenarios to play, the baseline first; `ScenarioNameError` for names that are not there."""
    known = scenario.scenario_names
    if missing := [name for name in names if name not in known]:
        raise ScenarioNameError(
            [f"names {name}: there is no scenario of this name; {nearest(name, known)}" for name in missing]
        )
    return [name for name in known if name == BASELINE or not names or name in names]


def fit_scenario(scenario: Scenario, progress: Progress | None = None) -> Posterior:
    """Fit the history of a scenario as known at its as-of date, and store the posterior.

    Raises
    ------
    ScenarioError
        When the scenario has no history.
    """
    history = read_scenario_history(scenario)
    if history is None:
        raise ScenarioError("history: this scenario assumes its parameters; there is no history to fit")
    from simcast.model import load_or_fit

    known = history.known_at(scenario.forecast.as_of)
    settings = scenario.history.model if scenario.history else None
    return _as_checked(load_or_fit(known, settings=settings, progress=progress), known)


def _as_checked(fitted: Posterior, known: History) -> Posterior:
    """Return a fit with what an earlier diagnosis found of it, and what speaks against its data."""
    return replace(fitted, checked=stored_checked(fitted.fingerprint), data_doubts=known.quality.doubts)
