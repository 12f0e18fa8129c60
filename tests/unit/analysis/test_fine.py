"""The baseline by day, played once for the fan and for the forecast: what comes of it must be what is played apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from simcast.analysis import deal_table, leaks, run
from simcast.analysis.ground import Ground
from simcast.plan import build_plan
from simcast.scenario import BASELINE, build_scenario
from simcast.simulation import simulate

TEAM = {"звонари": {"serves": ["звонок"], "headcount": 1, "hours_per_day": 6, "effort_hours": {"звонок": 3}}}


def _scenario(period: str = "month", *, teams: dict[str, Any] | None = None, days: int = 75) -> Any:  # noqa: ANN401
    stages = {
        name: {"conversion": 0.5, "days": {"lognormal": {"median": 9, "sigma": 0.8}}} for name in ("звонок", "договор")
    }
    assume = {
        "segments": {"источник": {"сайт": 0.6, "звонок": 0.4}},
        "stages": stages,
        "arrivals": {"per_day": 2},
        "amount": {"lognormal": {"median": 99.99, "sigma": 0.9}},
        "open": [{"stage": "договор", "count": 25, "age_days": 3}],
    }
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": list(stages)},
            "assume": assume,
            "forecast": {"as_of": "2026-01-15", "horizon": f"{days} days", "period": period, "by": ["источник"]},
            "simulation": {"futures": 60, "seed": 5},
            "teams": teams or {},
        }
    )


@pytest.mark.parametrize("period", ["week", "month", "quarter"])
@pytest.mark.parametrize("teams", [None, TEAM])
def test_days_add_up_to_the_forecast_bit_for_bit(period: str, teams: dict[str, Any] | None) -> None:
    scenario = _scenario(period, teams=teams)
    apart, shared = (run(scenario, threads=1, fan=fan) for fan in (False, True))
    assert apart.fine is None
    assert shared.fine is not None
    assert shared.fine.results.sizes["period"] == 75
    xr.testing.assert_identical(shared.forecasts[BASELINE].results, apart.forecasts[BASELINE].results)
    for name, variable in apart.forecasts[BASELINE].results.variables.items():
        assert shared.forecasts[BASELINE].results[name].dtype == variable.dtype, name


def test_where_weeks_make_the_fan_the_months_are_played_apart() -> None:
    scenario = _scenario(days=300)
    apart, shared = (run(scenario, threads=1, fan=fan) for fan in (False, True))
    assert shared.fine is not None
    assert shared.fine.results.attrs["period"] == "week"
    assert shared.fine.segments.columns == ()
    xr.testing.assert_identical(shared.forecasts[BASELINE].results, apart.forecasts[BASELINE].results)


def test_a_forecast_by_day_needs_no_finer_one() -> None:
    assert run(_scenario("day"), threads=1, fan=True).fine is None


def test_changes_are_measured_from_the_first_futures_of_a_baseline_played_already() -> None:
    found = run(_scenario(), threads=1)
    ground = Ground(found.scenario, None, found.posterior, found.book, threads=1).with_futures(30)
    with_it = leaks(ground, baseline=found.forecasts[BASELINE])
    assert with_it.leaks == leaks(ground).leaks
    assert with_it.n_futures == 30


@pytest.mark.parametrize("teams", [None, TEAM])
def test_the_dates_of_wins_are_those_of_shorter_forecasts(teams: dict[str, Any] | None) -> None:
    """Luck does not depend on the horizon: wins before a date are the wins of a forecast that ends there."""
    scenario = _scenario(teams=teams)
    found = run(scenario, threads=1)
    ground = Ground(scenario, None, found.posterior, found.book, threads=1)
    table = deal_table(ground, found.forecasts[BASELINE]).set_index("deal")
    middle = build_scenario(scenario.resolved() | {"forecast": {"as_of": "2026-01-15", "horizon": "38 days"}})
    shorter = simulate(build_plan(found.posterior, found.book, middle), threads=1).results
    whole = found.forecasts[BASELINE].results
    early = dict(zip(shorter["deal"].to_numpy(), shorter["deal_wins"].to_numpy(), strict=True))
    wins = dict(zip(whole["deal"].to_numpy(), whole["deal_wins"].to_numpy(), strict=True))
    begin, step = np.datetime64("2026-01-15"), 6  # the grid's step, 75 days over 14 dates, rounded up
    some = 0
    for deal, high in table["close_high"].dropna().items():
        at = (high.to_datetime64().astype("datetime64[D]") - begin).astype(int)
        if at <= 38 - step:
            assert early[deal] >= 0.9 * wins[deal]
            some += 1
        elif at >= 38 + step:
            assert early[deal] <= 0.9 * wins[deal]
            some += 1
    assert some > 5
