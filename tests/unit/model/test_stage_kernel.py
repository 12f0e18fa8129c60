"""The compiled likelihood of a stage against a slow twin written with SciPy, and at the extremes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, special, stats

from simcast.model.compress import NODE_WEIGHTS, NODES, StageRows, compress, likelihood_inputs
from simcast.model.kernels.duration_tails import PARAMETRIC
from simcast.model.kernels.normal_tails import log_interval, log_tails
from simcast.model.kernels.stage import move_shares, row_log_likelihoods, stage_from_arrays, stage_log_likelihood
from simcast.model.kernels.stage_data import StageData, pack

Floats = NDArray[np.float64]


def random_rows(n_moves: int, *, seed: int = 3, n_stays: int = 300) -> StageRows:
    """Stays of which every third is on record only because it lasted until records began."""
    generator = np.random.default_rng(seed)
    days = generator.lognormal(2.0, 1.3, n_stays).astype(np.int64)
    late = np.arange(n_stays) % 3 == 0
    return compress(
        generator.integers(0, 3, n_stays),
        generator.integers(-1, n_moves, n_stays),
        days,
        n_cells=3,
        n_moves=n_moves,
        since=np.where(late, generator.integers(0, days + 1), 0),
    )


def days_of(family: str, median: float, shape: float) -> Any:  # noqa: ANN401
    """SciPy's distribution of a family, given its median and shape."""
    k = shape**-2
    return {
        "lognormal": lambda: stats.lognorm(shape, scale=median),
        "weibull": lambda: stats.weibull_min(1 / shape, scale=median / math.log(2) ** shape),
        "loglogistic": lambda: stats.fisk(1 / shape, scale=median),
        "gamma": lambda: stats.gamma(k, scale=median / stats.gamma.ppf(0.5, k)),
    }[family]()


def random_parameters(n_moves: int, seed: int = 5) -> tuple[Floats, float, Floats]:
    generator = np.random.default_rng(seed)
    effects = generator.normal(0.0, 0.7, (3, 2 * n_moves - 1))
    effects[:, n_moves - 1 :] += 2.0
    return effects, -2.5, generator.normal(-0.2, 0.3, n_moves)


def between(days: Any, low: float, high: float) -> float:  # noqa: ANN401
    """P(low < days < high), on the side where the numbers are small."""
    return float(days.sf(low) - days.sf(high) if low > days.median() else days.cdf(high) - days.cdf(low))


def twin(effects: Floats, stalled_logit: float, log_shape: Floats, rows: StageRows, family: str = "lognormal") -> float:
    """The formulas of the model's docstring, one row at a time, with SciPy's distributions."""
    n_moves = rows.n_moves
    stalled = special.expit(stalled_logit)
    odds, medians = effects[:, : n_moves - 1], np.exp(effects[:, n_moves - 1 :])
    forward = special.expit(odds[:, 0])
    others = special.softmax(np.column_stack([np.zeros(3), odds[:, 1:]]), axis=1)
    share = np.column_stack([forward, (1 - forward)[:, None] * others])
    total = 0.0
    for j, k, low, high, count in zip(rows.cell, rows.move, rows.low_days, rows.high_days, rows.count, strict=True):
        days = days_of(family, medians[j, k], np.exp(log_shape[k]))
        nodes, weights = (NODES, NODE_WEIGHTS) if high <= 14 else ([0.5], [1.0])
        inside = sum(w * between(days, max(low - u, 0.0), high + 1 - u) for u, w in zip(nodes, weights, strict=True))
        total += count * (math.log1p(-stalled) + math.log(share[j, k]) + math.log(inside))
    for j, age, count in zip(rows.open_cell, rows.open_days, rows.open_count, strict=True):
        nodes, weights = (NODES, NODE_WEIGHTS) if age <= 14 else ([0.5], [1.0])
        waiting = sum(
            share[j, k] * w * days_of(family, medians[j, k], np.exp(log_shape[k])).sf(age - u)
            for k in range(n_moves)
            for u, w in zip(nodes, weights, strict=True)
        )
        total += count * math.log(stalled + (1 - stalled) * waiting)
    return total


