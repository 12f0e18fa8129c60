"""Rolling backtests: from each past as-of date, forecast with what was known then and compare with what happened."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simcast.arguments import check_kind, check_name, listed, whole_number
from simcast.backtesting.automatic import AUTOMATIC
from simcast.backtesting.baselines import RULES
from simcast.backtesting.one_origin import OriginResult, play_origin
from simcast.backtesting.origins import checked_origins
from simcast.backtesting.results import Backtest
from simcast.errors import ArgumentError, ScenarioError
from simcast.history import History
from simcast.history.history import Day
from simcast.progress import Progress, silence
from simcast.scenario import Scenario

if TYPE_CHECKING:
    from simcast.cluster import Cluster
    from simcast.model.settings import FitSettings, ModelChoices

_LOG = logging.getLogger("simcast")


def backtest(
    history: History,
    scenario: Scenario,
    *,
    origins: Sequence[Day],
    settings: FitSettings | ModelChoices | None = None,
    baselines: Sequence[str] = tuple(RULES),
    store: Path | None = None,
    jobs: int = 1,
    threads: int | None = None,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast from past as-of dates with nothing but what was known then, and compare with what happened.

    Parameters
    ----------
    history
        All that is known by now.
    scenario
        The question, whose dates move to each origin with the same horizon; only its baseline is played. It may assume
        amounts, and nothing else.
    origins
        The as-of dates; `rolling_origins` finds those that are possible.
    settings
        How the model is fitted; the scenario's ``history.model`` unless given. Fits are stored and found again.
    baselines
        What simcast is compared with: names of `simcast.backtesting.baselines.RULES`, of which the weighted pipeline is
        always one, and ``"auto_ets"`` and ``"auto_arima"`` where statsforecast is installed.
    store
        A folder in which finished origins are kept and found again; unless given they are not.
    jobs
        In how many processes origins are played at the same time; with more than one, each has one thread.
    threads
        On how many threads one process plays futures.
    cluster
        Plays the futures instead, where origins are played one after the other; see `simcast.cluster.connect`.
    progress
        Called with a description and the fraction done, from 0 to 1.

    Returns
    -------
    Backtest
        Its ``table`` has a row per origin and metric: the forecast, the actual result, and the scores.

    Raises
    ------
    ScenarioError
        When an origin leaves nothing to learn from or reaches beyond the history, or the scenario assumes parameters.
    FitError
        When the model cannot be fitted to what was known at an origin.
    UnknownNameError
        When there is no such baseline.
    ArgumentTypeError, ArgumentError, DataError
        When an argument is another kind of thing, `jobs` is not a whole number, or an origin is not a day.
    """
    check_kind(history, History, "history", "read_history reads one")
    check_kind(scenario, Scenario, "scenario", "load_scenario reads one from a file")
    whole_number(jobs, "jobs")
    if cluster is not None and jobs > 1:
        raise ArgumentError(f"cluster: goes with jobs=1; {jobs} processes have a thread each; leave one out")
    baselines = listed(baselines)
    for name in baselines:
        check_name(name, (*RULES, *AUTOMATIC), "baseline")
    _check_assumptions(scenario)
    days = checked_origins(history, scenario, origins)
    if settings is None and scenario.history is not None:
        settings = scenario.history.model
    names = tuple(dict.fromkeys(("weighted_pipeline", *baselines)))
    tell = progress or silence
    keys = _keys(history, scenario, days, settings, names) if store is not None else {}
    found = _stored(store, keys)
    missing = [day for day in days if day not in found]
    work = (history, scenario, settings, names, threads)
    playing = _in_turn(work, missing, tell, cluster) if jobs == 1 else _at_once(work, missing, jobs, tell)
    with closing(playing):
        for day, result in playing:
            found[day] = result
            _LOG.info("forecast from %s played and scored, %d of %d", day, len(found), len(days))
            if store is not None:
                from simcast.backtesting.store import save_origin

                save_origin(store, keys[day], result)
    tell("backtest: done", 1.0)
    return Backtest.of_origins([found[day] for day in days])


_Work = tuple[History, Scenario, "FitSettings | ModelChoices | None", tuple[str, ...], int | None]


def _check_assumptions(scenario: Scenario) -> None:
    """Refuse assumptions that the history should teach; what deals are worth may be assumed."""
    assumed = scenario.assume
    if assumed is None:
        return
    if scenario.history is None or assumed.stages or assumed.arrivals or assumed.open or assumed.segments:
        raise ScenarioError(
            "assume: a backtest shows what the history teaches; take the assumptions out of the scenario "
            "(beside a history, assume.amount may stay)"
        )


def _keys(
    history: History,
    scenario: Scenario,
    days: Sequence[np.datetime64],
    settings: FitSettings | ModelChoices | None,
    baselines: tuple[str, ...],
) -> dict[np.datetime64, str]:
    from simcast.backtesting.store import origin_key

    return {day: origin_key(history, scenario, day, settings, baselines) for day in days}


def _stored(store: Path | None, keys: dict[np.datetime64, str]) -> dict[np.datetime64, OriginResult]:
    """Return the origins that are finished already."""
    if store is None:
        return {}
    from simcast.backtesting.store import load_origin

    loaded = {day: load_origin(store, key) for day, key in keys.items()}
    return {day: result for day, result in loaded.items() if result is not None}


def _in_turn(
    work: _Work, days: Sequence[np.datetime64], tell: Progress, cluster: Cluster | None
) -> Generator[tuple[np.datetime64, OriginResult]]:
    """Play one origin after the other in this process."""
    for position, day in enumerate(days):

        def tell_within(text: str, done: float, position: int = position, day: np.datetime64 = day) -> None:
            tell(f"{day}: {text}", (position + done) / len(days))

        yield day, _played(work, day, tell_within, cluster)


def _at_once(
    work: _Work, days: Sequence[np.datetime64], jobs: int, tell: Progress
) -> Generator[tuple[np.datetime64, OriginResult]]:
    """Play origins in several processes, and yield them as they are finished."""
    context = multiprocessing.get_context("spawn")
    one_thread = (*work[:4], 1)
    with ProcessPoolExecutor(min(jobs, max(len(days), 1)), mp_context=context) as pool:
        running: dict[Future[OriginResult], np.datetime64] = {
            pool.submit(_played, one_thread, day): day for day in days
        }
        try:
            for count, future in enumerate(as_completed(running), start=1):
                yield running[future], future.result()
                tell(f"backtest: {count} of {len(days)} origins", count / len(days))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _played(
    work: _Work, day: np.datetime64, tell: Progress | None = None, cluster: Cluster | None = None
) -> OriginResult:
    history, scenario, settings, baselines, threads = work
    return play_origin(
        history, scenario, day, settings, baselines=baselines, threads=threads, cluster=cluster, progress=tell
    )
