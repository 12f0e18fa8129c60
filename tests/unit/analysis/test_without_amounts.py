"""Where no amount is known nothing is booked: plans, stages and deals are told apart by wins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcast.analysis import Ground, Limits, Ranking, allocate, deal_table, leaks, rank, run, usual_goal
from simcast.analysis.deals import chosen_deals, have_no_worth
from simcast.analysis.knowing import worth_of_knowing
from simcast.analysis.spread import sources_of_spread
from tests.unit.analysis.assumed_worlds import ground

STAGES = {"a": {"conversion": 0.5, "days": 1}, "b": {"conversion": {"beta": [20, 20]}, "days": 1}}
SCENARIOS = {
    "better": [{"lever": "conversion", "stage": "a", "add": 0.1, "cost": 600}],
    "more": [{"lever": "arrivals", "multiply": 1.1, "cost": 100}],
    "nothing": [{"lever": "duration", "stage": "a", "multiply": 1}],
    "worse": [{"lever": "conversion", "stage": "a", "add": -0.1}],
    "both": ["better", "more"],
}


def hiring(amount: float | None = None) -> Ground:
    open_deals = [{"stage": "a", "count": 5, "age_days": 0}, {"stage": "b", "count": 5, "age_days": 0}]
    return ground(
        STAGES,
        per_day=10,
        futures=400,
        scenarios=SCENARIOS,
        amount=amount,
        open_deals=open_deals,
        segments={"source": {"ads": 0.5, "friends": 0.5}},
    )


@pytest.fixture(scope="module")
def ranking() -> Ranking:
    return rank([run(hiring().scenario)])


def test_scenarios_are_ranked_by_wins_and_better_is_more_wins(ranking: Ranking) -> None:
    assert ranking.by_wins
    assert [option.name for option in ranking.options] == ["baseline", "both", "better", "more", "nothing", "worse"]
    better = ranking.changes[1].difference
    assert better is not None
    assert better.better(by_wins=True) == better.probability_more_wins > 0.9
    assert better.probability_better == 0.0  # by contract that of the net gain, which is the cost alone
    gained = {option.name: option.difference for option in ranking.changes if option.difference}
    assert gained["worse"].probability_fewer_wins > 0.9
    assert gained["nothing"].probability_more_wins == gained["nothing"].probability_fewer_wins == 0.0


def test_an_additional_win_costs_the_mean_cost_by_the_mean_of_more_wins(ranking: Ranking) -> None:
    gained = {option.name: option.difference for option in ranking.changes if option.difference}
    better = gained["better"]
    assert better.cost == 600
    assert better.cost_per_win == pytest.approx(600 / better.wins.mean)
    assert gained["nothing"].cost_per_win is None  # no cost, and no win
    assert gained["worse"].cost_per_win is None


def test_a_win_that_chance_may_have_brought_has_no_price(ranking: Ranking) -> None:
    option = ranking.changes[0]
    assert option.difference is not None
    wins = option.difference.wins
    doubtful = replace(option.difference, wins=replace(wins, mean=1.0 * wins.mean_error))
    assert doubtful.cost_per_win is None
    assert replace(option.difference, wins=replace(wins, mean=2.0 * wins.mean_error)).cost_per_win is not None


def test_parts_interact_in_wins(ranking: Ranking) -> None:
    both = next(option for option in ranking.options if option.name == "both")
    assert both.interaction_wins is not None
    # 1.1 x 0.6 against 1.1 x 0.5 + 1 x 0.6 - 1 x 0.5: a tenth of 880 deals, a tenth of which pass, half of them won.
    assert abs(both.interaction_wins.mean - 880 * 0.1 * 0.1 * 0.5) < 5 * both.interaction_wins.mean_error


def test_with_amounts_the_same_scenarios_are_ranked_by_net_gain() -> None:
    ranking = rank([run(hiring(10).scenario)])
    assert not ranking.by_wins
    assert ranking.changes[0].name == "more"  # 440 more for 100 beats 440 more for 600
    difference = ranking.changes[0].difference
    assert difference is not None
    assert difference.better(by_wins=ranking.by_wins) == difference.probability_better


def test_a_scenario_that_books_where_nothing_else_does_has_all_judged_by_money() -> None:
    paid = {"paid": [{"lever": "amount", "add": 100}], "more": SCENARIOS["more"]}
    played = run(ground(STAGES, per_day=10, futures=50, amount=None, scenarios=paid).scenario)
    assert played.forecasts["baseline"].books_nothing
    assert not played.forecasts["paid"].books_nothing
    assert not played.by_wins
    assert [difference.books_nothing for difference in played.differences] == [False, True]
    assert rank([played]).changes[0].name == "paid"


def test_a_gap_to_the_best_segment_is_told_in_wins() -> None:
    world = hiring()
    assert leaks(world.with_futures(50)).by_wins
    found = {leak.stage: leak for leak in leaks(hiring(10).with_futures(50)).leaks}
    assert not leaks(hiring(10).with_futures(50)).by_wins
    for leak in found.values():
        assert (leak.gap_wins is None) == (leak.gap_bookings is None)


def test_deals_whose_outcome_is_most_open_come_first() -> None:
    table = deal_table(hiring())
    assert have_no_worth(table)
    openness = table["probability_won"] * (1 - table["probability_won"])
    assert np.all(np.diff(openness) <= 0)
    assert set(table["stage"].iloc[:5]) == {"b"}  # of which half are won; of the others a quarter
    assert list(chosen_deals(table)["deal"]) == list(table["deal"])
    assert not have_no_worth(deal_table(hiring(10)))


def test_what_deals_are_worth_is_no_source_of_the_spread_where_they_are_worth_nothing() -> None:
    world = hiring()
    kinds = {source.kind for source in sources_of_spread(world, world.play(), "wins")}
    assert "amounts" not in kinds
    paid = hiring(10)
    assert "amounts" in {source.kind for source in sources_of_spread(paid, paid.play())}


def test_knowing_and_allocating_go_by_wins() -> None:
    world = hiring()
    knowing = worth_of_knowing(world, {name: world.play(name) for name in world.scenario.scenario_names})
    assert knowing is not None
    assert (knowing.metric, knowing.best) == ("wins", "both")
    assert usual_goal(world) == "wins"
    assert allocate(world.with_futures(50), ["better", "more"], Limits(1000, None), "wins").books_nothing


def test_a_target_of_bookings_is_warned_of() -> None:
    world = ground(STAGES, per_day=10, futures=50, amount=None, target={"bookings": 1000})
    assert any("give a target of wins" in warning for warning in run(world.scenario).warnings)
    paid = ground(STAGES, per_day=10, futures=50, amount=10, target={"bookings": 1000})
    assert not any("give a target of wins" in warning for warning in run(paid.scenario).warnings)
