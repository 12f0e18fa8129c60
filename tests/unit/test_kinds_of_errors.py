"""What is wrong with an argument is an error of the usual kind too; what is wrong in a file is simcast's own only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import simcast
from simcast.analysis import Ground, Limits, allocate, ground_of, leaks, run, solve
from simcast.backtesting import rolling_origins
from simcast.errors import DataError, ScenarioError
from simcast.history import History
from simcast.scenario import build_scenario
from tests.unit.desk import desk

LOG = "deal,stage,entered,source\n1,lead,2026-01-12,ads\n1,won,2026-02-03,ads\n2,lead,2026-02-01,site\n"


@pytest.fixture(scope="module")
def ground() -> Ground:
    return ground_of(desk())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.csv"
    file.write_text(LOG, encoding="utf-8")
    return file


def _stays() -> pd.DataFrame:
    return pd.DataFrame({"deal": ["1"], "stage": ["lead"], "entered": ["2026-01-12"], "left": [None], "move": [None]})


OF_SCENARIOS: list[tuple[Callable[[Ground], Any], type[Exception]]] = [
    (lambda g: simcast.build_plan(g.posterior, g.book, g.scenario, "fix-operater"), KeyError),
    (lambda g: run(g.scenario, names=["nope"]), KeyError),
    (lambda g: g.scenario.levers("nope"), KeyError),
    (lambda g: g.play().values("wins", where={"source": "adz"}), KeyError),
    (lambda g: g.play().values("wins", where={"sorce": "ads"}), KeyError),
    (lambda g: leaks(g, by="regin"), KeyError),
    (lambda g: solve(g, "amount multiply=2", "mean(wins)>=9"), ValueError),
    (lambda g: solve(g, "amount multiply=?", "wins"), ValueError),
    (lambda g: allocate(g, ["nope"], Limits(1.0)), ValueError),
    (lambda g: allocate(g, ["<script>"], Limits()), ValueError),
    (lambda _: simcast.Pipeline.define(["lead", "lead"]), ValueError),
    (lambda _: build_scenario({"simcast": 1}), ValueError),
]


@pytest.mark.parametrize(("call", "kind"), OF_SCENARIOS)
def test_an_argument_that_asks_too_much_of_a_scenario(
    ground: Ground, call: Callable[[Ground], Any], kind: type[Exception]
) -> None:
    with pytest.raises(ScenarioError) as caught:
        call(ground)
    assert isinstance(caught.value, kind)
    assert str(caught.value) == "\n".join(caught.value.problems)  # not as `KeyError` alone prints itself


def test_a_selection_of_no_value_names_nothing_that_is_missing(ground: Ground) -> None:
    with pytest.raises(ScenarioError, match="no value is named") as caught:
        ground.play().values("wins", where={"source": []})
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, KeyError)


OF_HISTORIES: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"format": "logs"}, KeyError, "did you mean 'log'"),
    ({"on_bad_rows": "skip"}, KeyError, "neither 'stop' nor 'quarantine'"),
    ({"repeats": "last"}, KeyError, "not one of stay, join, first"),
    ({"segments": ["sorce"]}, KeyError, "no column 'sorce'; did you mean 'source'"),
    ({"columns": {"deal": "id"}}, KeyError, "no column 'id'"),
    ({"where": {"source": "adz"}}, KeyError, "no row of .* has 'adz'"),
    ({"today": "2026-13-01"}, ValueError, "2026-13-01"),
]


@pytest.mark.parametrize(("arguments", "kind", "words"), OF_HISTORIES)
def test_an_argument_that_asks_too_much_of_a_history(
    log: Path, arguments: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(DataError, match=words) as caught:
        simcast.read_history(log, simcast.Pipeline.define(["lead"]), **arguments)
    assert isinstance(caught.value, kind)


def test_days_and_tables_that_have_no_meaning_are_value_errors(log: Path) -> None:
    history = simcast.read_history(log, simcast.Pipeline.define(["lead"]))
    for call in (
        lambda: history.known_at("2026-13-01"),
        lambda: history.known_at("2026-01-20").known_at("2026-02-01"),
        lambda: history.open_deals(None),  # type: ignore[arg-type]  # the mistake under test
        lambda: History.of(history.pipeline, _stays(), ["source"]),
        lambda: History.of(history.pipeline, _stays().assign(stage="leed")),
    ):
        with pytest.raises(DataError) as caught:
            call()
        assert isinstance(caught.value, ValueError)


def test_origins_are_arguments() -> None:
    scenario = simcast.load_scenario("scenarios/q3.yaml")
    history = simcast.read_history("scenarios/data/deals.csv", scenario.pipeline_definition)
    assert rolling_origins(history, scenario)
    with pytest.raises(ScenarioError, match="choose a later day") as caught:
        simcast.backtest(history, scenario, origins=["2020-01-01"])
    assert isinstance(caught.value, ValueError)


def test_what_is_wrong_in_a_file_is_no_argument(tmp_path: Path) -> None:
    scenario, data = tmp_path / "q.yaml", tmp_path / "log.csv"
    scenario.write_text("simcast: 1\npipeline: {stages: [lead]}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="forecast: missing") as in_scenario:
        simcast.load_scenario(scenario)
    assert type(in_scenario.value) is ScenarioError
    for text in (LOG.replace("lead", "leed"), LOG.replace("deal,", "id,")):
        data.write_text(text, encoding="utf-8")
        with pytest.raises(DataError) as in_data:
            simcast.read_history(data, simcast.Pipeline.define(["lead"]))
        assert type(in_data.value) is DataError
