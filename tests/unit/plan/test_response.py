"""Answers in time under a response that was fitted: the lever's odds, waits by segment, teams, and what is said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simcast.analysis.ground import Ground
from simcast.analysis.knowing import WorthOfKnowing, worth_of_knowing
from simcast.assume import assumed_book, assumed_posterior
from simcast.errors import ScenarioError
from simcast.plan.response import odds_of_answer, usual_hours
from simcast.posterior import Posterior
from simcast.posterior.response import FittedResponse, fitted_responses
from simcast.scenario import build_scenario

LEVELS = 50
WAITS = np.array([np.linspace(1.0, 9.0, LEVELS), np.linspace(2.0, 98.0, LEVELS)])
"""Of the segments ads, which are answered within nine hours, and site."""

HALF_LIFE = 24.0
ANSWER = {"lever": "response", "stage": "звонок", "within_hours": 10}


def ground(
    *levers: dict[str, Any],
    slope: float = math.log(2.0) / HALF_LIFE,
    sd: float = 0.0,
    team: dict[str, Any] | None = None,
    **assumed: float,
) -> Ground:
    """Return a pipeline whose calls convert at 40%, with a response as a fit would leave it; without one, slope NaN."""
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["звонок", "offer"]},
        "assume": {
            "stages": {"звонок": {"conversion": 0.4, "days": 2}, "offer": {"conversion": {"beta": [95, 5]}, "days": 3}},
            "arrivals": {"per_day": 20},
            "segments": {"source": {"ads": 0.5, "site": 0.5}},
        },
        "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
        "simulation": {"futures": 300, "seed": 3},
        "scenarios": {"change": list(levers) or [ANSWER]},
    }
    content["assume"] |= assumed
    if team is not None:
        content["teams"] = {"people": {"serves": ["звонок"], "headcount": 500, "effort_hours": {"звонок": 1}} | team}
    scenario = build_scenario(content)
    assert scenario.assume is not None
    posterior = assumed_posterior(scenario.pipeline_definition, scenario.assume, n_draws=200)
    if not math.isnan(slope):
        posterior = _with_response(posterior, slope, sd)
    book = assumed_book(scenario.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return Ground(scenario, None, posterior, book)


def _with_response(posterior: Posterior, slope: float, sd: float) -> Posterior:
    slopes = np.full((200, 2), np.nan)
    slopes[:, 0] = slope + sd * np.random.default_rng(1).standard_normal(200)
    draws = posterior.draws.assign(
        response_slope=(("draw", "stage"), slopes),
        response_waits=(("stage", "segment", "wait_level"), np.stack([WAITS, np.full_like(WAITS, np.nan)])),
        response_conversion=(("stage", "segment"), np.array([[0.4, 0.4], [np.nan, np.nan]])),
        response_deals=(("stage",), np.array([640.0, 0.0])),
    )
    return Posterior(posterior.pipeline, posterior.segments, draws, posterior.fingerprint)


def test_the_odds_are_those_of_deals_of_which_each_waited_for_itself() -> None:
    """Against deals one by one, whose common level is found by bisection."""
    slope, waits, within = 0.05, WAITS[1], 24.0
    low, high = -10.0, 10.0
    for _ in range(60):
        level = (low + high) / 2.0
        mean = np.mean([1.0 / (1.0 + math.exp(-(level - slope * wait))) for wait in waits])
        low, high = (level, high) if mean < 0.3 else (low, level)
    after = np.mean([1.0 / (1.0 + math.exp(-(level - slope * min(wait, within)))) for wait in waits])
    expected = after / (1.0 - after) / (0.3 / 0.7)
    found = odds_of_answer(waits, 0.3, np.array([slope, 0.0, -slope]), np.full(3, within))
    assert found[0] == pytest.approx(expected, rel=1e-9)
    assert found[1] == 1.0
    assert found[2] < 1.0  # where waiting does good, sooner answers do harm


def test_the_usual_wait_has_the_odds_of_all_waits_together() -> None:
    fitted = FittedResponse("call", np.array([0.05]), WAITS, np.array([0.4, 0.4]), 100)
    assert math.exp(-0.05 * usual_hours(fitted)) == pytest.approx(np.exp(-0.05 * WAITS).mean())
    nothing = FittedResponse("call", np.array([0.0]), WAITS, np.array([0.4, 0.4]), 100)
    assert usual_hours(nothing) == pytest.approx(WAITS.mean())


def test_a_promise_moves_the_segments_that_wait_longer_and_no_other() -> None:
    on = ground().plan("change").kernel.on_conversion
    of_ads, of_site = (on.value[list(on.segments[:, code]).index(True)] for code in (0, 1))
    assert (of_ads == 1.0).all()  # ads are answered within nine hours already
    assert (of_site > 2.0).all()
    before, after = (ground().play(name).values("wins").mean() for name in ("baseline", "change"))
    # Half of the deals are the site's, and move on by the odds of the lever where 40% did.
    odds = float(of_site[0]) * 0.4 / 0.6
    assert after / before == pytest.approx((0.4 + odds / (1.0 + odds)) / 0.8, abs=0.02)


def test_a_promise_longer_than_all_waits_changes_nothing_at_all() -> None:
    here = ground(ANSWER | {"within_hours": 98})
    assert (here.play("change").values("wins") == here.play().values("wins")).all()


def test_without_an_effect_a_promise_brings_nothing_beyond_noise() -> None:
    """The control: a slope of 0 within its uncertainty makes a difference whose mean is a small part of its spread."""
    here = ground(slope=0.0, sd=0.003)
    gain = here.play("change").values("wins") - here.play().values("wins")
    assert abs(gain.mean()) < 0.2 * gain.std()
    assert 0.2 < (gain > 0).mean() < 0.8
    clear = ground(sd=0.003)
    assert (clear.play("change").values("wins") >= clear.play().values("wins")).all()


def test_each_future_has_the_slope_of_its_draw_in_all_scenarios() -> None:
    here = ground(ANSWER, sd=0.005)
    plan = here.plan("change")
    slope = fitted_responses(here.posterior)["звонок"].slope[plan.kernel.draw_of_future]
    assert np.array_equal(np.argsort(plan.kernel.on_conversion.value[1]), np.argsort(slope))


def test_what_the_lever_says_itself_goes_before_what_was_fitted() -> None:
    given = ground(ANSWER | {"now_hours": 34, "half_life_hours": 12}).plan("change").kernel.on_conversion
    assert given.value.shape[0] == 1
    assert given.value[0, 0] == pytest.approx(4.0)
    now = ground(ANSWER | {"now_hours": 34}).plan("change").kernel.on_conversion
    assert now.value[0, 0] == pytest.approx(2.0)
    halved = ground(ANSWER | {"half_life_hours": 24}, slope=1.0).plan("change").kernel.on_conversion
    assert halved.value[1, 0] == pytest.approx(ground().plan("change").kernel.on_conversion.value[1, 0])


def test_the_notes_say_what_it_rests_on_and_that_it_is_no_proof() -> None:
    (note,) = [line for line in ground().plan("change").notes if "first contact" in line]
    assert "answers in time: in 'звонок' the odds of moving on fall by half every 24 hours" in note
    assert "from 640 deals with a recorded first contact" in note
    assert "association" in note
    (note,) = [line for line in ground(slope=0.0, sd=0.003).plan("change").notes if "first contact" in line]
    assert "no clear harm" in note
    assert not any("first contact" in line for line in ground().plan().notes)


def test_a_team_takes_the_half_life_and_the_usual_wait_from_the_history() -> None:
    here = ground(team={"response": {"from": "history"}}, sd=0.002)
    capacity = here.plan().capacity
    assert capacity is not None
    slope = fitted_responses(here.posterior)["звонок"].slope[here.plan().kernel.draw_of_future]
    assert np.allclose(capacity.half_life[0], math.log(2.0) / slope / 24.0)
    assert capacity.usual_wait[0] == pytest.approx(usual_hours(fitted_responses(here.posterior)["звонок"]) / 24.0)
    given = ground(team={"response": {"from": "history", "usual_hours": 0.0}}).plan().capacity
    assert given is not None
    assert given.usual_wait[0] == 0.0
    assert any("association" in note for note in here.plan().notes)
    # Nobody waits for so many people: calls go better than in the past, in which they waited.
    assert here.play().values("wins").mean() > 1.2 * ground().play().values("wins").mean()


def test_without_first_contacts_the_lever_and_the_team_say_what_to_add() -> None:
    with pytest.raises(ScenarioError, match=r"history\.columns\.first_response"):
        ground(slope=math.nan).plan("change")
    with pytest.raises(ScenarioError, match=r"teams\.people\.response\.from: no response in 'звонок' was fitted"):
        ground(slope=math.nan, team={"response": {"from": "history"}}).plan()
    with pytest.raises(ScenarioError, match="or from: history"):
        ground(team={"response": {"from": "history", "half_life_hours": 3}})


def test_a_trial_of_what_waiting_does_is_worth_something_where_the_choice_hangs_on_it() -> None:
    slope = math.log(2.0) / HALF_LIFE
    free = ground(slope=slope, sd=slope / 2.0)
    gain = (free.play("change").values("wins") - free.play().values("wins")).mean()
    close = ground(ANSWER | {"cost": float(gain)}, slope=slope, sd=slope / 2.0, amount=1)
    found = worth_of_knowing(close, {name: close.play(name) for name in ("baseline", "change")})
    assert found is not None
    first, *others = found.worth
    assert (first.kind, first.name) == ("response", "звонок")
    assert first.value > 4.0 * first.error
    assert all(first.value > 3.0 * other.value for other in others)
    assert all(worth.kind != "response" for worth in _worth_without_answers())


def _worth_without_answers() -> tuple[WorthOfKnowing, ...]:
    other = ground({"lever": "conversion", "stage": "звонок", "add": 0.1}, sd=0.01, amount=1)
    found = worth_of_knowing(other, {name: other.play(name) for name in ("baseline", "change")})
    return () if found is None else found.worth
