"""What CRMs export reads as the history that it tells, in each language and writing that they use."""

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

TODAY = date(2026, 7, 1)

SALESFORCE_HISTORY = """\
Opportunity ID,Opportunity Name,From Stage,To Stage,Last Modified,Created Date,Amount,Close Date
006A,Acme,Qualification,Proposal,1/20/2026,1/5/2026,"12,000.00",3/31/2026
006A,Acme,Proposal,Proposal,1/25/2026,1/5/2026,"15,000.00",3/31/2026
006A,Acme,Proposal,Closed Won,2/14/2026,1/5/2026,"15,000.00",2/14/2026
006B,Bolt,Qualification,Closed Lost,2/1/2026,1/7/2026,800,2/1/2026
006C,Core,Qualification,Proposal,2/3/2026,1/9/2026,,4/30/2026
"""
FIELD_HISTORY = """\
OpportunityId,Field,OldValue,NewValue,CreatedDate
006A,created,,,2026-01-05T22:30:00.000+0000
006A,StageName,Qualification,Proposal,2026-01-20T08:00:00.000+0000
006A,Amount,100,200,2026-01-21T08:00:00.000+0000
006A,StageName,Proposal,Closed Won,2026-02-14T23:30:00.000+0000
"""
SALESFORCE_DEALS = """\
Opportunity ID,Stage,Created Date,Close Date,Amount,Won,Closed,Owner
006A,Closed Won,2026-01-05,2026-02-14,15000,true,true,Ann
006B,No Decision,2026-01-07,2026-02-01,,false,true,Bob
006C,Proposal,2026-01-09,2026-04-30,900,false,false,Ann
"""
HUBSPOT = '''\
Record ID,Deal Name,Deal Stage,Pipeline,Create Date,Close Date,Amount,"Date entered ""Appointment (Sales)""",\
"Date entered ""Contract (Sales)""","Date entered ""Closed won (Sales)""","Date entered ""Closed lost (Sales)"""
11,Acme,Closed won,Sales,2026-01-05 10:12,2026-02-20 00:00,1200,2026-01-05 10:12,2026-01-20 09:00,2026-02-14 16:20,
12,Bolt,Closed lost (Sales),Sales,2026-01-07 11:00,2026-02-20 00:00,300,2026-01-07 11:00,,,2026-02-01 12:00
13,Core,Contract,Sales,2026-01-09 12:00,2026-09-30 00:00,,2026-01-09 12:00,2026-02-03 08:00,,
'''
PIPEDRIVE = """\
Deal - ID,Deal - Title,Deal - Status,Deal - Stage,Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Value
1,Acme,Won,Contract,2026-01-05 10:00:00,2026-02-14 09:00:00,,1200.50
2,Bolt,Lost,Call,2026-01-07 10:00:00,,2026-02-01 09:00:00,300
3,Core,Open,Call,2026-01-09 10:00:00,,,
"""
PIPEDRIVE_FLOW = """\
item_id,field_key,old_value,new_value,log_time,add_time
1,stage_id,Call,Contract,2026-01-20 10:00:00,2026-01-05 10:00:00
1,value,100,200,2026-01-21 10:00:00,2026-01-05 10:00:00
1,status,open,won,2026-02-14 10:00:00,2026-01-05 10:00:00
2,stage_id,Call,Contract,2026-01-20 10:00:00,2026-01-07 10:00:00
2,status,open,lost,2026-02-01 10:00:00,2026-01-07 10:00:00
"""
BITRIX = """\
ID;Название;Стадия сделки;Дата создания;Дата завершения;Сумма;Сделка закрыта;Источник
7;Акме;Сделка успешна;05.01.2026 10:12:00;14.02.2026;12 500,50;Y;Сайт
8;Болт;Сделка провалена;07.01.2026 11:00:00;01.02.2026;300,00;Y;Звонок
9;Кор;Новая;09.01.2026 12:00:00;30.09.2026;;N;Сайт
"""
BITRIX_STAGES = """\
ID,TYPE_ID,OWNER_ID,CREATED_TIME,CATEGORY_ID,STAGE_SEMANTIC_ID,STAGE_ID
1,1,7,2026-01-05T10:12:00+03:00,1,P,C1:NEW
2,2,7,2026-01-20T10:12:00+03:00,1,P,C1:EXECUTING
3,3,7,2026-02-14T00:30:00+03:00,1,S,C1:WON
4,1,8,2026-01-07T10:12:00+03:00,1,P,C1:NEW
5,3,8,2026-02-01T10:12:00+03:00,1,F,C1:LOSE
"""
AMO = """\
"ID";"Название сделки";"Воронка";"Этап сделки";"Бюджет";"Дата создания";"Дата закрытия";"Ответственный"
"21";"Акме";"Продажи";"Успешно реализовано";"12500";"05.01.2026 10:12:00";"14.02.2026 09:00:00";"Анна"
"22";"Болт";"Продажи";"Закрыто и не реализовано";"300";"07.01.2026 11:00:00";"01.02.2026 10:00:00";"Борис"
"23";"Кор";"Продажи";"Переговоры";"";"09.01.2026 12:00:00";"";"Анна"
"24";"Дом";"Найм";"Переговоры";"";"09.01.2026 12:00:00";"";"Анна"
"""
AMO_EVENTS = """\
entity_id,type,value_before,value_after,created_at,lead_created_at
21,lead_status_changed,Первичный контакт,Переговоры,1768896000,1767614400
21,lead_status_changed,Переговоры,Успешно реализовано,1771056000,1767614400
22,sale_field_changed,1,2,1767700800,1767614400
22,lead_status_changed,Первичный контакт,Закрыто и не реализовано,1769940000,1767787200
"""


