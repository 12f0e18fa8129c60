"""The as-of dates of a backtest, and the scenario's question as it would have been asked on each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, get_args

import numpy as np

from simcast.arguments import check_kind, check_name, whole_number
from simcast.backtesting.horizon import Horizon
from simcast.days import period_number
from simcast.errors import ScenarioArgumentError
from simcast.history import History
from simcast.history.history import Day
from simcast.history.parsing import as_day
from simcast.scenario import Scenario

Every = Literal["week", "month", "quarter"]

_ONE_DAY = np.timedelta64(1, "D")

LEAST_HISTORY_DAYS = 182
"""By default a forecast has half a year to learn from."""


def rolling_origins(
    history: History,
    scenario: Scenario,
    *,
    every: Every = "month",
    most: int | None = None,
    least_history_days: int = LEAST_HISTORY_DAYS,
) -> tuple[np.datetime64, ...]:
    """Return the first days of calendar periods from which a backtest can be made.

    Parameters
    ----------
    history
        All that is known by now.
    scenario
        Says how many days are forecast: all of them must be in the history.
    every
        ``"week"`` (Mondays), ``"month"`` or ``"quarter"``.
    most
        Only so many, the latest ones.
    least_history_days
        How many days of history each forecast has to learn from.

    Returns
    -------
    tuple of datetime64[D]
        In order; empty when the history is too short.

    Raises
    ------
    UnknownNameError
        When `every` is not one of these periods.
    ArgumentTypeError, ArgumentError
        When `history` is not a `History`, `scenario` is not a `Scenario`, or a number is negative.
    """
    check_kind(history, History, "history", "read_history reads one")
    check_kind(scenario, Scenario, "scenario", "load_scenario reads one from a file")
    check_name(every, get_args(Every), "period between as-of dates")
    whole_number(0 if most is None else most, "most", least=0)
    if history.stays.empty:
        return ()
    first = history.stays["entered"].min().to_datetime64().astype("datetime64[D]")
    days = np.arange(first + np.timedelta64(least_history_days, "D"), history.observed_until)
    period = period_number(days, every)
    begins = period > period_number((days - _ONE_DAY).astype("datetime64[D]"), every)
    horizon = Horizon.of(scenario)
    found = tuple(day for day in days[begins] if horizon.until(_date(day)) < _date(history.observed_until))
    return found if most is None else found[max(len(found) - most, 0) :]


def moved_to(scenario: Scenario, origin: np.datetime64) -> Scenario:
    """Return the scenario's question asked on another day: the same horizon, and the baseline only."""
    as_of = _date(origin)
    forecast = scenario.forecast.model_copy(update={"as_of": as_of, "until": Horizon.of(scenario).until(as_of)})
    return scenario.model_copy(update={"forecast": forecast, "scenarios": {}})


def checked_origins(history: History, scenario: Scenario, origins: Sequence[Day]) -> tuple[np.datetime64, ...]:
    """Return as-of dates as days, each once, in order.

    Raises
    ------
    ScenarioArgumentError
        When there is none, or when there is nothing to learn from or not enough to compare with on some.
    DataError
        When one is no day.
    """
    given: tuple[Day, ...] = (origins,) if isinstance(origins, str | date | np.datetime64) else tuple(origins)
    days = sorted({as_day(origin, "origins") for origin in given})
    if history.stays.empty:
        raise ScenarioArgumentError(f"origins: the history is empty; nothing is known until {history.observed_until}")
    first = history.stays["entered"].min().to_datetime64().astype("datetime64[D]")
    last = history.observed_until - _ONE_DAY
    problems = (
        [] if days else ["origins: name at least one as-of date; `rolling_origins` finds those that are possible"]
    )
    horizon = Horizon.of(scenario)
    for day in days:
        if day <= first:
            problems.append(f"origins: nothing is known at {day}: the history begins on {first}; choose a later day")
        until = horizon.until(_date(day))
        if until > _date(last):
            problems.append(
                f"origins: a forecast from {day} reaches {until}, and the history ends on {last}; choose an earlier day"
            )
    if problems:
        raise ScenarioArgumentError(problems)
    return tuple(days)


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))
