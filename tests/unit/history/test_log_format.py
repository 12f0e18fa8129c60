"""The log format: a row per entry into a stage or outcome becomes stays."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simcast.errors import DataError
from simcast.history import History, read_history
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN

Read = Callable[..., History]
STAGES = ["lead", "meeting", "proposal"]


def paths(history: History) -> dict[str, list[str]]:
    """Return for each deal its stages, with the move of the last stay at the end."""
    found: dict[str, list[str]] = {}
    for deal, stays in history.stays.groupby("deal"):
        last = stays["move"].iloc[-1]
        found[str(deal)] = [*stays["stage"], *([] if pd.isna(last) else [last])]
    return found


def test_each_entry_opens_a_stay_that_the_next_row_ends(read: Read) -> None:
    history = read(
        "deal,stage,entered\nA,lead,2026-01-05\nA,meeting,2026-01-09\nA,lost,2026-01-09\nB,meeting,2026-02-01\n", STAGES
    )

    stays = history.stays
    assert list(stays.columns) == [
        "deal", "segment_code", "stage", "entered", "left", "move", "amount", "amount_at_end",
    ]  # fmt: skip
    assert stays["stage"].tolist() == ["lead", "meeting", "meeting"]
    assert stays["left"].dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2026-01-09", "2026-01-09", ""]
    assert stays["move"].fillna("").tolist() == ["meeting", "lost", ""]
    assert stays["segment_code"].tolist() == [0, 0, 0]
    assert str(history.observed_until) == "2026-02-02"
    assert history.last_event == np.datetime64("2026-02-01")
    assert (history.n_deals, history.silent_days) == (2, 0)


def test_rows_may_stand_in_any_order(read: Read) -> None:
    history = read("deal,stage,entered\nB,lead,2026-02-01\nA,won,2026-01-09\nA,lead,2026-01-05\n", ["lead"])

    assert paths(history) == {"A": ["lead", "won"], "B": ["lead"]}


def test_ids_stay_as_they_are_written(read: Read) -> None:
    history = read(
        "deal,stage,entered\nNA,lead,2026-01-05\n007,lead,2026-01-05\n7,lead,2026-01-05\nnull,lead,2026-01-05\n1e3,lead,2026-01-05\n",
        STAGES,
    )

    assert history.stays["deal"].tolist() == ["007", "1e3", "7", "NA", "null"]


def test_names_may_be_russian_and_unicode_forms_are_one(read: Read) -> None:
    decomposed = unicodedata.normalize("NFD", "Звонок й")
    history = read(
        f"сделка , этап,дата,источник\n"
        f"Д-1,заявка,2026-01-05,сайт\nД-1, {decomposed},2026-01-06,сайт\nД-1,Успех,2026-01-07,\n",
        ["заявка", "Звонок й"],
        columns={"deal": "сделка", "stage": "этап", "entered": "дата"},
        outcomes={"Успех": "won"},
        segments=["источник"],
    )

    assert paths(history) == {"Д-1": ["заявка", "Звонок й", "won"]}
    assert history.segments.labels == ("сайт",)


def test_words_of_stages_may_be_mapped_too(read: Read) -> None:
    history = read(
        "deal,stage,entered\nA,New lead,2026-01-05\nA,1. Meeting,2026-01-06\n",
        STAGES,
        outcomes={"New lead": "lead", "1. Meeting": "meeting"},
    )

    assert paths(history) == {"A": ["lead", "meeting"]}


def test_further_outcomes_end_a_deal_as_themselves(read: Read) -> None:
    pipeline = Pipeline.define(["lead"], outcomes={"withdrawn": "lost"})

    history = read("deal,stage,entered\nA,lead,2026-01-05\nA,withdrawn,2026-01-06\n", pipeline)

    assert history.stays["move"].tolist() == ["withdrawn"]


def test_times_of_day_become_days_and_order_the_rows_of_a_day(read: Read) -> None:
    pipeline = Pipeline.define(["a", "b", "c"], moves=[("b", "a"), ("a", "c"), ("c", "b")])
    history = read(
        "deal,stage,entered\nX,c,2026-01-05 12:00\nX,a,2026-01-05T11:59:59.5\nX,b,2026-01-05T10:00:00\n", pipeline
    )

    assert paths(history) == {"X": ["b", "a", "c"]}
    assert set(history.stays["entered"]) == {pd.Timestamp("2026-01-05")}


def test_rows_of_one_day_keep_the_order_of_the_file_where_it_is_possible(read: Read) -> None:
    pipeline = Pipeline.define(STAGES, moves=[("meeting", "lead")])

    history = read("deal,stage,entered\nA,meeting,2026-01-05\nA,lead,2026-01-05\n", pipeline)

    assert paths(history) == {"A": ["meeting", "lead"]}


def test_rows_of_one_day_follow_the_pipeline_where_the_file_does_not(read: Read) -> None:
    history = read(
        "deal,stage,entered\nA,won,2026-01-05\nA,proposal,2026-01-05\nA,meeting,2026-01-05\nA,lead,2026-01-05\n"
        "B,lead,2026-01-05\nB,meeting,2026-01-05\n",
        STAGES,
    )

    assert paths(history) == {"A": ["lead", "meeting", "proposal", "won"], "B": ["lead", "meeting"]}


def test_a_deal_out_of_order_within_a_day_does_not_excuse_another(read: Read) -> None:
    with pytest.raises(DataError) as caught:
        read(
            "deal,stage,entered\nA,meeting,2026-01-05\nA,lead,2026-01-05\nB,lead,2026-01-05\nB,won,2026-01-07\n", STAGES
        )

    assert len(caught.value.problems) == 1
    assert "history.csv:5: column 'stage': value 'won'" in caught.value.problems[0]


def test_declared_moves_are_possible(read: Read) -> None:
    pipeline = Pipeline.define(STAGES, moves=[("meeting", "nurture"), ("lead", "won")])

    history = read(
        "deal,stage,entered\nA,lead,2026-01-05\nA,won,2026-01-07\n"
        "B,meeting,2026-01-05\nB,nurture,2026-01-06\nB,meeting,2026-03-01\n",
        pipeline,
    )

    assert paths(history) == {"A": ["lead", "won"], "B": ["meeting", "nurture", "meeting"]}


def test_a_won_deal_that_renews_stays_in_won(read: Read) -> None:
    pipeline = Pipeline.define(["lead"], moves=[("won", "renewal"), ("renewal", "won")])

    history = read(
        "deal,stage,entered,amount\nA,lead,2026-01-05,\nA,won,2026-01-07,100\nA,renewal,2026-03-01,\nA,won,2026-03-05,110\n",
        pipeline,
    )

    stays = history.stays
    assert stays["stage"].tolist() == ["lead", "won", "renewal", "won"]
    assert stays["move"].fillna("").tolist() == ["won", "renewal", "won", ""]
    np.testing.assert_equal(stays["amount"].to_numpy(), [np.nan, 100, np.nan, 110])
    np.testing.assert_equal(stays["amount_at_end"].to_numpy(), [100, np.nan, 110, np.nan])
    assert history.open_deals("2026-04-01").amount.tolist() == [110]


def test_amounts_belong_to_the_rows_that_hold_them(read: Read) -> None:
    history = read(
        "deal,stage,entered,amount\nA,lead,2026-01-05,\nA,meeting,2026-01-06,100\nA,lost,2026-01-07,90.5\n"
        "B,lead,2026-01-05,1.5e3\nB,meeting,2026-01-06,\nB,lost,2026-01-07,\nC,lead,2026-01-05,\nC,lost,2026-01-07,\n",
        STAGES,
    )

    np.testing.assert_equal(history.stays["amount"].to_numpy(), [np.nan, 100, 1500, np.nan, np.nan])
    # Without one of its own, an outcome is worth what was recorded last; another deal's amount is not borrowed.
    np.testing.assert_equal(history.stays["amount_at_end"].to_numpy(), [np.nan, 90.5, np.nan, 1500, np.nan])


def test_a_file_without_amounts_is_fine(read: Read) -> None:
    assert read("deal,stage,entered\nA,lead,2026-01-05\n", STAGES).stays["amount"].isna().all()


def test_a_deal_that_changes_hands_counts_with_its_first_owner_where_asked(read: Read) -> None:
    rows = ("A,lead,2026-01-05,Анна", "A,meeting,2026-01-09,Борис", "B,lead,2026-01-06,", "B,lost,2026-01-08,Борис")
    text = "\n".join(["deal,stage,entered,owner", *rows, ""])
    with pytest.raises(DataError, match=r"'Борис': differs from 'Анна' .* history.changed_segments: first"):
        read(text, STAGES, segments=["owner"])
    history = read(text, STAGES, segments=["owner"], changed_segments="first")
    assert history.stays["owner"].tolist() == ["Анна", "Анна", "Борис"]
    told = "1 deal of 2 changed in 'owner': the first value counts (history.changed_segments)"
    assert any(told in line for line in history.quality.lines())
    assert history.known_at("2026-01-07").stays["owner"].tolist() == ["Анна", UNKNOWN]
    turned = "\n".join(["deal,stage,entered,owner", *reversed(rows), ""])
    assert read(turned, STAGES, segments=["owner"], changed_segments="first").digest == history.digest
    with pytest.raises(DataError, match="neither 'refuse' nor 'first'"):
        read(text, STAGES, segments=["owner"], changed_segments="last")


def test_segments_are_found_per_deal(read: Read) -> None:
    history = read(
        "deal,stage,entered,source,region\nA,lead,2026-01-05,ads,\nA,meeting,2026-01-06,ads,West\n"
        "B,lead,2026-01-05,,\nC,lead,2026-01-05,ads,East\n",
        STAGES,
        segments=["source", "region"],
    )

    assert history.segments.values == ((UNKNOWN, UNKNOWN), ("ads", "East"), ("ads", "West"))
    assert history.stays["segment_code"].tolist() == [2, 2, 0, 1]
    assert history.stays["region"].tolist() == ["West", "West", UNKNOWN, "East"]


def test_quoted_fields_may_hold_line_breaks_and_errors_still_name_the_line(read: Read) -> None:
    with pytest.raises(DataError, match=r"history\.csv:5: column 'stage': value 'x'"):
        read('deal,stage,entered,note\nA,lead,2026-01-05,"two\nlines"\n\nB,x,2026-01-05,\n', STAGES)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(tmp_path: Path, end: str) -> None:
    file = tmp_path / "ends.csv"
    file.write_bytes(end.join(["deal,stage,entered", "A,lead,2026-01-05", "B,lead,2026-01-06"]).encode())

    assert read_history(file, Pipeline.define(STAGES)).n_deals == 2


def test_a_column_without_a_name_is_left_alone(read: Read) -> None:
    history = read("deal,stage,entered,,\nA,lead,2026-01-05,,\n", STAGES)

    assert history.n_deals == 1


def test_a_segment_called_like_a_field_of_stays_is_refused(read: Read) -> None:
    with pytest.raises(DataError, match="'move' is a name that stays use themselves"):
        read("deal,stage,entered,move\nA,lead,2026-01-05,x\n", STAGES, segments=["move"])
