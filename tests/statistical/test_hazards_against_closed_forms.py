"""Stays that have hazards by day, and conversion that goes with the amount, against closed forms.

Counts by day are compared by a chi-square test, shares by a z-test, each with a false-alarm rate of 1e-6, made once
with fixed seeds. Each has a negative control next to it: the same data against a truth that is off a little.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from plans import chain_plan, with_hazards
from scipy import stats

from simcast.engine.kernel import play_futures
from simcast.engine.layout import CAP, MULTIPLY, SET, Effects, KernelPlan, Results, empty_results

Floats = NDArray[np.float64]

Z_LIMIT = 4.9
FALSE_ALARM = 1e-6

START = np.array([0.0, 1.0, 6.0, 8.0, 28.0, 32.0, 60.0])
RATE = np.array([[0.05, 0.01, 0.25, 0.01, 0.4, 0.02], [0.15, 0.02, 0.01, 0.05, 0.02, 0.001]])
"""Two humps, about a week and about a month in: a shape that no family has."""


def play(plan: KernelPlan) -> Results:
    results = empty_results(plan, len(plan.draw_of_future))
    play_futures(plan, 0, results)
    return results


def incidence(rate: Floats = RATE, start: Floats = START) -> tuple[Floats, Floats]:
    """The share of stays that each move ends on each day, (2, n_days), and the share that lasts until each day.

    As the model is written down: S(d) = exp(-sum of lambda before d), P(d, k) = S(d) lambda_k / lambda (1 - e^-lambda).
    """
    daily = np.repeat(rate, np.diff(start).astype(int), axis=1)
    total = daily.sum(axis=0)
    lasting = np.exp(-np.concatenate([[0.0], np.cumsum(total)]))
    return lasting[:-1] * daily / total * (1 - np.exp(-total)), lasting


def by_day(plan: KernelPlan) -> KernelPlan:
    """Count by day."""
    return plan._replace(period_of_day=np.arange(plan.horizon_days))


def agrees(counts: NDArray[np.generic], expected: Floats) -> bool:
    """Tell whether independent Poisson counts have these means, or multinomial ones that leave out a rest do."""
    statistic = float(((counts - expected) ** 2 / expected).sum())
    return statistic < stats.chi2.isf(FALSE_ALARM, len(expected))


def z_of_share(hits: int, n: int, p: float) -> float:
    return (hits / n - p) / math.sqrt(p * (1 - p) / n)


def lever(operation: int, value: float, n_futures: int, n_slots: int = 3) -> Effects:
    return Effects(
        operation=np.array([operation]),
        stage=np.array([0]),
        slots=np.array([[True] * (n_slots - 1) + [False]]),
        segments=np.ones((1, 1), bool),
        on_open=np.zeros(1, bool),
        weight=np.ones((1, 1)),
        value=np.full((1, n_futures), value),
    )


def test_new_deals_end_on_the_days_that_the_cumulative_incidence_says() -> None:
    """Deals that arrive by Poisson on each day: the ends on a day are Poisson, the incidence summed over arrivals."""
    n, horizon, per_day = 2000, 50, 4.0
    plan = with_hazards(by_day(chain_plan(n, horizon, (1.0,), per_day=per_day)), RATE, START)
    results = play(plan)
    ended, _ = incidence()
    expected = n * per_day * np.cumsum(ended[:, :horizon], axis=1)
    wins = results.left_forward[:, :, 0, 0].sum(axis=0)
    assert agrees(wins, expected[0])
    left = np.diff(n * per_day * np.arange(horizon + 1)) - np.diff(
        results.open_at_end[:, :, 0, 0].sum(axis=0), prepend=0
    )
    lost = left + (results.entered[:, :, 0, 0].sum(axis=0) - n * per_day) - wins
    assert agrees(lost, expected[1])
    late = n * per_day * np.cumsum((ended + np.roll(ended, 1, axis=1))[0, :horizon] / 2)
    assert not agrees(wins, late), "as if the time of day of the entry were added"


@pytest.mark.parametrize("age_days", [1, 5, 7, 31])
def test_open_deals_end_on_the_days_that_their_age_leaves(age_days: int) -> None:
    n, horizon = 500, 55 - age_days
    plan = with_hazards(by_day(chain_plan(n, horizon, (1.0,), n_open=1000, age=age_days - 0.5)), RATE, START)
    wins = play(plan).left_forward[:, :, 0, 0].sum(axis=0)
    ended, lasting = incidence()

    def expected(age: int) -> Floats:
        means: Floats = 500_000 * ended[0, age : age + horizon] / lasting[age]
        return means

    assert agrees(wins, expected(age_days))
    assert not agrees(wins, expected(age_days - 1))


def test_a_second_stay_counts_its_days_from_the_day_on_which_it_begins() -> None:
    """Two stages in a row: whole days add up, so that the second win falls on the convolution of the incidences."""
    n, horizon = 500, 40
    plan = with_hazards(by_day(chain_plan(n, horizon, (1.0, 1.0), n_open=1000, age=0.0)), RATE, START)
    won = play(plan).wins[:, :, 0, 0].sum(axis=0)
    first = incidence()[0][0]
    both = np.convolve(first, first)[:horizon]
    assert agrees(won, 500_000 * both)
    assert not agrees(won, 500_000 * np.convolve(first, np.roll(first, 1))[:horizon])


def test_a_conversion_lever_changes_which_move_comes_and_not_when() -> None:
    n, horizon = 500, 60
    plan = with_hazards(by_day(chain_plan(n, horizon, (1.0,), n_open=1000, age=0.0)), RATE, START)
    results = play(plan._replace(on_conversion=lever(SET, 0.3, n)))
    ended, _ = incidence()
    wins = results.left_forward[:, :, 0, 0].sum(axis=0)
    assert agrees(wins, 500_000 * 0.3 * ended[0] / ended[0].sum())
    assert not agrees(wins, 500_000 * 0.312 * ended[0] / ended[0].sum())
    assert not agrees(wins, 500_000 * 0.3 * np.roll(ended[0], 1) / ended[0].sum())


def test_duration_levers_stretch_set_and_cap_days() -> None:
    """Within a day ends fall as the hazard goes on, so half a stretched day holds a share that is known."""
    n, horizon = 500, 60
    plan = with_hazards(by_day(chain_plan(n, horizon, (1.0,), n_open=1000, age=0.0)), RATE, START)

    def wins(operation: int, value: float) -> NDArray[np.int64]:
        results = play(plan._replace(on_duration=lever(operation, value, n)))
        counts: NDArray[np.int64] = results.left_forward[:, :, 0, 0].sum(axis=0)
        return counts

    halves = np.array([start for day in range(60) for start in (day, day + 0.5)] + [60.0])
    ended, _ = incidence(RATE / 2, np.searchsorted(halves, START).astype(float))
    usual = 500_000 * incidence()[0][0]
    assert agrees(wins(MULTIPLY, 2.0), 500_000 * ended[0, :horizon])
    assert not agrees(wins(MULTIPLY, 2.0), np.repeat(usual[: horizon // 2], 2) / 2)
    forward = usual.sum()
    faster = wins(SET, 5.0)
    assert abs(z_of_share(int(faster[:5].sum()), 500_000, forward / 2 / 500_000)) < Z_LIMIT
    assert abs(z_of_share(int(faster[:5].sum()), 500_000, forward / 2 / 500_000 + 0.006)) > Z_LIMIT
    capped = wins(CAP, 7.0)
    assert agrees(capped[:8], np.append(usual[:7], usual[7:].sum()))
    assert capped[8:].sum() == 0


def test_a_deal_beyond_all_floats_moves_by_the_ratio_of_hazards_at_its_age() -> None:
    """At 1.5 ends a day, hardly e^-1500 of all stays last 1,000 days; of these deals, 2 in 3 lose as on any day."""
    n, rate = 100, np.array([[1.0, 0.5], [2.0, 1.0]])
    plan = chain_plan(n, 3, (1.0,), n_open=2000, age=999.5)
    plan = with_hazards(by_day(plan), rate, np.array([0.0, 1.0, 3653.0]))
    results = play(plan)
    wins = results.left_forward[:, :, 0, 0].sum(axis=0)
    assert plan.probability[0, 0, 0, 2] == 0.0
    expected = 200_000 / 3 * -np.diff(np.exp(-1.5 * np.arange(4)))
    assert agrees(wins, expected)
    assert not agrees(wins, expected * 1.03)
    certain = play(plan._replace(on_conversion=lever(SET, 1.0, n), horizon_days=3))
    assert certain.open_at_end[:, -1].sum() == 200_000 - certain.wins.sum()


def test_a_deal_older_than_the_end_of_all_hazards_never_ends() -> None:
    plan = with_hazards(chain_plan(50, 100, (1.0,), n_open=100, age=60.5), RATE, START)
    results = play(plan)
    assert results.wins.sum() == 0
    assert results.open_at_end[:, -1].sum() == 5000
    younger = with_hazards(chain_plan(50, 100, (1.0,), n_open=100, age=58.5), RATE, START)
    assert play(younger).wins.sum() > 0


def with_amounts(plan: KernelPlan, log_amount: float, slope: tuple[float, ...]) -> KernelPlan:
    return plan._replace(
        deal_log_amount=np.full(len(plan.deal_key), log_amount),
        amount_slope=np.array([slope], dtype=float),
        amount_offset=np.zeros((1, len(slope), 1)),
    )


def shifted(p: float, effect: float) -> float:
    return p * math.exp(effect) / (1 - p + p * math.exp(effect))


def test_the_odds_of_each_stage_go_with_the_amount() -> None:
    """Two stages of 40% and 60%, the first old enough for its age to say nothing (exponential times)."""
    plan = chain_plan(250, 400, (0.4, 0.6), n_open=2000, age=3.0)
    expected = shifted(0.4, 0.5 * 1.2) * shifted(0.6, -0.3 * 1.2)
    wins = int(play(with_amounts(plan, 1.2, (0.5, -0.3))).wins.sum())
    assert abs(z_of_share(wins, 500_000, expected)) < Z_LIMIT
    assert abs(z_of_share(wins, 500_000, expected + 0.008)) > Z_LIMIT
    assert abs(z_of_share(wins, 500_000, 0.24)) > Z_LIMIT
    assert int(play(with_amounts(plan, 0.0, (0.5, -0.3))).wins.sum()) == int(play(plan).wins.sum())


def test_a_larger_effect_turns_losses_into_wins_and_never_a_win_into_a_loss() -> None:
    plan = chain_plan(40, 400, (0.4, 0.6, 0.5), n_open=500)
    wins = [play(with_amounts(plan, x, (0.4, 0.4, 0.4))).deal_wins for x in (-1.0, 0.0, 0.5, 2.0)]
    assert all(np.all(later >= earlier) for earlier, later in pairwise(wins))
    assert wins[0].sum() < wins[1].sum() < wins[2].sum() < wins[3].sum()


def test_new_deals_and_deals_won_once_do_not_go_with_the_amount() -> None:
    """Renewals: the first win has the deal's own odds, every later one the usual ones."""
    n, p, effect = 500, 0.4, 1.0
    plan = chain_plan(n, 3000, (p,), n_open=500, mean_days=0.1)
    plan = with_amounts(plan._replace(outcome_resumes=np.array([0, -1])), 1.0, (effect,))
    wins = int(play(plan).wins.sum())
    mean = shifted(p, effect) / (1 - p)
    variance = mean * (1 + p) / (1 - p) - mean**2  # of a geometric count that begins with its own chance
    z = (wins - 250_000 * mean) / math.sqrt(250_000 * variance)
    assert abs(z) < Z_LIMIT
    always = 250_000 * shifted(p, effect) / (1 - shifted(p, effect))
    assert abs((wins - always) / math.sqrt(250_000 * variance)) > Z_LIMIT
    new = chain_plan(200, 30, (p,), per_day=2.0)
    assert np.array_equal(play(with_amounts(new, 1.0, (effect,))).wins, play(new).wins)


