"""One origin of a backtest: forecast with what was known then, look up what happened, and score all methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simcast.analysis.actual import recorded_wins
from simcast.analysis.stalled import usual_days
from simcast.assume import assumed_posterior
from simcast.backtesting.automatic import AUTOMATIC, automatic
from simcast.backtesting.baselines import BASELINES_IN_WORDS, RULES, BaselineForecast, with_past_errors
from simcast.backtesting.cells import distribution_cell
from simcast.backtesting.deal_outcomes import deal_outcomes
from simcast.backtesting.horizon import Horizon, months_before
from simcast.backtesting.origins import moved_to
from simcast.backtesting.past import Past
from simcast.days import day_number
from simcast.errors import ScenarioError
from simcast.forecast import METRICS, Forecast
from simcast.history import History
from simcast.plan import ForecastDays, build_plan, forecast_days
from simcast.progress import Progress, silence
from simcast.scenario import Scenario
from simcast.scoring import crps_of_sample, pit
from simcast.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

    from simcast.cluster import Cluster
    from simcast.model.settings import FitSettings, ModelChoices
    from simcast.posterior import Posterior

SIMCAST_KEY = "simcast"
"""The name of the model's forecasts in the long table."""

TOTAL, PERIOD = "total", "period"
"""What a row of the long table speaks of, beside a segment column."""


@dataclass(frozen=True, eq=False)
class OriginResult:
    """What one origin brought.

    Parameters
    ----------
    cells
        A row per method, metric and part of the forecast: what was foreseen, what happened, and the scores.
    deals
        A row per open deal: the probability that it would be won by the horizon, and whether it was.
    about
        ``origin``, ``until``, ``trusted``, ``fingerprint``, ``n_open``, ``notes``.
    """

    cells: pd.DataFrame
    deals: pd.DataFrame
    about: dict[str, Any]


