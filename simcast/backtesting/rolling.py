"""Rolling backtests: from each past as-of date, forecast with what was known then and compare with what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from simcast.analysis import Actual, actual_of
from simcast.backtesting.origins import checked_origins, moved_to
from simcast.backtesting.results import QUANTILE_COLUMNS, Backtest
from simcast.backtesting.weighted_pipeline import WeightedPipeline, weighted_pipeline
from simcast.errors import ScenarioError
from simcast.forecast import METRICS, QUANTILES, Forecast
from simcast.history import History
from simcast.history.history import Day
from simcast.plan import ForecastDays, build_plan, forecast_days
from simcast.scenario import Scenario
from simcast.scoring import crps_of_sample, pit
from simcast.simulation import simulate

if TYPE_CHECKING:
    import pandas as pd

    from simcast.model.settings import FitSettings, ModelChoices
    from simcast.posterior import Posterior

Progress = Callable[[str, float], None]


def backtest(
    history: History,
    scenario: Scenario,
    *,
    origins: Sequence[Day],
    settings: FitSettings | ModelChoices | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Forecast from past as-of dates with nothing but what was known then, and compare with what happened.

    Parameters
    ----------
    history
        All that is known by now.
    scenario
        The question, whose dates move to each origin with the same horizon; only its baseline is played.
    origins
        The as-of dates; `rolling_origins` finds those that are possible.
    settings
        How the model is fitted; the scenario's ``history.model`` unless given. Fits are stored and found again.
    progress
        Told what is being done and which fraction is done, from 0 to 1.

    Raises
    ------
    ScenarioError
        When an origin leaves nothing to learn from or reaches beyond the history, or the scenario assumes parameters.
    FitError
        When the model cannot be fitted to what was known at an origin.
    """
    if scenario.assume is not None:
        raise ScenarioError(
            "assume: a backtest shows what the history teaches; take the assumptions out of the scenario"
        )
    days = checked_origins(history, scenario, origins)
    if settings is None and scenario.history is not None:
        settings = scenario.history.model
    tell = progress or _silence
    rows: list[dict[str, Any]] = []
    for position, origin in enumerate(days):

        def tell_within(text: str, done: float, position: int = position, origin: np.datetime64 = origin) -> None:
            tell(f"{origin}: {text}", (position + done) / len(days))

        rows += _rows_of(history, moved_to(scenario, origin), settings, tell_within)
    tell("backtest: done", 1.0)
    return Backtest(_table(rows))


def _rows_of(
    history: History, scenario: Scenario, settings: FitSettings | ModelChoices | None, tell: Progress
) -> list[dict[str, Any]]:
    """Forecast from one origin, and return a row per metric."""
    from simcast.model import load_or_fit

    days = forecast_days(scenario)
    known = history.known_at(days.as_of)
    posterior = load_or_fit(known, settings=settings, progress=lambda text, done: tell(text, 0.95 * done))
    plan = build_plan(posterior, known.open_deals(days.as_of), scenario)
    forecast = simulate(plan, progress=lambda text, done: tell(text, 0.95 + 0.05 * done))
    happened = actual_of(history, days)
    if happened is None or not happened.complete:
        raise ScenarioError(f"origins: the history does not reach to the end of the forecast from {days.as_of}")
    return _compared(days, posterior, forecast, happened, weighted_pipeline(known, days.n_days))


def _compared(
    days: ForecastDays, posterior: Posterior, forecast: Forecast, happened: Actual, baseline: WeightedPipeline
) -> list[dict[str, Any]]:
    """Return a row per metric: the forecast, what happened, and the baseline."""
    generator = np.random.default_rng(int(days.as_of.astype("datetime64[D]").astype(np.int64)))
    rows = []
    for metric in METRICS:
        values = forecast.values(metric)
        actual = float(sum(getattr(happened, metric)))
        rows.append(
            {
                "origin": days.as_of,
                "until": days.until,
                "metric": metric,
                "actual": actual,
                "mean": float(values.mean()),
                **dict(zip(QUANTILE_COLUMNS, np.quantile(values, QUANTILES).tolist(), strict=True)),
                "weighted_pipeline": getattr(baseline, metric),
                "crps": float(crps_of_sample(values[:, None], [actual])[0]),
                "pit": float(pit(values[:, None], [actual], generator)[0]),
                "trusted": posterior.diagnostics is None or posterior.diagnostics.trusted,
            }
        )
    return rows


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(rows)
    return table.astype({"origin": "datetime64[s]", "until": "datetime64[s]"})


def _silence(_: str, __: float) -> None:
    return None
