"""What a plan says of levers that are cut, and of budgets that take more than there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcast.analysis import ground_of
from simcast.plan.costs import new_deals
from simcast.report.words.russian_sentences import in_russian
from simcast.scenario import build_scenario

CONVERSION: dict[str, Any] = {"lever": "conversion", "stage": "call"}
ANSWER: dict[str, Any] = {
    "lever": "response",
    "stage": "call",
    "within_hours": 1,
    "now_hours": 25,
    "half_life_hours": 24,
}
TRAINING: dict[str, Any] = {"lever": "train", "team": "people", "days": 3}


def notes(*levers: dict[str, Any], team: bool = False, **assumed: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return the notes on a scenario; calls convert at 60% and offers at 95%."""
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["call", "offer"]},
        "assume": {
            "stages": {"call": {"conversion": 0.6, "days": 2}, "offer": {"conversion": 0.95, "days": 3}},
            "arrivals": {"per_day": 2},
            "segments": {"source": {"ads": 0.5, "site": 0.5}},
        },
        "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
        "simulation": {"futures": 40, "seed": 3},
        "scenarios": {"change": list(levers) or [CONVERSION | {"add": 0.1}]},
    }
    content["assume"] |= assumed
    if team:
        content["teams"] = {
            "people": {"serves": ["call", "offer"], "headcount": 5, "effort_hours": {"call": 1, "offer": 1}}
        }
    return ground_of(build_scenario(content)).plan("change").notes


@pytest.mark.parametrize(
    "levers",
    [
        [CONVERSION | {"multiply": 1.8}],
        [CONVERSION | {"add": -0.7}],
        [CONVERSION | {"multiply": 1.5}, ANSWER],  # twice the odds are 75%, and half as much again is too much
        [CONVERSION | {"multiply": 1.8, "ramp_days": 60, "from": "2026-06-01"}],  # near its end within the forecast
    ],
)
def test_a_conversion_that_is_cut_is_said(levers: list[dict[str, Any]]) -> None:
    (note,) = notes(*levers)
    assert note.startswith("scenarios.change[0]: conversion would")
    assert "in 100% of the futures" in note


@pytest.mark.parametrize(
    "levers",
    [
        [CONVERSION | {"multiply": 1.5}],
        [ANSWER],
        [CONVERSION | {"multiply": 1.8, "from": "2026-08-15"}],  # after the forecast
        [CONVERSION | {"multiply": 1.8, "ramp_days": 300}],  # a tenth of it within the forecast
        [CONVERSION | {"set": 1.0}],
    ],
)
def test_what_is_not_cut_is_not_said_to_be(levers: list[dict[str, Any]]) -> None:
    assert notes(*levers) == ()


def test_a_training_that_is_cut_in_one_of_its_stages_is_said_once() -> None:
    assert notes(TRAINING | {"add": 0.1}, team=True) == (
        "scenarios.change[0]: conversion would exceed 1 in 100% of the futures, and is cut there",
    )
    assert notes(TRAINING | {"add": 0.04}, team=True) == ()


@pytest.mark.parametrize(("amount", "share"), [(900, None), (1100, "100%"), ({"uniform": [500, 1500]}, "%")])
def test_a_budget_that_takes_more_than_is_spent_is_said(amount: object, share: str | None) -> None:
    budget = {
        "lever": "budget",
        "amount": amount,
        "out_of": {"source": "ads"},
        "into": {"source": "site"},
        "elasticity": 1,
        "spend": {"out_of": 1000, "into": 2000},
    }
    found = notes(budget)
    assert len(found) == (share is not None)
    if share is not None:
        assert "takes more than is spent there (spend.out_of) in" in found[0]
        assert share in found[0]


@pytest.mark.parametrize(
    ("lever", "share"),
    [
        ({"lever": "budget", "amount": 290, "out_of": {"source": "ads"}, "cost_per_lead": {"out_of": 10}}, None),
        ({"lever": "budget", "amount": 400, "out_of": {"source": "ads"}, "cost_per_lead": {"out_of": 10}}, "100%"),
        ({"lever": "arrivals", "where": {"source": "ads"}, "add_per_day": -0.9}, None),
        ({"lever": "arrivals", "where": {"source": "ads"}, "add_per_day": {"uniform": [-1.2, -0.8]}}, "%"),
        ({"lever": "arrivals", "where": {"source": "ads"}, "add_per_day": 3}, None),
    ],
)
def test_new_deals_that_are_taken_away_beyond_those_that_come_are_said(
    lever: dict[str, Any], share: str | None
) -> None:
    """Of 60 deals in 30 days half are of ads."""
    found = notes(lever)
    assert len(found) == (share is not None)
    if share is not None:
        assert "scenarios.change[0]: would take away" in found[0]
        assert "where 30 come in its days (means)" in found[0]
        assert share in found[0]


