"""How results look at the end of a notebook's cell, and how they become tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import simcast
from simcast.analysis import Ground, Limits, Run, allocate, check, compare, ground_of, leaks, rank, run, solve
from simcast.backtesting import Backtest
from simcast.forecast import Summary
from simcast.pipeline import Pipeline
from simcast.posterior import Diagnostics
from simcast.segments import Segments
from tests.unit.desk import STAGES, desk

MOST_LINES = 12


@pytest.fixture(scope="module")
def ground() -> Ground:
    return ground_of(desk())


@pytest.fixture(scope="module")
def result() -> Run:
    return run(desk())


def history() -> simcast.History:
    day = pd.Timestamp("2026-06-01")
    stays = {"deal": ["a", "a", "b"], "stage": [*STAGES[:2], "lead"], "entered": [day, day + pd.Timedelta(days=3), day]}
    stays |= {"left": [day + pd.Timedelta(days=3), pd.NaT, pd.NaT], "move": [STAGES[1], None, None]}
    table = pd.DataFrame(stays | {"source": ["ads", "ads", "<u>site</u>"]})
    return simcast.History.of(simcast.Pipeline.define(STAGES), table, "source")


@pytest.fixture(scope="module")
def shown(ground: Ground, result: Run) -> dict[str, Any]:
    known = history()
    forecast, other = result.forecasts["baseline"], result.forecasts["<script>"]
    return {
        "forecast": forecast,
        "run": result,
        "ranking": rank([result]),
        "posterior": ground.posterior,
        "history": known,
        "book": known.open_deals("2026-07-01"),
        "plan": ground.plan(),
        "ground": ground,
        "check": check(desk()),
        "scenario": ground.scenario,
        "difference": compare(other, forecast),
        "summary": compare(other, forecast).net,
        "leaks": leaks(ground),
        "solution": solve(ground, "conversion stage=lead add=0..0.3", "P(bookings>=target)>=0.5"),
        "allocated": allocate(ground, "<script>", Limits(budget=1000.0)),
        "diagnostics": Diagnostics(1.001, 900.0, 800.0, 0, 0.9, 4, 1000, {}, ("beware",)),
    }


def test_what_histories_and_scenarios_are_made_of_says_itself_in_a_line() -> None:
    moves = [("звонок", "later"), ("later", "звонок")]
    pipeline = Pipeline.define(["lead", "звонок"], moves=moves, outcomes={"spam": "lost"})
    assert repr(pipeline) == "Pipeline: lead -> звонок -> won; also звонок -> later, later -> звонок; or lost, spam"
    assert repr(Segments()) == "Segments: none"
    two = Segments(("source", "region"), (("ads", "North"), ("ads", "South")))
    assert repr(two) == "Segments: 2, by source (1), region (2)"


def test_every_result_says_what_it_is_in_a_few_lines(shown: dict[str, Any]) -> None:
    for name, found in shown.items():
        lines = repr(found).splitlines()
        assert len(lines) <= MOST_LINES, name
        assert max(map(len, lines)) <= 160, name
        assert "array(" not in repr(found), name
        assert "xarray" not in repr(found), name


def test_names_that_people_gave_are_text_in_a_notebook_and_never_markup(shown: dict[str, Any]) -> None:
    pages = {name: found._repr_html_() for name, found in shown.items() if hasattr(found, "_repr_html_")}
    assert {"forecast", "run", "ranking", "posterior", "history", "book", "leaks", "allocated"} <= set(pages)
    for name, page in pages.items():
        assert not any(tag in page for tag in ("<b>", "<i>", "<u>", "<script>")), name
    assert "&lt;b&gt;call&lt;/b&gt;" in pages["posterior"]
    assert "договор" in pages["posterior"]
    assert "&lt;script&gt;" in pages["run"]
    assert "Desk &lt;i&gt;" in pages["run"]


def test_a_forecast_shows_its_totals_and_its_target(shown: dict[str, Any]) -> None:
    text = repr(shown["forecast"])
    assert text.startswith("Forecast 'baseline': 60 futures, 2026-07-01 to 2026-08-31 by month")
    assert "bookings reach the target of 5.0 k in" in text
    assert [line.split()[0] for line in text.splitlines()[2:]] == ["mean", "bookings", "wins"]


def test_a_history_shows_how_many_stays_each_stage_has_and_how_many_moved_on(shown: dict[str, Any]) -> None:
    text = repr(shown["history"])
    assert text.startswith("History: 2 deals, 3 stays, 2026-06-01 to 2026-06-04, known before 2026-06-05")
    assert "segments by source (2)" in text
    assert ["lead", "2", "1", "100%"] in [line.split() for line in text.splitlines()]


def test_an_empty_history_and_a_book_of_nothing_can_be_shown() -> None:
    known = history().known_at("2020-01-01")
    assert repr(known).startswith("History: 0 deals, 0 stays, known before 2020-01-01")
    assert repr(known.open_deals("2020-01-01")) == "Book: 0 deals open at 2020-01-01"
    assert "0 deals" in known._repr_html_()


def test_a_fit_that_is_not_to_be_trusted_says_so_first(result: Run) -> None:
    assert "NOT TO BE TRUSTED" in repr(Diagnostics(1.2, 50.0, 40.0, 3, 0.9, 4, 1000, {}, ()))
    assert "NOT TO BE TRUSTED" not in repr(result)


def test_a_backtest_shows_its_scores() -> None:
    row = {"origin": pd.Timestamp("2026-01-01"), "until": pd.Timestamp("2026-03-31"), "actual": 5.0, "mean": 4.0}
    levels = {f"p{level:02d}": float(level) for level in (5, 10, 25, 50, 75, 90, 95)}
    rows = [row | levels | {"metric": metric, "weighted_pipeline": 9.0, "crps": 1.0} for metric in ("bookings", "wins")]
    found = Backtest(pd.DataFrame(rows))
    assert repr(found).startswith("Backtest from 1 as-of date, 2026-01-01\n")
    two = pd.DataFrame([*rows, *(each | {"origin": pd.Timestamp("2026-02-01")} for each in rows)])
    assert repr(Backtest(two)).startswith("Backtest from 2 as-of dates, 2026-01-01 to 2026-02-01\n")
    assert "weighted_pipeline" in repr(found)
    with pytest.raises(KeyError, match="no metric 'win'; did you mean 'wins'"):
        found.of("win")


def test_results_become_tables(shown: dict[str, Any], result: Run) -> None:
    table = result.to_frame()
    assert table.index.tolist() == ["baseline", "<script>"]
    assert table.loc["<script>", "more_net"] == pytest.approx(result.differences[0].net.mean)
    assert table["bookings"]["baseline"] == result.forecasts["baseline"].values("bookings").mean()
    assert table.loc["baseline", ["more_net", "probability_better"]].isna().all()
    ranked = shown["ranking"].to_frame()
    assert ranked.index.tolist() == [("scenario 1", "baseline"), ("scenario 1", "<script>")]
    assert shown["leaks"].to_frame()["stage"].tolist() == [leak.stage for leak in shown["leaks"].leaks]
    book = shown["book"].to_frame()
    assert book.columns.tolist() == ["deal", "stage", "age_days", "amount", "source"]
    assert book["stage"].tolist() == [STAGES[1], "lead"]
    assert shown["solution"].to_frame().columns.tolist() == ["value", "measure", "error"]
    allocated = shown["allocated"]
    taken = allocated.to_frame()
    assert taken.index.tolist() == ["<script>"]
    assert taken.columns.tolist() == ["take", "cost", "people"]
    assert taken["cost"].sum() == allocated.best.cost
    known = shown["history"]
    assert known.to_frame().equals(known.stays)
    assert known.to_frame() is not known.stays
    difference = shown["difference"].to_frame()
    assert difference.index.tolist() == ["bookings", "wins", "net"]
    assert difference.loc["net", "p05"] == shown["difference"].net.quantile(0.05)
    assert difference.loc["wins", "mean"] == shown["difference"].wins.mean
    forecast = shown["forecast"]
    futures = forecast.to_frame()
    assert futures.columns.tolist() == ["bookings", "wins", "cost", "net"]
    assert futures.index.tolist() == list(range(60))
    assert futures["net"].tolist() == forecast.net().tolist()


def test_a_summary_names_its_quantiles() -> None:
    found = Summary.of(np.arange(10_001.0))
    assert repr(found).splitlines()[0] == "Summary of 10,001 futures: mean 5,000, sd 2,887"
    assert repr(found).splitlines()[1].split() == ["P5", "P10", "P25", "P50", "P75", "P90", "P95"]
    assert repr(found).splitlines()[2].split() == ["500", "1,000", "2,500", "5,000", "7,500", "9,000", "9,500"]
    assert "<th>P95</th>" in found._repr_html_()


def test_a_limit_that_is_not_named_is_none() -> None:
    assert Limits(budget=40_000) == Limits(40_000, None)
    assert Limits(people=2) == Limits(None, 2)
