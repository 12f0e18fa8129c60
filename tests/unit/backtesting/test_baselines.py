"""Baselines on histories small enough to be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from simcast.backtesting.automatic import automatic
from simcast.backtesting.baselines import (
    LEVELS,
    chain_ladder,
    distribution_round,
    last_period,
    seasonal_naive,
    win_rate,
    with_past_errors,
)
from simcast.backtesting.horizon import Horizon
from simcast.backtesting.past import Past, Totals
from simcast.history import History
from simcast.pipeline import Pipeline

PIPELINE = Pipeline.define(["заявка"])
MONTH = Horizon(n_months=1, n_days=31)

# deal, entered, left, move, amount
Row = tuple[str, str, str | None, str | None, float]


def past(rows: Sequence[Row], until: str, horizon: Horizon = MONTH) -> Past:
    stays = pd.DataFrame(rows, columns=["deal", "entered", "left", "move", "amount"]).assign(stage="заявка")
    for name in ("entered", "left"):
        stays[name] = pd.to_datetime(stays[name])
    history = History.of(PIPELINE, stays.sort_values("deal").astype({"move": "str"}), observed_until=until)
    return Past(history.known_at(until), horizon)


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


ROWS: list[Row] = [
    ("a", "2025-01-05", "2025-03-10", "won", 100.0),
    ("b", "2025-01-20", "2025-02-02", "lost", 70.0),
    ("c", "2025-02-10", "2026-01-31", "won", 30.0),
    ("d", "2025-03-01", "2026-02-01", "won", 50.0),
    ("e", "2025-12-01", "2026-02-28", "won", 20.0),
    ("f", "2026-02-03", None, None, 10.0),
    ("g", "2026-02-20", None, None, np.nan),
]


def test_the_win_rate_of_decided_deals_multiplies_the_open_pipeline() -> None:
    found = win_rate(past(ROWS, "2026-03-01"), day("2026-03-01"))
    # Four of five were won, at 50 on average; open are 10 and one of unknown amount.
    assert found == pytest.approx({"wins": 0.8 * 2, "bookings": 0.8 * (10 + 50)})


def test_the_last_period_is_the_calendar_month_before() -> None:
    assert last_period(past(ROWS, "2026-03-01"), day("2026-03-01")) == {"wins": 2.0, "bookings": 70.0}
    assert last_period(past(ROWS, "2025-01-20"), day("2025-01-20")) is None, "there is no month before"


def test_the_season_is_the_same_month_of_the_year_before() -> None:
    assert seasonal_naive(past(ROWS, "2026-03-01"), day("2026-03-01")) == {"wins": 1.0, "bookings": 100.0}


def test_without_a_year_of_wins_the_season_is_the_last_period() -> None:
    known = past(ROWS, "2026-02-01")
    assert (
        seasonal_naive(known, day("2026-02-01"))
        == last_period(known, day("2026-02-01"))
        == {
            "wins": 1.0,
            "bookings": 30.0,
        }
    )


def test_cohorts_mature_as_earlier_ones_did() -> None:
    """Three days ahead in steps of a day; cohorts are the days of arrival."""
    rows: list[Row] = [
        # Of four deals on the first day one was won on the day itself, two a day later.
        ("a", "2026-01-01", "2026-01-01", "won", 10.0),
        ("b", "2026-01-01", "2026-01-02", "won", 10.0),
        ("c", "2026-01-01", "2026-01-02", "won", 30.0),
        ("d", "2026-01-01", None, None, np.nan),
        # Of two deals on the second day one was won a day later.
        ("e", "2026-01-02", "2026-01-03", "won", 20.0),
        ("f", "2026-01-02", None, None, np.nan),
        # Nothing yet of those of the third day.
        ("g", "2026-01-03", None, None, np.nan),
        ("h", "2026-01-03", None, None, np.nan),
    ]
    found = chain_ladder(past(rows, "2026-01-04", Horizon(0, 3)), day("2026-01-04"))
    new = (4 + 2 + 2) / 3
    at_once, a_day_later = 1 / 8, 3 / 6  # wins per deal: of all three cohorts, of the two that came to that age
    wins = 2 * a_day_later + new * (3 * at_once + 2 * a_day_later)
    bookings = 2 * (60 / 6) + new * (3 * 10 / 8 + 2 * 60 / 6)
    assert found == pytest.approx({"wins": wins, "bookings": bookings})


def test_past_errors_make_a_distribution_as_wide_as_they_are() -> None:
    errors = [3.0, -4.0, 0.0, 5.0]
    values = distribution_round(100.0, errors, freedom=3)
    scale = np.sqrt(np.mean(np.square(errors)))
    assert values == pytest.approx(100.0 + scale * stats.t.ppf(LEVELS, 3))
    assert distribution_round(1.0, errors, freedom=3).min() == 0.0, "nothing is below 0"
    assert distribution_round(100.0, errors[:2], freedom=1).tolist() == [100.0], "two errors are no distribution"


def test_the_errors_of_a_rule_are_those_that_had_come_true() -> None:
    rows: list[Row] = [
        (f"{month}-{k}", "2025-01-01", f"2025-{month:02d}-15", "won", 1.0)
        for month in range(1, 7)
        for k in range(month)
    ]
    asked: list[np.datetime64] = []

    def ten(_: Past, as_of: np.datetime64) -> Totals:
        asked.append(as_of)
        return {"bookings": 10.0, "wins": 10.0}

    found = with_past_errors(ten, past(rows, "2025-07-01"))
    assert found is not None
    # From 2025-04-01, -05-01 and -06-01 came 4, 5 and 6 wins; earlier days have less than sixty days behind them.
    assert sorted(map(str, asked)) == ["2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01"]
    scale = np.sqrt(np.mean(np.square([6.0, 5.0, 4.0])))
    assert found["wins"].point == 10.0
    assert found["wins"].sample == pytest.approx(np.maximum(10.0 + scale * stats.t.ppf(LEVELS, 2), 0.0))


def test_nothing_after_the_origin_can_be_asked_for() -> None:
    known = past(ROWS, "2026-03-01")
    for ask in (
        lambda: known.at(day("2026-03-02")),
        lambda: known.won(day("2026-02-01"), day("2026-03-02")),
        lambda: known.deals_won(day("2026-02-01"), day("2026-03-02")),
    ):
        with pytest.raises(ValueError, match="lies after the origin 2026-03-01"):
            ask()


def test_automatic_series_see_whole_horizons_and_find_the_level() -> None:
    pytest.importorskip("statsforecast", reason="simcast[baselines] is not installed")
    generator = np.random.default_rng(1)
    rows: list[Row] = []
    for position, month in enumerate(pd.date_range("2023-01-01", periods=36, freq="MS")):
        begin, middle, n = f"{month:%Y-%m-%d}", f"{month:%Y-%m}-20", int(generator.poisson(50))
        rows += [(f"{position:02d}-{k:03d}", begin, middle, "won", 2.0) for k in range(n)]
    found = automatic("auto_ets", past(rows, "2026-01-01"))
    assert found is not None
    assert found["wins"].point == pytest.approx(50.0, abs=6.0)
    low, high = np.quantile(found["wins"].sample, [0.1, 0.9])
    assert 10.0 < high - low < 30.0, "80% of Poisson(50) lie within about 18"
    assert automatic("auto_ets", past(rows, "2023-03-01")) is None, "two totals say nothing"
