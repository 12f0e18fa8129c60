"""Shares of variance against closed forms."""

from __future__ import annotations

import pytest

from simcast.analysis import ground_of
from simcast.analysis.spread import sources_of_spread
from simcast.scenario import build_scenario

Number = float | dict[str, list[float]]


def shares(arrivals: Number, conversion: Number, futures: int = 4000) -> dict[str, float]:
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


def test_a_handful_of_futures_tells_nothing() -> None:
    assert shares({"uniform": [4.0, 6.0]}, 0.4, futures=20) == {}
