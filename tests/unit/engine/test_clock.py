"""Operational time against closed forms; that the kernel equals its twin under clocks is in `test_kernel`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import twin
from numpy.typing import NDArray
from plans import chain_plan, with_hazards

from simcast.engine.clock import end_on_clock, first_days, instant_of, reading
from simcast.engine.kernel import play_futures
from simcast.engine.layout import NOWHERE, KernelPlan, Results, empty_results
from simcast.engine.samplers import FAMILIES

WEIGHTS = np.array([0.5, 2.0, 0.0, 0.0, 1.5, 3.0, 0.25, 0.75, 1.0, 1.0])
FALSE_ALARM_Z = 4.5  # two-sided 7e-6 for each comparison


def passed_of(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(weights)])


def with_clock(plan: KernelPlan, weights: NDArray[np.float64]) -> KernelPlan:
    """Return the plan with one clock for all moves, and results by day."""
    passed = passed_of(weights)[None]
    return plan._replace(
        period_of_day=np.arange(plan.horizon_days),
        clock_of=np.where(plan.destination == NOWHERE, NOWHERE, 0),
        clock_passed=passed,
        clock_opening=np.zeros((1, plan.horizon_days)),
        clock_from_day=first_days(passed),
    )


def played(plan: KernelPlan, n_futures: int) -> Results:
    results = empty_results(plan, n_futures)
    play_futures(plan, 0, results)
    return results


def test_an_instant_reads_what_it_was_found_for() -> None:
    passed, rng = passed_of(WEIGHTS), np.random.default_rng(1)
    from_day = first_days(passed[None])[0]
    for wanted in [*rng.uniform(0.0, 15.0, 200), 0.0, passed[-1], 40.0]:
        instant = instant_of(passed, from_day, wanted)
        assert reading(passed, instant) == pytest.approx(wanted, abs=1e-12)


def test_days_of_no_weight_are_passed_over() -> None:
    passed = passed_of(WEIGHTS)
    assert instant_of(passed, first_days(passed[None])[0], 2.5) == 4.0
    assert end_on_clock(passed, np.zeros(10), first_days(passed[None])[0], 2.25, 2.25, False, False) == 4.0


def test_beyond_the_horizon_days_weigh_one() -> None:
    passed = passed_of(WEIGHTS)
    from_day = first_days(passed[None])[0]
    assert instant_of(passed, from_day, passed[-1] + 3.5) == 13.5
    assert reading(passed, 13.5) == passed[-1] + 3.5
    assert instant_of(passed, from_day, math.inf) == math.inf


def test_hazards_end_on_the_day_of_entry_or_count_from_its_noon() -> None:
    passed = passed_of(np.full(10, 2.0))
    from_day = first_days(passed[None])[0]
    none = np.zeros(10)
    assert end_on_clock(passed, none, from_day, 3.2, 3.9, True, False) == 3.9
    assert end_on_clock(passed, none, from_day, 3.2, 7.5, True, False) == pytest.approx(3.5 + 4.0 / 2.0)
    assert end_on_clock(passed, none, from_day, 3.2, 4.5, True, False) == pytest.approx(4.0)


WEEK = np.array([3.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
MONDAYS = np.array([2 / 3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("by_day", [False, True])
def test_a_weekends_ends_on_monday_are_not_of_stays_that_begin_then(by_day: bool) -> None:
    """Days pass at weekends as ever; what ends there is recorded on Monday, and nothing else changes."""
    passed, opening = passed_of(np.tile(WEEK, 4)), np.tile(MONDAYS, 4)
    from_day = first_days(passed[None])[0]
    for began in np.arange(0.05, 5.0, 0.1):
        for days in np.arange(0.5, 15.0, 0.25):
            leaves_on = (math.floor(began) if by_day else began) + days
            found = end_on_clock(passed, opening, from_day, began, leaves_on, by_day, False)
            ended = math.floor(leaves_on)
            recorded = ended + (0, 0, 0, 0, 0, 2, 1)[ended % 7]
            assert math.floor(found + 1e-9) == recorded


def test_wins_follow_the_exponential_law_in_operational_time() -> None:
    """Open deals, no conversion but wins: each day's share is the difference of exp(-passed / mean)."""
    n_futures, n_open, mean = 400, 50, 4.0
    plan = with_clock(chain_plan(n_futures, 10, (1.0,), mean_days=mean, n_open=n_open), WEIGHTS)
    wins = played(plan, n_futures).wins.sum(axis=(0, 2, 3))
    expected = -np.diff(np.exp(-passed_of(WEIGHTS) / mean)) * n_futures * n_open
    assert (wins[expected == 0.0] == 0).all()
    some = expected > 0.0
    z = (wins - expected)[some] / np.sqrt(expected[some])
    assert np.abs(z).max() < FALSE_ALARM_Z
    plain = played(plan._replace(clock_of=np.full_like(plan.clock_of, NOWHERE)), n_futures).wins.sum(axis=(0, 2, 3))
    assert np.abs((plain - expected)[some] / np.sqrt(expected[some])).max() > 3 * FALSE_ALARM_Z


