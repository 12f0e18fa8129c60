"""Days that hold a large part of all new deals: found where no count law has them, and not under wild laws."""

from __future__ import annotations

import numpy as np
import pytest

from simcast.model.bursts import Bursts, find_bursts
from simcast.model.new_deals import count_arrivals
from simcast.segments import Segments

START = int(np.datetime64("2025-01-06").astype(np.int64))


def found(per_day: np.ndarray) -> Bursts | None:
    first_day = START + np.repeat(np.arange(per_day.size), per_day)
    return find_bursts(first_day, count_arrivals(first_day, np.zeros_like(first_day), START + per_day.size, Segments()))


def campaigns(n_days: int = 540, every: int = 90, size: int = 200, seed: int = 1) -> np.ndarray:
    per_day = np.random.default_rng(seed).poisson(2.0, n_days)
    per_day[0] = 1
    per_day[every // 2 :: every] = size
    return per_day


def test_campaigns_are_found_counted_and_the_largest_is_named() -> None:
    per_day = campaigns()
    per_day[225] = 230
    bursts = found(per_day)
    assert bursts is not None
    assert (bursts.n_days, bursts.length_days) == (6, 540)
    assert (bursts.largest_day, bursts.largest) == (START + 225, 230)
    assert bursts.share == pytest.approx(1230 / per_day.sum())


def test_imports_which_are_left_out_already_and_small_campaigns_are_none() -> None:
    assert found(campaigns(every=270)) is None  # two days of 200: imports
    assert found(campaigns(size=15)) is None
    assert found(np.full(540, 7)) is None


def test_many_large_days_are_a_way_of_working() -> None:
    assert found(campaigns(every=7, size=60)) is None


@pytest.mark.parametrize(("mean", "size"), [(5.0, 0.3), (20.0, 0.5), (5.0, 1.0)])
def test_negative_binomial_counts_raise_no_alarm(mean: float, size: float) -> None:
    for seed in range(50):
        generator = np.random.default_rng(seed)
        assert found(generator.poisson(generator.gamma(size, mean / size, 540))) is None
