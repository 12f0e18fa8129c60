"""The pipeline: names that only moves bring up, and those that are slips of the pen."""

from __future__ import annotations

import pytest

from simcast.errors import ScenarioError
from simcast.history.usual_path import UsualPath
from simcast.pipeline import Pipeline
from simcast.scenario import build_scenario


@pytest.mark.parametrize(
    ("end", "meant"),
    [("cal", "call"), ("calll", "call"), ("laed", "lead"), ("lesd", "lead"), ("Lead", "lead"), ("wonn", "won")],
)
def test_a_mistyped_end_of_a_move_is_no_new_stage(end: str, meant: str) -> None:
    with pytest.raises(ScenarioError, match=rf"pipeline.moves\[0\]: '{end}' .* did you mean '{meant}'") as caught:
        Pipeline.define(["lead", "call", "offer"], moves=[("offer", end)])
    assert f"such as {{from: {end}, to: offer}}" in str(caught.value)


@pytest.mark.parametrize(
    ("stages", "beside"),
    [
        (["round 1", "offer"], "round 2"),
        (["tier a", "offer"], "tier b"),
        (["part II", "offer"], "part III"),
        (["call", "offer"], "recall"),
        (["partners", "offer"], "later"),
        (["a", "b"], "c"),
    ],
)
def test_other_names_become_stages_beside_the_path(stages: list[str], beside: str) -> None:
    assert Pipeline.define(stages, moves=[(stages[-1], beside)]).stages == (*stages, beside)


def test_a_slip_of_another_new_name_is_found_too() -> None:
    moves = [("lead", "nurture"), ("call", "nurtur")]
    with pytest.raises(ScenarioError, match=r"moves\[1\]: 'nurtur' .* did you mean 'nurture'"):
        Pipeline.define(["lead", "call"], moves=moves)


def test_a_move_out_of_a_name_says_that_it_is_meant() -> None:
    pipeline = Pipeline.define(["contract"], moves=[("contract", "contact"), ("contact", "contract")])
    assert pipeline.moves == (("won", "lost", "contact"), ("contract", "lost"))


def test_files_are_asked_the_same_at_the_place_of_the_move() -> None:
    data = {
        "simcast": 1,
        "pipeline": {"stages": ["lead", "call"], "moves": [{"from": "call", "to": "laed"}]},
        "history": {"path": "log.csv"},
        "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
    }
    with pytest.raises(ScenarioError, match=r"scenario: pipeline.moves\[0\]: 'laed' .* did you mean 'lead'"):
        build_scenario(data)


def test_names_that_data_have_are_taken_as_they_are() -> None:
    seen = UsualPath(("contract",), ("contact",), ("contact",), {("contract", "contact"): 3}, ())
    assert seen.pipeline() == Pipeline.define(["contract"], moves=[("contract", "contact"), ("contact", "contract")])
