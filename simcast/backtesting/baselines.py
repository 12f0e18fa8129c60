"""What people use today instead of a model: a few honest lines each, from what was known on a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from simcast.analysis.actual import recorded_wins
from simcast.backtesting.horizon import months_before
from simcast.backtesting.past import Past, Totals
from simcast.backtesting.weighted_pipeline import weighted_pipeline
from simcast.forecast import METRICS
from simcast.history import History

Floats = NDArray[np.float64]
Rule = Callable[[Past, np.datetime64], Totals | None]
"""Forecasts the totals of a horizon from a day with what was known then; None where it cannot."""

N_SAMPLE = 199
"""As many equally likely values stand for a distribution."""

LEVELS: Floats = (np.arange(N_SAMPLE) + 0.5) / N_SAMPLE

LEAST_ERRORS = 3
"""With fewer past errors a baseline stays a single number."""

COHORTS_PER_HORIZON = 3


@dataclass(frozen=True)
class BaselineForecast:
    """A baseline's answer for one metric.

    Parameters
    ----------
    point
        Its number.
    sample : float64, (n_values,)
        Equally likely values, in order; the point alone where no errors are known.
    """

    point: float
    sample: Floats


def weighted(past: Past, as_of: np.datetime64) -> Totals | None:
    """Forecast as a CRM does: see `weighted_pipeline`."""
    n_days = int((past.horizon.end(as_of) - as_of).astype(np.int64))
    found = weighted_pipeline(past.at(as_of), n_days)
    return {"bookings": found.bookings, "wins": found.wins}


def win_rate(past: Past, as_of: np.datetime64) -> Totals | None:
    """Multiply the open pipeline by the share of decided deals that were won; new deals do not count."""
    known = past.at(as_of)
    wins = recorded_wins(known)
    last = known.stays[~known.stays["deal"].duplicated(keep="last")]
    n_decided = int(last["left"].notna().sum())
    if n_decided == 0:
        return None
    rate = wins["deal"].nunique() / n_decided
    typical = float(wins["amount"].mean()) if wins["amount"].notna().any() else 0.0
    amounts = known.open_deals(as_of).amount
    return {
        "bookings": rate * float(np.where(np.isnan(amounts), typical, amounts).sum()),
        "wins": rate * len(amounts),
    }


def last_period(past: Past, as_of: np.datetime64) -> Totals | None:
    """Repeat what was won over the horizon just before."""
    first = past.horizon.before(as_of)
    return past.won(first, as_of) if first >= past.first_day else None


def seasonal_naive(past: Past, as_of: np.datetime64) -> Totals | None:
    """Repeat what was won over the same days a year earlier, or over the last horizon where no year is on record."""
    first = months_before(as_of, 12)
    end = past.horizon.end(first)
    if end > as_of or not past.knows_wins_from(first):
        return last_period(past, as_of)
    return past.won(first, end)


def chain_ladder(past: Past, as_of: np.datetime64) -> Totals | None:
    """Let cohorts of arrivals mature as earlier ones did: the additive chain ladder of insurers.

    A cohort is what arrived in a third of a horizon. Per age, wins and bookings per deal that arrived are averaged
    over all cohorts that have come to it; new cohorts are as large as the last four on average.

    References
    ----------
    Mack (2002), Schadenversicherungsmathematik, section 3.2: the additive method.
    """
    known = past.at(as_of)
    n_days = int((past.horizon.end(as_of) - as_of).astype(np.int64))
    arrived, cohort_of_win, age_of_win, size = _cohorts(known, n_days / COHORTS_PER_HORIZON)
    if len(arrived) < COHORTS_PER_HORIZON:
        return None
    new = float(arrived[:4].mean())
    return {
        "bookings": _matured(arrived, _triangle(cohort_of_win, age_of_win, size, len(arrived)), new),
        "wins": _matured(arrived, _triangle(cohort_of_win, age_of_win, np.ones(len(size)), len(arrived)), new),
    }


def _cohorts(known: History, width: float) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return the deals per whole cohort, the latest first, and of each win its cohort, its age and its amount."""
    arrived = known.stays.groupby("deal", sort=False)["entered"].min()
    days = (known.observed_until - arrived.to_numpy().astype("datetime64[D]")).astype(np.int64) - 0.5
    cohort = np.floor(days / width).astype(np.int64)
    n_whole = int(np.floor((days.max() + 0.5) / width))
    wins = recorded_wins(known)
    since_win = (known.observed_until - wins["day"].to_numpy().astype("datetime64[D]")).astype(np.int64) - 0.5
    cohort_of_win = cohort[arrived.index.get_indexer(pd.Index(wins["deal"]))]
    age = cohort_of_win - np.floor(since_win / width).astype(np.int64)
    whole = cohort_of_win < n_whole
    amounts = np.nan_to_num(wins["amount"].to_numpy(dtype=float))
    sizes = np.bincount(cohort[cohort < n_whole], minlength=n_whole).astype(np.float64)
    return sizes, cohort_of_win[whole], age[whole], amounts[whole]


