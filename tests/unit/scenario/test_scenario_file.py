"""Whole scenario files: what they come to, and that nothing is lost on the way."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from simcast.errors import ScenarioError
from simcast.report.words.russian_sentences import in_russian
from simcast.scenario import (
    ConversionLever,
    HireLever,
    build_scenario,
    dump_yaml,
    load_scenario,
)
from simcast.scenario.advice import FEWEST_FUTURES
from tests.unit.scenario.small_files import minimal, problems_of, with_levers

EXAMPLE = Path(__file__).parent / "design_example.yaml"


def test_the_example_of_the_contract_loads_as_it_is_written() -> None:
    scenario = load_scenario(EXAMPLE)
    assert scenario.name == "Q3 2026 bookings"
    assert scenario.pipeline_definition.path == ("lead", "operator", "meeting", "proposal", "contract")
    assert (scenario.forecast.as_of, scenario.forecast.until) == (date(2026, 7, 1), date(2026, 9, 30))
    assert (scenario.forecast.end, scenario.forecast.days) == (date(2026, 10, 1), 92)
    assert scenario.forecast.target == {"bookings": 2_400_000.0}
    assert scenario.history_path == EXAMPLE.parent / "data" / "deals.csv"
    assert scenario.segment_columns == ("source", "region")
    assert scenario.scenario_names[0] == "baseline"
    assert scenario.levers("baseline") == ()
    assert [type(lever) for lever in scenario.levers("hire-and-fix")] == [ConversionLever, HireLever]
    assert scenario.teams["operators"].effort_hours["operator"].mean() == 1.5


def test_one_name_written_in_two_ways_is_one_name() -> None:
    """Text copied from a Mac may have the accent of й as a character of its own."""
    apart = unicodedata.normalize("NFD", "новый")
    data = {
        "simcast": 1,
        "pipeline": {"stages": [apart]},
        "assume": {"stages": {"новый": {"conversion": 0.5, "days": 3}}, "arrivals": {"per_day": 1}},
        "forecast": {"as_of": "2026-07-01", "until": "2026-07-31"},
        "scenarios": {apart: [{"lever": "conversion", "stage": "новый", "add": 0.1}]},
    }
    scenario = build_scenario(data)
    assert scenario.pipeline_definition.path == ("новый",)
    assert scenario.scenario_names == ("baseline", "новый")


def test_the_way_a_file_is_written_may_be_said() -> None:
    keys = {"encoding": "cp1251", "delimiter": ";", "dates": "day-first", "decimal": ",", "time_zone": "Europe/Berlin"}
    history = {"path": "deals.csv", "format": "bitrix24", "where": {"Воронка": "Продажи"}, **keys}
    settings = build_scenario(minimal(history=history)).history
    assert settings is not None
    assert settings.where == {"Воронка": ("Продажи",)}
    assert {name: getattr(settings, name) for name in keys} == keys
    with pytest.raises(ScenarioError, match=r"history\.delimiter: must be one character"):
        build_scenario(minimal(history={**history, "delimiter": ";;"}))


@pytest.mark.parametrize("value", ["2017-03-01", date(2017, 3, 1), "auto", "none"])
def test_where_records_begin_is_a_date_or_one_of_two_words(value: object) -> None:
    scenario = build_scenario(minimal(history={"path": "deals.csv", "model": {"recorded_from": value}}))
    assert scenario.history is not None
    assert scenario.history.model.recorded_from == str(value)


def test_where_records_begin_is_no_other_word() -> None:
    with pytest.raises(ScenarioError, match=r"recorded_from.*2017-03-01, auto or none"):
        build_scenario(minimal(history={"path": "deals.csv", "model": {"recorded_from": "March"}}))


def test_the_example_survives_a_round_trip(tmp_path: Path) -> None:
    scenario = load_scenario(EXAMPLE)
    (tmp_path / "resolved.yaml").write_text(dump_yaml(scenario.resolved()), encoding="utf-8")
    again = load_scenario(tmp_path / "resolved.yaml")
    assert again == scenario
    assert again.digest == scenario.digest
    assert again.resolved() == scenario.resolved()


RICH = """
simcast: 1
name: "no"
question: "Сколько сделок закроем, если ответим быстрее: 100% или '22:22'?"
pipeline:
  stages: [заявка, звонок, договор]
  moves:
    - {from: звонок, to: отложено}
    - {from: отложено, to: звонок}
    - {from: won, to: продление}
    - {from: продление, to: won}
    - {from: звонок, to: партнёр}
  outcomes: {партнёр: won, "1e5": lost}
