"""The engine against closed forms.

Each comparison is a two-sided z-test with a false-alarm rate of 1e-6 (|z| < 4.9), made once: seeds are fixed and
nothing is retried. The error that a comparison would find with 99% probability is 7.2 standard errors, stated as
`detectable` with each. Each has a negative control: the same data against a truth that is off by that much or by
little more must be refused.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from plans import chain_plan
from scipy import stats

from simcast.engine.kernel import play_futures
from simcast.engine.layout import ADD, MULTIPLY, NOWHERE, ODDS, SET, Effects, KernelPlan, Results, empty_results
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, FAMILIES, GAMMA, LOGLOGISTIC, LOGNORMAL, WEIBULL

Z_LIMIT = 4.9


def play(plan: KernelPlan) -> Results:
    results = empty_results(plan, len(plan.draw_of_future))
    play_futures(plan, 0, results)
    return results


def z_of_mean(values: NDArray[np.generic], truth: float) -> float:
    """How many standard errors the mean of independent values is from the truth."""
    return float((values.mean() - truth) / (values.std(ddof=1) / math.sqrt(len(values))))


def z_of_variance(values: NDArray[np.generic], truth: float) -> float:
    """How many standard errors the variance of independent values is from the truth."""
    squares = (values - values.mean()) ** 2
    return z_of_mean(squares * len(values) / (len(values) - 1), truth)


def z_of_share(hits: int, n: int, p: float) -> float:
    """How many standard errors a share of independent trials is from its probability."""
    return (hits / n - p) / math.sqrt(p * (1 - p) / n)


def test_a_deal_wins_with_the_product_of_its_conversions() -> None:
    """The funnel 10 -> 5 -> 3 -> 1: one in ten. 2,000,000 deals; detectable: 0.0015 of 0.1."""
    plan = chain_plan(1000, 60, (0.5, 0.6, 1 / 3), mean_days=0.5, n_open=2000)
    results = play(plan)
    wins = int(results.wins.sum())
    assert abs(z_of_share(wins, 2_000_000, 0.1)) < Z_LIMIT
    assert abs(z_of_share(wins, 2_000_000, 0.1016)) > Z_LIMIT


def test_an_absorbing_chain_with_returns_wins_as_its_fundamental_matrix_says() -> None:
    """A meeting may send a deal back to the start. 1,000,000 deals; detectable: 0.0036."""
    plan = chain_plan(500, 400, (0.5, 0.4), mean_days=0.5, n_open=2000)
    probability = np.array([[0.5, 0.4, 0.1], [0.4, 0.3, 0.3]])
    destination = np.array([[1, 3, NOWHERE], [2, 3, 0]])
    wide = plan._replace(
        destination=np.hstack([destination, [[NOWHERE], [NOWHERE]]]),
        family=np.full((2, 4), EXPONENTIAL),
        probability=np.pad(probability, ((0, 0), (0, 1)))[None, :, None, :],
        scale=np.full((1, 2, 1, 4), 0.5),
        shape=np.ones((1, 2, 1, 4)),
    )
    wide = wide._replace(probability=wide.probability.copy())
    wide.probability[0, 0, 0] = [0.5, 0.4, 0.0, 0.1]  # a tenth stalls in the first stage
    none = wide.on_conversion._replace(slots=np.zeros((0, 4), bool))
    wide = wide._replace(on_conversion=none, on_duration=none, on_arrivals=none, on_amount=none)
    transient = np.array([[0.0, 0.5], [0.3, 0.0]])
    expected = (np.linalg.inv(np.eye(2) - transient) @ np.array([0.0, 0.4]))[0]
    wins = int(play(wide).wins.sum())
    assert abs(z_of_share(wins, 1_000_000, expected)) < Z_LIMIT
    assert abs(z_of_share(wins, 1_000_000, 0.5 * 0.4)) > Z_LIMIT


def test_the_time_to_close_is_the_convolution_of_the_stages() -> None:
    """Four exponential stages in a row end by day 10 as the Erlang law says. Detectable: 0.0036 of 0.41."""
    n = 1_000_000
    plan = chain_plan(500, 10, (1.0, 1.0, 1.0, 1.0), mean_days=2.75, n_open=2000)
    wins = int(play(plan).wins.sum())
    expected = stats.gamma.cdf(10, 4, scale=2.75)
    assert abs(z_of_share(wins, n, expected)) < Z_LIMIT
    assert abs(z_of_share(wins, n, stats.gamma.cdf(10, 4, scale=2.8))) > Z_LIMIT


@pytest.mark.parametrize(
    ("family", "shape", "law"),
    [
        (CONSTANT, 0.0, stats.uniform(3.0, 1e-9)),
        (EXPONENTIAL, 1.0, stats.expon(scale=3.0)),
        (LOGNORMAL, 0.8, stats.lognorm(0.8, scale=3.0)),
        (WEIBULL, 0.6, stats.weibull_min(1 / 0.6, scale=3.0)),
        (LOGLOGISTIC, 0.5, stats.fisk(2.0, scale=3.0)),
        (GAMMA, 2.5, stats.gamma(2.5, scale=3.0)),
    ],
    ids=FAMILIES[:6],
)
def test_an_infinite_server_stage_is_occupied_as_m_g_infinity_says(
    family: int, shape: float, law: stats.rv_frozen
) -> None:
    """Poisson arrivals from an empty start: the number present is Poisson with mean rate x integral of survival.

    Mean and variance over 20,000 futures; detectable: 1.0% of the mean and 7% of the variance.
    """
    horizon, rate = 14, 2.0
    plan = chain_plan(20_000, horizon, (0.7,), per_day=rate)
    plan = plan._replace(
        family=np.full_like(plan.family, family),
        scale=np.full_like(plan.scale, 3.0),
        shape=np.full_like(plan.shape, shape),
    )
    grid = np.linspace(0, horizon, 200_001)
    survival = (grid < 3.0).astype(float) if family == CONSTANT else law.sf(grid)
    mean = rate * np.trapezoid(survival, grid)
    present = play(plan).open_at_end[:, -1, 0, 0]
    assert abs(z_of_mean(present, mean)) < Z_LIMIT
    assert abs(z_of_variance(present, mean)) < Z_LIMIT
    assert abs(z_of_mean(present, mean * 1.02)) > Z_LIMIT


@pytest.mark.parametrize("some", [1.0, 0.6])
def test_bookings_of_new_deals_are_compound_poisson(some: float) -> None:
    """Wins at once, lognormal amounts, a share of them 0: mean and variance by Wald and by E[X^2].

    Detectable: 0.9% and 13%; with 40% of zeros, 1.2% and 14%.
    """
    horizon, rate, conversion, sigma = 30, 3.0, 0.25, 0.7
    plan = chain_plan(40_000, horizon, (conversion,), mean_days=1e-9, per_day=rate)
    plan = plan._replace(
        amount_family=LOGNORMAL, amount_shape=np.full((1, 1), sigma), amount_some=np.full((1, 1), some)
    )
    bookings = play(plan).bookings.sum(axis=(1, 2, 3)) / 100
    n_wins = horizon * rate * conversion * some
    first, second = 100 * math.exp(sigma**2 / 2), 100**2 * math.exp(2 * sigma**2)
    assert abs(z_of_mean(bookings, n_wins * first)) < Z_LIMIT
    assert abs(z_of_variance(bookings, n_wins * second)) < Z_LIMIT
    assert abs(z_of_mean(bookings, n_wins * first * 1.02)) > Z_LIMIT
    assert abs(z_of_variance(bookings, n_wins * second * 0.8)) > Z_LIMIT


def test_arrivals_vary_as_the_negative_binomial_says() -> None:
    """Daily counts of mean 3 and size 1.5 over 20 days. Detectable: 1.1% of the mean, 8% of the variance."""
    plan = chain_plan(40_000, 20, (0.5,), per_day=3.0)._replace(arrival_size=np.array([[1.5]]))
    entered = play(plan).entered[:, 0, 0, 0]
    assert abs(z_of_mean(entered, 60.0)) < Z_LIMIT
    assert abs(z_of_variance(entered, 20 * (3 + 9 / 1.5))) < Z_LIMIT
    assert abs(z_of_variance(entered, 60.0)) > Z_LIMIT  # a Poisson process has too little of it


def _waiting(age: float, horizon: int = 4000) -> KernelPlan:
    """Deals of an age in a stage where wins are quick (mean 5 days), losses slow (mean 20), and a tenth stalls."""
    plan = chain_plan(500, horizon, (0.5,), n_open=2000, age=age)
    scale = plan.scale.copy()
    scale[..., 0], scale[..., 1] = 5.0, 20.0
    return plan._replace(probability=np.array([[[[0.5, 0.4, 0.1]]]]), scale=scale)


@pytest.mark.parametrize("age", [0.0, 3.0, 15.0, 60.0])
def test_a_deal_that_has_waited_wins_as_often_as_its_age_says(age: float) -> None:
    """p S(age | won) over the sum; 1,000,000 deals, detectable: 0.0036 at most."""
    wins = int(play(_waiting(age)).wins.sum())
    won, lost = 0.5 * math.exp(-age / 5), 0.4 * math.exp(-age / 20)
    expected = won / (won + lost + 0.1)
    assert abs(z_of_share(wins, 1_000_000, expected)) < Z_LIMIT
    if age > 0:
        assert abs(z_of_share(wins, 1_000_000, 0.5)) > Z_LIMIT  # as if it had just come in


def test_a_deal_past_the_usual_time_is_less_likely_to_be_won() -> None:
    shares = [int(play(_waiting(age)).wins.sum()) for age in (0.0, 3.0, 15.0, 60.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 10 * shares[-1]


def test_the_time_that_remains_is_conditioned_on_the_age() -> None:
    """Lognormal stays that have lasted 12 days end within 8 more as T given T > 12. Detectable: 0.0036."""
    law = stats.lognorm(0.8, scale=6.0)
    plan = chain_plan(500, 8, (1.0,), n_open=2000, age=12.0)
    plan = plan._replace(
        family=np.full_like(plan.family, LOGNORMAL),
        scale=np.full_like(plan.scale, 6.0),
        shape=np.full_like(plan.shape, 0.8),
    )
    wins = int(play(plan).wins.sum())
    expected = 1 - law.sf(20) / law.sf(12)
    assert abs(z_of_share(wins, 1_000_000, expected)) < Z_LIMIT
    assert abs(z_of_share(wins, 1_000_000, law.cdf(8))) > Z_LIMIT


def test_survival_far_beyond_the_range_of_floats_still_conditions() -> None:
    """Both survivals underflow (z = 80 and 100), yet the slower move is certain to be the one left."""
    plan = chain_plan(100, 5000, (0.5,), n_open=200, age=3000.0)
    plan = plan._replace(
        family=np.full_like(plan.family, LOGNORMAL),
        scale=np.full_like(plan.scale, 1.0),
        shape=np.full_like(plan.shape, 0.08),
    )
    plan.shape[..., 0] = 0.1
    results = play(plan)
    assert results.wins.sum() == 200 * 100
    assert math.isfinite(float(results.deal_win_days.sum()))


@pytest.mark.parametrize(
    ("operation", "value", "expected"),
    [(SET, 0.7, 0.7), (ADD, 0.15, 0.55), (MULTIPLY, 1.5, 0.6), (MULTIPLY, 9.0, 1.0), (ODDS, 3.0, 2 / 3)],
)
def test_a_conversion_lever_gives_the_conversion_it_names(operation: int, value: float, expected: float) -> None:
    """A stage that converts 40%; 500,000 deals, detectable: 0.005."""
    plan = chain_plan(250, 60, (0.4,), mean_days=0.1, n_open=2000)
    lever = Effects(
        operation=np.array([operation]),
        stage=np.array([0]),
        slots=np.zeros((1, 3), bool),
        segments=np.ones((1, 1), bool),
        on_open=np.zeros(1, bool),
        weight=np.ones((1, 1)),
        value=np.full((1, 250), value),
    )
    wins = int(play(plan._replace(on_conversion=lever)).wins.sum())
    if expected == 1.0:
        assert wins == 500_000
    else:
        assert abs(z_of_share(wins, 500_000, expected)) < Z_LIMIT
        assert abs(z_of_share(wins, 500_000, expected + 0.008)) > Z_LIMIT
