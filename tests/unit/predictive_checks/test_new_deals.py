"""The checks of arrivals and amounts pass what made the history, and fail what errs in one thing."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from known_worlds import PIPELINE, SEGMENTS, STAGE, OneStage, history_of, posterior_of

from simcast.history import History
from simcast.posterior import Posterior
from simcast.predictive_checks import PredictiveCheck, check_predictions
from simcast.predictive_checks.amount_checks import check_amounts
from simcast.predictive_checks.arrival_checks import check_arrivals
from simcast.predictive_checks.verdict import judge

TRUTH = OneStage()
FIRST = np.datetime64("2025-01-06")
WEEKDAY = np.array([1.6, 1.5, 1.4, 1.2, 1.0, 0.2, 0.1])
RATE = np.array([3.0, 5.0])
N_WEEKS = 60


def arrivals(size: float, trend_per_week: float = 0.0, seed: int = 1, shared_sd: float = 0.0) -> History:
    """Deals that all stay open, entered day by day: negative binomial, with a weekday pattern and a trend."""
    generator = np.random.default_rng(seed)
    rows = []
    for day in range(7 * N_WEEKS):
        week = day // 7
        if day % 7 == 0:
            weather = math.exp(shared_sd * generator.normal())
        for segment, rate in enumerate(RATE):
            mean = rate * WEEKDAY[day % 7] * math.exp(trend_per_week * (week - N_WEEKS)) * weather
            count = generator.negative_binomial(size, size / (size + mean))
            rows += [
                (f"D{len(rows) + number:06d}", segment, FIRST + np.timedelta64(day, "D")) for number in range(count)
            ]
    table = pd.DataFrame(rows, columns=["deal", "segment", "entered"]).assign(stage=STAGE, left=pd.NaT, move=None)
    table["source"] = [SEGMENTS.values[code][0] for code in table.pop("segment")]
    return History.of(PIPELINE, table, ["source"], FIRST + np.timedelta64(7 * N_WEEKS, "D"))


def sampled(size: float, trend_per_week: float = 0.0, *, as_dates: bool = True) -> xr.Dataset:
    """What a sampler that is certain of the truth would have drawn."""
    one = np.ones((2, 10))
    starts = FIRST + (7 * np.arange(N_WEEKS)).astype("timedelta64[D]")
    return xr.Dataset(
        {
            "log_level": (("chain", "draw", "week"), one[..., None] * trend_per_week * (np.arange(N_WEEKS) - N_WEEKS)),
            "arrivals_per_day": (("chain", "draw", "segment"), one[..., None] * RATE),
            "weekday_weight": (("chain", "draw", "weekday"), one[..., None] * WEEKDAY),
            "arrivals_size": (("chain", "draw"), one * size),
        },
        coords={"week": starts.astype("datetime64[s]") if as_dates else starts.astype(np.int64)},
    )


def checked(drawn: xr.Dataset, history: History) -> dict[str, PredictiveCheck]:
    checks = judge(list(check_arrivals(drawn, history, np.random.default_rng(1))))
    return {check.statistic: check for check in checks}


def test_arrivals_that_the_model_made_pass() -> None:
    """False alarms: at most 1% by Holm's correction; the seed is fixed."""
    found = checked(sampled(4.0, 0.01), arrivals(4.0, 0.01))
    assert set(found) == {
        "mean of a week",
        "variance over mean",
        "largest week",
        "correlation with the next week",
    }
    assert {check.verdict for check in found.values()} == {"passes"}
    assert found["mean of a week"].n == N_WEEKS


def test_weeks_may_be_held_as_dates_or_as_numbers() -> None:
    history = arrivals(4.0)
    assert checked(sampled(4.0), history) == checked(sampled(4.0, as_dates=False), history)


def test_arrivals_that_vary_more_than_the_model_knows_fail_in_their_variance() -> None:
    found = checked(sampled(1e9), arrivals(1.0))
    assert found["variance over mean"].verdict == "fails"
    assert found["mean of a week"].verdict != "fails"


def test_weather_shared_by_all_segments_fails_in_the_variance() -> None:
    assert checked(sampled(4.0), arrivals(4.0, shared_sd=0.4))["variance over mean"].verdict == "fails"


def test_a_trend_that_the_model_does_not_know_fails_in_the_correlation_of_weeks() -> None:
    found = checked(sampled(4.0), arrivals(4.0, 0.03))
    assert found["correlation with the next week"].verdict == "fails"
    assert found["mean of a week"].verdict == "fails"


def test_a_first_week_that_is_cut_short_is_left_out() -> None:
    whole = sampled(4.0)
    cut = whole.assign_coords(week=np.r_[whole["week"][:1] + np.timedelta64(3, "D"), whole["week"][1:]])
    found = checked(cut, arrivals(4.0))["mean of a week"]
    assert found.n == N_WEEKS - 1
    assert found.verdict == "passes"