def play_origin(
    history: History,
    scenario: Scenario,
    origin: np.datetime64,
    settings: FitSettings | ModelChoices | None,
    *,
    baselines: Sequence[str] = tuple(RULES),
    threads: int | None = None,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> OriginResult:
    """Forecast from one origin, and compare with what happened.

    Only the last step, the comparison, sees more of the history than what was known at the origin.

    Parameters
    ----------
    history
        All that is known by now.
    scenario
        The question; its dates move to the origin.
    origin
        The as-of date.
    settings
        How the model is fitted.
    baselines
        Their names.
    threads
        On how many threads the futures are played.
    cluster
        Plays them instead, see `simcast.cluster.connect`.
    progress
        Called with a description and the fraction done, from 0 to 1.
    """
    import pandas as pd

    tell = progress or silence
    moved = moved_to(scenario, origin)
    days = forecast_days(moved)
    known = history.known_at(days.as_of)
    posterior = _posterior(known, moved, settings, tell)
    plan = build_plan(posterior, known.open_deals(days.as_of), moved)
    forecast = simulate(
        plan, threads=threads, cluster=cluster, progress=lambda text, done: tell(text, 0.9 + 0.05 * done)
    )
    past = Past(known, Horizon.of(scenario))
    told = {name: _baseline(name, past) for name in baselines}
    happened = _happened(history, days)
    rows = [*_forecast_cells(forecast, happened, days), *_baseline_cells(told, happened, days)]
    found = posterior.diagnostics
    about = {
        "origin": str(days.as_of),
        "until": str(days.until),
        "trusted": found is None or (found.trusted and not found.faults),
        "fingerprint": posterior.fingerprint,
        "n_open": int(forecast.results.sizes["deal"]),
        "notes": _notes(told, past),
    }
    deals = deal_outcomes(
        forecast, known, past, usual_days(known, posterior), won=set(happened["deal"]), moved=_moved(history, days)
    )
    return OriginResult(pd.DataFrame(rows), deals, about)


def _posterior(
    known: History, scenario: Scenario, settings: FitSettings | ModelChoices | None, tell: Progress
) -> Posterior:
    """Learn from what was known; amounts may be assumed over it."""
    from simcast.model import load_or_fit

    fitted = load_or_fit(known, settings=settings, progress=lambda text, done: tell(text, 0.9 * done))
    if scenario.assume is None:
        return fitted
    return assumed_posterior(scenario.pipeline_definition, scenario.assume, base=fitted)


def _baseline(name: str, past: Past) -> dict[str, BaselineForecast] | None:
    return automatic(name, past) if name in AUTOMATIC else with_past_errors(RULES[name], past)


def _happened(history: History, days: ForecastDays) -> pd.DataFrame:
    """Return the wins of the days forecast, with the position of their period."""
    if history.observed_until <= days.until:
        raise ScenarioError(f"origins: the history does not reach to the end of the forecast from {days.as_of}")
    wins = recorded_wins(history)
    day = wins["day"].to_numpy().astype("datetime64[D]")
    inside = (day >= days.as_of) & (day <= days.until)
    period = days.period_of_day[(day[inside] - days.as_of).astype(np.int64)]
    return wins[inside].assign(period=period)


def _moved(history: History, days: ForecastDays) -> set[str]:
    """Return the deals that left a stage within the days forecast."""
    left = history.stays["left"].to_numpy().astype("datetime64[D]")
    return set(history.stays["deal"][(left >= days.as_of) & (left <= days.until)].astype(str))


def _total(wins: pd.DataFrame, metric: str) -> float:
    return float(len(wins)) if metric == "wins" else float(np.nan_to_num(wins["amount"].to_numpy(dtype=float)).sum())


def _forecast_cells(forecast: Forecast, happened: pd.DataFrame, days: ForecastDays) -> Iterator[dict[str, Any]]:
    """Yield the model's rows: totals, periods of the horizon by their position, and segments."""
    generator = np.random.default_rng(day_number(days.as_of))
    for metric in METRICS:
        values = forecast.values(metric)
        actual = _total(happened, metric)
        cell = distribution_cell(_labels(days, SIMCAST_KEY, metric, TOTAL, ""), values, actual)
        cell["crps"] = float(crps_of_sample(values[:, None], [actual])[0]) if len(values) > 1 else cell["crps"]
        yield cell | {"pit": float(pit(values[:, None], [actual], generator)[0])}
        for position in range(len(days.starts)):
            labels = _labels(days, SIMCAST_KEY, metric, PERIOD, str(position + 1))
            part = happened[happened["period"] == position]
            yield distribution_cell(labels, forecast.values(metric, period=position), _total(part, metric))
        for column in forecast.segments.columns:
            for value in dict.fromkeys(forecast.segments.column(column)):
                labels = _labels(days, SIMCAST_KEY, metric, column, value)
                part = happened[happened[column] == value]
                yield distribution_cell(labels, forecast.values(metric, where={column: value}), _total(part, metric))


def _baseline_cells(
    told: dict[str, dict[str, BaselineForecast] | None], happened: pd.DataFrame, days: ForecastDays
) -> Iterator[dict[str, Any]]:
    for name, by_metric in told.items():
        for metric, foreseen in (by_metric or {}).items():
            labels = _labels(days, name, metric, TOTAL, "")
            yield distribution_cell(labels, foreseen.sample, _total(happened, metric), point=foreseen.point)


def _labels(days: ForecastDays, method: str, metric: str, part: str, value: str) -> dict[str, Any]:
    return {
        "origin": days.as_of.astype("datetime64[s]"),
        "until": days.until.astype("datetime64[s]"),
        "method": method,
        "metric": metric,
        "part": part,
        "value": value,
    }


def _notes(told: dict[str, dict[str, BaselineForecast] | None], past: Past) -> list[str]:
    """Say which baselines could not do what their names say."""
    words = BASELINES_IN_WORDS
    notes = [f"{words[name]}: too little data for a forecast" for name, found in told.items() if found is None]
    single = [words[name] for name, found in told.items() if found and len(found["wins"].sample) == 1]
    if single:
        notes.append(f"too few past errors for a distribution: {', '.join(single)}")
    if "seasonal_naive" in told and not past.knows_wins_from(months_before(past.origin, 12)):
        notes.append(f"{words['seasonal_naive']}: less than a year of wins is recorded; it repeats the last horizon")
    return notes