def data_of(rows: StageRows, family: str) -> StageData:
    return likelihood_inputs(rows, np.full(rows.n_moves, PARAMETRIC.index(family)))


@pytest.mark.parametrize("family", PARAMETRIC)
@pytest.mark.parametrize("n_moves", [2, 4])
def test_the_kernel_equals_the_twin(n_moves: int, family: str) -> None:
    rows, parameters = random_rows(n_moves), random_parameters(n_moves)
    assert (rows.open_count < 0).any()
    assert stage_log_likelihood(*parameters, data_of(rows, family))[0] == pytest.approx(
        twin(*parameters, rows, family), rel=1e-9
    )


@pytest.mark.parametrize("family", PARAMETRIC)
def test_single_stays_add_up_to_the_whole(family: str) -> None:
    rows, parameters = random_rows(3), random_parameters(3)
    data = data_of(rows, family)
    ended, waiting = row_log_likelihoods(*parameters, data)
    total = (ended * data.ended_count).sum() + (waiting * data.open_count).sum()
    assert total == pytest.approx(stage_log_likelihood(*parameters, data)[0], rel=1e-12)


@pytest.mark.parametrize("family", PARAMETRIC)
@pytest.mark.parametrize("far", [0.0, 60.0])
def test_cells_that_are_alike_in_their_days_may_share_their_rows(far: float, family: str) -> None:
    rows, (effects, stalled_logit, log_shape) = random_rows(3, n_stays=3000), random_parameters(3)
    effects[:, 2:] = effects[2, 2:] + far  # the moves' odds differ, the days do not
    code = np.full(3, PARAMETRIC.index(family))
    apart, shared = likelihood_inputs(rows, code), likelihood_inputs(rows, code, np.array([2, 2, 2]))
    assert shared.ended_count.size < 0.6 * apart.ended_count.size
    assert shared.point_log_days.size < 0.6 * apart.point_log_days.size
    expected = stage_log_likelihood(effects, stalled_logit, log_shape, apart)
    found = stage_log_likelihood(effects, stalled_logit, log_shape, shared)
    close = {"rtol": 1e-9, "atol": 1e-9}
    for position in (0, 2, 3):
        np.testing.assert_allclose(found[position], expected[position], **close)
    np.testing.assert_allclose(found[1][:, :2], expected[1][:, :2], **close)
    np.testing.assert_allclose(found[1][:, 2:].sum(axis=0), expected[1][:, 2:].sum(axis=0), **close)