def with_two_clocks(plan: KernelPlan) -> KernelPlan:
    """Return the plan with wins on one clock and losses on another, which stands still but for one day."""
    passed = np.stack([passed_of(WEIGHTS), passed_of(np.eye(10)[7] * 9.0)])
    return with_clock(plan, WEIGHTS)._replace(
        clock_of=np.array([[0, 1, NOWHERE]]),
        clock_passed=passed,
        clock_opening=np.zeros((2, 10)),
        clock_from_day=first_days(passed),
    )


def wins_by_day(lasting: Callable[[int, float], float], age: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance of a win on each day, given how much of all stays each move still ends after some days of its own."""
    left = np.array([lasting(0, age[0] + passed) for passed in passed_of(WEIGHTS)])
    share: NDArray[np.float64] = -np.diff(left) / (left[0] + lasting(1, age[1]))
    return share


def is_as_expected(plan: KernelPlan, age: NDArray[np.float64], share: NDArray[np.float64]) -> bool:
    n_futures, n_open = len(plan.draw_of_future), len(plan.deal_key)
    wins = played(plan._replace(deal_age=np.tile(age, (n_open, 1))), n_futures).wins.sum(axis=(0, 2, 3))
    sd = np.sqrt(n_futures * n_open * share * (1.0 - share)) + 1e-6
    return bool(np.abs((wins - n_futures * n_open * share) / sd).max() < FALSE_ALARM_Z)


OWN_AGES, MEAN_AGE = np.array([9.0, 2.0, 0.0]), np.full(3, 5.5)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "hazard"])
def test_an_open_deal_is_weighed_with_the_age_on_each_moves_own_clock(family: str) -> None:
    """Move k has the weight p S(its age), and what is left of its days passes on its clock. The control: one age."""
    plan = with_two_clocks(chain_plan(100, 10, (0.3,), n_open=400))
    plan.family[:] = FAMILIES.index(family)
    plan.scale[...], plan.shape[...] = np.array([12.0, 4.0, 1.0]), np.array([0.8, 0.6, 1.0])
    law = twin.laws(plan, 0, 0, 0)
    share = wins_by_day(lambda move, days: (0.3, 0.7)[move] * law[move].survival(days), OWN_AGES)
    assert is_as_expected(plan, OWN_AGES, share)
    assert not is_as_expected(plan, MEAN_AGE, share)


def test_a_deal_too_old_for_floats_is_weighed_so_too() -> None:
    plan = with_two_clocks(chain_plan(100, 10, (0.3,), n_open=400))
    plan.scale[..., :2] = 1.0, 0.5
    age = np.array([700.0, 350.2, 0.0])
    share = wins_by_day(lambda move, days: (0.3, 0.7)[move] * math.exp(700.0 - days / (1.0, 0.5)[move]), age)
    assert is_as_expected(plan, age, share)
    assert not is_as_expected(plan, np.full(3, 525.1), share)


@pytest.mark.parametrize("age", [OWN_AGES, np.array([3.0, 2.0, 0.0]), np.array([900.0, 899.0, 0.0])])
def test_hazards_weigh_open_deals_with_each_moves_own_age(age: NDArray[np.float64]) -> None:
    """The last is so old that floats do not suffice. The control: the age of the older move for both."""
    rate = np.array([[0.1, 0.5], [0.3, 0.9]])
    plan = with_hazards(with_two_clocks(chain_plan(100, 10, (0.3,), n_open=400)), rate, np.array([0.0, 5.0, 2000.0]))
    total, least = rate.sum(axis=0), age[:2].min()

    def hazard(days: float) -> float:
        return float(total[0] * min(days, 5.0) + total[1] * max(days - 5.0, 0.0))

    def lasting(move: int, days: float) -> float:
        reached, later = (math.exp(hazard(least) - hazard(day)) for day in (days, max(days, 5.0)))
        return float(rate[move, 0] / total[0] * (reached - later) + rate[move, 1] / total[1] * later)

    share = wins_by_day(lasting, age)
    assert is_as_expected(plan, age, share)
    assert not is_as_expected(plan, np.full(3, age.max()), share)


@pytest.mark.parametrize("by_day", [False, True])
def test_a_clock_of_ordinary_days_changes_nothing(by_day: bool) -> None:
    plan = chain_plan(50, 30, (0.6, 0.5), mean_days=5.0, n_open=40, age=2.5, per_day=3.0)
    if by_day:
        plan = with_hazards(plan, np.array([[0.1, 0.05], [0.05, 0.02]]), np.array([0.0, 7.0, 60.0]))
    plan = plan._replace(period_of_day=np.arange(30))
    clocked = with_clock(plan, np.ones(30))
    for name, one, other in zip(Results._fields, played(plan, 50), played(clocked, 50), strict=True):
        assert np.array_equal(one, other), name


def test_first_days_are_where_the_search_may_begin() -> None:
    rng = np.random.default_rng(3)
    passed = np.stack([passed_of(rng.exponential(1.0, 40) * (rng.random(40) < 0.7)) for _ in range(3)])
    for row, days in zip(passed, first_days(passed), strict=True):
        for whole, day in enumerate(days):
            assert row[day] <= whole or day == 0
