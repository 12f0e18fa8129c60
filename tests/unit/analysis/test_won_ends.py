"""Wins by the outcome they are: counted in the same futures, beside what the engine counts of stages."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from simcast.analysis import Run, run
from simcast.report.document import run_document
from simcast.report.tables import stage_flows, stages_table, won_outcomes_table
from simcast.report.terminal import print_run
from simcast.report.words import LANGUAGES
from simcast.scenario import build_scenario

TEAM = {"люди": {"serves": ["offer"], "headcount": 2, "hours_per_day": 6, "effort_hours": {"offer": 4}}}


def move(start: str, end: str) -> dict[str, str]:
    return {"from": start, "to": end}


@cache
def played(amount: float | None = 100.0, *, teams: bool = False) -> Run:
    """Run a pipeline in which screen may end in either win, offer in a contract, and upsold deals are sold to again."""
    return run(
        build_scenario(
            {
                "simcast": 1,
                "pipeline": {
                    "stages": ["screen", "offer"],
                    "outcomes": {"contractor": "won", "upsold": "won"},
                    "moves": [
                        move("screen", "won"),
                        move("screen", "contractor"),
                        move("offer", "contractor"),
                        move("won", "again"),
                        move("again", "upsold"),
                        move("upsold", "again"),
                    ],
                },
                "assume": {
                    "stages": {
                        "screen": {"conversion": 0.4, "days": 4, "moves": {"won": 0.1, "contractor": 0.05}},
                        "offer": {"conversion": 0.5, "days": 6, "moves": {"contractor": 0.25}},
                        "won": {"conversion": 0.8, "days": {"exponential": {"mean": 20}}},
                        "again": {"conversion": 0.5, "days": 10},
                        "upsold": {"conversion": 0.9, "days": 15},
                    },
                    "arrivals": {"per_day": 3},
                    "open": [{"stage": "offer", "count": 5, "age_days": 1}],
                }
                | ({} if amount is None else {"amount": amount}),
                "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
                "simulation": {"futures": 200, "seed": 4},
                "scenarios": {"sign": [{"lever": "deal", "deal": "open-1", "outcome": "upsold"}]},
                "teams": TEAM if teams else {},
            }
        )
    )


@pytest.mark.parametrize("teams", [False, True])
def test_wins_by_outcome_are_what_the_stages_count(teams: bool) -> None:
    found = played(teams=teams)
    for name, forecast in found.forecasts.items():
        ends = found.won_ends[name]
        assert list(ends) == ["won", "contractor", "upsold"]
        for renewing in ("won", "upsold"):  # each such win begins a stay
            assert np.array_equal(ends[renewing].wins, forecast.stage_values("entered", renewing))
        assert np.array_equal(sum(end.wins for end in ends.values()), forecast.values("wins"))
        assert sum(end.bookings for end in ends.values()) == pytest.approx(forecast.values("bookings"))
        assert ends["contractor"].bookings == pytest.approx(100 * ends["contractor"].wins)
        assert ends["contractor"].wins.mean() > 20


def test_a_deal_that_a_lever_ends_counts_with_its_outcome() -> None:
    found = played()
    more = found.won_ends["sign"]["upsold"].wins - found.won_ends["baseline"]["upsold"].wins
    assert more.min() >= 0
    assert more.mean() >= 1


@pytest.mark.parametrize("teams", [False, True])
def test_wins_aside_of_the_forward_move_are_known_by_stage(teams: bool) -> None:
    """All contracts are aside, and so are the wins of screen; those of offer are its forward move."""
    found = played(teams=teams)
    baseline, ends = found.forecasts["baseline"], found.won_ends["baseline"]
    assert set(found.wins_aside) == {"screen", "offer"}
    forward = baseline.stage_values("left_forward", "offer").mean()
    contracts = ends["contractor"].wins.mean()
    assert sum(found.wins_aside.values()) == pytest.approx(contracts + ends["won"].wins.mean() - forward)
    left = baseline.stage_values("left_forward", "screen").mean()
    assert found.wins_aside["screen"] == pytest.approx(left * 0.15 / 0.4, rel=0.1)  # 40 of 200 x 92 x 3: 1%


def test_the_funnel_counts_every_win_as_going_on() -> None:
    found = played()
    flows = {flow.stage: flow for flow in stage_flows(found)}
    forward = found.forecasts["baseline"].stage_values("left_forward", "offer").mean()
    assert flows["offer"].forward == pytest.approx(forward + found.wins_aside["offer"])
    offer = flows["offer"]
    assert offer.forward + offer.other + offer.at_end == pytest.approx(offer.at_start + offer.entered)
    assert stages_table(found, LANGUAGES["en"]).rows[1][3] == offer.forward


def test_documents_terminal_and_page_tell_them() -> None:
    found = played()
    told = run_document(found)["scenarios"]
    ends = found.won_ends["sign"]
    assert told["sign"]["won_outcomes"]["contractor"]["wins"]["mean"] == ends["contractor"].wins.mean()
    assert told["sign"]["won_outcomes"]["won"]["bookings"]["mean"] == ends["won"].bookings.mean()
    assert "Baseline by won outcome" in printed(found)
    table = won_outcomes_table(found, LANGUAGES["ru"])
    assert table is not None
    assert [row[0] for row in table.rows] == ["won", "contractor", "upsold"]
    assert len(table.rows[0]) == len(table.columns) == 7


def test_without_amounts_wins_alone_are_told() -> None:
    table = won_outcomes_table(played(None), LANGUAGES["en"])
    assert table is not None
    assert [column.title for column in table.columns] == ["Outcome", "Wins P10", "Wins P50", "Wins P90"]
    assert len(table.rows[0]) == 4
    assert "Baseline by won outcome" in printed(played(None))


def test_one_won_outcome_is_not_told_apart() -> None:
    plain: dict[str, Any] = {
        "simcast": 1,
        "pipeline": {"stages": ["lead"]},
        "assume": {"stages": {"lead": {"conversion": 0.5, "days": 3}}, "arrivals": {"per_day": 2}, "amount": 5},
        "forecast": {"as_of": "2026-07-01", "until": "2026-07-31"},
        "simulation": {"futures": 100},
    }
    found = run(build_scenario(plain))
    assert found.won_ends == {}
    assert found.wins_aside == {}
    assert "won_outcomes" not in run_document(found)["scenarios"]["baseline"]
    assert "won outcome" not in printed(found)
    assert won_outcomes_table(found, LANGUAGES["en"]) is None


def printed(found: Run) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_run(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
