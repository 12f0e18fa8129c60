"""Replicated stays on the calendar: whole days stay as they are on ordinary days, and none ends where nothing can."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcast.assume import assumed_posterior
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior
from simcast.predictive_checks.by_calendar import OnCalendar
from simcast.predictive_checks.laws import player
from simcast.predictive_checks.stays import OPEN, CheckedStays
from simcast.scenario import build_scenario

N = 20_000
FIRST = int(np.datetime64("2025-01-01", "D").astype(np.int64))


def posterior_with(calendar: dict[str, object], weather: dict[str, float] | None = None) -> Posterior:
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["договор"]},
            "assume": {
                "stages": {"договор": {"conversion": 0.5, "stalled": 0.2, "days": {"constant": 20}}},
                "calendar": calendar,
                "weather": weather or {},
            },
            "forecast": {"as_of": "2026-01-01", "until": "2026-01-31"},
        }
    )
    assert scenario.assume is not None
    return assumed_posterior(Pipeline.define(["договор"]), scenario.assume)


def stays() -> CheckedStays:
    none, entered = np.zeros(N, np.int64), FIRST + np.arange(N) % 300
    return CheckedStays(
        "договор", ("won", "lost"), FIRST + 365, N, none, none, entered, none, none, np.zeros(N), none, none
    )


def played(calendar: dict[str, object]) -> tuple[np.ndarray, np.ndarray]:
    """Return days of the calendar of stays that last 20 days each, and the dates of their ends."""
    replicate = OnCalendar(posterior_with(calendar), stays())
    play = replicate.dated(lambda _: (np.arange(N) % 2, np.full(N, 20)), np.random.default_rng(1))
    days = play(0)[1]
    return days, stays().entered + days


def test_ordinary_days_leave_stays_as_they_are() -> None:
    assert OnCalendar(posterior_with({"weekdays": [3] * 7}), stays()).is_plain
    days, _ = played({"weekdays": [3] * 7})
    assert (days == 20).all()


def test_nothing_ends_on_days_of_no_weight() -> None:
    days, ends = played({"weekdays": [1, 1, 1, 1, 1, 0, 0]})
    assert ((ends + 3) % 7 < 5).all()
    assert days.mean() == pytest.approx(20.0, abs=0.3)


def test_a_rush_gathers_ends() -> None:
    days, ends = played({"quarter_end": {"last_days": 14, "weight": 3.0}})
    months = ends.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    left = ((months // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[D]").astype(int) - 1 - ends
    whole = (ends >= FIRST + 90) & (ends < FIRST + 273)  # the second and third quarter
    share = (left[whole] < 14).mean()
    # Entries are even, so ends come as the weights are: 42 of 120.5 days.
    assert share == pytest.approx(42.0 / (42.0 + 77.5), abs=0.02)
    assert days.std() > 3.0


def test_each_replicate_has_quick_and_slow_months_of_its_own() -> None:
    """Stays of 20 days that begin with a month end within it, sooner or later by its speed."""
    replicate = OnCalendar(posterior_with({}, {"speed": 0.1}), stays())
    assert not replicate.is_plain
    play = replicate.dated(lambda _: (np.arange(N) % 2, np.full(N, 20)), np.random.default_rng(2))
    entered = stays().entered.astype("datetime64[D]")
    first = entered == entered.astype("datetime64[M]").astype("datetime64[D]")
    month = entered[first].astype("datetime64[M]").astype(int)
    days = np.array([np.bincount(month - month[0], play(0)[1][first]) for _ in range(100)]) / np.bincount(
        month - month[0]
    )
    logs = np.log(days)  # (n_replicates, n_months), whole days averaged over the hour of entry
    assert logs.std(axis=0) == pytest.approx(np.full(logs.shape[1], 0.1), abs=0.04)  # an error of 0.007 each
    assert abs(np.corrcoef(logs.T)[np.triu_indices(logs.shape[1], 1)]).mean() < 0.2


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_each_replicate_has_months_of_its_own_that_convert_well_or_badly(spread: float) -> None:
    posterior, seen = posterior_with({}, {"conversion": spread}), stays()
    play = player(posterior, None, seen, np.random.default_rng(3))
    month = seen.entered.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    month -= month[0]
    moves = [play(0)[0] for _ in range(200)]
    forward, other, open_ = (np.array([np.bincount(month[move == k]) for move in moves]) for k in (0, 1, OPEN))
    log_odds = np.log(forward / other)  # of some 1,600 stays a month: 0.06 of chance
    assert log_odds.std(axis=0) == pytest.approx(np.full(10, np.hypot(spread, 0.06)), abs=0.2 * spread + 0.02)
    assert log_odds.mean() == pytest.approx(np.log(0.5 / 0.3), abs=0.06)
    stalled = open_ / np.bincount(month)
    assert stalled.std(axis=0) == pytest.approx(np.sqrt(0.16 / np.bincount(month)), rel=0.3)  # is no matter of months


def test_stays_that_are_known_to_have_lasted_do_not_gather_on_the_first_day_on_record() -> None:
    """What the months before it were like cannot have ended them: 20,000 stays open on that day, ending evenly."""
    on_record = FIRST + 200
    lasted = np.arange(N) % 60 + 141
    seen = replace(stays(), entered=on_record - lasted, at_least_days=lasted)
    generator = np.random.default_rng(5)

    def even(_: int) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(N) % 2, lasted + generator.integers(0, 100, N)

    play = OnCalendar(posterior_with({}, {"speed": 0.3}), seen).dated(even, generator)
    ends = np.array([np.bincount(play(0)[1] - lasted, minlength=4)[:4] for _ in range(100)])
    assert ends.mean(axis=0) == pytest.approx(np.full(4, 209.0), rel=0.1)  # 200 exp(0.3 ** 2 / 2), an error of 6
    assert ends.std(axis=0).max() < 100.0
