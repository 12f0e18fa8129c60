"""Ages of open deals under a calendar that is assumed: standing later, they have the same ends before them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from simcast.analysis import Ground, deal_table, ground_of
from simcast.assume.calendar import clock_variables
from simcast.expectation import expect
from simcast.plan import build_plan
from simcast.posterior.clocks import CLOCK_VARIABLES
from simcast.scenario import Scenario, build_scenario
from simcast.simulation import simulate

WORKING = {"weekdays": [1, 1, 1, 1, 1, 0, 0]}
DAYS = stats.lognorm(s=0.3, scale=3.0)
N_DEALS, N_FUTURES = 200, 1000
SIGMAS = 5.0


def tickets(
    as_of: str, age: float, calendar: dict[str, Any] | None = None, days: dict[str, Any] | None = None
) -> Scenario:
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["ticket"]},
            "assume": {
                "stages": {"ticket": {"conversion": 1.0, "days": days or {"lognormal": {"median": 3, "sigma": 0.3}}}},
                "calendar": WORKING if calendar is None else calendar,
                "open": [{"stage": "ticket", "count": N_DEALS, "age_days": age}],
            },
            "forecast": {"as_of": as_of, "until": "2026-10-25", "period": "day"},
            "simulation": {"futures": N_FUTURES, "seed": 5},
        }
    )


def ages_in_days(ground: Ground) -> Ground:
    """Return the ground with ages that are days of the calendar: the control."""
    draws = ground.posterior.draws
    none = draws.assign(clock_ages=xr.zeros_like(draws["clock_ages"]))
    return replace(ground, posterior=replace(ground.posterior, draws=none))


def wins_of_days(ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """Return the wins of each day, played and without chance, as shares of the open deals."""
    plan = ground.plan()
    played = simulate(plan).results["wins"].mean("future")
    by_period = played.sum([dim for dim in played.dims if dim != "period"]).to_numpy()
    means = expect(plan).wins.mean(axis=0)  # (n_periods, n_groups, 2)
    return by_period / N_DEALS, means.sum(axis=(1, 2)) / N_DEALS


@pytest.mark.parametrize(("as_of", "age", "passed"), [("2026-10-16", 0, 0.0), ("2026-10-19", 3, 1.4)])
def test_tickets_begun_on_friday_have_the_same_week_before_them_on_monday(
    as_of: str, age: float, passed: float
) -> None:
    """A working day weighs 1.4 days: Friday's have passed by Monday, of the weekend nothing."""
    weight = np.where((np.arange(10 - age) + (4 if age == 0 else 0)) % 7 < 5, 1.4, 0.0)
    edges = passed + np.append(0.0, np.cumsum(weight))
    due = -np.diff(DAYS.sf(edges)) / DAYS.sf(passed)
    played, without_chance = wins_of_days(ground_of(tickets(as_of, age)))
    error = np.sqrt(due * (1.0 - due) / (N_DEALS * N_FUTURES))
    assert (abs(played - due) <= SIGMAS * error).all()
    np.testing.assert_allclose(without_chance, due, rtol=0.0, atol=1e-6)
    if age:  # the control: a weekend that counts in ages all but doubles the ends of Monday
        for other in wins_of_days(ages_in_days(ground_of(tickets(as_of, age)))):
            assert other[0] > 1.9 * due[0]


def test_holidays_count_for_nothing_in_ages_and_rushes_for_more() -> None:
    """From Thursday 24 September: 16 working days, one of them a holiday, and five of the rush weigh thrice."""
    calendar = WORKING | {"holidays": ["2026-10-05"], "quarter_end": {"last_days": 7, "weight": 3}}
    scenario = tickets("2026-10-16", 22, calendar, {"lognormal": {"median": 40, "sigma": 0.5}})
    ground = ground_of(scenario)
    age = build_plan(ground.posterior, ground.book, scenario).kernel.deal_age
    weight = float(ground.posterior.draws["clock_weekday"][0, 0, 0])
    usual = float(ground.posterior.draws["clock_days_left"].sel(stage="ticket", move="won")[-1])
    np.testing.assert_allclose(age, weight * usual * (5 * 3 + 10))


def test_ages_beyond_the_longest_calendar_are_days() -> None:
    """Fifty years of working days and no holidays: whole weeks weigh 7 either way."""
    scenario = tickets("2026-10-19", 50 * 364, days={"lognormal": {"median": 40, "sigma": 0.5}})
    ground = ground_of(scenario)
    np.testing.assert_allclose(build_plan(ground.posterior, ground.book, scenario).kernel.deal_age, 50 * 364)


def test_a_calendar_over_a_fit_takes_over_the_ages_of_its_stages_alone() -> None:
    ground = ground_of(tickets("2026-10-19", 3))
    pipeline, draws = ground.posterior.pipeline, ground.posterior.draws
    carried = {name: draws[name] for name in CLOCK_VARIABLES}
    calendar = ground.scenario.assume.calendar if ground.scenario.assume is not None else None
    assert calendar is not None
    for ages in (0.0, 1.0):
        fitted = carried | {"clock_ages": xr.full_like(draws["clock_ages"], ages)}
        everywhere = clock_variables(pipeline, calendar, fitted)
        nowhere = clock_variables(pipeline, calendar.model_copy(update={"stages": ()}), fitted)
        assert everywhere["clock_ages"].to_numpy().tolist() == [2.0]
        assert nowhere["clock_ages"].to_numpy().tolist() == [ages]


@pytest.mark.parametrize(("age", "usual", "stalled"), [(2, 2.5, False), (4, 4.5, False), (5, 4.5, True)])
def test_the_usual_days_of_a_stage_pass_on_its_clock(age: float, usual: float, stalled: bool) -> None:
    """Nine of ten tickets need two working days and a half, 3.5 days on average.

    On Wednesday morning those that began on Friday have had three; those of Saturday four days, of which two count.
    """
    days = {"lognormal": {"median": 2.5, "sigma": float(np.log(1.4) / stats.norm.ppf(0.9))}}
    table = deal_table(ground_of(tickets("2026-10-21", age, days=days)))
    assert table["usual_days"].to_numpy() == pytest.approx(usual)
    assert (table["stalled"] == stalled).all()
