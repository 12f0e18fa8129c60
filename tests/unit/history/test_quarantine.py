"""Bad rows: all are listed, or they and the rest of their deals are set aside and counted."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from simcast.errors import MOST_SHOWN, DataError
from simcast.history import History

Read = Callable[..., History]
STAGES = ["lead", "meeting"]
TEXT = (
    "deal,stage,entered,note\n"
    "A,lead,2026-01-05,\n"
    "B,lead,2026-01-05,first\n"
    "B,meeting,06.01.2026,\n"
    'B,lost,2026-01-09,"x, y"\n'
    ",lead,2026-01-05,\n"
    "C,lead,2026-01-05,a,b\n"
    "C,meeting,2026-01-06,\n"
    "D,lead,2026-01-05,\n"
    "D,won,2026-01-09,\n"
)


def test_a_deal_with_a_bad_row_is_set_aside_whole(read: Read, tmp_path: Path) -> None:
    history = read(TEXT, STAGES, on_bad_rows="quarantine")

    assert history.stays["deal"].tolist() == ["A"]
    reading = history.quality.reading
    assert reading is not None
    assert (reading.rows_read, reading.rows_bad, reading.rows_quarantined, reading.rows_kept) == (9, 4, 8, 1)
    assert (reading.deals_read, reading.deals_quarantined) == (4, 3)
    assert reading.rejects == tmp_path / "history.rejects.csv"
    assert history.quality.warnings[0].startswith(
        "8 of 9 (89%) rows are set aside (4 are bad, 4 belong to the same deals), and with them 3 of 4 (75%) deals"
    )


def test_the_rejects_file_holds_the_rows_as_they_were_with_line_and_reason(read: Read, tmp_path: Path) -> None:
    read(TEXT, STAGES, on_bad_rows="quarantine")

    with (tmp_path / "history.rejects.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["deal", "stage", "entered", "note", "line", "reason"]
    assert rows[0] == ["B", "lead", "2026-01-05", "first", "3", "another row of deal 'B' is bad (line 4)"]
    assert rows[1][:5] == ["B", "meeting", "06.01.2026", "", "4"]
    assert rows[1][5].startswith("entered: day and month can be told apart only as YYYY-MM-DD")
    assert rows[2][3:5] == ["x, y", "5"]
    assert rows[4][:6] == ["C", "lead", "2026-01-05", "a", "b", "7"]
    assert [row[-2] for row in rows] == ["3", "4", "5", "6", "7", "8", "9", "10"]


def test_rejects_go_where_they_are_told_or_nowhere(read: Read, tmp_path: Path) -> None:
    read(TEXT, STAGES, on_bad_rows="quarantine", rejects=tmp_path / "elsewhere.csv")
    unwritten = read(TEXT, STAGES, on_bad_rows="quarantine", rejects=False)

    assert (tmp_path / "elsewhere.csv").exists()
    assert not (tmp_path / "history.rejects.csv").exists()
    assert unwritten.quality.reading is not None
    assert unwritten.quality.reading.rows_quarantined == 8


def test_without_bad_rows_nothing_is_set_aside(read: Read, tmp_path: Path) -> None:
    text = "deal,stage,entered\nA,lead,2026-01-05\n"

    history = read(text, STAGES, on_bad_rows="quarantine")

    assert history == read(text, STAGES)
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]
    assert not any("set aside" in warning for warning in history.quality.warnings)


def test_columns_called_line_and_reason_are_kept_apart(read: Read, tmp_path: Path) -> None:
    read("deal,stage,entered,line,reason\nA,lead,x,1,2\nB,lead,2026-01-05,,\n", STAGES, on_bad_rows="quarantine")

    header = (tmp_path / "history.rejects.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "deal,stage,entered,line,reason,line_,reason_"


def test_all_problems_are_listed_at_once_with_examples_of_each_kind_first(read: Read) -> None:
    rows = [f"A{k},lead,day {k},\n" for k in range(500)]
    text = "deal,stage,entered,amount\n" + "".join(rows) + "B,leed,2026-02-01,\nC,lead,2026-02-01,-1\n"

    with pytest.raises(DataError) as caught:
        read(text, STAGES)

    problems = caught.value.problems
    assert len(problems) == 503
    assert problems[0].endswith(
        "502 of 502 rows are bad: 500 in column 'entered', 1 in column 'stage', 1 in column 'amount'"
    )
    shown = str(caught.value).splitlines()
    assert len(shown) == MOST_SHOWN + 1
    assert any("value 'leed'" in line for line in shown)
    assert any("value '-1'" in line for line in shown)
    assert shown[-1] == "... and 483 more problems"
    assert len(set(problems)) == len(problems)


def test_one_value_that_breaks_one_rule_in_many_rows_is_told_once(read: Read) -> None:
    rows = [f"A{k},{'proposal' if k % 3 else 'demo'},2026-02-01,\n" for k in range(600)]
    text = (
        "deal,stage,entered,amount\n" + "".join(rows) + "B,leed,2026-02-01,\nC,leed,2026-02-30,\nD,lead,2026-02-30,\n"
    )

    with pytest.raises(DataError) as caught:
        read(text, STAGES)

    summary, *told = caught.value.problems
    assert summary.endswith("603 of 603 rows are bad: 602 in column 'stage', 2 in column 'entered'")
    assert [line.split(": column ")[1].split("):")[0] for line in told] == [
        "'stage': value 'demo' in 200 rows (first: line 2",
        "'stage': value 'proposal' in 400 rows (first: line 3",
        "'stage': value 'leed' in 2 rows (lines 602, 603",
        "'entered': value '2026-02-30' in 2 rows (lines 603, 604",
    ]
    assert all(".csv: column" in line for line in told)  # no line in the place: they are several


def test_rows_set_aside_each_have_their_reason(read: Read, tmp_path: Path) -> None:
    rows = "".join(f"A{k},proposal,2026-02-01\n" for k in range(7))
    history = read(
        f"deal,stage,entered\n{rows}B,lead,2026-02-01\n",
        STAGES,
        on_bad_rows="quarantine",
        rejects=tmp_path / "rejects.csv",
    )
    assert history.n_deals == 1
    written = (tmp_path / "rejects.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in written[1:]] == [f"A{k}" for k in range(7)]
    assert all("is neither a stage nor an outcome" in line for line in written[1:])


def test_one_row_may_break_several_rules(read: Read) -> None:
    with pytest.raises(DataError) as caught:
        read("deal,stage,entered,amount\nA,leed,x,-1\n", STAGES)

    assert [problem.split(": ")[1] for problem in caught.value.problems] == [
        "column 'amount'",
        "column 'entered'",
        "column 'stage'",
    ]


def test_the_path_of_a_deal_with_a_bad_cell_is_not_judged(read: Read) -> None:
    with pytest.raises(DataError) as caught:
        read("deal,stage,entered\nA,lead,2026-01-05\nA,meeting,2026-99-99\nA,won,2026-01-09\n", STAGES)

    assert len(caught.value.problems) == 1


def test_deals_are_set_aside_in_the_deals_format_too(read: Read) -> None:
    history = read(
        "deal,lead,outcome,closed\nA,2026-01-05,,\nB,,,\nC,2026-01-05,lost,2026-01-04\nA2,2026-01-06,won,2026-01-07\n"
        "D,2026-01-05,,\nD,2026-01-06,,\n",
        ["lead"],
        format="deals",
        on_bad_rows="quarantine",
        rejects=False,
    )

    assert history.stays["deal"].tolist() == ["A", "A2"]
    assert history.quality.reading is not None
    assert history.quality.reading.rows_quarantined == 4
