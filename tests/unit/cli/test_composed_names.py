"""Names on the command line are read as those in files are: a letter and its accent are one character."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from simcast.cli import main

SCENARIO = """
simcast: 1
name: звонки
pipeline: {stages: [новый, встреча]}
assume:
  segments: {край: {южный: 0.5, северный: 0.5}}
  stages: {новый: {conversion: 0.5, days: 4}, встреча: {conversion: 0.5, days: 4}}
  arrivals: {per_day: 1}
  open:
    - {stage: новый, count: 4, age_days: 1, where: {край: южный}}
    - {stage: встреча, count: 2, age_days: 1, where: {край: северный}}
forecast: {as_of: 2026-07-01, until: 2026-07-31}
simulation: {futures: 40}
"""


def asked(tmp_path: Path, command: str, *arguments: str) -> Any:  # noqa: ANN401  any document
    file = tmp_path / "q.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    given = [unicodedata.normalize("NFD", argument) for argument in arguments]
    assert given != list(arguments)
    result = CliRunner().invoke(main, [command, str(file), *given, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(("option", "n"), [(("--stage", "новый"), 4), (("--where", "край=северный"), 2)])
def test_deals_are_chosen_by_names_in_letters_with_accents_apart(
    option: tuple[str, str], n: int, tmp_path: Path
) -> None:
    assert len(asked(tmp_path, "deals", *option)) == n


def test_stages_are_split_by_such_a_column(tmp_path: Path) -> None:
    found = asked(tmp_path, "leaks", "--by", "край")
    assert {"край": "южный"} in [stage["where"] for stage in found["stages"]]


def test_a_lever_on_such_a_stage_is_varied(tmp_path: Path) -> None:
    found = asked(tmp_path, "solve", "--vary", "conversion stage=новый add=0..0.4", "--for", "mean(wins)>=1")
    assert found["vary"]["lever"]["stage"] == "новый"


def test_a_budget_is_split_among_levers_on_such_a_stage(tmp_path: Path) -> None:
    lever = "conversion stage=новый add=0..0.4 cost=10"
    found = asked(tmp_path, "allocate", "--budget", "10", "--among", lever, "--goal", "wins")
    assert "новый" in found["choices"][0]["choice"]
