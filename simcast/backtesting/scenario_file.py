"""A scenario file's backtest, from its history to a judgement."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from simcast.analysis.inputs import read_scenario_history
from simcast.backtesting.automatic import AUTOMATIC, is_installed
from simcast.backtesting.baselines import RULES
from simcast.backtesting.judging import DealScores, Judgement, judge, judge_deals
from simcast.backtesting.origins import LEAST_HISTORY_DAYS, Every, rolling_origins
from simcast.backtesting.results import Backtest
from simcast.backtesting.rolling import backtest
from simcast.backtesting.summary import Summary, summarise
from simcast.cluster import check_address, connect
from simcast.errors import ScenarioArgumentError, ScenarioError
from simcast.forecast import Metric
from simcast.progress import Progress
from simcast.scenario import Scenario
from simcast.scenario.horizon import last_day

if TYPE_CHECKING:
    from simcast.history import History


@dataclass(frozen=True, eq=False)
class BacktestRun:
    """All that backtesting a scenario file brought to light.

    Parameters
    ----------
    scenario
        The file, resolved, with the horizon that was forecast.
    every
        How far apart the as-of dates are.
    metric
        What the answer speaks of.
    backtest, summary, judgement, deals
        Forecasts beside what happened; scores; whether to trust; how good the probabilities of single deals were.
    """

    scenario: Scenario
    every: str
    metric: Metric
    backtest: Backtest
    summary: Summary
    judgement: Judgement
    deals: DealScores | None


def backtest_scenario(
    scenario: Scenario,
    *,
    every: Every = "month",
    horizon: str | None = None,
    least_history_days: int = LEAST_HISTORY_DAYS,
    most: int | None = None,
    metric: Metric | None = None,
    recalibrate: bool = False,
    jobs: int = 1,
    threads: int | None = None,
    cluster: str | None = None,
    store: Path | None = None,
    progress: Progress | None = None,
) -> BacktestRun:
    """Backtest the baseline of a scenario on past as-of dates.

    Parameters
    ----------
    scenario
        The question.
    every, most, least_history_days
        Which as-of dates: see `rolling_origins`.
    horizon
        How far to forecast, in words; the scenario's own unless given.
    metric
        What the answer speaks of: bookings where amounts are on record, unless given.
    recalibrate
        Whether to add forecasts as recalibrated by what had come true before.
    jobs, threads, store, progress
        See `simcast.backtest`.
    cluster
        The address of a cluster that plays the futures, see `simcast.cluster.connect`.

    Raises
    ------
    ScenarioError
        When there is no history, or it is too short for any forecast.
    """
    asked = scenario if horizon is None else with_horizon(scenario, horizon)
    history = _history(asked)
    origins = rolling_origins(history, asked, every=every, most=most, least_history_days=least_history_days)
    if not origins:
        raise ScenarioArgumentError(_why_none(history, asked, least_history_days))
    if cluster is not None:
        check_address(cluster)
    names = (*RULES, *(AUTOMATIC if is_installed() else ()))
    with connect(cluster) if cluster is not None else nullcontext() as workers:
        found = backtest(
            history,
            asked,
            origins=origins,
            baselines=names,
            store=store,
            jobs=jobs,
            threads=threads,
            cluster=workers,
            progress=progress,
        )
    summary = summarise(found, recalibrate=recalibrate)
    if metric is not None and metric not in summary.metrics:
        raise ScenarioArgumentError(f"metric {metric}: no amounts are on record, only wins can be scored")
    judgement = judge(found, summary)
    if not is_installed():
        note = "auto_ets, auto_arima: statsforecast is not installed (simcast[baselines], Python 3.11 or 3.12)"
        judgement = Judgement(judgement.trusted, judgement.reasons, (*judgement.notes, note))
    lead: Metric = metric or ("bookings" if "bookings" in summary.metrics else "wins")
    return BacktestRun(asked, every, lead, found, summary, judgement, judge_deals(found.deals))


def with_horizon(scenario: Scenario, horizon: str) -> Scenario:
    """Return the same question with another horizon.

    Raises
    ------
    ScenarioArgumentError
        When the words are not a horizon.
    """
    try:
        until: date = last_day(scenario.forecast.as_of, horizon)
    except ValueError as error:
        raise ScenarioArgumentError(f"horizon: {error}") from None
    return scenario.model_copy(update={"forecast": scenario.forecast.model_copy(update={"until": until})})


def _history(scenario: Scenario) -> History:
    history = read_scenario_history(scenario)
    if history is None:
        raise ScenarioError(
            "history: a backtest shows what the history teaches; this scenario has none: take the assumptions out and "
            "name one"
        )
    return history


def _why_none(history: History, scenario: Scenario, least_history_days: int) -> str:
    first = history.stays["entered"].min()
    return (
        f"history: no as-of date has {least_history_days} days of history before it and {scenario.forecast.days} days "
        f"after it: the history reaches from {first:%Y-%m-%d} to {history.last_event}; choose a smaller "
        "least_history_days or a shorter horizon"
    )
