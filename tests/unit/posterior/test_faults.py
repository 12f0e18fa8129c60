"""Faults of the data keep a fit from being trusted, however well it was sampled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simcast.assume import assumed_posterior
from simcast.pipeline import Pipeline
from simcast.posterior import Checked, Diagnostics
from simcast.report.page.trusting import fit_sentence
from simcast.report.words import LANGUAGES
from simcast.scenario.assumptions import Assumptions

GOOD = Diagnostics(1.0, 2000.0, 2000.0, 0, 1.0, 4, 1000, dict.fromkeys(("rhat", "ess_bulk", "ess_tail", "ebfmi"), "a"))
FAULT = "losses older than about 30 days seem to be missing"


def test_a_fault_is_the_first_doubt_of_a_well_sampled_fit() -> None:
    one = {"conversion": 0.5, "days": 5}
    assume = Assumptions.model_validate({"stages": {"lead": one}, "arrivals": {"per_day": 1}, "amount": 10})
    assumed = assumed_posterior(Pipeline.define(["lead"]), assume)
    sound, spoilt = (replace(assumed, diagnostics=found) for found in (GOOD, replace(GOOD, faults=(FAULT,))))

    assert sound.trusted
    assert not spoilt.trusted
    assert spoilt.doubts == (FAULT,)
    assert replace(spoilt, checked=Checked(9, 1, ("stage lead",))).doubts[0] == FAULT


def test_faults_are_stored_with_a_fit() -> None:
    spoilt = replace(GOOD, faults=(FAULT,))

    assert Diagnostics.from_dict(spoilt.to_dict()) == spoilt
    earlier = {name: value for name, value in GOOD.to_dict().items() if name != "faults"}
    assert Diagnostics.from_dict(earlier) == GOOD


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_does_not_say_that_such_a_fit_can_be_trusted(code: str) -> None:
    good, bad = (LANGUAGES[code].say(f"fit.{key}") for key in ("trusted", "not-trusted"))

    assert fit_sentence(GOOD, LANGUAGES[code]).startswith(good)
    assert fit_sentence(replace(GOOD, faults=(FAULT,)), LANGUAGES[code]).startswith(bad)