@pytest.mark.parametrize("stage", [0, 1])
def test_the_forward_hazard_goes_with_the_amount_in_a_first_stay_and_in_later_ones(stage: int) -> None:
    n, horizon, effect = 500, 45, 0.7
    plan = chain_plan(n, horizon, (1.0,) * (stage + 1), n_open=1000, age=0.0, mean_days=1e-9)
    hazards = with_hazards(by_day(plan), RATE, START)
    if stage == 1:  # the first stay is over at once, and belongs to a family
        hazards = hazards._replace(
            family=np.vstack([plan.family[:1], hazards.family[1:]]),
            probability=np.concatenate([plan.probability[:, :1], hazards.probability[:, 1:]], axis=1),
            hazard_row=np.array([-1, 0]),
            hazard_rate=hazards.hazard_rate[:, 1:],
            hazard_factor=hazards.hazard_factor[:, 1:],
        )
    own = with_amounts(hazards, 1.0, (effect,) * (stage + 1))
    wins = play(own).wins[:, :, 0, 0].sum(axis=0)
    rate = RATE * np.array([[math.exp(effect)], [1.0]])
    assert agrees(wins, 500_000 * incidence(rate)[0][0, :horizon])
    assert not agrees(wins, 500_000 * incidence(rate * [[1.02], [1.0]])[0][0, :horizon])


def test_conversion_levers_and_amounts_multiply_their_ratios() -> None:
    n, effect = 250, 0.7
    plan = with_hazards(chain_plan(n, 60, (1.0,), n_open=2000, age=0.0), RATE, START)
    levered = with_amounts(plan, 1.0, (effect,))._replace(on_conversion=lever(MULTIPLY, 1.2, n))
    usual, own = (incidence(RATE * [[math.exp(x)], [1.0]]) for x in (0.0, effect))
    before, alone = (np.append(ended.sum(axis=1), lasting[-1]) for ended, lasting in (usual, own))
    after = before * (1 - before[0] * 1.2) / (1 - before[0])
    after[0] = before[0] * 1.2
    weight = after / before * alone
    wins = int(play(levered).wins.sum())
    assert abs(z_of_share(wins, 500_000, float(weight[0] / weight.sum()))) < Z_LIMIT
    assert abs(z_of_share(wins, 500_000, float(alone[0]))) > Z_LIMIT
