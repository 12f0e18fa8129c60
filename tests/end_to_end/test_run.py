from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from simcast.cli import main
from tests.end_to_end.conftest import ASSUMED

RunJson = Callable[..., dict[str, Any]]
Invoke = Callable[..., Result]

LEVELS = {"0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"}


def is_summary(value: dict[str, Any]) -> bool:
    return set(value) == {"mean", "sd", "quantiles"} and set(value["quantiles"]) == LEVELS


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run the scenario as it is once for all that is read off its document."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "assumed.yaml").write_text(ASSUMED, encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(folder / "assumed.yaml"), "--json", "--out", str(folder / "out")])
    assert result.exit_code == 0, result.stderr
    played: dict[str, Any] = json.loads(result.stdout)
    return played


def test_the_document_has_the_shape_that_other_programs_rely_on(document: dict[str, Any]) -> None:
    assert document["as_of"] == "2026-07-01"
    assert document["until"] == "2026-09-30"
    assert (document["period"], document["futures"], document["seed"]) == ("month", 600, 3)
    assert document["fingerprint"].startswith("sha256:")
    assert set(document["scenarios"]) == {"baseline", "better", "more", "neutral", "both"}
    baseline = document["scenarios"]["baseline"]
    for part in (baseline, *baseline["periods"], *baseline["origin"].values(), *baseline["by"]["source"].values()):
        assert is_summary(part["bookings"])
        assert is_summary(part["wins"])
    assert [(p["start"], p["end"]) for p in baseline["periods"]] == [
        ("2026-07-01", "2026-07-31"),
        ("2026-08-01", "2026-08-31"),
        ("2026-09-01", "2026-09-30"),
    ]
    assert set(baseline["stages"]) == {"lead", "meeting", "contract"}
    for stage in baseline["stages"].values():
        assert all(is_summary(stage[name]) for name in ("entered", "left_forward", "open_at_end", "wait_days"))
    assert is_summary(baseline["cost"])
    assert is_summary(baseline["net"])
    assert baseline["target"]["bookings"] == 900000
    assert 0 < baseline["target"]["probability"] < 1
    differences = {found["scenario"]: found for found in document["differences"]}
    assert set(differences) == {"better", "more", "neutral", "both"}
    assert all(found["against"] == "baseline" for found in differences.values())


def test_parts_add_up_to_the_whole(document: dict[str, Any]) -> None:
    baseline = document["scenarios"]["baseline"]
    for metric in ("bookings", "wins"):
        whole = baseline[metric]["mean"]
        for parts in (baseline["periods"], baseline["origin"].values(), baseline["by"]["source"].values()):
            assert sum(part[metric]["mean"] for part in parts) == pytest.approx(whole)


def test_a_neutral_lever_changes_nothing_at_all(document: dict[str, Any]) -> None:
    neutral = next(found for found in document["differences"] if found["scenario"] == "neutral")
    assert neutral["bookings"] == {"mean": 0.0, "sd": 0.0, "quantiles": dict.fromkeys(sorted(LEVELS, key=float), 0.0)}
    scenarios = document["scenarios"]
    assert scenarios["neutral"] == scenarios["baseline"]


def test_levers_do_what_they_say(document: dict[str, Any]) -> None:
    differences = {found["scenario"]: found for found in document["differences"]}
    assert differences["better"]["wins"]["mean"] > 3
    assert differences["better"]["net"]["mean"] == pytest.approx(differences["better"]["bookings"]["mean"] - 5000)
    by_source = {name: document["scenarios"][name]["by"]["source"] for name in ("baseline", "more")}
    assert by_source["more"]["referral"] == by_source["baseline"]["referral"], "a lever on ads moved referral"
    assert by_source["more"]["ads"]["wins"]["mean"] > 1.1 * by_source["baseline"]["ads"]["wins"]["mean"]
    assert differences["both"]["wins"]["mean"] > max(differences[name]["wins"]["mean"] for name in ("better", "more"))


