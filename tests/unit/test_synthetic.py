"""The histories made from a known truth: they have the shape they claim, and the sample is what is committed."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

from simcast.synthetic import Lognormal, Rush, SegmentTruth, StageTruth, Truth, sample_truth, simulate_bookings
from simcast.synthetic import simulate_history as simulate
from simcast.synthetic.__main__ import main
from simcast.synthetic.leads import write_leads
from simcast.synthetic.sample import AS_OF, SEED, START, deals_csv, write_sample

DATA = Path(__file__).parents[2] / "scenarios" / "data"

FALSE_ALARM = 1e-6
"""Of each statistical check below, two-sided; the seeds are fixed, so a check that passes goes on passing."""
Z = NormalDist().inv_cdf(1.0 - FALSE_ALARM / 2.0)

CALL = StageTruth("звонок", 0.4, Lognormal(3.0, 0.6), Lognormal(6.0, 0.8), stalled=0.1)
OFFER = StageTruth("offer", 0.7, Lognormal(10.0, 0.5), Lognormal(12.0, 0.5))
CLEAN = Truth((CALL, OFFER), (SegmentTruth((), 20.0),))


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    log = pd.read_csv(DATA / "deals.csv", dtype={"deal": str, "stage": str})
    return log.assign(entered=pd.to_datetime(log["entered"]))


def last_stages(log: pd.DataFrame) -> pd.Series:
    return log.groupby("deal")["stage"].last()


def far_from(share: float, expected: float, n: int) -> bool:
    """Tell whether a share of n is farther from the expected one than chance allows."""
    return abs(share - expected) > Z * math.sqrt(expected * (1.0 - expected) / n)


def test_the_committed_sample_is_what_its_command_writes() -> None:
    recorded = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))
    committed = (DATA / "deals.csv").read_bytes()
    assert committed == deals_csv(simulate(sample_truth(), START, AS_OF, SEED))
    assert recorded["deals_csv_sha256"] == hashlib.sha256(committed).hexdigest()
    assert recorded["truth"] == json.loads(json.dumps(asdict(sample_truth())))


def test_the_committed_leads_are_what_their_command_writes(tmp_path: Path) -> None:
    write_leads(tmp_path)
    assert (tmp_path / "leads.csv").read_bytes() == (DATA / "leads.csv").read_bytes()


@pytest.mark.slow
def test_the_committed_truth_is_what_its_command_writes(tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert (tmp_path / "truth.json").read_bytes() == (DATA / "truth.json").read_bytes()


def test_the_sample_is_the_history_that_its_readme_describes(committed: pd.DataFrame) -> None:
    last = last_stages(committed)
    still_open = ~last.isin(["won", "lost"])
    assert 5_500 <= len(last) <= 6_500
    assert 0.12 <= still_open.mean() <= 0.18
    assert 0.09 <= (last == "won").sum() / (~still_open).sum() <= 0.15
    assert set(committed["source"]) == {"site", "ads", "referral", "cold"}
    assert committed["entered"].min() == pd.Timestamp("2025-01-01")
    assert committed["entered"].max() == pd.Timestamp("2026-06-30")
    assert (DATA / "deals.csv").stat().st_size < 1_500_000


def test_nothing_happens_at_weekends_in_the_sample(committed: pd.DataFrame) -> None:
    assert (committed["entered"].dt.day_of_week < 5).all()


def test_wins_of_the_sample_crowd_into_the_last_month_of_a_quarter(committed: pd.DataFrame) -> None:
    wins = committed.loc[committed["stage"] == "won", "entered"]
    assert 0.45 < (wins.dt.month % 3 == 0).mean() < 0.65


def test_without_a_rush_wins_do_not_crowd_into_the_last_month_of_a_quarter() -> None:
    calm = replace(sample_truth(), rush=None)
    log = simulate(calm, "2025-01-01", "2026-07-01", seed=SEED)
    wins = log.loc[log["stage"] == "won", "entered"]
    settled = wins[wins >= pd.Timestamp("2025-04-01")]
    assert (settled.dt.month % 3 == 0).mean() < 0.45


def test_amounts_are_recorded_from_the_proposal_on(committed: pd.DataFrame) -> None:
    early = committed["stage"].isin(["lead", "operator", "meeting"])
    late = committed["stage"].isin(["proposal", "contract", "won"])
    assert committed.loc[early, "amount"].isna().all()
    assert committed.loc[late, "amount"].notna().all()
    lost = committed[committed["stage"] == "lost"]
    offered = lost["deal"].isin(committed.loc[committed["stage"] == "proposal", "deal"])
    assert (lost["amount"].notna() == offered).all()


def test_the_operator_loses_about_half_of_the_callers(committed: pd.DataFrame) -> None:
    stages = committed.groupby("deal")["stage"].agg(set)
    ended = [seen for seen in stages if "operator" in seen and seen & {"meeting", "lost"}]
    assert 0.4 < sum("meeting" in seen for seen in ended) / len(ended) < 0.55


def test_the_same_seed_gives_the_same_history_and_another_seed_another() -> None:
    one, again, other = (simulate(CLEAN, "2026-01-01", "2026-03-01", seed) for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


def test_each_deal_goes_from_the_first_stage_on_and_nothing_is_known_from_the_end_on() -> None:
    log = simulate(CLEAN, "2026-01-01", "2026-06-01", seed=3)
    assert log["entered"].max() < pd.Timestamp("2026-06-01")
    assert log.groupby("deal")["entered"].apply(lambda days: days.is_monotonic_increasing).all()
    assert (log.groupby("deal")["stage"].first() == "звонок").all()


def test_moves_are_as_frequent_as_the_truth_says() -> None:
    log = simulate(CLEAN, "2020-01-01", "2026-01-01", seed=4)
    old = log[log.groupby("deal")["entered"].transform("first") < pd.Timestamp("2024-01-01")]
    seen = old.groupby("deal")["stage"].agg(set)
    called_on = np.mean(["offer" in stages for stages in seen])
    stalled = np.mean([not stages & {"offer", "lost"} for stages in seen])
    assert not far_from(float(called_on), 0.9 * 0.4, len(seen))
    assert not far_from(float(stalled), 0.1, len(seen))
    assert far_from(float(called_on), 0.9 * 0.4 + 0.03, len(seen)), "the check would miss an error of 3 points"


def test_whole_days_are_those_of_the_lognormal_and_an_unknown_time_of_day() -> None:
    log = simulate(CLEAN, "2020-01-01", "2026-01-01", seed=5)
    entered = log.pivot(index="deal", columns="stage", values="entered")
    settled = entered[entered["звонок"] < pd.Timestamp("2025-01-01")]
    days = (settled["won"] - settled["offer"]).dropna().dt.days
    # Entered at time of day u, a stay of T days ends on day floor(u + T).
    usual = NormalDist(math.log(10.0), 0.5)
    expected = float(np.mean([usual.cdf(math.log(10.0 - u)) for u in (np.arange(1000) + 0.5) / 1000]))
    share = float((days <= 9).mean())
    assert not far_from(share, expected, len(days))
    assert far_from(share, 0.5, len(days)), "the check would take whole days for the time itself"


@pytest.mark.parametrize("size", [math.inf, 2.0])
def test_arrivals_have_the_mean_variance_weekdays_and_trend_of_the_truth(size: float) -> None:
    weights = (2.0, 1.5, 1.5, 1.0, 1.0, 0.0, 0.0)
    truth = Truth((CALL,), (SegmentTruth((), 6.0),), weekday_weight=weights, arrivals_size=size)
    log = simulate(truth, "2000-01-03", "2020-01-03", seed=6)
    entries = log.loc[log["stage"] == "звонок", "entered"]
    mondays = pd.date_range("2000-01-03", "2020-01-02", freq="W-MON")
    counts = entries.value_counts().reindex(mondays, fill_value=0)
    mean, variance = 12.0, 12.0 + (0.0 if math.isinf(size) else 12.0**2 / size)
    assert abs(counts.mean() - mean) < Z * math.sqrt(variance / len(counts))
    assert counts.var() == pytest.approx(variance, rel=0.25)
    assert not (entries.dt.day_of_week >= 5).any()


def test_a_trend_raises_arrivals_as_much_as_it_says() -> None:
    truth = replace(CLEAN, arrivals_trend=math.log(2.0) / 365.0)
    log = simulate(truth, "2021-01-01", "2023-01-01", seed=7)
    by_year = log.loc[log["stage"] == "звонок", "entered"].dt.year.value_counts()
    ratio = by_year[2022] / by_year[2021]
    assert abs(ratio - 2.0) < Z * ratio * math.sqrt(1.0 / by_year[2021] + 1.0 / by_year[2022])


def test_odds_and_days_of_a_segment_change_what_they_name() -> None:
    slow = SegmentTruth(("slow",), 1.0, odds=(2.0, 1.0), days_multiplier=3.0)
    truth = Truth((CALL, OFFER), (SegmentTruth(("usual",), 1.0), slow), columns=("kind",))
    forward = truth.probability[0, 0] / (1.0 - CALL.stalled)
    assert forward == pytest.approx([0.4, 0.8 / 1.4])
    assert truth.probability.sum(axis=1) == pytest.approx(np.ones((2, 2)))
    assert truth.days_scale[0, 0] == pytest.approx([3.0, 9.0])


def test_a_deal_that_has_waited_is_won_as_often_as_bayes_says() -> None:
    stage = StageTruth("deal", 0.5, Lognormal(5.0, 0.5), Lognormal(40.0, 0.5), stalled=0.2)
    truth = Truth((stage,), (SegmentTruth((), 0.0),))
    n_deals, age_days = 4_000, 12.0
    log = pd.DataFrame(
        {
            "deal": [f"D-{number}" for number in range(n_deals)],
            "stage": "deal",
            "entered": pd.Timestamp("2026-01-01"),
            "amount": 1.0,
        }
    )
    future = simulate_bookings(truth, log, "2026-01-01", "2026-01-13", "2030-01-01", n_futures=1, seed=8)

    def survival(days: float, time: Lognormal) -> float:
        return 1.0 - NormalDist(math.log(time.median), time.sigma).cdf(math.log(days))

    # The time of day of the entry is not known: average over it.
    ages = age_days - (np.arange(1000) + 0.5) / 1000
    weights = np.array([[0.4 * survival(age, stage.days), 0.4 * survival(age, stage.days_lost), 0.2] for age in ages])
    expected = float((weights[:, 0] / weights.sum(axis=1)).mean())
    share = float(future.wins_open[0]) / n_deals
    assert not far_from(share, expected, n_deals)
    assert far_from(share, 0.4, n_deals), "without the age the share would be 0.4"


def test_bookings_of_open_deals_use_their_own_amounts() -> None:
    certain = StageTruth("deal", 1.0, Lognormal(1.0, 0.1), Lognormal(1.0, 0.1))
    truth = Truth((certain,), (SegmentTruth((), 0.0),))
    log = pd.DataFrame(
        {"deal": ["a", "b"], "stage": "deal", "entered": pd.Timestamp("2026-01-01"), "amount": [250.0, np.nan]}
    )
    future = simulate_bookings(truth, log, "2026-01-01", "2026-01-02", "2026-02-01", n_futures=3, seed=9)
    assert (future.wins == 2).all()
    assert (future.bookings_open > 250.0).all()
    assert (future.bookings_new == 0.0).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stages": ()}, "at least one stage"),
        ({"segments": ()}, "at least one segment"),
        ({"stages": (replace(CALL, conversion=1.2), OFFER)}, "conversion must be within 0..1, got 1.2"),
        ({"stages": (replace(CALL, days=Lognormal(0.0, 1.0)), OFFER)}, "positive median and sigma"),
        ({"segments": (SegmentTruth(("site",), 1.0),)}, "1 values for 0 columns"),
        ({"segments": (SegmentTruth((), 1.0, odds=(1.0,)),)}, "one positive number per stage"),
        ({"segments": (SegmentTruth((), -1.0),)}, "must not be negative"),
        ({"weekday_weight": (1.0,) * 6 + (2.0,)}, "average 1"),
        ({"rush": Rush(("nowhere",))}, "'nowhere' is not a stage"),
        ({"rush": Rush(("offer",), weight=0.0)}, "rush.weight must be above 0"),
        ({"amount_from": "end"}, "'end' is not a stage"),
    ],
)
def test_an_impossible_truth_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(CLEAN, **change)


def test_the_command_wants_one_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
