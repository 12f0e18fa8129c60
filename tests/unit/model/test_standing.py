"""What a stage lets expect of another one: against dense normal algebra, and what must not move it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import lognorm, multivariate_normal

from simcast.model.cells import Cells
from simcast.model.hierarchy import SegmentLayout
from simcast.model.standing import expected_elsewhere, relative_log_odds, standings
from simcast.model.stays import StageStays

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FORWARD, LOST, OPEN = 0, 1, -1
LAYOUT = SegmentLayout(3)
CROSSED = SegmentLayout(4, ((0, 0, 1, 1), (0, 1, 0, 1)))


def stage_of(segment: Ints, move: Ints, days: Ints, n_segments: int) -> StageStays:
    return StageStays(2, Cells.of_segments(n_segments), segment, move, days, np.zeros_like(days))


def decided(forward: list[int], lost: list[int]) -> StageStays:
    """A stage whose stays all ended on the day of entry: so many per segment."""
    n_segments = len(forward)
    segment = np.repeat(np.tile(np.arange(n_segments), 2), [*forward, *lost])
    move = np.repeat([FORWARD, LOST], [sum(forward), sum(lost)])
    return stage_of(segment, move, np.zeros_like(segment), n_segments)


def test_without_ages_log_odds_are_those_of_a_table() -> None:
    forward, lost = np.array([30.0, 10.0, 20.0]), np.array([10.0, 30.0, 20.0])
    value, variance = relative_log_odds(decided([30, 10, 20], [10, 30, 20]))
    expected = (forward + lost) * 0.5 + 0.5
    assert value == pytest.approx(np.log((forward + 0.5) / (lost + 0.5)))
    assert variance == pytest.approx(2.0 / expected)


def test_a_segment_whose_deals_are_younger_is_no_better() -> None:
    """Moves forward come early and losses late: of young deals only the former have been seen."""
    generator = np.random.default_rng(1)
    n = 20_000
    segment = np.repeat([0, 1], n)
    age = np.where(segment == 0, 400, generator.integers(1, 40, 2 * n))
    move = np.where(generator.random(2 * n) < 0.5, FORWARD, LOST)
    scale = np.where(move == FORWARD, 5.0, 40.0)
    days = np.floor(lognorm.rvs(0.6, scale=scale, random_state=generator)).astype(np.int64)
    is_open = days >= age
    stays = stage_of(segment, np.where(is_open, OPEN, move), np.where(is_open, age, days), 2)
    ended = np.array([[np.sum(~is_open & (segment == one) & (move == to)) for to in (0, 1)] for one in (0, 1)])
    counted = np.log(ended[:, 0] / ended[:, 1])
    value, _ = relative_log_odds(stays)
    assert counted[1] - counted[0] > 1.0
    assert abs(value[1] - value[0]) < 0.05


@pytest.mark.parametrize("layout", [LAYOUT, CROSSED], ids=["one column", "crossed columns"])
def test_expectations_are_those_of_one_large_normal_distribution(layout: SegmentLayout) -> None:
    """Conditioned on all stages at once, with a mean of each stage that may be anything."""
    generator = np.random.default_rng(2)
    n_stages, n_segments = 3, layout.n_segments
    parts = [np.eye(n_segments)] + [np.eye(2)[list(codes)] for codes in layout.column_codes]
    design = np.hstack(parts)
    value = generator.normal(0.0, 0.5, (n_stages, n_segments))
    variance = generator.uniform(0.02, 0.3, (n_stages, n_segments))
    spreads = np.geomspace(0.03, 1.2, 7)
    means, covariances, weights = [], [], []
    for lasting, own in itertools.product(spreads, repeat=2):
        shared = lasting**2 * design @ design.T
        anything = 1e4 * np.kron(np.eye(n_stages), np.ones((n_segments, n_segments)))
        covariance = np.kron(np.ones((n_stages, n_stages)), shared) + anything
        covariance += np.diag((variance + own**2).ravel())
        between = np.kron(np.ones((1, n_stages)), shared)
        means.append(between @ np.linalg.solve(covariance, value.ravel()))
        covariances.append(shared - between @ np.linalg.solve(covariance, between.T))
        density = multivariate_normal.logpdf(value.ravel(), cov=covariance)
        weights.append(density - 0.5 * np.sum(np.log([lasting / 0.15, own / 0.3]) ** 2) / 0.8**2)
    likely = np.exp(np.array(weights) - max(weights))
    likely /= likely.sum()
    mean = likely @ np.array(means)
    spread = np.einsum("g,gij->ij", likely, np.array(covariances)) + np.cov(np.array(means).T, aweights=likely, ddof=0)
    found, uncertain = expected_elsewhere(value, variance, csr_array(design))
    assert found == pytest.approx(mean, rel=1e-3, abs=1e-4)
    assert uncertain == pytest.approx(spread, rel=5e-3, abs=1e-4)


def test_errors_have_the_covariance_and_are_those_of_all_stages() -> None:
    good = decided([60, 20, 40], [20, 60, 40])
    one, other = standings([good, good, decided([6, 2, 4], [2, 6, 4])], LAYOUT)[:2]
    errors = one.errors(4, 20_000, 7)
    assert np.cov(errors.reshape(-1, 3).T) == pytest.approx(one.root @ one.root, rel=0.05, abs=1e-4)
    assert errors.sum(axis=2) == pytest.approx(0.0, abs=1e-6)
    assert np.corrcoef(errors[..., 0].ravel(), other.errors(4, 20_000, 7)[..., 0].ravel())[0, 1] > 0.9


def test_a_stage_tells_nothing_of_itself() -> None:
    good, bad = decided([60, 20, 40], [20, 60, 40]), decided([20, 60, 40], [60, 20, 40])
    found, other = standings([good, good, good], LAYOUT), standings([bad, good, good], LAYOUT)
    assert found[0].mean.tolist() == other[0].mean.tolist()
    assert found[0].root.tolist() == other[0].root.tolist()
    assert other[1].mean != pytest.approx(found[1].mean, abs=0.05)
    assert [one.mean.sum() for one in found] == pytest.approx([0.0] * 3, abs=1e-12)


def test_stages_that_agree_let_expect_more_than_stages_that_do_not() -> None:
    good, bad = decided([600, 200, 400], [200, 600, 400]), decided([200, 600, 400], [600, 200, 400])
    log_odds = np.log(3.0)
    agreed = standings([good] * 5, LAYOUT)[0].mean
    assert agreed[0] == pytest.approx(log_odds, rel=0.1)
    assert agreed == pytest.approx([agreed[0], -agreed[0], 0.0], abs=1e-6)
    mixed = standings([good, good, bad, good, bad], LAYOUT)[0].mean
    assert np.abs(mixed).max() < 0.1 * log_odds


def test_a_value_that_does_well_lifts_a_segment_of_which_nothing_is_known() -> None:
    stages = [decided([0, 200, 100, 100], [0, 100, 200, 200])] * 3
    found = standings(stages, CROSSED)[0].mean
    assert found[0] > 0.1
    assert np.argmax(found) == 1
