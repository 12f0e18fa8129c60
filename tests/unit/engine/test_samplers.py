from __future__ import annotations

import math

import numpy as np
import pytest
import twin
from numba import njit
from plans import chain_plan
from scipy import special, stats

from simcast.engine import rng
from simcast.engine.arrivals import count_new_deals
from simcast.engine.block import BLOCK
from simcast.engine.counts import count
from simcast.engine.gamma import gamma_log_survival, gamma_log_tails, gamma_quantile
from simcast.engine.normal import normal_log_survival, normal_survival, normal_upper_quantile
from simcast.engine.rng import ARRIVALS, uniforms
from simcast.engine.samplers import FAMILIES, isf_of_log, log_survival, survival

LAWS = {
    "exponential": (3.0, 1.0, stats.expon(scale=3.0)),
    "lognormal": (3.0, 0.8, stats.lognorm(0.8, scale=3.0)),
    "weibull": (3.0, 0.6, stats.weibull_min(1 / 0.6, scale=3.0)),
    "loglogistic": (3.0, 0.5, stats.fisk(2.0, scale=3.0)),
    "gamma": (3.0, 2.5, stats.gamma(2.5, scale=3.0)),
}


def test_threefry_gives_the_published_known_answers() -> None:
    """Random123, kat_vectors, threefry2x64 with 20 rounds."""
    known = [
        ((0, 0), (0, 0), (0xC2B6E3A8C2C69865, 0x6F81ED42F350084D)),
        ((2**64 - 1,) * 2, (2**64 - 1,) * 2, (0xE02CB7C4D95D277A, 0xD06633D0893B8B68)),
        (
            (0xA4093822299F31D0, 0x082EFA98EC4E6C89),
            (0x243F6A8885A308D3, 0x13198A2E03707344),
            (0x263C7D30BB0F0AF1, 0x56BE8361D3311526),
        ),
    ]
    for key, counter, expected in known:
        words = rng.threefry(*(np.uint64(word) for word in (*key, *counter)))
        assert tuple(map(int, words)) == expected
        assert twin.threefry(key, counter) == expected


def test_uniforms_of_different_events_are_different_and_in_the_unit_interval() -> None:
    drawn = {
        u
        for future in range(4)
        for key in range(4)
        for visit in range(4)
        for purpose in range(6)
        for u in rng.uniforms(np.uint64(1), future, np.uint64(key), visit, np.uint64(purpose))
    }
    assert len(drawn) == 4**3 * 6 * 2
    assert all(0 < u < 1 for u in drawn)


def test_no_bits_at_all_give_a_uniform_of_0_or_1() -> None:
    to_unit = njit(lambda bits: rng.to_unit(bits))  # a part of what calls it, which Python cannot
    assert 0 < to_unit(np.uint64(0)) < to_unit(np.uint64(2**64 - 1)) < 1


def test_all_draws_are_used_equally_often() -> None:
    used = rng.draw_of_futures(np.uint64(7), 120, 40)
    assert np.bincount(used, minlength=40).tolist() == [3] * 40
    assert not np.array_equal(used[:40], used[40:80])


def test_a_future_keeps_its_draw_when_more_are_played() -> None:
    assert np.array_equal(rng.draw_of_futures(np.uint64(7), 10, 40), rng.draw_of_futures(np.uint64(7), 500, 40)[:10])


@pytest.mark.parametrize("family", LAWS)
def test_quantile_and_survival_agree_with_scipy(family: str) -> None:
    scale, shape, law = LAWS[family]
    code = FAMILIES.index(family)
    for u in (1e-9, 1e-4, 0.02, 0.3, 0.5, 0.77, 0.999, 1 - 1e-7):
        assert isf_of_log(code, scale, shape, math.log(u)) == pytest.approx(law.isf(u), rel=1e-8)
    for days in (0.0, 0.01, 0.5, 3.0, 20.0, 90.0):
        assert survival(code, scale, shape, days) == pytest.approx(law.sf(days), rel=3e-6, abs=1e-300)
        assert log_survival(code, scale, shape, days) == pytest.approx(law.logsf(days), rel=1e-9, abs=1e-12)


def test_a_constant_time_is_survived_until_it_comes() -> None:
    assert isf_of_log(0, 5.0, 0.0, math.log(0.3)) == 5.0
    assert [survival(0, 5.0, 0.0, days) for days in (0.0, 4.9, 5.0, 6.0)] == [1.0, 1.0, 0.0, 0.0]


