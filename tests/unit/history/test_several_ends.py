"""A table with a row per deal may date each outcome in a column of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simcast.errors import DataError, ScenarioError
from simcast.history import History
from simcast.history.dialect import Dialect
from simcast.scenario.settings import HistorySettings

Read = Callable[..., History]

TEXT = """deal,заявка,outcome,hired,rejected
a,2026-01-05,Принят,2026-02-01,
b,2026-01-06,Отказ,2026-01-09,2026-02-03
c,2026-01-07,,,
"""
SAID = {"format": "deals", "outcomes": {"Принят": "won", "Отказ": "lost"}}
ENDS = {"won": "hired", "lost": "rejected"}


def test_each_deal_ends_on_the_day_in_the_column_of_its_outcome(read: Read) -> None:
    history = read(TEXT, ["заявка"], columns={"closed": ENDS}, **SAID)
    ends = history.stays["left"].dt.strftime("%Y-%m-%d").fillna("")
    assert dict(zip(history.stays["deal"], ends, strict=True)) == {"a": "2026-02-01", "b": "2026-02-03", "c": ""}
    assert history.stays["move"].fillna("").tolist() == ["won", "lost", ""]


def test_an_end_without_a_date_is_said(read: Read) -> None:
    with pytest.raises(DataError, match=r"'hired / rejected': value '': a date is needed"):
        read(TEXT.replace("2026-02-01", ""), ["заявка"], columns={"closed": ENDS}, **SAID)


@pytest.mark.parametrize(
    ("closed", "says"),
    [
        ({"won": "hire", "lost": "rejected"}, "no column 'hire'; did you mean 'hired'"),
        ({"wonn": "hired", "lost": "rejected"}, "no deal has the outcome 'wonn'; did you mean 'won'"),
    ],
)
def test_what_is_not_there_is_said(read: Read, closed: dict[str, str], says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(TEXT, ["заявка"], columns={"closed": closed}, **SAID)


def test_other_formats_have_one_column(read: Read) -> None:
    with pytest.raises(DataError, match="goes with format: deals"):
        read(TEXT, ["заявка"], columns={"closed": ENDS}, format="hubspot")


def test_a_scenario_may_say_so() -> None:
    assert HistorySettings(path="x.csv", columns={"closed": ENDS}).columns["closed"] == ENDS
    with pytest.raises((ValueError, ScenarioError), match="a column for each outcome"):
        HistorySettings(path="x.csv", columns={"closed": {"won": 7}})


UNTOLD = """deal,lead,hired,rejected
a,2026-01-05,2026-02-01,
b,2026-01-06,,2026-02-03
c,2026-01-07,,
"""


def test_without_a_column_of_outcomes_the_dates_tell_them(read: Read) -> None:
    history = read(UNTOLD, ["lead"], format="deals", columns={"closed": ENDS})
    assert dict(zip(history.stays["deal"], history.stays["move"].fillna(""), strict=True)) == {
        "a": "won",
        "b": "lost",
        "c": "",
    }
    assert history.stays["left"].dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2026-02-01", "2026-02-03", ""]


def test_a_deal_with_two_ends_is_bad(read: Read) -> None:
    text = UNTOLD.replace("2026-02-01,", "2026-02-01,2026-02-04")
    said = r":2: column 'rejected': value '2026-02-04': the deal has a date in 'hired' too"
    with pytest.raises(DataError, match=said):
        read(text, ["lead"], format="deals", columns={"closed": ENDS})
    history = read(text, ["lead"], format="deals", columns={"closed": ENDS}, on_bad_rows="quarantine", rejects=False)
    assert history.stays["deal"].tolist() == ["b", "c"]


def test_a_cell_that_is_no_date_is_an_end_all_the_same(read: Read) -> None:
    with pytest.raises(DataError, match=r":2: column 'hired / rejected': value 'soon': is not a date"):
        read(UNTOLD.replace("2026-02-01", "soon"), ["lead"], format="deals", columns={"closed": ENDS})


def test_a_dash_is_no_end_where_dates_are_not_strict(read: Read) -> None:
    text = UNTOLD.replace("2026-02-01,", "2026-02-01,-").replace("07,,", "07,-,-")
    history = read(text, ["lead"], format="deals", columns={"closed": ENDS}, dialect=Dialect(dates="day-first"))
    assert history.stays["move"].fillna("").tolist() == ["won", "lost", ""]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"closed": {"won": "hired"}}, "no column 'outcome'"),
        ({"closed": ENDS, "outcome": "status"}, "no column 'status'"),
        ({"closed": {**ENDS, "won": "hire"}}, "no column 'hire'; did you mean 'hired'"),
        ({"closed": "hired"}, "no column 'outcome'"),
    ],
)
def test_outcomes_are_told_by_dates_only_where_nothing_else_is_named(
    read: Read, columns: dict[str, object], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read(UNTOLD, ["lead"], format="deals", columns=columns)


def test_a_column_of_outcomes_is_read_where_there_is_one(read: Read) -> None:
    text = UNTOLD.replace("rejected", "rejected,outcome").replace("01,\n", "01,,won\n").replace("03\n", "03,open\n")
    history = read(text.replace(",,\n", ",,,\n"), ["lead"], format="deals", columns={"closed": ENDS})
    assert history.stays["move"].fillna("").tolist() == ["won", "", ""]


def test_columns_that_reading_adds_are_none_of_the_files(read: Read, tmp_path: Path) -> None:
    """Rows set aside can be mended and read again, and a header is as wide as it is in the file."""
    text = UNTOLD.replace("2026-02-01,", "2026-02-01,2026-02-04").replace("02-03", "02-03,more")
    rejects = tmp_path / "rejects.csv"
    read(text, ["lead"], format="deals", columns={"closed": ENDS}, on_bad_rows="quarantine", rejects=rejects)
    lines = rejects.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "deal,lead,hired,rejected,line,reason"
    assert lines[1].startswith("a,2026-01-05,2026-02-01,2026-02-04,2,")
    assert "has 5 fields, the header 4" in lines[2]
