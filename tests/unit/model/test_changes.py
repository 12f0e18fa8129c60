"""Steps and drift of conversion and speed, found in synthetic stays; histories without either are the controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.model.at_risk import StageDays
from simcast.model.changes import Change, find_changes, forward_moves, likeliest_change, pooled_months
from simcast.model.clocks import StageClocks
from simcast.model.diagnosing import data_warnings
from simcast.model.weather import count_months
from simcast.pipeline import Pipeline
from simcast.report.words.russian_sentences import in_russian
from tests.unit.model.small_histories import tables_that_say

UNTIL = int(np.datetime64("2026-07-01", "D").astype(np.int64))
MONTH = 30.44
Floats = NDArray[np.float64]


def stays(
    seed: int,
    *,
    per_day: float,
    years: float = 3.0,
    odds: Any = 0.0,  # noqa: ANN401  # a function of the part of the history passed, or a number
    speed: Any = 0.0,  # noqa: ANN401
    median: float = 20.0,
    median_lost: float = 30.0,
) -> StageDays:
    """Return lognormal stays; `odds` and `speed` add to the log odds of moving forward and to the log speed."""
    rng = np.random.default_rng(seed)
    n_days = int(365.25 * years)
    instant = np.sort(rng.uniform(0, n_days, rng.poisson(per_day * n_days)))
    passed = instant / n_days
    added, quicker = (np.broadcast_to(f(passed) if callable(f) else f, passed.shape) for f in (odds, speed))
    forward = rng.random(passed.size) < 1.0 / (1.0 + np.exp(-added))
    lasted = np.where(forward, median, median_lost) * np.exp(0.7 * rng.standard_normal(passed.size) - quicker)
    ended = instant + lasted < n_days
    first = UNTIL - n_days
    return StageDays(
        (first + instant).astype(np.int64),
        np.where(ended, first + instant + lasted, UNTIL).astype(np.int64),
        np.where(ended, np.where(forward, 0, 1), -1),
        UNTIL,
        np.zeros(passed.size, dtype=np.int64),
    )


def changes(*stages: StageDays) -> tuple[Change, ...]:
    return find_changes(stages, count_months(stages, [StageClocks.none(2)] * len(stages)))


def monthly(sd: float, seed: int) -> Any:  # noqa: ANN401  # a function of the part of three years passed
    values = sd * np.random.default_rng(seed).standard_normal(36)
    return lambda passed: values[np.minimum((passed * 36).astype(int), 35)]


def test_a_step_of_conversion_is_found_and_when() -> None:
    """The odds of one of two stages fall to a third in the 25th of 36 months."""
    for seed in range(4):
        stepped = stays(100 + seed, per_day=2.0, odds=lambda passed: np.where(passed < 24 / 36, 0.0, -np.log(3.0)))
        (change,) = changes(stays(seed, per_day=2.0), stepped)
        assert (change.stage, change.of, change.is_trend) == (1, "conversion", False)
        assert abs(change.first - ((2026 - 1970) * 12 + 6 - 12)) <= 1
        assert change.factor == pytest.approx(1 / 3, rel=0.3)
        assert change.shares == pytest.approx((0.5, 0.25), abs=0.06)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_slow_drift_is_found_and_told_from_one_end_to_the_other(sign: float) -> None:
    """From 60% to 30%, or back: nothing ever steps, though by chance a step may look the likelier."""
    high, low = np.log(0.6 / 0.4), np.log(0.3 / 0.7)
    trends = 0
    for seed in range(4):
        (change,) = changes(
            stays(
                200 + seed, per_day=1.5, odds=lambda passed: (high + low + sign * (high - low) * (2 * passed - 1)) / 2
            )
        )
        assert change.of == "conversion"
        if change.is_trend:
            trends += 1
            assert change.shares == pytest.approx((0.6, 0.3) if sign < 0 else (0.3, 0.6), abs=0.09)
            assert change.first == (2023 - 1970) * 12 + 6
            assert change.last in range((2026 - 1970) * 12 + 2, (2026 - 1970) * 12 + 6), "later months are open yet"
    assert trends >= 3


def test_months_that_tell_too_little_are_pooled_and_not_left_out() -> None:
    """Half a deal per day, of which no month alone tells enough: the drift of eight years is found all the same."""
    thin = stays(3, per_day=0.5, years=8.0, odds=lambda passed: 0.8 - 1.8 * passed)
    entries = forward_moves(thin, np.arange(678 - 96, 679))
    assert np.mean(entries[2] < 5.0) > 0.9
    (change,) = changes(thin)
    assert (change.of, change.is_trend) == ("conversion", True)


def test_slow_drift_of_speed_is_found() -> None:
    """Stays come to last two and a half times as long, and as many of them move forward as ever."""
    for seed in range(4):
        (change,) = changes(stays(300 + seed, per_day=2.0, speed=lambda passed: -np.log(2.5) * passed))
        assert (change.of, change.is_trend) == ("speed", True)
        assert 0.2 < change.factor < 0.55, "hazards fall by more than speeds, since lognormal ones rise with age"


def test_a_step_of_speed_is_found() -> None:
    (change,) = changes(stays(5, per_day=3.0, speed=lambda passed: np.where(passed < 0.5, 0.0, np.log(2.0))))
    assert (change.of, change.is_trend) == ("speed", False)
    assert change.factor > 1.6


@pytest.mark.slow
def test_open_stays_are_no_change() -> None:
    """Half of the stays of the last half-year are open, above all those that will be lost, which take longer."""
    alarms = sum(len(changes(stays(400 + seed, per_day=4.0, median=20.0, median_lost=150.0))) for seed in range(12))
    assert alarms <= 1


@pytest.mark.slow
def test_months_that_come_and_go_are_no_change() -> None:
    """False alarms are due in 1% of the histories; months differ by a fifth here, or not at all."""
    alarms = 0
    for seed in range(60):
        odds = monthly(0.2 * (seed % 2), 1000 + seed)
        alarms += bool(changes(stays(500 + seed, per_day=1.0 + seed % 3, odds=odds)))
    assert alarms <= 3, "more than 3 of 60 at 1% come once in 300 times"


def test_the_test_of_a_series_holds_its_level() -> None:
    """Of 400 series without a change one in twenty is as clear as one in twenty: for steps and trends together."""
    found = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        variance = rng.uniform(0.01, 0.1, 30)
        effect = np.sqrt(variance + 0.02) * rng.standard_normal(30)
        found += likeliest_change(effect, variance, np.arange(30.0), 0.1).p_value <= 0.05
    assert 8 <= found <= 34, "from 20, four standard deviations less and three more"


def test_small_changes_are_not_worth_a_word_and_short_histories_tell_of_none() -> None:
    assert changes(stays(8, per_day=30.0, odds=lambda passed: 0.25 * passed)) == ()
    assert changes(stays(9, per_day=30.0, odds=lambda passed: np.where(passed < 0.5, 0.0, 0.3))) == ()
    assert changes(stays(9, per_day=20.0, years=0.4, odds=lambda passed: 2.0 * passed)) == ()
    none = StageDays(*(np.zeros(0, dtype=np.int64),) * 3, UNTIL, np.zeros(0, dtype=np.int64))
    assert changes(none, stays(9, per_day=1.0)) == ()


def test_stays_from_before_the_records_do_not_count() -> None:
    """Of those that began before only the slow are on record."""
    held = stays(11, per_day=2.0)
    late = StageDays(held.entered, held.left, held.move, UNTIL, held.segment, UNTIL - 400)
    months = np.arange(600, 679)
    first = months[np.flatnonzero(forward_moves(late, months)[3])[0]]
    assert first >= np.datetime64(UNTIL - 400, "D").astype("datetime64[M]").astype(int)


def test_pooled_months_tell_enough() -> None:
    rng = np.random.default_rng(0)
    information = rng.exponential(2.0, 100) * (rng.random(100) < 0.8)
    group = pooled_months(information)
    sums = np.bincount(group[group >= 0], information[group >= 0])
    assert (sums >= 5.0).all()
    assert sums.sum() == pytest.approx(information.sum())
    assert np.isin(np.diff(group[group >= 0]), (0, 1)).all()
    assert (pooled_months(np.zeros(5)) == -1).all()
    assert not (pooled_months(np.full(3, 0.5)) >= 0).any(), "all of it is too little"


@pytest.mark.parametrize(
    ("change", "english", "russian"),
    [
        (
            Change(0, "conversion", 582, 676, True, 0.35, (0.524, 0.271)),
            "about 52% of the ended stays that began in 2018-07 moved forward, and 27% of those that began in 2026-05",
            "начавшихся в 2018-07, дальше пошли примерно 52 %, а из начавшихся в 2026-05 — 27 %",
        ),
        (
            Change(0, "conversion", 660, 676, False, 0.35, (0.5, 0.3)),
            "for stays that began from 2025-01 on, the odds of moving forward are 0.35 times those before",
            "с 2025-01, шансы пойти дальше — 0,35 от прежних",
        ),
        (
            Change(0, "speed", 618, 677, True, 0.59),
            "the speed of 'lead' drifts: in 2026-06 stays of the same age end 0.59 times as often as in 2021-07",
            "в 2026-06 пребывания того же возраста заканчивались с частотой 0,59 от той, что была в 2021-07",
        ),
        (
            Change(0, "speed", 660, 677, False, 1.8),
            "the speed of 'lead' has changed: from 2025-01 on stays of the same age end 1.8 times as often as before",
            "с 2025-01 пребывания того же возраста заканчиваются с частотой 1,8 от прежней",
        ),
    ],
)
def test_changes_are_told_with_what_to_do_in_both_languages(change: Change, english: str, russian: str) -> None:
    tables = tables_that_say(changes=(change,))
    told = data_warnings(Pipeline.define(["lead"]), tables)[0]
    assert english in told
    assert told.endswith("let parameters drift (history.model.drift: quarterly)")
    assert ("if the change is permanent" in told) is not change.is_trend
    translated = (in_russian(told) or "").replace("\u00a0", " ")
    assert russian in translated
    assert translated.endswith("позвольте параметрам меняться (history.model.drift: quarterly)")
