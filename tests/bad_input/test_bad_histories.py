"""Each broken history ends in a DataError that names the place and says what to do, and in nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simcast.errors import DataError
from simcast.history import read_history
from simcast.pipeline import Pipeline

FOLDER = Path(__file__).parent / "history"
PIPELINE = Pipeline.define(["lead", "meeting", "proposal"])
TODAY = date(2026, 7, 1)


@dataclass(frozen=True)
class Case:
    """A file, how it is read, and what the error must say."""

    file: str
    says: tuple[str, ...]
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.file


DEALS = {"format": "deals"}

CASES = [
    Case("utf16.csv", ("utf16.csv:1: the file is encoded as UTF-16", "save it as UTF-8")),
    Case("utf16_without_mark.csv", ("utf16_without_mark.csv:1: holds a NUL byte", "UTF-16?", "save it as UTF-8")),
    Case("cp1251.csv", ("cp1251.csv:3: byte 0xf0 is not UTF-8", "cp1251", "save it as UTF-8")),
    Case("cp1251_with_mark.csv", ("cp1251_with_mark.csv:2: byte 0xf1 is not UTF-8",)),
    Case("nul_bytes.csv", ("nul_bytes.csv:3: holds a NUL byte",)),
    Case("semicolons.csv", ("semicolons.csv:1: fields are separated by semicolons", "save it comma-separated")),
    Case("tabs.csv", ("tabs.csv:1: fields are separated by tabs", "save it comma-separated")),
    Case(
        "decimal_commas.csv",
        (
            "decimal_commas.csv:2: column 'amount': value '1000,50': a decimal comma",
            ":3: column 'amount': value '12 500,00': a decimal comma",
            ":4: column 'amount': value '1,234': a decimal comma",
            "such as 1234.50",
        ),
    ),
    Case(
        "unknown_stage.csv",
        (
            "unknown_stage.csv:3: column 'stage': value 'meating': is neither a stage nor an outcome",
            "did you mean 'meeting'?",
            ":5: column 'stage': value 'Won'",
            "history.outcomes: {Won: won}",
            ":6: column 'stage': value 'Договор'",
            "known: lead, meeting, proposal, won, lost",
            "{Договор: ...}",
        ),
    ),
    Case("duplicate_rows.csv", ("duplicate_rows.csv:4: row 'A1,lead,2026-01-05,1000,ads': is a duplicate of line 2",)),
    Case("repeated_stage.csv", ("repeated_stage.csv:3: column 'stage': value 'lead'", "(2026-01-05)", "remove one")),
    Case("negative_amount.csv", ("negative_amount.csv:2: column 'amount': value '-1000'", "cannot be negative")),
    Case(
        "amount_too_large.csv",
        (
            "amount_too_large.csv:2: column 'amount': value '1e308': an amount may be at most 1e13",
            ":3: column 'amount': value '10000000000001': an amount may be at most 1e13; correct it, or count money in",
        ),
    ),
    Case(
        "amount_not_a_number.csv",
        (
            "amount_not_a_number.csv:2: column 'amount': value 'about 1000': is not a number",
            ":3: column 'amount': value 'NaN': is not a number",
            ":4: column 'amount': value 'inf': is not a number",
            ":5: column 'amount': value '$100': is not a number",
            ":6: column 'amount': value '1e999': is not finite",
            "leave the cell empty",
        ),
    ),
    Case(
        "future_date.csv", ("future_date.csv:3: column 'entered': value '2126-01-09': lies after today (2026-07-01)",)
    ),
    Case(
        "ancient_date.csv",
        (
            "ancient_date.csv:2: column 'entered': value '1900-01-01': lies before 1970",
            ":3: column 'entered': value '0001-01-01': lies before 1970",
        ),
    ),
    Case(
        "time_zone.csv",
        (
            "time_zone.csv:2: column 'entered': value '2026-01-05T10:00:00+03:00': a time zone is refused",
            ":3: column 'entered': value '2026-01-05T10:00:00Z': a time zone",
            ":4: column 'entered': value '2026-01-05 10:00:00 UTC': a time zone",
            "convert to local time",
        ),
    ),
    Case(
        "february_31.csv",
        (
            "february_31.csv:2: column 'entered': value '2026-02-31': there is no such day",
            ":3: column 'entered': value '2026-13-01': there is no such day",
        ),
    ),
    Case(
        "day_month_year.csv",
        (
            "day_month_year.csv:2: column 'entered': value '05/01/2026': day and month",
            ":3: column 'entered': value '05.01.2026'",
            ":4: column 'entered': value '1/5/26 10:30'",
            ":5: column 'entered': value '20260105'",
            "YYYY-MM-DD",
        ),
    ),
    Case(
        "date_in_words.csv",
        (
            "date_in_words.csv:2: column 'entered': value '5 January 2026': is not a date: its month has a name",
            ":3: column 'entered': value '2026-01-05T25:00': is not a date",
            ":4: column 'entered': value '': a date is needed",
            ":5: column 'entered': value '46027': looks like a spreadsheet's day number (2026-01-05",
        ),
    ),
    Case("empty.csv", ("empty.csv: is empty; a header line and rows are needed",)),
    Case("blank_lines.csv", ("blank_lines.csv: is empty",)),
    Case("header_only.csv", ("header_only.csv: holds no rows",)),
    Case(
        "missing_column.csv",
        (
            "missing_column.csv: there is no column 'stage'; did you mean 'Stage'?",
            "there is no column 'entered' (known: deal, Stage, date, amount, source)",
            "name the file's own column under history.columns.entered",
            "there is no column 'region'",
            "under history.segments",
        ),
        {"segments": ["region"]},
    ),
    Case("repeated_column.csv", ("repeated_column.csv:1: column 'amount' occurs 2 times; rename or remove one",)),
    Case(
        "wrong_number_of_fields.csv",
        (
            "wrong_number_of_fields.csv:3: row 'A2,lead,2026-01-06,1,000,ads': has 6 fields, the header 5; quote",
            ":4: row 'A3,lead': has 2 fields",
        ),
    ),
    Case(
        "unterminated_quote.csv", ("unterminated_quote.csv:3: a quotation mark opens a field here and is not closed",)
    ),
    Case("text_after_quote.csv", ("text_after_quote.csv:3: text follows a closing quotation mark", "twice")),
    Case(
        "after_outcome.csv",
        (
            "after_outcome.csv:4: column 'stage': value 'meeting': 'meeting' follows 'lost' (2026-01-08)",
            "wait in a stage of their own",
            ":9: column 'stage': value 'lead': 'lead' after 'won' (2026-01-08) is not a move of the pipeline",
            "add under pipeline.moves: - {from: won, to: lead}",
        ),
    ),
    Case(
        "move_not_allowed.csv",
        (
            "move_not_allowed.csv:3: column 'stage': value 'proposal'",
            "add under pipeline.moves: - {from: lead, to: proposal}",
            "move_not_allowed.csv:5",
            "- {from: lead, to: won}",
        ),
    ),
    Case("begins_with_outcome.csv", ("begins_with_outcome.csv:2: column 'stage': value 'won': the deal begins with",)),
    Case(
        "segment_differs.csv",
        ("segment_differs.csv:4: column 'source': value 'site': differs from 'ads' in line 2", "history.segments"),
        {"segments": ["source"]},
    ),
    Case("empty_id.csv", ("empty_id.csv:3: column 'deal': value '  ': the deal's id is empty", "empty_id.csv:4")),
    Case(
        "many_faults.csv",
        (
            "many_faults.csv: 30 of 30 rows are bad: 30 in column 'entered', 6 in column 'amount'",
            "many_faults.csv: column 'amount': value 'x' in 6 rows (first: line 6): is not a number",
            "many_faults.csv:2: column 'entered': value '2026-01-01.': is not a date",
            "and 12 more problems",
        ),
    ),
    Case(
        "closed_before_entered.csv",
        (
            "closed_before_entered.csv:2: column 'closed': value '2026-01-12': the deal ends before it enters 'prop",
            "(2026-01-20, column 'proposal'); correct one of the two",
            ":3: column 'closed': value '2026-01-04': the deal ends before it enters 'lead'",
        ),
        DEALS,
    ),
    Case(
        "stages_out_of_order.csv",
        ("stages_out_of_order.csv:2: column 'lead': value '2026-01-05': 'lead' after 'meeting' (2026-01-03)",),
        DEALS,
    ),
    Case(
        "duplicate_ids.csv",
        ("duplicate_ids.csv:4: column 'deal': value 'B1': the deal is a duplicate of line 2", "format: log"),
        DEALS,
    ),
    Case(
        "unknown_outcome.csv",
        (
            "unknown_outcome.csv:2: column 'outcome': value 'Lots'",
            "did you mean 'lost'?",
            ":3: column 'outcome': value 'archived'",
            "history.outcomes: {archived: ...}",
        ),
        DEALS,
    ),
    Case("no_entry.csv", ("no_entry.csv:2: column 'lead': value '': no stage has a date of entry",), DEALS),
    Case("ended_without_date.csv", ("ended_without_date.csv:2: column 'closed': value '': a date is needed",), DEALS),
    Case(
        "in_another_stage.csv",
        (
            "in_another_stage.csv:2: column 'outcome': value 'proposal'",
            "its last date is that of 'lead'",
            "map the word",
        ),
        DEALS,
    ),
    Case(
        "skipped_stage.csv",
        ("skipped_stage.csv:2: column 'proposal': value '2026-01-09'", "- {from: lead, to: proposal}"),
        DEALS,
    ),
    Case("corrupt.parquet", ("corrupt.parquet: is not a readable parquet file", "export it again")),
    Case(
        "wrong_types.parquet",
        (
            "wrong_types.parquet: column 'deal' holds values of type float64, but text or whole numbers are needed",
            "column 'entered' holds values of type float64, but dates without a time zone",
            "column 'amount' holds values of type ndarray, but numbers or text are needed",
        ),
    ),
    Case(
        "numbers_as_days.parquet",
        (
            "numbers_as_days.parquet:1: column 'amount': value 'True': is not a number",
            ":1: column 'entered': value '1767225600': looks like seconds since 1970; name the zone",
            ":2: column 'entered': value '45704': looks like a spreadsheet's day number (2025-02-16",
        ),
    ),
    Case("time_zone.parquet", ("time_zone.parquet: column 'entered' holds datetimes in the time zone Europe/Moscow",)),
    Case(
        "bad_cells.parquet",
        (
            "bad_cells.parquet:1: column 'amount': value '-5.0': an amount cannot be negative",
            ":2: column 'stage': value '': a stage or an outcome is needed",
            ":2: column 'entered': value '': a date is needed",
            ":2: column 'amount': value 'inf': is not finite",
        ),
    ),
    Case("folder.csv", ("folder.csv: is a folder; name the csv or parquet file in it",)),
    Case("cp1252.csv", ("cp1252.csv: there is no such file; did you mean", "cp1251.csv?")),
    Case("nowhere/log.csv", ("log.csv: there is no such file; the folder", "does not exist either")),
    Case("table.xlsx", ("table.xlsx: is not a readable workbook", "or as CSV UTF-8")),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_bad_history_is_refused_with_place_and_remedy(case: Case) -> None:
    with pytest.raises(DataError) as caught:
        read_history(FOLDER / case.file, PIPELINE, today=TODAY, **case.arguments)

    text = str(caught.value)
    assert [part for part in case.says if part not in text] == [], text
    assert all(problem.startswith(str(FOLDER / case.file)) for problem in caught.value.problems)


def test_every_file_in_the_folder_is_a_case() -> None:
    cases = {case.file for case in CASES} | {"byte_order_mark.csv"}

    assert {path.name for path in FOLDER.iterdir() if not path.name.endswith(".rejects.csv")} <= cases


def test_a_byte_order_mark_is_no_fault() -> None:
    history = read_history(FOLDER / "byte_order_mark.csv", PIPELINE, today=TODAY)

    assert history.stays["stage"].tolist() == ["lead", "meeting", "proposal"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"format": "salesforce"}, "looks like no export of Salesforce: there is no column for"),
        ({"format": "salesfoce"}, "did you mean 'salesforce'?"),
        ({"format": "logs"}, "history.format: 'logs' is not a format; did you mean 'log'?"),
        ({"on_bad_rows": "skip"}, "history.on_bad_rows: 'skip' is neither 'stop' nor 'quarantine'"),
        ({"format": "deals", "amount_known_from": "start"}, "history.amount_known_from: 'start'"),
        ({"outcomes": {"Gain": "woon"}}, "history.outcomes.Gain: 'woon' is not a name; did you mean 'won'?"),
        ({"outcomes": {"Gain": "open"}}, "history.outcomes.Gain: 'open' is not a name"),
        (
            {"columns": {"stages": "stage"}},
            "history.columns: 'stages' is not one of amount, deal, entered, first_response, stage",
        ),
        ({"columns": {"amount": "value"}}, "there is no column 'value'"),
        ({"columns": {"entered": {"lead": "entered"}}}, "history.columns.entered: one column is needed"),
        ({"segments": ["source", "source"]}, "history.segments: 'source' is listed twice"),
        ({"segments": ["stage"]}, "history.segments: 'stage' is a name that stays use themselves"),
        ({"format": "deals", "columns": {"entered": "day"}}, "history.columns.entered: give a column for each stage"),
        ({"format": "deals", "columns": {"entered": {}}}, "history.columns.entered: name at least one stage"),
        ({"format": "deals", "columns": {"entered": {"led": "x"}}}, "'led' is not a stage; did you mean 'lead'?"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_path_in_the_scenario_file(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError) as caught:
        read_history(FOLDER / "byte_order_mark.csv", PIPELINE, today=TODAY, **arguments)

    assert says in str(caught.value)


def test_rejects_never_overwrite_the_history() -> None:
    file = FOLDER / "negative_amount.csv"

    with pytest.raises(DataError, match="would overwrite the history"):
        read_history(file, PIPELINE, today=TODAY, on_bad_rows="quarantine", rejects=file)


def test_rejects_that_cannot_be_written_are_said() -> None:
    file = FOLDER / "wrong_number_of_fields.csv"

    with pytest.raises(DataError, match=r"folder\.csv: the rows set aside cannot be written here .*name another file"):
        read_history(file, PIPELINE, today=TODAY, on_bad_rows="quarantine", rejects=FOLDER / "folder.csv")


def test_a_history_of_bad_rows_only_is_refused_even_when_they_may_be_set_aside() -> None:
    with pytest.raises(DataError, match="no row is left") as caught:
        read_history(FOLDER / "negative_amount.csv", PIPELINE, today=TODAY, on_bad_rows="quarantine", rejects=False)

    assert "cannot be negative" in str(caught.value)
