"""What a scenario is played with: its history, its posterior, its open deals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np

from simcast.arguments import check_kind
from simcast.assume import assumed_book, assumed_posterior
from simcast.errors import DataError, ScenarioError
from simcast.history import Book, Dialect, History, read_history
from simcast.history.quality import LEFT_OUT, NO_AMOUNT_RECORDED, SILENT_SINCE
from simcast.posterior import Posterior, stored_checked
from simcast.posterior.diagnostics import NO_AMOUNTS
from simcast.progress import Progress
from simcast.scenario import Scenario
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


def known_then(history: History, scenario: Scenario) -> History:
    """Return what was known of a history at the scenario's as-of date."""
    return history.known_at(scenario.forecast.as_of)


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

    known = known_then(history, scenario)
    settings = scenario.history.model if scenario.history else None
    return _as_checked(load_or_fit(known, settings=settings, progress=progress), known)


def _as_checked(fitted: Posterior, known: History) -> Posterior:
    """Return a fit with what an earlier diagnosis found of it, and what speaks against its data."""
    return replace(fitted, checked=stored_checked(fitted.fingerprint), data_doubts=known.quality.doubts)


def still_true(warnings: Iterable[str], scenario: Scenario) -> list[str]:
    """Return warnings of data and of a fit without those that amounts are missing, where nobody misses them.

    They are assumed then, or the target is a number of wins, as in hiring.
    """
    is_assumed = scenario.assume is not None and scenario.assume.amount is not None
    if not is_assumed and set(scenario.forecast.target) != {"wins"}:
        return list(warnings)
    return [text for text in warnings if text not in (NO_AMOUNTS, NO_AMOUNT_RECORDED)]


def told_once(warnings: Iterable[str]) -> tuple[str, ...]:
    """Return each warning once, first that deals are left out or records end early, on which all that follows depends.

    That amounts are missing is said by the fit, and need not be said of the data too.
    """
    distinct = dict.fromkeys(warnings)
    if NO_AMOUNTS in distinct:
        distinct.pop(NO_AMOUNT_RECORDED, None)
    return tuple(sorted(distinct, key=lambda text: (LEFT_OUT not in text, not text.startswith(SILENT_SINCE))))
