"""What the weather of months does to totals and to months, and over which months stays are spread."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from simcast.analysis import ground_of
from simcast.analysis.run import run
from simcast.plan import build_plan
from simcast.plan.months import months_of_beginning
from simcast.plan.periods import ForecastDays
from simcast.scenario import Scenario, build_scenario
from simcast.simulation import simulate

Floats = np.ndarray[Any, np.dtype[np.float64]]

DAYS = ForecastDays(np.datetime64("2026-07-01"), np.datetime64("2026-09-30"), "month")
IN_MONTH = np.array([31.0, 31.0, 30.0])


def scenario(
    stage: dict[str, Any],
    opened: list[dict[str, Any]],
    weather: dict[str, float],
    until: str = "2026-09-30",
    **more: object,
) -> Scenario:
    stages = {"сделка": stage, "отгрузка": {"conversion": 1.0, "days": 0}}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["сделка", "отгрузка"]},
            "assume": {"stages": stages, "open": opened, "weather": weather, "amount": {"constant": 1}} | more,
            "forecast": {"as_of": "2026-07-01", "until": until, "period": "month"},
            "simulation": {"futures": 4000, "seed": 1},
        }
    )


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


LAWS = {
    "exponential": ({"exponential": {"mean": 60}}, stats.expon(scale=60), 10.0),
    "peaked": ({"lognormal": {"median": 90, "sigma": 0.3}}, stats.lognorm(0.3, scale=90), 60.0),
    "long-tailed": ({"lognormal": {"median": 30, "sigma": 1.5}}, stats.lognorm(1.5, scale=30), 10.0),
    "gamma": ({"gamma": {"mean": 60, "shape": 2}}, stats.gamma(2, scale=30), 10.0),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "until"),
    [
        *product(("exponential", "peaked", "long-tailed"), ("2026-07-31", "2026-09-30", "2027-06-30")),
        ("gamma", "2026-09-30"),  # whose quantiles take longest to draw
    ],
)
def test_each_month_has_its_own_luck_however_far_the_forecast_looks(law: str, until: str) -> None:
    """Days pass quicker or slower in each month, by a simulation apart: July's wins, and those of the quarter."""
    n, spread = 3000, 0.3
    days, true, age = LAWS[law]
    luck = np.exp(spread * np.random.default_rng(1).standard_normal((100_000, 3)) - 0.5 * spread**2)
    passed = np.cumsum(luck * IN_MONTH, axis=1)
    ended = true.cdf(age + passed) / true.sf(age) - true.cdf(age) / true.sf(age)
    opened = [{"stage": "сделка", "count": n, "age_days": age}]
    asked = scenario({"conversion": 1.0, "days": days}, opened, {"speed": spread}, until=until)
    wins = run(asked).forecasts["baseline"].results["wins"]
    by_month = wins.sum([dim for dim in wins.dims if dim not in ("future", "period")]).to_numpy()
    for last in (0, 2):
        if last < by_month.shape[1]:
            share = ended[:, last]
            expected = np.sqrt((n * share * (1.0 - share)).mean() + (n * share).var())
            found = by_month[:, : last + 1].sum(axis=1)
            assert found.std() == pytest.approx(expected, rel=0.06)  # a sd of 4,000 futures has an error of 1.1%
            assert found.mean() == pytest.approx(n * share.mean(), abs=5 * expected / np.sqrt(4000))


@pytest.mark.slow
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


@pytest.mark.slow
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
