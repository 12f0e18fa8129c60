"""Backtests with a quick stand-in for the fit, which learns all of its parameters from what it is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import simcast
from simcast.assume import assumed_posterior
from simcast.backtesting import Backtest, backtest, rolling_origins
from simcast.errors import ScenarioError
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior
from simcast.scenario import Scenario, build_scenario

STAGES = ["заявка", "встреча"]
PIPELINE = Pipeline.define(STAGES)
ORIGINS = ["2026-02-01", "2026-03-01"]
FORESEEN = ["p05", "p10", "p25", "p50", "p75", "p90", "p95", "mean", "weighted_pipeline"]


def made_history(n_deals: int = 600, seed: int = 1) -> History:
    """Half a year of deals, half of which get to a meeting and 40% of these are won; for the first half of 2026."""
    generator = np.random.default_rng(seed)
    end = np.datetime64("2026-07-01")
    rows = []
    lengths = np.stack(
        [generator.integers(0, 190, n_deals), generator.geometric(0.2, n_deals), generator.geometric(0.1, n_deals)]
    )
    for number, days in enumerate(lengths.cumsum(axis=0).T.astype("timedelta64[D]")):
        arrived, met, ended = np.datetime64("2025-12-15") + days
        first, last = (
            ("встреча" if generator.random() < 0.5 else "lost"),
            generator.choice(["won", "lost"], p=[0.4, 0.6]),
        )
        amount = float(np.round(generator.lognormal(9.0, 0.5)))
        rows.append((f"D{number:04d}", "заявка", arrived, met, first, amount))
        if first != "lost":
            rows.append((f"D{number:04d}", "встреча", met, ended, str(last), amount))
    stays = pd.DataFrame(rows, columns=["deal", "stage", "entered", "left", "move", "amount"])
    return History.of(PIPELINE, stays, observed_until="2026-09-01").known_at(end)


def question(**forecast: Any) -> Scenario:  # noqa: ANN401  # values of a scenario's section
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": STAGES},
            "history": {"path": "deals.csv"},
            "forecast": {"as_of": "2026-07-01", "horizon": "1 month", "target": {"wins": 10}} | forecast,
            "simulation": {"futures": 400, "seed": 5},
            "scenarios": {"more": [{"lever": "arrivals", "multiply": 2, "from": "2026-07-10"}]},
        }
    )


def learned(known: History) -> Posterior:
    """Learn from all that is known, without a sampler: conversion, days, arrivals and amounts."""
    stays = known.stays
    ended = stays[stays["move"].notna()]
    days = (ended["left"] - ended["entered"]).dt.days
    stages = {
        stage: {
            "conversion": float((ended.loc[ended["stage"] == stage, "move"] != "lost").mean()),
            "days": {"exponential": {"mean": float(days[ended["stage"] == stage].mean())}},
        }
        for stage in STAGES
    }
    window = known.observed_until - stays["entered"].min().to_datetime64().astype("datetime64[D]")
    assumed = {
        "stages": stages,
        "arrivals": {"per_day": known.n_deals / float(window.astype(np.int64))},
        "amount": {"lognormal": {"median": float(stays["amount"].median()), "sigma": 0.5}},
    }
    forecast = {"as_of": "2026-07-01", "horizon": "1 month"}
    scenario = build_scenario({"simcast": 1, "pipeline": {"stages": STAGES}, "assume": assumed, "forecast": forecast})
    assert scenario.assume is not None
    return assumed_posterior(PIPELINE, scenario.assume)


@pytest.fixture(autouse=True)
def handed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[History, object]]:
    """Put the stand-in in place of the fit, and keep what it was handed."""
    seen: list[tuple[History, object]] = []

    def stand_in(known: History, *, settings: object, progress: Callable[[str, float], None]) -> Posterior:
        seen.append((known, settings))
        progress("learning", 1.0)
        return learned(known)

    monkeypatch.setattr("simcast.model.load_or_fit", stand_in)
    return seen


def with_future(history: History, day: str) -> History:
    """Plant what no forecast may know: from a day on, everything is won at ten times the amount, and much arrives."""
    stays = history.stays.copy()
    moment = pd.Timestamp(day)
    later = (stays["left"] >= moment) | stays["left"].isna()
    stays.loc[later, "move"] = "won"
    stays.loc[later, "left"] = stays.loc[later, "left"].fillna(moment)
    stays.loc[later, "amount_at_end"] = 1e6
    gone = stays["entered"] >= moment
    flood = pd.DataFrame(
        [(f"F{n:04d}", "заявка", moment, moment + pd.Timedelta(days=5), "won", 1e6) for n in range(500)],
        columns=["deal", "stage", "entered", "left", "move", "amount"],
    )
    return History.of(history.pipeline, pd.concat([stays[~gone], flood]), observed_until="2026-07-01")


def test_a_row_per_origin_and_metric_tells_what_was_foreseen_and_what_happened() -> None:
    history = made_history()
    table = backtest(history, question(), origins=ORIGINS).table
    assert table[["origin", "metric"]].astype(str).to_numpy().tolist() == [
        ["2026-02-01", "bookings"],
        ["2026-02-01", "wins"],
        ["2026-03-01", "bookings"],
        ["2026-03-01", "wins"],
    ]
    assert table["until"].astype(str).tolist() == ["2026-02-28"] * 2 + ["2026-03-31"] * 2
    stays = history.stays
    in_march = (stays["move"] == "won") & (stays["left"] >= "2026-03-01") & (stays["left"] <= "2026-03-31")
    assert table["actual"].tolist()[2:] == [stays.loc[in_march, "amount"].sum(), in_march.sum()]
    assert np.all(np.diff(table[FORESEEN[:7]].to_numpy(), axis=1) >= 0)
    assert table["pit"].between(0, 1).all()


def test_the_future_changes_nothing_but_what_happened() -> None:
    history = made_history()
    planted = with_future(history, "2026-03-01")
    before, after = (backtest(each, question(), origins=["2026-03-01"]).table for each in (history, planted))
    pd.testing.assert_frame_equal(before[FORESEEN], after[FORESEEN])
    assert (after["actual"] > 10 * before["actual"]).all()


def test_the_same_plant_a_day_earlier_is_seen() -> None:
    """The negative control: were the future known, the test before this one would notice."""
    history = made_history()
    planted = with_future(history, "2026-02-28")
    before, after = (backtest(each, question(), origins=["2026-03-01"]).table for each in (history, planted))
    assert (after["mean"] > 1.5 * before["mean"]).all()
    assert (after["weighted_pipeline"] > before["weighted_pipeline"]).all()


def test_each_fit_is_handed_what_was_known_and_the_settings(handed: list[tuple[History, object]]) -> None:
    history, scenario = made_history(), question()
    backtest(history, scenario, origins=ORIGINS)
    assert [known for known, _ in handed] == [history.known_at(origin) for origin in ORIGINS]
    assert scenario.history is not None
    assert handed[0][1] is scenario.history.model
    from simcast.model.settings import FitSettings

    quick = FitSettings(quick=True)
    backtest(history, scenario, origins=ORIGINS[:1], settings=quick)
    assert handed[-1][1] is quick


def test_the_same_backtest_gives_the_same_table_and_origins_are_sorted_and_counted_once() -> None:
    history = made_history()
    one = backtest(history, question(), origins=ORIGINS).table
    other = backtest(history, question(), origins=[*reversed(ORIGINS), ORIGINS[0]]).table
    pd.testing.assert_frame_equal(one, other)


def test_a_horizon_of_a_quarter_stays_one_and_other_horizons_stay_as_many_days() -> None:
    history = made_history()
    quarter = backtest(history, question(as_of="2026-07-01", horizon="1 quarter"), origins=["2026-02-01"]).table
    assert set(quarter["until"].astype(str)) == {"2026-04-30"}
    days = backtest(history, question(as_of="2026-07-01", horizon="40 days"), origins=["2026-02-01"]).table
    assert set(days["until"].astype(str)) == {"2026-03-12"}


def test_impossible_origins_are_refused_all_at_once() -> None:
    with pytest.raises(ScenarioError) as refused:
        backtest(made_history(), question(), origins=["2025-06-01", "2026-02-01", "2026-06-20"])
    assert [problem.partition(";")[0] for problem in refused.value.problems] == [
        "origins: nothing is known at 2025-06-01: the history begins on 2025-12-16",
        "origins: a forecast from 2026-06-20 reaches 2026-07-19, and the history ends on 2026-06-30",
    ]
    with pytest.raises(ScenarioError, match="at least one as-of date"):
        backtest(made_history(), question(), origins=[])


def test_a_scenario_that_assumes_is_not_backtested() -> None:
    assumed = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": STAGES},
            "assume": {
                "stages": {stage: {"conversion": 0.5, "days": 3} for stage in STAGES},
                "arrivals": {"per_day": 1},
                "amount": 10,
            },
            "forecast": {"as_of": "2026-07-01", "horizon": "1 month"},
        }
    )
    with pytest.raises(ScenarioError, match="take the assumptions out"):
        backtest(made_history(), assumed, origins=ORIGINS)


def test_rolling_origins_are_those_with_enough_before_and_a_whole_horizon_after() -> None:
    history = made_history()
    monthly = rolling_origins(history, question(), least_history_days=60)
    assert [str(day) for day in monthly] == ["2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01"]
    assert rolling_origins(history, question(), least_history_days=60, most=2) == monthly[-2:]
    assert rolling_origins(history, question(), least_history_days=60, most=0) == ()
    weekly = rolling_origins(history, question(), every="week", least_history_days=60)
    assert {day.item().weekday() for day in weekly} == {0}
    assert str(rolling_origins(history, question(), every="quarter", least_history_days=60)[0]) == "2026-04-01"
    assert rolling_origins(history, question(), least_history_days=1000) == ()
    backtest(history, question(), origins=monthly)


def test_progress_rises_to_one_and_names_the_origin() -> None:
    told: list[tuple[str, float]] = []
    backtest(made_history(), question(), origins=ORIGINS, progress=lambda text, done: told.append((text, done)))
    fractions = [done for _, done in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert told[0][0] == "2026-02-01: learning"


def test_the_public_name_is_the_function() -> None:
    assert simcast.backtest is backtest


def scored(actual: list[float], mean: float, weighted: float) -> Backtest:
    quantiles = dict(zip(FORESEEN[:7], (1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 9.0), strict=True))
    rows = [
        {"origin": pd.Timestamp("2026-01-01") + pd.Timedelta(days=n), "until": pd.Timestamp("2026-03-01")}
        | {"metric": metric, "actual": value, "mean": mean, **quantiles}
        | {"weighted_pipeline": weighted, "crps": 2.0 + n, "pit": 0.5, "trusted": True}
        for n, value in enumerate(actual)
        for metric in ("bookings", "wins")
    ]
    return Backtest(pd.DataFrame(rows))


def test_scores_are_shares_of_intervals_that_held_and_mean_errors() -> None:
    scores = scored([5.0, 3.0, 8.5, 20.0], mean=6.0, weighted=7.0).scores()
    simcast_row = scores.loc["wins", "simcast"]
    assert simcast_row[["coverage_50", "coverage_80", "coverage_90"]].tolist() == [0.25, 0.5, 0.75]
    assert simcast_row["crps"] == pytest.approx(3.5)
    assert simcast_row["bias"] == pytest.approx(6.0 - 9.125)
    weighted = scores.loc["bookings", "weighted_pipeline"]
    assert weighted["crps"] == pytest.approx((2 + 4 + 1.5 + 13) / 4)
    assert weighted["bias"] == pytest.approx(7.0 - 9.125)
    assert np.isnan(weighted["coverage_80"])
    assert (scores["n"] == 4).all()


def test_an_untrusted_fit_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    from simcast.posterior import Diagnostics

    poor = Diagnostics(1.5, 3.0, 3.0, 9, 0.1, 2, 10, {"rhat": "x"})

    def stand_in(known: History, **_: object) -> Posterior:
        return replace(learned(known), diagnostics=poor)

    monkeypatch.setattr("simcast.model.load_or_fit", stand_in)
    assert not backtest(made_history(), question(), origins=ORIGINS[:1]).table["trusted"].any()


def test_deals_that_moved_are_those_whose_stay_ended_within_the_horizon() -> None:
    history = made_history()
    found = backtest(history, question(), origins=["2026-03-01"], baselines=())
    assert found.deals is not None
    deals = found.deals.set_index("deal")
    later = history.known_at("2026-04-01").stays
    still = later[later["move"].isna() & (later["entered"] < "2026-03-01")]
    stayed = set(still["deal"]) & set(deals.index)
    assert stayed == set(deals.index[~deals["moved"]])
    assert deals["moved"][deals["won"]].all()
    assert 0 < len(stayed) < len(deals)
    assert (deals["times_usual"] > 1.0).any()
