"""Histories of one stage made from a known truth, and posteriors that know that truth or err in one thing.

The generator works on instants, real numbers of days, deal by deal; only the history it writes knows whole days.
It shares no line with the replicates that it is to test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.posterior import DIMENSIONS, Posterior
from simcast.segments import Segments

STAGE = "встреча"
PIPELINE = Pipeline.define([STAGE], outcomes={"отказ": "lost"})
MOVES = ("won", "lost", "отказ")
SEGMENTS = Segments(("source",), (("site",), ("реклама",)))
START = np.datetime64("2025-01-06")
PIECES = (0, 1, 4, 8, 15, 40, 100)
HAZARD_END = 3653

Draw = Callable[[np.random.Generator, float, float], float]

DRAW: dict[str, Draw] = {
    "lognormal": lambda generator, scale, shape: scale * math.exp(shape * generator.normal()),
    "weibull": lambda generator, scale, shape: scale * generator.weibull(1.0 / shape),
    "loglogistic": lambda generator, scale, shape: scale * (1.0 / generator.random() - 1.0) ** shape,
    "gamma": lambda generator, scale, shape: generator.gamma(shape, scale),
    "exponential": lambda generator, scale, _: generator.exponential(scale),
    "constant": lambda _, scale, __: scale,
}
"""One duration of each family, by NumPy's own generators where it has them."""

HAZARD = np.array(
    [
        [0.02, 0.03, 0.05, 0.02, 0.004, 0.01, 0.002],
        [0.05, 0.02, 0.01, 0.03, 0.01, 0.002, 0.001],
        [0.0, 0.01, 0.01, 0.01, 0.01, 0.005, 0.0001],
    ]
)
"""Hazard per day, (n_moves, n_pieces), of the world whose family is hazard."""


@dataclass(frozen=True)
class OneStage:
    """What is true of the stage: probabilities of its moves, (3,) by segment, and the days until each."""

    family: str = "lognormal"
    probability: tuple[tuple[float, ...], ...] = ((0.40, 0.35, 0.15), (0.25, 0.45, 0.20))
    scale: tuple[float, ...] = (20.0, 12.0, 35.0)
    shape: tuple[float, ...] = (0.7, 0.9, 0.6)
    amount_slope: float = 0.0
    amount_median: float = 5000.0
    amount_sigma: float = 0.8
    amount_centre: float = 5000.0
    hazard: np.ndarray = field(default_factory=HAZARD.copy)

    def outcome(self, generator: np.random.Generator, segment: int, log_amount: float) -> tuple[int, float]:
        """Return the move (3: never) and the instants' difference of one stay."""
        weight = np.array([*self.probability[segment], 1.0 - sum(self.probability[segment])])
        weight[0] *= math.exp(self.amount_slope * log_amount)
        weight[:3] *= sum(self.probability[segment]) / weight[:3].sum()
        move = int(generator.choice(4, p=weight))
        if move == 3:
            return 3, math.inf
        return move, DRAW[self.family](generator, self.scale[move], self.shape[move])

    def outcome_by_day(self, generator: np.random.Generator, segment: int, log_amount: float) -> tuple[int, int]:
        """Return the move and the whole days of one stay of the hazard family, day by day."""
        for day in range(400):
            hazard = self.hazard[:, np.searchsorted(PIECES, day, side="right") - 1] * (1.0 + segment)
            hazard = hazard * np.array([math.exp(self.amount_slope * log_amount), 1.0, 1.0])
            if generator.random() < 1.0 - math.exp(-hazard.sum()):
                return int(generator.choice(3, p=hazard / hazard.sum())), day
        return 3, 10**6


