"""One stage and one segment against independent implementations: SciPy's censored fits, Kaplan-Meier, Aalen-Johansen.

What is compared with a maximum likelihood estimate lies within `MOST_SDS` posterior standard deviations of it. With
3,000 stays the two differ by about 1 / sqrt(3000) of a standard deviation, and by the Monte Carlo error of 1,000 draws,
about 0.05 sds: a sound program fails with a probability below 1e-6. The controls, which leave something out, are
beyond many standard deviations.

What is compared with Kaplan-Meier or Aalen-Johansen lies within 0.025. Both follow the same stays and differ by the
smoothing of the hazard and by what happens within a piece of days; their own standard errors, about 0.01, are shared.
The controls, which leave the open stays out, are farther off than half as much again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from simcast.history import History
from simcast.model import FitSettings, fit
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STAGE = "договор"
PIPELINE = Pipeline.define([STAGE])
START = np.datetime64("2024-01-01")
UNTIL = 300
MOST_SDS = 0.4
NEAR = 0.025

ONE_MOVE = {"stalled_logit": {"normal": (-9.0, 0.1)}, "conversion_logit": {"normal": (9.0, 0.1)}}
"""Priors under which every stay ends, and is won: SciPy's fits know no other end."""


@dataclass(frozen=True)
class Observed:
    """Stays as a CRM records them: day of entry, whole days until the end or until now, and the move (-1: open)."""

    entered: Ints
    days: Ints
    move: Ints

    @property
    def ended(self) -> NDArray[np.bool_]:
        return self.move >= 0

    def kept(self, keep: NDArray[np.bool_]) -> Observed:
        return Observed(self.entered[keep], self.days[keep], self.move[keep])

    def history(self) -> History:
        left = START + (self.entered + self.days).astype("timedelta64[D]")
        table = pd.DataFrame(
            {
                "deal": [f"D{number:05d}" for number in range(len(self.days))],
                "stage": STAGE,
                "entered": START + self.entered.astype("timedelta64[D]"),
                "left": np.where(self.ended, left, np.datetime64("NaT", "D")),
                "move": np.array(["won", "lost", None], dtype=object)[self.move],
                "amount_at_end": np.where(self.move == 0, 100.0, np.nan),
            }
        )
        return History.of(PIPELINE, table, (), START + np.timedelta64(UNTIL, "D"))


def observe(days: Floats, move: Ints, generator: np.random.Generator, entered: Ints | None = None) -> Observed:
    """Let stays of these lengths begin at random times, and cut the record at the start of day `UNTIL`."""
    begin = generator.integers(0, UNTIL, days.size) if entered is None else entered
    whole = np.floor(generator.random(days.size) + days).astype(np.int64)
    over = begin + whole < UNTIL
    return Observed(begin, np.where(over, whole, UNTIL - begin), np.where(over, move, -1))


def fitted(observed: Observed, settings: FitSettings) -> Posterior:
    return fit(observed.history(), settings=replace(settings, chains=2, tune=600, draws=600))


LENGTHS = {
    "lognormal": lambda n, generator: 60.0 * np.exp(0.8 * generator.standard_normal(n)),
    "weibull": lambda n, generator: 70.0 * generator.weibull(1.6, n),
    "loglogistic": lambda n, generator: 60.0 * np.exp(0.4 * generator.logistic(size=n)),
    "gamma": lambda n, generator: generator.gamma(2.5, 30.0, n),
}


def scipy_estimate(family: str, data: stats.CensoredData) -> Floats:
    """The logarithms of scale and shape, as a posterior holds them, at SciPy's maximum likelihood."""
    if family == "lognormal":
        shape, _, scale = stats.lognorm.fit(data, floc=0)
    elif family == "weibull":
        k, _, scale = stats.weibull_min.fit(data, floc=0)
        shape = 1.0 / k
    elif family == "loglogistic":
        beta, _, scale = stats.fisk.fit(data, floc=0)
        shape = 1.0 / beta
    else:
        shape, _, scale = stats.gamma.fit(data, floc=0)
    return np.log([scale, shape])


