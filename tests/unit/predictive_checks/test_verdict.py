"""Verdicts: what chance explains, what matters, and how p-values behave."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simcast.predictive_checks.verdict import (
    SIGNIFICANCE,
    PredictiveCheck,
    Subject,
    Verdict,
    compare_number,
    distances_of_replicates,
    holm,
    judge,
    tail_probability,
)

SUBJECT = Subject("conversion", "stage лид", "all", "ended in won")


def check(p_value: float, discrepancy: float, name: str = "conversion") -> PredictiveCheck:
    return PredictiveCheck(
        name=name,
        part="stage лид",
        subset="all",
        statistic="ended in won",
        observed=0.5,
        expected=0.4,
        interval=(0.3, 0.5),
        p_value=p_value,
        discrepancy=discrepancy,
        scale="share",
        n=100,
    )


@pytest.mark.parametrize(
    ("p_value", "discrepancy", "verdict"),
    [(0.001, 0.06, "fails"), (0.001, 0.04, "differs"), (0.02, 0.5, "passes"), (1.0, 0.0, "passes")],
)
def test_a_check_fails_only_when_it_is_significant_and_it_matters(
    p_value: float, discrepancy: float, verdict: Verdict
) -> None:
    assert judge([check(p_value, discrepancy)])[0].verdict == verdict


def test_p_values_are_corrected_over_the_checks_of_the_same_name_only() -> None:
    many = [check(0.002, 0.1), *(check(0.5, 0.0) for _ in range(9)), check(0.002, 0.1, "amounts")]
    judged = judge(many)
    assert judged[0].p_adjusted == pytest.approx(0.02)
    assert judged[0].verdict == "passes"
    assert judged[-1].p_adjusted == pytest.approx(0.002)
    assert judged[-1].verdict == "fails"


def test_holm_agrees_with_its_definition_and_keeps_the_order() -> None:
    p_values = np.random.default_rng(1).random(30) ** 3
    adjusted = holm(p_values)
    order = np.argsort(p_values)
    expected = [min(1.0, max((30 - j) * p_values[order[j]] for j in range(i + 1))) for i in range(30)]
    np.testing.assert_allclose(adjusted[order], expected)


def test_no_checks_are_no_verdicts() -> None:
    assert judge([]) == ()


def test_a_replicate_is_measured_against_the_mean_of_the_others() -> None:
    values = np.array([1.0, 2.0, 6.0])
    np.testing.assert_allclose(distances_of_replicates(values), [3.0, 1.5, 4.5])


@pytest.mark.parametrize("z", [3.0, 4.0, 5.0])
def test_an_extrapolated_tail_is_careful_but_not_blind(z: float) -> None:
    """Against the exact normal tail, over 200 sets of replicates: never much too small, and small all the same."""
    generator = np.random.default_rng(2)
    found = [tail_probability(z, np.abs(generator.standard_normal(1000))) for _ in range(200)]
    exact = 2 * stats.norm.sf(z)
    assert np.median(found) > exact
    assert np.quantile(found, 0.05) > exact / 3
    assert np.median(found) < 20 * exact ** (2 / 3)


def test_p_values_of_replicates_of_themselves_are_uniform() -> None:
    """2,000 shares of 300 Bernoulli trials. At 1% and 5%, beyond 4 binomial standard errors: alarm rate 1e-4."""
    generator = np.random.default_rng(3)
    p_values = []
    for _ in range(2000):
        shares = generator.binomial(300, 0.3, 201) / 300
        p_values.append(compare_number(SUBJECT, float(shares[0]), shares[1:], scale="share", n=300).p_value)
    for level in (0.01, 0.05):
        error = np.sqrt(level * (1 - level) / len(p_values))
        assert np.mean(np.array(p_values) <= level) < level + 4 * error
    assert np.mean(np.array(p_values) <= 0.5) > 0.4, "the p-values are not those of a test that never finds anything"


def test_a_difference_that_is_there_is_found() -> None:
    shares = np.random.default_rng(4).binomial(300, 0.3, 200) / 300
    found = compare_number(SUBJECT, 0.45, shares, scale="share", n=300)
    assert found.p_value < SIGNIFICANCE / 10
    assert found.discrepancy == pytest.approx(0.15, abs=0.01)


def test_what_no_replicate_has_and_the_history_does_fails() -> None:
    found = judge([compare_number(SUBJECT, 0.4, np.full(200, np.nan), scale="share", n=30)])[0]
    assert found.verdict == "fails"
    assert np.isnan(found.expected)


def test_counts_are_compared_by_their_ratio() -> None:
    found = compare_number(SUBJECT, 130.0, np.full(200, 100.0), scale="ratio", n=30)
    assert found.discrepancy == pytest.approx(0.3)
    assert found.p_value == 0.0
    same = compare_number(SUBJECT, 0.0, np.zeros(200), scale="ratio", n=30)
    assert (same.discrepancy, same.p_value) == (0.0, 1.0)