def test_normal_survival_is_within_two_millionths_of_its_value() -> None:
    z = np.linspace(-9, 12, 4001)
    np.testing.assert_allclose([normal_survival(x) for x in z], special.ndtr(-z), rtol=2e-6)


@pytest.mark.parametrize("z", [-5.0, 0.0, 3.0, 24.9, 25.1, 37.0, 60.0, 400.0])
def test_the_normal_tail_and_its_inverse_agree_far_out(z: float) -> None:
    assert normal_log_survival(z) == pytest.approx(special.log_ndtr(-z), rel=1e-12)
    if z > -5:
        assert normal_upper_quantile(normal_log_survival(z)) == pytest.approx(z, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("k", [0.05, 0.5, 1.0, 3.0, 50.0])
def test_the_gamma_tail_and_its_inverse_agree_with_scipy(k: float) -> None:
    for x in (0.01, 0.5, 3.0, 40.0, 200.0):
        assert gamma_log_survival(k, x) == pytest.approx(float(stats.gamma.logsf(x, k)), rel=1e-9, abs=1e-13)
    for log_s in (-1e-3, -0.5, -3.0, -50.0, -600.0):
        assert gamma_log_survival(k, gamma_quantile(k, log_s)) == pytest.approx(log_s, rel=1e-9)


@pytest.mark.parametrize("k", np.geomspace(1e-3, 1e4, 15))
def test_the_gamma_quantile_holds_the_smaller_tail_to_twelve_digits(k: float) -> None:
    for log_s in np.concatenate([-np.geomspace(1e-15, 0.7, 40), -np.geomspace(0.7, 1e6, 60)]):
        log_p, x = math.log(-math.expm1(log_s)), gamma_quantile(k, log_s)
        if x > 1e-300:  # for small k the lower quantiles are below the range of floats
            found_p, found_s = gamma_log_tails(k, x)
            found, wanted = (found_p, log_p) if log_p < log_s else (found_s, log_s)
            assert found == pytest.approx(wanted, rel=1e-12 * max(k, 1.0) ** 0.5, abs=1e-12 * max(k, 1.0) ** 0.5)
    assert (gamma_quantile(k, 0.0), gamma_quantile(k, -math.inf)) == (0.0, math.inf)


@pytest.mark.parametrize("mean", [0.01, 0.7, 5.0, 80.0, 900.0, 12_000.0])
@pytest.mark.parametrize("size", [math.inf, 0.5, 3.0, 50.0])
def test_counts_are_the_quantiles_of_their_distribution(mean: float, size: float) -> None:
    u = np.random.default_rng(0).random(200)
    law = stats.poisson(mean) if math.isinf(size) else stats.nbinom(size, size / (size + mean))
    assert [count(mean, size, p) for p in u] == law.ppf(u).tolist()


def test_millions_a_day_that_spread_widely_have_their_quantiles_too() -> None:
    """Nothing at all is then less likely than the smallest float, and the sum cannot start there."""
    mean, size = 5e6, 70.0
    u = [1e-9, 0.1, 0.5, 0.9, 0.999]
    law = stats.nbinom(size, size / (size + mean))
    assert [count(mean, size, p) for p in u] == pytest.approx(law.ppf(u).tolist(), rel=1e-6)


@pytest.mark.parametrize(
    ("per_day", "size"), [(0.0, 2.0), (0.3, 0.4), (0.8, math.inf), (5.0, 1e12), (900.0, math.inf), (2000.0, 3.0)]
)
def test_the_days_of_a_plan_have_the_quantiles_of_their_uniforms(per_day: float, size: float) -> None:
    """Over more days than a block holds, and with means at which nothing is as good as impossible."""
    days = BLOCK + 100
    plan = chain_plan(2, days, (0.5,), per_day=per_day)._replace(arrival_size=np.array([[size]]))
    counts = np.zeros(2, np.int64)
    count_new_deals(plan, counts)
    law = stats.poisson(per_day) if math.isinf(size) else stats.nbinom(size, size / (size + per_day))
    keys = [np.uint64((int(plan.arrival_key[0]) + day) % 2**64) for day in range(days)]
    u = [[uniforms(plan.seed, future, key, 0, ARRIVALS)[0] for key in keys] for future in range(2)]
    assert counts.tolist() == (law.ppf(u).sum(axis=1).tolist() if per_day else [0, 0])


def test_more_arrivals_never_take_one_away() -> None:
    for u in np.random.default_rng(1).random(100):
        counts = [count(mean, 2.0, u) for mean in np.linspace(0, 20, 41)]
        assert counts == sorted(counts)