def test_the_packed_data_give_the_same() -> None:
    data = likelihood_inputs(random_rows(3))
    effects, stalled_logit, log_shape = random_parameters(3)
    direct = stage_log_likelihood(effects, stalled_logit, log_shape, data)
    packed = stage_from_arrays(effects, np.array(stalled_logit), log_shape, *pack(data).values())
    for one, other in zip(direct, packed, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("family", PARAMETRIC)
@pytest.mark.parametrize("n_moves", [2, 4])
@pytest.mark.parametrize("far", [0.0, 60.0])
def test_the_gradient_is_the_slope_of_the_value_in_the_middle_and_in_the_tails(
    n_moves: int, far: float, family: str
) -> None:
    data = data_of(random_rows(n_moves), family)
    effects, stalled_logit, log_shape = random_parameters(n_moves)
    effects[:, n_moves - 1 :] += far
    stalled_logit -= 10 * far
    flat = np.concatenate([effects.ravel(), [stalled_logit], log_shape])

    def value(point: Floats) -> float:
        return float(
            stage_log_likelihood(
                point[: effects.size].reshape(effects.shape), point[effects.size], point[effects.size + 1 :], data
            )[0]
        )

    _, by_effect, by_stalled, by_shape = stage_log_likelihood(effects, stalled_logit, log_shape, data)
    gradient = np.concatenate([by_effect.ravel(), [by_stalled], by_shape])
    step = 1e-5
    slope = np.array([(value(flat + step * e) - value(flat - step * e)) / (2 * step) for e in np.eye(flat.size)])
    np.testing.assert_allclose(gradient, slope, rtol=2e-5, atol=2e-5 * max(1.0, float(np.abs(gradient).max())))


@pytest.mark.parametrize("odds", [-700.0, -40.0, 0.0, 40.0, 700.0])
@pytest.mark.parametrize("stalled_logit", [-700.0, -30.0, 30.0, 700.0])
@pytest.mark.parametrize("log_median", [-60.0, 0.0, 15.0, 80.0])
@pytest.mark.parametrize("log_shape", [-7.0, 0.0, 6.0])
@pytest.mark.parametrize("family", PARAMETRIC)
def test_value_and_gradient_are_finite_wherever_the_sampler_may_go(
    odds: float, stalled_logit: float, log_median: float, log_shape: float, family: str
) -> None:
    effects = np.full((3, 5), log_median)
    effects[:, :2] = odds
    found = stage_log_likelihood(effects, stalled_logit, np.full(3, log_shape), data_of(random_rows(3), family))
    for part in found:
        assert np.isfinite(part).all()


def test_the_way_through_logarithms_meets_the_direct_way_at_the_seam() -> None:
    data = likelihood_inputs(compress(np.array([0]), np.array([0]), np.array([6]), n_cells=1, n_moves=2))
    medians = np.linspace(30.0, 34.0, 4001)
    values = [stage_log_likelihood(np.array([[0.0, m, 0.0]]), -3.0, np.zeros(2), data)[0] for m in medians]
    assert min(values) < math.log(1e-200) < max(values)
    np.testing.assert_allclose(np.diff(values, n=3), 0.0, atol=1e-8)


def test_log_tails_hold_far_beyond_floating_point_numbers() -> None:
    for z in (-45.0, -20.1, -19.9, -3.0, 0.0, 2.0, 19.9, 20.1, 45.0):
        below, above = log_tails(z)
        assert below == pytest.approx(stats.norm.logcdf(z), rel=1e-10, abs=1e-300)
        assert above == pytest.approx(stats.norm.logsf(z), rel=1e-10, abs=1e-300)
    assert log_interval(*log_tails(50.0), *log_tails(51.0)) == pytest.approx(stats.norm.logsf(50.0), rel=1e-12)
    assert log_interval(*log_tails(-51.0), *log_tails(-50.0)) == pytest.approx(stats.norm.logcdf(-50.0), rel=1e-12)


def test_shares_of_moves_sum_to_one_and_never_vanish() -> None:
    odds = np.array([[-800.0, 3.0], [0.3, -800.0], [800.0, 800.0]])
    share = move_shares(odds)
    np.testing.assert_allclose(share.sum(axis=1), 1.0, rtol=1e-12)
    assert (share > 0).all()


@pytest.mark.parametrize(("days", "tolerance"), [(0, 0.06), (1, 0.005), (2, 0.001), (5, 1e-4), (14, 1e-5)])
def test_three_nodes_are_enough_for_the_unknown_time_of_day(days: int, tolerance: float) -> None:
    for median, sigma in ((1.0, 0.8), (3.0, 0.8), (10.0, 0.8), (5.0, 1.3)):
        exact = integrate.quad(_inside, 0, 1, args=(days, median, sigma), epsabs=1e-14)[0]
        by_nodes = float(NODE_WEIGHTS @ [_inside(u, days, median, sigma) for u in NODES])
        assert by_nodes == pytest.approx(exact, rel=tolerance, abs=1e-5)


def _inside(u: float, days: int, median: float, sigma: float) -> float:
    cdf = stats.lognorm(sigma, scale=median).cdf
    return float(cdf(days + 1 - u) - cdf(max(days - u, 0.0)))
