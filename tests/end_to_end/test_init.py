"""`simcast init`: the sample project runs as it is, and files of one's own get a scenario that check accepts."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from simcast import load_scenario
from simcast.starting import propose
from simcast.starting.project import sample_csv

Invoke = Callable[..., Result]
ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SIMCAST_DATA") or ROOT.parent / "shared" / "data")
FIRST = date(2025, 1, 1)


def dated(days: int, form: str = "%Y-%m-%d") -> str:
    return (FIRST + timedelta(days=days)).strftime(form)


def test_the_sample_project_checks_as_it_is(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("init", tmp_path / "demo")
    assert result.exit_code == 0, result.stderr
    assert f"simcast check {tmp_path / 'demo' / 'q3.yaml'}" in result.stdout
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"q3.yaml", "deals.csv", "scenario.schema.json"}
    checked = invoke("check", tmp_path / "demo" / "q3.yaml")
    assert checked.exit_code == 0, checked.stderr
    assert "0 set aside" in checked.stdout


def test_the_sample_is_the_same_each_time() -> None:
    assert sample_csv() == sample_csv()
    assert sample_csv().count(b"\n") < 6000


def test_nothing_is_overwritten(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("mine", encoding="utf-8")
    result = invoke("init", tmp_path)
    assert result.exit_code == 2
    assert "deals.csv: is there already; nothing was written" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["deals.csv"]


@pytest.mark.slow
def test_the_sample_project_runs_as_it_is(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("init", tmp_path).exit_code == 0
    result = invoke("run", tmp_path / "q3.yaml", "--quick", "--futures", "200", "--quiet")
    assert result.exit_code in (0, 1), result.stderr
    assert "better-call" in result.stdout


def log_rows(n_deals: int) -> list[tuple[str, str, str, str, str]]:
    """Deal, stage, day, amount and source of deals of which a third is won and a third lost; Russian names."""
    rows = []
    for number in range(n_deals):
        deal, source = f"С-{number}", ("сайт", "звонок")[number % 2]
        rows.append((deal, "Звонок", dated(number, "%d.%m.%Y"), "", source))
        rows.append((deal, "Встреча", dated(number + 3, "%d.%m.%Y"), "", source))
        if number % 3 < 2:
            end = ("Выиграна", "Отказ")[number % 3]
            rows.append((deal, end, dated(number + 9, "%d.%m.%Y"), f"{1000 + number},50", source))
    return rows


def test_a_russian_log_of_an_older_spreadsheet_is_understood(invoke: Invoke, tmp_path: Path) -> None:
    lines = ["Номер сделки;Этап;Дата;Сумма;Источник", *(";".join(row) for row in reversed(log_rows(90)))]
    (tmp_path / "сделки.csv").write_bytes("\r\n".join(lines).encode("cp1251"))
    result = invoke("init", "--from", tmp_path / "сделки.csv", tmp_path)
    assert result.exit_code == 0, result.output
    assert "unsure: 'Выиграна' is taken to mean won" in result.stdout
    scenario = load_scenario(tmp_path / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.pipeline_definition.stages == ("Звонок", "Встреча")
    assert (scenario.history.encoding, scenario.history.delimiter) == ("cp1251", ";")
    assert (scenario.history.dates, scenario.history.decimal) == ("day-first", ",")
    assert scenario.history.segments == ("Источник",)
    assert scenario.history.outcomes == {"Выиграна": "won", "Отказ": "lost"}
    assert scenario.forecast.as_of == FIRST + timedelta(
        days=98
    )  # the last deal is open, the one before it ends 9 days after day 88
    assert not scenario.forecast.target
    checked = invoke("check", tmp_path / "scenario.yaml")
    assert checked.exit_code == 0, checked.stderr
    assert "90 deals in 180 stays" in checked.stdout


def test_a_row_per_deal_with_a_date_per_stage_has_those_stages_in_their_order(invoke: Invoke, tmp_path: Path) -> None:
    lines = ["deal_id,proposal_date,lead_date,closed_on,result,revenue,region"]
    for number in range(60):
        proposal = dated(number + 5) if number % 2 else ""
        ended = number % 3
        lines.append(
            f"{number},{proposal},{dated(number)},{dated(number + 9) if ended else ''},"
            f"{('Open', 'Lost' if number % 2 == 0 else 'Won', 'Lost')[ended]},{number * 10},{'NS'[number % 2]}"
        )
    (tmp_path / "deals.csv").write_text("\n".join(lines), encoding="utf-8")
    result = invoke("init", "--from", tmp_path / "deals.csv", tmp_path)
    assert result.exit_code == 0, result.output
    scenario = load_scenario(tmp_path / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.history.format == "deals"
    assert scenario.pipeline_definition.path == ("lead", "proposal")
    assert scenario.history.amount_known_from == "entry"
    assert "unsure: open deals have amounts as often as ended ones" in result.stdout
    assert invoke("check", tmp_path / "scenario.yaml").exit_code == 0


@pytest.mark.parametrize("default", ["5000", "5 000,00", "0"])
def test_an_amount_that_stands_on_deals_until_they_are_won_is_said_and_known_at_the_close(
    invoke: Invoke, tmp_path: Path, default: str
) -> None:
    lines = ["deal_id;created;closed;status;amount"]
    for number in range(100):
        end = ("Won", "Lost", "Open")[number % 3]
        amount = f"{7000 + number},50" if end == "Won" else default
        lines.append(f"{number};{dated(number)};{'' if end == 'Open' else dated(number + 9)};{end};{amount}")
    (tmp_path / "deals.csv").write_text("\n".join(lines), encoding="utf-8")
    result = invoke("init", "--from", tmp_path / "deals.csv", tmp_path)
    assert result.exit_code == 0, result.output
    assert f"unsure: {default} stands as the amount on 100% of the deals not won" in result.stdout
    assert "warning: " in result.stdout
    scenario = load_scenario(tmp_path / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.history.amount_known_from is None
    checked = invoke("check", tmp_path / "scenario.yaml")
    assert "it is a placeholder, taken as unknown (" in checked.stderr + checked.stdout


def test_the_largest_pipeline_of_a_crms_export_is_chosen_and_said(invoke: Invoke, tmp_path: Path) -> None:
    lines = ["ID;Название сделки;Воронка;Этап сделки;Бюджет;Дата создания;Дата закрытия"]
    for number in range(80):
        end = ("Успешно реализовано", "Закрыто и не реализовано", "Переговоры")[number % 3]
        closed = dated(number + 7, "%d.%m.%Y 10:00:00") if number % 3 < 2 else ""
        funnel = "Продажи" if number % 4 else "Найм"
        lines.append(f"{number};Имя;{funnel};{end};{number}00;{dated(number, '%d.%m.%Y 09:00:00')};{closed}")
    (tmp_path / "export.csv").write_text("\n".join(lines), encoding="utf-8")
    result = invoke("init", "--from", tmp_path / "export.csv", tmp_path / "new")
    assert result.exit_code == 0, result.output
    assert "the largest, 'Продажи', is read" in result.stdout
    scenario = load_scenario(tmp_path / "new" / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.history.format == "amocrm"
    assert scenario.history.path == "../export.csv"
    assert invoke("check", tmp_path / "new" / "scenario.yaml").exit_code == 0


def test_a_column_may_be_named_where_the_guess_finds_none(invoke: Invoke, tmp_path: Path) -> None:
    lines = ["application_id,applied,status,last_updated,fee"]
    lines += [
        f"A{number},{dated(number)},{('Rejected', 'Hired', 'In process')[number % 3]},{dated(number + 8)},{number}"
        for number in range(60)
    ]
    (tmp_path / "applications.csv").write_text("\n".join(lines), encoding="utf-8")
    arguments = ("init", "--from", tmp_path / "applications.csv", tmp_path / "new")
    refused = invoke(*arguments)
    assert refused.exit_code == 2
    assert "name it: --column closed=last_updated" in refused.stderr
    assert "no column 'lastupdated'" in invoke(*arguments, "--column", "closed=lastupdated").stderr
    result = invoke(*arguments, "--column", "closed=last_updated", "--column", "amount=fee")
    assert result.exit_code == 0, result.output
    checked = invoke("check", tmp_path / "new" / "scenario.yaml")
    assert checked.exit_code == 0, checked.stderr
    assert "20 won, 20 lost, 20 open" in checked.stdout


def test_a_database_is_looked_at_and_found_again_from_the_scenario(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sqlalchemy")
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("crm.db") as connection:
        connection.execute("CREATE TABLE changes (case_id TEXT, status TEXT, changed_at TEXT, price REAL)")
        for number in range(60):
            rows = [(f"{number}", "call", f"{dated(number)}T23:30:00Z", None)]
            rows.append((f"{number}", ("won", "lost")[number % 2], f"{dated(number + 5)}T12:00:00Z", 10.5))
            connection.executemany("INSERT INTO changes VALUES (?, ?, ?, ?)", rows)
    connection.close()
    result = invoke("init", "--from", "sqlite:///crm.db", "new")
    assert result.exit_code == 0, result.output
    assert "times are in UTC" in result.stdout
    scenario = load_scenario(tmp_path / "new" / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.history.path == "sqlite:///../crm.db"
    assert scenario.history.time_zone == "UTC"
    checked = invoke("check", "new/scenario.yaml")
    assert checked.exit_code == 0, checked.stderr
    assert "60 deals in 60 stays" in checked.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,colour\nx,red\ny,blue\n", "no column holds dates"),
        ("deal,created,closed\n1,2026-01-01,\n2,2026-01-02,\n", "no column distinguishes won deals from lost ones"),
        ("deal,stage,entered\n1,a,2026-01-01\n1,b,2026-01-02\n2,a,2026-01-03\n", "only 2 deals can be read"),
    ],
)
def test_a_file_that_cannot_be_guessed_is_refused_with_what_it_lacks(
    invoke: Invoke, tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "file.csv").write_text(text, encoding="utf-8")
    result = invoke("init", "--from", tmp_path / "file.csv", tmp_path)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "scenario.yaml").exists()


THIRD_PARTY = {
    "maven_crm/sales_pipeline.csv": ("deals", ("selling",), ("product",), 8300),
    "olga/opportunities.csv": ("salesforce", ("selling",), ("lead_source",), 6000),
    "talentpulse/stage_history.csv": (
        "log",
        ("Applied", "Screened", "Shortlisted", "Interview 1", "Interview 2", "Offer"),
        (),
        720,
    ),
    "traffic_fines/traffic_fines_events.csv": ("log", ("Created", "Sent", "Notified", "Penalty"), (), 9941),
    "traffic_fines/traffic_fines_deals.csv": ("deals", ("selling",), (), 10000),
}


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_other_peoples_files_get_a_scenario_that_check_accepts(invoke: Invoke, tmp_path: Path, name: str) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"third-party data are missing: no {name} under {DATA} (set SIMCAST_DATA)")
    form, stages, segments, n_deals = THIRD_PARTY[name]
    proposal = propose(str(DATA / name), tmp_path)
    scenario = load_scenario(proposal.scenario)
    assert scenario.history is not None
    assert (scenario.history.format, scenario.pipeline_definition.stages) == (form, stages)
    assert scenario.history.segments == segments
    checked = invoke("check", proposal.scenario)
    assert checked.exit_code == 0, checked.stderr
    assert f"{n_deals:,} deals in" in checked.stdout


def test_check_tells_where_open_deals_stand_and_what_to_do_next(invoke: Invoke, tmp_path: Path) -> None:
    lines = ["deal,stage,entered"]
    lines += [
        f"{number},{stage},{dated(number)}" for number in range(40) for stage in ("call", "won")[: 1 + number % 2]
    ]
    (tmp_path / "deals.csv").write_text("\n".join(lines), encoding="utf-8")
    scenario = "simcast: 1\npipeline: {stages: [call]}\nhistory: {path: deals.csv}\n"
    file = tmp_path / "q.yaml"
    file.write_text(scenario + f"forecast: {{as_of: {dated(41)}, horizon: 1 month}}\n", encoding="utf-8")
    result = invoke("check", file)
    assert result.exit_code == 0, result.stderr
    assert f"open at the start of {dated(41)}: 20 deals (20 in call)" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("next: check whether the warnings are data errors")
    assert str(file) in result.stdout.splitlines()[-1]


def write_export(file: Path, header: str, rows: list[str]) -> Path:
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def test_the_date_that_most_ended_deals_have_ends_them(tmp_path: Path) -> None:
    rows = []
    for k in range(40):
        end = "signed" if k % 4 else "lost"
        won = dated(k + 20) if end == "signed" else ""
        rows.append(f"{k},{end},{dated(k)},{won},{dated(k + 20)}")
    file = write_export(tmp_path / "deals.csv", "deal_id,result,created,signed_on,closed_on", rows)
    proposal = propose(str(file), tmp_path / "forecast")
    columns = load_scenario(proposal.scenario).history.columns  # type: ignore[union-attr]  # there is one
    assert columns["closed"] == "closed_on"
    assert any("not signed_on" in text for text in proposal.unsure)


def test_an_export_of_hubspot_is_known_by_its_columns_and_keeps_the_names_of_its_stages(tmp_path: Path) -> None:
    header = 'Record ID,Deal Stage,Create Date,Close Date,"Date entered ""Presentation (Sales)"""'
    ends = ("Closed Won (Sales)", "Closed Lost (Sales)", "Presentation (Sales)")
    rows = [f"{k},{ends[k % 3]},{dated(k)},{dated(k + 30)},{dated(k)}" for k in range(40)]
    proposal = propose(str(write_export(tmp_path / "deals.csv", header, rows)), tmp_path / "forecast")
    scenario = load_scenario(proposal.scenario)
    assert scenario.history is not None
    assert scenario.history.format == "hubspot"
    assert scenario.pipeline_definition.stages == ("Presentation",)


