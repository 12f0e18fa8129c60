from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import twin
from numba import njit
from plans import random_plan

from simcast.engine.kernel import play_futures
from simcast.engine.layout import ODDS, KernelPlan, Results, empty_results, no_hazards
from simcast.engine.tables import shift_forward


def play(plan: KernelPlan, first: int, n_futures: int) -> Results:
    results = empty_results(plan, n_futures)
    play_futures(plan, first, results)
    return results


@pytest.mark.parametrize("seed", range(30))
def test_the_kernel_equals_its_plain_python_twin(seed: int) -> None:
    plan = random_plan(seed)
    expected = empty_results(plan, 3)
    twin.play_futures(plan, 0, expected)
    got = play(plan, 0, 3)
    for name in Results._fields:
        # Whole numbers all: a cent may be rounded the other way where SciPy's quantile differs in its last bit.
        slack = 1 if name == "bookings" else 0
        np.testing.assert_allclose(getattr(got, name), getattr(expected, name), rtol=0, atol=slack, err_msg=name)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"seed": np.uint64(99)},
        lambda plan: {"hazard_factor": plan.hazard_factor * 1.3},
        lambda plan: {"amount_slope": plan.amount_slope + 0.5},
        lambda plan: {"amount_offset": plan.amount_offset + 0.5},
        lambda plan: {"deal_age": plan.deal_age + 1.0},
        lambda plan: {"clock_of": np.where(plan.clock_of >= 0, 0, plan.clock_of)},
    ],
    ids=["luck", "hazards", "slope", "offset", "age", "clock"],
)
def test_the_twin_tells_plans_apart(change: Callable[[KernelPlan], dict[str, Any]]) -> None:
    """Over a few plans: in each, hazards or slopes may be far from the deals."""
    differ = 0
    for seed in (1, 2, 4, 5, 7):
        plan = random_plan(seed)
        expected = empty_results(plan, 3)
        twin.play_futures(plan._replace(**change(plan)), 0, expected)
        differ += not np.array_equal(play(plan, 0, 3).left_forward, expected.left_forward)
    assert differ >= 3


def test_a_future_does_not_depend_on_where_its_chunk_begins() -> None:
    plan = random_plan(5, n_futures=9)
    whole = play(plan, 0, 9)
    parts = [play(plan, first, 3) for first in (0, 3, 6)]
    for name in ("bookings", "wins", "entered", "left_forward", "open_at_end"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(part, name) for part in parts])), name
    assert np.array_equal(whole.deal_wins, sum(part.deal_wins for part in parts))


def test_one_more_open_deal_moves_no_other() -> None:
    plan = random_plan(7, n_futures=40)
    fewer = plan._replace(
        **{name: getattr(plan, name)[1:] for name in KernelPlan._fields if name.startswith("deal_")},
    )
    with_all, without_first = play(plan, 0, 40), play(fewer, 0, 40)
    assert np.array_equal(with_all.deal_wins[1:], without_first.deal_wins)
    assert np.array_equal(with_all.deal_win_days[1:], without_first.deal_win_days)
    assert np.array_equal(with_all.bookings[..., 1], without_first.bookings[..., 1])


def test_a_longer_future_list_leaves_the_first_futures_as_they_were() -> None:
    assert np.array_equal(play(random_plan(3, 4), 0, 2).entered, play(random_plan(3, 4), 0, 4).entered[:2])


def test_stays_add_up() -> None:
    """What entered a stage either left it or is open at the end; the starting stock enters the balance once."""
    plan = random_plan(11, n_futures=20)
    results = play(plan, 0, 20)
    entered = results.entered.sum(axis=(1, 2))
    assert (entered >= 0).all()
    assert (results.open_at_end >= 0).all()
    assert (results.open_at_end[:, -1].sum(axis=(1, 2)) <= entered.sum(axis=1) + len(plan.deal_key)).all()


def test_a_deal_that_goes_round_for_ever_is_stopped_and_counted() -> None:
    plan = random_plan(2, n_futures=1)
    probability = np.zeros_like(plan.probability)
    probability[..., 2] = 1.0
    destination = plan.destination.copy()
    destination[:, 2] = [1, 2, 3, 0]
    endless = plan._replace(
        probability=probability, destination=destination, scale=plan.scale * 1e-9, on_conversion=plan.on_amount,
        on_duration=plan.on_amount._replace(operation=plan.on_amount.operation[:0]), arrival_mean=plan.arrival_mean * 0,
        family=np.zeros_like(plan.family), **no_hazards(*probability.shape),
    )  # fmt: skip
    endless = endless._replace(on_conversion=endless.on_duration, on_arrivals=endless.on_duration)
    results = play(endless, 0, 1)
    free = int((plan.deal_forced == -2).sum())
    assert results.capped[0] >= free > 0
    assert results.open_at_end[0, -1].sum() >= free


@pytest.mark.parametrize("odds", [0.0, 0.5, 3.0])
def test_only_odds_of_none_change_a_sure_move(odds: float) -> None:
    shift = njit(lambda moves: shift_forward(moves, ODDS, odds, 1.0))  # a part, which Python cannot call
    moves = np.array([1.0, 0.0, 0.0])
    shift(moves)
    assert moves.tolist() == ([0.0, 1.0, 0.0] if odds == 0.0 else [1.0, 0.0, 0.0])
