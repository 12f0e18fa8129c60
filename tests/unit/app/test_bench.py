from pathlib import Path

import numpy as np
import pytest

from simcast import analysis
from simcast.app.bench import FEWEST_FUTURES, Bench, Question, open_bench
from simcast.errors import ScenarioError, SimcastError
from simcast.scenario import BASELINE, load_scenario
from simcast.simulation import simulate

BETTER = [{"lever": "conversion", "stage": "lead", "add": 0.1}]


def test_a_plan_is_compared_with_the_baseline_in_the_same_futures(bench: Bench) -> None:
    outcome = bench.play(BETTER)
    assert outcome.difference.bookings.mean > 0
    assert outcome.difference.bookings.mean == pytest.approx(outcome.differences.mean())
    assert np.all(bench.play(()).differences == 0)


def test_fewer_futures_are_the_first_of_all(bench: Bench) -> None:
    few, all_of_them = bench.play(BETTER, 60), bench.play(BETTER)
    assert np.array_equal(few.differences, all_of_them.differences[:60])
    assert few.futures == 60


def test_the_fan_ends_at_the_quantiles_of_the_total(bench: Bench) -> None:
    outcome = bench.play(BETTER)
    assert outcome.fan[-1, 2] == pytest.approx(outcome.bookings.quantile(0.5))
    assert np.all(np.diff(outcome.fan, axis=0) >= 0)
    assert np.all(np.diff(outcome.fan, axis=1) >= 0)
    assert len(outcome.days) == 62


def test_periods_and_groups_add_up_to_the_total(bench: Bench) -> None:
    outcome = bench.play(BETTER)
    assert list(outcome.periods) == ["2026-07-01", "2026-08-01"]
    assert sum(outcome.periods.values()).mean() == pytest.approx(outcome.bookings.mean)
    assert sum(outcome.groups["source"].values()).mean() == pytest.approx(outcome.bookings.mean)


def test_a_saved_plan_runs_to_the_numbers_of_the_page(bench: Bench, desk: Path) -> None:
    name = "план <b>"
    saved = desk.with_name("saved.yaml")
    saved.write_text(bench.as_yaml({name: BETTER}), encoding="utf-8")
    run = analysis.run(load_scenario(saved, overrides=[f"simulation.futures={bench.futures}"]), names=[name])
    here, (there,) = bench.play(BETTER).difference, run.differences
    for mine, printed in ((here.bookings, there.bookings), (here.wins, there.wins), (here.net, there.net)):
        assert mine.mean == pytest.approx(printed.mean, rel=1e-12)  # days are added up in another order
        assert mine.quantiles == pytest.approx(printed.quantiles, rel=1e-9)
    assert there.probability_better == here.probability_better
    assert run.forecasts[name].probability("bookings", 20000) == bench.play(BETTER).targets["bookings"][1]


def test_a_saved_file_is_the_original_with_the_plan_added(bench: Bench, desk: Path) -> None:
    saved = desk.with_name("added.yaml")
    saved.write_text(bench.as_yaml({"mine": BETTER}), encoding="utf-8")
    original, again = load_scenario(desk), load_scenario(saved)
    assert again.scenario_names == (*original.scenario_names, "mine")
    assert again.simulation == original.simulation
    assert again.model_copy(update={"scenarios": original.scenarios}) == original


def test_a_plan_cannot_take_the_name_of_a_scenario_of_the_file(bench: Bench) -> None:
    for name in ("train", BASELINE):
        with pytest.raises(ScenarioError, match="choose another"):
            bench.as_yaml({name: BETTER})


def test_levers_that_are_not_possible_are_refused_and_leave_the_bench_usable(bench: Bench) -> None:
    with pytest.raises(ScenarioError, match="no stage 'leads'"):
        bench.play([{"lever": "conversion", "stage": "leads", "add": 0.1}])
    with pytest.raises(ScenarioError, match="same stays"):
        bench.play([*BETTER, {"lever": "conversion", "stage": "lead", "add": 0.2}])
    assert bench.play(BETTER).futures == bench.futures


def test_what_was_played_is_not_played_again(bench: Bench) -> None:
    outcome = bench.play(BETTER)
    assert bench.played([{"add": 0.1, "stage": "lead", "lever": "conversion"}], bench.futures) is outcome
    assert bench.played([{"lever": "conversion", "stage": "lead", "add": 0.11}], bench.futures) is None


def test_fewer_futures_are_shown_first_only_where_all_take_long(bench: Bench) -> None:
    quick = Bench(bench.ground, 2000, seconds=0.3)
    slow = Bench(bench.ground, 2000, seconds=1.0)
    slowest = Bench(bench.ground, 2000, seconds=60.0)
    assert (quick.preview, slow.preview, slowest.preview) == (2000, 750, FEWEST_FUTURES)


def test_results_that_would_be_too_large_by_day_come_by_the_files_period(desk: Path) -> None:
    bench = open_bench(Question(str(desk), (), 20))
    bench.futures = 1_000_000
    assert bench._for_play((), bench.futures).forecast.period == "month"
    assert bench._for_play((), 20).forecast.period == "day"


def test_segment_values_stand_in_the_order_of_their_new_deals(bench: Bench) -> None:
    assert bench.values_by_arrivals("source") == ["ads", "referral"]


def test_a_file_that_cannot_be_played_is_refused(desk: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file"):
        open_bench(Question(str(desk.with_name("none.yaml"))))


def test_futures_shown_first_are_not_played_again_and_change_nothing(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levers = [{"lever": "conversion", "stage": "lead", "add": {"normal": [0.1, 0.02]}}]
    alone, in_steps = (open_bench(Question(str(desk), (), 200)) for _ in range(2))
    begun: list[int] = []
    monkeypatch.setattr(
        "simcast.app.bench.simulate",
        lambda plan, begin=0, **more: begun.append(begin) or simulate(plan, begin=begin, **more),
    )
    expected = alone.play(levers)
    in_steps.play(levers, 60)
    found = in_steps.play(levers)
    assert begun == [0, 0, 0, 60]  # a plan, a baseline and a plan of 60 futures, and the others of the plan
    assert found.futures == 200
    for name in ("differences", "fan", "deal_chance", "deal_days", "days"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert (found.bookings, found.wins, found.cost) == (expected.bookings, expected.wins, expected.cost)
    in_steps.play([{**levers[0], "add": 0.2}])
    assert begun[-1] == 0  # the control: another plan is played from its first future on


def test_a_question_says_where_the_sliders_start_and_on_how_many_threads(desk: Path) -> None:
    scenario = load_scenario(desk)
    name = scenario.scenario_names[1]
    bench = open_bench(Question(str(desk), (), 20, 1, name))
    assert (bench.start, bench.ground.threads) == (name, 1)
    with pytest.raises(SimcastError, match="nowhere"):
        open_bench(Question(str(desk), (), 20, None, "nowhere"))