def history_of(
    truth: OneStage,
    n_deals: int,
    *,
    n_days: int = 300,
    seed: int = 1,
    recorded_from: int = 0,
    changed_on: int = 0,
    before: OneStage | None = None,
) -> History:
    """Let deals enter at random over `n_days`, and write down what has happened to them by then.

    Stays that ended before the day `recorded_from` are not in the file. Stays that began before the day `changed_on`
    follow another truth.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(n_deals):
        instant = n_days * generator.random()
        entered = math.floor(instant)
        segment = int(generator.random() < 0.4)
        amount = truth.amount_median * math.exp(truth.amount_sigma * generator.normal())
        log_amount = math.log(amount / truth.amount_centre)
        law = before if before is not None and entered < changed_on else truth
        if law.family == "hazard":
            move, days = law.outcome_by_day(generator, segment, log_amount)
            left = entered + days
        else:
            move, duration = law.outcome(generator, segment, log_amount)
            left = math.floor(min(instant + duration, 1e6))
        if left < recorded_from:
            continue
        seen = left < n_days and move < 3
        rows.append(
            {
                "deal": f"D{number:06d}",
                "stage": STAGE,
                "entered": START + np.timedelta64(entered, "D"),
                "left": START + np.timedelta64(left, "D") if seen else np.datetime64("NaT", "D"),
                "move": MOVES[move] if seen else None,
                "amount": amount,
                "amount_at_end": amount if seen else math.nan,
                "source": SEGMENTS.values[segment][0],
            }
        )
    return History.of(PIPELINE, pd.DataFrame(rows), ["source"], START + np.timedelta64(n_days, "D"))


def averaged(truth: OneStage) -> np.ndarray:
    """Return the probabilities of the moves averaged over the amounts, (3, n_segments), by brute force."""
    normal = np.random.default_rng(0).standard_normal(200_000)
    x = math.log(truth.amount_median / truth.amount_centre) + truth.amount_sigma * normal
    columns = []
    for probability in truth.probability:
        weight = np.array(probability)[:, None] * np.ones_like(x)
        weight[0] *= np.exp(truth.amount_slope * x)
        columns.append((weight / weight.sum(axis=0)).mean(axis=1) * sum(probability))
    return np.array(columns).T


def marginals(hazard: np.ndarray) -> np.ndarray:
    """Return the probabilities of the moves and of never ending, (4, n_segments), summed up day by day."""
    days = np.arange(HAZARD_END)
    by_day = hazard[:, np.searchsorted(PIECES, days, side="right") - 1, None] * (1.0 + np.arange(len(SEGMENTS)))
    total = by_day.sum(axis=0)
    reached = np.exp(-np.vstack([np.zeros(len(SEGMENTS)), np.cumsum(total, axis=0)]))
    ended = (reached[:-1] * -np.expm1(-total) * by_day / total).sum(axis=1)
    return np.vstack([ended, reached[-1]])


def posterior_of(truth: OneStage, n_draws: int = 50, **attributes: object) -> Posterior:
    """Return a posterior that is certain of a truth."""
    names = (STAGE, *MOVES, "stalled")
    n_segments = len(SEGMENTS)
    probability = np.zeros((n_draws, 1, 5, n_segments))
    probability[:, 0, 1:4] = np.array(truth.probability).T
    probability[:, 0, 4] = 1.0 - probability.sum(axis=2)[:, 0]
    scale, shape = np.full((2, n_draws, 1, 5, n_segments), np.nan)
    scale[:, 0, 1:4] = np.array(truth.scale)[:, None]
    shape[:, 0, 1:4] = np.array(truth.shape)[:, None]
    arrays = {
        "probability": probability,
        "days_scale": scale,
        "days_shape": shape,
        "days_family": np.array([["", *[truth.family] * 3, ""]]),
        "entry_share": np.ones((1, n_segments)),
        "arrivals_per_day": np.ones((n_draws, n_segments)),
        "weekday_weight": np.ones((n_draws, 7)),
        "arrivals_trend": np.zeros(n_draws),
        "arrivals_size": np.full((n_draws, n_segments), np.inf),
        "amount_scale": np.full((n_draws, n_segments), truth.amount_median),
        "amount_shape": np.full((n_draws, n_segments), truth.amount_sigma),
    }
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        name: (DIMENSIONS[name], array) for name, array in arrays.items()
    }
    coords: dict[str, list[object]] = {
        "draw": list(range(n_draws)),
        "stage": [STAGE],
        "move": list(names),
        "segment": list(SEGMENTS.labels),
        "weekday": list(range(7)),
    }
    if truth.amount_slope:
        ends = np.sum(truth.probability, axis=1)
        centre, mean = np.array(truth.probability)[:, 0] / ends, averaged(truth)[0] / ends
        offset = np.log(centre / (1 - centre)) - np.log(mean / (1 - mean))
        probability[:, 0, 1:4] = averaged(truth)
        variables["amount_offset"] = (("draw", "stage", "segment"), np.tile(offset, (n_draws, 1, 1)))
        variables["amount_slope"] = (("draw", "stage"), np.full((n_draws, 1), truth.amount_slope))
        attributes["amount_centre"] = truth.amount_centre
    if truth.family == "hazard":
        log_hazard = np.full((n_draws, 1, 5, len(PIECES)), np.nan)
        log_hazard[:, 0, 1:4] = np.log(np.maximum(truth.hazard, 1e-300))
        effect = np.full((n_draws, 1, 5, n_segments), np.nan)
        effect[:, 0, 1:4] = np.log1p(np.arange(n_segments))
        probability[:, 0, 1:] = marginals(truth.hazard)
        if truth.amount_slope:  # any shift may stand for deals of all amounts, if the offset takes it back
            effect[:, 0, 1] += 0.4
            probability[:, 0, 1:] = marginals(truth.hazard * np.exp([[0.4], [0.0], [0.0]]))
            variables["amount_offset"] = (("draw", "stage", "segment"), np.full((n_draws, 1, n_segments), -0.4))
        variables["hazard_log"] = (("draw", "stage", "move", "piece"), log_hazard)
        variables["hazard_effect"] = (("draw", "stage", "move", "segment"), effect)
        coords["piece"] = list(PIECES)
        attributes["hazard_end"] = HAZARD_END
    attributes = {"amount_family": "lognormal", "amounts_of": "won"} | attributes
    return Posterior(PIPELINE, SEGMENTS, xr.Dataset(variables, coords, attributes), "sha256:truth")