def test_threads_and_a_second_run_leave_every_byte_as_it_was(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    results = []
    for number, threads in enumerate((1, 2, 2)):
        out = tmp_path / str(number)
        assert invoke("run", assumed, "--threads", threads, "--out", out).exit_code == 0
        results.append(tuple((out / name).read_bytes() for name in ("result.json", "quantiles.parquet")))
    assert results[0] == results[1] == results[2]


@pytest.mark.slow  # worker processes take their time to start
@pytest.mark.parametrize("workers", [1, 2])
def test_a_cluster_leaves_every_byte_as_it_was(assumed: Path, workers: int, invoke: Invoke, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    results = []
    for number, where in enumerate((["--threads", 2], ["--cluster", f"local:{workers}"])):
        out = tmp_path / str(number)
        assert invoke("run", assumed, *where, "--out", out).exit_code == 0
        results.append(tuple((out / name).read_bytes() for name in ("result.json", "quantiles.parquet")))
    assert results[0] == results[1]


def test_what_happened_cannot_be_compared_where_there_is_no_history(
    assumed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    result = invoke("run", assumed, "--actual", "--out", tmp_path / "run")
    assert "note: --actual: there is no history; nothing to compare with" in result.stderr


def test_another_seed_gives_another_result(document: dict[str, Any], assumed: Path, run_json: RunJson) -> None:
    second = run_json(assumed, "--seed", 4)
    assert second["seed"] == 4
    assert document["scenarios"]["baseline"]["bookings"] != second["scenarios"]["baseline"]["bookings"]


def test_the_resolved_scenario_gives_the_same_forecast(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "first"
    invoke("run", assumed, "--set", "assume.arrivals.per_day=5", "--out", out)
    again = invoke("run", out / "resolved.yaml", "--json", "--out", tmp_path / "second")
    first = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert json.loads(again.stdout)["scenarios"] == first["scenarios"]


def test_a_run_leaves_its_provenance(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "out"
    invoke("run", assumed, "--set", "simulation.seed=9", "--out", out)
    assert sorted(path.name for path in out.iterdir()) == [
        "provenance.json",
        "quantiles.parquet",
        "resolved.yaml",
        "result.json",
    ]
    provenance = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["seed"] == 9
    assert provenance["scenario_file"] == str(assumed)
    assert any("simulation.seed" in change for change in provenance["overrides"])
    table = pd.read_parquet(out / "quantiles.parquet")
    assert set(table["scenario"]) == {"baseline", "better", "more", "neutral", "both"}
    assert set(table["by"]) == {"total", "period", "source"}


def test_without_out_the_files_are_beside_the_scenario(assumed: Path, invoke: Invoke) -> None:
    result = invoke("run", assumed, "--futures", 50)
    (folder,) = (assumed.parent / "runs").iterdir()
    assert (folder / "result.json").exists()
    assert str(folder) in result.stdout.replace("\n", "")


def test_the_answer_comes_first_and_names_the_target(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    printed = invoke("run", assumed, "--out", tmp_path / "out").stdout
    first = " ".join(printed.split("\n\n")[0].split())
    assert first.startswith("a test: ")
    assert "(P50)" in first
    assert "(P10 and P90)" in first
    assert "reach the target of 900.0 k" in first
    assert "Traceback" not in printed


def test_only_the_scenario_asked_for_is_run(assumed: Path, run_json: RunJson) -> None:
    assert set(run_json(assumed, "--scenario", "more")["scenarios"]) == {"baseline", "more"}


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["--scenario", "beter"], ["--scenario beter", "better"]),
        (["--set", "forecast.taget.bookings=1"], ["--set", "target"]),
        (["--set", "scenarios.more.0.where.source=radio"], ["radio", "ads, referral"]),
        (["--set", "forecast.by.0=region"], ["forecast.by", "'region'", "known: source"]),
        (["--cluster", "local:many"], ["--cluster local:many", "local:N", "tcp://host:port"]),
        (["--cluster", "local:2", "--threads", "2"], ["--threads", "--cluster", "choose one"]),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_to_do(
    arguments: list[str], fragments: list[str], assumed: Path, invoke: Invoke, tmp_path: Path
) -> None:
    result = invoke("run", assumed, "--out", tmp_path / "out", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert all(line.startswith("error: ") for line in result.stderr.splitlines())
    for fragment in fragments:
        assert fragment in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("{lever: duration, stage: lead, multiply: {constant: -1}}", "above 0"),
        ("{lever: duration, stage: lead, cap_days: {constant: -2}}", "above 0"),
        ("{lever: amount, multiply: {constant: -2}}", "0 or more"),
        ("{lever: conversion, stage: lead, set: {constant: 1.5}}", "from 0 to 1"),
    ],
)
def test_a_constant_is_a_number_like_any_other(change: str, says: str, assumed: Path, invoke: Invoke) -> None:
    result = invoke("check", assumed, "--set", f"scenarios.more.0={change}")
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize("command", ["run", "compare", "leaks", "deals", "explain", "report", "backtest", "serve"])
def test_what_is_wrong_with_an_option_is_said_in_its_own_name(command: str, assumed: Path, invoke: Invoke) -> None:
    result = invoke(command, assumed, "--futures", "99999999999")
    assert result.exit_code == 2
    assert result.stderr == "error: --futures: must be at most 10000000, got 99999999999\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "FILE", "--futures", "0"], "error: --futures: 0 is not in the range x>=1 (see `"),
        (["run", "FILE", "--futures", "2k"], "error: --futures: '2k' is not a whole number; write 2000 (see `"),
        (["allocate", "FILE", "--budget", "40 000"], "error: --budget: '40 000' is not a number; write 40000 (see `"),
        (["run"], "error: Missing argument 'FILE' (see `"),
        (["solve", "FILE"], "error: Missing option '--vary' (see `"),
        (["runn", "FILE"], "error: No such command 'runn'"),
        (["--nothing"], "error: No such option"),
        (["report", "FILE", "--out", "q3.pdf"], "error: --out q3.pdf: a page is written as .html; name such a file"),
        (["deals", "FILE", "--stage", "contrac"], "error: --stage contrac: no open deal has this value (known: "),
    ],
)
def test_wrong_words_on_the_command_line_are_told_in_one_line(
    arguments: list[str], says: str, assumed: Path, invoke: Invoke
) -> None:
    result = invoke(*(assumed if word == "FILE" else word for word in arguments))
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(says)


def test_a_quick_fit_of_nothing_is_refused(assumed: Path, invoke: Invoke) -> None:
    result = invoke("run", assumed, "--quick")
    assert result.exit_code == 2
    assert result.stderr == "error: --quick: there is no history to fit; leave it out\n"


def test_a_constant_may_stand_wherever_a_number_may(assumed: Path, run_json: RunJson) -> None:
    few = ("--futures", 60)
    plain = run_json(assumed, "--set", "assume.stages.meeting.conversion=0.6", *few)
    same = run_json(assumed, "--set", "assume.stages.meeting.conversion={constant: 0.6}", *few)
    assert plain["scenarios"] == same["scenarios"]


def test_a_lever_that_is_cut_at_one_says_in_how_many_futures(assumed: Path, run_json: RunJson) -> None:
    lever = "{lever: conversion, stage: meeting, multiply: {uniform: [1.5, 2.5]}}"
    warnings = run_json(assumed, "--set", f"scenarios.better.0={lever}")["warnings"]
    told = next(warning for warning in warnings if "would exceed 1" in warning)
    share = int(told.split("in ")[1].split("%")[0])
    assert 40 < share < 60, told


def test_more_arrivals_than_can_be_played_are_refused(assumed: Path, invoke: Invoke) -> None:
    result = invoke("run", assumed, "--set", "assume.arrivals.per_day=1e7")
    assert result.exit_code == 2
    assert "new deals would come in one future" in result.stderr


def test_several_targets_are_told_apart_and_together(assumed: Path, run_json: RunJson) -> None:
    target = run_json(assumed, "--set", "forecast.target.wins=75")["scenarios"]["baseline"]["target"]
    assert target["probability"] <= min(target["probabilities"].values())
    assert set(target["probabilities"]) == {"bookings", "wins"}


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(assumed: Path, invoke: Invoke) -> None:
    result = invoke("run", assumed, "--out", assumed / "inside-a-file")
    assert result.exit_code == 2
    assert "is not a folder that can be written" in result.stderr


def test_letters_that_the_terminal_has_not_do_not_end_the_run(assumed: Path, tmp_path: Path) -> None:
    script = (  # JSON first: the tables let stdout replace letters from then on
        "import sys\nfrom simcast.cli import main\n"
        "for flags in (['--json'], []):\n"
        "    try:\n        main(['run', *sys.argv[1:], *flags])\n"
        "    except SystemExit as stop:\n        assert not stop.code, (flags, stop.code)\n"
        "print('both', file=sys.stderr)\n"
    )
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            script,
            str(assumed),
            "--futures",
            "50",
            "--set",
            "name=проба",
            "--out",
            str(tmp_path / "out"),
        ],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines()[-1] == b"both"


def test_a_lever_that_needs_a_number_says_which(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    text = assumed.read_text(encoding="utf-8").replace(
        "  neutral:", "  fast: [{lever: response, stage: lead, within_hours: 24}]\n  neutral:"
    )
    assumed.write_text(text, encoding="utf-8")
    result = invoke("run", assumed, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "scenarios.fast[0]: no team serves 'lead'" in result.stderr
    assert "add now_hours" in result.stderr


def test_there_are_no_exact_means_with_teams(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    text = assumed.read_text(encoding="utf-8")
    assumed.write_text(text + "\nteams: {people: {serves: [lead], headcount: 3, effort_hours: {lead: 1}}}\n", "utf-8")
    result = invoke("run", assumed, "--exact", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "teams (people): there are no exact means" in result.stderr


def test_waits_and_teams_are_told(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    text = assumed.read_text(encoding="utf-8")
    assumed.write_text(text + "\nteams: {people: {serves: [lead], headcount: 1, effort_hours: {lead: 8}}}\n", "utf-8")
    result = invoke("run", assumed, "--json", "--out", tmp_path / "out")
    told = json.loads(result.stdout)["scenarios"]["baseline"]
    assert told["stages"]["lead"]["wait_days"]["mean"] > 0
    assert 0 < told["teams"]["people"]["utilisation"]["mean"] <= 1
    assert len(told["teams"]["people"]["queue"]) == len(told["periods"])
    assert "90% wait at most" in invoke("run", assumed, "--out", tmp_path / "out").stdout


def test_the_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom simcast.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numba', 'numpy', 'pandas', 'pymc', 'arviz', 'xarray', 'scipy', 'pydantic', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[-1] == "[]"


def test_each_command_explains_itself_with_an_example(invoke: Invoke) -> None:
    for command in ("check", "fit", "run", "schema"):
        result = invoke(command, "--help")
        assert result.exit_code == 0
        examples = result.stdout.split("Example")[1].splitlines()[1:]
        assert examples[0].strip().startswith(f"simcast {command} "), "each example has a line of its own"


def test_the_schema_is_json_and_names_the_sections(invoke: Invoke) -> None:
    schema = json.loads(invoke("schema").stdout)
    assert {"pipeline", "history", "assume", "forecast", "simulation", "teams", "scenarios"} <= set(
        schema["properties"]
    )


def test_check_says_what_it_found_and_writes_nothing(assumed: Path, invoke: Invoke) -> None:
    result = invoke("check", assumed)
    assert result.exit_code == 0
    assert "better, more" in result.stdout
    assert list(assumed.parent.iterdir()) == [assumed]