assume:
  stages:
    заявка:
      conversion: {beta: [40, 60]}
      days: {lognormal: {median: {normal: [3, 0.2]}, sigma: 0.8}}
      days_lost: {exponential: {mean: 5}}
    звонок:
      conversion: {normal: [0.5, 0.1]}
      days: {weibull: [4, 1.5]}
      moves: {отложено: 0.1, партнёр: 0.01}
      days_to: {отложено: 2}
    договор:
      conversion: {triangular: [0.2, 0.3, 0.5]}
      days: {gamma: {scale: 3, shape: 2}}
      stalled: {uniform: [0, 0.1]}
    отложено: {conversion: 0.3, days: {loglogistic: [30, 2]}}
    won: {conversion: 1, days: 365}
    продление: {conversion: 0.9, days: 10}
  arrivals: {per_day: {gamma: [12, 20]}, enters: звонок, size: 5, weekdays: [1, 1, 1, 1, 1, 0, 0]}
  amount: {lognormal: {median: 12000, sigma: 0.9}}
  open: [{stage: звонок, count: 4, age_days: 2.5, where: {канал: реклама}}]
  segments: {канал: {реклама: 0.3, "07": 0.7}}
forecast: {as_of: 2026-01-31, horizon: 1 month, period: week, by: [канал], target: {wins: 5}}
scenarios:
  быстрее: [{lever: duration, stage: звонок, move: отложено, set: {lognormal: [2, 0.1]}, ramp_days: 3}]
  "3": [быстрее, {lever: amount, add: -5, open: true, where: {канал: ["07", реклама]}, until: 2026-02-10}]