def test_money_that_buys_a_fraction_of_a_lead_brings_it_on_average() -> None:
    """100 at 40 each are 2.5 leads, neither 2 nor 3; within 5 standard errors (1 in 2 million)."""
    lever = {"lever": "budget", "amount": 100, "into": {"source": "ads"}, "cost_per_lead": {"into": 40}}
    world = ground_of(
        build_scenario(
            {
                "simcast": 1,
                "pipeline": {"stages": ["call"]},
                "assume": {
                    "stages": {"call": {"conversion": 0.6, "days": 2}},
                    "arrivals": {"per_day": 2},
                    "segments": {"source": {"ads": 0.5, "site": 0.5}},
                },
                "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
                "simulation": {"futures": 4000, "seed": 3},
                "scenarios": {"change": [lever]},
            }
        )
    )
    more = new_deals(world.plan("change").kernel) - new_deals(world.plan().kernel)
    assert abs(more.mean() - 2.5) < 5 * more.std() / np.sqrt(len(more))
    assert set(np.unique(more)) >= {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("assumed", "worth"),
    [
        ({"amount": {"lognormal": {"median": 0.012, "sigma": 0.9}}}, "0.012"),  # in millions
        ({"amount": 0.004}, "0.004"),
        ({"open": [{"stage": "offer", "count": 2, "amount": 0.25}]}, "0.25"),
        ({"amount": {"gamma": {"mean": 5, "shape": 8}}}, None),
        ({"amount": 0.5, "open": [{"stage": "offer", "count": 1, "amount": 900}]}, None),
        ({}, None),
    ],
)
def test_amounts_too_small_to_be_counted_in_hundredths_are_said(assumed: dict[str, Any], worth: str | None) -> None:
    found = notes(**assumed)
    assert len(found) == (worth is not None)
    if worth is not None:
        assert f"the usual deal is worth {worth}: much is lost to rounding" in found[0]


def test_people_who_come_after_the_forecast_are_said_to_do_nothing() -> None:
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["call"]},
        "assume": {"stages": {"call": {"conversion": 0.6, "days": 2}}, "arrivals": {"per_day": 2}, "amount": 1},
        "forecast": {"as_of": "2026-07-01", "until": "2026-07-31"},
        "teams": {"people": {"serves": ["call"], "headcount": 2, "effort_hours": {"call": 1}}},
        "scenarios": {
            name: [{"lever": lever, "team": "people", "on": on, **rest}]
            for name, lever, on, rest in (
                ("late", "hire", "2026-08-01", {"count": 1}),
                ("gone", "leave", "2026-08-01", {"count": 1}),
                ("taught", "train", "2026-08-01", {"days": 2, "add": 0.1}),
                ("last-day", "hire", "2026-07-31", {"count": 1}),
            )
        },
    }
    found = build_scenario(content).warnings()
    assert found == [
        f"scenarios.{name}[0]: begins on 2026-08-01, after the forecast ends (2026-07-31); it does nothing"
        for name in ("late", "gone", "taught")
    ]


def test_what_a_lever_brings_too_late_is_said() -> None:
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["call"]},
        "assume": {
            "stages": {"call": {"conversion": 0.6, "days": 2}},
            "arrivals": {"per_day": 2},
            "amount": 1,
            "segments": {"source": {"ads": 0.5, "site": 0.5}},
        },
        "forecast": {"as_of": "2026-07-01", "until": "2026-07-31"},
        "teams": {"people": {"serves": ["call"], "headcount": 2, "effort_hours": {"call": 1}}},
        "scenarios": {
            "long": [{"lever": "train", "team": "people", "on": "2026-07-25", "days": 7, "add": 0.1}],
            "in-time": [{"lever": "train", "team": "people", "on": "2026-07-25", "days": 6, "add": 0.1}],
            "gone": [{"lever": "train", "team": "people", "days": 7, "add": 0.1, "until": "2026-07-07"}],
            "a-day": [{"lever": "train", "team": "people", "days": 7, "add": 0.1, "until": "2026-07-08"}],
            "lagged": [budget(into={"source": "ads"}, lag_weeks=5)],
            "moved": [
                budget(into={"source": "ads"}, out_of={"source": "site"}, **{"from": "2026-07-25", "lag_weeks": 1})
            ],
            "seen": [budget(into={"source": "ads"}, lag_weeks=4)],
            "beyond": [budget(into={"source": "ads"}, until="2026-09-30")],
            "to-and-fro": [budget(into={"source": "ads"}, out_of={"source": "site"}, until="2026-09-30")],
        },
    }
    found = build_scenario(content).warnings()
    counted = "all of the money counts, and only the deals that it moves by then; give the amount of the days forecast"
    over, after = "the training is over on", "after the forecast ends (2026-07-31)"
    assert found == [
        f"scenarios.long[0]: {over} 2026-08-01, {after}; nothing is gained by it",
        f"scenarios.gone[0]: {over} 2026-07-08, after the last day of its gain (2026-07-07); nothing is gained by it",
        f"scenarios.lagged[0]: the money shows from 2026-08-05 on, {after}; it does nothing but cost",
        f"scenarios.moved[0]: the money shows from 2026-08-01 on, {after}; it does nothing",
        f"scenarios.beyond[0]: ends on 2026-09-30, {after}: {counted}",
    ]
    assert all(in_russian(sentence) is not None for sentence in found)


def budget(**keys: object) -> dict[str, Any]:
    """A budget in which each new deal costs 50."""
    return {"lever": "budget", "amount": 900, "cost_per_lead": {"into": 50, "out_of": 50}, **keys}
