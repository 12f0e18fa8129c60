"""From a column of first contacts to what a promise to answer sooner brings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from simcast import read_history
from simcast.assume import assumed_posterior
from simcast.model.response import fit_responses, response_arrays
from simcast.model.settings import FitSettings
from simcast.posterior import Posterior
from simcast.posterior.store import fit_fingerprint, posterior_path
from simcast.scenario import load_scenario
from simcast.scenario.assumptions import Assumptions

Invoke = Callable[..., Result]
FILE = Path(__file__).parents[2] / "scenarios" / "response.yaml"
ASSUMED = {
    "stages": {
        "lead": {"conversion": {"beta": [42, 58]}, "days": {"lognormal": {"median": 4, "sigma": 0.7}}},
        "meeting": {"conversion": 0.45, "days": {"lognormal": {"median": 15, "sigma": 0.6}}},
    },
    "arrivals": {"per_day": 6},
    "amount": 5000,
}


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put into the store what a fit of the leads would: assumed stages, and the response as it is fitted."""
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    scenario = load_scenario(FILE)
    assert scenario.history is not None
    history = read_history(
        FILE.parent / "data" / "leads.csv",
        scenario.pipeline_definition,
        format="deals",
        columns={"first_response": "first_call"},
        segments=["source"],
    ).known_at("2026-07-01")
    sources = {"segments": {"source": {"ads": 0.4, "site": 0.6}}}
    posterior = assumed_posterior(history.pipeline, Assumptions.model_validate(ASSUMED | sources), n_draws=400)
    fits, _ = fit_responses(history)
    draws = posterior.draws.assign(response_arrays(history, fits, 400, seed=1))
    settings = FitSettings.of(scenario.history.model).plain()
    fingerprint = fit_fingerprint(history.digest, history.pipeline, history.segments, settings, 1)
    saved = replace(posterior, draws=draws, fingerprint=fingerprint).save(posterior_path(fingerprint))
    assert Posterior.load(saved).draws["response_slope"].equals(draws["response_slope"])


@pytest.mark.usefixtures("stored")
def test_a_promise_is_judged_by_what_the_first_calls_on_record_say(invoke: Invoke) -> None:
    fitted = invoke("fit", FILE, "--quiet")
    told = re.search(r"fall by half every ([\d.]+) hours .* \(90%: ([\d.]+) to ([\d.]+)\), from 1,330", fitted.stdout)
    assert told is not None, fitted.output
    middle, low, high = map(float, told.groups())
    assert low < 30.0 < high  # the truth of scenarios/data/README.md
    assert low < middle < high
    found = json.loads(invoke("fit", FILE, "--json").stdout)["responses"]
    assert found[0]["half_life_hours"]["median"] == pytest.approx(middle, abs=0.05)
    document = json.loads(invoke("compare", FILE, "--futures", 500, "--json", "--quiet").stdout)
    gain = {one["scenario"]: one["bookings"]["mean"] for one in document["differences"]}
    assert 0.0 < gain["within-24h"] < gain["ads-within-4h"] < gain["within-4h"]
    assert sum("that is association" in warning for warning in document["warnings"]) == 1
    checked = invoke("check", FILE).stdout
    assert "first contact in 'lead' is recorded for 1,400 of 1,452 (96%) deals" in checked


@pytest.mark.usefixtures("stored")
def test_what_is_assumed_over_the_fit_leaves_the_response_as_it_is(invoke: Invoke) -> None:
    over = ("--set", "assume.arrivals.per_day=3", "--futures", 300, "--json", "--quiet")
    document = json.loads(invoke("compare", FILE, *over).stdout)
    assert all(one["bookings"]["mean"] > 0.0 for one in document["differences"])


@pytest.mark.slow
def test_the_scenario_of_answers_runs_on_a_fit_of_its_own(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    document = json.loads(invoke("compare", FILE, "--set", "history.model.quick=true", "--json", "--quiet").stdout)
    better = {one["scenario"]: one["probability_better"] for one in document["differences"]}
    assert all(probability > 0.85 for probability in better.values())