def test_events_of_amocrm_dated_by_seconds_since_1970_are_read_and_say_whose_days_they_are(tmp_path: Path) -> None:
    rows = []
    for k in range(40):
        start = 1735700000 + 86400 * k
        rows += [f"lead_added,{k},{start},,40", f"lead_status_changed,{k},{start + 900000},40,{142 + k % 2}"]
    header = "type,entity_id,created_at,value_before,value_after"
    proposal = propose(str(write_export(tmp_path / "events.csv", header, rows)), tmp_path / "forecast")
    history = load_scenario(proposal.scenario).history
    assert history is not None
    assert (history.format, history.time_zone, history.segments) == ("amocrm", "UTC", ())
    assert any("history.time_zone" in text for text in proposal.unsure)


def test_a_file_of_which_little_can_be_kept_is_said_to_be_unfit_before_all_else(tmp_path: Path) -> None:
    rows = [f"{k},{'won' if k % 3 else 'lost'},{dated(k)},{dated(k + 9) if k % 2 else ''}" for k in range(80)]
    file = write_export(tmp_path / "deals.csv", "deal,outcome,created,closed", rows)
    proposal = propose(str(file), tmp_path / "forecast")
    said = (
        "NOT FIT TO FORECAST FROM yet, since 14 of the 27 lost deals would be set aside: 50% of the deals have bad rows"
    )
    assert proposal.unsure[0].startswith(said)


def test_losses_that_no_row_dates_are_said(tmp_path: Path) -> None:
    rows = ["case_id,stage_name,stage_date,stage_status"]
    for number in range(60):
        begun = dated(number)
        ends = ("Hired", "Completed") if number % 3 == 0 else ("Interview", "Отказ" if number % 3 == 1 else "Active")
        rows += [f"C{number},Applied,{begun},Completed", f"C{number},{ends[0]},{dated(number + 9)},{ends[1]}"]
    file = tmp_path / "log.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    proposal = propose(str(file), tmp_path / "new")
    assert [line for line in proposal.unsure if "'stage_status' says 'Отказ' of 20 deals" in line]
    dated_losses = "\n".join(row.replace("Interview", "lost") for row in rows)
    file.write_text(dated_losses, encoding="utf-8")
    assert not [line for line in propose(str(file), tmp_path / "other").unsure if "stage_status" in line]