def _triangle(cohort: NDArray[np.int64], age: NDArray[np.int64], size: Floats, n_cohorts: int) -> Floats:
    triangle = np.zeros((n_cohorts, n_cohorts))
    np.add.at(triangle, (cohort, age), size)
    return triangle


def _matured(arrived: Floats, triangle: Floats, new: float) -> float:
    """Return what the next steps bring: known cohorts at their next ages, and the cohorts to come."""
    n = len(arrived)
    # Cohort i has completed the ages 0..i, so that age j is known of cohorts j and older.
    per_deal = np.array([triangle[j:, j].sum() / max(arrived[j:].sum(), 1.0) for j in range(n)])
    total = 0.0
    for step in range(1, COHORTS_PER_HORIZON + 1):
        reach = max(n - step, 0)
        total += float(arrived[:reach] @ per_deal[step : step + reach])
        total += new * float(per_deal[:step].sum())
    return total


RULES: dict[str, Rule] = {
    "weighted_pipeline": weighted,
    "win_rate": win_rate,
    "last_period": last_period,
    "seasonal_naive": seasonal_naive,
    "chain_ladder": chain_ladder,
}
"""The baselines that need nothing but simcast, by name."""

BASELINES_IN_WORDS = {
    "weighted_pipeline": "weighted pipeline",
    "win_rate": "win rate x pipeline",
    "last_period": "last period",
    "seasonal_naive": "year before",
    "chain_ladder": "chain ladder",
    "auto_ets": "AutoETS",
    "auto_arima": "AutoARIMA",
}
"""What people call all baselines."""


def with_past_errors(rule: Rule, past: Past) -> dict[str, BaselineForecast] | None:
    """Forecast from the origin, with a distribution that the rule's own past errors give.

    From earlier days the rule forecasts what has come true by the origin. Its errors, which are not assumed to
    average 0, give the scale of Student's t distribution round its number, with as many degrees of freedom as there
    are horizons that do not overlap; what would be below 0 is 0.

    Returns
    -------
    dict or None
        By metric; None where the rule cannot forecast.
    """
    point = rule(past, past.origin)
    if point is None:
        return None
    days = past.earlier_days()
    told = [(rule(past, day), past.won(day, past.horizon.end(day))) for day in days]
    errors = {m: [foreseen[m] - came[m] for foreseen, came in told if foreseen is not None] for m in METRICS}
    span = float((past.origin - days[-1]).astype(np.int64)) if days else 0.0
    freedom = max(int(span // past.horizon.n_days), 1)
    return {m: BaselineForecast(point[m], distribution_round(point[m], errors[m], freedom)) for m in METRICS}


def distribution_round(point: float, errors: list[float], freedom: int) -> Floats:
    """Return equally likely values round a number, as wide as errors of the past.

    Examples
    --------
    >>> distribution_round(10.0, [1.0, -1.0], 1).tolist()
    [10.0]
    """
    scale = float(np.sqrt(np.mean(np.square(errors)))) if len(errors) >= LEAST_ERRORS else 0.0
    if scale == 0.0:
        return np.array([point])
    return np.asarray(np.maximum(point + scale * stats.t.ppf(LEVELS, freedom), 0.0), dtype=np.float64)
