"""The workbook: tables, charts, and text that stays text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simcast.errors import SimcastError
from simcast.report.page import Material
from simcast.report.words import LANGUAGES
from simcast.report.workbook import check_library, write_workbook

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")


@pytest.fixture(scope="module", params=["en", "ru"])
def written(request: pytest.FixtureRequest, hostile: Material, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("book") / f"{request.param}.xlsx"
    write_workbook(hostile, path, LANGUAGES[request.param])
    return path


def test_no_cell_is_a_formula_or_a_link(written: Path, hostile: Material) -> None:
    book = openpyxl.load_workbook(written)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert set(hostile.run.book.deal) <= texts
    assert {"+1", "-2", "@x", "=1+1"} <= texts


def test_each_sheet_has_real_tables_and_most_have_charts(written: Path) -> None:
    book = openpyxl.load_workbook(written)
    language = LANGUAGES[written.stem]
    keys = ("forecast", "scenarios", "stages", "deals", "assumptions", "provenance")
    assert book.sheetnames == [language.say(f"sheet.{key}") for key in keys]
    assert all(sheet.tables for sheet in book)
    assert [len(sheet._charts) for sheet in book] == [2, 1, 1, 1, 0, 0]
    for sheet in book:
        for table in sheet.tables.values():
            headers = [cell.value for cell in sheet[table.ref][0]]
            assert all(headers)
            assert len({header.casefold() for header in headers}) == len(headers)


def test_numbers_are_numbers_with_their_formats(written: Path, hostile: Material) -> None:
    sheet = openpyxl.load_workbook(written)[LANGUAGES[written.stem].say("sheet.deals")]
    row = {cell.column: cell for cell in sheet[3]}
    formats = {cell.number_format for cell in row.values()}
    assert {"0%", "#,##0", "yyyy-mm-dd"} <= formats
    shares = [cell.value for cell in row.values() if cell.number_format == "0%"]
    assert shares == [pytest.approx(hostile.deals["probability_won"].iloc[0])]


def test_the_same_run_gives_the_same_workbook(hostile: Material, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_workbook(hostile, tmp_path / name, LANGUAGES["en"])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_workbook_of_nearly_nothing_can_be_read(one_future: Material, tmp_path: Path) -> None:
    write_workbook(one_future, tmp_path / "a.xlsx", LANGUAGES["en"])
    assert len(openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames) == 6


def test_without_its_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(SimcastError, match=r"pip install 'simcast\[excel\]'"):
        check_library()
