from __future__ import annotations

import math

import numpy as np
import pytest
import twin
from numpy.typing import NDArray
from plans import chain_plan, with_hazards

from simcast.engine.block import after_days
from simcast.engine.hazard import fill_survival, hazard_isf, hazard_marginals, hazard_survival

START = np.array([0.0, 1.0, 2.0, 5.0, 20.0, 60.0, 400.0])
RATE = np.array([[0.2, 0.01, 0.03, 1e-4, 0.06, 0.002], [0.1, 0.02, 1e-9, 0.4, 1e-4, 0.01]])


def law(
    rate: NDArray[np.float64] = RATE, start: NDArray[np.float64] = START
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    survival, total, probability = np.empty((2, len(start))), np.empty(len(start) - 1), np.empty(3)
    fill_survival(rate, np.ones(2), start, survival, total, probability)
    return survival, total, probability


def by_day() -> list[twin.ByDay]:
    """The same day by day, as the model is written down: S(d) lambda_k / lambda (1 - exp(-lambda))."""
    return twin.ends_by_day(with_hazards(chain_plan(1, 1, (1.0,)), RATE, START), 0, 0, 0)


def test_moves_take_the_sum_of_what_they_end_day_by_day_and_the_rest_never_ends() -> None:
    probability = law()[2]
    assert probability[:2] == pytest.approx([days.ended.sum() for days in by_day()], rel=1e-12)
    assert probability[2] == pytest.approx(math.exp(-by_day()[0].hazard.sum()), rel=1e-12)
    assert probability.sum() == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("move", [0, 1])
def test_the_whole_part_of_a_time_is_the_day_on_which_the_stay_ends(move: int) -> None:
    survival, total, _ = law()
    found = [hazard_survival(survival[move], total, START, float(day)) for day in range(401)]
    np.testing.assert_allclose(found, by_day()[move].lasting(), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("move", [0, 1])
def test_the_quantile_inverts_the_survival_to_the_end_of_its_tail(move: int) -> None:
    survival, total, _ = law()
    shares = np.concatenate([np.geomspace(1e-14, 0.5, 60), 1.0 - np.geomspace(1e-9, 0.5, 60), [1.0]])
    days = np.array([hazard_isf(survival[move], total, START, u) for u in np.sort(shares)])
    back = [hazard_survival(survival[move], total, START, x) for x in days]
    np.testing.assert_allclose(back, np.sort(shares), rtol=1e-9, atol=1e-20)  # the days themselves are rounded
    assert np.all(np.diff(days) <= 0)
    assert days[-1] == 0.0
    assert days[0] <= 400.0


def test_hazards_near_zero_spread_the_ends_evenly_over_a_piece() -> None:
    survival, total, probability = law(np.full((2, 1), 1e-18), np.array([0.0, 10.0]))
    assert hazard_isf(survival[0], total, np.array([0.0, 10.0]), 0.25) == pytest.approx(7.5, rel=1e-12)
    assert probability[0] == pytest.approx(1e-17)


def test_nothing_cancels_in_the_tail_of_a_stay_that_hardly_any_reaches() -> None:
    """At half a stay a day, e^-250 of them reach day 500; of these, the next day ends 1 - e^-0.5."""
    start = np.array([0.0, 1.0, 400.0, 1400.0])
    survival, total, _ = law(np.full((2, 3), 0.25), start)
    at_500, at_501 = (hazard_survival(survival[0], total, start, days) for days in (500.0, 501.0))
    assert at_500 == pytest.approx(math.exp(-250), rel=1e-9)
    assert at_501 / at_500 == pytest.approx(math.exp(-0.5), rel=1e-9)
    assert hazard_isf(survival[0], total, start, at_500 * math.exp(-0.5)) == pytest.approx(501.0, rel=1e-12)


def test_a_move_that_never_comes_and_a_stage_that_never_ends_are_no_trouble() -> None:
    rate = RATE.copy()
    rate[1] = 0.0
    survival, total, probability = law(rate)
    assert probability[1] == 0.0
    assert survival[1].tolist() == [1.0] + [0.0] * 6
    assert 0.0 <= hazard_isf(survival[1], total, START, 0.5) <= 1.0
    survival, total, probability = law(rate * 0.0)
    assert probability.tolist() == [0.0, 0.0, 1.0]
    assert hazard_isf(survival[0], total, START, 0.5) == 0.0


def test_marginals_come_by_draw_and_segment_with_the_stalled_last() -> None:
    generator = np.random.default_rng(3)
    hazard_log = np.log(generator.exponential(0.05, (4, 3, 6)))
    hazard_log[:, 2] = np.nan
    effect = generator.normal(0.0, 0.5, (4, 3, 2))
    probability, median_days = hazard_marginals(hazard_log, effect, START.astype(int))
    assert probability.shape == (4, 4, 2)
    assert median_days.shape == (4, 3, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    assert np.all(probability[:, 2] == 0.0)
    assert np.all(np.isnan(median_days[:, 2]))
    one = np.exp(hazard_log[1, :2] + effect[1, :2, 1:])
    survival, total, ends = law(one)
    assert probability[1, [0, 1, 3], 1] == pytest.approx(ends)
    assert hazard_survival(survival[0], total, START, median_days[1, 0, 1]) == pytest.approx(0.5)


def test_what_ends_on_its_first_day_ends_in_the_rest_of_it_and_later_days_are_whole() -> None:
    assert after_days(5.75, 0.5) == pytest.approx(5.875, rel=1e-11)
    assert after_days(5.75, 0.0) == 5.75
    assert 5.75 < after_days(5.75, 1.0 - 2.0**-53) < 6.0
    assert after_days(5.75, 1.0) == 6.0
    assert after_days(5.75, 3.25) == 8.25
    late = math.nextafter(6.0, 0.0)
    assert late <= after_days(late, 0.9) < 6.0
