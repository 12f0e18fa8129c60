"""First contacts: read from date-times or hours, forgotten before they happened, told by the quality report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simcast.errors import DataError
from simcast.history import History, read_history
from simcast.pipeline import Pipeline

Read = Callable[..., History]

TIMED = """deal,stage,entered,contacted
a,заявка,2026-01-05 09:00,2026-01-05 12:30
a,звонок,2026-01-07 10:00,2026-01-05 12:30
b,заявка,2026-01-05 09:00,
b,lost,2026-02-01,
c,заявка,2026-01-06 09:00,2026-01-08 09:00
d,заявка,2026-01-06 09:00,2026-01-06 08:59
"""


def _hours(history: History) -> dict[tuple[str, str], float]:
    found = history.responses
    return dict(zip(zip(found["deal"], found["stage"], strict=True), found["hours"].tolist(), strict=True))


def test_the_row_of_the_first_entry_into_the_first_stage_says_when_the_contact_was(read: Read) -> None:
    history = read(TIMED, ["заявка", "звонок"], columns={"first_response": "contacted"})
    assert _hours(history) == {("a", "заявка"): 3.5, ("c", "заявка"): 48.0}
    assert history.segments.columns == ()  # the column is not taken for one of segments
    assert any("1 first contact lies before the entry into 'заявка'" in note for note in history.quality.notes)
    told = next(note for note in history.quality.notes if note.startswith("first contact in 'заявка'"))
    assert "2 of 4 (50%) deals" in told
    assert "25.8 hours or less" in told


def test_other_stages_have_columns_of_their_own(read: Read) -> None:
    text = TIMED.replace("2026-01-05 12:30\nb", "2026-01-07 11:00\nb")
    history = read(text, ["заявка", "звонок"], columns={"first_response": {"звонок": "contacted"}})
    assert _hours(history) == {("a", "звонок"): 1.0}


def test_hours_are_taken_as_they_are_and_known_from_the_day_of_the_contact(read: Read) -> None:
    text = (
        "deal,lead,outcome,closed,hours\na,2026-01-05 20:00,won,2026-01-20,5\nb,2026-01-05,open,,0.5\nc,2026-01-05,,,\n"
    )
    history = read(text, ["lead"], format="deals", columns={"first_response": "hours"})
    assert _hours(history) == {("a", "lead"): 5.0, ("b", "lead"): 0.5}
    assert _hours(history.known_at("2026-01-06")) == {("b", "lead"): 0.5}  # a is called on the 6th, at 1 in the morning
    assert _hours(history.known_at("2026-01-07")) == _hours(history)
    assert history.known_at("2026-01-06").digest != read(text, ["lead"], format="deals").known_at("2026-01-06").digest


def test_a_history_without_first_contacts_keeps_its_digest(read: Read) -> None:
    text = "deal,stage,entered\na,lead,2026-01-05\na,won,2026-02-01\n"
    history = read(text, ["lead"])
    assert history.responses.empty
    # As it was before there were any: stored fits stay what they are.
    assert history.digest == "d5cd622b2a21438585889dccee6f6b47bd1472b21c07f72e36d489bb65cacde8"


def test_dates_without_times_are_told_apart_by_days_and_that_is_said(read: Read) -> None:
    text = "deal,stage,entered,contacted\na,lead,2026-01-05,2026-01-05\nb,lead,2026-01-05,2026-01-07\n"
    history = read(text, ["lead"], columns={"first_response": "contacted"})
    assert list(_hours(history).values()) == [0.0, 48.0]
    assert any("known to about half a day only" in note for note in history.quality.notes)
    noon = read(text.replace("2026-01-07\n", "2026-01-07 15:00\n"), ["lead"], columns={"first_response": "contacted"})
    assert list(_hours(noon).values()) == [0.0, 51.0]  # entries are taken to be at noon


@pytest.mark.parametrize(
    ("cell", "rule"),
    [("soon", "'soon'"), ("2026-13-01", "no such day"), ("2030-01-01", "lies after today")],
)
def test_cells_that_are_no_date_are_named(read: Read, cell: str, rule: str) -> None:
    with pytest.raises(DataError, match=rule):
        read(TIMED.replace("2026-01-08 09:00", cell), ["заявка", "звонок"], columns={"first_response": "contacted"})


def test_hours_below_zero_and_unknown_columns_and_stages_are_refused(read: Read) -> None:
    text = "deal,stage,entered,hours\na,lead,2026-01-05,3\nb,lead,2026-01-05,-1\n"
    with pytest.raises(DataError, match=r"hours.*is not a date"):  # not all are numbers above 0: taken for dates
        read(text, ["lead"], columns={"first_response": "hours"})
    with pytest.raises(DataError, match=r"no column 'hour'; did you mean 'hours'.*first_response\.lead"):
        read(text, ["lead"], columns={"first_response": "hour"})
    with pytest.raises(DataError, match=r"first_response: 'leed' is not a stage; did you mean 'lead'"):
        read(text, ["lead"], columns={"first_response": {"leed": "hours"}})


def test_numbers_and_datetimes_of_parquet_are_read(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "deal": ["a", "b"],
            "stage": ["lead", "lead"],
            "entered": np.array(["2026-01-05T09:00", "2026-01-05T10:00"], dtype="datetime64[us]"),
            "hours": [2.5, np.nan],
            "at": np.array(["2026-01-05T10:00", "NaT"], dtype="datetime64[us]"),
        }
    )
    table.to_parquet(tmp_path / "log.parquet")
    pipeline = Pipeline.define(["lead"])
    for column, hours in (("hours", 2.5), ("at", 1.0)):
        history = read_history(tmp_path / "log.parquet", pipeline, columns={"first_response": column}, segments=[])
        assert _hours(history) == {("a", "lead"): hours}
    table.assign(hours=[2.5, -1.0]).to_parquet(tmp_path / "log.parquet")
    with pytest.raises(DataError, match="is below 0"):
        read_history(tmp_path / "log.parquet", pipeline, columns={"first_response": "hours"}, segments=[])


def test_other_ways_to_write_dates_and_hours_are_followed(read: Read) -> None:
    from simcast.history import Dialect

    text = "deal;stage;entered;at\na;lead;05.01.2026 09:00;05.01.2026 11:00\n"
    days = Dialect("", ";", "day-first", "", "")
    assert list(_hours(read(text, ["lead"], columns={"first_response": "at"}, dialect=days)).values()) == [2.0]
    text = "deal;stage;entered;at\na;lead;2026-01-05;1,5\n"
    comma = Dialect("", ";", "", ",", "")
    assert list(_hours(read(text, ["lead"], columns={"first_response": "at"}, dialect=comma)).values()) == [1.5]
