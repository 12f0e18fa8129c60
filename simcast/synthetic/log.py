"""Synthetic histories as a CRM would export them: the canonical log, at day resolution, cut at a date."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.synthetic.course import Calendar, Course, days_after, normal_quantile, run_course
from simcast.synthetic.truth import Truth

if TYPE_CHECKING:
    import pandas as pd

LOG_COLUMNS = ("deal", "stage", "entered", "amount")
"""The columns of a log before the segment columns."""

FIRST_DEAL = 10_001
AMOUNT_STEP = 100.0
"""Amounts are round: whole hundreds."""


def arriving(
    truth: Truth, calendar: Calendar, first_day: int, n_days: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw the instants at which new deals arrive, and their segments, in order of time.

    Parameters
    ----------
    first_day, n_days
        The days on which deals arrive, counted from the calendar's origin, at which the trend starts.
    """
    days = first_day + np.arange(n_days)
    season = np.array(truth.weekday_weight)[calendar.weekday(days)] * np.exp(truth.arrivals_trend * days)
    per_day = np.array([segment.arrivals_per_day for segment in truth.segments])
    uniforms = generator.random((n_days, len(per_day)))
    counts = _counts(uniforms, season[:, np.newaxis] * per_day, truth.arrivals_size)
    day, segment_code = np.nonzero(counts)
    repeats = counts[day, segment_code]
    instants = np.repeat(days[day], repeats) + generator.random(int(repeats.sum()))
    order = np.argsort(instants, kind="stable")
    return instants[order], np.repeat(segment_code, repeats)[order]


def _counts(uniforms: NDArray[np.float64], mean: NDArray[np.float64], size: float) -> NDArray[np.int64]:
    """Return the quantiles of a negative binomial (Poisson when `size` is infinite), summing its terms from 0."""
    poisson = math.isinf(size)
    ratio = mean if poisson else mean / (mean + size)
    term = np.exp(-mean) if poisson else np.exp(-size * np.log1p(mean / size))
    total = term.copy()
    counts = np.zeros(mean.shape, dtype=np.int64)
    step = 0
    while (above := (uniforms > total) & (term > 0.0)).any():
        counts[above] += 1
        step += 1
        term = term * ratio / step if poisson else term * ratio * (size + step - 1) / step
        total += term
        term = np.where(term < 1e-18 * total, 0.0, term)
    return counts


def draw_amounts(truth: Truth, segment_code: NDArray[np.int64], uniforms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a round amount per deal: float64, (n_deals,)."""
    median = np.array([segment.amount.median for segment in truth.segments])[segment_code]
    sigma = np.array([segment.amount.sigma for segment in truth.segments])[segment_code]
    amounts = median * np.exp(sigma * normal_quantile(uniforms))
    return np.maximum(np.round(amounts / AMOUNT_STEP), 1.0) * AMOUNT_STEP


def simulate_history(truth: Truth, start: str | np.datetime64, end: str | np.datetime64, seed: int) -> pd.DataFrame:
    """Simulate what a CRM would have recorded of the deals that arrive from `start` on.

    Parameters
    ----------
    truth
        The parameters.
    start
        The first day on which deals arrive; none stands open before it.
    end
        The first day that is not known any more: the as-of date of a forecast from this history.
    seed
        The same seed gives the same history.

    Returns
    -------
    pandas.DataFrame
        The canonical log: `deal`, `stage` (``won`` and ``lost`` among them), `entered` (whole days),
        `amount` (NaN before the stage from which on it is recorded) and the segment columns; one row
        per event, sorted by deal, then time.

    Examples
    --------
    >>> from simcast.synthetic import Lognormal, SegmentTruth, StageTruth, Truth
    >>> call = StageTruth("call", 0.5, Lognormal(3, 0.8), Lognormal(5, 0.8))
    >>> log = simulate_history(Truth((call,), (SegmentTruth((), 2.0),)), "2026-01-01", "2026-02-01", seed=1)
    >>> sorted(log["stage"].unique())
    ['call', 'lost', 'won']
    >>> str(log["entered"].max() < np.datetime64("2026-02-01"))
    'True'
    """
    origin, until = np.datetime64(str(start), "D"), np.datetime64(str(end), "D")
    n_days = int((until - origin).astype(np.int64))
    generator = np.random.default_rng(seed)
    calendar = Calendar.of(truth, origin, until)
    arrived, segment_code = arriving(truth, calendar, 0, n_days, generator)
    amounts = draw_amounts(truth, segment_code, generator.random(len(arrived)))
    first = np.zeros(len(arrived), dtype=np.int64)
    course = run_course(truth, calendar, first, segment_code, arrived, generator)
    return _as_log(truth, calendar, course, segment_code, amounts, n_days)


def _as_log(
    truth: Truth,
    calendar: Calendar,
    course: Course,
    segment_code: NDArray[np.int64],
    amounts: NDArray[np.float64],
    n_days: int,
) -> pd.DataFrame:
    """Lay out the events before day `n_days`, dates cut to whole days."""
    import pandas as pd

    names = np.array([*(stage.name for stage in truth.stages), "won", "lost"], dtype=object)
    instants = np.column_stack([course.entered, course.lost])
    deal, event = np.nonzero(instants < n_days)
    entered = days_after(calendar.origin, np.floor(instants[deal, event]).astype(np.int64))
    n_stages = len(truth.stages)
    recorded_from = [stage.name for stage in truth.stages].index(truth.amount_from) if truth.amount_from else 0
    reached = np.isfinite(instants[deal, recorded_from]) & (instants[deal, recorded_from] <= instants[deal, event])
    recorded = reached & ((event >= recorded_from) | (event > n_stages))
    columns: dict[str, object] = {
        "deal": [f"D-{FIRST_DEAL + number}" for number in deal],
        "stage": names[event],
        "entered": entered.astype("datetime64[s]"),
        "amount": np.where(recorded, amounts[deal], np.nan),
    }
    for position, column in enumerate(truth.columns):
        values = np.array([segment.values[position] for segment in truth.segments], dtype=object)
        columns[column] = values[segment_code[deal]]
    return pd.DataFrame(columns)