def read(folder: Path, text: str, form: str, stages: list[str], encoding: str = "utf-8", **arguments: Any) -> History:  # noqa: ANN401
    file = folder / "export.csv"
    file.write_bytes(text.encode(encoding))
    return read_history(file, Pipeline.define(stages), format=form, today=TODAY, **arguments)


def course(history: History, deal: str) -> list[tuple[str, str, str | None]]:
    """The stays of a deal: stage, day of entry, and where it went."""
    rows = history.stays[history.stays["deal"] == deal]
    return [
        (row.stage, f"{row.entered:%Y-%m-%d}", row.move if isinstance(row.move, str) else None)
        for row in rows.itertuples()
    ]


def test_the_report_of_salesforces_stage_history_knows_where_deals_began(tmp_path: Path) -> None:
    history = read(tmp_path, SALESFORCE_HISTORY, "salesforce", ["Qualification", "Proposal"])
    assert course(history, "006A") == [
        ("Qualification", "2026-01-05", "Proposal"),
        ("Proposal", "2026-01-20", "won"),
    ]
    assert course(history, "006B") == [("Qualification", "2026-01-07", "lost")]
    assert course(history, "006C")[-1] == ("Proposal", "2026-02-03", None)
    assert history.stays["amount_at_end"].dropna().tolist() == [15000.0, 800.0]
    assert any("1 row changes no stage" in note for note in history.quality.notes)


def test_times_in_utc_need_a_time_zone_and_then_fall_on_its_days(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"history.time_zone"):
        read(tmp_path, FIELD_HISTORY, "salesforce", ["Qualification", "Proposal"])
    moscow = Dialect(time_zone="Europe/Moscow")
    without = "".join(line for line in FIELD_HISTORY.splitlines(keepends=True) if ",created," not in line)
    history = read(tmp_path, without, "salesforce", ["Proposal"], dialect=moscow)
    assert course(history, "006A") == [("Proposal", "2026-01-20", "won")]
    assert str(history.last_event) == "2026-02-15"
    assert any("add the date of creation" in note for note in history.quality.notes)


def test_rows_that_tell_of_creation_date_the_entry_into_the_first_stage(tmp_path: Path) -> None:
    moscow = Dialect(time_zone="Europe/Moscow")
    history = read(tmp_path, FIELD_HISTORY, "salesforce", ["Qualification", "Proposal"], dialect=moscow)
    assert course(history, "006A") == [
        ("Qualification", "2026-01-06", "Proposal"),
        ("Proposal", "2026-01-20", "won"),
    ]


def test_flags_tell_the_outcome_where_the_stages_name_does_not(tmp_path: Path) -> None:
    history = read(tmp_path, SALESFORCE_DEALS, "salesforce", ["selling"], segments=["Owner"])
    assert [course(history, deal)[0][2] for deal in ("006A", "006B", "006C")] == ["won", "lost", None]
    assert history.segments.columns == ("Owner",)
    assert any("one stage here" in note for note in history.quality.notes)


def test_what_the_user_says_of_a_word_goes_before_the_flags(tmp_path: Path) -> None:
    history = read(tmp_path, SALESFORCE_DEALS, "salesforce", ["selling"], outcomes={"No Decision": "open"})
    assert course(history, "006B")[0][2] is None


def test_a_deal_that_is_closed_and_nobody_says_how_is_asked_about(tmp_path: Path) -> None:
    text = BITRIX.replace("Сделка провалена", "Не дозвонились")
    with pytest.raises(DataError, match="value 'Не дозвонились': is neither a stage nor an outcome"):
        read(tmp_path, text, "bitrix24", ["продажа"])
    history = read(tmp_path, text, "bitrix24", ["продажа"], outcomes={"Не дозвонились": "lost"})
    assert course(history, "8") == [("продажа", "2026-01-07", "lost")]


