from __future__ import annotations

import numpy as np
import pytest

from simcast.days import Period
from simcast.plan.periods import ForecastDays


def days(as_of: str, until: str, period: Period) -> ForecastDays:
    return ForecastDays(np.datetime64(as_of), np.datetime64(until), period)


@pytest.mark.parametrize(
    ("period", "starts", "ends"),
    [
        ("month", ["2026-01-15", "2026-02-01", "2026-03-01"], ["2026-01-31", "2026-02-28", "2026-03-03"]),
        ("quarter", ["2026-01-15"], ["2026-03-03"]),
    ],
)
def test_periods_are_calendar_periods_cut_at_both_ends(period: Period, starts: list[str], ends: list[str]) -> None:
    forecast = days("2026-01-15", "2026-03-03", period)
    assert forecast.starts.astype(str).tolist() == starts
    assert forecast.ends.astype(str).tolist() == ends


def test_weeks_begin_on_monday() -> None:
    forecast = days("2026-07-01", "2026-07-14", "week")  # a Wednesday
    assert forecast.starts.astype(str).tolist() == ["2026-07-01", "2026-07-06", "2026-07-13"]
    assert forecast.weekday_of_day[:6].tolist() == [2, 3, 4, 5, 6, 0]


def test_each_day_has_its_own_period_when_asked() -> None:
    forecast = days("2026-12-30", "2027-01-02", "day")
    assert forecast.n_days == 4
    assert forecast.period_of_day.tolist() == [0, 1, 2, 3]
    assert np.array_equal(forecast.starts, forecast.ends)


def test_every_day_of_four_years_lies_in_its_period() -> None:
    for period in ("day", "week", "month", "quarter"):
        forecast = days("2024-01-10", "2027-12-31", period)
        starts, ends = forecast.starts[forecast.period_of_day], forecast.ends[forecast.period_of_day]
        assert np.all((starts <= forecast.days) & (forecast.days <= ends))
        assert np.all(np.diff(forecast.period_of_day) <= 1)
