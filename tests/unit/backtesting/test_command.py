"""`simcast backtest` from the command line, with a quick stand-in for the fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from deal_files import deal_rows, write_log

from simcast.backtesting import judging
from simcast.cli import main
from tests.cluster_here import ADDRESS, Here

pytestmark = pytest.mark.usefixtures("fitted_on")

ONLY_TWO = ("--min-history", "120", "--last", "2")
METHODS = {"simcast", "weighted_pipeline", "win_rate", "last_period", "seasonal_naive", "chain_ladder"}


def run(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["backtest", str(file), "--out", str(file.parent / "out"), *arguments])


def document(file: Path, *arguments: str) -> dict[str, Any]:
    found = run(file, "--json", *arguments)
    assert found.exit_code in {0, 1}, found.output
    read: dict[str, Any] = json.loads(found.stdout)
    return read


@pytest.fixture(autouse=True)
def without_slow_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither statsforecast, which has a test of its own, nor pictures, which have one below."""
    monkeypatch.setattr("simcast.backtesting.scenario_file.is_installed", lambda: False)
    monkeypatch.setattr("simcast.plots.backtest_page.draw_backtest_page", lambda *_: None)


def test_the_document_holds_what_the_contract_says(scenario_file: Path, fitted_on: list[str]) -> None:
    found = document(scenario_file, *ONLY_TWO, "--recalibrate")
    assert [origin["as_of"] for origin in found["origins"]] == ["2026-04-01", "2026-05-01"]
    assert set(found["scores"]) == METHODS | {"simcast_recalibrated"}
    for scores in found["scores"].values():
        assert set(scores) >= {"crps", "coverage", "bias", "n", "pit", "interval_score", "pinball"}
        assert scores["n"] == 2
        assert scores["coverage"] is None or set(scores["coverage"]) == {"0.5", "0.8", "0.9", "0.95"}
    assert found["scores"]["simcast"]["coverage"] is not None
    assert found["metric"] == "bookings"
    assert found["scores"] == found["metrics"]["bookings"]["scores"]
    assert found["metrics"]["wins"]["segments"]["регион"].keys() == {"Юг", "Север"}
    assert found["metrics"]["wins"]["periods"].keys() == {"1"}
    assert found["deals"]["n"] > 0
    assert found["ratios"]["weighted_pipeline"]["verdict"] == "cannot tell", "two dates cannot tell"
    assert len(fitted_on) == 2


def test_what_happened_is_counted_from_the_file(scenario_file: Path) -> None:
    found = document(scenario_file, *ONLY_TWO)
    deals = deal_rows()
    won = deals[(deals["end"] == "won") & (deals["left"] >= "2026-05-01") & (deals["left"] <= "2026-05-31")]
    may = found["origins"][-1]
    assert may["wins"]["actual"] == len(won)
    assert may["bookings"]["actual"] == won["amount"].sum()
    by_region = found["metrics"]["wins"]["segments"]["регион"]
    assert (
        sum(scores["actual"] for scores in by_region.values())
        == found["metrics"]["wins"]["scores"]["simcast"]["actual"]
    )


def test_a_planted_future_changes_no_forecast(scenario_file: Path, fitted_on: list[str]) -> None:
    """After the last as-of date everything is won at a hundred times its amount, and five times as much arrives."""
    before = document(scenario_file, *ONLY_TWO, "--last", "1")
    assert fitted_on == ["2026-04-30"]
    plant(scenario_file, "2026-05-01")
    after = document(scenario_file, *ONLY_TWO, "--last", "1")
    assert fitted_on == ["2026-04-30"] * 2, "another file is another backtest"
    assert foreseen(before) == foreseen(after)
    assert after["origins"][0]["bookings"]["actual"] > 20 * before["origins"][0]["bookings"]["actual"]


def test_the_same_plant_a_week_earlier_is_seen(scenario_file: Path) -> None:
    """The negative control: were the future known, the test before this one would notice."""
    before = document(scenario_file, *ONLY_TWO, "--last", "1")
    plant(scenario_file, "2026-04-24")
    after = document(scenario_file, *ONLY_TWO, "--last", "1")
    for metric in ("bookings", "wins"):
        one, other = (each["origins"][0][metric] for each in (before, after))
        assert other["mean"] != one["mean"]
        assert other["others"]["weighted_pipeline"]["mean"] > one["others"]["weighted_pipeline"]["mean"]


