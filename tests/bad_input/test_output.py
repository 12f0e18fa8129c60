"""Output that cannot be written, or would take the place of something else."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simcast.cli import main
from simcast.errors import SimcastError
from simcast.history import read_history
from simcast.pipeline import Pipeline
from simcast.report.folder import write_whole

ASSUMED = Path(__file__).parents[2] / "scenarios" / "assumed.yaml"
LOG = "deal,stage,entered,source\nA,lead,2026-01-05,ads\nA,won,2026-01-09,ads\n"


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["schema"], ["--help"]])
def test_a_full_disk_is_one_line_and_status_2(arguments: list[str]) -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "simcast", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=buffered,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard output: cannot be written: No space left on device")
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_no_plain_one_is_written_into_and_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, lambda path: path.write_text("page", encoding="utf-8"))
        assert os.read(reader, 100) == b"page"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_convert_does_not_write_the_log_over_the_export(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LOG, encoding="utf-8")
    result = CliRunner().invoke(main, ["convert", str(file), str(file), "--format", "log", "--force"])
    assert result.exit_code == 2
    assert "is the export itself" in result.stderr
    assert file.read_text(encoding="utf-8") == LOG


def test_a_name_that_would_steer_a_terminal_is_refused(tmp_path: Path) -> None:
    scenario = tmp_path / "q.yaml"
    scenario.write_text('simcast: 1\nname: "\\e[31mred"\nquestion: "\\a?"\n', encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(scenario)])
    assert result.exit_code == 2
    assert "q.yaml:2:1: name: holds the control character '\\x1b'" in result.stderr
    assert "q.yaml:3:1: question: holds the control character '\\x07'" in result.stderr
    assert "\x1b" not in result.stderr


def test_what_an_unreadable_base_may_hold_is_not_called_missing(tmp_path: Path) -> None:
    scenario = tmp_path / "q.yaml"
    scenario.write_text("extends: nowhere.yaml\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(scenario)])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "extends: no such file" in result.stderr


@pytest.mark.parametrize("query", ["drop table extra", "/* x */ DELETE FROM log", "-- select\nupdate log set deal = 1"])
def test_a_query_that_would_change_the_database_is_not_run(tmp_path: Path, query: str) -> None:
    pytest.importorskip("sqlalchemy")
    base = sqlite3.connect(tmp_path / "crm.db")
    base.executescript("create table log(deal, stage, entered); create table extra(x); insert into log values(1, 2, 3)")
    before = list(base.iterdump())
    source = f"sqlite:///{tmp_path / 'crm.db'}"
    out = tmp_path / "out.csv"
    result = CliRunner().invoke(main, ["convert", source, str(out), "--format", "log", "--query", query])
    assert result.exit_code == 2
    assert "error: history.query: begins with" in result.stderr
    assert list(base.iterdump()) == before


def test_a_select_behind_a_comment_is_read(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    base = sqlite3.connect(tmp_path / "crm.db")
    base.executescript(
        "create table log(deal, stage, entered);"
        "insert into log values('A', 'lead', '2026-01-05'), ('A', 'won', '2026-01-09')"
    )
    source = f"sqlite:///{tmp_path / 'crm.db'}"
    query = "-- all of them\nwith it as (select * from log) select * from it"
    out = tmp_path / "out.csv"
    result = CliRunner().invoke(main, ["convert", source, str(out), "--format", "log", "--query", query])
    assert result.exit_code == 0, result.stderr


def test_a_character_that_yaml_cannot_hold_is_told_with_its_place(tmp_path: Path) -> None:
    scenario = tmp_path / "q.yaml"
    scenario.write_bytes(b"simcast: 1\nname: a\x00b\n")
    result = CliRunner().invoke(main, ["check", str(scenario)])
    assert result.exit_code == 2
    assert result.stderr == f"error: {scenario}:2:8: not valid YAML: the character '\\x00'; remove it\n"


@pytest.mark.parametrize("arguments", [["check"], ["run"], ["run", "--out"]])
def test_a_name_that_is_not_utf_8_is_refused_before_any_work(tmp_path: Path, arguments: list[str]) -> None:
    """As archives made elsewhere leave it: it can be opened, and written into no result."""
    done = CliRunner().invoke(main, with_an_odd_name(tmp_path, arguments))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "this name is not UTF-8; rename the file or folder" in done.stderr


def test_a_name_that_is_not_utf_8_is_refused_by_a_process_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simcast", *with_an_odd_name(tmp_path, ["run", "--out"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "this name is not UTF-8; rename the file or folder" in done.stderr
    assert "Traceback" not in done.stderr


def with_an_odd_name(folder: Path, arguments: list[str]) -> list[str]:
    """Give a command such a file, or such a folder to write to."""
    odd = folder / os.fsdecode(b"\xe4\xe5.yaml")
    shutil.copy(ASSUMED, odd)
    named = [str(ASSUMED), *arguments[1:], str(odd.with_suffix(""))] if "--out" in arguments else [str(odd)]
    return [arguments[0], *named]


def test_a_closed_stderr_does_not_end_a_run(tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m simcast run "{ASSUMED}" --futures 50 --out "{tmp_path / "out"}" 2>&-'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "bookings" in done.stdout


def test_an_address_of_the_web_is_no_database() -> None:
    with pytest.raises(SimcastError, match="is not a database; download the file"):
        read_history("https://example.org/deals.csv", Pipeline.define(["lead"]))


def test_what_run_refuses_of_assumed_chances_is_refused_by_check(tmp_path: Path) -> None:
    file = tmp_path / "assumed.yaml"
    stage = "{conversion: {beta: [40, 20]}, stalled: 0.05, moves: {won: 0.1}, days: 3}"
    file.write_text(
        "simcast: 1\npipeline: {stages: [lead, call], moves: [{from: lead, to: won}]}\n"
        f"assume: {{stages: {{lead: {stage}, call: {{conversion: 0.5, days: 3}}}}, arrivals: {{per_day: 1}}}}\n"
        "forecast: {as_of: 2026-07-01, until: 2026-09-30}\n",
        encoding="utf-8",
    )
    for command in ("check", "run"):
        refused = CliRunner().invoke(main, [command, str(file)])
        assert refused.exit_code == 2
        assert "assume.stages.lead: conversion, stalled and moves sum to more than 1 in " in refused.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "{long}.yaml"],
        ["check", "{q3}", "--set", "history.path={long}.csv"],
        ["init", "--from", "{long}.csv"],
        ["run", "{desk}", "--futures", "50", "--out", "{long}"],
    ],
)
def test_a_name_longer_than_a_file_may_have_is_one_line_and_status_2(arguments: list[str]) -> None:
    long = "x" * 300
    named = [word.format(desk=ASSUMED, q3=ASSUMED.with_name("q3.yaml"), long=long) for word in arguments]
    result = CliRunner().invoke(main, named)
    assert result.exit_code == 2, result.exception
    assert result.stderr.startswith("error: ")
    assert "File name too long; name another" in result.stderr
    assert result.stderr.count("\n") == 1
