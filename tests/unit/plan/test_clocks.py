"""Clocks and weather from assumptions to forecasts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from simcast.analysis.run import Run, run
from simcast.assume.calendar import clock_variables
from simcast.errors import FitError, ScenarioError
from simcast.plan import build_plan
from simcast.plan.clocks import operational_ages
from simcast.posterior import Posterior
from simcast.posterior.clocks import CLOCK_VARIABLES
from simcast.scenario import Scenario, build_scenario


def scenario(assume: dict[str, Any] | None = None, **changes: object) -> Scenario:
    tree = {
        "simcast": 1,
        "name": "Квартал",
        "pipeline": {"stages": ["заявка", "договор"]},
        "assume": {
            "stages": {
                "заявка": {"conversion": 0.5, "days": {"lognormal": {"median": 10, "sigma": 0.8}}},
                "договор": {"conversion": 0.7, "days": {"lognormal": {"median": 20, "sigma": 0.8}}},
            },
            "arrivals": {"per_day": 6},
            "amount": {"constant": 1},
            "open": [{"stage": "договор", "count": 40, "age_days": 10}],
        }
        | (assume or {}),
        "forecast": {"as_of": "2026-07-01", "until": "2026-09-30", "period": "day"},
        "simulation": {"futures": 400, "seed": 1},
    }
    return build_scenario(tree | changes)


def wins_by_day(played: Run) -> np.ndarray:
    wins = played.forecasts["baseline"].results["wins"].mean("future")
    return wins.sum([dim for dim in wins.dims if dim != "period"]).to_numpy()


CALENDAR = {
    "weekdays": [1, 1, 1, 1, 1, 0, 0],
    "quarter_end": {"last_days": 14, "weight": 3},
    "holidays": ["2026-08-03"],
    "stages": ["договор"],
}


def test_an_assumed_calendar_shows_by_day() -> None:
    wins = wins_by_day(run(scenario({"calendar": CALENDAR})))
    days = np.arange(np.datetime64("2026-07-01"), np.datetime64("2026-10-01"))
    weekend = (days.astype(np.int64) + 3) % 7 >= 5
    assert (wins[weekend] == 0.0).all()
    assert wins[days == np.datetime64("2026-08-03")] == 0.0
    assert wins[-14:][~weekend[-14:]].mean() > 1.5 * wins[-28:-14][~weekend[-28:-14]].mean()


def test_ages_of_open_deals_count_until_the_records_end() -> None:
    """Of a file exported in the middle of June and forecast in July, no age holds the rush that came in between."""
    played = run(scenario({"calendar": CALENDAR}))
    posterior = replace(
        played.posterior, draws=played.posterior.draws.assign(clock_ages=("stage", np.array([0.0, 1.0])))
    )
    before, after = np.datetime64("2026-06-17"), np.datetime64("2026-07-01")
    fresh, stale, goes_on = (
        operational_ages(posterior, replace(played.book, as_of=as_of, recorded_until=until), 3)[1]
        for as_of, until in ((before, before), (after, before), (after, after))
    )
    np.testing.assert_array_equal(stale, fresh)
    assert (goes_on > 1.5 * fresh).all()


def test_without_a_calendar_a_plan_has_no_clock_and_with_equal_weights_the_same_wins() -> None:
    plain, equal = scenario(), scenario({"calendar": {"weekdays": [2] * 7}})
    played = run(plain)
    assert build_plan(played.posterior, played.book, plain).kernel.clock_passed.shape[0] == 0
    assert np.array_equal(wins_by_day(played), wins_by_day(run(equal)))


NEUTRAL = {
    "neutral": [
        {"lever": "conversion", "stage": "договор", "add": 0.0},
        {"lever": "duration", "stage": "заявка", "multiply": 1},
    ]
}


def test_neutral_levers_bring_exactly_nothing_under_clocks_and_weather() -> None:
    assumed = {"calendar": CALENDAR, "weather": {"conversion": 0.3, "speed": 0.3, "arrivals": 0.3}}
    forecasts = run(scenario(assumed, scenarios=NEUTRAL)).forecasts
    baseline, neutral = (forecasts[name].values("wins") for name in ("baseline", "neutral"))
    assert np.array_equal(baseline, neutral)


def test_weather_widens_totals_and_leaves_their_mean() -> None:
    wins = [
        run(scenario(assumed)).forecasts["baseline"].values("wins")
        for assumed in ({}, {"weather": {"conversion": 0.6}})
    ]
    assert wins[1].std() > 1.3 * wins[0].std()
    # Six standard errors of the difference, and a little for the mean of a logistic function.
    assert wins[1].mean() == pytest.approx(wins[0].mean(), abs=6 * wins[1].std() / 20 + 0.02 * wins[0].mean())


def test_weather_of_arrivals_has_the_variance_that_was_assumed_and_leaves_the_mean() -> None:
    """A month's new deals are Poisson counts whose mean is lognormal, and months are independent."""
    months = {"forecast": {"as_of": "2026-07-01", "until": "2026-09-30", "period": "month"}}
    futures = {"simulation": {"futures": 4000, "seed": 1}}
    played = run(scenario({"weather": {"arrivals": 0.4}}, **months, **futures)).forecasts["baseline"]
    entered = played.results["entered"].sel(stage="заявка").to_numpy().astype(float)  # (n_futures, n_months)
    mean = 6.0 * np.array([31, 31, 30])
    variance = mean + np.expm1(0.4**2) * mean**2
    assert (abs(entered.mean(axis=0) - mean) < 5 * np.sqrt(variance / len(entered))).all()
    # The sd of a sample variance of a lognormal with sigma 0.4 is about 4% here: five of them.
    np.testing.assert_allclose(entered.var(axis=0), variance, rtol=0.2)
    assert abs(np.corrcoef(entered.T)[np.triu_indices(3, 1)]).max() < 5 / np.sqrt(len(entered))


