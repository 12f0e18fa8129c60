"""Tables written for spreadsheets: what looks like a formula stays text."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from simcast.analysis.deals import SORTED_BY
from simcast.report.deals import deals_document, print_deals, write_table
from simcast.report.tables import deals_table
from simcast.report.terminal import plain_table, print_table
from simcast.report.words import ENGLISH

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
    assert ("most at stake first" in printed.getvalue()) == (sort == "value_at_stake")
    assert "Open deals, " in printed.getvalue()


def whole(**columns: object) -> pd.DataFrame:
    """A table of one open deal, as `deal_table` makes it."""
    day = pd.Timestamp("2026-07-01")
    row: dict[str, object] = {"deal": "D-1", "stage": "offer", "age_days": 6.5, "usual_days": 12.2, "stalled": False}
    row |= dict.fromkeys(("expected_close", "close_low", "close_high"), day)
    row |= {"amount": 1000.0, "probability_won": 0.5, "value_at_stake": 250.0}
    return pd.DataFrame([row | columns])


def shown(table: pd.DataFrame, console: Console) -> str:
    print_deals(table, (), "2026-09-30", console, 3)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_deal_that_is_won_in_later_futures_only_has_a_date_and_no_interval() -> None:
    printed = shown(whole(close_low=pd.NaT, close_high=pd.NaT), Console(file=StringIO(), width=300))
    assert printed.count("01 Jul") == 1
    written = deals_document(whole(close_low=pd.NaT, close_high=pd.NaT))[0]
    assert (written["expected_close"], written["close_low"]) == ("2026-07-01", None)
    page = deals_table(whole(close_low=pd.NaT, close_high=pd.NaT), (), ENGLISH, full=True)
    assert [column.title for column in page.columns].count(ENGLISH.say("close-low")) == 0


def test_days_in_the_stage_are_whole_and_rounded_up_in_the_terminal_and_on_the_page() -> None:
    table = whole()
    row = next(line for line in shown(table, Console(file=StringIO(), width=300)).splitlines() if "D-1" in line)
    assert row.split()[2:4] == ["7", "13"]
    assert deals_table(table, (), ENGLISH).rows[0][2] == 7.0


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_numbers_are_never_cut_off(terminal: bool, width: int) -> None:
    numbers = [f"+{number},000.0 k ± 3.0 k" for number in range(100, 106)]
    table = plain_table("a title", "scenario", "file", *(f"the net gain {n}" for n in range(6)), n_texts=2)
    table.add_row("a name of several words", "budget-b.yaml", *numbers)
    console = Console(file=StringIO(), width=width, force_terminal=terminal, color_system=None)
    print_table(table, console)
    assert isinstance(console.file, StringIO)
    printed = console.file.getvalue()
    assert "…" not in printed
    assert all(number in printed for number in numbers)
    assert ("a name of several words" in printed) == (not terminal)
    assert "the net gain 0" in printed or terminal


def test_a_terminal_folds_texts_to_its_width() -> None:
    table = plain_table("", "scenario", "net gain")
    table.add_row("a name of several words, which is long", "+117.0 k ± 3.0 k")
    console = Console(file=StringIO(), width=40, force_terminal=True, color_system=None)
    print_table(table, console)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert "+117.0 k ± 3.0 k" in "".join(lines)


def test_only_long_texts_are_folded_where_no_terminal_reads_a_table() -> None:
    table = plain_table("", "scenario", "net gain", "why", n_texts=1)
    table.columns[-1].no_wrap = False
    table.add_row("n" * 50, "+117.0 k ± 3.0 k", "a reason of many words " * 20)
    console = Console(file=StringIO(), width=80)
    print_table(table, console)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert "n" * 50 in console.file.getvalue()
    assert "+117.0 k ± 3.0 k" in console.file.getvalue()
    assert max(map(len, lines)) < 150