def test_an_export_without_dates_of_stages_cannot_fill_a_pipeline_of_several(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no dates of stages.*export the report 'Opportunity History'"):
        read(tmp_path, SALESFORCE_DEALS, "salesforce", ["Qualification", "Proposal"])


def test_hubspots_dates_of_entry_are_stages_and_its_own_end_goes_before_the_close_date(tmp_path: Path) -> None:
    history = read(tmp_path, HUBSPOT, "hubspot", ["Appointment", "Contract"])
    assert course(history, "11") == [("Appointment", "2026-01-05", "Contract"), ("Contract", "2026-01-20", "won")]
    assert str(history.stays["left"].max().date()) == "2026-02-14"
    assert course(history, "12") == [("Appointment", "2026-01-07", "lost")]
    assert course(history, "13")[-1] == ("Contract", "2026-02-03", None)


def test_hubspots_dates_of_two_pipelines_are_told_apart_by_the_one_chosen(tmp_path: Path) -> None:
    lines = [
        'Record ID,Deal Stage,Pipeline,Create Date,Close Date,hs_date_entered_Call (S),"Date entered ""Call (HR)"""',
        "11,Closed won,Sales,2026-01-05,2026-02-20,2026-01-06,",
        "12,Call,HR,2026-01-05,,,2026-01-09",
    ]
    text = "\n".join(lines) + "\n"
    with pytest.raises(DataError, match=r"choose one: history\.where"):
        read(tmp_path, text, "hubspot", ["Call"])
    with pytest.raises(DataError, match="could both be the entry into 'Call'"):
        read(tmp_path, text, "hubspot", ["Call"], where={"Deal Stage": "Call"})
    history = read(tmp_path, text, "hubspot", ["Call"], where={"Pipeline": "HR"})
    assert course(history, "12") == [("Call", "2026-01-09", None)]


def test_a_misspelt_stage_is_told_from_one_that_no_deal_was_ever_in(tmp_path: Path) -> None:
    """It would seem that deals skip it."""
    with pytest.raises(DataError, match=r"when deals entered 'Contrct'; did you mean 'Contract'\?"):
        read(tmp_path, HUBSPOT, "hubspot", ["Appointment", "Contrct"])
    with pytest.raises(DataError, match=r"no stage of pipeline.stages .* named after 'Appointment', 'Contract'"):
        read(tmp_path, HUBSPOT, "hubspot", ["Screening", "Signing"])
    history = read(tmp_path, HUBSPOT, "hubspot", ["Appointment", "Contract", "Installation"], on_bad_rows="quarantine")
    assert set(history.stays["stage"]) == {"Appointment", "Contract"}


def test_hubspots_own_names_of_properties_are_known_too(tmp_path: Path) -> None:
    text = (
        "hs_object_id,dealstage,createdate,closedate,amount,hs_date_entered_call,hs_v2_date_entered_call\n"
        "11,closedwon,2026-01-05T08:00:00Z,2026-02-20T08:00:00Z,5,2026-01-06T08:00:00Z,2026-01-06T08:00:00Z\n"
    )
    history = read(tmp_path, text, "hubspot", ["call"], dialect=Dialect(time_zone="Asia/Tokyo"))
    assert course(history, "11") == [("call", "2026-01-06", "won")]


def test_pipedrives_deals_and_their_flow_tell_of_the_same_ends(tmp_path: Path) -> None:
    deals = read(tmp_path, PIPEDRIVE, "pipedrive", ["selling"])
    flow = read(tmp_path, PIPEDRIVE_FLOW, "pipedrive", ["Call", "Contract"])
    assert [course(deals, deal)[0][2] for deal in "123"] == ["won", "lost", None]
    assert course(flow, "1") == [("Call", "2026-01-05", "Contract"), ("Contract", "2026-01-20", "won")]
    assert deals.stays["amount_at_end"].dropna().tolist() == [1200.5, 300.0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_bitrix24_reads_in_russian_with_semicolons_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    history = read(tmp_path, BITRIX, "bitrix24", ["продажа"], encoding, segments=["Источник"])
    assert course(history, "7") == [("продажа", "2026-01-05", "won")]
    assert course(history, "9") == [("продажа", "2026-01-09", None)]
    assert history.stays["amount_at_end"].dropna().tolist() == [12500.5, 300.0]
    assert set(history.stays["Источник"]) == {"Сайт", "Звонок"}


def test_bitrix24s_history_of_stages_takes_the_local_day_as_written(tmp_path: Path) -> None:
    history = read(tmp_path, BITRIX_STAGES, "bitrix24", ["C1:NEW", "C1:EXECUTING"])
    assert course(history, "7") == [("C1:NEW", "2026-01-05", "C1:EXECUTING"), ("C1:EXECUTING", "2026-01-20", "won")]
    assert str(history.stays["left"].max().date()) == "2026-02-14"


def test_amocrm_wants_one_of_several_pipelines_chosen(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'2 pipelines \(Продажи, Найм\); choose one: history.where: {"Воронка"'):
        read(tmp_path, AMO, "amocrm", ["сделка"])
    history = read(tmp_path, AMO, "amocrm", ["сделка"], where={"Воронка": "Продажи"})
    assert [course(history, deal)[0][2] for deal in ("21", "22", "23")] == ["won", "lost", None]


def test_amocrms_events_count_seconds_in_the_zone_named(tmp_path: Path) -> None:
    zone = Dialect(time_zone="Europe/Moscow")
    history = read(tmp_path, AMO_EVENTS, "amocrm", ["Первичный контакт", "Переговоры"], dialect=zone)
    assert course(history, "21") == [
        ("Первичный контакт", "2026-01-05", "Переговоры"),
        ("Переговоры", "2026-01-20", "won"),
    ]
    with pytest.raises(DataError, match="seconds since 1970; name the zone"):
        read(tmp_path, AMO_EVENTS, "amocrm", ["Первичный контакт", "Переговоры"])


def test_dates_that_can_be_read_in_two_ways_are_asked_about(tmp_path: Path) -> None:
    text = "Opportunity ID,Stage,Created Date,Close Date\nA,Closed Won,1/5/2026,2/6/2026\n"
    with pytest.raises(DataError, match=r"set history.dates: day-first or month-first"):
        read(tmp_path, text, "salesforce", ["selling"])
    history = read(tmp_path, text, "salesforce", ["selling"], dialect=Dialect(dates="day-first"))
    assert course(history, "A") == [("selling", "2026-05-01", "won")]
    assert str(history.last_event) == "2026-06-02"


def test_amounts_that_can_be_read_in_two_ways_are_asked_about(tmp_path: Path) -> None:
    text = 'Opportunity ID,Stage,Created Date,Close Date,Amount\nA,Closed Won,2026-01-05,2026-02-03,"1,234"\n'
    with pytest.raises(DataError, match=r"set history.decimal"):
        read(tmp_path, text, "salesforce", ["selling"])
    history = read(tmp_path, text, "salesforce", ["selling"], dialect=Dialect(decimal="."))
    assert history.stays["amount_at_end"].tolist() == [1234.0]


def test_a_word_that_sounds_like_an_end_and_is_not_known_is_asked_about(tmp_path: Path) -> None:
    text = "Opportunity ID,Stage,Created Date,Close Date\nA,Closed - Duplicate,2026-01-05,2026-02-03\n"
    with pytest.raises(DataError, match=r"say what it means under history.outcomes"):
        read(tmp_path, text, "salesforce", ["selling"])
    history = read(tmp_path, text, "salesforce", ["selling"], outcomes={"Closed - Duplicate": "lost"})
    assert course(history, "A")[0][2] == "lost"


def test_a_bad_cell_of_an_export_is_named_by_its_line(tmp_path: Path) -> None:
    text = BITRIX.replace("14.02.2026", "31.02.2026").replace("300,00", "много")
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, "bitrix24", ["продажа"])
    assert "export.csv:2: column 'Дата завершения': value '2026-02-31': there is no such day" in str(caught.value)
    assert "export.csv:3: column 'Сумма': value 'много': is not a number" in str(caught.value)


def test_a_file_of_another_kind_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looks like no export of HubSpot: there is no column for"):
        read(tmp_path, BITRIX, "hubspot", ["selling"])


def test_columns_of_the_scenario_go_before_the_known_ones(tmp_path: Path) -> None:
    text = SALESFORCE_DEALS.replace("Opportunity ID", "Number").replace("Created Date", "Begun")
    columns = {"deal": "Number", "entered": "Begun"}
    history = read(tmp_path, text, "salesforce", ["selling"], columns=columns)
    assert history.n_deals == 3


@pytest.mark.parametrize(
    ("text", "form", "stages"),
    [
        (SALESFORCE_HISTORY, "salesforce", ("Qualification", "Proposal")),
        (HUBSPOT, "hubspot", ("Appointment", "Contract")),
        (BITRIX_STAGES, "bitrix24", ("C1:NEW", "C1:EXECUTING")),
    ],
)
def test_stages_are_found_in_the_order_in_which_deals_enter_them(
    tmp_path: Path, text: str, form: str, stages: tuple[str, ...]
) -> None:
    file = tmp_path / "export.csv"
    lines = text.splitlines(keepends=True)
    file.write_text(lines[0] + "".join(reversed(lines[1:])), encoding="utf-8")  # the newest first, as many export
    assert survey(Source(file, form), TODAY).way.stages == stages