def log_scale_and_shape(posterior: Posterior) -> Floats:
    here = posterior.draws.sel(stage=STAGE, move="won").isel(segment=0)
    return np.log([here["days_scale"].to_numpy(), here["days_shape"].to_numpy()])


def sds_apart(draws: Floats, estimate: Floats) -> float:
    return float(np.max(np.abs(draws.mean(axis=1) - estimate) / draws.std(axis=1)))


@pytest.mark.slow
@pytest.mark.parametrize("family", list(LENGTHS))
def test_a_family_agrees_with_scipys_censored_fit(family: str) -> None:
    generator = np.random.default_rng(3)
    observed = observe(LENGTHS[family](3000, generator), np.zeros(3000, dtype=np.int64), generator)
    assert 0.05 < 1.0 - observed.ended.mean() < 0.5
    days = observed.days.astype(float)
    interval = days[observed.ended, None] + np.array([-0.5, 0.5])
    interval = np.maximum(interval, 1e-6)
    whole = stats.CensoredData(interval=interval, right=days[~observed.ended] - 0.5)
    draws = log_scale_and_shape(fitted(observed, FitSettings(durations=family, priors=ONE_MOVE)))
    assert sds_apart(draws, scipy_estimate(family, whole)) < MOST_SDS
    assert sds_apart(draws, scipy_estimate(family, stats.CensoredData(interval=interval))) > 3.0


def two_humps(n: int, generator: np.random.Generator) -> tuple[Floats, Ints]:
    """Quick losses, and wins of two kinds: a shape that no family has."""
    move = (generator.random(n) < 0.45).astype(np.int64)
    slow = generator.random(n) < 0.5
    wins = np.where(slow, 130.0 * np.exp(0.15 * generator.standard_normal(n)), 15.0 * generator.weibull(1.5, n))
    return np.where(move == 1, 25.0 * np.exp(0.7 * generator.standard_normal(n)), wins), move


def incidence(posterior: Posterior, upto: int) -> Floats:
    """The posterior mean of P(ended by move within d days), (upto + 1, 2), for d = 0 to `upto`."""
    here = posterior.draws.sel(stage=STAGE, move=["won", "lost"]).isel(segment=0)
    log_rate = (here["hazard_log"] + here["hazard_effect"]).transpose("draw", "move", "piece").to_numpy()
    piece = np.searchsorted(here["piece"].to_numpy(), np.arange(upto + 1), side="right") - 1
    rate = np.exp(log_rate)[:, :, piece]
    total = rate.sum(axis=1)
    before = np.exp(-(np.cumsum(total, axis=1) - total))
    ends = before * -np.expm1(-total)
    return np.asarray(np.cumsum(ends[:, None] * rate / total[:, None], axis=2).mean(axis=0).T)


def aalen_johansen(observed: Observed, upto: int) -> Floats:
    """The cumulative incidence of each move, (upto + 1, 2); an open stay of n days was at risk on the days before."""
    day = np.arange(upto + 1)
    at_risk = (observed.days[:, None] > day - observed.ended[:, None]).sum(axis=0)
    ends = np.stack([((observed.days[:, None] == day) & (observed.move[:, None] == k)).sum(axis=0) for k in (0, 1)])
    hazard = ends / np.maximum(at_risk, 1)
    before = np.concatenate([[1.0], np.cumprod(1.0 - hazard.sum(axis=0))[:-1]])
    return np.asarray(np.cumsum(before * hazard, axis=1).T)


@pytest.fixture(scope="module")
def bimodal() -> tuple[Observed, Posterior]:
    generator = np.random.default_rng(7)
    observed = observe(*two_humps(4000, generator), generator)
    return observed, fitted(observed, FitSettings(durations="hazard"))


def piece_ends(posterior: Posterior, upto: int) -> Ints:
    """The last days of the pieces: within a piece the hazard is level, and only at its end it must be right."""
    last = posterior.draws["piece"].to_numpy()[1:] - 1
    return last[last <= upto].astype(np.int64)


