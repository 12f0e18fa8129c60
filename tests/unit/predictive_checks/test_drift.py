"""Where parameters drift, the stays of past quarters are replicated under what they had then.

The world changes on 1 April 2025. The posterior knows the coming quarter only; what the sampler drew knows the past.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from known_worlds import HAZARD, MOVES, SEGMENTS, STAGE, OneStage, averaged, history_of, posterior_of
from scipy import stats

from simcast.errors import FitError
from simcast.history import History
from simcast.predictive_checks import PredictiveCheck, check_predictions
from simcast.predictive_checks.laws import player
from simcast.predictive_checks.stays import stays_by_stage

FIRST_OF_APRIL = 85
N_DRAWS = 50
QUARTERS = 4

BEFORE = {
    "lognormal": OneStage(),
    "weibull": OneStage("weibull", shape=(0.7, 1.2, 0.6)),
    "gamma": OneStage("gamma", scale=(10.0, 12.0, 5.0), shape=(2.0, 0.8, 6.0)),
}
FASTER = (0.5, 1.0, 0.7)
ODDS = 3.0


def after(before: OneStage) -> OneStage:
    """Return what is true from April on: other odds of the forward move, other medians."""
    probability = []
    for row in before.probability:
        ends = sum(row)
        forward = ODDS * row[0] / (ends - row[0] + ODDS * row[0])
        others = [p * (1 - forward) / (ends - row[0]) for p in row[1:]]
        probability.append(tuple(ends * p for p in (forward, *others)))
    scale = tuple(days * factor for days, factor in zip(before.scale, FASTER, strict=True))
    return replace(before, probability=tuple(probability), scale=scale)


def median_over_scale(family: str, shape: float) -> float:
    if family == "weibull":
        return float(stats.weibull_min(1 / shape).median())
    return float(stats.gamma(shape).median()) if family == "gamma" else 1.0


def sampled_of(now: OneStage) -> xr.Dataset:
    """What the sampler would have drawn: the last quarter's parameters, and the first quarter's change against them."""
    one = np.ones((2, N_DRAWS))
    ends = np.array([sum(row) for row in now.probability])
    medians = [s * median_over_scale(now.family, k) for s, k in zip(now.scale, now.shape, strict=True)]
    drift = np.zeros((QUARTERS, 5))
    drift[0] = [-np.log(ODDS), 0.0, *(-np.log(factor) for factor in FASTER)]
    effects = ["log odds of won", "log odds of отказ against lost", *(f"log median days to {name}" for name in MOVES)]
    centre = np.array(now.probability)[:, 0] / ends
    return xr.Dataset(
        {
            "share": (
                ("chain", "draw", "segment", "move"),
                one[..., None, None] * averaged(now).T / ends[:, None],
            ),
            "log_odds_at_centre": (("chain", "draw", "segment"), one[..., None] * np.log(centre / (1 - centre))),
            "median_days": (
                ("chain", "draw", "segment", "move"),
                one[..., None, None] * np.tile(medians, (len(SEGMENTS), 1)),
            ),
            "stalled": (("chain", "draw"), one * (1 - ends[0])),
            "drift": (("chain", "draw", "quarter", "effect"), one[..., None, None] * drift),
        },
        coords={"effect": effects, "move": list(MOVES), "segment": list(SEGMENTS.labels)},
    )


def failed(history: History, truth: OneStage, sampled: xr.Dataset | None) -> list[PredictiveCheck]:
    known = {} if sampled is None else {f"stage {STAGE}": sampled}
    return [check for check in check_predictions(posterior_of(truth), history, known) if check.verdict == "fails"]


@pytest.mark.parametrize(
    "family", [pytest.param(family, marks=[pytest.mark.slow] * (family != "lognormal")) for family in BEFORE]
)
def test_past_quarters_pass_under_what_they_had_and_fail_under_what_is_to_come(family: str) -> None:
    before = BEFORE[family]
    now = after(before)
    history = history_of(now, 3000, seed=51, changed_on=FIRST_OF_APRIL, before=before)
    assert failed(history, now, sampled_of(now)) == []
    wrong = {check.subset for check in failed(history, now, None) if check.name == "stays by day"}
    assert wrong & {"2025 Q1", "2025 Q2"}


@pytest.mark.slow
def test_quarters_drift_at_the_centre_of_amounts() -> None:
    before = OneStage(amount_slope=1.0, amount_centre=2000.0)
    now = after(before)
    history = history_of(now, 3000, seed=53, changed_on=FIRST_OF_APRIL, before=before)
    sampled = sampled_of(now)
    wrong = failed(history, now, sampled.drop_vars("log_odds_at_centre"))
    assert [check for check in failed(history, now, sampled) if check.part != "new deals"] == []
    assert [check for check in wrong if check.name == "conversion"]


def test_hazards_of_past_quarters_are_those_they_had() -> None:
    before = OneStage("hazard")
    now = OneStage("hazard", hazard=HAZARD * np.array([3.0, 1.0, 0.5])[:, None])
    history = history_of(now, 2000, seed=52, changed_on=FIRST_OF_APRIL, before=before)
    one = np.ones((2, N_DRAWS))
    drift = np.zeros((QUARTERS, 3))
    drift[0] = -np.log([3.0, 1.0, 0.5])
    sampled = xr.Dataset(
        {
            "hazard_effect": (
                ("chain", "draw", "segment", "move"),
                one[..., None, None] * np.log([[1.0] * 3, [2.0] * 3]),
            ),
            "drift": (("chain", "draw", "quarter", "effect"), one[..., None, None] * drift),
        }
    )
    assert failed(history, now, sampled) == []
    assert failed(history, now, None)


def test_chains_that_are_not_the_posterior_s_are_refused() -> None:
    now = after(BEFORE["lognormal"])
    foreign = sampled_of(now).isel(draw=slice(0, 7))
    with pytest.raises(FitError, match="are not those of the 2 x 7"):
        failed(history_of(now, 200), now, foreign)


def test_months_leave_stays_in_their_quarters_where_none_began_in_the_latest() -> None:
    """A sample may miss it; months that differ by next to nothing leave what quarters convert as it is."""
    now = after(BEFORE["lognormal"])
    (stays,) = stays_by_stage(posterior_of(now), history_of(now, 6000), np.random.default_rng(1))
    without = stays.quarters_back > 0
    early = replace(
        stays,
        **{
            name: getattr(stays, name)[without]
            for name in ("segment", "cell", "entered", "quarters_back", "at_least_days", "log_amount", "move", "days")
        },
    )
    shares = []
    for spread in (0.0, 1e-6):
        known = posterior_of(now)
        alike = replace(known, draws=known.draws.assign(weather_conversion=("draw", np.full(known.n_draws, spread))))
        play = player(alike, sampled_of(now), early, np.random.default_rng(2))
        forward = np.mean([play(draw)[0] == 0 for draw in range(N_DRAWS)], axis=0)
        shares.append([forward[early.quarters_back == back].mean() for back in (3, 2, 1)])
    assert shares[1] == pytest.approx(shares[0], abs=0.01)
