"""One set of flags goes with every command that takes a scenario file, and means the same wherever it has a meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import Result

from simcast.cli import main
from tests.cluster_here import ADDRESS, Here

Invoke = Callable[..., Result]

SHARED = ("--set", "--scenario", "--futures", "--seed", "--threads", "--cluster", "--out", "--json", "--quiet")

WITHOUT = {
    ("backtest", "--scenario"): "no lever was pulled in the past that forecasts are compared with",
    ("serve", "--cluster"): "a slider is answered within the time that a cluster needs to be sent a plan",
    ("serve", "--out"): "the page stores nothing; plans worth keeping are saved from it",
}
"""Flags that a command does not take, and why."""

QUESTIONS: dict[str, tuple[object, ...]] = {
    "leaks": (),
    "solve": ("--vary", "conversion stage=contract add=0..0.3", "--for", "mean(wins)>=76"),
    "allocate": ("--budget", 5000),
    "explain": (),
    "deals": (),
    "compare": (),
}
"""Commands that play futures and print one document, with what else they need."""

FILES = {
    "leaks": "leaks",
    "solve": "solution",
    "allocate": "allocation",
    "explain": "explanation",
    "deals": "deals",
    "compare": "comparison",
}
"""What is written by those that take a folder."""


def taking_a_file() -> Iterator[str]:
    for name, command in sorted(main.commands.items()):
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        if any(one.human_readable_name.startswith("FILE") for one in arguments):
            yield name


@pytest.mark.parametrize("flag", SHARED)
@pytest.mark.parametrize("name", list(taking_a_file()))
def test_a_command_that_takes_a_file_takes_the_shared_flags(name: str, flag: str) -> None:
    known = {option for parameter in main.commands[name].params for option in parameter.opts}
    assert (flag in known) != ((name, flag) in WITHOUT)


def test_the_commands_without_a_file_are_those_that_need_none() -> None:
    assert set(main.commands) - set(taking_a_file()) == {"init", "convert", "schema", "completion"}


def test_the_shared_flags_and_their_exceptions_are_told() -> None:
    root = Path(__file__).parents[2]
    table = (root / "README.md").read_text(encoding="utf-8").split("takes these flags")[1].split("\n\n")[1]
    assert [flag for flag in SHARED if f"`{flag}" not in table] == []
    running = (root / "docs" / "running.md").read_text(encoding="utf-8")
    exceptions = running.split("## Flags and output")[1].split("\n\n")[2].splitlines()
    for name, flag in WITHOUT:
        assert any(f"`{name}` has no" in line and f"`{flag}`" in line for line in exceptions), (name, flag)


@pytest.mark.parametrize("name", FILES)
def test_out_is_a_folder_with_what_json_prints_and_a_table(
    name: str, assumed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "answer"
    result = invoke(name, assumed, *QUESTIONS[name], "--futures", 200, "--json", "--out", out)
    assert result.exit_code in (0, 1), result.stderr
    assert json.loads((out / f"{FILES[name]}.json").read_text(encoding="utf-8")) == json.loads(result.stdout)
    assert len(pd.read_parquet(out / f"{FILES[name]}.parquet"))


def test_a_report_goes_into_a_folder_that_is_there(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("run", "report"):
        assert invoke(name, assumed, "--futures", 50, "--out", out).exit_code == 0
    assert {"result.json", "assumed.html"} <= {path.name for path in out.iterdir()}


@pytest.mark.parametrize("name", ["deals", "compare"])
def test_a_name_that_is_no_table_is_refused_before_any_work(
    name: str, assumed: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simcast.simulation._play_on_threads", None)
    result = invoke(name, assumed, "--out", "rows.xlsx")
    assert result.exit_code == 2
    assert result.stderr == "error: --out rows.xlsx: the name must end in .csv or .parquet, or be that of a folder\n"


@pytest.mark.slow  # worker processes take their time to start
@pytest.mark.parametrize("name", ["leaks", "explain"])
def test_processes_of_this_machine_give_the_answer_of_threads(name: str, assumed: Path, invoke: Invoke) -> None:
    pytest.importorskip("distributed")
    asked = (name, assumed, "--futures", 300, "--json", "--quiet")
    assert invoke(*asked, "--cluster", "local:1").stdout == invoke(*asked).stdout


def test_a_check_writes_only_where_it_is_told_to(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "checked"
    result = invoke("check", assumed, "--json", "--out", out)
    assert json.loads((out / "check.json").read_text(encoding="utf-8")) == json.loads(result.stdout)
    invoke("check", assumed)
    assert {path.name for path in tmp_path.iterdir()} == {"assumed.yaml", "checked"}


@pytest.mark.parametrize("name", ["check", "fit", "diagnose", *FILES])
def test_a_folder_that_cannot_be_written_is_told_before_any_work(name: str, assumed: Path, invoke: Invoke) -> None:
    result = invoke(name, assumed, *QUESTIONS.get(name, ()), "--out", assumed / "below")
    assert result.exit_code == 2
    assert "is not a folder that can be written; name another" in result.stderr


@pytest.mark.parametrize("name", ["check", "fit", "diagnose"])
@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--futures", 0), "--futures"),
        (("--scenario", "beter"), "--scenario beter: there is no scenario of this name; did you mean 'better'?"),
        (("--cluster", "local:many"), "--cluster local:many: must be local:N"),
        (("--cluster", "local:2", "--threads", 2), "--threads, --cluster: choose one"),
    ],
)
def test_where_no_futures_are_played_the_flags_are_checked(
    name: str, flags: Sequence[object], says: str, assumed: Path, invoke: Invoke
) -> None:
    result = invoke(name, assumed, *flags)
    assert result.exit_code == 2
    assert says in result.stderr


def test_what_is_checked_is_what_the_flags_make_of_the_file(assumed: Path, invoke: Invoke) -> None:
    result = invoke("check", assumed, "--futures", 123, "--seed", 9, "--threads", 1)
    assert result.exit_code == 0
    assert "123 futures" in result.stdout
    assert "9 (--seed)" in result.stdout


def test_a_check_of_one_scenario_holds_only_its_levers_against_the_history(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "deal,stage,entered,source\nA,lead,2026-01-05,ads\nA,won,2026-01-09,ads\nB,lead,2026-01-06,site\n", "utf-8"
    )
    file = tmp_path / "q.yaml"
    file.write_text(
        "simcast: 1\nname: q\npipeline: {stages: [lead]}\nhistory: {path: log.csv, format: log, segments: [source]}\n"
        "forecast: {as_of: 2026-02-01, until: 2026-02-28}\n"
        "scenarios:\n  good: [{lever: arrivals, where: {source: ads}, multiply: 2}]\n"
        "  bad: [{lever: deal, deal: Z, outcome: lost}]\n",
        "utf-8",
    )
    assert "'Z'" in invoke("check", file).stderr
    assert invoke("check", file, "--scenario", "good").exit_code == 0
    assert invoke("check", file, "--scenario", "bad").exit_code == 2


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_cluster_plays_all_futures_of_a_question_and_the_answer_stays(
    name: str, assumed: Path, invoke: Invoke, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (name, assumed, *QUESTIONS[name], "--futures", 300, "--json")
    alone = invoke(*asked)
    assert here.played == 0
    monkeypatch.setattr("simcast.simulation._play_on_threads", None)
    result = invoke(*asked, "--cluster", ADDRESS)
    assert result.exit_code == alone.exit_code, result.stderr
    assert here.played > 0
    assert result.stdout == alone.stdout


@pytest.mark.parametrize("name", [*QUESTIONS, "run", "report", "backtest"])
def test_threads_beside_a_cluster_are_refused(name: str, assumed: Path, invoke: Invoke) -> None:
    result = invoke(name, assumed, *QUESTIONS.get(name, ()), "--threads", 2, "--cluster", "local:2")
    assert result.exit_code == 2
    assert result.stderr == "error: --threads, --cluster: choose one; a cluster's workers have one thread each\n"


def test_processes_of_a_backtest_beside_a_cluster_are_refused(assumed: Path, invoke: Invoke) -> None:
    result = invoke("backtest", assumed, "--jobs", 2, "--cluster", "local:2")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --jobs, --cluster: choose one")


def test_the_spread_is_that_of_the_scenario_that_is_named(assumed: Path, invoke: Invoke) -> None:
    told = {
        name: json.loads(invoke("explain", assumed, "--scenario", name, "--json").stdout)
        for name in ("baseline", "more")
    }
    assert told["more"]["scenario"] == "more"
    assert told["more"]["total_wins"]["mean"] > told["baseline"]["total_wins"]["mean"]
    kinds = {name: {source["kind"] for source in document["sources"]} for name, document in told.items()}
    assert kinds["more"] - kinds["baseline"] == {"lever"}
    assert sum(source["share"] for source in told["more"]["sources"]) == pytest.approx(1.0)
    assert told["more"]["knowing"] == told["baseline"]["knowing"]
    assert "Why 'more' lies between" in invoke("explain", assumed, "--scenario", "more").stdout


def test_a_budget_is_spent_on_top_of_the_scenario_that_is_named(assumed: Path, invoke: Invoke) -> None:
    asked = ("allocate", assumed, "--budget", 9000, "--goal", "wins")
    on_better = invoke(*asked, "--scenario", "better", "--json")
    found = json.loads(on_better.stdout)
    assert found["scenario"] == "better"
    assert [choice["choice"] for choice in found["choices"]] == ["more"]
    told = "note: 'neutral' is left out: it changes the conversion of 'meeting', as scenarios.better[0] does,"
    assert on_better.stderr.splitlines()[0] == f"{told} for the same stays"
    chosen = json.loads(invoke(*asked, "--scenario", "better", "--among", "both", "--json").stdout)
    alone = json.loads(invoke(*asked, "--scenario", "better", "--among", "more", "--json").stdout)
    assert chosen["best"]["gain"] == alone["best"]["gain"]  # `both` is better and more, and better is pulled already
    assert chosen["best"]["cost"] == 0.0
    assert invoke(*asked, "--scenario", "better").stdout.startswith("On top of 'better':")


@pytest.mark.parametrize("among", ["better", "both"])
def test_a_choice_that_is_pulled_already_is_refused(among: str, assumed: Path, invoke: Invoke) -> None:
    result = invoke("allocate", assumed, "--budget", 9000, "--scenario", "both", "--among", among)
    assert result.exit_code == 2
    assert result.stderr == f"error: --among {among}: brings nothing that both does not; leave it out\n"


def test_a_report_prints_the_document_of_a_run(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = invoke("run", assumed, "--json", "--out", tmp_path / "run")
    result = invoke("report", assumed, "--json", "--out", page)
    assert result.exit_code == 0
    assert result.stdout == run.stdout
    assert page.is_file()


def test_an_earlier_run_without_the_scenario_is_not_compared_with_it(
    assumed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    old = tmp_path / "old.yaml"
    text = assumed.read_text(encoding="utf-8")
    old.write_text(text[: text.index("scenarios:")], encoding="utf-8")
    assert invoke("run", old, "--futures", 50, "--out", tmp_path / "old").exit_code == 0
    result = invoke("explain", assumed, "--since", tmp_path / "old", "--scenario", "more")
    assert result.exit_code == 2
    assert "had no scenario 'more'; leave --scenario out, or name another run" in result.stderr


def test_a_conversion_is_one_document(invoke: Invoke, tmp_path: Path) -> None:
    source, out = tmp_path / "log.csv", tmp_path / "out.csv"
    source.write_text("deal,stage,entered\nA,lead,2026-01-05\nA,won,2026-01-09\nB,lead,2026-01-06\n", "utf-8")
    result = invoke("convert", source, out, "--format", "log", "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert document["out"] == str(out)
    assert document["pipeline"] == {"stages": ["lead"], "moves": [], "given": False}
    assert document["quality"]["n_deals"] == 2
