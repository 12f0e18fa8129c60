"""Losses recorded in a clean-up on the last day of each quarter, wins on any day: what just after one is won of the
deals that are left.

The world is NumPy's, independent of the engine and the model: of the deals that will never be won each clean-up finds
three of four. Those that are left on the next day have been through a quarter of losses and through few days of wins,
which one age for both cannot tell.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

import simcast
from simcast.model.settings import FitSettings
from simcast.plan.clocks import operational_ages
from simcast.scenario import build_scenario

START, AS_OF, UNTIL = np.datetime64("2023-07-01"), np.datetime64("2026-07-01"), np.datetime64("2026-09-30")
PER_DAY, CONVERSION, FOUND = 6.0, 0.3, 0.75
DAYS = stats.lognorm(0.7, scale=30.0)
QUARTERS = np.arange(np.datetime64("2023-10"), np.datetime64("2036-10"), np.timedelta64(3, "M"))
QUARTER_ENDS = (QUARTERS.astype("datetime64[D]") - START).astype(np.int64) - 1


def clean_ups_before(day: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many days of clean-ups are over before some instant."""
    return np.searchsorted(QUARTER_ENDS + 1.0, day, side="right")


def deals(rng: np.random.Generator) -> pd.DataFrame:
    """All deals until the as-of date: the instants on which they came, were won and would be cleared away."""
    n_days = int((AS_OF - START).astype(np.int64))
    entered = np.sort(rng.uniform(0.0, n_days, rng.poisson(PER_DAY * n_days)))
    is_won = rng.random(entered.size) < CONVERSION
    cleared = QUARTER_ENDS[clean_ups_before(entered) + rng.geometric(FOUND, entered.size) - 1] + 0.9
    left = np.where(is_won, entered + DAYS.rvs(entered.size, random_state=rng), np.maximum(cleared, entered))
    return pd.DataFrame({"entered": entered, "left": left, "outcome": np.where(is_won, "won", "lost")})


def log_of(world: pd.DataFrame) -> pd.DataFrame:
    """The canonical log as it was known on the as-of date."""
    names = np.array([f"D{number}" for number in range(len(world))])
    ended = (START + np.floor(world["left"].to_numpy()).astype(np.int64)) < AS_OF
    begun = pd.DataFrame({"deal": names, "stage": "call", "entered": world["entered"]})
    over = pd.DataFrame({"deal": names, "stage": world["outcome"], "entered": world["left"]})[ended]
    log = pd.concat([begun, over]).sort_values(["entered"], kind="stable")
    return log.assign(entered=(START + np.floor(log["entered"].to_numpy()).astype(np.int64)).astype(str))


def wins_of_the_truth(world: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.int64]:
    """Play what is left of the open deals a thousand times over: the wins until the forecast ends."""
    now, end = (float((day - START).astype(np.int64)) for day in (AS_OF, UNTIL + np.timedelta64(1, "D")))
    entered = world.loc[world["left"] >= now, "entered"].to_numpy()
    passed = clean_ups_before(np.full(entered.size, now)) - clean_ups_before(entered)
    to_win = CONVERSION * DAYS.sf(now - entered)
    share = to_win / (to_win + (1.0 - CONVERSION) * (1.0 - FOUND) ** passed)
    chance = share * (1.0 - DAYS.sf(end - entered) / DAYS.sf(now - entered))
    wins: NDArray[np.int64] = (rng.random((1000, entered.size)) < chance).sum(axis=1)
    return wins


@pytest.mark.slow
def test_what_a_clean_up_leaves_is_won_as_often_as_in_truth(tmp_path: Path) -> None:
    """The truth's mean lies in the 90% interval; with the age of the mean clock for both moves, far below it."""
    rng = np.random.default_rng(11)
    world = deals(rng)
    truth = float(wins_of_the_truth(world, rng).mean())
    file = tmp_path / "deals.csv"
    log_of(world).to_csv(file, index=False)
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["call"]},
            "history": {"path": str(file)},
            "forecast": {"as_of": str(AS_OF), "until": str(UNTIL)},
            "simulation": {"futures": 4000},
        }
    )
    history = simcast.read_history(file, scenario.pipeline_definition).known_at(AS_OF)
    posterior = simcast.fit(history, seed=1, settings=FitSettings(draws=300, tune=500))
    book = history.open_deals(AS_OF)
    plan = simcast.build_plan(posterior, book, scenario)
    low, high = np.quantile(simcast.simulate(plan).values("wins", origin="open"), [0.05, 0.95])
    assert low <= truth <= high

    mean_age = dict(zip(book.deal, operational_ages(posterior, book, 3)[0], strict=True))
    of_all = np.repeat([[mean_age[deal]] for deal in plan.deals], 3, axis=1)
    before = simcast.simulate(replace(plan, kernel=plan.kernel._replace(deal_age=of_all))).values("wins", origin="open")
    assert before.mean() < 0.6 * truth
    assert np.quantile(before, 0.95) < truth
