"""Every bad file, given to the commands as a user would, ends in status 2, a line per problem and no traceback."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simcast import analysis
from simcast.cli import main

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE / "scenario").glob("*.yaml"))
GOOD_HISTORIES = {"byte_order_mark.csv"}
"""Files that look bad and are accepted."""
HISTORIES = [path for path in sorted((HERE / "history").iterdir()) if path.name not in GOOD_HISTORIES]

QUESTION = """
simcast: 1
pipeline: {{stages: [lead, meeting, proposal]}}
history: {{path: "{path}", format: {form}, segments: [source]}}
forecast: {{as_of: 2026-07-01, until: 2026-09-30}}
"""


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def says_what_is_wrong(result: Result, file: str) -> bool:
    lines = result.stderr.splitlines()
    return (
        result.exit_code == 2
        and result.stdout == ""
        and bool(lines)
        and all(line.startswith("error: ") for line in lines)
        and file in result.stderr
        and "Traceback" not in result.stderr
    )


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_bad_scenario_ends_with_status_2(file: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMCAST_TEST_UNDEFINED", raising=False)
    result = invoke(command, file)
    assert says_what_is_wrong(result, file.stem), result.stderr


def run_on(file: Path, folder: Path, form: str, command: Sequence[str] = ("check",)) -> Result:
    scenario = folder / "question.yaml"
    scenario.write_text(QUESTION.format(path=file.as_posix(), form=form), encoding="utf-8")
    return invoke(*command, scenario)


@pytest.mark.parametrize("file", HISTORIES, ids=lambda path: path.name)
@pytest.mark.parametrize("form", ["log", "deals"])
def test_a_bad_history_ends_with_status_2(file: Path, form: str, tmp_path: Path) -> None:
    result = run_on(file, tmp_path, form)
    assert says_what_is_wrong(result, file.name), result.stderr


def test_a_good_history_does_not(tmp_path: Path) -> None:
    file = tmp_path / "good.csv"
    file.write_text("deal,stage,entered,source\nA,lead,2026-05-04,ads\nA,meeting,2026-05-11,ads\n", encoding="utf-8")
    assert run_on(file, tmp_path, "log").exit_code == 0


def test_bad_rows_that_are_set_aside_are_counted_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "mixed.csv"
    rows = "deal,stage,entered,source\nA,lead,2026-05-04,ads\nB,lead,2026-02-31,ads\nB,meeting,2026-05-04,ads\n"
    file.write_text(rows, encoding="utf-8")
    scenario = tmp_path / "question.yaml"
    text = QUESTION.format(path="mixed.csv", form="log").replace("segments:", "on_bad_rows: quarantine, segments:")
    scenario.write_text(text, encoding="utf-8")
    result = invoke("check", scenario)
    assert result.exit_code == 0, result.stderr
    assert "2 of 3" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mixed.csv", "question.yaml"]


def test_a_history_that_begins_after_the_as_of_date_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "late.csv"
    file.write_text("deal,stage,entered,source\nA,lead,2026-08-03,ads\n", encoding="utf-8")
    result = run_on(file, tmp_path, "log")
    assert result.exit_code == 2
    assert "nothing is known at forecast.as_of 2026-07-01" in result.stderr


@pytest.mark.parametrize("command", ["check", "run", "compare", "deals", "serve", "backtest", "explain"])
def test_the_result_of_a_run_is_not_taken_for_a_scenario(command: str, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text('{"simcast": "0.1.0", "file": "q3.yaml", "fingerprint": "sha256:0"}', encoding="utf-8")
    said = f"error: {file}: is the result of a command, not a scenario; name the file that it was asked of\n"
    assert (invoke(command, file).exit_code, invoke(command, file).stderr) == (2, said)
    (tmp_path / "resolved.yaml").touch()
    said = (
        f"error: {file}: is the result of a run, not a scenario; its scenario is {tmp_path}/resolved.yaml beside it\n"
    )
    assert invoke(command, file).stderr == said


@pytest.mark.parametrize(
    ("option", "command"),
    [("--vary", ("solve", "--for", "mean(wins)>=1")), ("--among", ("allocate", "--budget", "1"))],
)
def test_a_lever_that_is_none_is_said_with_the_nearest_before_anything_is_fitted_or_played(
    option: str, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "ground_of", lambda *_, **__: pytest.fail("a fit would have begun"))
    file = tmp_path / "q.yaml"
    file.write_text(
        "simcast: 1\npipeline: {stages: [lead]}\nforecast: {as_of: 2026-07-01, until: 2026-07-31}\n"
        "assume: {stages: {lead: {conversion: 0.5, days: 5}}, arrivals: {per_day: 1}}\n",
        encoding="utf-8",
    )
    result = invoke(*command, file, option, "convertion")
    assert result.exit_code == 2
    said = f"error: {option} 'convertion': no lever 'convertion'; did you mean 'conversion'? (known: conversion, "
    assert result.stderr.startswith(said)


def test_a_scenario_is_not_taken_for_a_lever(tmp_path: Path) -> None:
    file = tmp_path / "q.yaml"
    file.write_text(
        "simcast: 1\npipeline: {stages: [lead]}\nforecast: {as_of: 2026-07-01, until: 2026-07-31}\n"
        "assume: {stages: {lead: {conversion: 0.5, days: 5}}, arrivals: {per_day: 1}}\n"
        "scenarios: {onboarding: [{lever: arrivals, multiply: 2}]}\n",
        encoding="utf-8",
    )
    result = invoke("solve", file, "--vary", "onboarding", "--for", "mean(wins)>=1")
    assert result.exit_code == 2
    assert "--vary 'onboarding': is a scenario of the file, not a lever" in result.stderr
