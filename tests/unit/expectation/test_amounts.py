from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.engine.amounts import AMOUNT_FAMILIES, EMPIRICAL_CODE
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, GAMMA, LOGLOGISTIC, LOGNORMAL, WEIBULL
from simcast.expectation.amounts import AmountLaw, mean_amount, mean_worth

NO_QUANTILES = np.zeros(0)
LAWS = [
    (EXPONENTIAL, 0.0, stats.expon(scale=50.0)),
    (LOGNORMAL, 0.9, stats.lognorm(0.9, scale=50.0)),
    (WEIBULL, 0.7, stats.weibull_min(1 / 0.7, scale=50.0)),
    (LOGLOGISTIC, 0.4, stats.fisk(2.5, scale=50.0)),
    (GAMMA, 1.7, stats.gamma(1.7, scale=50.0)),
]


@pytest.mark.parametrize(("family", "shape", "law"), LAWS, ids=[AMOUNT_FAMILIES[row[0]] for row in LAWS])
def test_mean_amounts_are_those_of_the_families(family: int, shape: float, law: stats.rv_frozen) -> None:
    assert mean_amount(AmountLaw(family, 50.0, shape, np.inf, 1.0), NO_QUANTILES) == pytest.approx(law.mean())
    taken_off = law.expect(lambda x: max(0.0, 1.2 * x - 30.0))
    assert mean_worth(AmountLaw(family, 50.0, shape, np.inf, 1.0), NO_QUANTILES, 1.2, -30.0) == pytest.approx(
        taken_off, rel=1e-3
    )
    assert mean_worth(AmountLaw(family, 50.0, shape, np.inf, 1.0), NO_QUANTILES, 1.2, 30.0) == pytest.approx(
        1.2 * law.mean() + 30.0
    )


def test_constant_empirical_and_missing_amounts_have_their_means() -> None:
    known = np.array([0.5, 1.0, 3.0])
    assert mean_amount(AmountLaw(CONSTANT, 50.0, 0.0, np.inf, 1.0), NO_QUANTILES) == 50.0
    assert mean_amount(AmountLaw(EMPIRICAL_CODE, 50.0, 0.0, np.inf, 1.0), known) == pytest.approx(75.0)
    assert mean_amount(AmountLaw(LOGNORMAL, 0.0, 1.0, np.inf, 1.0), NO_QUANTILES) == 0.0
    assert mean_worth(AmountLaw(LOGNORMAL, 0.0, 1.0, np.inf, 1.0), NO_QUANTILES, 2.0, -5.0) == 0.0


def test_amounts_of_0_count_for_nothing_and_no_lever_takes_from_them() -> None:
    law = stats.lognorm(0.9, scale=50.0)
    some = AmountLaw(LOGNORMAL, 50.0, 0.9, np.inf, 0.3)
    assert mean_amount(some, NO_QUANTILES) == pytest.approx(0.3 * law.mean())
    taken_off = 0.3 * law.expect(lambda x: max(0.0, 1.2 * x - 30.0))
    assert mean_worth(some, NO_QUANTILES, 1.2, -30.0) == pytest.approx(taken_off, rel=1e-3)
    assert mean_worth(some, NO_QUANTILES, 1.2, 30.0) == pytest.approx(0.36 * law.mean() + 30.0)
    assert mean_amount(AmountLaw(LOGLOGISTIC, 50.0, 1.0, np.inf, 0.0), NO_QUANTILES) == 0.0


def test_a_tail_too_heavy_has_an_infinite_mean() -> None:
    assert mean_amount(AmountLaw(LOGLOGISTIC, 50.0, 1.0, np.inf, 1.0), NO_QUANTILES) == np.inf


@pytest.mark.parametrize("most", [20.0, 50.0, 400.0])
def test_a_bounded_lognormal_has_the_mean_of_what_it_is_at_most(most: float) -> None:
    law, bounded = stats.lognorm(0.9, scale=50.0), AmountLaw(LOGNORMAL, 50.0, 0.9, most, 1.0)
    expected = law.expect(lambda x: min(x, most), lb=0.0, ub=most) + most * law.sf(most)
    assert mean_amount(bounded, NO_QUANTILES) == pytest.approx(expected, rel=1e-6)
    assert mean_amount(bounded, NO_QUANTILES) < 0.99 * law.mean()
    taken_off = law.expect(lambda x: max(0.0, 1.2 * x - 15.0), lb=0.0, ub=most) + (1.2 * most - 15.0) * law.sf(most)
    assert mean_worth(bounded, NO_QUANTILES, 1.2, -15.0) == pytest.approx(taken_off, rel=1e-3)
    assert mean_amount(AmountLaw(LOGNORMAL, 50.0, 0.0, most, 1.0), NO_QUANTILES) == min(50.0, most)
