"""Histories of changes: deals that never moved, rows of creation, kinds of stages, footers, currencies."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simcast.errors import DataError
from simcast.history import Dialect, History, read_history
from simcast.history.sources import Source
from simcast.history.survey import survey
from simcast.pipeline import Pipeline

MOSCOW = Dialect(time_zone="Europe/Moscow")

FLOW = """\
item_id,field_key,old_value,new_value,log_time
1,add_time,,2026-01-05 09:00:00,2026-01-05 09:00:00
1,stage_id,11,12,2026-01-20 08:00:00
1,status,open,won,2026-02-14 16:20:00
2,add_time,,2026-01-07 09:00:00,2026-01-07 09:00:00
2,status,open,lost,2026-02-01 09:00:00
3,add_time,,2026-01-09 09:00:00,2026-01-09 09:00:00
3,value,0,500,2026-01-10 09:00:00
"""
STAGE_HISTORY = """\
ID,TYPE_ID,OWNER_ID,CREATED_TIME,CATEGORY_ID,STAGE_SEMANTIC_ID,STAGE_ID
1,1,1,2026-01-05T10:00:00+03:00,3,P,C3:NEW
2,3,1,2026-01-20T10:00:00+03:00,3,F,C3:UC_7K3L
3,1,2,2026-01-06T10:00:00+03:00,3,P,C3:NEW
4,3,2,2026-02-01T10:00:00+03:00,3,S,C3:UC_PAID
5,1,3,2026-01-07T10:00:00+03:00,3,P,C3:NEW
"""
REPORT = """\
"Opportunity ID","From Stage","To Stage","Last Modified","Created Date","Amount"
"006A","Qualification","Closed Won","2/14/2026","1/5/2026","15,000.00"
"006B","Qualification","Closed Lost","2/20/2026","1/7/2026","800.00"


