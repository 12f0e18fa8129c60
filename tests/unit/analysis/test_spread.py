"""Shares of variance against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from simcast.analysis import ground_of
from simcast.analysis.spread import sources_of_spread
from simcast.scenario import build_scenario

Number = float | dict[str, list[float]]


def shares(
    arrivals: Number, conversion: Number, futures: int = 4000, weather: dict[str, float] | None = None
) -> dict[str, float]:
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["lead", "встреча"]},
            "assume": {
                "stages": {
                    "lead": {"conversion": conversion, "days": 0.25},
                    "встреча": {"conversion": 0.5, "days": 0.25},
                },
                "arrivals": {"per_day": arrivals},
                "amount": 1,
                "weather": weather or {},
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-28"},
            "simulation": {"futures": futures, "seed": 5},
        }
    )
    ground = ground_of(scenario, threads=1)
    found = sources_of_spread(ground, ground.play(), "wins")
    assert sum(source.share for source in found) == pytest.approx(1.0) or not found
    assert not found or found[-1].kind == "luck"
    return {source.stage or source.kind: source.share for source in found}


def test_without_uncertain_parameters_all_is_luck() -> None:
    """Adjusted shares of nothing are below 5 / 4000 in all but one of a million such tests."""
    found = shares(5.0, 0.4)
    assert found["luck"] == pytest.approx(1.0)
    assert found["lead"] == found["встреча"] == found["arrivals"] == 0.0


def test_uncertain_arrivals_have_the_share_of_a_mixed_poisson() -> None:
    """Wins are Poisson with mean 18 r, r uniform on (4, 6): its variance is 18 E r + 18^2 Var r = 90 + 108.

    The standard error of a share of 0.545 in 4000 futures is about 0.011; 0.05 is beyond four of them.
    """
    found = shares({"uniform": [4.0, 6.0]}, 0.4)
    assert found["arrivals"] == pytest.approx(108 / 198, abs=0.05)
    assert found["lead"] < 0.01


def test_an_uncertain_conversion_is_told_from_uncertain_arrivals() -> None:
    """Wins are Poisson with mean 45 r p: variance E m + Var m; the parts of Var m are told apart to the first order."""
    found = shares({"uniform": [4.0, 6.0]}, {"uniform": [0.3, 0.5]})
    mean_rate, mean_p, var_rate, var_p = 5.0, 0.4, 1 / 3, 0.04 / 12
    var_product = (var_rate + mean_rate**2) * (var_p + mean_p**2) - (mean_rate * mean_p) ** 2
    whole = 45 * mean_rate * mean_p + 45**2 * var_product
    assert found["arrivals"] == pytest.approx(45**2 * mean_p**2 * var_rate / whole, abs=0.05)
    assert found["lead"] == pytest.approx(45**2 * mean_rate**2 * var_p / whole, abs=0.05)
    assert found["встреча"] < 0.01


@pytest.mark.parametrize("kind", ["arrivals", "conversion"])
def test_good_and_bad_months_are_told_from_the_luck_of_deals(kind: str) -> None:
    """Wins of a month of n days are Poisson with mean 10 n w, and w has mean 1: Var = E m + Var m, months apart."""
    found = shares(50.0, 0.4, weather={kind: 0.3})
    days = np.array([31.0, 31.0, 28.0])  # until the last day but two: days in stages are a half in all
    log_odds = 0.3 * stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    chance = np.exp(log_odds - 0.045) if kind == "arrivals" else special.expit(special.logit(0.4) + log_odds) / 0.4
    second = chance if kind == "arrivals" else special.expit(log_odds) / 0.5
    of_months = (10 * days) ** 2 * (chance * second).var() if kind == "conversion" else (10 * days) ** 2 * chance.var()
    assert found["weather"] == pytest.approx(of_months.sum() / (of_months.sum() + 10 * days.sum()), abs=0.05)
    assert found["lead"] < 0.01
    assert list(found)[-2:] == ["weather", "luck"]


def test_a_handful_of_futures_tells_nothing() -> None:
    assert shares({"uniform": [4.0, 6.0]}, 0.4, futures=20) == {}


@pytest.mark.slow
def test_stages_that_share_their_months_do_not_make_few_futures_tell_less() -> None:
    """Of 24 months, five stages have a column each for the same effects: 300 futures say what 1,500 do."""
    found = []
    for futures in (300, 1500):
        scenario = build_scenario(
            {
                "simcast": 1,
                "pipeline": {"stages": list("abcde")},
                "assume": {
                    "stages": {name: {"conversion": 0.7, "days": {"exponential": 10}} for name in "abcde"},
                    "arrivals": {"per_day": 30},
                    "amount": 1,
                    "weather": {"conversion": 0.3, "speed": 0.2},
                },
                "forecast": {"as_of": "2026-07-01", "until": "2028-06-30"},
                "simulation": {"futures": futures, "seed": 1},
            }
        )
        ground = ground_of(scenario, threads=1)
        shares = {source.kind: source.share for source in sources_of_spread(ground, ground.play(), "wins")}
        found.append(shares["weather"])
    assert found[1] > 0.5
    assert found[0] == pytest.approx(found[1], abs=0.1)
