"""What an assumption over a history leaves out of its moves is said, with how to keep it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcast.analysis import Ground
from simcast.analysis.cautions import moves_left_out
from simcast.analysis.check import check
from simcast.analysis.inputs import book_of
from simcast.analysis.run import run
from simcast.assume import assumed_posterior
from simcast.history import read_history
from simcast.report.words.russian_sentences import in_russian
from simcast.scenario import Scenario, build_scenario

ENDS = {"offer": 5, "phone": 2, "keepwarm": 3, "withdrew": 4, "lost": 6}
SAID = (
    "assume.stages.onsite: moves without a share are gone, and what remains is lost; in the history 20 stays ended "
    "there, with moves to withdrew (4), phone (2), keepwarm (3); to keep them, give assume.stages.onsite.moves"
)
STAGE = {"conversion": 0.25, "days": 5}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write a history in which 20 stays in onsite have ended, and one goes on."""
    ends = [end for end, n in ENDS.items() for _ in range(n)]
    rows = [f"D{n},onsite,2026-06-01\nD{n},{end},2026-06-05" for n, end in enumerate(ends)]
    file = tmp_path / "log.csv"
    file.write_text("deal,stage,entered\n" + "\n".join(rows) + "\nX,onsite,2026-06-20\n", encoding="utf-8")
    return file


def scenario_of(log: Path | None, **onsite: Any) -> Scenario:  # noqa: ANN401 - as in a file
    others = {name: {"conversion": 0.5, "days": 3} for name in ("phone", "offer", "keepwarm")}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {
                "stages": ["phone", "onsite", "offer"],
                "outcomes": {"withdrew": "lost"},
                "moves": [
                    {"from": "onsite", "to": "phone"},
                    {"from": "onsite", "to": "keepwarm"},
                    {"from": "keepwarm", "to": "onsite"},
                ],
            },
            "history": None if log is None else {"path": str(log)},
            "assume": {"stages": {**others, "onsite": STAGE | onsite}, "arrivals": {"per_day": 1}, "amount": 1},
            "forecast": {"as_of": "2026-07-01", "until": "2026-07-31"},
            "simulation": {"futures": 100},
        }
    )


def said_of(scenario: Scenario, log: Path) -> list[str]:
    return list(moves_left_out(scenario, read_history(log, scenario.pipeline_definition)))


def test_moves_that_are_gone_are_told_with_their_counts_and_shares_that_keep_them(log: Path) -> None:
    """Three quarters remain, of which 2, 3, 4 and 6 of 15 went to each move and to losses."""
    (said,) = said_of(scenario_of(log), log)
    shares = "{withdrew: 0.2, phone: 0.1, keepwarm: 0.15}"
    assert said == f"{SAID}, such as {shares}, which splits what remains as it was"
    assert (in_russian(said) or "").replace("\u00a0", " ") == (
        "assume.stages.onsite: переходов без доли больше нет, а остаток — потери; в истории завершённых "
        "пребываний там 20, среди них с переходами withdrew (4), phone (2), keepwarm (3); чтобы сохранить их, задайте "
        f"assume.stages.onsite.moves, например {shares}: так остаток делится, как было"
    )
    assert said_of(scenario_of(log, moves={"phone": 0.1, "keepwarm": 0.15, "withdrew": 0.2}), log) == []


def test_a_share_of_nothing_is_a_share(log: Path) -> None:
    (said,) = said_of(scenario_of(log, moves={"phone": 0.0, "withdrew": 0.15}), log)
    assert said.endswith(
        "with moves to keepwarm (3); to keep them, give assume.stages.onsite.moves, such as {keepwarm: 0.2}, "
        "which splits what remains as it was"
    )


def test_where_nothing_remains_no_shares_are_proposed(log: Path) -> None:
    (said,) = said_of(scenario_of(log, conversion=1), log)
    assert said == SAID
    assert (in_russian(said) or "").endswith("задайте assume.stages.onsite.moves")


def test_nothing_is_said_where_everything_is_assumed() -> None:
    assert list(moves_left_out(scenario_of(None), None)) == []
    assert not any("without a share" in warning for warning in run(scenario_of(None)).warnings)


def test_check_and_all_that_is_played_warn_of_it(log: Path) -> None:
    scenario = scenario_of(log)
    found = check(scenario)
    assert [line for line in found.lines() if line.startswith(f"warning: {SAID}")]
    assert [warning for warning in found.to_dict()["warnings"] if warning.startswith(SAID)]
    assert found.history is not None
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume)
    known = found.history.known_at(np.datetime64("2026-07-01"))
    ground = Ground(scenario, known, posterior, book_of(scenario, known, posterior), 1)
    assert [warning for warning in ground.warnings if warning.startswith(SAID)]


def test_a_run_warns_of_it_before_all_that_a_fit_found(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = scenario_of(log)
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume)
    monkeypatch.setattr(sys.modules["simcast.analysis.run"], "posterior_of", lambda *_: posterior)
    assert run(scenario).warnings[0].startswith(SAID)
