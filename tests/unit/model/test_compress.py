"""Compression of stays to distinct rows: counts are kept, and binning loses nothing that matters."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from simcast.model.compress import bin_starts, compress, likelihood_inputs
from simcast.model.kernels.stage import stage_log_likelihood


def stays(n: int = 40_000, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lognormal stays, median 30 and 60 days, seen for a time uniform on 0..400 days."""
    generator = np.random.default_rng(seed)
    move = generator.integers(0, 2, n)
    days = np.array([30.0, 60.0])[move] * np.exp(0.9 * generator.standard_normal(n))
    seen = generator.uniform(0, 400, n)
    clock = generator.random(n)
    ended = days < seen
    whole = np.where(ended, np.floor(clock + days), np.ceil(seen)).astype(np.int64)
    return np.zeros(n, dtype=np.int64), np.where(ended, move, -1), whole


def test_every_stay_is_in_some_row_and_every_bin_holds_its_days() -> None:
    segment, move, days = stays(5000)
    rows = compress(segment, move, days, n_cells=1, n_moves=2)
    assert rows.n_ended == int((move >= 0).sum())
    assert rows.n_open == int(((move < 0) & (days > 0)).sum())
    assert (rows.low_days <= rows.high_days).all()
    exact = rows.high_days <= 14
    np.testing.assert_array_equal(rows.low_days[exact], rows.high_days[exact])
    for low, high, code, count in zip(rows.low_days, rows.high_days, rows.move, rows.count, strict=True):
        assert count == ((move == code) & (days >= low) & (days <= high)).sum()


def test_bins_are_whole_days_without_gaps_and_grow_by_eight_per_cent() -> None:
    starts = bin_starts(3000)
    widths = np.diff(starts)
    np.testing.assert_array_equal(widths[:15], 1)
    assert (widths >= 1).all()
    assert (widths[15:] <= np.maximum(1, 0.08 * starts[15:-1])).all()
    assert starts[-2] <= 3000 < starts[-1]


def test_days_alone_have_a_bin_of_their_own_and_the_rest_of_their_bins_is_kept() -> None:
    segment, move, days = stays(5000)
    alone = np.array([6, 60, 210])
    rows = compress(segment, move, days, n_cells=1, n_moves=2, alone=alone)
    usual = compress(segment, move, days, n_cells=1, n_moves=2)
    for day in alone:
        own = (rows.low_days <= day) & (rows.high_days >= day)
        assert (rows.low_days[own] == rows.high_days[own]).all()
        assert rows.count[own].sum() == ((move >= 0) & (days == day)).sum()
    assert set(np.unique(rows.low_days)) >= set(np.unique(usual.low_days)) - set(alone)
    assert rows.n_ended == usual.n_ended
    np.testing.assert_array_equal(bin_starts(3000, np.array([5000])), bin_starts(3000))


def test_rows_grow_far_slower_than_deals() -> None:
    few = compress(*stays(5_000), n_cells=1, n_moves=2)
    many = compress(*stays(200_000), n_cells=1, n_moves=2)
    assert len(many.count) + len(many.open_count) < 2 * (len(few.count) + len(few.open_count))


def test_binning_moves_the_estimates_by_far_less_than_their_uncertainty() -> None:
    """Maximum likelihood with and without bins, 40,000 stays: at most a twentieth of a standard error apart."""
    segment, move, days = stays()
    found = []
    for binned in (True, False):
        data = likelihood_inputs(compress(segment, move, days, n_cells=1, n_moves=2, binned=binned))

        def minus(point: np.ndarray, data: object = data) -> tuple[float, np.ndarray]:
            value, by_effect, by_stalled, by_shape = stage_log_likelihood(point[None, :3], point[3], point[4:], data)
            return -value, -np.concatenate([by_effect[0], [by_stalled], by_shape])

        start = np.array([0.0, np.log(30), np.log(60), -5.0, 0.0, 0.0])
        found.append(minimize(minus, start, jac=True, method="L-BFGS-B", bounds=[(None, None)] * 3 + [(-9, 9)] * 3).x)
    standard_error = 0.9 / np.sqrt(20_000)  # of a log median without censoring: the smallest there can be
    assert np.abs(found[0] - found[1])[[0, 1, 2, 4, 5]].max() < standard_error / 20


def test_no_stays_at_all_are_no_rows() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    rows = compress(nothing, nothing, nothing, n_cells=2, n_moves=3)
    data = likelihood_inputs(rows)
    assert rows.n_ended == rows.n_open == 0
    value = stage_log_likelihood(np.zeros((2, 5)), 0.0, np.zeros(3), data)
    assert value[0] == 0.0
    assert not value[1].any()
