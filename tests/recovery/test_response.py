"""What waiting does to conversion is found again: against the truth, against plain maximum likelihood, and not where
there is none."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from simcast.history import History
from simcast.history.responses import RESPONSE_COLUMNS
from simcast.model.response import FEWEST, ResponseFit, fit_responses, slope_draws
from simcast.pipeline import Pipeline

PIPELINE = Pipeline.define(["заявка", "встреча"])
START, N_DAYS = np.datetime64("2025-07-01"), 360
N_WORLDS = 40
ODDS_OF = {"сайт": 1.5, "реклама": 0.5}
WAITS_OF = {"сайт": 8.0, "реклама": 30.0}
"""The worse source is answered later: a mean over both would take it for the work of waiting."""


def _world(
    seed: int, half_life: float, n_deals: int = 1500, segments: tuple[str, ...] = ("source",), silent: float = 0.0
) -> History:
    """Deals whose odds of moving on fall by half every so many hours of waiting, cut at the end of the history."""
    generator = np.random.default_rng(seed)
    source = np.where(generator.random(n_deals) < 0.5, "сайт", "реклама")
    hours = generator.gamma(1.2, pd.Series(source).map(WAITS_OF).to_numpy() / 1.2)
    came = generator.random(n_deals) * N_DAYS
    odds = pd.Series(source).map(ODDS_OF).to_numpy() * 0.5 ** (hours / half_life)
    forward = generator.random(n_deals) < odds / (1.0 + odds)
    # Losses take three times as long as moves, so that among the latest deals those that have ended are the good ones.
    own = generator.lognormal(np.log(np.where(forward, 4.0, 12.0)), 0.6)
    left = came + hours / 24.0 + own
    table = pd.DataFrame(
        {
            "deal": [f"D{number:05d}" for number in range(n_deals)],
            "stage": "заявка",
            "entered": START + np.floor(came).astype("timedelta64[D]"),
            "left": START + np.floor(left).astype("timedelta64[D]"),
            "move": np.where(forward, "встреча", "lost"),
            "source": source,
        }
    )
    gone = left >= N_DAYS
    table["left"] = table["left"].mask(gone)
    table["move"] = table["move"].mask(gone)
    contacted = (came + hours / 24.0 < N_DAYS) & (generator.random(n_deals) >= silent)
    responses = pd.DataFrame(
        {
            "deal": table["deal"],
            "stage": "заявка",
            "hours": hours,
            "since": (START + np.floor(came + hours / 24.0).astype("timedelta64[D]")).astype("datetime64[us]"),
        }
    )[contacted][list(RESPONSE_COLUMNS)]
    return History.of(PIPELINE, table, segments, START + np.timedelta64(N_DAYS, "D"), responses=responses)


def _fit(history: History) -> ResponseFit:
    (fit,), _ = fit_responses(history)
    return fit


def _z_scores(half_life: float, segments: tuple[str, ...] = ("source",)) -> NDArray[np.float64]:
    truth = math.log(2.0) / half_life
    fits = [_fit(_world(seed, half_life, segments=segments)) for seed in range(N_WORLDS)]
    return np.array([(fit.slope - truth) / fit.slope_sd for fit in fits])


def test_halving_times_are_found_again_and_their_intervals_are_honest() -> None:
    """Both limits are passed by chance in 1 of 10,000 runs: of the mean of z, and of the sum of its squares."""
    z = _z_scores(half_life=24.0)
    assert abs(z.mean()) < 3.9 / math.sqrt(N_WORLDS)
    assert 15.0 < (z**2).sum() < 80.0  # chi-squared, 40 degrees of freedom


def test_where_waiting_does_nothing_nothing_is_found() -> None:
    z = _z_scores(half_life=math.inf)
    assert abs(z.mean()) < 3.9 / math.sqrt(N_WORLDS)
    assert np.mean(np.abs(z) < 1.96) > 0.8


def test_without_the_segments_a_bad_source_passes_for_the_work_of_waiting() -> None:
    """The control: the same worlds, and nobody tells the sources apart."""
    z = _z_scores(half_life=math.inf, segments=())
    assert z.mean() > 2.0


def test_plain_maximum_likelihood_says_the_same() -> None:
    """A logistic regression of the same deals of one source, by another optimiser, without priors or quarters."""
    history = _world(3, 24.0, n_deals=6000)
    stays = history.stays.merge(history.responses, on=["deal", "stage"])
    stays = stays[stays["source"] == "сайт"].assign(after=lambda table: (table["left"] - table["since"]).dt.days)
    limit = stays.loc[stays["move"] == "встреча", "after"].quantile(0.95)
    old = stays[(history.observed_until - stays["since"]).dt.days > limit]
    old = old[old["hours"] <= old["hours"].quantile(0.99)]
    hours = old["hours"].to_numpy()
    forward = ((old["move"] == "встреча") & (old["after"] <= limit)).to_numpy()

    def loss(at: NDArray[np.float64]) -> float:
        margin = np.where(forward, 1.0, -1.0) * (at[0] - at[1] * hours / 24.0)
        return float(np.logaddexp(0.0, -margin).sum())

    expected = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8}).x[1] / 24.0
    chosen = history.stays[history.stays["source"] == "сайт"]
    answered = history.responses[history.responses["deal"].isin(chosen["deal"])]
    fit = _fit(History.of(PIPELINE, chosen, (), history.observed_until, responses=answered))
    assert fit.n_deals == len(old)
    assert abs(fit.slope - expected) < 0.2 * fit.slope_sd


def test_waits_and_conversion_are_those_of_the_segments_and_draws_those_of_the_posterior() -> None:
    fit = _fit(_world(1, 24.0, n_deals=4000))
    means = dict(zip(("реклама", "сайт"), fit.waits.mean(axis=1), strict=True))  # segments are sorted by name
    assert 26.0 < means["реклама"] < 30.0  # 30 without the longest percent of all waits
    assert 7.0 < means["сайт"] < 8.7
    assert fit.conversion[0] < 0.3 < fit.conversion[1]
    draws = slope_draws(fit, 1000, seed=1)
    assert abs(draws.mean() - fit.slope) < 1e-9
    assert abs(draws.std() / fit.slope_sd - 1.0) < 0.01
    assert (draws == slope_draws(fit, 1000, seed=1)).all()


def test_deals_without_a_contact_and_too_few_of_them_are_told() -> None:
    _, warnings = fit_responses(_world(1, 24.0, silent=0.3))
    assert any("have no recorded first contact" in warning and "left out" in warning for warning in warnings)
    _, warnings = fit_responses(_world(1, 24.0))
    assert not any("no first contact" in warning for warning in warnings)
    fits, warnings = fit_responses(_world(1, 24.0, n_deals=60))
    assert not fits
    assert any(f"{FEWEST} are needed" in warning for warning in warnings)


def test_odds_that_fall_at_once_and_then_no_more_are_told_apart_from_a_halving_time() -> None:
    def uneven(history: History) -> bool:
        return any("do not fall evenly" in warning for warning in fit_responses(history)[1])

    assert not uneven(_world(5, 24.0, n_deals=6000))
    history = _world(5, math.inf, n_deals=6000)
    generator = np.random.default_rng(8)
    hours = history.responses.set_index("deal")["hours"].reindex(history.stays["deal"]).fillna(0.0).to_numpy()
    chance = 0.15 + 0.5 * np.exp(-hours / 2.0)
    ended = history.stays["left"].notna().to_numpy()
    moved = np.where(generator.random(len(hours)) < chance, "встреча", "lost")
    stays = history.stays.assign(move=history.stays["move"].mask(ended, pd.Series(moved)))
    assert uneven(History.of(PIPELINE, stays, ["source"], history.observed_until, responses=history.responses))
