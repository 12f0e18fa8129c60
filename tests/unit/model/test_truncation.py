"""Records that begin late, or end early, are noticed; those that begin at the beginning are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_histories import QUICK, Stay, history_of

from simcast.history import History
from simcast.model import FitSettings, fit
from simcast.model.tables import tabulate
from simcast.model.truncation import first_recorded_day
from simcast.pipeline import Pipeline

ONE_STAGE = Pipeline.define(["сделка"])
UNTIL = 400
CONVERSION = 0.4
NAMED = FitSettings(durations="lognormal", chains=2, tune=300, draws=300)


def one_stage(begins: int, n_deals: int = 1500, seed: int = 3) -> History:
    """Wins after about 40 days, losses after about 15; deals that had ended before `begins` are not on record."""
    generator = np.random.default_rng(seed)
    rows: list[Stay] = []
    for number in range(n_deals):
        entered = int(generator.integers(0, UNTIL))
        won = generator.random() < CONVERSION
        left = entered + int(generator.lognormal(np.log(40.0 if won else 15.0), 0.5) + generator.random())
        if left < begins:
            continue
        ended = left < UNTIL
        move = ("won" if won else "lost") if ended else None
        rows.append((f"D{number:05d}", "site", "сделка", entered, left if ended else None, move, np.nan))
    return history_of(rows, UNTIL, ONE_STAGE)


def test_records_that_begin_late_are_noticed_and_said() -> None:
    history = one_stage(begins=150)
    tables = tabulate(history)
    assert tables.recorded_from is not None
    first = int(history.stays["left"].min().to_numpy().astype("datetime64[D]").astype(np.int64))
    assert tables.recorded_from == first
    assert tables.n_missing > 50
    assert (tables.stages[0].since > 0).sum() > 50
    posterior = fit(history, settings=QUICK)
    assert posterior.draws.attrs["recorded_from"] == str(np.datetime64(first, "D"))
    assert posterior.diagnostics is not None
    assert any("the records are assumed to begin there" in warning for warning in posterior.diagnostics.warnings)


@pytest.mark.parametrize("seed", range(10))
def test_records_that_begin_at_the_beginning_are_left_alone(seed: int) -> None:
    """A false alarm needs 12 deals or more to be missing by chance: 6e-6."""
    assert tabulate(one_stage(begins=0, seed=seed)).recorded_from is None


def test_nothing_is_found_where_nothing_ended() -> None:
    stage, entered = np.zeros(5, dtype=np.int64), np.arange(5)
    assert first_recorded_day(stage, entered, entered + 9, np.zeros(5, dtype=bool)) is None


def test_a_scenario_may_say_when_records_begin_or_that_they_always_did() -> None:
    history = one_stage(begins=150)
    assert tabulate(history, FitSettings(recorded_from="none")).recorded_from is None
    said = tabulate(history, FitSettings(recorded_from="2026-03-01"))
    assert said.recorded_from == int(np.datetime64("2026-03-01").astype(np.int64))


@pytest.mark.slow
def test_late_records_do_not_bias_conversion_and_ignoring_them_does() -> None:
    """The fit's conversion has a standard deviation of about 0.015: 0.06 is a false alarm of 1e-4."""
    history = one_stage(begins=300, n_deals=6000)
    found, naive = (
        float(fit(history, settings=settings).draws["probability"].sel(move="won").mean())
        for settings in (NAMED, replace(NAMED, recorded_from="none"))
    )
    assert found == pytest.approx(CONVERSION, abs=0.06)
    assert abs(naive - CONVERSION) > 0.06


def test_nothing_is_learned_from_days_after_the_records_end() -> None:
    """A file that was exported a month before the as-of date tells what it told on the day of its last event."""
    history = one_stage(begins=0)
    ended, asked = (history.last_event + np.timedelta64(days, "D") for days in (1, 31))
    fresh, stale = tabulate(history.known_at(ended)), tabulate(history.known_at(asked))
    np.testing.assert_array_equal(stale.stages[0].days, fresh.stages[0].days)
    np.testing.assert_array_equal(stale.arrivals.total, fresh.arrivals.total)
    assert stale.arrivals.until == fresh.arrivals.until

    # The control: what the silence would tell if the records went on.
    goes_on = tabulate(replace(history, said_end=np.datetime64("9999-12-31")).known_at(asked))
    assert goes_on.stages[0].days.sum() > fresh.stages[0].days.sum()
    assert goes_on.arrivals.until == fresh.arrivals.until + 30
