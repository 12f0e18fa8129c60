"""Stays that pause at weekends, and stays whose ends are only recorded later: on which weekdays wins are forecast.

The worlds are NumPy's, independent of the engine and the model. Stays that pause last some working days; what is put
off lasts some days of the calendar, and what is due at a weekend is recorded on the Monday.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import simcast
from simcast.model import clocks
from simcast.model.settings import FitSettings
from simcast.posterior.clocks import AGES_OF_CLOCK
from simcast.scenario import build_scenario

START, AS_OF = np.datetime64("2025-09-01"), np.datetime64("2026-09-07")  # Mondays
N_DAYS = int((AS_OF - START).astype(np.int64))
PER_DAY, CONVERSION = 25.0, 0.85


def ends_of(pauses: bool, entered: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the days on which the ends of stays are on record."""
    median, sigma = (3.0, 0.35) if pauses else (4.2, 0.9)
    lasted = median * np.exp(sigma * rng.standard_normal(entered.size))
    if pauses:
        week, day = np.divmod(entered, 7.0)
        week, day = np.divmod(5.0 * week + day + lasted, 5.0)
        return np.floor(7.0 * week + day).astype(np.int64)
    due = np.floor(entered + lasted).astype(np.int64)
    return due + np.array([0, 0, 0, 0, 0, 2, 1])[due % 7]


def log_and_wins_by_weekday(pauses: bool, seed: int) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the canonical log as it was known on the as-of date, and the wins of each weekday in an average week."""
    rng = np.random.default_rng(seed)
    day = np.arange(N_DAYS)
    entered = np.repeat(day, rng.poisson(np.where(day % 7 < 5, PER_DAY, 0.0))).astype(np.float64)
    entered += rng.uniform(0.3, 0.75, entered.size)
    ends = ends_of(pauses, entered, rng)
    outcome = np.where(rng.random(entered.size) < CONVERSION, "won", "lost")
    names = np.array([f"T{number}" for number in range(entered.size)])
    over = ends < N_DAYS
    begun = pd.DataFrame({"deal": names, "stage": "work", "entered": np.floor(entered).astype(np.int64)})
    ended = pd.DataFrame({"deal": names[over], "stage": outcome[over], "entered": ends[over]})
    log = pd.concat([begun, ended]).sort_values("entered", kind="stable")
    settled = over & (outcome == "won") & (ends >= 28)
    wins = np.bincount(ends[settled] % 7, minlength=7) / (N_DAYS / 7 - 4)
    return log.assign(entered=(START + log["entered"].to_numpy()).astype(str)), wins


def second_week(log: pd.DataFrame, file: Path) -> tuple[bool, NDArray[np.float64]]:
    """Return whether stays are fitted as pausing, and the mean wins on the days of the forecast's second week."""
    log.to_csv(file, index=False)
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["work"]},
            "history": {"path": str(file)},
            "forecast": {"as_of": str(AS_OF), "horizon": "14 days", "period": "day"},
            "simulation": {"futures": 2000},
        }
    )
    history = simcast.read_history(file, scenario.pipeline_definition).known_at(AS_OF)
    posterior = simcast.fit(history, seed=1, settings=FitSettings(draws=200, tune=400))
    plan = simcast.build_plan(posterior, history.open_deals(AS_OF), scenario)
    wins = simcast.simulate(plan).results["wins"].mean("future")
    by_day = wins.sum([dim for dim in wins.dims if dim != "period"]).to_numpy()
    return bool(posterior.draws["clock_ages"].item() == AGES_OF_CLOCK), by_day[7:]


@pytest.mark.slow
def test_stays_that_pause_end_on_the_weekdays_on_which_they_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: ages that go on over weekends put ever more wins on the later days."""
    log, truth = log_and_wins_by_weekday(pauses=True, seed=3)
    paused, found = second_week(log, tmp_path / "work.csv")
    assert paused
    # A thousand wins per weekday, and as many arrivals that tell the level: 3% each; and what rounding of days brings.
    assert found[:5] == pytest.approx(truth[:5], rel=0.12)
    assert found[5:].sum() < 0.02 * found.sum()
    monkeypatch.setattr(clocks, "_CLEARLY_PAUSES", np.inf)
    paused, other = second_week(log, tmp_path / "work.csv")
    assert not paused
    assert other[4] > 1.5 * other[0]


@pytest.mark.slow
def test_ends_that_are_put_off_are_not_taken_for_stays_that_pause(tmp_path: Path) -> None:
    """On Mondays thrice the due are recorded; docs/model.md says why a little less are forecast on them."""
    log, truth = log_and_wins_by_weekday(pauses=False, seed=3)
    paused, found = second_week(log, tmp_path / "work.csv")
    assert not paused
    assert found[1:5] == pytest.approx(truth[1:5], rel=0.12)
    assert 0.8 * truth[0] < found[0] < 1.05 * truth[0]
    assert found[5:].sum() < 0.02 * found.sum()
