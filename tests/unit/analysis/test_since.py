"""What changed since an earlier run, on deals whose story is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simcast.analysis import Ground
from simcast.analysis.since import Changes, changes_since
from simcast.assume import assumed_posterior
from simcast.errors import ScenarioError
from simcast.history import read_history
from simcast.scenario import Scenario, build_scenario

LOG = """deal,stage,entered,amount
A,договор,2026-06-20,1000
A,won,2026-07-05,1000
B,договор,2026-06-20,2000
B,lost,2026-07-06,2000
C,договор,2026-06-25,3000
D,договор,2026-07-03,500
D,won,2026-07-08,500
E,договор,2026-07-09,700
"""


RENEWALS = {
    "moves": [{"from": "won", "to": "продление"}, {"from": "продление", "to": "won"}],
    "stages": {
        "won": {"conversion": 1, "days": {"constant": 40}},
        "продление": {"conversion": 1, "days": {"constant": 22}},
    },
}
"""A won deal is won again every 62 days."""

TEAM = {"люди": {"serves": ["договор"], "headcount": 1, "hours_per_day": 2, "effort_hours": {"договор": 8}}}


def scenario(
    as_of: str,
    conversion: float,
    until: str = "2026-12-31",
    amount: Any = 100,  # noqa: ANN401 - a number or a distribution, as in a file
    beside: dict[str, Any] | None = None,
    teams: dict[str, Any] | None = None,
) -> Scenario:
    further = beside or {"moves": [], "stages": {}}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["договор"], "moves": further["moves"]},
            "assume": {
                "stages": {
                    "договор": {"conversion": conversion, "days": {"exponential": {"mean": 5}}},
                    **further["stages"],
                },
                "arrivals": {"per_day": 0},
                "amount": amount,
            },
            "forecast": {"as_of": as_of, "until": until},
            "simulation": {"futures": 4000, "seed": 2},
            "teams": teams or {},
        }
    )


def ground(folder: Path, as_of: str, conversion: float, log: str = LOG, **asked_for: Any) -> Ground:  # noqa: ANN401
    file = folder / "log.csv"
    file.write_text(log, encoding="utf-8")
    asked = scenario(as_of, conversion, **asked_for)
    known = read_history(file, asked.pipeline_definition).known_at(np.datetime64(as_of))
    assert asked.assume is not None
    posterior = assumed_posterior(asked.pipeline_definition, asked.assume)
    return Ground(asked, known, posterior, known.open_deals(np.datetime64(as_of)), 1)


def by_kind(found: Changes) -> dict[str, float]:
    return {step.kind: step.value for step in found.steps}


def test_amounts_that_nobody_knows_have_not_changed(tmp_path: Path) -> None:
    """What a usual deal is thought to be worth belongs to the parameters."""
    log = "deal,stage,entered,amount\nC,договор,2026-06-25,\nD,договор,2026-06-28,\n"
    before = ground(tmp_path, "2026-07-01", 0.4, log)
    found = by_kind(changes_since(before, ground(tmp_path, "2026-07-15", 0.4, log, amount=300)))
    assert found.get("amounts", 0.0) == pytest.approx(0.0, abs=1e-6)
    assert found["parameters"] > 50  # two deals, each won with a chance of 0.4, by 200 dearer


def test_each_reason_has_its_share_and_all_add_up(tmp_path: Path) -> None:
    """Exponential days: chances stay 0.4 while a deal waits, half a year is enough to end all."""
    before = ground(tmp_path, "2026-07-01", 0.4)
    now = ground(tmp_path, "2026-07-10", 0.5)
    found = changes_since(before, now)
    assert found.metric == "bookings"
    assert abs(found.before - 0.4 * 6000) < 5 * 0.49 * 3742 / 63.2  # sd of a sum of three, 4000 futures
    assert found.won == 1500
    assert found.before + sum(step.value for step in found.steps) == pytest.approx(found.won + found.ahead)
    steps = by_kind(found)
    assert steps["won"] == pytest.approx(1000 - 400, abs=40)
    assert steps["lost"] == pytest.approx(-800, abs=80)
    assert steps["open"] == pytest.approx(0, abs=120)
    assert steps["new"] == pytest.approx(500 + 0.4 * 700, abs=30)
    assert steps["parameters"] == pytest.approx(0.1 * 3700, abs=120)
    assert steps["amounts"] == 0.0
    assert steps["rest"] == pytest.approx(0.0, abs=1e-6)
    assert [step.deals for step in found.steps] == [1, 1, 1, 0, 2, 0, 0]


def test_a_deal_counts_with_all_that_it_is_won_again(tmp_path: Path) -> None:
    """Half a year holds three wins of a deal won within 60 days: one now, and two renewals."""
    before = ground(tmp_path, "2026-07-01", 0.4, beside=RENEWALS)
    now = ground(tmp_path, "2026-07-10", 0.4, beside=RENEWALS)
    found = changes_since(before, now)
    steps = by_kind(found)
    assert found.before == pytest.approx(3 * 0.4 * 6000, abs=5 * 3 * 0.49 * 3742 / 63.2)
    assert steps["won"] == pytest.approx(1000 + 2 * 1000 - 3 * 400, abs=120)  # sd of the mean of then: 23
    assert steps["lost"] == pytest.approx(-3 * 800, abs=240)
    assert steps["open"] == pytest.approx(0, abs=360)
    assert steps["new"] == pytest.approx(500 + 2 * 500 + 3 * 0.4 * 700, abs=90)
    assert steps["rest"] == pytest.approx(0.0, abs=1e-6)
    assert found.before + sum(step.value for step in found.steps) == pytest.approx(found.won + found.ahead)


def test_deals_whose_amount_is_not_known_leave_no_rest(tmp_path: Path) -> None:
    """What is drawn for them is on average twice its median."""
    log, amount = LOG.replace(",2000", ",").replace(",3000", ","), {"lognormal": {"median": 500, "sigma": 1.177}}
    before = ground(tmp_path, "2026-07-01", 0.4, log, amount=amount)
    steps = by_kind(changes_since(before, ground(tmp_path, "2026-07-10", 0.4, log, amount=amount)))
    assert steps["lost"] == pytest.approx(-400, abs=100)  # sd of the mean: 23
    assert steps["open"] == pytest.approx(0, abs=150)
    assert steps["amounts"] == 0.0
    assert steps["rest"] == pytest.approx(0.0, abs=1e-6)


def test_deals_that_wait_for_one_team_leave_no_rest(tmp_path: Path) -> None:
    """What a deal brings depends on the others before it in the queue, who stay in it."""
    asked: dict[str, Any] = {"teams": TEAM, "until": "2026-07-16"}
    log = LOG + "".join(f"Q{n},договор,2026-06-{10 + n},400\n" for n in range(9))
    before, now = (ground(tmp_path, day, 0.4, log, **asked) for day in ("2026-07-01", "2026-07-10"))
    alone = changes_since(before, now)
    steps = by_kind(alone)
    assert steps["rest"] == pytest.approx(0.0, abs=1e-6)
    assert steps["open"] < -200  # two weeks, then one: those who wait behind come too late
    assert alone.before + sum(steps.values()) == pytest.approx(alone.won + alone.ahead)


def test_amounts_are_told_from_chances(tmp_path: Path) -> None:
    before = ground(tmp_path, "2026-07-01", 0.4)
    raised = LOG.replace("C,договор,2026-06-25,3000", "C,договор,2026-06-25,4000")
    steps = by_kind(changes_since(before, ground(tmp_path, "2026-07-10", 0.4, raised)))
    assert steps["amounts"] == pytest.approx(400, abs=40)
    assert abs(steps["parameters"]) < 1e-9
    assert abs(steps["open"]) < 120


def test_without_any_change_nothing_is_told(tmp_path: Path) -> None:
    same = ground(tmp_path, "2026-07-01", 0.4)
    found = changes_since(same, same)
    assert all(step.value == 0.0 for step in found.steps if step.kind != "rest")
    assert found.won == 0.0
    assert found.before == found.ahead


def test_other_totals_are_refused(tmp_path: Path) -> None:
    before, now = ground(tmp_path, "2026-07-01", 0.4), ground(tmp_path, "2026-07-10", 0.4)
    with pytest.raises(ScenarioError, match="later than"):
        changes_since(now, before)
    with pytest.raises(ScenarioError, match="2026-11-30"):
        changes_since(before, ground(tmp_path, "2026-07-10", 0.4, until="2026-11-30"))
