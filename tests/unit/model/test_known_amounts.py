"""Amounts known of a part of the stays: used where they are missing at random, told of where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats.contingency import odds_ratio

from simcast.model.known_amounts import UnusedAmounts, common_odds, tell_of_chances

N = 2000
GENERATOR = np.random.default_rng(1)
LOG_AMOUNT = 0.8 * GENERATOR.standard_normal(N)
FORWARD = GENERATOR.random(N) < expit(-0.8 * LOG_AMOUNT)
AT_RANDOM = GENERATOR.random(N)
ONE = np.zeros(N, dtype=np.int64)


def where(known: np.ndarray) -> np.ndarray:
    return np.where(known, LOG_AMOUNT, np.nan)


def test_in_one_segment_the_odds_are_those_of_the_table() -> None:
    known = AT_RANDOM < 0.3 + 0.4 * FORWARD
    table = [[int((known & FORWARD).sum()), int((known & ~FORWARD).sum())]]
    table.append([int((~known & FORWARD).sum()), int((~known & ~FORWARD).sum())])
    assert common_odds(known, FORWARD, ONE) == pytest.approx(odds_ratio(table, kind="sample").statistic)


def test_segments_that_differ_in_both_are_no_association() -> None:
    segment = (np.arange(N) % 2).astype(np.int64)
    draws = np.random.default_rng(2).random((2, N))
    known, forward = draws[0] < 0.2 + 0.6 * segment, draws[1] < 0.2 + 0.6 * segment
    assert common_odds(known, forward, ONE) > 3.0
    assert common_odds(known, forward, segment) == pytest.approx(1.0, abs=0.35)  # 2.5 standard errors


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_amounts_missing_at_random_are_used(share: float) -> None:
    assert tell_of_chances(where(share > AT_RANDOM), FORWARD, ONE) is True


def test_amounts_written_down_at_the_win_are_not_used_and_that_they_matter_is_told() -> None:
    found = tell_of_chances(where(AT_RANDOM < 0.2 + 0.6 * FORWARD), FORWARD, ONE)
    assert isinstance(found, UnusedAmounts)
    assert found.share == pytest.approx(0.5, abs=0.05)
    assert found.odds > 8.0
    assert found.correlation < -0.2
    shuffled = np.random.default_rng(3).permutation(FORWARD)
    assert tell_of_chances(where(0.2 + 0.6 * shuffled > AT_RANDOM), shuffled, ONE) is False


def test_known_of_winners_alone_they_tell_nothing_and_few_do_neither() -> None:
    assert common_odds(FORWARD, FORWARD, ONE) == np.inf
    assert tell_of_chances(where(FORWARD), FORWARD, ONE) is False
    assert tell_of_chances(where(np.arange(N) < 99), FORWARD, ONE) is False
    assert tell_of_chances(where(AT_RANDOM < 0.9)[:0], FORWARD[:0], ONE[:0]) is False
