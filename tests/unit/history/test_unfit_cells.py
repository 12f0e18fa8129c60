"""Cells and files that look like something else: error values, control characters, formulas, other kinds of files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

from simcast.errors import DataError
from simcast.history import Dialect, History, read_history
from simcast.history.dialect import check_dialect
from simcast.history.parsing import parse_day
from simcast.pipeline import Pipeline

Read = Callable[..., History]
LEAD = Pipeline.define(["lead"])


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#VALUE!"])
@pytest.mark.parametrize("place", ["deal", "segment"])
def test_error_values_of_spreadsheets_are_no_names(read: Read, text: str, place: str) -> None:
    row = f"{text},lead,2026-01-05,ads" if place == "deal" else f"A,lead,2026-01-05,{text}"
    with pytest.raises(DataError, match=r":2: column .* is an error value of a spreadsheet"):
        read(f"deal,stage,entered,source\n{row}\n", ["lead"], segments=["source"])


def test_ids_that_only_look_empty_are_ids(read: Read) -> None:
    rows = "".join(f"{name},lead,2026-01-05\n" for name in ("NA", "007", "nan", "None", "null", "N/A"))
    assert read(f"deal,stage,entered\n{rows}", ["lead"]).n_deals == 6


@pytest.mark.parametrize("form", ["log", "deals"])
def test_names_that_would_steer_a_terminal_are_refused(read: Read, form: str) -> None:
    text = {
        "log": "deal,stage,entered\n\x1b[31mA,lead,2026-01-05\n",
        "deals": "deal,lead,outcome,closed\n\x1b[31mA,2026-01-05,,\n",
    }[form]
    with pytest.raises(DataError, match=r"control character '\\x1b'; remove it") as caught:
        read(text, ["lead"], format=form)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("45292", "a spreadsheet's day number (2024-01-01"),
        ("45292.75", "a spreadsheet's day number (2024-01-01"),
        ("31.12.25", "day, month and year cannot be told apart"),
        ("12/31/25 10:00", "day, month and year cannot be told apart"),
        ("1735689600", "looks like seconds since 1970"),
        ("1735689600.0", "looks like seconds since 1970"),
        ("1735689600000", "looks like milliseconds since 1970"),
        ("1735689600000000", "looks like microseconds since 1970"),
        ("1735689600000000000", "looks like nanoseconds since 1970"),
    ],
)
def test_the_remedy_fits_what_a_date_looks_like(text: str, says: str) -> None:
    assert says in parse_day(text)[2]


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r", "ab"])
def test_what_can_part_no_fields_is_refused(delimiter: str) -> None:
    with pytest.raises(DataError, match=r"history.delimiter: one character is needed"):
        check_dialect(Dialect(delimiter=delimiter))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "a workbook or another zip file"),
        (b"\x1f\x8brest", "a compressed file"),
        (b"\xef\xbb\xbf<html><table>", "a web page or XML"),
        (b"PAR1rest", "a parquet file"),
    ],
)
def test_files_of_another_kind_named_csv_are_told_apart(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_history(file, LEAD, dialect=Dialect(encoding="auto", delimiter="auto"))


@pytest.mark.parametrize("name", ["deals.csv.gz", "deals.zip"])
def test_a_compressed_file_is_to_be_unpacked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8brest")
    with pytest.raises(DataError, match=r"compressed files are not read; unpack it first"):
        read_history(tmp_path / name, LEAD)


def test_a_formula_without_a_value_is_not_an_empty_cell(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["deal", "stage", "entered", "amount"])
    book.active.append(["A", "lead", datetime(2026, 1, 5), "=2*50"])  # no spreadsheet has ever worked it out
    book.save(tmp_path / "deals.xlsx")
    with pytest.raises(DataError, match=r"deals.xlsx:2: the formula '=2\*50' of sheet 'Sheet' holds no value"):
        read_history(tmp_path / "deals.xlsx", LEAD)


def test_datetimes_with_a_zone_in_parquet_fall_on_the_days_of_the_zone_named(tmp_path: Path) -> None:
    moments = pd.to_datetime(["2026-01-05 22:30"]).tz_localize("UTC")
    table = pd.DataFrame({"deal": ["A"], "stage": ["lead"], "entered": moments, "amount": [None]})
    table.to_parquet(tmp_path / "log.parquet", index=False)
    with pytest.raises(DataError, match=r"history.time_zone"):
        read_history(tmp_path / "log.parquet", LEAD, today=date(2026, 7, 1))
    moscow = Dialect(time_zone="Europe/Moscow")
    history = read_history(tmp_path / "log.parquet", LEAD, today=date(2026, 7, 1), dialect=moscow)
    assert str(history.last_event) == "2026-01-06"
    assert history.stays["amount"].isna().all()  # a column of nothing but nulls is a column of empty cells


def test_a_table_of_the_other_format_is_recognised(read: Read) -> None:
    with pytest.raises(DataError, match=r"history.format: deals"):
        read("deal,lead,outcome,closed\nA,2026-01-05,,\n", ["lead"])
    with pytest.raises(DataError, match=r"history.format: log"):
        read("deal,stage,entered\nA,lead,2026-01-05\n", ["lead"], format="deals")


def test_one_column_cannot_date_two_stages(read: Read) -> None:
    with pytest.raises(DataError, match=r"'begun' is given for 'lead' and 'meeting'; one column dates one stage"):
        read(
            "deal,begun,outcome,closed\nA,2026-01-05,,\n",
            ["lead", "meeting"],
            format="deals",
            columns={"entered": {"lead": "begun", "meeting": "begun"}},
        )


@pytest.mark.parametrize(("known_from", "said"), [("close", True), ("entry", False)])
def test_amounts_of_open_deals_alone_are_remarked_on(read: Read, known_from: str, said: bool) -> None:
    text = "deal,lead,outcome,closed,amount\nA,2026-01-05,,,10\nB,2026-01-05,won,2026-02-01,20\n"
    history = read(text, ["lead"], format="deals", amount_known_from=known_from)
    assert any("history.amount_known_from: entry" in note for note in history.quality.notes) is said
