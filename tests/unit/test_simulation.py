from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from simcast.analysis import ground_of
from simcast.assume import assumed_book, assumed_posterior
from simcast.errors import SimcastError
from simcast.plan import Plan, build_plan
from simcast.scenario import build_scenario, load_scenario
from simcast.simulation import simulate

SCENARIO = build_scenario(
    {
        "simcast": 1,
        "pipeline": {"stages": ["заявка", "встреча"]},
        "assume": {
            "segments": {"источник": {"реклама": 0.5, "сайт": 0.5}},
            "stages": {
                "заявка": {"conversion": {"beta": [5, 5]}, "days": {"lognormal": {"median": 5, "sigma": 0.8}}},
                "встреча": {"conversion": 0.5, "days": {"exponential": {"mean": 9}}, "stalled": 0.1},
            },
            "arrivals": {"per_day": 2},
            "amount": {"lognormal": {"median": 900, "sigma": 0.7}},
            "open": [{"stage": "встреча", "count": 30, "age_days": 4}],
        },
        "forecast": {"as_of": "2026-07-01", "until": "2026-08-31", "by": ["источник"]},
        "simulation": {"futures": 101, "seed": 5},
    }
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    assert SCENARIO.assume is not None
    posterior = assumed_posterior(SCENARIO.pipeline_definition, SCENARIO.assume)
    book = assumed_book(SCENARIO.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return build_plan(posterior, book, SCENARIO)


@pytest.mark.parametrize(("threads", "chunk"), [(1, 7), (2, 1), (2, 50), (3, 101), (1, 1000)])
def test_neither_threads_nor_chunks_move_a_single_number(plan: Plan, threads: int, chunk: int) -> None:
    whole = simulate(plan, threads=1, chunk=101).results
    assert simulate(plan, threads=threads, chunk=chunk).results.identical(whole)


def test_results_carry_the_names_of_stages_and_segments_in_any_language(plan: Plan) -> None:
    found = simulate(plan)
    assert found.results["stage"].to_numpy().tolist() == ["заявка", "встреча"]
    assert found.quantiles("wins", by="источник").index.tolist() == ["реклама", "сайт"]


def test_each_deal_is_won_in_some_futures_and_its_days_lie_in_the_horizon(plan: Plan) -> None:
    results = simulate(plan).results
    wins, days = results["deal_wins"].to_numpy(), results["deal_win_days"].to_numpy()
    assert wins.sum() == results["wins"].sel(origin="open").sum()
    assert np.all((days >= 0) & (days <= 61 * wins))


def test_progress_ends_at_one(plan: Plan) -> None:
    seen: list[float] = []
    simulate(plan, chunk=20, progress=lambda _, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize("wrong", [{"threads": 0}, {"chunk": 0}])
def test_impossible_settings_are_refused(plan: Plan, wrong: dict[str, int]) -> None:
    with pytest.raises(SimcastError, match="needs a whole number of 1 or more"):
        simulate(plan, **wrong)


def test_futures_played_in_two_parts_are_those_played_at_once() -> None:
    scenario = load_scenario("scenarios/voronka.yaml", overrides=["simulation.futures=40"])
    ground = ground_of(scenario)
    plan = ground.plan(scenario.scenario_names[1])
    whole = simulate(plan, threads=1)
    first = simulate(ground.with_futures(15).plan(scenario.scenario_names[1]), threads=1)
    joined = first.joined(simulate(plan, threads=1, begin=15))
    xr.testing.assert_identical(joined.results, whole.results)
    assert list(joined.results.data_vars) == list(whole.results.data_vars)
    assert joined.notes == whole.notes
