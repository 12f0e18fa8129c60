from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simcast.engine
import simcast.expectation
from simcast.analysis import ExactMeans, Means, exact_means
from simcast.analysis.exact_means import Z_LIMIT
from simcast.assume import assumed_book, assumed_posterior
from simcast.engine.compiled import KeptCode, digest_of_sources
from simcast.engine.layout import ADD, MULTIPLY, Effects
from simcast.engine.samplers import LOGLOGISTIC
from simcast.errors import SimcastError
from simcast.expectation import agreement_score, expect, score_of_missed_events
from simcast.expectation.futures import expect_in_room
from simcast.plan import Plan, build_plan
from simcast.scenario import Scenario, build_scenario
from simcast.scenario.assumptions import WeatherAssumption
from simcast.scenario.settings import SimulationSettings
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
            "open": [{"stage": "встреча", "count": 30, "age_days": 4, "amount": 500}],
        },
        "forecast": {"as_of": "2026-07-01", "until": "2026-08-31", "by": ["источник"]},
        "simulation": {"futures": 90, "seed": 5},
    }
)


def plan_of(scenario: Scenario) -> Plan:
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume)
    book = assumed_book(scenario.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return build_plan(posterior, book, scenario)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(SCENARIO)


def test_futures_are_spread_evenly_and_each_has_its_own_parameters(plan: Plan) -> None:
    some = expect(plan, futures=30)
    assert some.futures.tolist() == list(range(1, 90, 3))
    assert np.ptp(some.values("wins")) > 1.0
    everything = expect(plan, futures=1000)
    assert everything.futures.tolist() == list(range(90))
    np.testing.assert_array_equal(everything.wins[some.futures], some.wins)


def test_threads_move_no_number(plan: Plan) -> None:
    np.testing.assert_array_equal(expect(plan, threads=3).bookings, expect(plan, threads=1).bookings)


def test_threads_move_no_number_where_each_future_has_its_own_clocks(plan: Plan) -> None:
    assert SCENARIO.assume is not None
    changing = SCENARIO.assume.model_copy(update={"weather": WeatherAssumption(speed=0.4)})
    months = plan_of(SCENARIO.model_copy(update={"assume": changing}))
    alone = expect(months, threads=1)
    assert not np.array_equal(alone.wins, expect(plan, threads=1).wins)
    for _ in range(3):
        together = expect(months, threads=4)
        np.testing.assert_array_equal(together.wins, alone.wins)
        np.testing.assert_array_equal(together.wins_halved, alone.wins_halved)


def test_rare_wins_that_do_not_happen_are_chance() -> None:
    """Three deals that are won within the day in 8 of 1,000 futures: often in none of 200."""
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["a"]},
            "assume": {
                "stages": {"a": {"conversion": 0.05, "days": {"exponential": {"mean": 18}}}},
                "amount": {"constant": 100},
                "open": [{"stage": "a", "count": 3}],
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-07-01"},
            "simulation": {"futures": 200, "seed": 3},
        }
    )
    found = []
    for seed in range(1, 13):
        played = plan_of(scenario.model_copy(update={"simulation": SimulationSettings(futures=200, seed=seed)}))
        found.append(exact_means(played, simulate(played)))
    assert any(one.means["wins"].simulated == 0.0 for one in found)
    assert not any(one.disagreements() for one in found)

    # The control: what does not happen though it is due often enough.
    assert score_of_missed_events(-15.0) < -Z_LIMIT


def test_the_numerical_error_is_that_of_the_grid(plan: Plan) -> None:
    coarse, fine = (expect(plan, futures=8, steps_per_day=steps) for steps in (1, 2))
    apart = abs(coarse.values("bookings").mean() - fine.values("bookings").mean())
    assert coarse.numerical_error("bookings") == pytest.approx(apart)
    assert 0.0 < fine.numerical_error("bookings") < coarse.numerical_error("bookings")


@pytest.mark.parametrize("wrong", [{"futures": 0}, {"steps_per_day": 0}, {"threads": 0}])
def test_impossible_settings_are_refused(plan: Plan, wrong: dict[str, int]) -> None:
    with pytest.raises(SimcastError, match="must be 1 or more"):
        expect(plan, **wrong)


def with_slope(plan: Plan) -> Plan:
    """Let deals stand at the centre of amounts, where the log is 0: the offset alone tells them from unknown ones."""
    kernel = plan.kernel
    n_draws, n_stages, n_segments, _ = kernel.probability.shape
    return replace(
        plan,
        kernel=kernel._replace(
            amount_slope=np.full((n_draws, n_stages), 0.3),
            amount_offset=np.full((n_draws, n_stages, n_segments), -0.1),
            deal_log_amount=np.zeros(len(kernel.deal_key)),
        ),
    )


def amount_lever(plan: Plan, operation: int, value: float) -> Plan:
    n_segments, n_slots = plan.kernel.probability.shape[2:]
    lever = Effects(
        operation=np.array([operation]),
        stage=np.array([-1]),
        slots=np.zeros((1, n_slots), bool),
        segments=np.ones((1, n_segments), bool),
        on_open=np.ones(1, bool),
        weight=np.ones((1, 1)),
        value=np.full((1, plan.n_futures), value),
    )
    return replace(plan, kernel=plan.kernel._replace(on_amount=lever))


