"""Expectations against closed forms: no chance anywhere, so that tolerances are those of the grid."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from plans import chain_plan, with_hazards
from scipy import stats

from simcast.engine.layout import CAP, MULTIPLY, NOT_FORCED, NOWHERE, OPEN, Effects, KernelPlan
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, FAMILIES, GAMMA, LOGLOGISTIC, LOGNORMAL, WEIBULL
from simcast.expectation.answer import expected_results

NEW = 1


def wins(plan: KernelPlan, steps_per_day: int = 4) -> np.ndarray:
    """Expected wins of the first future by period, (n_periods, 2)."""
    return expected_results(plan, np.arange(1), steps_per_day)[0][0, :, 0]


def by_week(plan: KernelPlan) -> KernelPlan:
    return plan._replace(period_of_day=np.arange(plan.horizon_days) // 7)


def test_new_deals_win_as_an_exponential_stage_lets_them() -> None:
    """Wins by day t: rate x conversion x (t - mean (1 - exp(-t / mean)))."""

    def expected(mean: float) -> np.ndarray:
        ends = np.array([0.0, 7.0, 14.0, 20.0])
        return np.diff(3.0 * 0.4 * (ends - mean * (1 - np.exp(-ends / mean))))

    got = wins(by_week(chain_plan(1, 20, (0.4,), mean_days=2.5, per_day=3.0)))
    np.testing.assert_allclose(got[:, NEW], expected(2.5), rtol=1e-6)
    assert not np.allclose(got[:, NEW], expected(2.6), rtol=1e-3)
    assert np.all(got[:, OPEN] == 0.0)


def test_two_stages_in_a_row_convolve() -> None:
    """Of means m and n, the integral of their hypoexponential law; days of 0.1 are far below a step."""
    for m, n in ((2.5, 6.0), (0.1, 4.0), (5.0, 0.1)):
        plan = chain_plan(1, 20, (0.8, 0.5), per_day=3.0)
        plan.scale[:, 0], plan.scale[:, 1] = m, n
        through = 20 - m - n + (m * m * math.exp(-20 / m) - n * n * math.exp(-20 / n)) / (m - n)
        assert wins(plan)[0, NEW] == pytest.approx(3.0 * 0.8 * 0.5 * through, rel=2e-4)


@pytest.mark.parametrize(
    ("family", "shape", "law"),
    [
        (EXPONENTIAL, 1.0, stats.expon(scale=6.0)),
        (LOGNORMAL, 0.8, stats.lognorm(0.8, scale=6.0)),
        (WEIBULL, 0.6, stats.weibull_min(1 / 0.6, scale=6.0)),
        (LOGLOGISTIC, 0.5, stats.fisk(2.0, scale=6.0)),
        (GAMMA, 2.5, stats.gamma(2.5, scale=6.0)),
    ],
    ids=[FAMILIES[k] for k in (EXPONENTIAL, LOGNORMAL, WEIBULL, LOGLOGISTIC, GAMMA)],
)
def test_an_open_deal_goes_on_given_its_age(family: int, shape: float, law: stats.rv_frozen) -> None:
    """Won in (age, age + t] of the family, lost by an exponential law, a tenth stalls."""
    plan = chain_plan(1, 8, (0.5,), n_open=10, age=5.0)._replace(probability=np.array([[[[0.5, 0.4, 0.1]]]]))
    plan.family[0, 0], plan.scale[..., 0], plan.shape[..., 0] = family, 6.0, shape
    plan.scale[..., 1] = 20.0
    here = 0.5 * law.sf(5.0) + 0.4 * math.exp(-5.0 / 20.0) + 0.1
    expected = 10 * 0.5 * (law.sf(5.0) - law.sf(13.0)) / here
    assert wins(plan)[0, OPEN] == pytest.approx(expected, rel=1e-5)
    assert wins(plan._replace(deal_age=plan.deal_age * 1.05))[0, OPEN] != pytest.approx(expected, rel=1e-3)


def test_levers_shorten_and_cap_what_is_left_of_an_open_deals_stay() -> None:
    """Halved, what is left of exponential days of mean 6 has mean 3; what exceeds 2 days is halved once more."""
    plan = chain_plan(1, 4, (0.5,), mean_days=6.0, n_open=10, age=5.0)
    levers = Effects(
        operation=np.array([MULTIPLY, CAP]),
        stage=np.zeros(2, np.int64),
        slots=np.ones((2, 3), bool),
        segments=np.ones((2, 1), bool),
        on_open=np.ones(2, bool),
        weight=np.array([[1.0], [0.5]]),
        value=np.array([[0.5], [2.0]]),
    )
    left = np.exp(-np.array([0.0, 1.0, 2.0, 4.0, 6.0]) / 3.0)
    by_day = plan._replace(period_of_day=np.arange(4))
    np.testing.assert_allclose(wins(by_day._replace(on_duration=levers))[:, OPEN], -5.0 * np.diff(left), rtol=1e-9)
    assert not np.allclose(wins(by_day)[:, OPEN], -5.0 * np.diff(left), rtol=0.05)


def test_an_age_beyond_the_range_of_floats_still_conditions() -> None:
    plan = chain_plan(1, 8, (0.5,), n_open=1, age=5000.0)
    plan.scale[..., 0], plan.scale[..., 1] = 3.0, 2.9
    assert wins(plan)[0, OPEN] == pytest.approx(1 - math.exp(-8 / 3), rel=1e-6)


def test_a_deal_that_renews_wins_as_a_poisson_process() -> None:
    """Each win begins the next stay of the same law: t / mean wins by day t, each worth the deal's own amount."""
    plan = chain_plan(1, 30, (1.0,), mean_days=4.0, n_open=2, amount=70.0)
    plan = plan._replace(outcome_resumes=np.array([0, NOWHERE]))
    results = [expected_results(plan, np.arange(1), 8)[k].sum() for k in (0, 1)]
    assert results[0] == pytest.approx(2 * 30 / 4, rel=1e-3)
    assert results[1] == pytest.approx(results[0] * 7000)