@pytest.mark.slow
def test_the_hazard_agrees_with_kaplan_meier(bimodal: tuple[Observed, Posterior]) -> None:
    observed, posterior = bimodal
    ends = piece_ends(posterior, 200)
    ended = observed.days[observed.ended].astype(float)
    found = 1.0 - incidence(posterior, 200).sum(axis=1)[ends]

    def kaplan_meier(right: Floats) -> Floats:
        data = stats.CensoredData(uncensored=ended, right=right)
        return np.asarray(stats.ecdf(data).sf.evaluate(ends.astype(float)))

    assert np.abs(found - kaplan_meier(observed.days[~observed.ended] - 0.5)).max() < NEAR
    assert np.abs(found - kaplan_meier(np.zeros(0))).max() > 1.5 * NEAR


@pytest.mark.slow
def test_the_hazard_agrees_with_aalen_johansen(bimodal: tuple[Observed, Posterior]) -> None:
    observed, posterior = bimodal
    ends = piece_ends(posterior, 200)
    found = incidence(posterior, 200)[ends]
    assert np.abs(found - aalen_johansen(observed, 200)[ends]).max() < NEAR
    assert np.abs(found - aalen_johansen(observed.kept(observed.ended), 200)[ends]).max() > 1.5 * NEAR


@pytest.mark.slow
def test_a_mixture_agrees_with_aalen_johansen() -> None:
    generator = np.random.default_rng(9)
    move = (generator.random(4000) < 0.4).astype(np.int64)
    medians = np.array([60.0, 20.0])[move]
    observed = observe(medians * np.exp(0.8 * generator.standard_normal(4000)), move, generator)
    here = (
        fitted(observed, FitSettings(durations="lognormal"))
        .draws.sel(stage=STAGE, move=["won", "lost"])
        .isel(segment=0)
    )
    probability, scale, shape = (
        here[name].transpose("draw", "move").to_numpy()[..., None]
        for name in ("probability", "days_scale", "days_shape")
    )
    days = np.arange(0, 200, 10)
    clock = (np.arange(20) + 0.5) / 20
    within = stats.norm.cdf(np.log((days[:, None] + 1 - clock) / scale[..., None]) / shape[..., None]).mean(axis=-1)
    found = (probability * within).mean(axis=0).T
    assert np.abs(found - aalen_johansen(observed, 200)[days]).max() < NEAR
    assert np.abs(found - aalen_johansen(observed.kept(observed.ended), 200)[days]).max() > 1.5 * NEAR


RECORDED_FROM = 120


def truncated_estimate(observed: Observed, since: Ints) -> Floats:
    """Logarithms of median and sigma at the maximum of the likelihood given that each stay had lasted `since` days."""
    low, high = observed.days - 0.5, np.where(observed.ended, observed.days + 0.5, np.inf)

    def minus(point: Floats) -> float:
        law = stats.lognorm(np.exp(point[1]), scale=np.exp(point[0]))
        inside = law.sf(np.maximum(low, 0.0)) - law.sf(high)
        lasted = law.sf(np.maximum(since - 0.5, 0.0))
        return -float((np.log(np.maximum(inside, 1e-300)) - np.log(lasted)).sum())

    found = optimize.minimize(minus, [4.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6})
    return np.asarray(found.x)


@pytest.mark.slow
def test_left_truncation_agrees_with_the_truncated_likelihood() -> None:
    """Of the stays that began before the records, only those that lasted until then are known."""
    generator = np.random.default_rng(11)
    whole = observe(LENGTHS["lognormal"](4000, generator), np.zeros(4000, dtype=np.int64), generator)
    known = whole.kept(whole.entered + whole.days >= RECORDED_FROM)
    assert len(known.days) < 0.9 * len(whole.days)
    since = np.maximum(RECORDED_FROM - known.entered, 0)
    day = str(START + np.timedelta64(RECORDED_FROM, "D"))
    posterior = fitted(known, FitSettings(durations="lognormal", priors=ONE_MOVE, recorded_from=day))
    draws = log_scale_and_shape(posterior)
    assert sds_apart(draws, truncated_estimate(known, since)) < MOST_SDS
    assert sds_apart(draws, truncated_estimate(known, np.zeros_like(since))) > 3.0
