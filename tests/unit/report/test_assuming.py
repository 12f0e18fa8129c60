"""Every kind of lever is said in words, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from simcast.report.page.assuming import lever_sentence, number_words
from simcast.report.words import LANGUAGES
from simcast.scenario import LEVERS, Distribution, Scenario, build_scenario

EACH: dict[str, dict[str, Any]] = {
    "conversion": {"stage": "lead", "add": 0.1, "from": "2026-07-05", "ramp_days": 9, "where": {"source": ["ads"]}},
    "duration": {"stage": "lead", "multiply": {"normal": [0.5, 0.1]}, "until": "2026-08-01"},
    "arrivals": {"multiply": 0.8, "cost": -15000, "cost_per_deal": 40},
    "amount": {"multiply": 1.5, "open": True},
    "deal": {"deal": "D-1", "outcome": "lost"},
    "response": {"stage": "lead", "within_hours": 24},
    "hire": {"team": "desk", "count": 2, "on": "2026-08-01", "cost_per_head": {"uniform": [1000, 3000]}},
    "leave": {"team": "desk", "count": 1, "on": "2026-08-01"},
    "budget": {
        "amount": 10000,
        "out_of": {"source": "cold"},
        "into": {"source": "ads"},
        "elasticity": 0.5,
        "lag_weeks": 2,
    },
    "train": {"team": "desk", "days": 3, "add": 0.05, "slowdown": 1.5, "cost_per_month": 900},
}

ENGLISH = {
    "conversion": "Conversion of lead changes by +10 points; where source: ads; from 5 July 2026; growing over 9 days.",
    "duration": "Days in lead are multiplied by about 0.5 (80%: 0.372 to 0.628); until 1 August 2026.",
    "arrivals": "New deals are multiplied by 0.8; saves 15 k; costs 40 per new deal that it adds.",
    "amount": "Amounts are multiplied by 1.5 (new and open deals).",
    "deal": "Deal D-1 is lost.",
    "budget": "10 k of budget moves from source: cold to source: ads; new deals follow 14 days later.",
    "leave": "Team desk: 1 person leaves on 1 August 2026; saves the pay of each: 4 k a month.",
    "train": "Team desk is trained for 3 days; conversion then changes by +5 points; during the training, hours of "
    "work per deal are multiplied by 1.5; costs 900 per month.",
}


def scenario_of(kind: str) -> Scenario:
    team = {"serves": ["lead"], "headcount": 2, "effort_hours": {"lead": 1}, "cost_per_month": 4000}
    lever = {"lever": kind, **EACH[kind]}
    if kind == "budget" and "spend" in LEVERS["budget"].model_fields:
        lever["spend"] = {"out_of": 20000, "into": 20000}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["lead"]},
            "assume": {
                "segments": {"source": {"ads": 0.5, "cold": 0.5}},
                "stages": {"lead": {"conversion": 0.5, "days": 3}},
                "arrivals": {"per_day": 1},
                "amount": 1,
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
            "teams": {"desk": team} if kind in ("hire", "leave", "train") else {},
            "scenarios": {"plan": [lever]},
        }
    )


def test_no_kind_of_lever_is_forgotten() -> None:
    assert set(EACH) == set(LEVERS)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
@pytest.mark.parametrize("kind", sorted(EACH))
def test_each_lever_is_one_sentence(kind: str, code: str) -> None:
    scenario = scenario_of(kind)
    (lever,) = scenario.levers("plan")
    sentence = lever_sentence(lever, scenario, LANGUAGES[code]).replace("\u00a0", " ")
    assert sentence.endswith(".")
    assert not sentence.endswith("..")
    assert "{" not in sentence
    if code == "en" and kind in ENGLISH:
        assert sentence == ENGLISH[kind]


def test_an_uncertain_number_tells_its_middle_and_range() -> None:
    assert number_words(Distribution("uniform", (1.0, 2.0)), LANGUAGES["en"]) == "about 1.5 (80%: 1.1 to 1.9)"
    assert number_words(Distribution.constant(0.125), LANGUAGES["en"], form="percent") == "12.5%"
    assert number_words(Distribution.constant(-0.05), LANGUAGES["ru"], form="points") == "−5"
