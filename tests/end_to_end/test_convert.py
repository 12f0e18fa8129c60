"""`simcast convert` from exports to a log that reads back as the same history; databases and workbooks as sources."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from simcast import load_scenario, read_history
from simcast.analysis.inputs import read_scenario_history
from simcast.errors import DataError, SimcastError, hide_passwords
from simcast.pipeline import Pipeline

Invoke = Callable[..., Result]

ROOT = Path(__file__).parents[2]
EXPORT = """\
ID;Воронка;Этап сделки;Бюджет;Дата создания;Дата закрытия;Источник
21;Продажи;Успешно реализовано;12 500;05.01.2026 10:12:00;14.02.2026 09:00:00;Сайт
22;Продажи;Закрыто и не реализовано;300;17.01.2026 11:00:00;20.02.2026 10:00:00;Звонок
23;Продажи;Переговоры;;19.01.2026 12:00:00;;
24;Найм;Переговоры;;19.01.2026 12:00:00;;Сайт
"""
STAGES = """\
OWNER_ID,CREATED_TIME,STAGE_ID,OPPORTUNITY,SOURCE
7,2026-01-05T10:12:00+03:00,Новая,,Сайт
7,2026-01-20T10:12:00+03:00,Договор,500.25,Сайт
7,2026-02-14T00:30:00+03:00,WON,,Сайт
8,2026-01-07T10:12:00+03:00,Новая,,
8,2026-01-09T10:12:00+03:00,Договор,,Сайт
8,2026-01-12T10:12:00+03:00,Новая,,
8,2026-02-01T10:12:00+03:00,LOSE,,
9,2026-02-01T10:12:00+03:00,Договор,,
"""


def test_an_export_becomes_a_log_and_tells_its_pipeline(invoke: Invoke, tmp_path: Path) -> None:
    source, out = tmp_path / "сделки.csv", tmp_path / "log.csv"
    source.write_bytes(EXPORT.encode("cp1251"))
    result = invoke("convert", source, out, "--format", "amocrm", "--where", "Воронка=Продажи", "--segment", "Источник")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(out)
    assert "3 deals in 3 stays" in result.stderr
    assert "stages: [selling]" in result.stderr
    assert out.read_text(encoding="utf-8").splitlines() == [
        "deal,stage,entered,amount,Источник",
        "21,selling,2026-01-05,,Сайт",
        "21,won,2026-02-14,12500,Сайт",
        "22,selling,2026-01-17,,Звонок",
        "22,lost,2026-02-20,300,Звонок",
        "23,selling,2026-01-19,,",
    ]


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_the_log_reads_back_as_the_history_that_was_converted(invoke: Invoke, tmp_path: Path, name: str) -> None:
    source, out, stages = tmp_path / "stages.csv", tmp_path / name, tmp_path / "stages.yaml"
    source.write_text(STAGES, encoding="utf-8")
    stages.write_text("stages: [Новая, Договор]\nmoves: [{from: Договор, to: Новая}]\n", encoding="utf-8")
    arguments = ("convert", source, out, "--format", "bitrix24", "--segment", "SOURCE", "--pipeline", stages)
    assert invoke(*arguments).exit_code == 0
    pipeline = Pipeline.define(["Новая", "Договор"], [("Договор", "Новая")])
    original = read_history(source, pipeline, format="bitrix24", segments=["SOURCE"])
    again = read_history(out, pipeline, segments=["SOURCE"])
    assert again == original
    assert again.late_segments.equals(original.late_segments)
    assert len(original.late_segments) == 1
    assert read_history(out, pipeline) != original, "without its segments it is another history"


def test_what_is_there_already_is_not_overwritten(invoke: Invoke, tmp_path: Path) -> None:
    source, out = tmp_path / "stages.csv", tmp_path / "log.csv"
    source.write_text(STAGES, encoding="utf-8")
    out.write_text("mine", encoding="utf-8")
    result = invoke("convert", source, out, "--format", "bitrix24")
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    assert invoke("convert", source, out, "--format", "bitrix24", "--force").exit_code == 0


def test_a_format_that_is_none_is_refused_with_the_nearest(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "stages.csv").write_text(STAGES, encoding="utf-8")
    result = invoke("convert", tmp_path / "stages.csv", tmp_path / "log.csv", "--format", "bitrix")
    assert result.exit_code == 2
    assert "did you mean 'bitrix24'?" in result.stderr
    result = invoke("convert", tmp_path / "stages.csv", tmp_path / "log.txt", "--format", "bitrix24")
    assert "written as .csv or .parquet" in result.stderr


def test_the_sample_converts_to_itself(invoke: Invoke, tmp_path: Path) -> None:
    source, out = ROOT / "scenarios" / "data" / "deals.csv", tmp_path / "log.csv"
    result = invoke("convert", source, out, "--format", "log", "--segment", "source", "--segment", "region", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert out.read_bytes() == source.read_bytes()


# ---- databases -------------------------------------------------------------------------------------------------

SCENARIO = """\
simcast: 1
pipeline: {stages: [call]}
history: {path: "sqlite:///${CRM_FILE:-crm.db}", query: %s}
forecast: {as_of: 2026-03-01, horizon: 1 month}
"""
LOG = [("007", "call", "2026-01-05", None), ("007", "won", "2026-02-01", 12.5), ("NA", "call", "2026-02-03", None)]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    pytest.importorskip("sqlalchemy")
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        connection.execute("CREATE TABLE changes (deal TEXT, stage TEXT, entered TEXT, amount REAL)")
        connection.executemany("INSERT INTO changes VALUES (?, ?, ?, ?)", LOG)
        connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()
    return tmp_path / "crm.db"


def scenario_file(folder: Path, query: str = "changes") -> Path:
    file = folder / "q.yaml"
    file.write_text(SCENARIO % query, encoding="utf-8")
    return file


def test_a_table_of_a_database_is_read_as_a_file_is(database: Path) -> None:
    scenario = load_scenario(scenario_file(database.parent))
    history = read_scenario_history(scenario)
    assert history is not None
    assert history.stays["deal"].tolist() == ["007", "NA"]
    assert history.stays["amount_at_end"].tolist()[0] == 12.5
    assert history.reading is not None
    assert str(history.reading.source_digest).startswith("sha256:")
    select = "SELECT deal, stage, entered FROM changes WHERE deal = '007'"
    fewer = read_scenario_history(load_scenario(scenario_file(database.parent, f'"{select}"')))
    assert fewer is not None
    assert fewer.reading is not None
    assert fewer.n_deals == 1
    assert fewer.reading.source_digest != history.reading.source_digest


def test_a_database_of_several_tables_wants_a_query(database: Path, tmp_path: Path) -> None:
    pipeline = Pipeline.define(["call"])
    with pytest.raises(DataError, match=r"Set history.query \(--query\) to a table \(changes, people\)"):
        read_history(f"sqlite:///{database}", pipeline)
    with pytest.raises(DataError, match="there is no table 'change' "):
        read_history(f"sqlite:///{database}", pipeline, query="change")
    with pytest.raises(DataError, match="the database says: no such column: missing"):
        read_history(f"sqlite:///{database}", pipeline, query="SELECT missing FROM changes")
    with pytest.raises(DataError, match="there is no such database"):
        read_history(f"sqlite:///{tmp_path / 'other.db'}", pipeline)
    assert not (tmp_path / "other.db").exists(), "SQLite would have made it"


def test_a_password_is_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    pytest.importorskip("sqlalchemy")
    file = scenario_file(tmp_path)
    plain, secret = (
        "postgresql+nodriver://anna:s3cr%40t@host/crm",
        "postgresql+nodriver://anna:${CRM_PASSWORD}@host/crm",
    )
    monkeypatch.setenv("CRM_PASSWORD", "s3cr%40t")
    for url in (plain, secret):
        result = invoke("check", file, "--set", f"history.path={url}")
        assert result.exit_code == 2
        assert "s3cr" not in result.output
        assert "nodriver" in result.output
    scenario = load_scenario(file, overrides=[f"history.path={plain}"])
    assert "s3cr" not in repr(scenario.changes)
    assert load_scenario(file, overrides=[f"history.path={plain}"]) == scenario
    assert load_scenario(file, overrides=[f"history.path={secret}"]).resolved()["history"]["path"] == secret
    assert hide_passwords("mysql://a:b@c") == "mysql://a:***@c"
    assert "hidden" not in str(SimcastError("failed at mssql://sa:hidden@host"))


def test_the_folder_of_a_run_holds_the_digest_of_the_rows_and_no_password(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simcast import analysis
    from simcast.report import write_run_folder

    stages = "{call: {conversion: 0.5, days: {exponential: {mean: 5}}}}"
    assumed = f"assume: {{stages: {stages}, arrivals: {{per_day: 1}}, amount: 1}}\n"
    file = scenario_file(database.parent)
    file.write_text(file.read_text(encoding="utf-8") + assumed + "simulation: {futures: 20}\n", encoding="utf-8")
    scenario = load_scenario(file)
    history = read_scenario_history(scenario)
    # What is fitted makes no difference here, and takes minutes.
    monkeypatch.setattr("simcast.model.load_or_fit", lambda *_, **__: None)
    monkeypatch.setattr("simcast.analysis.inputs._as_checked", lambda fitted, _known: fitted)
    run = analysis.run(scenario)
    monkeypatch.setenv("CRM_FILE", "crm.db?password=s3cret")
    write_run_folder(run, database.parent / "run", ["simcast", "run", "--set", "history.path=pg://a:s3cret@h/d"])
    provenance = json.loads((database.parent / "run" / "provenance.json").read_text(encoding="utf-8"))
    assert history is not None
    assert history.reading is not None
    assert provenance["history_file_digest"] == history.reading.source_digest
    for written in (database.parent / "run").iterdir():
        assert b"s3cret" not in written.read_bytes()


def test_a_resolved_scenario_finds_the_database_from_its_own_folder(database: Path) -> None:
    scenario = load_scenario(scenario_file(database.parent), overrides=["history.path=sqlite:///crm.db"])
    moved = scenario.resolved(database.parent / "runs" / "one")
    assert moved["history"]["path"] == "sqlite:///../../crm.db"


# ---- workbooks -------------------------------------------------------------------------------------------------


def test_the_one_sheet_of_a_workbook_reads_as_a_csv_does(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["deal", "stage", "entered", "amount"])
    sheet.append(["007", "call", datetime(2026, 1, 5), None])
    sheet.append([])
    sheet.append(["007", "won", datetime(2026, 2, 1, 9, 30), 12.5])
    sheet.append([12, "call", "2026-02-03", 100])
    book.save(tmp_path / "deals.xlsx")
    history = read_history(tmp_path / "deals.xlsx", Pipeline.define(["call"]))
    assert history.stays["deal"].tolist() == ["007", "12"]
    assert history.stays["amount_at_end"].tolist()[0] == 12.5
    sheet.append(["13", "call", "soon", None])
    book.create_sheet("other").append(["more"])
    book.save(tmp_path / "deals.xlsx")
    with pytest.raises(DataError, match=r"several sheets hold rows \(Sheet, other\)"):
        read_history(tmp_path / "deals.xlsx", Pipeline.define(["call"]))
    book.remove(book["other"])
    book.save(tmp_path / "deals.xlsx")
    with pytest.raises(DataError, match=r"deals\.xlsx:6: column 'entered': value 'soon': is not a date"):
        read_history(tmp_path / "deals.xlsx", Pipeline.define(["call"]))
