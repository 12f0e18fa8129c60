from pathlib import Path

import numpy as np
import pytest

from simcast.app import tables
from simcast.app.bench import Bench, Question, open_bench
from simcast.scenario import dump_yaml

from .conftest import DESK, RUSSIAN

BETTER = [{"lever": "conversion", "stage": "lead", "add": 0.1}]


def test_plans_stand_side_by_side_and_the_baseline_without_a_difference(bench: Bench) -> None:
    table = tables.comparison({"baseline": bench.play(()), "<b>": bench.play(BETTER)}).set_index("plan")
    assert table.loc["baseline", "difference"] == "0"
    assert table.loc["baseline", "P(better)"] == ""
    assert str(table.loc["<b>", "difference"]).startswith("+")
    assert table.loc["<b>", "P(target)"] != "no target"


def test_parts_have_both_plans_and_their_difference(bench: Bench) -> None:
    before, after = bench.play(()), bench.play(BETTER)
    alone = tables.split(before.groups["source"], None, "source")
    both = tables.split(before.groups["source"], after.groups["source"], "source")
    assert list(alone["source"]) == ["ads", "referral"]
    assert "difference" not in alone
    assert all(text.startswith("+") for text in both["difference"])
    low, middle, high = tables.bands(before.groups["source"])[0]
    assert low <= middle <= high


def test_open_deals_have_the_chances_that_were_played(bench: Bench) -> None:
    outcome = bench.play(BETTER)
    deals = tables.open_deals(bench.book, bench.play(()), outcome, bench.stalled)
    assert len(deals) == 20
    chance = dict(zip(outcome.deals, outcome.deal_chance, strict=True))
    assert list(deals["P(won), what-if"]) == [chance[deal] for deal in deals["deal"]]
    assert (
        deals.loc[deals["stage"] == "lead", "P(won), what-if"] > deals.loc[deals["stage"] == "lead", "P(won)"]
    ).any()
    assert (deals["stage"] == RUSSIAN).sum() == 8
    close = deals["expected close, if won"].dropna()
    assert ((close >= "2026-07-01") & (close <= "2026-08-31")).all()
    assert "amount" not in deals  # none of the assumed deals has one


def test_deals_that_wait_in_line_for_a_team_are_not_stalled_here_either(tmp_path: Path) -> None:
    old = [{"stage": RUSSIAN, "count": 2, "age_days": 300}]
    for backlog, stalled in (("all", False), ("none", True)):
        team = {"serves": [RUSSIAN], "headcount": 1, "effort_hours": {RUSSIAN: 8}, "backlog": backlog}
        file = tmp_path / f"{backlog}.yaml"
        assume = {**DESK["assume"], "open": old}  # type: ignore[dict-item]  # a document of any depth
        desk = {key: value for key, value in DESK.items() if key != "scenarios"}
        file.write_text(dump_yaml({**desk, "assume": assume, "teams": {"people": team}}), encoding="utf-8")
        bench = open_bench(Question(str(file), (), 50))
        deals = tables.open_deals(bench.book, bench.play(()), None, bench.stalled)
        assert deals["stalled"].tolist() == [stalled] * 2


def test_filters_let_pass_what_is_wanted(bench: Bench) -> None:
    deals = tables.open_deals(bench.book, bench.play(()), None, bench.stalled)
    assert len(tables.filtered(deals, {"stage": [], "source": []})) == 20
    some = tables.filtered(deals, {"stage": [RUSSIAN], "source": ["ads"]})
    assert 0 < len(some) < 20
    assert set(some["stage"]) == {RUSSIAN}
    assert set(some["source"]) == {"ads"}
    assert len(tables.filtered(deals, {"stage": ["proposal"]})) == 0


def test_a_deal_that_is_never_won_has_no_expected_close(bench: Bench) -> None:
    lost = bench.play([{"lever": "deal", "deal": "open-1", "outcome": "lost"}])
    at = list(lost.deals).index("open-1")
    assert lost.deal_chance[at] == 0
    assert np.isnan(lost.deal_days[at])
    row = tables.open_deals(bench.book, lost, None, bench.stalled).set_index("deal").loc["open-1"]
    assert row["P(won)"] == 0
    assert str(row["expected close, if won"]) == "NaT"


def test_worth_is_amount_times_chance() -> None:
    import pandas as pd

    deals = pd.DataFrame({"amount": [100.0, np.nan], "P(won)": [0.25, 0.5]})
    assert tables.worth_of(deals).sum() == pytest.approx(25.0)
    assert tables.worth_of(deals[["P(won)"]]).sum() == 0.0


def test_where_nothing_is_booked_plans_are_told_by_wins(tmp_path: Path) -> None:
    assume = {key: value for key, value in DESK["assume"].items() if key != "amount"}  # type: ignore[attr-defined]  # a document of any depth
    forecast = {**DESK["forecast"], "target": {"wins": 20}}  # type: ignore[dict-item]  # a document of any depth
    file = tmp_path / "unpaid.yaml"
    file.write_text(dump_yaml({**DESK, "assume": assume, "forecast": forecast}), encoding="utf-8")
    bench = open_bench(Question(str(file), (), 200))
    before, after = bench.play(()), bench.play([{**BETTER[0], "cost": 500}])
    assert (before.metric, after.by_wins) == ("wins", True)
    assert before.fan[-1, 2] == before.total.quantile(0.5) > 0.0
    assert list(after.differences) != [0.0] * after.futures
    table = tables.comparison({"baseline": before, "better": after}).set_index("plan")
    assert not {"bookings P50", "net gain", "P(better)"} & set(table.columns)
    assert table.loc["better", "P(more)"] not in ("", "under 1%")
    assert table.loc["better", "cost per win"]
    parts = tables.split(before.groups["source"], after.groups["source"], "source", by_wins=True)
    assert all(float(text) > 0.0 for text in parts["baseline P50"])
    deals = tables.open_deals(bench.book, before, None, bench.stalled)
    assert deals["P(won)"].is_monotonic_decreasing
