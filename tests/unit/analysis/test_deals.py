"""The chances of open deals against closed forms, given how long each has waited."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.analysis import deal_table
from simcast.analysis.deals import LEAST_EXPECTED, _days_at, chosen_deals
from simcast.errors import SimcastError
from tests.unit.analysis.assumed_worlds import ground

N_FUTURES = 4000
SIGMAS = 5.0
"""Two-sided: a sound program fails a comparison once in 1.7 million."""

LOGNORMAL = stats.lognorm(s=0.8, scale=20.0)
STAGE = {"договор": {"conversion": 0.6, "days": {"lognormal": {"median": 20, "sigma": 0.8}}}}


@pytest.mark.parametrize("age", [0, 15, 60])
def test_a_deal_is_won_as_often_as_its_age_says(age: int) -> None:
    table = deal_table(ground(STAGE, open_deals=[{"stage": "договор", "count": 40, "age_days": age}], days=30))
    won = LOGNORMAL.cdf(age + 30) - LOGNORMAL.cdf(age)
    expected = 0.6 * won / LOGNORMAL.sf(age)
    error = np.sqrt(expected * (1 - expected) / (N_FUTURES * 40))
    found = table["probability_won"].mean()
    assert abs(found - expected) < SIGMAS * error
    if age == 60:  # the control: without its age, the deal would look far better or worse
        assert abs(found - 0.6 * LOGNORMAL.cdf(30)) > SIGMAS * error


def test_the_date_and_its_interval_are_those_of_the_wins_within_the_forecast() -> None:
    stage = {"only": {"conversion": 1.0, "days": {"exponential": {"mean": 40}}}}
    table = deal_table(ground(stage, open_deals=[{"stage": "only", "count": 1, "age_days": 3}], days=60))
    cut = stats.truncexpon(b=60 / 40, scale=40)
    day = (table["expected_close"] - np.datetime64("2026-01-01")).dt.days[0]
    assert abs(day - cut.mean()) < 2.0  # days are whole, and the mean of 3,100 wins has an error of 0.3
    low, high = ((table[name] - np.datetime64("2026-01-01")).dt.days[0] for name in ("close_low", "close_high"))
    assert abs(low - cut.ppf(0.1)) < 2.0  # days are whole, and the quantiles of 3,100 wins have errors of 0.2 and 0.3
    assert abs(high - cut.ppf(0.9)) < 2.0


def test_the_date_is_the_day_nearest_to_the_mean_of_the_wins() -> None:
    """Five wins in six fall on the third day, the others on the second."""
    stage = {"only": {"conversion": 1.0, "days": {"lognormal": {"median": 2.2, "sigma": 0.1}}}}
    table = deal_table(ground(stage, open_deals=[{"stage": "only", "count": 5, "age_days": 0}], days=30, futures=400))
    assert set(table["expected_close"]) == {np.datetime64("2026-01-03")}


@pytest.mark.parametrize("days", [14, 90, 365])
def test_wins_that_all_fall_on_one_day_lie_between_that_day_and_itself(days: int) -> None:
    stage = {"only": {"conversion": 0.5, "days": {"constant": 10}}}
    table = deal_table(ground(stage, open_deals=[{"stage": "only", "count": 3, "age_days": 4}], days=days, futures=200))
    for name in ("expected_close", "close_low", "close_high"):
        assert set(table[name]) == {np.datetime64("2026-01-07")}


def test_days_that_are_counted_together_share_their_wins_evenly() -> None:
    edges, wins = np.array([0, 10, 20]), np.array([[10, 10], [20, 0], [0, 5]], dtype=np.uint16)
    assert [_days_at(row, edges) for row in wins] == [[1.0, 17.0], [0.0, 8.0], [10.0, 18.0]]
    assert np.isnan(_days_at(np.zeros(2, dtype=np.uint16), edges)).all()


def test_deals_older_than_nine_of_ten_that_moved_on_are_stalled() -> None:
    beyond = LOGNORMAL.ppf(0.9)
    open_deals = [{"stage": "договор", "count": 1, "age_days": beyond + delta} for delta in (-1.0, 1.0)]
    table = deal_table(ground(STAGE, open_deals=open_deals, futures=10)).sort_values("age_days")
    assert table["stalled"].tolist() == [False, True]
    assert table["usual_days"].to_numpy() == pytest.approx(beyond, rel=1e-3)


def test_deals_that_wait_in_line_for_a_team_are_not_stalled() -> None:
    open_deals = [{"stage": "договор", "count": 2, "age_days": 300}]
    team = {"people": {"serves": ["договор"], "headcount": 1, "effort_hours": {"договор": 8}}}
    for backlog, stalled in (("all", False), ("none", True)):
        teams = {"people": team["people"] | {"backlog": backlog}}
        table = deal_table(ground(STAGE, open_deals=open_deals, futures=10, teams=teams))
        assert table["stalled"].tolist() == [stalled] * 2


def test_most_is_at_stake_where_the_outcome_is_most_open() -> None:
    stages = {
        name: {"conversion": share, "days": 1} for name, share in (("a", 0.5), ("b", 1.0), ("c", 1.0), ("d", 0.95))
    }
    open_deals = [{"stage": name, "count": 1, "amount": 1000} for name in ("a", "b", "d")]
    table = deal_table(ground(stages, open_deals=open_deals, futures=2000))
    assert table["stage"].tolist()[0] == "a"
    stake = table["amount"] * table["probability_won"] * (1 - table["probability_won"])
    assert table["value_at_stake"].to_numpy() == pytest.approx(stake.to_numpy())


def test_rows_are_chosen_by_any_column_and_unknown_ones_are_refused() -> None:
    segments = {"регион": {"Запад": 0.5, "Юг": 0.5}}
    world = ground(STAGE, open_deals=[{"stage": "договор", "count": 10}], segments=segments, futures=10)
    table = deal_table(world)
    west = chosen_deals(table, where=["регион=Запад"])
    assert 0 < len(west) < 10
    assert set(west["регион"]) == {"Запад"}
    assert len(chosen_deals(table, where=["регион=Запад", "регион=Юг"], stages=["договор"])) == 10
    assert chosen_deals(table, sort="deal")["deal"].is_monotonic_increasing
    dated = table.assign(probability_won=np.where(np.arange(10) % 2, 0.5, LEAST_EXPECTED / 2))
    later = dated["deal"].rank().to_numpy().astype("timedelta64[D]")
    dated["expected_close"] = np.datetime64("2026-01-01", "s") + later
    found = chosen_deals(dated, sort="expected_close")
    assert found["probability_won"].tolist() == [0.5] * 5 + [LEAST_EXPECTED / 2] * 5
    assert found["expected_close"][:5].is_monotonic_increasing
    with pytest.raises(SimcastError, match="no open deal has this value"):
        chosen_deals(table, where=["регион=Восток"])
    with pytest.raises(SimcastError, match="write COLUMN=VALUE"):
        chosen_deals(table, where=["owner=x"])


@pytest.mark.parametrize(
    ("amount", "median"),
    [
        ({"gamma": {"mean": 1000, "shape": 4}}, stats.gamma(4, scale=250).median()),
        ({"weibull": {"scale": 500, "shape": 2}}, stats.weibull_min(2, scale=500).median()),
        ({"exponential": {"mean": 300}}, stats.expon(scale=300).median()),
        ({"lognormal": {"median": 700, "sigma": 1}}, 700.0),
        (80, 80.0),
    ],
)
def test_a_deal_of_unknown_amount_is_worth_the_median_of_its_family(amount: object, median: float) -> None:
    open_deals = [{"stage": "договор", "count": 2, "age_days": 3}]
    table = deal_table(ground(STAGE, open_deals=open_deals, futures=500, amount=amount))
    chance = table["probability_won"]
    assert table["value_at_stake"].to_numpy() == pytest.approx(median * chance * (1 - chance), rel=1e-6)
