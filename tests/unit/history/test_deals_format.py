"""The deals format: a row per deal, with a column of dates per stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from simcast.errors import DataError
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN

Read = Callable[..., History]
STAGES = ["lead", "meeting", "proposal"]
HEADER = "deal,lead,meeting,proposal,outcome,closed,amount\n"


def test_dates_become_stays(read: Read) -> None:
    history = read(
        HEADER + "B,2026-01-05,2026-01-09,,,,\nA,2026-01-05,2026-01-05,2026-01-20,won,2026-02-02,1000\n",
        STAGES,
        format="deals",
    )

    stays = history.stays
    assert stays["deal"].tolist() == ["A", "A", "A", "B", "B"]
    assert stays["stage"].tolist() == [*STAGES, "lead", "meeting"]
    assert stays["move"].fillna("").tolist() == ["meeting", "proposal", "won", "meeting", ""]
    assert str(history.observed_until) == "2026-02-03"


def test_it_tells_the_same_as_a_log_of_the_same_deals(read: Read) -> None:
    deals = read(
        "deal,lead,meeting,outcome,closed,source\nA,2026-01-05,2026-01-09,lost,2026-01-11,ads\nB,2026-01-06,,,,\n",
        ["lead", "meeting"],
        format="deals",
        segments=["source"],
    )
    log = read(
        "deal,stage,entered,source\nA,lead,2026-01-05,ads\nA,meeting,2026-01-09,ads\nA,lost,2026-01-11,ads\n"
        "B,lead,2026-01-06,\n",
        ["lead", "meeting"],
        segments=["source"],
    )

    assert deals == log
    assert deals.segments.values == ((UNKNOWN,), ("ads",))


def test_a_skipped_stage_is_a_move_that_must_be_declared(read: Read) -> None:
    text = HEADER + "A,2026-01-05,,2026-01-20,,,\n"

    with pytest.raises(DataError, match=r"- \{from: lead, to: proposal\}"):
        read(text, STAGES, format="deals")
    history = read(text, Pipeline.define(STAGES, moves=[("lead", "proposal")]), format="deals")

    assert history.stays["stage"].tolist() == ["lead", "proposal"]


@pytest.mark.parametrize("word", ["", "open", "meeting", "In talks"])
def test_open_deals_are_told_by_an_empty_cell_a_stage_or_a_mapped_word(read: Read, word: str) -> None:
    history = read(
        HEADER + f"A,2026-01-05,2026-01-06,,{word},2026-09-30,\n",
        STAGES,
        format="deals",
        outcomes={"In talks": "open"},
    )

    assert history.stays["left"].isna().tolist() == [False, True]
    assert history.quality.reading is not None
    assert history.quality.reading.close_dates_ignored == 1
    assert any("1 open deal has a closing date" in note for note in history.quality.notes)


def test_one_dated_stage_is_a_pipeline_of_one(read: Read) -> None:
    history = read(
        "id,created,state,ended,value\nA,2026-01-05,Closed Won,2026-02-01,10\nB,2026-01-06,Proposal,2026-12-01,20\n",
        ["opportunity"],
        format="deals",
        columns={"deal": "id", "entered": "created", "outcome": "state", "closed": "ended", "amount": "value"},
        outcomes={"Closed Won": "won", "Proposal": "open"},
    )

    assert history.stays["move"].fillna("").tolist() == ["won", ""]


def test_columns_can_name_some_stages_only(read: Read) -> None:
    history = read(
        "deal,встреча,outcome,closed\nA,2026-01-05,,\n",
        ["заявка", "встреча"],
        format="deals",
        columns={"entered": {"встреча": "встреча"}},
    )

    assert history.stays["stage"].tolist() == ["встреча"]


def test_an_amount_is_known_from_the_close_unless_said_otherwise(read: Read) -> None:
    text = HEADER + "A,2026-01-05,2026-01-06,,lost,2026-01-09,100\nB,2026-01-05,2026-01-06,,,,200\n"

    at_close = read(text, STAGES, format="deals").stays
    at_entry = read(text, STAGES, format="deals", amount_known_from="entry").stays

    np.testing.assert_equal(at_close["amount"].to_numpy(), [np.nan, np.nan, np.nan, 200])
    np.testing.assert_equal(at_close["amount_at_end"].to_numpy(), [np.nan, 100, np.nan, np.nan])
    np.testing.assert_equal(at_entry["amount"].to_numpy(), [100, np.nan, 200, np.nan])
    np.testing.assert_equal(at_entry["amount_at_end"].to_numpy(), [np.nan, 100, np.nan, np.nan])


def test_a_time_of_entry_after_a_close_without_time_is_no_fault(read: Read) -> None:
    history = read(
        "deal,lead,outcome,closed\nA,2026-01-05 17:30,won,2026-01-05\n",
        ["lead"],
        format="deals",
    )

    assert history.stays["move"].tolist() == ["won"]


def test_a_renewal_may_be_entered_after_the_win(read: Read) -> None:
    pipeline = Pipeline.define(["lead"], moves=[("won", "renewal"), ("renewal", "won")])

    history = read(
        "deal,lead,renewal,outcome,closed\nA,2026-01-05,2026-05-01,won,2026-02-01\n", pipeline, format="deals"
    )

    assert history.stays["stage"].tolist() == ["lead", "won", "renewal"]


def test_an_order_of_stages_that_dates_contradict_is_refused(read: Read) -> None:
    with pytest.raises(DataError, match="'lead' after 'meeting'"):
        read(HEADER + "A,2026-01-09,2026-01-05,,,,\n", STAGES, format="deals")


def test_a_row_that_is_there_twice_is_read_once_and_that_is_said(read: Read) -> None:
    """One that differs in a cell is not: which of the two is right cannot be known."""
    row = "A,2026-01-05,2026-01-09,2026-01-12,won,2026-02-02,1000\n"
    history = read(HEADER + row + "B,2026-01-05,,,,,\n" + row, STAGES, format="deals")
    assert history.n_deals == 2
    assert history.quality.reading is not None
    assert "1 row repeats an earlier one in every cell and is left out" in history.quality.reading.remarks
    with pytest.raises(DataError, match=r":4: column 'deal': value 'A': the deal is a duplicate of line 2"):
        read(HEADER + row + "B,2026-01-05,,,,,\n" + row.replace("1000", "900"), STAGES, format="deals")