"Opportunity History"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"""


def read(folder: Path, text: str, form: str, stages: list[str], **arguments: Any) -> History:  # noqa: ANN401
    file = folder / "export.csv"
    file.write_text(text, encoding="utf-8")
    return read_history(file, Pipeline.define(stages), format=form, today=date(2026, 7, 1), **arguments)


def course(history: History, deal: str) -> list[tuple[str, str, str | None]]:
    rows = history.stays[history.stays["deal"] == deal]
    return [
        (row.stage, f"{row.entered:%Y-%m-%d}", row.move if isinstance(row.move, str) else None)
        for row in rows.itertuples()
    ]


def test_deals_that_never_moved_or_only_ended_begin_where_the_others_did(tmp_path: Path) -> None:
    history = read(tmp_path, FLOW, "pipedrive", ["11", "12"])
    assert course(history, "1") == [("11", "2026-01-05", "12"), ("12", "2026-01-20", "won")]
    assert course(history, "2") == [("11", "2026-01-07", "lost")]
    assert course(history, "3") == [("11", "2026-01-09", None)]
    assert any("2 deals never change from one stage to another" in note for note in history.quality.notes)


def test_where_deals_begin_in_several_stages_nothing_is_taken_for_granted(tmp_path: Path) -> None:
    elsewhere = (
        "4,add_time,,2026-01-05 09:00:00,2026-01-05 09:00:00\n4,stage_id,10,11,2026-01-20 08:00:00\n"
        "5,add_time,,2026-01-05 09:00:00,2026-01-05 09:00:00\n"
    )
    rows = "".join(line for line in FLOW.splitlines(keepends=True) if not line.startswith("2,"))
    history = read(tmp_path, rows + elsewhere, "pipedrive", ["10", "11", "12"])
    assert sorted(set(history.stays["deal"])) == ["1", "4"]
    assert any("2 deals have no change of stage on record" in note for note in history.quality.notes)
    with pytest.raises(DataError, match="the deal begins with the outcome 'lost'"):
        read(tmp_path, FLOW + elsewhere, "pipedrive", ["10", "11", "12"])


def test_the_kind_of_a_stage_tells_ends_with_names_of_their_own(tmp_path: Path) -> None:
    history = read(tmp_path, STAGE_HISTORY, "bitrix24", ["C3:NEW"])
    assert [course(history, deal)[0][2] for deal in "123"] == ["lost", "won", None]
    history = read(tmp_path, STAGE_HISTORY, "bitrix24", ["C3:NEW"], outcomes={"C3:UC_PAID": "lost"})
    assert course(history, "2")[0][2] == "lost"


def test_the_footer_of_a_report_is_left_out_and_said(tmp_path: Path) -> None:
    history = read(tmp_path, REPORT, "salesforce", ["Qualification"])
    assert [course(history, deal)[0][2] for deal in ("006A", "006B")] == ["won", "lost"]
    assert any("the last 3 lines are the report's footer" in note for note in history.quality.notes)


def test_a_short_row_among_others_is_no_footer(tmp_path: Path) -> None:
    broken = REPORT.replace('"006B","Qual', '"006C"\n"006B","Qual')
    with pytest.raises(DataError, match=r":3: row '006C': has 1 fields, the header 6"):
        read(tmp_path, broken, "salesforce", ["Qualification"])


def test_amounts_in_several_currencies_are_warned_of(tmp_path: Path) -> None:
    text = (
        "Record ID,Deal Stage,Create Date,Close Date,Amount,Currency\n"
        "1,Closed won,2026-01-05,2026-02-14,100,EUR\n2,Closed won,2026-01-05,2026-02-14,100,USD\n"
    )
    history = read(tmp_path, text, "hubspot", ["selling"])
    assert any("2 currencies (EUR, USD; column 'Currency')" in text for text in history.quality.warnings)
    one = read(tmp_path, text.replace("USD", "EUR"), "hubspot", ["selling"])
    assert not any("currencies" in text for text in one.quality.warnings)


@pytest.mark.parametrize("factor", [1, 1000], ids=["seconds", "milliseconds"])
def test_events_dated_by_seconds_since_1970_fall_on_the_days_of_the_zone(tmp_path: Path, factor: int) -> None:
    text = (
        "type,entity_id,created_at,value_before,value_after\n"
        f"lead_added,7,{1767648600 * factor},,40\n"  # 2026-01-05 21:30 UTC
        f"lead_status_changed,7,{1769000000 * factor},40,142\n"
    )
    history = read(tmp_path, text, "amocrm", ["40"], dialect=MOSCOW)
    assert course(history, "7") == [("40", "2026-01-06", "won")]


def test_english_exports_of_bitrix24_are_known_by_the_names_on_its_screen(tmp_path: Path) -> None:
    text = (
        "ID;Deal Name;Stage;Income;Created;Assumed close date;Closed;Deal status\n"
        "1;A;Deal won;1200.00;01/15/2026 10:00:00 am;02/14/2026;Yes;Success\n"
        "2;B;Not our client;300.00;01/16/2026 11:00:00 pm;02/20/2026;Yes;Failed\n"
        "3;C;New;;01/17/2026 11:00:00 am;09/20/2026;No;In progress\n"
    )
    history = read(tmp_path, text, "bitrix24", ["selling"])
    assert [course(history, deal)[0][2] for deal in "123"] == ["won", "lost", None]
    assert history.stays["amount_at_end"].tolist()[:2] == [1200.0, 300.0]


def test_dates_that_cannot_be_read_are_named_before_stages_are_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("OpportunityId,StageName,CreatedDate\n006A,New,2026-01-05T22:30:00.000Z\n", encoding="utf-8")
    with pytest.raises(DataError, match=r":2: column 'CreatedDate': value .* history.time_zone"):
        survey(Source(file, "salesforce"))


def test_a_deal_made_as_an_end_is_not_given_a_stage_that_it_was_never_in(tmp_path: Path) -> None:
    made_won = REPORT.replace('"006B","Qual', '"006C","","Closed Won","2/14/2026","2/14/2026","1"\n"006B","Qual')
    with pytest.raises(DataError, match=r":3: .* the deal begins with the outcome 'won'"):
        read(tmp_path, made_won, "salesforce", ["Qualification"])


def test_a_first_stage_that_no_deal_has_left_is_taken_from_the_row_of_creation(tmp_path: Path) -> None:
    text = (
        "type,entity_id,created_at,value_before,value_after\n"
        "lead_added,7,2026-01-05 10:00:00,,40\nlead_status_changed,7,2026-01-20 10:00:00,40,142\n"
        "lead_added,8,2026-01-06 10:00:00,,40\nlead_added,9,2026-01-07 10:00:00,,41\n"
    )
    history = read(tmp_path, text, "amocrm", ["40", "41"], outcomes={"142": "lost"})
    assert [course(history, deal)[0][:2] for deal in "789"] == [
        ("40", "2026-01-05"),
        ("40", "2026-01-06"),
        ("41", "2026-01-07"),
    ]


def test_a_deal_that_is_deleted_after_its_end_stays_as_it_ended(tmp_path: Path) -> None:
    rows = """item_id,field_key,old_value,new_value,log_time,add_time
