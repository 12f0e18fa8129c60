"""Files laid over each other, and single values set over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcast.errors import ScenarioError
from simcast.scenario import Setting, dump_yaml, load_scenario

BASE = """
simcast: 1
pipeline: {stages: [lead, meeting]}
history: {path: deals.csv, segments: [source]}
forecast: {as_of: 2026-07-01, until: 2026-09-30, target: {bookings: 100}}
scenarios:
  fix:
    - {lever: conversion, stage: lead, add: 0.1}
    - {lever: amount, multiply: {normal: [1.2, 0.05]}}
"""


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def test_maps_merge_lists_replace_and_every_change_is_recorded(tmp_path: Path) -> None:
    write(
        tmp_path,
        base=BASE,
        q="extends: base.yaml\nforecast: {until: 2026-12-31}\nscenarios: {fix: [{lever: amount, add: 5}]}\n",
    )
    scenario = load_scenario(tmp_path / "q.yaml")
    assert str(scenario.forecast.until) == "2026-12-31"
    assert str(scenario.forecast.as_of) == "2026-07-01"
    assert [lever.lever for lever in scenario.levers("fix")] == ["amount"]
    until, levers = scenario.changes
    assert until.startswith("forecast.until: '2026-09-30'")
    assert "base.yaml:5:38) -> '2026-12-31'" in until
    assert "q.yaml:2:19" in until
    assert levers.startswith("scenarios.fix: [{'lever': 'conversion'")


def test_a_chain_of_files_ends_with_the_last(tmp_path: Path) -> None:
    write(
        tmp_path,
        base=BASE,
        middle="extends: base.yaml\nsimulation: {futures: 500, seed: 4}\n",
        q="extends: [middle.yaml]\nsimulation: {futures: 600}\n",
    )
    scenario = load_scenario(tmp_path / "q.yaml")
    assert (scenario.simulation.futures, scenario.simulation.seed) == (600, 4)


def test_files_of_one_layer_may_repeat_each_other_but_not_differ(tmp_path: Path) -> None:
    write(
        tmp_path,
        base=BASE,
        same="simulation: {futures: 500}\n",
        also="simulation: {futures: 500, seed: 2}\n",
        other="simulation: {futures: 700}\n",
        good="extends: [base.yaml, same.yaml, also.yaml]\n",
        bad="extends: [base.yaml, same.yaml, other.yaml]\nsimulation: {futures: 9}\n",
    )
    assert load_scenario(tmp_path / "good.yaml").simulation.seed == 2
    with pytest.raises(ScenarioError, match="may not differ"):
        load_scenario(tmp_path / "bad.yaml")


def test_a_distribution_replaces_a_number_and_another_distribution_whole(tmp_path: Path) -> None:
    assumed = "extends: base.yaml\nassume: {{stages: {{lead: {{conversion: {}, days: 3}}}}}}\n"
    over = "extends: one.yaml\nassume: {stages: {lead: {conversion: {normal: [0.5, 0.1]}}}}\n"
    write(tmp_path, base=BASE, one=assumed.format("{beta: [4, 6]}"), two=over)
    scenario = load_scenario(tmp_path / "two.yaml")
    assert scenario.assume is not None
    assert scenario.assume.stages["lead"].conversion.family == "normal"


def test_that_leavers_are_not_replaced_is_an_answer_wherever_it_is_written(tmp_path: Path) -> None:
    """Other keys without a value are left out; this one, left out, means a month."""

    def days(name: str, *overrides: str) -> float | None:
        return load_scenario(tmp_path / f"{name}.yaml", overrides=overrides).teams["op"].replacement_days

    team = "teams:\n  op:\n    serves: [lead]\n    headcount: 1\n    effort_hours: {lead: 1}\n"
    write(
        tmp_path,
        base=BASE + team,
        never=BASE + team + "    replacement_days: null\n",
        later="extends: base.yaml\nteams: {op: {replacement_days: null}}\n",
    )
    assert (days("base"), days("never"), days("later")) == (30.0, None, None)
    assert days("base", "teams.op.replacement_days=null") is None
    assert days("never", "teams.op.replacement_days=10") == 10.0
    before, never = (load_scenario(tmp_path / f"{name}.yaml") for name in ("base", "never"))
    assert before.digest != never.digest
    write(tmp_path, resolved=dump_yaml(never.resolved()))
    assert days("resolved") is None


def test_a_horizon_takes_the_place_of_an_end_and_back(tmp_path: Path) -> None:
    write(tmp_path, base=BASE, q="extends: base.yaml\nforecast: {horizon: 6 weeks}\n")
    scenario = load_scenario(tmp_path / "q.yaml")
    assert str(scenario.forecast.until) == "2026-08-11"
    assert any("dropped for forecast.horizon" in change for change in scenario.changes)
    again = load_scenario(tmp_path / "q.yaml", overrides=["forecast.until=2026-07-31"])
    assert str(again.forecast.until) == "2026-07-31"


def test_a_path_is_read_from_the_file_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, shared__base=BASE, q="extends: shared/base.yaml\nname: here\n")
    scenario = load_scenario(tmp_path / "q.yaml")
    assert scenario.folder == tmp_path
    assert scenario.history_path == tmp_path / "shared" / "deals.csv"


def test_an_extended_file_of_another_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path, base=BASE.replace("simcast: 1", "simcast: 2"), q="extends: base.yaml\nsimcast: 1\n")
    with pytest.raises(ScenarioError, match=r"base\.yaml:2:10: simcast: version 2"):
        load_scenario(tmp_path / "q.yaml")


def test_extends_must_name_files(tmp_path: Path) -> None:
    write(tmp_path, q=f"extends: [5]\n{BASE}")
    with pytest.raises(ScenarioError, match="must be a file or a list of files, got 5"):
        load_scenario(tmp_path / "q.yaml")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    write(tmp_path, base=BASE)
    return tmp_path / "base.yaml"


def test_single_values_are_set_by_their_path(base: Path) -> None:
    scenario = load_scenario(
        base,
        overrides=[
            "forecast.target.bookings=3e6",
            "scenarios.fix.0.add=0.2",
            "scenarios.fix[1].multiply=1.5",
            "simulation.seed=7",
            "forecast.by=[source]",
        ],
    )
    assert scenario.forecast.target == {"bookings": 3e6}
    first, second = scenario.levers("fix")
    assert first.model_dump()["add"] == 0.2
    assert second.model_dump()["multiply"] == 1.5
    assert scenario.simulation.seed == 7
    assert scenario.forecast.by == ("source",)
    assert "forecast.target.bookings: 100 (" in scenario.changes[0]
    assert scenario.changes[0].endswith("-> 3000000.0 (--set forecast.target.bookings)")


def test_setting_a_value_to_itself_is_no_change(base: Path) -> None:
    assert load_scenario(base, overrides=["forecast.target.bookings=100"]).changes == ()


def test_a_name_with_a_dot_stands_in_quotes(base: Path) -> None:
    scenario = load_scenario(base, overrides=['scenarios."v1.5"=[{lever: amount, multiply: 2}]'])
    assert scenario.scenario_names == ("baseline", "fix", "v1.5")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("forecast.untl=2026-09-30", "--set forecast.untl: unknown key; did you mean 'until'?"),
        (
            "scenarios.fix.5.add=0.2",
            "--set scenarios.fix.5.add: scenarios.fix is a list; name an item by its index (0 to 1)",
        ),
        (
            "scenarios.fix.0.add=a lot",
            "--set scenarios.fix.0.add: must be a change of probability",
        ),
        ("forecast={untl: 2026-09-30}", "--set forecast: forecast.untl: unknown key"),
        ("forecast.target.bookings", "write KEY=VALUE"),
        ("extends=other.yaml", "--set extends: the files that a scenario extends are named in the file itself"),
        ("=5", "write KEY=VALUE"),
        ("forecast..until=5", "write KEY=VALUE"),
        ("simulation.seed=[1", "--set simulation.seed"),
        ("simulation.futures=0", "--set simulation.futures: must be 1 or more, got 0"),
        ("forecast.as_of=", "forecast.as_of: missing"),
    ],
)
def test_a_wrong_setting_is_placed_at_the_setting(base: Path, setting: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(base, overrides=[setting])
    assert said in "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            Setting("simulation.futures=99999999999", "--futures"),
            "--futures: must be at most 10000000, got 99999999999",
        ),
        (Setting("simulation.seed=18446744073709551616", "--seed"), "--seed: must be below 18446744073709551616, got"),
        (Setting("assume.stages.lead=5", "--lead", without="nothing is assumed"), "--lead: nothing is assumed"),
        (Setting("simulation.nothing=5", "--nothing"), "--nothing: unknown key"),
    ],
)
def test_what_an_option_stands_for_is_said_of_the_option(base: Path, setting: Setting, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(base, overrides=[setting])
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(said)


def test_an_option_is_recorded_as_what_changed_a_value(base: Path) -> None:
    (change,) = load_scenario(base, overrides=[Setting("forecast.target.bookings=7", "--target")]).changes
    assert change.endswith("-> 7 (--target)")
