"""Every bad scenario file is refused, with the place, the key, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simcast.errors import ScenarioError
from simcast.scenario import load_scenario

FOLDER = Path(__file__).parent / "scenario"

EXPECTED: dict[str, tuple[str, ...]] = {
    "alias_bomb": (":5:4:", "more than 50,000 values"),
    "amount_too_large": (
        ":7:3: assume.amount: lognormal: median must be at most 1e13, got 1e308; count money in thousands or millions",
        ":8:34: assume.open[0].amount: must be at most 1e13, got 2e13",
    ),
    "as_of_after_until": (":4:31: forecast.until:", "must not be before as_of (2026-12-01), got 2026-09-30"),
    "assume_incomplete": (":4:10: assume.stages:", "missing: meeting"),
    "assumed_move_missing": (":6:46: assume.stages.lead.moves.won:", "no further move"),
    "bad_date": (":4:31: forecast.until:", "'2026-09-31'", "no day of the calendar"),
    "baseline_taken": (":6:3: scenarios.baseline:", "choose another name"),
    "beta_zero": (":6:12: assume.stages.lead.conversion:", "beta: a must be above 0, got 0"),
    "budget_with_where": (
        ":7:85: scenarios.more[0].where:",
        "'source' stands in out_of or into, which say where the money goes; leave it out of where",
    ),
    "calendar_without_effect": (
        ":7:14: assume.calendar.holiday_weight: changes nothing without `holidays`",
        ":7:35: assume.calendar.stages: names no stage; leave it out for all stages",
    ),
    "composite_cycle": (":6:3: scenarios.one:", "one -> two -> three -> one"),
    "composite_unknown": (":7:10: scenarios.both[0]:", "did you mean 'hire-two'?"),
    "cost_too_large": (
        ":6:68: teams.callers.cost_per_month: must be at most 1e18 either way from 0, got 1e300; count",
        ":9:38: scenarios.fix[0].cost: must be at most 1e18 either way from 0, got 1e300",
        ":10:62: scenarios.fix[1].cost_per_head: must be at most 1e18 either way from 0, but may come to 4.753e200",
        ":11:25: scenarios.fix[2].multiply: lognormal: sigma must be at most 30, got 500",
    ),
    "custom_tag": (":3:17:", "python/object/apply:os.system", "without tags"),
    "date_not_iso": (":4:12: forecast.as_of:", "YYYY-MM-DD", "got '01.07.2026'"),
    "date_with_time": (":4:12: forecast.as_of:", "leave the time out"),
    "deep_nesting": (":5:51:", "nested more than 40 levels deep"),
    "distribution_arity": (":7:23: scenarios.fix[0].multiply:", "normal takes mean, sd (2 numbers), got [1, 2, 3]"),
    "distribution_unknown": (":7:23: scenarios.fix[0].multiply:", "normal, beta", "'norml'"),
    "duplicate_key": (":7:3: forecast.as_of: given twice", "first at", ":5:3", "keep one of them"),
    "empty": ("the file is empty", "simcast: 1"),
    "empty_scenario": (":6:3: scenarios.nothing:", ":7:3: scenarios.void:", "1 or more"),
    "extends_conflict": ("extends_conflict.two:1:23: simulation.futures:", "200 here, but 100 at", "drop one"),
    "extends_cycle": ("extends itself", "extends_cycle.yaml -> extends_cycle.part -> extends_cycle.yaml"),
    "extends_missing": (":1:10: extends: no such file", "no_such_file.yaml"),
    "futures_zero": (":5:14: simulation.futures:", "must be 1 or more, got 0"),
    "horizon_nonsense": (":4:31: forecast.horizon:", "such as '1 quarter'", "got 'a while'"),
    "lever_ends_before_it_begins": (":7:54: scenarios.fix[0].until:", "must not be before from (2026-08-01)"),
    "lever_without_kind": (":7:7: scenarios.fix[0]:", "begin with lever:"),
    "list_at_top": (":1:1:", "must be keys with values"),
    "many_at_once": (
        ":4:31: forecast.until:",
        ":5:14: simulation.futures:",
        ":8:27: scenarios.fix[0].stage:",
        ":9:23: scenarios.fix[1].multiply:",
    ),
    "merge_key": (":7:3: <<:", "use extends"),
    "names_of_two_lines": (
        ":2:27: pipeline.stages[1]: is a name, which must be one line, got 'meet\\ning'; write it without line breaks",
        ":6:3: scenarios.fix\\nit: is a name, which must be one line",
        ":7:40: scenarios.fix\\nit[0].add: must be a change",
    ),
    "nan_and_infinity": (
        ":7:23: scenarios.fix[0].multiply:",
        "got nan",
        ":8:38: scenarios.fix[1].cap_days:",
        "got inf",
    ),
    "negative_sd": (":7:23: scenarios.fix[0].multiply:", "sd must be above 0, got -0.05"),
    "negative_seed": (":5:14: simulation.seed:", "must be 0 or more, got -1"),
    "neither_until_nor_horizon": (":4:1: forecast:", "give until (the last day) or horizon"),
    "no_booleans": (":8:36: scenarios.fix[0].open:", "must be true or false, got 'no'"),
    "no_operation": (":7:8: scenarios.fix[0].lever:", "give one of multiply, set, cap_days"),
    "no_source": (":1:1:", "neither history nor assume"),
    "not_utf_8": (":1: not UTF-8 text", "save the file as UTF-8"),
    "number_as_name": (
        ':2:27: pipeline.stages[1]: must be text, got 7; quote it: "007"',
        ':2:32: pipeline.stages[2]: must be text, got 100000.0; quote it: "1e5"',
        'scenarios.fix[0].deal: must be text, got 423; quote it: "00423"',
        'scenarios.fix[1].where.source[0]: must be text, got 16; quote it: "0x10"',
    ),
    "number_as_text": (":7:23: scenarios.fix[0].multiply:", "got '2'", "remove the quotes"),
    "numbers_as_people_write_them": (
        ":3:59: forecast.target.bookings: must be a number, got '2.4M'; write 2400000",
        ":4:14: simulation.futures: must be a whole number, got '2 000'; write 2000",
        ":7:12: assume.stages.lead.conversion:",
        "got '40 %'; write 0.4",
        ":7:30: assume.stages.lead.days: lognormal: median must be a number above 0,",
        "got '1,5'; write 1.5",
        ":7:74: assume.stages.lead.stalled: '0,1' ends at its comma; write a decimal point: 0.1",
        ":9:5: assume.arrivals.per_day:",
        "got '2,5'; write 2.5",
        ":12:47: scenarios.fix[0].add: '0,05' ends at its comma; write a decimal point: 0.05",
    ),
    "overlapping_composite": (
        ":7:9: scenarios.two[0]:",
        "as scenarios.one[0] does in scenario 'both'",
        "leave one out",
    ),
    "overlapping_levers": (":8:7: scenarios.fix[1]:", "the conversion of 'lead', as scenarios.fix[0] does"),
    "pipeline_file_missing": (":2:11: pipeline: no such file 'stages.yaml'",),
    "probabilities_exceed_one": (":6:12: assume.stages.lead.conversion:", "sum to 1.1", "must not exceed 1"),
    "probability_above_one": (":6:12: assume.stages.lead.conversion:", "from 0 to 1, got 40", "40% is 0.4"),
    "renewal_not_assumed": (
        ":4:3: assume.stages:",
        "missing: won; won says which share of deals that have ended so move on to renewal, and after how many days",
    ),
    "reserved_stage": (":2:1: pipeline:", "'stalled' is a reserved word; choose another name"),
    "self_alias": (":5:21:", "*s refers to no value before it"),
    "shares_not_one": (":10:3: assume.segments:", "the shares of 'source' must sum to 1, got 0.9"),
    "stage_as_number": (":2:27: pipeline.stages[1]:", 'must be text, got 1; quote it: "1"'),
    "stage_twice": (":2:12: pipeline.stages:", "'lead' is listed twice"),
    "support_outside": (":6:12: assume.stages.lead.conversion:", "uniform [0.5, 1.5] reaches beyond it"),
    "syntax": (":5:19: not valid YAML",),
    "tab_indent": (":3:1: a tab in the indent", "indented with spaces"),
    "too_many_people": (
        ":6:29: teams.callers.headcount: must be at most 100000, got 1000000000",
        ":9:36: scenarios.fix[0].count: must be at most 100000",
    ),
    "two_documents": (":5:1: a second document", "use extends"),
    "two_operations": (":7:50: scenarios.fix[0].multiply:", "give one of set, add, multiply, odds; got add, multiply"),
    "unknown_key": (":4:51: forecast.perid: unknown key", "did you mean 'period'?"),
    "unknown_lever": (":7:8: scenarios.fix[0].lever:", "did you mean 'conversion'?"),
    "unknown_metric": (":4:40: forecast.target.booking: unknown key", "did you mean 'bookings'?"),
    "unknown_move": (":7:38: scenarios.fix[0].move:", "no move from 'lead' to 'won'", "known: meeting, lost"),
    "unknown_outcome": (":7:32: scenarios.fix[0].outcome:", "did you mean 'lost'?"),
    "unknown_prior": (":3:45: history.model.priors.conversion_logits:", "did you mean 'conversion_logit'?"),
    "unknown_section": (":5:1: senarios: unknown key", "did you mean 'scenarios'?"),
    "unknown_segment_column": (":7:46: scenarios.fix[0].where.region:", "not a segment column (known: source)"),
    "unknown_stage": (":7:27: scenarios.fix[0].stage:", "did you mean 'meeting'?"),
    "unknown_team": (":7:21: scenarios.fix[0].team:", "no team 'callers'"),
    "unknown_zone": (
        ":6:3: history.encoding: must be an encoding such as utf-8, utf-16 or cp1251, or auto, got 'cp12511'",
        ":7:3: history.time_zone: 'Europe/Berln' is not a time zone known here; did you mean 'Europe/Berlin'?",
    ),
    "unreachable_outcome": (":4:14: pipeline.outcomes.upsold:", "no move leads to outcome 'upsold'"),
    "unreachable_stage": (":4:3: pipeline.moves:", "no move leads into stage 'meting' (did you mean 'meeting'?)"),
    "until_and_horizon": (":4:50: forecast.horizon:", "give until or horizon, not both"),
    "utf_16": ("not UTF-8 text", "save the file as UTF-8"),
    "variable_in_braces": (":3:18: not valid YAML", "put quotes round"),
    "variable_undefined": (":4:3: history.path:", "SIMCAST_TEST_UNDEFINED is not set", ":-default}"),
    "version_missing": ("simcast: missing", "required"),
    "version_unknown": (":1:1: simcast: version 2 is not known", "write 'simcast: 1'"),
    "week_as_date": (
        ":3:28: history.recorded_until: must be a date such as 2017-03-01, auto or none, got '2026-W26-1'",
        ":3:64: history.model.recorded_from: must be a date",
        ":4:12: forecast.as_of: must be a day written as YYYY-MM-DD, such as 2026-07-01, got '2026-W27-3'",
    ),
    "weekdays_of_six": (":8:26: assume.arrivals.weekdays:", "must be 7 weights"),
    "where_empty": (":11:49: scenarios.more[0].where.region", "must be text, got nothing"),
    "word_or_something_else": (
        ":3:28: history.placeholder_amounts: 'some' is not one of auto; or give a list",
        ":6:78: teams.callers.backlog.younger_than_days: must be above 0.0, got 0",
        ":7:74: teams.sellers.backlog: 'some' is not one of none, all; or give keys with values",
    ),
    "wrong_types": (
        ":5:14: simulation.futures: must be a whole number, got 'many'",
        ":5:29: simulation.seed: must be a whole number, got 1.5",
        ":6:1: scenarios: must be keys with values, got 3",
    ),
}


@pytest.fixture(autouse=True)
def _variable_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMCAST_TEST_UNDEFINED", raising=False)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_bad_file_is_refused_with_place_and_remedy(name: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(FOLDER / f"{name}.yaml")
    message = "\n".join(caught.value.problems)
    missing = [fragment for fragment in EXPECTED[name] if fragment not in message]
    assert not missing, message


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_problem_is_one_line_that_names_its_file_and_speaks_no_jargon(name: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(FOLDER / f"{name}.yaml")
    for problem in caught.value.problems:
        assert "\n" not in problem
        assert name in problem.split(": ")[0]
        assert not re.search(r"Input should|Value error|https?://|pydantic|dict\[|tuple\[|literal\[|NoneType", problem)


def test_every_bad_file_has_its_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(EXPECTED)


def test_as_many_problems_are_told_as_there_are() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(FOLDER / "many_at_once.yaml")
    assert len(caught.value.problems) == 4


def test_a_value_that_may_be_a_word_or_something_else_has_one_problem() -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(FOLDER / "word_or_something_else.yaml")
    assert len(caught.value.problems) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml: no such file"):
        load_scenario(tmp_path / "nowhere.yaml")


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path)


def test_a_file_beyond_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_text("# " + "x" * 1_000_001)
    with pytest.raises(ScenarioError, match="at most 1,000,000"):
        load_scenario(large)
