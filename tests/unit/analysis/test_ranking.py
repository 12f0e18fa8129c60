from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from simcast.analysis import rank, run
from simcast.report.ranking import answer, print_ranking
from simcast.scenario import Scenario
from simcast.scenario.schema import Origin
from tests.unit.analysis.assumed_worlds import ground

STAGES = {"a": {"conversion": 0.5, "days": 1}, "b": {"conversion": 0.5, "days": 1}}
SCENARIOS = {
    "better": [{"lever": "conversion", "stage": "a", "add": 0.1, "cost": 600}],
    "more": [{"lever": "arrivals", "multiply": 1.2, "cost": 100_000}],
    "nothing": [{"lever": "amount", "multiply": 1}],
    "both": ["better", "more"],
}


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return ground(STAGES, per_day=10, futures=800, scenarios=SCENARIOS, target={"bookings": 22_000}).scenario


def test_the_best_stands_first_and_baselines_before_all(scenario: Scenario) -> None:
    ranking = rank([run(scenario)])
    assert [option.name for option in ranking.options] == ["baseline", "better", "nothing", "both", "more"]
    best = ranking.changes[0]
    assert best.difference is not None
    # 88 days of 10 deals in time, a tenth more of which pass: 88 x 0.5 wins of 100 each, less 600.
    assert abs(best.difference.net.mean - (4400 - 600)) < 5 * best.difference.net.mean_error
    assert best.target is not None
    assert 0.0 < best.target < 1.0


def test_parts_interact_as_products_do(scenario: Scenario) -> None:
    both = next(option for option in rank([run(scenario)]).options if option.name == "both")
    assert both.interaction is not None
    # 1.2 x 0.6 against 1.2 x 0.5 + 1 x 0.6 - 1 x 0.5: a fifth of 880 deals, a tenth of which pass, half of them won.
    assert abs(both.interaction.mean - 880 * 0.2 * 0.1 * 0.5 * 100) < 5 * both.interaction.mean_error
    assert both.interaction.mean > 5 * both.interaction.mean_error  # the control: it is not nothing


def test_a_cost_is_paid_back_in_the_first_period_whose_gain_covers_it(scenario: Scenario) -> None:
    options = {option.name: option for option in rank([run(scenario)]).options}
    assert options["better"].pays_back == date(2026, 1, 31)  # 29 days x 5 wins x 0.1 x 100 = 1,450 by then
    assert options["more"].pays_back is None
    assert options["nothing"].pays_back is None


def test_files_with_other_dates_are_not_compared(scenario: Scenario) -> None:
    first = run(scenario, names=["better"])
    later = scenario.model_copy(
        update={"forecast": scenario.forecast.model_copy(update={"until": date(2026, 4, 30)}), "scenarios": {}}
    )
    ranking = rank([first, run(later)])
    assert ranking.across == ()
    assert "different dates" in ranking.notes[0]
    assert rank([first, first]).across[0].bookings.sd == 0.0


def test_several_files_are_named_with_their_scenarios(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = run(scenario), run(scenario.model_copy())
    for found, name in ((first, "a.yaml"), (second, "b.yaml")):
        monkeypatch.setattr(found.scenario, "_origin", Origin(file=Path(name)))
    console = Console(file=StringIO(), width=120)
    print_ranking(rank([first, second]), console)
    assert isinstance(console.file, StringIO)
    printed = console.file.getvalue()
    assert "'better' of a.yaml brings the most" in printed
    assert "both (b.yaml): together its parts" in printed
    assert "…" not in printed
    assert "yaml" not in answer(rank([first]))
