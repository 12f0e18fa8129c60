"""`simcast report` as a user runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result


def test_a_report_is_a_page_and_a_workbook(invoke: Callable[..., Result], assumed: Path, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    page, book = tmp_path / "q.html", tmp_path / "q.xlsx"
    result = invoke("report", assumed, "--futures", 100, "--out", page, "--xlsx", book, "--lang", "ru")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.split() == [str(page), str(book)]
    assert '<html lang="ru">' in page.read_text(encoding="utf-8")
    assert book.read_bytes()[:2] == b"PK"


def test_a_report_twice_is_the_same(invoke: Callable[..., Result], assumed: Path, tmp_path: Path) -> None:
    page = tmp_path / "q.html"
    pages = []
    for threads in (1, 2):
        assert invoke("report", assumed, "--futures", 100, "--threads", threads, "--out", page).exit_code == 0
        pages.append(page.read_text(encoding="utf-8"))
    assert len(pages[0]) < 400_000
    assert pages[0] == pages[1]


def test_only_the_scenarios_that_are_asked_for_are_told(
    invoke: Callable[..., Result], assumed: Path, tmp_path: Path
) -> None:
    page = tmp_path / "q.html"
    assert invoke("report", assumed, "--futures", 50, "--scenario", "more", "--out", page).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "Scenario more" in text
    assert "Scenario better" not in text


def test_what_cannot_be_written_is_said_before_any_work(
    invoke: Callable[..., Result], assumed: Path, tmp_path: Path
) -> None:
    result = invoke("report", assumed, "--out", tmp_path / "no" / "q.html", "--xlsx", tmp_path)
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first.startswith("error: --out")
    assert "there is no folder" in first
    assert second.startswith("error: --xlsx")
    assert "name a file" in second


@pytest.mark.parametrize(
    ("command", "option", "target"),
    [
        ("report", "--xlsx", "deals.xlsx"),
        ("report", "--xlsx", "deals.csv"),
        ("report", "--out", "base"),
        ("report", "--out", "q.scenario"),
        ("deals", "--out", "deals.csv"),
        ("compare", "--out", "deals.csv"),
    ],
)
def test_what_the_forecast_is_made_from_is_not_overwritten(
    invoke: Callable[..., Result], tmp_path: Path, command: str, option: str, target: str
) -> None:
    history = "deals.xlsx" if target.endswith(".xlsx") else "deals.csv"
    (tmp_path / history).write_text("deal,stage,entered\nA,lead,2026-06-01\n", encoding="utf-8")
    (tmp_path / "base").write_text(f"history: {{path: {history}}}\n", encoding="utf-8")
    file = tmp_path / "q.scenario"
    file.write_text(
        "simcast: 1\nextends: base\npipeline: {stages: [lead]}\nforecast: {as_of: 2026-07-01, until: 2026-09-30}\n",
        encoding="utf-8",
    )
    before = (tmp_path / target).read_bytes()
    result = invoke(command, file, option, tmp_path / target)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {option} {tmp_path / target}: 'q' is read from this file; name another")
    assert result.stderr.count("\n") == 1
    assert (tmp_path / target).read_bytes() == before


def test_a_workbook_is_named_as_one_and_is_not_the_page(
    invoke: Callable[..., Result], assumed: Path, tmp_path: Path
) -> None:
    same = tmp_path / "same.html"
    result = invoke("report", assumed, "--out", same, "--xlsx", same)
    assert result.exit_code == 2
    assert result.stderr == f"error: --xlsx {same}: a workbook is written as .xlsx; name such a file\n"
    link = tmp_path / "book.xlsx"
    link.symlink_to(same)
    result = invoke("report", assumed, "--out", same, "--xlsx", link)
    assert result.exit_code == 2
    assert "--out names the same file" in result.stderr
    assert not same.exists()


def test_a_workbook_without_its_library_is_refused_before_any_work(
    invoke: Callable[..., Result], assumed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    result = invoke("report", assumed, "--xlsx", tmp_path / "q.xlsx")
    assert result.exit_code == 2
    assert "pip install 'simcast[excel]'" in result.stderr
    assert not (tmp_path / "q.xlsx").exists()