def test_constant_times_end_in_the_very_period() -> None:
    """Open deals of age 1 leave after 3 days at 2.0, and 5 days later at 7.0: in the second week."""
    plan = by_week(chain_plan(1, 21, (1.0, 1.0), n_open=4, age=1.0))._replace(family=np.full((2, 3), CONSTANT))
    plan.scale[:, 0], plan.scale[:, 1] = 3.0, 5.0
    np.testing.assert_allclose(wins(plan)[:, OPEN], [0.0, 4.0, 0.0])


def test_stays_of_no_length_are_gone_through_within_a_step() -> None:
    plan = chain_plan(1, 10, (0.9, 0.8, 0.7), per_day=2.0)._replace(family=np.full((3, 3), CONSTANT))
    plan.scale[:] = 0.0
    assert wins(plan, 1)[0, NEW] == pytest.approx(20 * 0.9 * 0.8 * 0.7)


@pytest.mark.parametrize("rate", [0.02, 0.7])
def test_hazards_count_days_of_the_calendar(rate: float) -> None:
    """Of the deals that come on day d, 1 - exp(-rate (t - d)) have left before day t, a quarter of them lost."""
    plan = with_hazards(
        by_week(chain_plan(1, 14, (0.5,), per_day=2.0)), np.array([[0.75], [0.25]]) * rate, np.array([0.0, 5000.0])
    )
    gone = [np.sum(1 - np.exp(-rate * np.arange(t, 0, -1))) for t in (0, 7, 14)]
    np.testing.assert_allclose(wins(plan)[:, NEW], 2.0 * 0.75 * np.diff(gone), rtol=1e-9)


def test_a_forced_deal_ends_on_its_day_for_its_own_amount() -> None:
    plan = by_week(chain_plan(1, 14, (0.5,), n_open=2, amount=90.0))
    plan = plan._replace(deal_forced=np.array([1, NOT_FORCED]), deal_forced_day=np.array([9.0, 0.0]))
    plan.probability[...] = [0.0, 1.0, 0.0]
    won, booked = expected_results(plan, np.arange(1), 4)
    np.testing.assert_allclose(won[0, :, 0, OPEN], [0.0, 1.0])
    np.testing.assert_allclose(booked[0, :, 0, OPEN], [0.0, 9000.0])


def test_half_the_step_makes_a_quarter_of_the_error() -> None:
    """Four exponential stages in a row: Erlang's law."""
    plan = chain_plan(1, 10, (1.0,) * 4, mean_days=2.75, n_open=1)
    errors = [abs(wins(plan, steps)[0, OPEN] - stats.gamma.cdf(10, 4, scale=2.75)) for steps in (2, 4, 8)]
    assert errors[2] < 1e-4
    assert all(3.0 < coarse / fine < 5.0 for coarse, fine in pairwise(errors))
