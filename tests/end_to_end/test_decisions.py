"""The commands that say what to do: deals, leaks, compare, solve, allocate, explain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result

Invoke = Callable[..., Result]


def test_deals_are_a_list_with_the_fields_that_programs_rely_on(assumed: Path, invoke: Invoke) -> None:
    rows = json.loads(invoke("deals", assumed, "--json", "--quiet").stdout)
    assert len(rows) == 50
    fields = {"deal", "stage", "age_days", "amount", "probability_won", "expected_close", "stalled"}
    assert all(fields <= set(row) for row in rows)
    assert all(0 <= row["probability_won"] <= 1 for row in rows)
    assert {row["stage"] for row in rows} == {"meeting", "contract"}
    assert {row["amount"] for row in rows} == {None, 15000}
    closes = [row["expected_close"] for row in rows if row["expected_close"] is not None]
    assert min(closes) >= "2026-07-01"
    assert max(closes) <= "2026-09-30"


def test_wins_of_open_deals_are_the_sum_of_their_chances(assumed: Path, invoke: Invoke) -> None:
    rows = json.loads(invoke("deals", assumed, "--json", "--quiet").stdout)
    run = json.loads(invoke("run", assumed, "--json", "--quiet", "--out", assumed.parent / "out").stdout)
    of_open = run["scenarios"]["baseline"]["origin"]["open"]["wins"]["mean"]
    assert sum(row["probability_won"] for row in rows) == pytest.approx(of_open)


def test_deals_can_be_chosen_and_written(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    result = invoke("deals", assumed, "--where", "source=ads", "--stage", "contract", "--out", file, "--top", 1)
    assert result.exit_code == 0
    assert set(pd.read_csv(file)["source"]) == {"ads"}
    assert "P(won)" in result.stdout
    wrong = invoke("deals", assumed, "--where", "source=radio", "--out", tmp_path / "none.csv")
    assert wrong.exit_code == 2
    assert "no open deal has this value" in wrong.stderr


def test_leaks_rank_the_stages(assumed: Path, invoke: Invoke) -> None:
    document = json.loads(invoke("leaks", assumed, "--json", "--quiet", "--futures", 300).stdout)
    worth = [stage["per_point"]["bookings"]["mean"] for stage in document["stages"]]
    assert worth == sorted(worth, reverse=True)
    assert {stage["stage"] for stage in document["stages"]} == {"lead", "meeting", "contract"}
    printed = invoke("leaks", assumed, "--quiet", "--futures", 300).stdout
    assert printed.startswith("One point of conversion is worth most in")
    assert "\nper day saved: from the median stay, others in proportion;" in printed
    assert invoke("leaks", assumed, "--by", "owner").exit_code == 2


def test_compare_ranks_and_agrees_with_run(assumed: Path, invoke: Invoke, tmp_path: Path) -> None:
    compared = json.loads(invoke("compare", assumed, "--json", "--quiet").stdout)
    run = json.loads(invoke("run", assumed, "--json", "--quiet", "--out", tmp_path / "out").stdout)
    by_name = {found["scenario"]: found for found in compared["differences"]}
    for found in run["differences"]:
        assert {key: by_name[found["scenario"]][key] for key in found} == found
    neutral = next(option for option in compared["scenarios"] if option["scenario"] == "neutral")
    assert neutral["bookings"] == compared["scenarios"][0]["bookings"]
    file = tmp_path / "table.parquet"
    printed = invoke("compare", assumed, "--quiet", "--out", file).stdout
    assert "brings the most" in printed
    assert len(pd.read_parquet(file)) == 5


def test_solve_answers_and_says_by_its_exit_status_when_it_cannot(assumed: Path, invoke: Invoke) -> None:
    vary = ("--vary", "arrivals multiply=1..3", "--quiet", "--futures", 200)
    found = invoke("solve", assumed, *vary, "--for", "P(bookings>=1.5e6)>=0.7", "--json")
    document = json.loads(found.stdout)
    assert found.exit_code == 0
    assert document["met"]
    assert document["interval"]["low"] <= document["answer"] <= document["interval"]["high"]
    assert document["measure"] >= 0.7
    never = invoke("solve", assumed, *vary, "--for", "P(bookings>=1e9)>=0.7")
    assert never.exit_code == 1
    assert "cannot be met" in never.stdout
    wrong = invoke("solve", assumed, "--vary", "arrivals multiply=1..3", "--for", "more!")
    assert wrong.exit_code == 2


def test_each_of_them_explains_itself_with_examples(invoke: Invoke) -> None:
    for command in ("deals", "leaks", "compare", "solve", "allocate", "explain"):
        examples = invoke(command, "--help").stdout.split("Examples:")[1].splitlines()[1:]
        assert examples[0].strip().startswith(f"simcast {command} ")


def test_explain_says_the_file_in_words_and_shares_out_the_variance(assumed: Path, invoke: Invoke) -> None:
    printed = invoke("explain", assumed, "--quiet").stdout
    assert "Deals go lead -> meeting -> contract -> won" in printed
    assert "Conversion" in printed
    document = json.loads(invoke("explain", assumed, "--quiet", "--json").stdout)
    assert set(document["scenarios"]) == {"better", "more", "neutral", "both"}
    assert sum(source["share"] for source in document["sources"]) == pytest.approx(1.0)
    assert document["knowing"]["best"] == "both"
    assert {"kind": "lever", "name": "more"}.items() <= next(
        worth.items() for worth in document["knowing"]["worth"] if worth["kind"] == "lever"
    )
    assert "Knowing" in printed or "worth to know" in printed


def test_allocate_splits_a_budget_among_scenarios_and_levers(assumed: Path, invoke: Invoke) -> None:
    arguments = ("--budget", 6000, "--futures", 200, "--quiet", "--steps", 2)
    lever = ("--among", "better", "--among", "duration stage=contract multiply=1..0.5 cost=3000")
    document = json.loads(invoke("allocate", assumed, *arguments, *lever, "--json").stdout)
    assert document["method"] == "enumeration"
    assert document["best"]["cost"] <= 6000
    assert document["best"]["take"]["better"] == "all"
    assert document["best"]["value"] == document["frontier"][-1]["value"]
    printed = invoke("allocate", assumed, *arguments, *lever).stdout
    assert printed.startswith("Choose better")
    by_default = json.loads(invoke("allocate", assumed, *arguments, "--json").stdout)
    assert [choice["choice"] for choice in by_default["choices"]] == ["better", "more", "neutral"]
    assert invoke("allocate", assumed).exit_code == 2
