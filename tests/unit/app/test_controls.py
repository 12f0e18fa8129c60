from datetime import date

import pytest

from simcast.app import controls
from simcast.app.bench import Bench
from simcast.scenario import Scenario, build_scenario

from .conftest import DESK, RUSSIAN


def _by_key(found: list[controls.Control]) -> dict[str, controls.Control]:
    return {control.key: control for control in found}


def test_a_slider_at_its_neutral_position_makes_no_lever(bench: Bench) -> None:
    for control in controls.stage_controls(bench.scenario.pipeline_definition):
        assert control.lever_at(control.start) is None
        assert control.lever_at(control.high) is not None


def test_points_and_speed_become_what_a_file_says(bench: Bench) -> None:
    found = _by_key(controls.stage_controls(bench.scenario.pipeline_definition))
    assert found[f"conversion:{RUSSIAN}"].lever_at(7.0) == {"lever": "conversion", "stage": RUSSIAN, "add": 0.07}
    assert found["speed:lead"].lever_at(2.0) == {"lever": "duration", "stage": "lead", "multiply": 0.5}


def test_new_deals_by_a_column_are_chosen_by_where() -> None:
    ads, referral = controls.arrival_controls("source", ["ads", "referral"])
    assert ads.lever_at(1.5) == {"lever": "arrivals", "where": {"source": "ads"}, "multiply": 1.5}
    assert referral.key != ads.key
    assert len(controls.arrival_controls("owner", [str(n) for n in range(40)])) == controls.MOST_VALUES
    assert controls.arrival_controls(None, ())[0].lever_at(0.0) == {"lever": "arrivals", "multiply": 0.0}


def test_every_lever_of_every_slider_is_taken_by_the_schema(bench: Bench) -> None:
    found = [
        *controls.stage_controls(bench.scenario.pipeline_definition),
        *controls.arrival_controls("source", ["ads", "referral"]),
        controls.amount_control(open_too=True),
    ]
    for control in found:
        for position in (control.low, control.high):
            lever = controls.timed(control.lever_at(position) or {}, date(2026, 7, 15), 10)
            assert bench.with_plans({"x": [lever]}).levers("x")


def test_a_lever_of_the_file_stays_as_it_is_until_its_slider_moves(bench: Bench) -> None:
    (control,) = controls.file_controls(bench.scenario.levers("train"))
    assert control.slider is not None
    assert (control.slider.start, control.slider.neutral) == (10.0, 0.0)
    assert control.lever_at(10.0) == {
        "lever": "conversion", "stage": "lead", "add": {"normal": {"mean": 0.1, "sd": 0.02}}, "cost": 500.0
    }  # fmt: skip
    assert control.lever_at(15.0) == {
        "lever": "conversion", "stage": "lead", "add": {"normal": [0.15, 0.02]}, "cost": 500.0
    }  # fmt: skip
    assert control.lever_at(0.0) is None


def test_a_lever_without_a_number_can_be_left_out(bench: Bench) -> None:
    (control,) = controls.file_controls(bench.scenario.levers("lose one"))
    assert control.slider is None
    assert control.lever_at(True) == {"lever": "deal", "deal": "open-1", "outcome": "lost"}
    assert control.lever_at(False) is None


def test_plain_levers_read_again_are_the_same_levers(bench: Bench) -> None:
    for name in bench.scenario.scenarios:
        levers = bench.scenario.levers(name)
        again = bench.with_plans({"x": [controls.plain_lever(lever) for lever in levers]})
        assert again.levers("x") == levers


LEVERS = [
    {"lever": "conversion", "stage": "lead", "set": 0.5},
    {"lever": "conversion", "stage": "lead", "odds": 1.4},
    {"lever": "duration", "stage": "lead", "cap_days": 10},
    {"lever": "duration", "stage": "lead", "set": 0.002},
    {"lever": "arrivals", "add_per_day": 2},
    {"lever": "arrivals", "multiply": 0},
    {"lever": "arrivals", "multiply": 80},
    {"lever": "amount", "add": -250},
    {"lever": "amount", "add": 0},
]


@pytest.mark.parametrize("lever", LEVERS)
def test_the_range_of_a_files_lever_holds_its_value_and_ends_in_levers_that_are_possible(
    bench: Bench, lever: dict[str, object]
) -> None:
    (control,) = controls.file_controls(bench.with_plans({"x": [lever]}).levers("x"))
    slider = control.slider
    assert slider is not None
    assert slider.low <= slider.start <= slider.high
    assert slider.low < slider.high
    assert slider.step > 0
    for position in (slider.low, slider.high):
        moved = control.lever_at(position)
        assert moved is None or bench.with_plans({"x": [moved]})


def test_what_the_starting_scenario_changes_has_no_second_slider(bench: Bench) -> None:
    stages = _by_key(controls.stage_controls(bench.scenario.pipeline_definition))
    train, more_ads = bench.scenario.levers("train"), bench.scenario.levers("more ads")
    assert not controls.is_free(stages["conversion:lead"], train)
    assert controls.is_free(stages["speed:lead"], train)
    assert controls.is_free(stages[f"conversion:{RUSSIAN}"], train)
    ads, referral = controls.arrival_controls("source", ["ads", "referral"])
    assert not controls.is_free(ads, more_ads)
    assert controls.is_free(referral, more_ads)
    assert not controls.is_free(controls.arrival_controls(None, ())[0], more_ads)
    assert controls.is_free(controls.amount_control(open_too=False), [*train, *more_ads])


def test_date_ramp_and_cost_go_where_they_belong() -> None:
    lever = {"lever": "amount", "multiply": 1.1}
    assert controls.timed(lever, date(2026, 7, 15), 30) == {**lever, "from": date(2026, 7, 15), "ramp_days": 30}
    assert controls.timed(lever, None, 0) == lever
    hire = {"lever": "hire", "team": "operators", "count": 1, "on": date(2026, 8, 1)}
    assert controls.timed(hire, date(2026, 7, 15), 30) == hire
    assert controls.with_cost([lever, hire], 500.0) == [{**lever, "cost": 500.0}, hire]
    assert controls.with_cost([], 500.0) == []


def _with_team() -> Scenario:
    team = {"serves": ["lead"], "headcount": 3, "effort_hours": {"lead": 1.0}}
    forecast = {**DESK["forecast"], "as_of": "2026-11-15", "until": "2027-01-31"}
    return build_scenario({**DESK, "forecast": forecast, "scenarios": {}, "teams": {"operators": team}})


def test_headcount_has_a_slider_for_the_first_day_and_each_month_that_begins() -> None:
    found = controls.headcount_controls(_with_team())
    assert [control.day for control in found] == [date(2026, 11, 15), date(2026, 12, 1), date(2027, 1, 1)]
    assert found[1].lever_at(2) == {"lever": "hire", "team": "operators", "count": 2, "on": date(2026, 12, 1)}
    assert found[0].lever_at(-3) == {"lever": "leave", "team": "operators", "count": 3, "on": date(2026, 11, 15)}
    assert found[0].lever_at(0) is None
    assert found[0].low == -3


def test_a_file_without_teams_has_no_sliders_for_headcount(bench: Bench) -> None:
    assert controls.headcount_controls(bench.scenario) == []