def test_open_deals_whose_conversion_depends_on_amounts_are_left_out_and_said(plan: Plan) -> None:
    found = expect(with_slope(plan), futures=5)
    assert found.origins == ("new",)
    assert np.all(found.bookings[..., 0] == 0.0)
    np.testing.assert_array_equal(found.bookings[..., 1], expect(plan, futures=5).bookings[..., 1])
    assert "conversion depends on their amounts" in found.notes[0]


def test_open_deals_of_unknown_amounts_have_the_chances_of_all_deals(plan: Plan) -> None:
    sloped = with_slope(plan).kernel
    unknown = replace(plan, kernel=sloped._replace(deal_log_amount=np.full(len(sloped.deal_key), np.nan)))
    found = expect(unknown, futures=5)
    assert (found.origins, found.notes) == (("open", "new"), ())
    np.testing.assert_array_equal(found.bookings, expect(plan, futures=5).bookings)


def test_compiled_code_is_kept_by_the_sources_of_both_packages_and_survives_damage() -> None:
    kept = expect_in_room.compiled._cache
    assert isinstance(kept, KeptCode)
    packages = (Path(simcast.expectation.__file__).parent, Path(simcast.engine.__file__).parent)
    assert f"compiled-{digest_of_sources(*packages)}" in Path(kept.cache_path).parts
    assert digest_of_sources(*packages) != digest_of_sources(packages[0])


def test_arrays_that_cannot_be_written_need_no_other_code(plan: Plan) -> None:
    compiled = len(expect_in_room.compiled.signatures)
    probability = plan.kernel.probability.copy()
    probability.flags.writeable = False
    read_only = replace(plan, kernel=plan.kernel._replace(probability=probability))
    np.testing.assert_array_equal(expect(read_only, futures=5).wins, expect(plan, futures=5).wins)
    assert len(expect_in_room.compiled.signatures) == max(compiled, 1)


def test_what_levers_take_beyond_an_amount_is_left_out_and_said(plan: Plan) -> None:
    """Open deals are worth 500 each: 400 off leaves 100 of it, 600 off would leave less than nothing."""
    found = expect(amount_lever(plan, ADD, -60_000.0), futures=5)
    assert found.origins == ("new",)
    assert "takes more off" in found.notes[0]
    assert expect(amount_lever(plan, ADD, -40_000.0), futures=5).origins == ("open", "new")
    half, whole = (expect(amount_lever(plan, MULTIPLY, factor), futures=5).bookings for factor in (0.5, 1.0))
    np.testing.assert_allclose(half, 0.5 * whole)


def test_what_levers_take_off_amounts_drawn_is_right(plan: Plan) -> None:
    """Amounts below what is taken off are worth nothing, not less; |z| < 4.9: a false alarm in a million."""
    lowered = amount_lever(plan, ADD, -45_000.0)
    means = exact_means(lowered, simulate(lowered)).means["bookings"]
    assert means.z is not None
    assert abs(means.z) < 4.9


def test_amounts_without_a_mean_are_refused(plan: Plan) -> None:
    shape = np.full_like(plan.kernel.amount_shape, 1.2)
    heavy = replace(plan, kernel=plan.kernel._replace(amount_family=LOGLOGISTIC, amount_shape=shape))
    with pytest.raises(SimcastError, match="have no mean"):
        expect(heavy, futures=5)


def test_the_comparison_is_of_the_same_futures_and_origins(plan: Plan) -> None:
    forecast = simulate(plan)
    found = exact_means(plan, forecast)
    assert (found.n_futures, found.covers_all, found.disagreements()) == (90, True, [])
    means = found.means["wins"]
    assert means.simulated == pytest.approx(forecast.values("wins").mean())
    paired = forecast.values("wins") - expect(plan).values("wins")
    assert means.monte_carlo_error == pytest.approx(paired.std(ddof=1) / np.sqrt(90))
    assert means.z == agreement_score(paired)
    only_new = exact_means(with_slope(plan), forecast)
    assert only_new.means["wins"].simulated == pytest.approx(forecast.values("wins", origin="new").mean())
    assert not only_new.covers_all


def test_a_simulation_of_something_else_is_found_out(plan: Plan) -> None:
    other = replace(plan, kernel=plan.kernel._replace(arrival_mean=plan.kernel.arrival_mean * 1.3))
    lines = exact_means(plan, simulate(other)).disagreements()
    assert len(lines) >= 1
    assert "which is not chance (z = " in lines[0]


def test_means_disagree_beyond_chance_and_grid() -> None:
    assert Means(10.0, 10.5, 0.1, 5.0, 0.01).disagree
    assert Means(10.0, 9.5, 0.1, -5.0, 0.01).disagree
    assert not Means(10.0, 10.3, 0.1, 3.0, 0.01).disagree
    assert not Means(10.0, 10.5, 0.1, 5.0, 0.06).disagree, "3.8 errors beyond the grid's"
    assert not Means(10.0, 10.5, 0.1, 5.0, 0.6).disagree, "the grid is too coarse to tell"


def test_where_nothing_is_left_to_chance_any_difference_tells() -> None:
    assert not Means(10.0, 10.0, 0.0, None, 0.0).disagree
    assert Means(10.0, 10.5, 0.0, None, 0.1).disagree
    assert not Means(10.0, 10.5, None, None, 0.0).disagree, "of one future nothing is known"
    found = ExactMeans({"wins": Means(10.0, 12.0, 0.0, None, 0.0)}, 50, ("open", "new"), ())
    assert len(found.disagreements()) == 1
