from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from simcast.backtesting import weighted_pipeline
from simcast.history import History
from simcast.pipeline import Pipeline

PIPELINE = Pipeline.define(["заявка", "встреча"])

# deal, stage, entered, left, move, amount
Row = tuple[str, str, str, str | None, str | None, float]


def history(rows: Sequence[Row], until: str) -> History:
    stays = pd.DataFrame(rows, columns=["deal", "stage", "entered", "left", "move", "amount"])
    for name in ("entered", "left"):
        stays[name] = pd.to_datetime(stays[name])
    return History.of(PIPELINE, stays.astype({"move": "str"}), observed_until=until)


WON_LOST_OPEN: list[Row] = [
    ("a", "заявка", "2026-01-01", "2026-01-05", "встреча", np.nan),
    ("a", "встреча", "2026-01-05", "2026-01-09", "won", 100.0),
    ("b", "заявка", "2026-01-02", "2026-01-03", "lost", np.nan),
    ("c", "заявка", "2026-01-02", "2026-01-04", "встреча", np.nan),
    ("c", "встреча", "2026-01-04", "2026-01-20", "lost", np.nan),
    ("d", "заявка", "2026-01-03", "2026-01-04", "lost", np.nan),
    ("open-late", "заявка", "2026-01-10", "2026-01-12", "встреча", np.nan),
    ("open-late", "встреча", "2026-01-12", None, None, 1000.0),
    ("open-early", "заявка", "2026-01-15", None, None, np.nan),
]


def test_open_deals_count_with_the_win_rate_of_their_stage_and_their_amount() -> None:
    # Of the four decided deals one was won; of the two that came to a meeting, one. No stretch of one day holds a win.
    found = weighted_pipeline(history(WON_LOST_OPEN, "2026-02-01"), n_days=1)
    assert found.wins == pytest.approx(1 / 2 + 1 / 4)
    assert found.bookings == pytest.approx(1000.0 / 2 + 100.0 / 4)


def test_new_business_is_what_arrived_and_was_won_in_a_stretch_of_the_past_on_average() -> None:
    rows: list[Row] = [
        ("a", "заявка", "2026-01-01", "2026-01-01", "встреча", np.nan),
        ("a", "встреча", "2026-01-01", "2026-01-03", "won", 50.0),
        ("b", "заявка", "2026-01-04", "2026-01-08", "встреча", np.nan),
        ("b", "встреча", "2026-01-08", "2026-01-10", "won", 70.0),
    ]
    known = history(rows, "2026-01-11")
    # Ten days, stretches of four: seven. Deal a lies in the first alone; deal b takes seven days and lies
    # in none.
    found = weighted_pipeline(known, n_days=4)
    assert (found.wins, found.bookings) == (pytest.approx(1 / 7), pytest.approx(50 / 7))
    # Stretches of eight: three. Deal a lies in the first; b b in the last.
    found = weighted_pipeline(known, n_days=8)
    assert (found.wins, found.bookings) == (pytest.approx(2 / 3), pytest.approx((50 + 70) / 3))


def test_stretches_counted_one_by_one_give_the_same_new_business() -> None:
    generator = np.random.default_rng(1)
    start = np.datetime64("2026-01-01")
    rows: list[Row] = []
    for number in range(60):
        arrived = start + np.timedelta64(int(generator.integers(0, 40)), "D")
        won = arrived + np.timedelta64(int(generator.integers(0, 20)), "D")
        rows.append((f"{number:02d}", "заявка", str(arrived), str(arrived), "встреча", np.nan))
        rows.append((f"{number:02d}", "встреча", str(arrived), str(won), "won", float(number)))
    until = np.datetime64("2026-03-05")
    known = history(rows, str(until))
    first = known.stays["entered"].min().to_datetime64().astype("datetime64[D]")
    n_days, counts = 14, []
    for begin in np.arange(first, until - np.timedelta64(n_days - 1, "D")):
        end = begin + np.timedelta64(n_days, "D")
        inside = [
            float(win[5])
            for entry, win in zip(rows[::2], rows[1::2], strict=True)
            if begin <= np.datetime64(entry[2]) and np.datetime64(str(win[3])) < end
        ]
        counts.append((len(inside), sum(inside)))
    expected = np.mean(counts, axis=0)
    found = weighted_pipeline(known, n_days)
    assert (found.wins, found.bookings) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


def test_a_history_shorter_than_the_forecast_is_scaled_up() -> None:
    rows: list[Row] = [
        ("a", "заявка", "2026-01-01", "2026-01-02", "встреча", np.nan),
        ("a", "встреча", "2026-01-02", "2026-01-05", "won", 10.0),
    ]
    found = weighted_pipeline(history(rows, "2026-01-11"), n_days=30)
    assert (found.wins, found.bookings) == (pytest.approx(3.0), pytest.approx(30.0))


def test_a_history_without_a_win_expects_none() -> None:
    rows = [row for row in WON_LOST_OPEN if row[0] != "a"]
    found = weighted_pipeline(history(rows, "2026-02-01"), n_days=20)
    assert (found.wins, found.bookings) == (0.0, 0.0)


def test_a_stage_in_which_no_deal_was_decided_has_the_rate_of_all() -> None:
    rows = [row for row in WON_LOST_OPEN if row[0] not in ("a", "c")]
    rows += [("e", "заявка", "2026-01-01", "2026-01-02", "lost", np.nan)]
    pipeline = history(rows, "2026-02-01")
    assert weighted_pipeline(pipeline, 1).wins == 0.0
    straight: list[Row] = [*rows, ("f", "заявка", "2026-01-01", "2026-01-09", "won", 10.0)]
    # Three deals were lost from the first stage and one was won straight from it: the meeting has no rate of its own.
    assert weighted_pipeline(history(straight, "2026-02-01"), 1).wins == pytest.approx(2 * 1 / 4)


def test_a_win_that_renews_is_decided_although_the_deal_goes_on() -> None:
    pipeline = Pipeline.define(["lead"], moves=[("won", "renewal")])
    stays = pd.DataFrame(
        [
            ("a", "lead", "2026-01-01", "2026-01-05", "won", 10.0),
            ("a", "won", "2026-01-05", None, None, np.nan),
            ("b", "lead", "2026-01-01", "2026-01-05", "lost", np.nan),
            ("c", "lead", "2026-01-02", None, None, 40.0),
        ],
        columns=["deal", "stage", "entered", "left", "move", "amount"],
    )
    for name in ("entered", "left"):
        stays[name] = pd.to_datetime(stays[name])
    known = History.of(pipeline, stays.astype({"move": "str"}), observed_until="2026-02-01")
    # The lead is worth half a win. No deal in the stage after a win was decided, so that stage has the rate of all.
    assert weighted_pipeline(known, 1).wins == pytest.approx(0.5 + 0.5)
