"""The pages of docs/ hold what is true: the reference is that of the schema, the tutorial runs as it stands."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from simcast.cli import main
from simcast.history.crm import CRMS
from simcast.history.sources import Source
from simcast.history.survey import survey
from simcast.scenario import build_scenario, json_schema, load_scenario
from simcast.scenario.reference import reference

Invoke = Callable[..., Result]
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.S)


def test_the_reference_is_that_of_the_schema() -> None:
    assert (DOCS / "scenario.md").read_text(encoding="utf-8") == reference(), "run make docs"


def test_the_schema_for_editors_is_the_one_of_the_code() -> None:
    assert json.loads((DOCS / "scenario.schema.json").read_text(encoding="utf-8")) == json_schema(), "run make docs"


def test_every_key_of_the_schema_is_in_the_reference() -> None:
    schema, page = json_schema(), reference()
    for name, definition in [("The file", schema), *schema["$defs"].items()]:
        for key in definition.get("properties", ()):
            assert f"## {name}\n" in page
            section = page.split(f"## {name}\n")[1].split("\n## ")[0]
            assert f"| `{key}` |" in section


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *DOCS.glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\(((?:[\w./-]+\.\w+)?)(#[\w-]+)?\)", text):
            place = page.parent / target if target else page
            assert place.exists(), f"{page.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$|<a id=\"(.+?)\"", place.read_text(encoding="utf-8"), flags=re.M)
                known = {(heading or named).lower().replace(" ", "-") for heading, named in headings}
                assert anchor[1:] in known, f"{page.name}: {target}{anchor}"


def commands() -> list[list[str]]:
    return [shlex.split(line)[1:] for block in blocks(TUTORIAL, "sh") for line in block.strip().splitlines()]


def test_the_tutorial_begins_as_it_says(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = ""
    for command in commands():
        if command[0] in {"init", "check"}:
            result = invoke(*command)
            assert result.exit_code == 0, result.stderr
            shown += result.stdout
    for line in blocks(TUTORIAL, "text")[0].strip().splitlines():
        assert line in shown
    scenario = load_scenario(tmp_path / "mine" / "scenario.yaml")
    for command in commands():
        if command[0] == "run":
            overrides = [command[k + 1] for k, word in enumerate(command) if word == "--set"]
            load_scenario(tmp_path / "mine" / "scenario.yaml", overrides=overrides)
    (levers,) = blocks(TUTORIAL, "yaml")
    _replace_scenarios(tmp_path / "mine" / "scenario.yaml", levers)
    assert load_scenario(tmp_path / "mine" / "scenario.yaml").scenario_names[-1] == "both"
    assert scenario.scenario_names != load_scenario(tmp_path / "mine" / "scenario.yaml").scenario_names


def _replace_scenarios(file: Path, levers: str) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("\nscenarios:\n") + 1] + levers, encoding="utf-8")


@pytest.mark.slow
def test_the_tutorial_runs_to_its_end(invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (levers,) = blocks(TUTORIAL, "yaml")
    for number, command in enumerate(commands()):
        quick = ["--quick"] if command[0] == "run" and "--quick" not in command else []
        few = ["--futures", "200", "--quiet"] if command[0] == "run" else []
        result = invoke(*command, *quick, *few)
        assert result.exit_code in ((0, 1) if command[0] == "run" else (0,)), f"{number}: {result.stderr}"
        if "forecast.target.bookings=1400000" in command:
            _replace_scenarios(tmp_path / "mine" / "scenario.yaml", levers)
    assert (tmp_path / "decision" / "provenance.json").exists()


def test_the_page_of_crms_names_each() -> None:
    page = (DOCS / "crm.md").read_text(encoding="utf-8")
    assert all(name in page for name in CRMS)


@pytest.mark.parametrize(("name", "n_blocks"), [("crm", 2), ("fields", 3)])
def test_scenarios_in_pages_are_sound(name: str, n_blocks: int) -> None:
    found = blocks((DOCS / f"{name}.md").read_text(encoding="utf-8"), "yaml")
    assert len(found) >= n_blocks
    for block in found:
        from io import StringIO

        from ruamel.yaml import YAML

        data = YAML(typ="safe").load(StringIO(block.replace("${CRM_PASSWORD}", "${CRM_PASSWORD:-x}")))
        build_scenario(
            {
                "simcast": 1,
                "pipeline": {"stages": ["lead"]},
                "forecast": {"as_of": "2026-07-01", "horizon": "1 quarter"},
                **data,
            }
        )


def test_the_columns_that_the_page_of_crms_names_are_read(tmp_path: Path) -> None:
    exports = {
        "salesforce": "Opportunity ID,From Stage,To Stage,Last Modified,Created Date\n1,A,B,2026-01-02,2026-01-01",
        "pipedrive": "item_id,field_key,old_value,new_value,log_time\n1,stage_id,A,B,2026-01-02 10:00:00",
        "bitrix24": "OWNER_ID,STAGE_ID,CREATED_TIME\n1,C1:NEW,2026-01-02T10:00:00+03:00",
        "amocrm": "entity_id,value_before,value_after,created_at\n1,A,B,02.01.2026",
        "hubspot": 'Record ID,Deal Stage,Create Date,Close Date,"Date entered ""B"""\n1,B,2026-01-01,,2026-01-02',
    }
    for name, text in exports.items():
        file = tmp_path / f"{name}.csv"
        file.write_text(text + "\n", encoding="utf-8")
        assert survey(Source(file, name)).n_deals == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_completes_the_command(invoke: Invoke, shell: str) -> None:
    result = invoke("completion", shell)
    assert result.exit_code == 0
    assert "_SIMCAST_COMPLETE" in result.stdout
    assert "simcast" in result.stdout


def test_commands_are_completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("_SIMCAST_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "simcast con")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises(SystemExit):
        main(prog_name="simcast")
    assert capsys.readouterr().out.strip() == "plain,convert"


def test_data_in_place_of_a_scenario_is_sent_to_init(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("deal,stage,entered\n", encoding="utf-8")
    result = invoke("run", tmp_path / "deals.csv")
    assert result.exit_code == 2
    assert f"simcast init --from {tmp_path / 'deals.csv'}" in result.stderr
    assert "is a folder" in invoke("check", tmp_path).stderr
    assert "simcast init" in invoke("check", tmp_path / "none.yaml").stderr


DECISIONS = re.findall(
    r"^    simcast ((?:[^\n]*\\\n)*[^\n]*)\n\n```\n([^`]*)```",
    (DOCS / "decisions.md").read_text(encoding="utf-8"),
    flags=re.M,
)


@pytest.mark.slow
@pytest.mark.parametrize(("command", "printed"), DECISIONS, ids=[command.split()[0] for command, _ in DECISIONS])
def test_what_the_page_of_decisions_prints_is_what_is_printed(command: str, printed: str, invoke: Invoke) -> None:
    result = invoke(*shlex.split(command.replace("\\\n", " ")))
    assert result.exit_code == 0, result.stderr
    assert printed.split() == result.stdout.split()