def test_without_the_past_level_arrivals_are_not_checked() -> None:
    history = history_of(TRUTH, 300)
    bare = {"new deals": sampled(4.0).drop_vars("log_level")}
    assert "weekly arrivals" not in {check.name for check in check_predictions(posterior_of(TRUTH), history, bare)}


def test_the_sampler_s_draws_that_a_fresh_fit_carries_are_used() -> None:
    history = arrivals(4.0)
    posterior = replace(posterior_of(TRUTH), sampled={"new deals": sampled(4.0)})
    assert "weekly arrivals" in {check.name for check in check_predictions(posterior, history)}


def with_amounts(**attributes: object) -> Posterior:
    return posterior_of(TRUTH, **attributes)


def amounts(posterior: Posterior, history: History) -> list[PredictiveCheck]:
    return [check for check in check_predictions(posterior, history) if check.name == "amounts"]


@pytest.mark.slow
def test_lognormal_amounts_pass_where_they_are_and_fail_where_they_are_not() -> None:
    history = history_of(TRUTH, 3000, seed=41)
    found = amounts(posterior_of(TRUTH), history)
    assert len(found) == 2 * len(SEGMENTS)
    assert {check.verdict for check in found} == {"passes"}
    dearer = posterior_of(replace(TRUTH, amount_median=7000.0))
    assert {check.verdict for check in amounts(dearer, history)} == {"fails"}


def listed(history: History) -> History:
    """Return the history with the amounts of a price list."""
    rounded = np.where(history.stays["amount_at_end"] > 6000, 12_000.0, 3000.0)
    stays = history.stays.assign(amount_at_end=np.where(history.stays["left"].isna(), np.nan, rounded))
    return History.of(PIPELINE, stays, ["source"], history.observed_until)


def test_prices_from_a_list_pass_as_empirical_amounts_and_fail_as_lognormal_ones() -> None:
    history = listed(history_of(TRUTH, 3000, seed=42))
    won = history.stays[history.stays["move"] == "won"]
    held = with_amounts(amount_family="lognormal")
    logs = np.log(won["amount_at_end"])
    fitted = held.draws.assign(
        amount_scale=held.draws["amount_scale"] * 0 + float(np.exp(logs.mean())),
        amount_shape=held.draws["amount_shape"] * 0 + float(logs.std()),
    )
    lognormal = Posterior(PIPELINE, SEGMENTS, fitted, "sha256:l")
    assert "fails" in {check.verdict for check in amounts(lognormal, history)}

    levels = np.linspace(0, 1, 256)
    quantiles = np.stack(
        [
            np.quantile(won["amount_at_end"][won["segment_code"] == code], levels, method="inverted_cdf")
            for code in range(len(SEGMENTS))
        ]
    )
    # Put together without `Posterior`, whose own checks are not the matter here.
    empirical = fitted.assign(
        amount_scale=fitted["amount_scale"] * 0 + 1.0,
        amount_shape=fitted["amount_shape"] * 0 + 1.0,
        amount_quantiles=(("segment", "level"), quantiles),
    ).assign_attrs(amount_family="empirical")
    on_record = cast("Posterior", SimpleNamespace(segments=SEGMENTS, draws=empirical))
    found = judge(list(check_amounts(on_record, history, np.arange(50), np.random.default_rng(1))))
    assert len(found) == 2 * len(SEGMENTS)
    assert {check.verdict for check in found} == {"passes"}


@pytest.mark.slow
def test_a_share_of_amounts_of_0_passes_where_it_is_known_and_fails_where_it_is_not() -> None:
    history = history_of(TRUTH, 3000, seed=41)
    drawn = np.random.default_rng(2).random(len(history.stays))
    mixed = history.stays.assign(amount_at_end=history.stays["amount_at_end"].where(drawn > 0.4, 0.0))
    history = History.of(PIPELINE, mixed.drop(columns=["segment_code"]), ["source"], history.observed_until)
    plain = posterior_of(TRUTH)
    share = (("draw", "segment"), np.full((plain.n_draws, len(SEGMENTS)), 0.4))
    found = amounts(replace(plain, draws=plain.draws.assign(amount_zero=share)), history)
    assert len(found) == 3 * len(SEGMENTS)
    assert {check.verdict for check in found} == {"passes"}
    unaware = {check.statistic: check.verdict for check in amounts(plain, history)}
    assert unaware["share of amounts that are 0"] == "fails"
    assert unaware["mean amount"] == "passes"


@pytest.mark.parametrize(("amounts_of", "n_checks"), [("none", 0), ("all", 4)])
def test_amounts_are_those_that_the_model_learned_from(amounts_of: str, n_checks: int) -> None:
    history = history_of(TRUTH, 1000, seed=43)
    found = amounts(with_amounts(amounts_of=amounts_of), history)
    assert len(found) == n_checks
    assert sum(check.n for check in found) == 2 * 1000 * (amounts_of == "all")