def test_a_lever_pays_for_its_own_deals_whatever_the_weather() -> None:
    more = {"more": [{"lever": "arrivals", "multiply": 1.5, "cost_per_deal": 50}]}
    forecasts = run(scenario({"weather": {"arrivals": 0.5}}, scenarios=more)).forecasts
    entered = [
        forecasts[name].results["entered"].sel(stage="заявка").sum("period").to_numpy() for name in ("baseline", "more")
    ]
    assert (entered[1] > entered[0]).all()
    assert np.array_equal(forecasts["more"].results["cost"].to_numpy(), 50 * (entered[1] - entered[0]))


def test_many_months_of_weather_are_not_taken_for_too_many_deals() -> None:
    """The best weather of each month comes once, and not in all months at a time."""
    years = {"forecast": {"as_of": "2026-07-01", "until": "2028-06-30"}}
    played = run(scenario({"weather": {"arrivals": 0.6}}, **years)).forecasts["baseline"]
    assert float(played.results["entered"].sel(stage="заявка").sum("period").mean()) == pytest.approx(6 * 731, rel=0.05)
    with pytest.raises(ScenarioError, match="new deals would come in one future"):
        run(scenario({"arrivals": {"per_day": 20_000}, "weather": {"arrivals": 0.6}}, **years))


def test_weather_of_nothing_changes_nothing() -> None:
    assert np.array_equal(wins_by_day(run(scenario())), wins_by_day(run(scenario({"weather": {"conversion": 0.0}}))))


def test_threads_are_of_no_account() -> None:
    assumed = scenario({"calendar": CALENDAR, "weather": {"conversion": 0.3, "speed": 0.3}})
    one, two = (run(assumed, threads=n).forecasts["baseline"].values("wins") for n in (1, 2))
    assert np.array_equal(one, two)


def test_a_posterior_with_clocks_is_stored_and_read(tmp_path: Path) -> None:
    assumed = scenario({"calendar": CALENDAR, "weather": {"speed": 0.2}})
    played = run(assumed)
    read = Posterior.load(played.posterior.save(tmp_path / "posterior.nc"))
    one, other = (build_plan(posterior, played.book, assumed).kernel for posterior in (played.posterior, read))
    assert np.array_equal(one.clock_passed, other.clock_passed)
    assert np.array_equal(one.month_speed, other.month_speed)
    assert one.month_speed.std() > 0.1


MONDAYS = {"calendar": {"weekdays": [3, 1, 1, 1, 1, 0, 0]}}


def with_openings(posterior: Posterior) -> Posterior:
    """Return the posterior as one that was fitted where what is due at weekends is recorded on Mondays."""
    opening = xr.zeros_like(posterior.draws["clock_weekday"])
    opening[..., 0] = 2 / 3
    in_days = xr.zeros_like(posterior.draws["clock_ages"])
    return replace(posterior, draws=posterior.draws.assign(clock_opening=opening, clock_ages=in_days))


def test_openings_reach_the_plan_and_are_stored(tmp_path: Path) -> None:
    assumed = scenario(MONDAYS)
    played = run(assumed)
    posterior = with_openings(played.posterior)
    read = Posterior.load(posterior.save(tmp_path / "posterior.nc"))
    for one in (posterior, read):
        opening = build_plan(one, played.book, assumed).kernel.clock_opening
        days = np.arange(np.datetime64("2026-07-01"), np.datetime64("2026-10-01")).astype(np.int64)
        assert np.array_equal(opening, np.where((days + 3) % 7 == 0, 2 / 3, 0.0)[None])
    with pytest.raises(FitError, match="clock_opening: must be from 0 to 1"):
        replace(posterior, draws=posterior.draws.assign(clock_opening=2 * posterior.draws["clock_opening"]))