def plant(file: Path, day: str) -> None:
    deals = deal_rows()
    later = (deals["left"] >= day) & (deals["left"] < "2026-06-01")
    deals.loc[later, "end"] = "won"
    deals.loc[later, "amount"] *= 100.0
    arrived = deals[(deals["entered"] >= day) & (deals["entered"] < "2026-06-01")]
    copies = [arrived.assign(deal=f"Ж{copy}" + arrived["deal"], end="won", left=arrived["entered"]) for copy in "abcd"]
    write_log_with_late_amounts(pd.concat([deals, *copies]), file.parent / "deals.csv", later.index[later])


def write_log_with_late_amounts(deals: pd.DataFrame, file: Path, changed: pd.Index) -> None:
    """Write the log; deals that are changed get their amounts on their last row only."""
    write_log(deals, file)
    log = pd.read_csv(file)
    ids = set(deals["deal"].iloc[changed]) if len(changed) else set()
    first = log["deal"].isin(ids) & (log["stage"] == "сделка")
    log.loc[first, "amount"] /= 100.0
    log.to_csv(file, index=False)


def foreseen(found: dict[str, Any]) -> list[Any]:
    """All that was said before it happened."""
    told = []
    for origin in found["origins"]:
        for metric in ("bookings", "wins"):
            part = origin[metric]
            others = {name: other["mean"] for name, other in part["others"].items()}
            told.append([origin["as_of"], part["mean"], part["quantiles"], others])
    return told


def test_finished_dates_are_found_again_and_the_rest_is_played(scenario_file: Path, fitted_on: list[str]) -> None:
    first = document(scenario_file, *ONLY_TWO)
    assert len(fitted_on) == 2
    assert document(scenario_file, *ONLY_TWO) == first
    assert len(fitted_on) == 2, "nothing was fitted again"
    more = document(scenario_file, "--min-history", "120")
    assert len(more["origins"]) == 4
    assert len(fitted_on) == 4, "two more dates"
    document(scenario_file, *ONLY_TWO, "--futures", "200")
    assert len(fitted_on) == 6, "another question is played anew"