"""


def test_a_file_in_another_language_with_every_kind_of_number_survives_a_round_trip(tmp_path: Path) -> None:
    (tmp_path / "воронка.yaml").write_text(RICH, encoding="utf-8")
    scenario = load_scenario(tmp_path / "воронка.yaml")
    (tmp_path / "again.yaml").write_text(dump_yaml(scenario.resolved()), encoding="utf-8")
    assert load_scenario(tmp_path / "again.yaml") == scenario
    assert scenario.name == "no"
    assert scenario.forecast.until == date(2026, 2, 27)
    assert scenario.segment_columns == ("канал",)
    assert len(scenario.levers("3")) == 2


def test_scenarios_that_differ_are_not_equal() -> None:
    one = with_levers({"lever": "amount", "multiply": 2})
    other = with_levers({"lever": "amount", "multiply": 2.5})
    assert one != other
    assert one.digest != other.digest


def test_where_a_scenario_was_read_makes_it_no_other(tmp_path: Path) -> None:
    text = dump_yaml(minimal(name="same"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "q.yaml").write_text(text)
    one, other = load_scenario(tmp_path / "a" / "q.yaml"), load_scenario(tmp_path / "b" / "q.yaml")
    assert one == other
    assert one.folder != other.folder


def test_the_path_of_the_history_can_be_given_for_another_folder(tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(dump_yaml(minimal()))
    (tmp_path / "runs").mkdir()
    scenario = load_scenario(tmp_path / "q.yaml")
    (tmp_path / "runs" / "resolved.yaml").write_text(dump_yaml(scenario.resolved(folder=tmp_path / "runs")))
    moved = load_scenario(tmp_path / "runs" / "resolved.yaml").history_path
    assert moved is not None
    assert moved.resolve() == (tmp_path / "deals.csv").resolve()


def test_a_file_without_a_name_is_called_after_its_file(tmp_path: Path) -> None:
    (tmp_path / "spring.yaml").write_text(dump_yaml(minimal()))
    assert load_scenario(tmp_path / "spring.yaml").name == "spring"


def test_the_environment_names_the_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = minimal(history={"path": "${SIMCAST_TEST_DATA:-../shared}/crm/deals.csv"})
    monkeypatch.delenv("SIMCAST_TEST_DATA", raising=False)
    scenario = build_scenario(data, folder=tmp_path)
    assert scenario.history_path == tmp_path / "../shared/crm/deals.csv"
    monkeypatch.setenv("SIMCAST_TEST_DATA", "/elsewhere")
    assert scenario.history_path == Path("/elsewhere/crm/deals.csv")


def test_a_pipeline_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "stages.yaml").write_text("stages: [lead, meeting]\nmoves: [{from: meeting, to: nurture}]\n")
    (tmp_path / "q.yaml").write_text(dump_yaml(minimal(pipeline="stages.yaml")))
    assert load_scenario(tmp_path / "q.yaml").pipeline_definition.stages == ("lead", "meeting", "nurture")


def test_a_mistake_in_the_file_of_the_pipeline_is_placed_there(tmp_path: Path) -> None:
    (tmp_path / "stages.yaml").write_text("stages: [lead, meeting]\nmove: []\n")
    (tmp_path / "q.yaml").write_text(dump_yaml(minimal(pipeline="stages.yaml")))
    with pytest.raises(ScenarioError, match=r"stages\.yaml:2:1: pipeline\.move: unknown key; did you mean 'moves'"):
        load_scenario(tmp_path / "q.yaml")


@pytest.mark.parametrize(
    ("horizon", "until"),
    [
        ("1 quarter", date(2026, 9, 30)),
        ("3 months", date(2026, 9, 30)),
        ("6 weeks", date(2026, 8, 11)),
        ("90 days", date(2026, 9, 28)),
        ("1 day", date(2026, 7, 1)),
        ("1 year", date(2027, 6, 30)),
    ],
)
def test_a_horizon_ends_the_day_before_its_anniversary(horizon: str, until: date) -> None:
    scenario = build_scenario(minimal(forecast={"as_of": "2026-07-01", "horizon": horizon}))
    assert scenario.forecast.until == until
    assert scenario == build_scenario(minimal(forecast={"as_of": "2026-07-01", "until": until}))


@pytest.mark.parametrize(
    "horizon", ["0 days", "-1 week", "1.5 months", "1 fortnight", "quarter", "21 years", "99999 weeks"]
)
def test_a_horizon_that_is_none_is_refused(horizon: str) -> None:
    assert "forecast.horizon" in problems_of(minimal(forecast={"as_of": "2026-07-01", "horizon": horizon}))


def test_a_lever_that_can_do_nothing_is_a_warning_with_its_place() -> None:
    scenario = with_levers(
        {"lever": "amount", "multiply": 2, "from": "2026-12-01"},
        {"lever": "arrivals", "multiply": 2, "until": "2026-06-01"},
    )
    late, early = scenario.warnings()
    assert "scenarios.fix[0]" in late
    assert "after the forecast ends (2026-09-30)" in late
    assert "before the as-of date" in early


@pytest.mark.parametrize("futures", [1, 99])
def test_futures_that_are_too_few_for_the_stated_interval_are_a_warning(futures: int) -> None:
    (told,) = build_scenario(minimal(simulation={"futures": futures})).warnings()
    assert told == (
        f"simulation.futures: only {futures} played, too few to tell P10 and P90 by; play {FEWEST_FUTURES} or more"
    )
    assert in_russian(told)


def test_futures_that_suffice_are_none() -> None:
    assert build_scenario(minimal(simulation={"futures": FEWEST_FUTURES})).warnings() == []


def test_a_side_stage_that_looks_like_a_slip_is_a_warning() -> None:
    there, back = {"from": "meeting", "to": "pre-meeting"}, {"from": "pre-meeting", "to": "meeting"}
    stages = ["lead", "meeting", "re-meeting"]
    pipeline = {"stages": stages, "moves": [there]}
    assert "did you mean 're-meeting'?" in build_scenario(minimal(pipeline=pipeline)).warnings()[0]
    assert build_scenario(minimal(pipeline=pipeline | {"moves": [there, back]})).warnings() == []
    assert build_scenario(minimal()).warnings() == []
    nearer = {"stages": ["lead", "meeting"], "moves": [{"from": "meeting", "to": "meetings"}]}
    assert "did you mean 'meeting'?" in problems_of(minimal(pipeline=nearer))


def test_a_team_on_days_that_hold_the_waits_of_the_past_is_a_warning_that_says_what_to_do() -> None:
    team = {"serves": ["lead", "встреча"], "headcount": 2, "effort_hours": {"lead": 1, "встреча": 1}}
    content = minimal(pipeline={"stages": ["lead", "встреча"]}, teams={"callers": team})
    (told,) = build_scenario(content).warnings()
    assert "teams.callers: the days of 'lead', 'встреча' are fitted from the history" in told
    assert "assume.stages.lead, assume.stages.встреча" in told
    stage = {"conversion": 0.5, "days": 2}
    (half,) = build_scenario(content | {"assume": {"stages": {"lead": stage}}}).warnings()
    assert "the days of 'встреча' are" in half
    assert build_scenario(content | {"assume": {"stages": {"lead": stage, "встреча": stage}}}).warnings() == []
    assert build_scenario(content | {"teams": {}}).warnings() == []


def test_side_stages_that_only_lead_to_each_other_are_unreachable() -> None:
    moves = [{"from": "a", "to": "b"}, {"from": "b", "to": "a"}]
    text = problems_of(minimal(pipeline={"stages": ["lead"], "moves": moves}))
    assert "stage 'a'" in text
    assert "stage 'b'" in text


def test_ints_stand_for_floats_and_whole_floats_for_ints() -> None:
    scenario = build_scenario(minimal(simulation={"futures": 1e4}), overrides=["forecast.target.bookings=3e6"])
    assert scenario.simulation.futures == 10_000
    assert scenario.forecast.target["bookings"] == 3_000_000.0


@pytest.mark.parametrize("value", [True, "yes", "5", 1.5, None])
def test_what_is_no_whole_number_is_not_made_one(value: object) -> None:
    if value is None:
        assert build_scenario(minimal(simulation={"futures": value})).simulation.futures == 10_000
    else:
        assert "simulation.futures" in problems_of(minimal(simulation={"futures": value}))


@pytest.mark.parametrize("version", [True, 1.0, "1", 2, 10**50])
def test_the_version_is_one_and_nothing_like_it(version: object) -> None:
    assert "is not known; this is version 1" in problems_of(minimal(simcast=version))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "nowhere/stages.yaml"])
def test_a_pipeline_that_names_no_file_is_one_problem(name: str) -> None:
    text = problems_of(minimal(pipeline=name))
    assert "pipeline: no such file" in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-7-1", 20260701, "2026-07-01T00:00", "20260701"])
def test_a_day_is_written_one_way_and_near_our_time(day: object) -> None:
    assert "forecast.as_of" in problems_of(minimal(forecast={"as_of": day, "until": "2026-09-30"}))


def test_problems_of_all_sections_are_told_at_once() -> None:
    text = problems_of(
        minimal(
            forecast={"as_of": "2026-07-01", "until": "2026-09-30", "by": ["product"], "perriod": "week"},
            scenarios={
                "a": [
                    {"lever": "conversion", "stage": "leed", "set": 1.5},
                    {"lever": "deal", "deal": "D", "outcome": "wonn"},
                ],
                "b": ["aa", {"lever": "arrivals", "add_per_day": 1, "where": {"colour": "red"}}],
            },
            teams={"callers": {"serves": ["phone"], "headcount": 1, "effort_hours": {"phone": 1}}},
        )
    )
    for fragment in (
        "forecast.perriod: unknown key",
        "scenarios.a[0].set",
        "scenarios.a[1].outcome: no outcome 'wonn'",
        "scenarios.b[0]: no scenario 'aa'",
        "scenarios.b[1].where.colour",
        "teams.callers.serves[0]: no stage 'phone'",
    ):
        assert fragment in text


def test_segments_of_selection_are_checked_against_assumed_shares(tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(RICH.replace("{канал: реклама}", "{канал: рекламы}"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="no segment has the value 'рекламы'; did you mean 'реклама'"):
        load_scenario(tmp_path / "q.yaml")


def test_scenarios_load_without_the_heavy_libraries() -> None:
    code = (
        "import sys; from simcast.scenario import load_scenario; "
        f"load_scenario({str(EXAMPLE)!r}); "
        "print([name for name in ('scipy', 'pandas', 'numba', 'xarray', 'pymc') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
