"""Questions that start from a scenario of the file instead of the baseline."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from simcast.analysis import allocate, deal_table, ground_of, leaks, run, solve
from simcast.analysis.choices import usual_choices
from simcast.analysis.ground import Ground
from simcast.analysis.splits import Limits
from simcast.cli import main
from simcast.errors import ScenarioArgumentError, UnknownNameError
from simcast.scenario import ArrivalsLever, ConversionLever, Distribution, load_scenario

FIX = "fix"
TEXT = """
simcast: 1
pipeline: {stages: [заявка, встреча]}
assume:
  stages:
    заявка: {conversion: 0.5, days: {constant: 3}}
    встреча: {conversion: 0.4, days: {exponential: {mean: 9}}}
  arrivals: {per_day: 3}
  amount: {constant: 1000}
  open: [{stage: встреча, count: 200, age_days: 4}]
forecast: {as_of: 2026-07-01, until: 2026-09-30}
simulation: {futures: 400, seed: 2}
scenarios:
  fix: [{lever: conversion, stage: встреча, add: 0.2}]
  more: [{lever: arrivals, multiply: 1.5}]
  both: [fix, more]
"""
OTHER = "{lever: conversion, stage: встреча, odds: 2}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "question.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def ground(file: Path) -> Ground:
    return ground_of(load_scenario(file))


def test_it_plays_the_futures_of_the_scenario_and_of_levers_on_top(file: Path, ground: Ground) -> None:
    forecasts = run(load_scenario(file)).forecasts
    on_fix = ground.on(FIX)
    more = ArrivalsLever(lever="arrivals", multiply=Distribution.constant(1.5))
    assert on_fix.play().results["wins"].identical(forecasts[FIX].results["wins"])
    assert on_fix.play("change", [more]).results["wins"].identical(forecasts["both"].results["wins"])
    assert ground.play("change", [more]).results["wins"].identical(forecasts["more"].results["wins"])
    assert ground.on("baseline").play().results["wins"].identical(forecasts["baseline"].results["wins"])
    with pytest.raises(UnknownNameError, match="did you mean 'fix'"):
        ground.on("fux")


def test_deals_have_the_chances_of_the_scenario(ground: Ground) -> None:
    """Of 200 deals the share won is that of conversion, for the horizon is ten times the mean stay."""
    before, after = (deal_table(one)["probability_won"].mean() for one in (ground, ground.on(FIX)))
    assert before == pytest.approx(0.4, abs=0.01)
    assert after == pytest.approx(0.6, abs=0.01)


def test_what_is_solved_for_comes_on_top(ground: Ground) -> None:
    wanted = "mean(wins)>=220"
    alone, on_top = (solve(one, "arrivals multiply=1..8", wanted) for one in (ground, ground.on(FIX)))
    assert alone.answer is not None
    assert on_top.answer is not None
    assert on_top.answer.value < alone.answer.value
    lever = ConversionLever(lever="conversion", stage="встреча", add=Distribution.constant(0.2))
    more = ArrivalsLever(lever="arrivals", multiply=Distribution.constant(float(on_top.answer.value)))
    assert ground.play("both", [lever, more]).values("wins").mean() == pytest.approx(on_top.answer.measure)


AGAIN = "conversion stage=встреча add=0..0.3"
CLASH = "changes the conversion of 'встреча', as scenarios.fix[0] does"
APART = "set them apart by where, from or until, or start from another scenario"


@pytest.mark.parametrize(("start", "place"), [(FIX, ""), ("both", " in scenario 'both'")])
@pytest.mark.parametrize("number", ["add=0..0.3", "multiply=?", "set=0.4..0.9", "add=0.1 until=2026-07-02..2026-08-02"])
def test_what_the_scenario_sets_already_is_not_sought(start: str, place: str, number: str, ground: Ground) -> None:
    """As `find_clashes` refuses it in a file."""
    with pytest.raises(ScenarioArgumentError) as caught:
        solve(ground.on(start), f"conversion stage=встреча {number}", "mean(wins)>=220")
    assert caught.value.problems == (f"unknown: {CLASH}{place}, for the same stays; {APART}",)


def test_what_a_file_lets_stand_beside_the_scenario_is_sought(file: Path) -> None:
    file.write_text(TEXT.replace("add: 0.2}", "add: 0.2, from: 2026-08-01}"), encoding="utf-8")
    on_fix = ground_of(load_scenario(file)).on(FIX)
    for lever in ("conversion stage=заявка add=0..0.3", "conversion stage=встреча until=2026-07-31 add=0..0.3"):
        assert solve(on_fix, lever, "mean(wins)>=1").met_without
    with pytest.raises(ScenarioArgumentError, match="for the same stays"):
        solve(on_fix, "conversion stage=встреча add=0.1 until=2026-07-05..2026-08-05", "mean(wins)>=1")


def test_choices_that_the_scenario_sets_already_are_refused_by_name(ground: Ground) -> None:
    limits = Limits(budget=0.0)
    with pytest.raises(ScenarioArgumentError) as caught:
        allocate(ground.on(FIX), [AGAIN, "more"], limits, "wins")
    assert caught.value.problems == (f"among {AGAIN!r}: {CLASH}, for the same stays; {APART}",)
    other = load_scenario(ground.scenario.file or Path(), overrides=[f"scenarios.other=[{OTHER}]"])
    with pytest.raises(ScenarioArgumentError) as caught:
        allocate(ground_of(other).on("both"), ["other"], limits, "wins")
    assert caught.value.problems == (f"among other: {CLASH} in scenario 'both', for the same stays; leave it out",)
    assert usual_choices(other, FIX) == ("more",)
    assert usual_choices(other) == (FIX, "more", "other")


def test_a_scenario_may_be_called_as_questions_call_theirs(file: Path) -> None:
    """Its levers are pulled all the same."""
    for name in ("change", "solve"):
        file.write_text(TEXT.replace("fix", name), encoding="utf-8")
        standing = ground_of(load_scenario(file)).on(name)
        more = ArrivalsLever(lever="arrivals", multiply=Distribution.constant(1.5))
        played = standing.play(name, [more]).results["wins"].to_numpy()
        assert np.array_equal(played, standing.play("both").results["wins"].to_numpy())
        on_both = ground_of(load_scenario(file)).on("both")
        assert np.array_equal(on_both.play(name, []).results["wins"].to_numpy(), played)


def test_changes_of_stages_come_on_top(ground: Ground) -> None:
    """Where more meetings are won, a point more of requests brings more; what is said of the stages stays."""
    on_fix = ground.on(FIX)
    before, after = ({leak.stage: leak for leak in leaks(one).leaks} for one in (ground, on_fix))
    lever = ConversionLever(lever="conversion", stage="заявка", add=Distribution.constant(0.01))
    brought = on_fix.play("a point", [lever]).values("wins") - on_fix.play().values("wins")
    assert after["заявка"].point.wins.mean == pytest.approx(brought.mean())
    assert after["заявка"].point.wins.mean > 1.2 * before["заявка"].point.wins.mean
    assert after["встреча"].usual_conversion == before["встреча"].usual_conversion
    assert all(leak.best is None for leak in after.values())


def test_a_deal_more_is_worth_what_arrivals_bring_under_the_scenario(ground: Ground) -> None:
    """With half as many deals again, a tenth more is half as many again, and each is worth as much as before."""
    before, after = (leaks(one).extra_deal for one in (ground, ground.on("more")))
    assert before is not None
    assert after is not None
    assert after.wins.mean == pytest.approx(before.wins.mean, rel=0.1)


def test_commands_take_it_and_say_so(file: Path) -> None:
    def output(*arguments: str, status: int = 0) -> str:
        done = CliRunner().invoke(main, [arguments[0], str(file), *arguments[1:]])
        assert done.exit_code == status
        return done.output

    assert output("deals", "--scenario", FIX).startswith("Under 'fix': 200 open deals;")
    assert "Under" not in output("deals")
    assert "under 'fix'" in output("leaks", "--scenario", FIX).splitlines()[0]
    assert "without the levers of 'fix'" in output("leaks", "--scenario", FIX)
    assert "under" not in output("leaks").splitlines()[0]
    assert json.loads(output("leaks", "--scenario", FIX, "--json"))["scenario"] == FIX
    assert "did you mean 'fix'" in output("leaks", "--scenario", "fux", status=2)
    solved = ("solve", "--vary", "arrivals multiply=1..8", "--for", "mean(wins)>=220")
    assert "wins on average over 'fix'" in output(*solved, "--scenario", FIX)
    assert "wins on average over the baseline" in output(*solved)
    sought = output("solve", "--vary", AGAIN, *solved[3:], "--scenario", FIX, status=2)
    assert sought == f"error: --vary: {CLASH}, for the same stays; {APART}\n"
    assert json.loads(output(*solved, "--scenario", FIX, "--json"))["scenario"] == FIX
    assert "did you mean 'fix'" in output("deals", "--scenario", "fux", status=2)
