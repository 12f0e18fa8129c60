"""Quality that deals carry from stage to stage: found with its sign, and not where it only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.model.carried_over import CarriedOver, find_carried_over
from simcast.model.diagnosing import data_warnings
from simcast.model.ranks import rank_correlation
from simcast.pipeline import Pipeline
from tests.unit.model.small_histories import tables_that_say

N, N_STAGES = 1500, 3


def found_in(
    odds: float, pace: float, seed: int = 1, *, better: float = 0.0, segments_named: bool = True, rising: float = 0.0
) -> CarriedOver | None:
    """Return what is found in deals whose hidden quality shifts log odds and log days, by so much per deviation.

    Deals of the second of two segments are better by `better` deviations; log odds rise by `rising` in a year.
    """
    generator = np.random.default_rng(seed)
    segment = generator.integers(0, 2, N)
    quality = generator.standard_normal(N) + better * segment
    day = generator.uniform(0.0, 720.0, N)
    deals = np.arange(N)
    rows: list[np.ndarray] = []
    for stage in range(N_STAGES):
        chance = 1.0 / (1.0 + np.exp(-odds * quality[deals] - rising * day[deals] / 365.0))
        forward = generator.random(deals.size) < chance
        left = day.copy()
        left[deals] += np.exp(3.0 - pace * quality[deals] + 0.8 * generator.standard_normal(deals.size))
        rows += [
            np.column_stack([deals, np.full(deals.size, stage), np.floor(day[deals]), left[deals] < 720.0, forward])
        ]
        deals, day = deals[forward & (left[deals] < 720.0)], left
    deal, stage, entered, ended, moved = np.concatenate(rows)[np.lexsort(np.concatenate(rows)[:, 1::-1].T)].T
    first = np.diff(deal, prepend=-1.0) != 0.0
    named = segment[deal.astype(np.int64)] if segments_named else np.zeros(deal.size, dtype=np.int64)
    return find_carried_over(
        stage.astype(np.int64), named, first, entered.astype(np.int64), ended == 1.0, (moved == 1.0) & (ended == 1.0)
    )


@pytest.mark.parametrize(("pace", "sign"), [(0.5, -1.0), (-0.5, 1.0)])
def test_quality_that_shows_in_pace_and_conversion_is_found_with_its_sign(pace: float, sign: float) -> None:
    found = found_in(1.0, pace)
    assert found is not None
    assert np.sign(found.correlation) == np.sign(found.of_slow - found.of_fast) == sign
    assert abs(found.of_slow - found.of_fast) > 0.05


@pytest.mark.parametrize(("odds", "pace"), [(0.0, 0.0), (1.0, 0.0), (0.0, 0.5)])
def test_quality_that_shows_in_one_of_the_two_raises_no_alarm(odds: float, pace: float) -> None:
    assert [found_in(odds, pace, seed) for seed in range(20)] == [None] * 20


def test_segments_that_differ_are_no_quality_of_deals_once_they_are_named() -> None:
    """Half of the deals fast and good, half slow and poor: found unless the column is named."""
    both = {"odds": 1.0, "pace": 0.5, "better": 3.0}
    assert found_in(**both, segments_named=False) is not None
    weak = {"odds": 0.25, "pace": 0.25, "better": 6.0}
    assert found_in(**weak, segments_named=False) is not None
    assert found_in(**weak) is None


def test_conversion_that_rises_over_the_years_is_no_quality_of_deals() -> None:
    assert [found_in(0.0, 0.0, seed, rising=1.0) for seed in range(10)] == [None] * 10


def test_the_scores_of_deals_that_carry_nothing_over_are_standard_normal(monkeypatch: pytest.MonkeyPatch) -> None:
    from simcast.model import carried_over

    scores = []

    def kept(*of: np.ndarray) -> tuple[float, float]:
        found = rank_correlation(*of)
        scores.append(found[1])
        return found

    monkeypatch.setattr(carried_over, "rank_correlation", kept)
    for seed in range(60):
        found_in(0.0, 0.0, seed)
    assert stats.kstest(scores, "norm").pvalue > 0.01


def test_deals_that_return_and_few_stays_tell_nothing() -> None:
    alike = np.arange(200)
    before, moved = alike % 50, (alike % 50) < 25
    day, month = 100 + 0 * alike, np.ones(200, dtype=np.bool_)

    def found(stage: int, n: int = 200) -> CarriedOver | None:
        """Return what is found among deals that begin in stage 0 on one of fifty days and are in `stage` on day 100."""
        rows = np.repeat(np.arange(n), 2)
        second = np.tile([False, True], n)
        entered = np.where(second, day[rows], 100 - before[rows])
        stages = np.where(second, stage, 0)
        return find_carried_over(stages, 0 * rows, ~second, entered, month[rows], second & moved[rows])

    clear = found(1)
    assert clear is not None
    assert (clear.of_slow, clear.of_fast) == (0.0, 1.0)
    assert found(0) is None
    assert found(1, 99) is None


def test_deals_that_are_all_alike_tell_nothing() -> None:
    """The ranks of equal numbers are their mean, but for rounding; what rounding leaves goes together perfectly."""
    assert {
        rank_correlation(np.ones(n), np.ones(n, dtype=np.int64), np.zeros(n, dtype=np.int64)) for n in range(99)
    } == {(0.0, 0.0)}
    n = 290
    second = np.tile([False, True], n)
    segment = np.repeat(np.arange(n), 2) % 10
    entered = 100 + np.where(second, segment + 3, 0)
    assert find_carried_over(second.astype(np.int64), segment, ~second, entered, second, second) is None


def test_it_is_said_which_way_the_forecast_errs() -> None:
    told = [
        data_warnings(Pipeline.define(["lead"]), tables_that_say(carried_over=CarriedOver(size, slow, fast)))
        for size, slow, fast in ((-0.17, 0.38, 0.52), (0.18, 0.67, 0.55))
    ]
    assert "move on less often at later ones than fast ones of their segment do (38% for 52%" in told[0][0]
    assert "too high" in told[0][0]
    assert "move on more often" in told[1][0]
    assert "too low" in told[1][0]
