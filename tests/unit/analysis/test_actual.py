from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simcast.analysis import actual_of
from simcast.errors import DataError
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.plan import ForecastDays

PIPELINE = Pipeline.define(["lead"], outcomes={"upsold": "won"}, moves=[("lead", "upsold")])
DAYS = ForecastDays(np.datetime64("2026-04-01"), np.datetime64("2026-06-30"), "month")


def history(until: str) -> History:
    rows = [
        ("early", "2026-03-31", "won", 1.0, np.nan),
        ("first-day", "2026-04-01", "won", 10.0, np.nan),
        ("last-day", "2026-06-30", "won", np.nan, 100.0),
        ("changed", "2026-05-10", "upsold", 1000.0, 2000.0),
        ("no-amount", "2026-05-11", "won", np.nan, np.nan),
        ("lost", "2026-05-12", "lost", 7.0, np.nan),
        ("late", "2026-07-01", "won", 5.0, np.nan),
    ]
    stays = pd.DataFrame(rows, columns=["deal", "left", "move", "amount", "amount_at_end"])
    stays["left"] = pd.to_datetime(stays["left"])
    stays["entered"] = pd.Timestamp("2026-01-05")
    stays["stage"] = "lead"
    return History.of(PIPELINE, stays.sort_values("deal"), observed_until=until)


def test_wins_count_in_the_period_of_their_day_with_their_final_amount() -> None:
    found = actual_of(history("2026-08-01"), DAYS)
    assert found is not None
    assert found.wins == (1, 2, 1)
    assert found.bookings == (10.0, 2000.0, 100.0)
    assert found.without_amount == 1
    assert found.complete


def test_a_history_that_ends_in_the_middle_says_so() -> None:
    found = actual_of(history("2026-05-20"), DAYS)
    assert found is not None
    assert not found.complete
    assert str(found.known_until) == "2026-05-19"


def test_a_history_that_ends_at_the_as_of_date_knows_nothing_of_the_future() -> None:
    assert actual_of(history("2026-04-01"), DAYS) is None


def test_a_history_that_was_cut_is_not_taken_for_silence() -> None:
    whole = history("2026-08-01")
    with pytest.raises(DataError, match=r"is cut at 2026-04-01 .* give the whole one") as caught:
        actual_of(whole.known_at("2026-04-01"), DAYS)
    assert isinstance(caught.value, ValueError)
    found = actual_of(whole.known_at("2026-05-01"), DAYS)  # cut within the forecast: what was known by then
    assert found is not None
    assert not found.complete
    assert found.wins == (1, 0, 0)
