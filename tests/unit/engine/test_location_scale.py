from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray
from scipy import special, stats

from simcast.engine import location_scale
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, GAMMA, LOGLOGISTIC, LOGNORMAL, WEIBULL


@njit
def days(family: int, scale: float, shape: float, u: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    law, power = np.uint64(location_scale.STANDARD_LAW[family]), location_scale.shape_in_powers(family, shape)
    for i in range(len(u)):
        if location_scale.is_far(u[i]):
            standard = location_scale.far_quantile(law, np.log(u[i]))
        else:
            point, way = location_scale.point_and_way(u[i])
            standard = location_scale.quantile_at(law, np.uint32(point), way)
        found[i] = scale * location_scale.power_of_two(power * standard)


@njit
def powers(x: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    for i in range(len(x)):
        found[i] = location_scale.power_of_two(x[i])


def exceeded(family: int, u: NDArray[np.float64], scale: float = 3.0, shape: float = 0.8) -> NDArray[np.float64]:
    found = np.empty_like(u)
    days(family, scale, shape, u, found)
    return found


LAWS = {
    "exponential": (EXPONENTIAL, stats.expon(scale=3.0)),
    "lognormal": (LOGNORMAL, stats.lognorm(0.8, scale=3.0)),
    "weibull": (WEIBULL, stats.weibull_min(1 / 0.8, scale=3.0)),
    "loglogistic": (LOGLOGISTIC, stats.fisk(1 / 0.8, scale=3.0)),
}


@pytest.mark.parametrize("family", LAWS)
def test_times_are_right_within_two_millionths_to_the_last_bit_of_a_uniform(family: str) -> None:
    code, law = LAWS[family]
    ends = 2.0 ** -np.arange(1.0, 53.0)
    u = np.concatenate([np.random.default_rng(0).random(20_000), ends, 1.0 - ends])
    np.testing.assert_allclose(exceeded(code, u), law.isf(u), rtol=2e-6)


@pytest.mark.parametrize("family", LAWS)
def test_the_mean_is_right_within_a_millionth(family: str) -> None:
    """At the middles of equal shares, up to a truncation that both have alike."""
    code, law = LAWS[family]
    u = (np.arange(400_000) + 0.5) / 400_000
    assert exceeded(code, u).mean() == pytest.approx(law.isf(u).mean(), rel=1e-6)


@pytest.mark.parametrize("family", LAWS)
def test_the_larger_the_share_the_shorter_the_stay(family: str) -> None:
    nodes = np.concatenate([2.0 ** -np.arange(1.0, 25.0), 1.0 - 2.0 ** -np.arange(2.0, 25.0)])
    edges = np.concatenate([np.nextafter(nodes, 0.0), nodes, np.nextafter(nodes, 1.0)])
    u = np.sort(np.concatenate([np.random.default_rng(1).random(100_000), edges]))
    # To rounding: the steps of the exponential function's pieces may be an ulp or two.
    found = exceeded(LAWS[family][0], u)
    assert np.all(np.diff(found) <= 4e-16 * found[1:])


def test_powers_of_two_are_right_within_a_billionth_and_exact_at_none() -> None:
    x = np.linspace(-60.0, 60.0, 100_001)
    x[50_000] = 0.0
    found = np.empty_like(x)
    powers(x, found)
    np.testing.assert_allclose(found, np.exp2(x), rtol=1e-9)
    assert found[50_000] == 1.0
    powers(np.array([-np.inf, -1e9, 1e9]), found)
    assert found[:3].tolist() == [2.0**-1000, 2.0**-1000, 2.0**1000]


def test_constant_times_are_exact_and_gamma_times_have_no_table() -> None:
    assert exceeded(CONSTANT, np.array([1e-9, 0.3, 0.5, 0.9]), scale=5.0).tolist() == [5.0] * 4
    assert location_scale.STANDARD_LAW[GAMMA] == location_scale.OTHER_FAMILY


def test_a_coarse_uniform_table_would_fail() -> None:
    """The negative control: 512 points at equal distances bias the mean a hundred times as much as the bound."""
    u = (np.arange(400_000) + 0.5) / 400_000
    grid = (np.arange(513) + 1e-9) / (512 + 2e-9)
    coarse = 3.0 * np.exp(0.8 * np.interp(u, grid, -special.ndtri(np.clip(grid, 1e-4, 1 - 1e-4))))
    assert coarse.mean() != pytest.approx(LAWS["lognormal"][1].isf(u).mean(), rel=1e-4)
