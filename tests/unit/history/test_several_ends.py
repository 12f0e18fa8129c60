"""A table with a row per deal may date each outcome in a column of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simcast.errors import DataError, ScenarioError
from simcast.history import History
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