1,stage_id,11,12,2026-01-20 10:00:00,2026-01-05 10:00:00
1,status,open,won,2026-02-14 10:00:00,2026-01-05 10:00:00
1,status,won,deleted,2026-03-01 10:00:00,2026-01-05 10:00:00
2,stage_id,11,12,2026-01-20 10:00:00,2026-01-07 10:00:00
2,status,open,deleted,2026-02-01 10:00:00,2026-01-07 10:00:00
"""
    history = read(tmp_path, rows, "pipedrive", ["11", "12"])
    assert [course(history, deal)[-1][2] for deal in "12"] == ["won", "lost"]
    assert history.quality.reading is not None
    remarks = history.quality.reading.remarks
    assert "1 open deal was deleted: it counts as lost on that day" in remarks
    assert "1 deal was deleted after its end: it stays as it ended" in remarks


AMO_CODES = """type,entity_id,created_at,value_before,value_after
lead_added,7,1767648600,{none},{none}
lead_status_changed,7,1768000000,{one},{two}
lead_status_changed,7,1769000000,{two},{won}
lead_added,8,1767648600,{none},{none}
lead_status_changed,8,1768500000,{one},{lost}
"""


def in_json(code: int, pipeline: int = 77) -> str:
    """Return a value as amoCRM's API writes it, in the quotes of a csv."""
    return f'"[{{""lead_status"": {{""id"": {code}, ""pipeline_id"": {pipeline}}}}}]"'


@pytest.mark.parametrize(
    "codes",
    [
        {"none": "", "one": "40", "two": "41", "won": "142", "lost": "143"},
        {"none": "", "one": "40.0", "two": "41.0", "won": "142.0", "lost": "143.0"},
        {"none": "[]", "one": in_json(40), "two": in_json(41), "won": in_json(142), "lost": in_json(143)},
    ],
    ids=["plain", "made-numbers-by-a-spreadsheet", "json"],
)
def test_amocrms_codes_are_known_however_they_are_written(tmp_path: Path, codes: dict[str, str]) -> None:
    """And the day of the creation's own row is that of the first stage, though the events' date has its name."""
    history = read(tmp_path, AMO_CODES.format(**codes), "amocrm", ["40", "41"], dialect=MOSCOW)
    assert course(history, "7") == [("40", "2026-01-06", "41"), ("41", "2026-01-10", "won")]
    assert course(history, "8") == [("40", "2026-01-06", "lost")]


def test_json_of_two_pipelines_is_refused(tmp_path: Path) -> None:
    codes = {"none": "[]", "one": in_json(40), "two": in_json(41), "won": in_json(142), "lost": in_json(143, 78)}
    with pytest.raises(DataError, match=r"2 pipelines \(77, 78\)"):
        read(tmp_path, AMO_CODES.format(**codes), "amocrm", ["40", "41"], dialect=MOSCOW)
