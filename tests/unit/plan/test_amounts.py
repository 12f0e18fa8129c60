"""Amounts that the engine could not count are refused where they are written, and never cut in silence."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simcast.analysis import Ground, check, ground_of
from simcast.engine.kernel import _MOST_MINOR_UNITS
from simcast.errors import ScenarioError
from simcast.history.parsing import parse_amounts
from simcast.money import MOST_AMOUNT
from simcast.plan import MINOR_UNITS
from simcast.report.words.russian_sentences import in_russian
from simcast.scenario import BASELINE, build_scenario, load_scenario


def ground(*levers: dict[str, Any], **assumed: Any) -> Ground:  # noqa: ANN401
    """Return a desk of one stage with open and new deals, and one scenario."""
    content: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["звонок"]},
        "assume": {
            "stages": {"звонок": {"conversion": 0.5, "days": 2}},
            "arrivals": {"per_day": 2},
            "amount": 1000,
            "open": [{"stage": "звонок", "count": 3, "amount": 500, "where": {"source": "ads"}}],
            "segments": {"source": {"ads": 0.5, "site": 0.5}},
        },
        "forecast": {"as_of": "2026-07-01", "horizon": "30 days"},
        "simulation": {"futures": 40, "seed": 3},
        "scenarios": {"change": list(levers) or [AMOUNT | {"multiply": 1.1}]},
    }
    content["assume"] |= assumed
    return ground_of(build_scenario(content))


AMOUNT: dict[str, Any] = {"lever": "amount"}


def problem(*levers: dict[str, Any], **assumed: Any) -> str:  # noqa: ANN401
    """Return the one line by which a plan is refused."""
    with pytest.raises(ScenarioError) as caught:
        ground(*levers, **assumed).plan("change")
    (line,) = caught.value.problems
    return line


def test_what_is_refused_is_what_the_kernel_would_cut() -> None:
    assert MOST_AMOUNT * MINOR_UNITS == _MOST_MINOR_UNITS


def test_a_win_of_the_largest_amount_is_counted_in_full() -> None:
    played = ground(AMOUNT | {"multiply": 0.5}, amount=MOST_AMOUNT, arrivals={"per_day": 0.5}, open=[]).play()
    assert played.values("wins").sum() > 0
    np.testing.assert_array_equal(played.values("bookings"), played.values("wins") * MOST_AMOUNT)


@pytest.mark.parametrize(
    "amount",
    [
        {"lognormal": {"median": 1000, "sigma": 50}},
        {"lognormal": {"median": {"lognormal": [1e12, 3]}, "sigma": 1}},
        {"lognormal": {"median": {"uniform": [1e13, 2e13]}, "sigma": 0.1}},
        {"loglogistic": {"median": 1000, "shape": 0.2}},
        {"weibull": {"scale": 1e12, "shape": 0.5}},
        {"constant": {"value": {"uniform": [1e12, 2e13]}}},
    ],
)
def test_amounts_of_which_many_would_be_too_large_are_refused(amount: dict[str, Any]) -> None:
    line = problem(amount=amount)
    assert line.startswith("scenario: assume.amount: ")
    assert "one deal may be worth at most 1e13; count money in thousands or millions" in line


@pytest.mark.parametrize(
    ("lever", "says"),
    [
        ({"multiply": 2e10}, "scenarios.change[0].multiply: makes a deal worth 2e13"),
        ({"multiply": {"uniform": [1, 1e300]}}, "scenarios.change[0].multiply: makes a deal worth "),
        ({"multiply": 1e308}, "scenarios.change[0].multiply: makes a deal worth more than 1e308"),
        ({"add": 1e13}, "scenarios.change[0].add: makes a deal worth 1e13"),
        ({"multiply": 3e10, "open": True, "where": {"source": "ads"}}, "makes a deal worth 3e13"),
    ],
)
def test_a_lever_that_makes_deals_worth_too_much_is_named(lever: dict[str, Any], says: str) -> None:
    line = problem(AMOUNT | lever)
    assert says in line
    assert "one deal may be worth at most 1e13" in line


def test_open_deals_are_worth_too_much_where_the_lever_reaches_them() -> None:
    opened = [{"stage": "звонок", "count": 1, "amount": 9e12, "where": {"source": "ads"}}]
    assert ground(AMOUNT | {"multiply": 2}, open=opened).plan("change").notes == ()
    assert ground(AMOUNT | {"multiply": 2, "open": True, "where": {"source": "site"}}, open=opened).plan("change")
    assert "multiply: makes a deal worth 1.8e13" in problem(AMOUNT | {"multiply": 2, "open": True}, open=opened)


@pytest.mark.parametrize(
    "lever",
    [
        {"multiply": 9e9},
        {"multiply": 2e10, "from": "2026-09-01"},  # after the forecast
        {"multiply": 2e10, "ramp_days": 300},  # a tenth of it within the forecast
        {"add": -500},
        {"multiply": 0},
    ],
)
def test_a_lever_that_does_not_is_played(lever: dict[str, Any]) -> None:
    assert ground(AMOUNT | lever).plan("change").notes == ()


@pytest.mark.parametrize(
    ("lever", "said"),
    [
        ({"add": -1e15}, "takes more from an amount than a usual deal is worth (1.0 k) in 100% of the futures"),
        ({"add": {"normal": [0, 3000]}}, "takes more from an amount than a usual deal is worth (1.0 k) in "),
        ({"add": -1e15, "from": "2026-09-01"}, ""),  # after the forecast
    ],
)
def test_amounts_that_fall_below_nothing_are_said(lever: dict[str, Any], said: str) -> None:
    notes = ground(AMOUNT | lever).plan("change").notes
    assert bool(notes) == bool(said)
    assert all(said in note and in_russian(note) for note in notes)


NONE_COME = {"arrivals": None}
ONLY_SITE = {"segments": {"source": {"ads": 1e-9, "site": 1.0 - 1e-9}}}
DOUBLED = AMOUNT | {"multiply": 2}
ON_ADS, ON_SITE = {"where": {"source": "ads"}}, {"where": {"source": "site"}}


@pytest.mark.parametrize(
    ("lever", "assumed", "remedy"),
    [
        (DOUBLED, NONE_COME, "give it open: true to change the amounts of the open deals too"),
        (AMOUNT | {"add": 100} | ON_ADS, NONE_COME, "give it open: true"),
        (DOUBLED | ON_ADS, ONLY_SITE, "give it open: true"),
        (DOUBLED | ON_SITE, NONE_COME, "nor are any deals open there; select others, or leave it out"),
        (DOUBLED | ON_SITE | {"open": True}, NONE_COME, "nor are any deals open there"),
        (DOUBLED | {"open": True}, NONE_COME, ""),
        (DOUBLED | ON_ADS | {"open": True}, ONLY_SITE, ""),
        (DOUBLED | ON_SITE, ONLY_SITE, ""),
        (DOUBLED, ONLY_SITE, ""),
        (DOUBLED, {}, ""),
        (DOUBLED | {"from": "2026-09-01"}, NONE_COME, ""),  # after the forecast, which is said elsewhere
    ],
)
def test_a_lever_that_no_deal_feels_is_said_with_what_to_do(
    lever: dict[str, Any], assumed: dict[str, Any], remedy: str
) -> None:
    desk = ground(lever, **assumed)
    notes = desk.plan("change").notes
    assert bool(notes) == bool(remedy)
    assert check(desk.scenario).unfelt == notes
    assert check(desk.scenario, [BASELINE]).unfelt == ()
    for note in notes:
        assert note.startswith("scenarios.change[0]: changes nothing, since no new deals come where it acts; ")
        assert remedy in note
        assert in_russian(note)
    if remedy:
        np.testing.assert_array_equal(desk.play("change").values("bookings"), desk.play().values("bookings"))


def test_new_deals_that_another_lever_brings_feel_it() -> None:
    more = {"lever": "arrivals", "add_per_day": 1} | ON_ADS
    assert ground(DOUBLED | ON_ADS, more, **NONE_COME).plan("change").notes == ()
    desk = ground(DOUBLED | ON_SITE, more, **NONE_COME)
    (note,) = desk.plan("change").notes
    assert "nor are any deals open there" in note
    assert check(desk.scenario).unfelt == ()  # where a lever brings deals only a plan says


def test_a_check_says_of_a_history_what_is_known_without_a_fit(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "deal,stage,entered,source\nA,lead,2026-01-05,ads\nA,won,2026-01-09,ads\nB,lead,2026-01-06,site\n", "utf-8"
    )
    text = (
        "simcast: 1\nname: q\npipeline: {stages: [lead]}\nhistory: {path: log.csv, format: log, segments: [source]}\n"
        "assume: {arrivals: {per_day: 0}}\nforecast: {as_of: 2026-02-01, until: 2026-02-28}\n"
        "scenarios:\n  ads: [{lever: amount, where: {source: ads}, multiply: 2}]\n"
        "  site: [{lever: amount, where: {source: site}, multiply: 2}]\n"
        "  open: [{lever: amount, where: {source: site}, multiply: 2, open: true}]\n"
    )
    file = tmp_path / "q.yaml"
    file.write_text(text, encoding="utf-8")
    found = check(load_scenario(file))
    assert [warning.split(":")[0] for warning in found.unfelt] == ["scenarios.ads[0]", "scenarios.site[0]"]
    assert "nor are any deals open there" in found.unfelt[0]
    assert "give it open: true" in found.unfelt[1]
    assert set(found.unfelt) <= set(found.to_dict()["warnings"])
    assert f"warning: {found.unfelt[0]}" in found.lines()
    assert check(load_scenario(file), ["site"]).unfelt == found.unfelt[1:]
    file.write_text(text.replace("assume: {arrivals: {per_day: 0}}\n", ""), encoding="utf-8")
    assert check(load_scenario(file)).unfelt == ()


def test_rare_amounts_that_are_cut_are_said() -> None:
    assert ground(amount={"lognormal": {"median": 1000, "sigma": 4.5}}).plan().notes == ()  # one in 1.5 million
    (note,) = ground(amount={"lognormal": {"median": 1000, "sigma": 5.5}}).plan().notes
    assert note.startswith("amounts: more than one deal in 1,000,000 would be worth more than 1e13")
    assert in_russian(note)


def test_deals_that_are_too_much_together_are_refused() -> None:
    line = problem(amount=9e12, arrivals={"per_day": 200})
    assert "deals in a future, of up to 9.9e12 each, could be worth" in line
    assert "together they may be worth at most 4e16" in line


def test_an_open_deal_of_a_book_made_by_hand_is_named() -> None:
    small = ground()
    book = dataclasses.replace(small.book, amount=np.array([1.0, 1e308, np.nan]))
    with pytest.raises(ScenarioError, match="open deal 'open-2': its amount is 1e308, and one deal may be worth"):
        dataclasses.replace(small, book=book).plan()


def test_columns_of_numbers_follow_the_rule_of_text() -> None:
    values, broken = parse_amounts(pd.Series([1e13, 1.01e13, np.inf, np.nan, 0.0]))
    np.testing.assert_array_equal(values, [1e13, np.nan, np.nan, np.nan, 0.0])
    assert {row: rule.split(";")[0] for row, rule in broken.items()} == {
        1: "an amount may be at most 1e13",
        2: "is not finite",
    }


@pytest.mark.parametrize(
    ("shape", "said"),
    [(0.8, "of shape 1 or less have no mean"), (1.5, "of shape 2 or less have no standard deviation"), (2.5, "")],
)
def test_amounts_without_a_mean_or_a_standard_deviation_are_said(shape: float, said: str) -> None:
    notes = ground(amount={"loglogistic": {"median": 100, "shape": shape}}).plan("baseline").notes
    found = [note for note in notes if note.startswith("amounts: log-logistic")]
    assert len(found) == bool(said)
    for note in found:
        assert said in note
        assert in_russian(note).startswith("суммы: у лог-логистических")