def test_a_date_that_failed_does_not_lose_the_others(
    scenario_file: Path, fitted_on: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import simcast.model

    stand_in = simcast.model.load_or_fit

    def stops(known: Any, **more: Any) -> Any:  # noqa: ANN401
        if str(known.last_event) == "2026-04-30":
            raise KeyboardInterrupt
        return stand_in(known, **more)

    monkeypatch.setattr("simcast.model.load_or_fit", stops)
    assert run(scenario_file, *ONLY_TWO).exit_code == 130
    monkeypatch.setattr("simcast.model.load_or_fit", stand_in)
    fitted_on.clear()
    assert len(document(scenario_file, *ONLY_TWO)["origins"]) == 2
    assert fitted_on == ["2026-04-30"], "the date before it had been kept"


def test_a_damaged_date_is_played_again(scenario_file: Path, fitted_on: list[str], tmp_path: Path) -> None:
    first = document(scenario_file, *ONLY_TWO)
    for kept in (tmp_path / "cache" / "backtests").glob("*/cells.parquet"):
        kept.write_bytes(b"not a table")
    assert document(scenario_file, *ONLY_TWO) == first
    assert len(fitted_on) == 4


def test_a_cluster_plays_the_futures_of_all_dates(
    scenario_file: Path, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = document(scenario_file, *ONLY_TWO)
    shutil.rmtree(tmp_path / "cache" / "backtests")
    monkeypatch.setattr("simcast.simulation._play_on_threads", None)
    assert document(scenario_file, *ONLY_TWO, "--cluster", ADDRESS) == first
    assert here.played > 0


def test_the_terminal_opens_with_one_sentence(scenario_file: Path) -> None:
    shown = run(scenario_file, "--min-history", "120")
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.splitlines()
    assert lines[0] == "How many?"
    assert lines[1].startswith("The 80% interval of bookings contained the actual result in ")
    assert "x the weighted pipeline's" in " ".join(lines[1:3])
    assert "beware:" in shown.stderr
    assert "beware:" not in shown.stdout
    for words in ("Север", "chain ladder", "Brier score", "by period of the horizon"):
        assert words in shown.stdout


def test_one_date_is_told_in_the_singular(scenario_file: Path) -> None:
    shown = run(scenario_file, "--min-history", "120", "--last", "1")
    text = " ".join(f"{shown.stdout} {shown.stderr}".split())
    assert "1 as-of date makes about 1 forecast without overlap" in text
    assert "today, 1 as-of date " in text
    assert not any(words in text for words in ("1 as-of dates", "1 times of", "1 forecasts"))


def test_the_folder_holds_tables_that_agree_with_the_document(scenario_file: Path, tmp_path: Path) -> None:
    found = document(scenario_file, *ONLY_TWO)
    assert json.loads((tmp_path / "out" / "backtest.json").read_text(encoding="utf-8")) == found
    scores = pd.read_parquet(tmp_path / "out" / "scores.parquet").set_index(["metric", "method", "part", "score"])
    crps = scores.loc[("wins", "chain_ladder", "total", "crps"), "number"].item()
    assert crps == found["metrics"]["wins"]["scores"]["chain_ladder"]["crps"]
    forecasts = pd.read_parquet(tmp_path / "out" / "forecasts.parquet")
    assert set(forecasts["method"]) == METHODS
    assert len(pd.read_parquet(tmp_path / "out" / "deals.parquet")) >= found["deals"]["n"]


def test_intervals_that_do_not_hold_end_with_status_1(scenario_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "coverage_p_value", lambda *_: 1e-6)
    found = run(scenario_file, *ONLY_TWO)
    assert found.exit_code == 1
    assert "Do not rely on the forecast" in found.stdout


def test_wrong_input_ends_with_status_2_and_one_line(scenario_file: Path) -> None:
    for arguments, words in (
        (("--horizon", "soon"), "--horizon: must be a number of days"),
        (("--min-history", "4000"), "choose a smaller --min-history"),
        (("--set", "assume.arrivals.per_day=1"), "take the assumptions out"),
    ):
        found = run(scenario_file, *arguments)
        assert found.exit_code == 2, found.output
        assert words in found.stderr
        assert len(found.stderr.splitlines()) == 1


def test_amounts_may_be_assumed_and_then_only_wins_are_told(scenario_file: Path) -> None:
    log = pd.read_csv(scenario_file.parent / "deals.csv").drop(columns="amount")
    log.to_csv(scenario_file.parent / "deals.csv", index=False)

    def without_amounts(found: dict[str, Any]) -> None:
        assert found["metric"] == "wins"
        assert set(found["metrics"]) == {"wins"}

    with pytest.MonkeyPatch.context() as patch:
        import deal_files

        whole = deal_files.learned

        def worth_one(known: Any) -> Any:  # noqa: ANN401
            return whole(type(known)(**{**vars_of(known), "stays": known.stays.assign(amount=1.0)}))

        patch.setattr(deal_files, "learned", worth_one)
        without_amounts(document(scenario_file, *ONLY_TWO, "--set", "assume.amount=1"))
        refused = run(scenario_file, *ONLY_TWO, "--set", "assume.amount=1", "--metric", "bookings")
    assert refused.exit_code == 2
    assert "no amounts are on record" in refused.stderr


def vars_of(known: Any) -> dict[str, Any]:  # noqa: ANN401
    from dataclasses import fields

    return {each.name: getattr(known, each.name) for each in fields(known)}


def test_sources_that_make_numbers_are_in_the_key_and_others_are_named_right() -> None:
    """A name that is wrong would exclude nothing, and be noticed by nobody."""
    from simcast.backtesting.store import _CHANGE_NOTHING
    from simcast.sources import PACKAGE

    assert [name for name in _CHANGE_NOTHING if not (PACKAGE / name).exists()] == []
    needed = ("engine", "model", "plan", "history", "simulation.py", "backtesting/baselines.py", "analysis/actual.py")
    assert not set(needed) & set(_CHANGE_NOTHING)
