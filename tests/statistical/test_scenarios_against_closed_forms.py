"""Whole scenarios, from YAML-like data to the forecast, against closed forms.

Means over futures are compared by z-tests with a false-alarm rate of 1e-6 each (|z| < 4.9), once, with fixed seeds;
each has a negative control next to it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.assume import assumed_book, assumed_posterior
from simcast.forecast import Forecast
from simcast.plan import build_plan
from simcast.scenario import build_scenario
from simcast.simulation import simulate

Z_LIMIT = 4.9
AS_OF = "2026-07-01"


def forecasts(data: dict[str, Any], futures: int = 4000) -> dict[str, Forecast]:
    """Play every scenario of a file that assumes everything."""
    whole = {
        "simcast": 1,
        "forecast": {"as_of": AS_OF, "until": "2026-09-28"},  # 90 days
        "simulation": {"futures": futures, "seed": 7},
    } | data
    scenario = build_scenario(whole)
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume)
    book = assumed_book(scenario.assume, posterior.pipeline, posterior.segments, np.datetime64(AS_OF))
    return {name: simulate(build_plan(posterior, book, scenario, name)) for name in scenario.scenario_names}


def z(values: NDArray[np.float64], truth: float) -> float:
    return float((values.mean() - truth) / (values.std(ddof=1) / math.sqrt(len(values))))


def agrees(values: NDArray[np.float64], truth: float, wrong: float) -> bool:
    """Tell whether a mean agrees with the truth and, as a control, does not agree with a wrong value."""
    return abs(z(values, truth)) < Z_LIMIT < abs(z(values, wrong))


def one_stage(**stage: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the file may hold
    return {"pipeline": {"stages": ["desk"]}, "assume": {"stages": {"desk": {"conversion": 0.4, "days": 1} | stage}}}


def test_the_funnel_of_ten_five_three_one_wins_a_tenth() -> None:
    found = forecasts(
        {
            "pipeline": {"stages": ["lead", "meeting", "offer"]},
            "assume": {
                "stages": {
                    "lead": {"conversion": 0.5, "days": 2},
                    "meeting": {"conversion": 0.6, "days": {"exponential": {"mean": 3}}},
                    "offer": {"conversion": 1 / 3, "days": 1},
                },
                "open": [{"stage": "lead", "count": 1000, "age_days": 0}],
            },
        }
    )
    assert agrees(found["baseline"].values("wins"), 100.0, 101.5)
    assert agrees(found["baseline"].stage_values("left_forward", "lead"), 500.0, 502.0)


def test_conversion_levers_combine_across_stages_and_in_any_order() -> None:
    data = one_stage()
    data["pipeline"] = {"stages": ["desk", "offer"]}
    data["assume"]["stages"]["offer"] = {"conversion": 0.5, "days": 1}
    data["assume"]["open"] = [{"stage": "desk", "count": 500, "age_days": 0}]
    first = {"lever": "conversion", "stage": "desk", "add": 0.2}
    second = {"lever": "conversion", "stage": "offer", "odds": 3}
    data["scenarios"] = {"one": [first, second], "other": [second, first], "parts": ["one"]}
    found = forecasts(data)
    assert agrees(found["one"].values("wins"), 500 * 0.6 * 0.75, 500 * 0.6 * 0.76)
    for name in ("other", "parts"):
        assert np.array_equal(found["one"].values("bookings"), found[name].values("bookings"))
        assert np.array_equal(found["one"].values("wins"), found[name].values("wins"))


def test_a_lever_acts_from_its_date_on_and_fades_in_linearly() -> None:
    """Deals arrive evenly and are won at once: 30 days without, 30 fading in, 30 in full."""
    data = one_stage(days=0)
    data["assume"]["arrivals"] = {"per_day": 10}
    lever = {"lever": "conversion", "stage": "desk", "add": 0.3, "from": "2026-07-31"}
    data["scenarios"] = {
        "sharp": [lever],
        "ramped": [lever | {"ramp_days": 30}],
        "brief": [lever | {"until": "2026-08-09"}],
    }
    found = forecasts(data)
    assert agrees(found["sharp"].values("wins"), 10 * (90 * 0.4 + 60 * 0.3), 10 * (90 * 0.4 + 59 * 0.3))
    assert agrees(found["ramped"].values("wins"), 10 * (90 * 0.4 + 45 * 0.3), 10 * (90 * 0.4 + 44 * 0.3))
    assert agrees(found["brief"].values("wins"), 10 * (90 * 0.4 + 10 * 0.3), 10 * (90 * 0.4 + 11 * 0.3))


def test_duration_levers_stretch_set_and_cap_stays() -> None:
    data = one_stage(conversion=1.0, days={"exponential": {"mean": 60}})
    data["assume"]["open"] = [{"stage": "desk", "count": 400, "age_days": 25}]
    data["scenarios"] = {
        "faster": [{"lever": "duration", "stage": "desk", "multiply": 0.5}],
        "set": [{"lever": "duration", "stage": "desk", "set": 30}],
        "capped": [{"lever": "duration", "stage": "desk", "cap_days": 40}],
        "other-move": [{"lever": "duration", "stage": "desk", "move": "lost", "multiply": 0.1}],
    }
    found = forecasts(data)

    def won(mean: float) -> float:
        return 400 * (1 - math.exp(-90 / mean))  # the exponential forgets the 25 days

    assert agrees(found["baseline"].values("wins"), won(60), won(61))
    assert agrees(found["faster"].values("wins"), won(30), won(31))
    assert agrees(found["set"].values("wins"), won(30 / math.log(2)), won(30))
    assert np.all(found["capped"].values("wins") == 400)
    assert np.array_equal(found["other-move"].values("wins"), found["baseline"].values("wins"))


def test_arrival_levers_reach_only_the_segments_they_name() -> None:
    data = one_stage(days=0)
    data["assume"] |= {
        "segments": {"source": {"ads": 0.25, "site": 0.75}},
        "arrivals": {"per_day": 8, "size": 4},
    }
    data["forecast"] = {"as_of": AS_OF, "until": "2026-09-28", "by": ["source"]}
    data["scenarios"] = {
        "double": [{"lever": "arrivals", "where": {"source": "ads"}, "multiply": 2}],
        "five-more": [{"lever": "arrivals", "add_per_day": 5}],
        "unsure": [{"lever": "arrivals", "multiply": {"uniform": [1, 2]}}],
    }
    found = forecasts(data)
    ads, site = ({"source": name} for name in ("ads", "site"))
    assert agrees(found["baseline"].values("wins", where=ads), 90 * 2 * 0.4, 90 * 2 * 0.41)
    assert agrees(found["double"].values("wins", where=ads), 90 * 4 * 0.4, 90 * 4 * 0.41)
    assert np.array_equal(found["double"].values("wins", where=site), found["baseline"].values("wins", where=site))
    assert agrees(found["five-more"].values("wins"), 90 * 13 * 0.4, 90 * 13 * 0.41)
    assert agrees(found["five-more"].values("wins", where=ads), 90 * 13 * 0.25 * 0.4, 90 * 13 * 0.25 * 0.41)
    assert agrees(found["unsure"].values("wins"), 90 * 12 * 0.4, 90 * 12 * 0.42)
    # An uncertain lever is one size for all deals of a future: it spreads the totals of all segments together.
    assert found["unsure"].values("wins").std() > 0.12 * found["unsure"].values("wins").mean()


def test_the_spread_of_all_arrivals_does_not_depend_on_how_they_are_split() -> None:
    """Negative binomial counts whose sizes go with their shares add up to one of the whole size."""
    counts = {}
    for name, segments in (("whole", {}), ("split", {"source": {"a": 0.5, "b": 0.3, "c": 0.2}})):
        data = one_stage(days=0)
        data["assume"] |= {"arrivals": {"per_day": 6, "size": 2}, "segments": segments}
        data["forecast"] = {"as_of": AS_OF, "until": AS_OF}
        counts[name] = forecasts(data, futures=20_000)["baseline"].stage_values("entered", "desk")
        squares = (counts[name] - counts[name].mean()) ** 2
        assert agrees(squares, 6 + 36 / 2, 15.0), name  # 15: were the size each segment's own


def test_arrivals_follow_the_weekdays_given() -> None:
    data = one_stage(days=0)
    data["assume"]["arrivals"] = {"per_day": 7, "weekdays": [1, 1, 1, 1, 1, 0, 0]}
    data["forecast"] = {"as_of": "2026-07-06", "until": "2026-07-12", "period": "day"}
    data["simulation"] = {"futures": 4000}
    scenario = build_scenario({"simcast": 1} | data)
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume)
    book = assumed_book(scenario.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-06"))
    entered = simulate(build_plan(posterior, book, scenario)).results["entered"].mean("future").to_numpy().ravel()
    assert np.allclose(entered[:5], 49 / 5, rtol=0.03)
    assert np.all(entered[5:] == 0)


def test_amounts_are_known_or_drawn_and_levers_change_them() -> None:
    data = one_stage(conversion=1.0, days=0.5)
    data["assume"] |= {
        "amount": {"lognormal": {"median": 1000, "sigma": 0.5}},
        "arrivals": {"per_day": 4},
        "open": [
            {"stage": "desk", "count": 3, "age_days": 0, "amount": 250.25},
            {"stage": "desk", "count": 50, "age_days": 0},
        ],
    }
    data["scenarios"] = {
        "dearer": [{"lever": "amount", "multiply": 1.1}],
        "dearer-open": [{"lever": "amount", "multiply": 1.1, "open": True}],
        "surcharge": [{"lever": "amount", "add": 7.5, "open": True}],
    }
    found = forecasts(data)
    mean = 1000 * math.exp(0.125)
    known = 3 * 250.25
    assert agrees(found["baseline"].values("bookings", origin="open"), known + 50 * mean, known + 50 * mean * 1.01)
    new = {name: forecast.values("bookings", origin="new") for name, forecast in found.items()}
    old = {name: forecast.values("bookings", origin="open") for name, forecast in found.items()}
    wins = found["baseline"].values("wins")
    assert np.allclose(new["dearer"], 1.1 * new["baseline"], rtol=1e-5)
    assert np.array_equal(old["dearer"], old["baseline"])
    assert np.allclose(old["dearer-open"], 1.1 * old["baseline"], rtol=1e-5)
    difference = found["surcharge"].values("bookings") - found["baseline"].values("bookings")
    assert np.allclose(difference, 7.5 * wins)


def test_a_deal_lever_decides_one_deal_and_leaves_the_others_alone() -> None:
    data = one_stage(conversion=0.5, days={"exponential": {"mean": 30}})
    data["assume"]["open"] = [
        {"stage": "desk", "count": 1, "age_days": 0, "amount": 1000},
        {"stage": "desk", "count": 20, "age_days": 0, "amount": 1},
    ]
    book = build_scenario({"simcast": 1, "forecast": {"as_of": AS_OF, "until": "2026-09-28"}} | data)
    assert book.assume is not None
    ids = assumed_book(
        book.assume,
        book.pipeline_definition,
        assumed_posterior(book.pipeline_definition, book.assume).segments,
        np.datetime64(AS_OF),
    )
    big = str(ids.deal[np.argmax(ids.amount)])
    data["scenarios"] = {
        "lost": [{"lever": "deal", "deal": big, "outcome": "lost"}],
        "won": [{"lever": "deal", "deal": big, "outcome": "won"}],
    }
    found = {name: forecast.values("bookings") for name, forecast in forecasts(data).items()}
    others = np.mod(found["baseline"], 1000)
    assert np.array_equal(found["lost"], others)
    assert np.array_equal(found["won"], others + 1000)


def test_any_graph_of_moves_wins_as_its_fundamental_matrix_says() -> None:
    """Skip a stage, wait in nurture and come back, and renew after a win."""
    found = forecasts(
        {
            "pipeline": {
                "stages": ["lead", "meeting"],
                "moves": [
                    {"from": "lead", "to": "won"},
                    {"from": "meeting", "to": "nurture"},
                    {"from": "won", "to": "renewal"},
                    {"from": "renewal", "to": "won"},
                ],
            },
            "assume": {
                "stages": {
                    "lead": {"conversion": 0.5, "days": 0.1, "moves": {"won": 0.1}},
                    "meeting": {"conversion": 0.4, "days": 0.1, "moves": {"nurture": 0.3}},
                    "nurture": {"conversion": 0.8, "days": 0.1},
                    "won": {"conversion": 0.25, "days": 0.1},
                    "renewal": {"conversion": 0.6, "days": 0.1},
                },
                "open": [{"stage": "lead", "count": 300, "age_days": 0}],
            },
        }
    )
    # States: lead, meeting, nurture, won (as a stage), renewal; a visit to won is a win.
    moves = np.array(
        [
            [0, 0.5, 0, 0.1, 0],
            [0, 0, 0.3, 0.4, 0],
            [0, 0.8, 0, 0, 0],
            [0, 0, 0, 0, 0.25],
            [0, 0, 0, 0.6, 0],
        ]
    )
    visits = np.linalg.inv(np.eye(5) - moves)[0]
    assert agrees(found["baseline"].values("wins"), 300 * visits[3], 300 * visits[3] * 1.01)
    assert agrees(found["baseline"].stage_values("entered", "nurture"), 300 * visits[2], 300 * visits[2] * 1.03)


def test_uncertain_parameters_widen_the_forecast_as_the_beta_binomial_says() -> None:
    data = one_stage(conversion={"beta": [8, 12]})
    data["assume"]["open"] = [{"stage": "desk", "count": 200, "age_days": 0}]
    wins = forecasts(data, futures=20_000)["baseline"].values("wins")
    p, n, concentration = 0.4, 200, 20
    variance = n * p * (1 - p) * (concentration + n) / (concentration + 1)
    assert wins.mean() == pytest.approx(80, abs=4.9 * math.sqrt(variance / 20_000))
    assert wins.var() == pytest.approx(variance, rel=0.05)
    assert wins.var() > 5 * n * p * (1 - p)  # as it would be were the conversion known
