"""A run whose every name is hostile, in a world without history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simcast.analysis import Run, compare
from simcast.assume import assumed_book, assumed_posterior
from simcast.plan import build_plan
from simcast.report.page import Material, collect
from simcast.scenario import BASELINE, Scenario, build_scenario
from simcast.simulation import simulate

HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x","y")',
    "+1",
    "-2",
    "@x",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "http://example.org/a",
    "ООО «Ромашка» и очень длинное название сделки " * 4,
    "W" * 300,
]
STAGES = ["<b>заявка</b>", "встреча с очень длинным названием, которое не помещается ни на каком телефоне"]


def hostile_scenario() -> Scenario:
    return build_scenario(
        {
            "simcast": 1,
            "name": "Квартал <script>alert(2)</script> & Co",
            "question": '=HYPERLINK("http://x"): будет ли цель?',
            "pipeline": {"stages": STAGES},
            "assume": {
                "segments": {"<i>источник</i>": {"сайт": 0.5, "</table>": 0.5}},
                "stages": {
                    stage: {"conversion": {"beta": [50, 50]}, "days": {"exponential": {"mean": 9}}} for stage in STAGES
                },
                "arrivals": {"per_day": 2},
                "amount": {"lognormal": {"median": 1000, "sigma": 0.5}},
                "open": [{"stage": STAGES[1], "count": 30, "age_days": 3, "amount": 1500}],
            },
            "forecast": {
                "as_of": "2026-07-01",
                "until": "2026-09-30",
                "by": ["<i>источник</i>"],
                "target": {"bookings": 60_000, "wins": 50},
            },
            "simulation": {"futures": 200, "seed": 2},
            "scenarios": {
                "<img src=x onerror=alert(3)>": [
                    {"lever": "conversion", "stage": STAGES[0], "add": 0.1, "ramp_days": 21, "cost": 2000}
                ],
                "=1+1": [{"lever": "duration", "stage": STAGES[1], "multiply": {"normal": [0.8, 0.1]}}],
            },
        }
    )


def hostile_run() -> Run:
    """Play the hostile scenario, its open deals under hostile names."""
    scenario = hostile_scenario()
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume)
    book = assumed_book(scenario.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    names = [HOSTILE[at % len(HOSTILE)] + (f" {at}" if at >= len(HOSTILE) else "") for at in range(len(book))]
    book = replace(book, deal=np.array(names, dtype=object))
    plans = {name: build_plan(posterior, book, scenario, name) for name in scenario.scenario_names}
    forecasts = {name: simulate(plan, threads=1) for name, plan in plans.items()}
    differences = [compare(forecast, forecasts[BASELINE]) for name, forecast in forecasts.items() if name != BASELINE]
    return Run(
        scenario=scenario,
        history=None,
        posterior=posterior,
        book=book,
        days=plans[BASELINE].days,
        forecasts=forecasts,
        differences=tuple(differences),
        actual=None,
        warnings=("beware of <script>alert(4)</script>", "assume.arrivals: not given, so no new deals come in"),
    )


def hostile_material() -> Material:
    """Return what a report of the hostile run is made of."""
    origin = {"scenario_digest": "sha256:00", "seed": 2, "versions": {"simcast": "<u>0</u>"}}
    return collect(hostile_run(), threads=1, provenance=origin, command=("simcast", "report", "a b.yaml"))
