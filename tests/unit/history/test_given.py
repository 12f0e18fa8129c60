"""Histories built of a table that somebody made."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simcast.errors import ArgumentTypeError, DataError
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN

PIPELINE = Pipeline.define(["lead", "meeting"])
DAY = pd.Timestamp("2026-01-05")


def stays(**columns: list[Any]) -> pd.DataFrame:
    whole = {"deal": ["a"], "stage": ["lead"], "entered": [DAY], "left": [pd.NaT], "move": [None]}
    return pd.DataFrame(whole | columns)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"stage": ["leed"]}, "there is no stage 'leed'; did you mean 'lead'"),
        ({"stage": [None]}, "stays.stage: is missing in 1 row"),
        ({"left": [DAY], "move": ["wonn"]}, "no stage or outcome 'wonn'; did you mean 'won'"),
        ({"left": [DAY - pd.Timedelta(days=1)], "move": ["lost"]}, "left: is before entered .1 row, .* deal 'a'"),
        ({"move": ["lost"]}, "left: is missing, though the stay ended"),
        ({"left": [DAY]}, "move: is missing, though the stay ended"),
        ({"entered": [pd.NaT]}, "entered: is missing"),
        ({"entered": ["01.02.2026"]}, "stays.entered: row 0: '01.02.2026' is no date; write YYYY-MM-DD"),
        ({"entered": [20260105]}, "stays.entered: holds numbers, such as 20260105"),
        ({"entered": [DAY.tz_localize("UTC")]}, "has a time zone"),
        ({"entered": ["2026"]}, "stays.entered: row 0: '2026' is no date"),
        ({"entered": ["2026-01-05T10:00Z"]}, "row 0: '2026-01-05T10:00Z' is no date"),
        ({"entered": pd.array([DAY], dtype="timestamp[us, UTC][pyarrow]")}, "has a time zone"),
        ({"deal": [None]}, "stays.deal: is missing in 1 row"),
        ({"deal": [""]}, "stays.deal: is missing in 1 row"),
        ({"amount": [-1.0]}, "stays.amount: row 0: -1: an amount cannot be negative"),
        ({"amount": [np.inf]}, "stays.amount: row 0: inf: is not finite"),
        ({"amount": [1e300]}, "stays.amount: row 0: 1e.300: an amount may be at most"),
        ({"amount": [True]}, "stays.amount: holds truth values"),
        ({"amount": ["1 200"]}, "stays.amount: row 0: '1 200' is no number"),
    ],
)
def test_a_cell_that_no_stay_can_have_is_named(columns: dict[str, list[Any]], words: str) -> None:
    with pytest.raises(DataError, match=words):
        History.of(PIPELINE, stays(**columns))


TEXTS = pd.DataFrame(
    {
        "deal": ["1", "1", "2"],
        "stage": ["lead", "meeting", "lead"],
        "entered": ["2026-01-05", "2026-01-07", "2026-01-06"],
        "left": ["2026-01-07", None, None],
        "move": ["meeting", None, None],
        "vip": ["True", "True", None],
    }
)


@pytest.mark.parametrize(
    "columns",
    [
        {"left": ["2026-01-07", "", ""], "move": ["meeting", "", ""]},
        {"left": TEXTS["left"].astype("string"), "move": TEXTS["move"].astype("category")},
        {"left": pd.array([dt.date(2026, 1, 7), None, None], dtype="date32[pyarrow]")},
        {"left": pd.array([pd.Timestamp("2026-01-07"), None, None], dtype="timestamp[us][pyarrow]")},
        {"left": [dt.date(2026, 1, 7), None, pd.NaT]},
        {"deal": [1, 1, 2]},
        {"deal": [1.0, 1.0, 2.0]},
        {"vip": pd.array([True, True, None], dtype="boolean")},
        {"vip": ["True", "True", ""]},
    ],
)
def test_columns_of_all_kinds_that_pandas_has_say_the_same(columns: dict[str, Any]) -> None:
    history = History.of(PIPELINE, TEXTS.assign(**columns), ["vip"])

    assert history == History.of(PIPELINE, TEXTS, ["vip"])
    assert history.stays["vip"].tolist() == ["True", "True", UNKNOWN]
    assert history.stays["left"].isna().tolist() == [False, True, True]


def test_segments_that_are_whole_floats_are_whole_numbers() -> None:
    history = History.of(PIPELINE, TEXTS.assign(vip=[3.0, 3.0, np.nan]), ["vip"])

    assert history.segments.labels == (UNKNOWN, "3")


def test_columns_that_are_not_there_are_told_with_the_nearest() -> None:
    with pytest.raises(DataError, match="there is no column 'deal'; did you mean 'Deal'"):
        History.of(PIPELINE, stays().rename(columns={"deal": "Deal"}))
    with pytest.raises(DataError, match="responses: there is no column 'hours'"):
        History.of(PIPELINE, stays(), responses=pd.DataFrame({"deal": ["a"], "stage": ["lead"]}))


def test_an_end_without_an_amount_has_the_latest_one() -> None:
    days = {"entered": [DAY] * 2, "left": [DAY, DAY], "move": ["meeting", "won"]}
    two = stays(deal=["a"] * 2, stage=["lead", "meeting"], amount=[500.0, np.nan], **days)
    assert History.of(PIPELINE, two).stays["amount_at_end"].tolist() == pytest.approx([np.nan, 500.0], nan_ok=True)


def test_other_kinds_of_things_are_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="needs a Pipeline, got a list"):
        History.of(["lead"], stays())  # type: ignore[arg-type]  # refused as it runs
    with pytest.raises(ArgumentTypeError, match="stays: needs a DataFrame, got a dict"):
        History.of(PIPELINE, stays().to_dict())  # type: ignore[arg-type]  # refused as it runs
    with pytest.raises(DataError, match="say up to which day nothing was seen"):
        History.of(PIPELINE, stays().iloc[:0])


def test_dates_as_text_and_missing_amounts_are_fine() -> None:
    text = stays(entered=["2026-01-05"], left=[None], amount=[None])
    assert History.of(PIPELINE, text) == History.of(PIPELINE, stays())


@pytest.mark.parametrize("day", [20260701, 1.5, 2026, pd.DataFrame()])
def test_a_number_is_no_day(day: object) -> None:
    with pytest.raises(DataError, match="is no day; give a date"):
        History.of(PIPELINE, stays()).known_at(day)  # type: ignore[arg-type]  # refused as it runs


@pytest.mark.parametrize("day", [None, pd.NaT, np.datetime64("NaT", "D")])
def test_a_day_is_needed(day: object) -> None:
    with pytest.raises(DataError, match="a day is needed"):
        History.of(PIPELINE, stays()).known_at(day)  # type: ignore[arg-type]  # refused as it runs
