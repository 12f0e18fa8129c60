"""Over which months stays are spread, and what the weather of these months does to totals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simcast.analysis import ground_of
from simcast.analysis.run import run
from simcast.plan import build_plan
from simcast.plan.calendar import ForecastDays
from simcast.plan.months import months_of_beginning, months_of_ends
from simcast.scenario import Scenario, build_scenario
from simcast.simulation import simulate

Floats = np.ndarray[Any, np.dtype[np.float64]]

DAYS = ForecastDays(np.datetime64("2026-07-01"), np.datetime64("2026-09-30"), "month")
IN_MONTH = np.array([31.0, 31.0, 30.0])


def scenario(
    stage: dict[str, Any], opened: list[dict[str, Any]], weather: dict[str, float], **more: object
) -> Scenario:
    stages = {"сделка": stage, "отгрузка": {"conversion": 1.0, "days": 0}}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["сделка", "отгрузка"]},
            "assume": {"stages": stages, "open": opened, "weather": weather, "amount": {"constant": 1}} | more,
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-30", "period": "month"},
            "simulation": {"futures": 4000, "seed": 1},
        }
    )


def shares_of_ends(stage: dict[str, Any], age: float) -> Floats:
    """Return the shares of the open deals' stays, and below them those of stays that begin in each month."""
    plan = ground_of(scenario(stage, [{"stage": "сделка", "count": 3, "age_days": age}], {})).plan()
    codes, ages = plan.kernel.deal_stage, plan.kernel.deal_age
    return months_of_ends(codes, ages, DAYS, plan.kernel._asdict()).share[0]


@pytest.mark.parametrize("age", [1.0, 200.0])
def test_at_a_constant_hazard_each_day_counts_the_same(age: float) -> None:
    shares = shares_of_ends({"conversion": 1.0, "days": {"exponential": {"mean": 40}}}, age)
    np.testing.assert_allclose(shares[0], IN_MONTH / 92.0, atol=0.002)
    np.testing.assert_allclose(shares[1], [15.5 / 76.5, 31 / 76.5, 30 / 76.5], atol=0.002)  # from mid-July on
    np.testing.assert_allclose(shares[3], [0.0, 0.0, 1.0], atol=1e-9)


def test_stays_end_when_their_law_says() -> None:
    """A stay of three weeks, and one that has lasted two of them: each has its month, all of it."""
    stage = {"conversion": 1.0, "days": {"lognormal": {"median": 21, "sigma": 0.02}}}
    np.testing.assert_allclose(shares_of_ends(stage, 14.0)[0], [1.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(shares_of_ends(stage, 14.0)[1:], [[0, 1, 0], [0, 0, 1], [0, 0, 1]], atol=1e-6)
    np.testing.assert_allclose(shares_of_ends({"conversion": 0.0, "days": 500}, 1.0).sum(axis=1), 1.0)


def test_open_stays_began_when_their_ages_say() -> None:
    opened = [
        {"stage": "сделка", "count": count, "age_days": age} for count, age in ((30, 20.5), (10, 700.5), (60, 0.5))
    ]
    book = ground_of(scenario({"conversion": 1.0, "days": 5}, opened, {})).book
    found = months_of_beginning(book, DAYS)
    by_month = dict(zip(found.months.astype(str).tolist(), found.share[0, 0].tolist(), strict=True))
    assert {month: share for month, share in by_month.items() if share} == pytest.approx(
        {"2024-07": 0.1, "2026-06": 0.9}  # 700 days ago, 20 days ago and yesterday
    )
    assert found.share[1, 0].tolist()[-3:] == [1.0, 0.0, 0.0]  # without open stays, the month at hand
    np.testing.assert_array_equal(found.share[0, 1:, -3:], np.eye(3))


def sd_of_wins(scenario: Scenario) -> float:
    forecast = run(scenario).forecasts["baseline"]
    return float(forecast.values("wins").std())


def test_open_deals_have_the_luck_of_the_months_in_which_they_end() -> None:
    """Each month has its own luck, by a simulation apart; one luck for the whole wait would be too much."""
    n, mean, spread = 3000, 60.0, 0.3
    luck = np.exp(spread * np.random.default_rng(1).standard_normal((200_000, 3)))
    ended = -np.expm1(-(luck * IN_MONTH).sum(axis=1) / mean)
    expected = np.sqrt((n * ended * (1.0 - ended)).mean() + (n * ended).var())
    in_one_month = -np.expm1(-luck[:, 0] * 92.0 / mean)
    stage = {"conversion": 1.0, "days": {"exponential": {"mean": mean}}}
    opened = [{"stage": "сделка", "count": n, "age_days": 10}]
    found = sd_of_wins(scenario(stage, opened, {"speed": spread}))
    assert found == pytest.approx(expected, rel=0.06)  # a sd of 4,000 futures has an error of 1.1%
    assert (n * in_one_month).std() > 1.4 * expected


def test_open_deals_have_the_luck_of_the_months_in_which_they_began() -> None:
    """Of four months' deals each has its own luck: half the spread of the totals if they had begun in one month."""
    stage = {"conversion": 0.5, "days": 2}
    many = [{"stage": "сделка", "count": 1000, "age_days": 30.5 * month + 10} for month in range(4)]
    one = [{"stage": "сделка", "count": 4000, "age_days": 10}]
    apart, together, alone = (
        sd_of_wins(scenario(stage, opened, weather))
        for opened, weather in ((many, {"conversion": 0.4}), (one, {"conversion": 0.4}), (one, {}))
    )
    assert np.sqrt(apart**2 - alone**2) == pytest.approx(0.5 * np.sqrt(together**2 - alone**2), rel=0.06)


def test_the_share_that_stalls_is_no_matter_of_weather() -> None:
    """Good months win deals from the lost, none from those that never end."""
    stage = {"conversion": 0.4, "stalled": 0.3, "days": 2}
    opened = [{"stage": "сделка", "count": 2000, "age_days": 1}]
    forecast = run(scenario(stage, opened, {"conversion": 0.8})).forecasts["baseline"]
    left = forecast.results["open_at_end"].sel(stage="сделка").to_numpy()[:, -1].astype(float)
    assert left.mean() == pytest.approx(0.3 * 2000, abs=5 * np.sqrt(420 / 4000))
    assert left.var() == pytest.approx(2000 * 0.3 * 0.7, rel=0.15)


def test_an_unsure_level_is_common_to_all_months() -> None:
    """Months that share an unsure level go together; their own weather leaves them apart."""
    asked = scenario({"conversion": 0.5, "days": 0}, [], {"conversion": 0.3}, arrivals={"per_day": 200})
    ground = ground_of(asked)
    draws = ground.posterior.draws
    unsure = draws.assign(weather_conversion_level=draws["weather_conversion"])
    correlation = []
    for posterior in (ground.posterior, replace(ground.posterior, draws=unsure)):
        wins = simulate(build_plan(posterior, ground.book, asked)).results["wins"]
        by_month = wins.sum([dim for dim in wins.dims if dim not in ("future", "period")]).to_numpy()
        correlation.append(np.corrcoef(by_month.T)[0, 1])
    assert correlation[0] == pytest.approx(0.0, abs=0.06)
    assert correlation[1] == pytest.approx(0.5, abs=0.08)  # less by what single deals add
