"""Days that go with the amount: found where they do, with their sign, and not where it only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.model.pace_by_amount import find_paces
from simcast.model.ranks import rank_correlation

N = 400
ALL = np.ones(N, dtype=np.bool_)
ONE = np.zeros(N, dtype=np.int64)


def stays(power: float, seed: int = 1, n: int = N) -> tuple[np.ndarray, np.ndarray]:
    """Return amounts, and whole days that are lognormal times a power of them."""
    generator = np.random.default_rng(seed)
    amount = np.exp(0.8 * generator.standard_normal(n))
    return amount, (20 * np.exp(0.8 * generator.standard_normal(n)) * amount**power).astype(np.int64)


def test_in_one_stratum_it_is_spearman_s() -> None:
    amount, days = stays(0.2)
    correlation, score = rank_correlation(amount, days, ONE)
    assert correlation == pytest.approx(stats.spearmanr(amount, days).statistic)
    assert score == pytest.approx(correlation * np.sqrt(N - 1))


@pytest.mark.parametrize(("power", "sign"), [(0.6, 1.0), (-0.6, -1.0)])
def test_days_that_go_with_the_amount_are_found_with_their_sign(power: float, sign: float) -> None:
    amount, days = stays(power)
    (found,) = find_paces(ONE, ALL, ONE, amount, days)
    assert found.stage == 0
    assert np.sign(found.correlation) == sign
    assert abs(found.correlation) > 0.3


def test_two_hundred_stages_in_which_nothing_goes_with_the_amount_raise_no_alarm() -> None:
    for seed in range(200):
        assert find_paces(ONE, ALL, ONE, *stays(0.0, seed)) == []


def test_strata_that_differ_are_no_association() -> None:
    """Large amounts and long days in one segment, small and short in the other."""
    amount, days = stays(0.0)
    segment = np.arange(N) % 2
    amount, days = amount * 10.0**segment, days * 4**segment
    assert rank_correlation(amount, days, ONE)[1] > 8.0
    assert find_paces(ONE, ALL, segment, amount, days) == []


def test_stays_that_did_not_move_forward_or_have_no_amount_and_few_stays_tell_nothing() -> None:
    amount, days = stays(0.6)
    assert find_paces(ONE, ~ALL, ONE, amount, days) == []
    assert find_paces(ONE, ALL, ONE, amount * np.nan, days) == []
    assert find_paces(ONE[:99], ALL[:99], ONE[:99], amount[:99], days[:99]) == []


def test_a_stage_that_takes_no_time_beside_another_is_not_named() -> None:
    amount, days = stays(0.6)
    stage = np.repeat([0, 1], N)
    both, lasting = np.tile(amount, 2), np.concatenate([days // 10, 10 * days])
    found = find_paces(stage, np.ones(2 * N, dtype=np.bool_), np.zeros_like(stage), both, lasting)
    assert [pace.stage for pace in found] == [1]
