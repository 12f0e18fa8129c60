"""Tables written for spreadsheets: what looks like a formula stays text."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from simcast.analysis.deals import SORTED_BY
from simcast.report.deals import print_deals, write_table

HOSTILE = ['=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "\t=1", "Договор", "a=b", ""]


@pytest.fixture
def table() -> pd.DataFrame:
    n = len(HOSTILE)
    return pd.DataFrame({"deal": HOSTILE, "=region": HOSTILE[::-1], "amount": [-1.5] * n, "stalled": [True] * n})


def test_no_text_of_a_csv_is_a_formula(table: pd.DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    write_table(table, file)
    read = pd.read_csv(file, keep_default_na=False)
    assert list(read.columns) == ["deal", "'=region", "amount", "stalled"]
    for column, written in (("deal", HOSTILE), ("'=region", HOSTILE[::-1])):
        assert [text.removeprefix("'") for text in read[column]] == written
        assert not read[column].str.startswith(("=", "+", "-", "@", "\t")).any()
    assert read["deal"].tolist()[5:] == HOSTILE[5:]
    assert (read["amount"] == -1.5).all()


def test_parquet_and_the_table_itself_keep_text_as_it_is(table: pd.DataFrame, tmp_path: Path) -> None:
    write_table(table, tmp_path / "deals.csv")
    write_table(table, tmp_path / "deals.parquet")
    assert pd.read_parquet(tmp_path / "deals.parquet")["deal"].tolist() == HOSTILE
    assert table["deal"].tolist() == HOSTILE


@pytest.mark.parametrize("sort", SORTED_BY)
def test_the_heading_says_how_deals_are_sorted(table: pd.DataFrame, sort: str) -> None:
    day = pd.Timestamp("2026-07-01")
    dates = dict.fromkeys(("expected_close", "close_low", "close_high"), day)
    numbers = dict.fromkeys(("age_days", "usual_days", "probability_won", "value_at_stake"), 0.5)
    printed = StringIO()
    whole = table.assign(stage="Договор", **dates, **numbers)
    print_deals(whole, (), "2026-09-30", Console(file=printed, width=300), 3, sort=sort)
    assert ("most is at stake" in printed.getvalue()) == (sort == "value_at_stake")
    assert "Open deals, " in printed.getvalue()
