"""Scores, ratios and judgements of backtests that are made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from simcast.backtesting import Backtest, judge, judge_deals, summarise
from simcast.backtesting.baselines import LEVELS
from simcast.backtesting.cells import distribution_cell
from simcast.backtesting.judging import coverage_p_value, judge_stalled, ranking, reliability
from simcast.backtesting.summary import crps_ratio, overlap_of, pit_histogram, scores_of

GRID = np.asarray(stats.norm.ppf(LEVELS))


def made(n: int, sd: float, seed: int, *, error_of_other: float = 3.0, every_days: int = 31) -> Backtest:
    """A forecaster with a stated sd of 10 of a truth whose sd is `sd`, and a single number with its own error."""
    generator = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    about = []
    for number in range(n):
        origin = pd.Timestamp("2020-01-01") + pd.Timedelta(days=every_days * number)
        until = origin + pd.Timedelta(days=30)
        for metric in ("bookings", "wins"):
            labels = {"origin": origin, "until": until, "metric": metric, "part": "total", "value": ""}
            actual = 200.0 + sd * generator.standard_normal()
            rows.append(distribution_cell(labels | {"method": "simcast"}, 200.0 + 10.0 * GRID, actual))
            other = np.array([200.0 + error_of_other * 10.0 * generator.standard_normal()])
            rows.append(distribution_cell(labels | {"method": "weighted_pipeline"}, other, actual))
        about.append({"origin": str(origin.date()), "until": str(until.date()), "trusted": True, "notes": []})
    return Backtest(pd.DataFrame(), pd.DataFrame(rows), None, tuple(about))


def test_a_calibrated_forecaster_is_trusted_and_better_than_a_poor_number() -> None:
    found = made(60, sd=10.0, seed=1)
    summary = summarise(found)
    scores = summary.metrics["wins"].methods["simcast"]
    assert scores.n == 60
    assert scores.coverage[0.8] == pytest.approx(0.8, abs=0.16)
    assert sum(scores.pit) == pytest.approx(1.0)
    ratio = summary.metrics["wins"].ratios[0]
    assert ratio.verdict == "better"
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < ratio.ratio < ratio.high < 1.0
    judgement = judge(found, summary)
    assert judgement.trusted
    assert judgement.reasons == ()


def test_intervals_that_hold_too_seldom_are_not_trusted() -> None:
    """Negative control of the one before: 80% intervals that hold 39% are found at 40 dates with a power above 99%."""
    found = made(40, sd=25.0, seed=2)
    judgement = judge(found, summarise(found))
    assert not judgement.trusted
    assert any("too narrow or biased" in reason for reason in judgement.reasons)


@pytest.mark.slow
def test_right_intervals_are_seldom_called_wrong() -> None:
    """False alarms are at most 5%: of 60 backtests more than 9 would be called wrong with probability 0.1% or less."""
    wrong = 0
    for seed in range(60):
        found = made(16, sd=10.0, seed=100 + seed)
        wrong += any("intervals held" in reason for reason in judge(found, summarise(found)).reasons)
    assert wrong <= 9


def test_intervals_of_few_wins_hold_more_than_they_say_unless_ties_count_in_part() -> None:
    """A right forecast of five wins: its 80% intervals, both ends included, hold 89% by the Poisson distribution."""
    forecast, drawn = np.random.default_rng(5).poisson(5.0, (2, 4000)).astype(float)
    labels = {"metric": "wins", "part": "total", "value": "", "method": "simcast"}
    cells = pd.DataFrame([distribution_cell(labels, forecast, actual) for actual in drawn[:2000]])
    scores = scores_of(cells)
    low, high = stats.poisson.ppf([0.1, 0.9], 5.0)
    closed = stats.poisson.cdf(high, 5.0) - stats.poisson.cdf(low - 1.0, 5.0)
    assert scores.coverage[0.8] == pytest.approx(closed, abs=0.03)
    assert closed > 0.88
    assert scores.coverage_in_part[0.8] == pytest.approx(0.8, abs=0.03)
    assert scores.coverage_in_part[0.95] == pytest.approx(0.95, abs=0.02)


def test_a_better_baseline_is_a_reason_and_equal_ones_cannot_be_told_apart() -> None:
    worse = made(60, sd=10.0, seed=3, error_of_other=0.0)
    worse_cells = worse.cells
    assert worse_cells is not None
    number = worse_cells["method"] == "weighted_pipeline"
    worse_cells.loc[number, "crps"] = 0.1
    assert any("weighted pipeline forecasts better" in reason for reason in judge(worse, summarise(worse)).reasons)
    equal = made(60, sd=10.0, seed=4)
    equal_cells = equal.cells
    assert equal_cells is not None
    ours, theirs = (
        (equal_cells["method"] == name) & (equal_cells["metric"] == "wins") for name in ("simcast", "weighted_pipeline")
    )
    equal_cells.loc[theirs, "crps"] = np.random.default_rng(1).permutation(equal_cells.loc[ours, "crps"].to_numpy())
    assert summarise(equal).metrics["wins"].ratios[0].verdict == "cannot tell"


def test_few_or_overlapping_dates_tell_nothing_of_a_ratio() -> None:
    few = summarise(made(3, sd=10.0, seed=5)).metrics["wins"].ratios[0]
    assert (few.low, few.high, few.verdict) == (None, None, "cannot tell")
    overlapping = made(9, sd=10.0, seed=5, every_days=10)
    assert overlapping.cells is not None
    assert overlap_of(overlapping.cells) == pytest.approx(3.1)
    wins = overlapping.cells[overlapping.cells["metric"] == "wins"]
    assert crps_ratio(wins, "simcast", "weighted_pipeline", 3.1).low is None


def test_overlap_makes_coverage_harder_to_judge() -> None:
    assert coverage_p_value(0.5, 0.8, 30, 1.0) < 0.001 < coverage_p_value(0.5, 0.8, 30, 3.0)
    assert coverage_p_value(0.8, 0.8, 0, 1.0) == 1.0


def test_bookings_that_only_count_wins_are_not_told_twice() -> None:
    found = made(4, sd=10.0, seed=6)
    cells = found.cells
    assert cells is not None
    wins = cells[cells["metric"] == "wins"]
    cells.loc[cells["metric"] == "bookings", "actual"] = wins["actual"].to_numpy()
    assert list(summarise(found).metrics) == ["wins"]


def test_ties_spread_over_the_pit_and_all_mass_is_kept() -> None:
    assert sum(pit_histogram(np.array([0.0, 0.95, 1.0]), np.array([0.0, 1.0, 1.0]))) == pytest.approx(1.0)
    assert pit_histogram(np.array([1.0]), np.array([1.0]))[-1] == pytest.approx(1.0)
    assert pit_histogram(np.array([0.0]), np.array([0.0]))[0] == pytest.approx(1.0)


def deals(p: list[float], won: list[bool], base: float = 0.5) -> pd.DataFrame:
    """Deals of which those with a low chance have waited long and stay where they are."""
    held = pd.DataFrame({"probability": p, "won": won, "base_rate": base, "stage_rate": base})
    return held.assign(times_usual=2.0 - 2.0 * held["probability"], moved=held["won"])


def test_single_deals_are_scored_against_their_base_rates() -> None:
    found = judge_deals(deals([0.9, 0.8, 0.1, 0.01], [True, True, False, False]))
    assert found is not None
    assert found.brier == pytest.approx((0.01 + 0.04 + 0.01 + 0.0001) / 4)
    assert found.brier_base_rate == pytest.approx(0.25)
    assert found.auc == 1.0
    assert sum(row["n"] for row in found.table) == 4
    assert judge_deals(deals([0.5], [True], base=float("nan"))) is None
    assert judge_deals(None) is None


def test_stalled_deals_are_told_by_what_became_of_them() -> None:
    known = deals([0.9, 0.8, 0.1, 0.2, 0.3], [True, True, False, True, False])
    known.loc[2, "moved"] = True
    found = judge_stalled(known)
    assert found is not None
    assert (found.n, found.n_stalled) == (5, 3)
    assert found.stayed_stalled == pytest.approx(1 / 3)
    assert (found.stayed_others, found.won_others) == (0.0, 1.0)
    assert found.won_stalled == pytest.approx(1 / 3)
    assert found.auc == pytest.approx(0.5)  # the one that stayed waited longer than two of four
    assert judge_stalled(known[known["times_usual"] > 1.0]) is None
    assert judge_stalled(known.assign(times_usual=np.nan)) is None


def test_reliability_and_ranking_find_what_is_there() -> None:
    generator = np.random.default_rng(7)
    p = generator.random(20_000)
    right, wrong = (generator.random(len(p)) < q for q in (p, np.full(len(p), 0.5)))
    for row in reliability(p, right.astype(float)):
        assert abs(row["won"] - row["foreseen"]) < 5 * np.sqrt(0.25 / row["n"])
    worst = max(abs(row["won"] - row["foreseen"]) for row in reliability(p, wrong.astype(float)))
    assert worst > 0.3
    assert ranking(p, right.astype(float)) > 0.75
    assert ranking(p, wrong.astype(float)) == pytest.approx(0.5, abs=0.02)
