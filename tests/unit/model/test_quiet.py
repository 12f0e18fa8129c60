"""A holiday just before the as-of date is told; slumps, growth, small pipelines and quarter ends are the controls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import simcast
from simcast.model.diagnosing import data_warnings
from simcast.model.quiet import QuietDays, find_quiet_days
from simcast.model.tables import tabulate
from simcast.pipeline import Pipeline
from simcast.report.words.russian_sentences import in_russian
from tests.unit.model.small_histories import tables_that_say

UNTIL = int(np.datetime64("2025-09-01", "D").astype(np.int64))
Ints = NDArray[np.int64]


def events(
    rng: np.random.Generator,
    per_day: float,
    *,
    days: int = 300,
    rest: tuple[int, int] = (0, 0),
    at: float = 0.15,
    weeks_differ: float = 0.0,
    growth: float = 0.0,
) -> Ints:
    """Return days of events on working days; between `rest` days before the end there are fewer."""
    ago = np.arange(days, 0, -1)
    day = UNTIL - ago
    rate = per_day * np.where((day + 3) % 7 < 5, 1.4, 0.0) * np.exp(-growth * ago / days)
    rate *= np.exp(weeks_differ * rng.standard_normal(days // 7 + 2))[ago // 7]
    rate *= np.where((ago <= rest[0]) & (ago > rest[1]), at, 1.0)
    return np.repeat(day, rng.poisson(rate))


def found(seed: int, per_day: float = 6.0, **how: float | tuple[int, int]) -> QuietDays | None:
    rng = np.random.default_rng(seed)
    return find_quiet_days(events(rng, per_day, **how), events(rng, 1.5 * per_day, **how), UNTIL)  # type: ignore[arg-type]  # of several kinds


@pytest.mark.parametrize(
    ("rest", "per_day"),
    [((28, 7), 3.0), ((28, 7), 12.0), ((9, 0), 12.0), ((21, 0), 3.0), ((26, 14), 12.0), ((33, 12), 12.0)],
)
def test_a_holiday_before_the_as_of_date_is_found(rest: tuple[int, int], per_day: float) -> None:
    for seed in range(4):
        quiet = found(seed, per_day, rest=rest)
        assert quiet is not None
        assert abs(quiet.first - (UNTIL - rest[0])) <= 3
        assert abs(quiet.last - (UNTIL - rest[1] - 1)) <= 3
        assert quiet.begun < 0.4
        assert quiet.ended < 0.4
        assert quiet.per_day == pytest.approx(per_day, rel=0.15)


@pytest.mark.slow
def test_what_is_no_holiday_is_not_told() -> None:
    told = [
        found(seed, per_day, weeks_differ=differ, growth=growth) is not None
        for seed in range(25)
        for per_day in (0.5, 4.0, 20.0)
        for differ, growth in ((0.0, 0.0), (0.25, 0.0), (0.0, 1.5), (0.0, -1.5))
    ]
    assert not any(told)


@pytest.mark.parametrize(
    "how",
    [{"rest": (60, 0)}, {"rest": (50, 20)}, {"rest": (21, 0), "at": 0.7}, {"rest": (21, 0), "days": 50}],
    ids=["a new level", "long ago", "a little less", "too young"],
)
def test_a_new_level_what_lies_back_and_what_is_a_little_less_are_no_holiday(how: dict[str, float]) -> None:
    assert [found(seed, **how) for seed in range(4)] == [None] * 4


def test_new_deals_and_ends_must_both_be_few() -> None:
    rng = np.random.default_rng(1)
    usual, resting = events(rng, 6.0), events(rng, 6.0, rest=(21, 0))
    assert find_quiet_days(resting, usual, UNTIL) is None
    assert find_quiet_days(usual, resting, UNTIL) is None
    assert find_quiet_days(resting, resting, UNTIL) is not None
    assert find_quiet_days(usual[:0], usual[:0], UNTIL) is None


def test_a_history_is_searched_for_it_and_imports_are_no_usual_days(tmp_path: Path) -> None:
    """A day of 400 imported deals in the weeks before would make usual ones look few."""
    rng = np.random.default_rng(2)
    for rest in ((28, 7), (0, 0)):
        came = np.concatenate([events(rng, 6.0, rest=rest), np.full(400, UNTIL - 40)])
        ends = came + rng.integers(1, 60, came.size)
        if rest[0]:
            ends = np.where((ends >= UNTIL - rest[0]) & (ends < UNTIL - rest[1]), UNTIL - rest[1], ends)
        rows = [(f"d{at}", "lead", day) for at, day in enumerate(came)]
        rows += [(f"d{at}", "won" if at % 3 else "lost", day) for at, day in enumerate(ends) if day < UNTIL]
        log = pd.DataFrame(rows, columns=["deal", "stage", "entered"])
        log["entered"] = log["entered"].to_numpy().astype("datetime64[D]").astype(str)
        log.to_csv(tmp_path / "deals.csv", index=False)
        known = simcast.read_history(tmp_path / "deals.csv", Pipeline.define(["lead"])).known_at("2025-09-01")
        quiet = tabulate(known).quiet
        assert (quiet is not None) == (rest[0] > 0)
        if quiet is not None:
            assert quiet.per_day == pytest.approx(6.0, rel=0.15)


def test_it_is_told_with_its_dates_and_what_to_do_in_both_languages() -> None:
    tables = tables_that_say(quiet=QuietDays(UNTIL - 27, UNTIL - 7, 0.14, 0.13, 7.7))
    (told,) = data_warnings(Pipeline.define(["lead"]), tables)
    assert told.startswith("from 2025-08-05 to 2025-08-25 only 14% of the usual deals began and 13% of the usual stays")
    assert "(assume.arrivals.per_day: 7.7)" in told
    russian = (in_russian(told) or "").replace("\u00a0", " ")
    assert russian.startswith("с 2025-08-05 по 2025-08-25 началось лишь 14 % обычного числа сделок")
    assert russian.endswith("(assume.arrivals.per_day: 7.7)")
