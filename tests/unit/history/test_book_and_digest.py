"""The book of open deals, the digest, and histories made of stays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from simcast.errors import DataError
from simcast.history import History
from simcast.pipeline import Pipeline

Read = Callable[..., History]
STAGES = ["lead", "meeting"]
HEADER = "deal,stage,entered,amount,source\n"
ROWS = [
    "D,lead,2026-01-02,,site",
    "A,lead,2026-01-05,100,ads",
    "A,meeting,2026-01-09,,ads",
    "B,lead,2026-01-05,200,ads",
    "B,lost,2026-01-06,,",
    "C,meeting,2026-01-10,,",
    "D,meeting,2026-01-10,5,site",
]


@pytest.fixture
def history(read: Read) -> History:
    return read(HEADER + "\n".join(ROWS) + "\n", STAGES, segments=["source"])


def test_the_book_holds_each_open_deal_where_it_stands(history: History) -> None:
    book = history.open_deals("2026-01-12")

    assert book.deal.tolist() == ["A", "C", "D"]
    assert book.stage_code.tolist() == [1, 1, 1]
    assert book.age_days.tolist() == [2.5, 1.5, 1.5]
    np.testing.assert_equal(book.amount, [100, np.nan, 5])
    assert [book.segments.labels[code] for code in book.segment_code] == ["ads", "(unknown)", "site"]
    assert (book.deal.dtype, book.stage_code.dtype, book.segment_code.dtype) == (object, np.int64, np.int64)
    assert (len(book), book.as_of) == (3, np.datetime64("2026-01-12"))


def test_the_book_knows_nothing_of_later_days(history: History) -> None:
    book = history.open_deals("2026-01-06")

    assert book.deal.tolist() == ["A", "B", "D"]
    assert book.stage_code.tolist() == [0, 0, 0]
    assert book.age_days.tolist() == [0.5, 0.5, 3.5]
    np.testing.assert_equal(book.amount, [100, 200, np.nan])
    assert book.segments.labels == ("ads", "site")


def test_a_renewing_deal_is_open_in_won(read: Read) -> None:
    pipeline = Pipeline.define(["lead"], moves=[("won", "renewal")])

    book = read("deal,stage,entered\nA,lead,2026-01-05\nA,won,2026-01-06\n", pipeline).open_deals("2026-01-09")

    assert [pipeline.stages[code] for code in book.stage_code] == ["won"]


def test_the_digest_depends_on_neither_the_order_nor_the_writing_of_rows(read: Read, history: History) -> None:
    rewritten = "entered,amount,source,deal,stage\r\n" + "".join(
        f"{day} 00:00:00,{amount and amount + '.00'},{source},{deal},{stage} \r\n"
        for deal, stage, day, amount, source in (row.split(",") for row in reversed(ROWS))
    )

    assert read(rewritten, STAGES, segments=["source"]).digest == history.digest


@pytest.mark.parametrize(
    ("row", "changed"),
    [
        (1, "A,lead,2026-01-04,100,ads"),
        (1, "A,lead,2026-01-05,100.01,ads"),
        (1, "A,lead,2026-01-05,,ads"),
        (4, "B,won,2026-01-06,,"),
        (4, "B,lost,2026-01-07,,"),
        (5, "C,meeting,2026-01-10,,site"),
        (5, "CC,meeting,2026-01-10,,"),
    ],
)
def test_any_change_of_content_changes_the_digest(read: Read, history: History, row: int, changed: str) -> None:
    pipeline = Pipeline.define(STAGES, moves=[("lead", "won")])
    rows = [changed if position == row else line for position, line in enumerate(ROWS)]

    assert read(HEADER + "\n".join(rows), pipeline, segments=["source"]).digest != history.digest


def test_the_digest_depends_on_the_day_until_which_was_observed(history: History) -> None:
    assert history.known_at("2026-02-01").digest != history.known_at("2026-02-02").digest


def test_text_cannot_move_between_cells_unseen() -> None:
    def made(*deals: str) -> str:
        stays = pd.DataFrame({"deal": deals, "stage": "lead", "entered": pd.Timestamp("2026-01-05")})
        return History.of(Pipeline.define(["lead"]), stays.assign(left=pd.NaT, move=None)).digest

    assert made("ab", "c") != made("a", "bc")


def test_a_history_can_be_made_of_the_stays_of_another(history: History) -> None:
    shuffled = history.stays.drop(columns="segment_code").sort_values("deal", ascending=False, kind="stable")

    assert History.of(history.pipeline, shuffled, ["source"], history.observed_until) == history


def test_stays_without_a_needed_column_are_refused(history: History) -> None:
    with pytest.raises(DataError, match="there is no column 'move'"):
        History.of(history.pipeline, history.stays.drop(columns="move"))


def test_histories_of_other_pipelines_differ(history: History) -> None:
    other = Pipeline.define([*STAGES, "proposal"])

    assert History.of(other, history.stays, ["source"], history.observed_until) != history
    assert history != "a history"
    assert hash(history) == hash(history.known_at(history.observed_until))