@pytest.mark.parametrize(("as_of", "age"), [("2026-07-06", 8.0), ("2026-07-05", 9.0), ("2026-07-07", 10.0)])
def test_what_waits_to_be_recorded_takes_days_off_the_age_of_open_deals(as_of: str, age: float) -> None:
    """On a Monday two days, of which nobody knows yet what ended on them; on a Sunday one."""
    assumed = scenario(MONDAYS, forecast={"as_of": as_of, "until": "2026-09-30"})
    played = run(assumed)
    assert (build_plan(with_openings(played.posterior), played.book, assumed).kernel.deal_age == age).all()


def with_clocks_by_move(posterior: Posterior, days_left: dict[str, list[float]]) -> Posterior:
    """Return the posterior with ages in operational days, and weights of the last days of a quarter by move."""
    draws = posterior.draws
    weight = xr.ones_like(draws["clock_days_left"])
    for move, weights in days_left.items():
        at = {"stage": "договор", "move": move}
        weight.loc[at] = np.array([*weights, *[1.0] * (weight.shape[-1] - len(weights))])
    ages = ("stage", np.array([0.0, 1.0]))
    return replace(posterior, draws=draws.assign(clock_days_left=weight, clock_ages=ages))


CLEAN_UP = {"calendar": {"quarter_end": {"last_days": 1, "weight": 1}, "weekdays": [1, 1, 1, 1, 1, 1, 0.99]}}


def test_an_open_deal_has_an_age_on_the_clock_of_each_move() -> None:
    """Ten days before the first of July: eight days and one of 40 for losses and a half for wins."""
    assumed = scenario(CLEAN_UP)
    played = run(assumed)
    posterior = with_clocks_by_move(played.posterior, {"won": [0.5], "lost": [40.0, 0.0]})
    age = build_plan(posterior, played.book, assumed).kernel.deal_age
    np.testing.assert_allclose(age[:, 0], 9.5)
    np.testing.assert_allclose(age[:, 1], 48.0)


def test_where_all_moves_share_a_clock_ages_are_those_of_the_mean_clock_to_the_last_bit() -> None:
    assumed = scenario(CLEAN_UP)
    played = run(assumed)
    posterior = with_clocks_by_move(played.posterior, {move: [0.1, 40.3] for move in ("won", "lost")})
    mean, own = operational_ages(posterior, played.book, 3)
    assert np.array_equal(own, np.repeat(mean[:, None], 3, axis=1))
    assert (mean != played.book.age_days).all()
    other = with_clocks_by_move(played.posterior, {"won": [0.1, 40.3], "lost": [0.1, 40.0]})
    mean, own = operational_ages(other, played.book, 3)
    assert (own[:, 0] > mean).all()
    assert (own[:, 1] < mean).all()


def test_what_waits_to_be_recorded_takes_days_off_the_age_of_its_own_move() -> None:
    """On a Monday two days of losses wait, which are recorded on Mondays; wins are recorded at weekends, too."""
    assumed = scenario(MONDAYS, forecast={"as_of": "2026-07-06", "until": "2026-09-30"})
    played = run(assumed)
    posterior = with_openings(played.posterior)
    draws = posterior.draws
    won = {"stage": "договор", "move": "won"}
    for name, value in (("clock_weekday", 1.0), ("clock_opening", 0.0)):
        draws[name] = draws[name].copy()
        draws[name].loc[won] = value
    age = build_plan(posterior, played.book, assumed).kernel.deal_age
    assert (age[:, 0] == 10.0).all()
    assert (age[:, 1] == 8.0).all()


def test_an_assumed_calendar_has_no_openings() -> None:
    played = run(scenario(MONDAYS))
    carried = {name: with_openings(played.posterior).draws[name] for name in (*CLOCK_VARIABLES, "clock_opening")}
    assumed = scenario({"calendar": CALENDAR}).assume
    assert assumed is not None
    assert assumed.calendar is not None
    found = clock_variables(played.posterior.pipeline, assumed.calendar, carried)["clock_opening"]
    assert not found.sel(stage="договор").any()
    assert (found.sel(stage="заявка", weekday=0) == 2 / 3).all()


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ({"weekdays": [1, 1]}, "7 weights"),
        ({"months_of_quarter": [0, 0, 0]}, "3 weights"),
        ({"stages": ["договора"]}, "договор"),
    ],
)
def test_what_is_wrong_with_a_calendar_is_said(calendar: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        scenario({"calendar": calendar})
