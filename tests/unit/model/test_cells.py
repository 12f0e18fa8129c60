"""Cells: segments alone, or with quarters and classes of amounts."""

from __future__ import annotations

import numpy as np

from simcast.model.cells import AMOUNT_CLASSES, find_cells

SEGMENT = np.array([0, 1, 1, 2, 2, 2])


def test_without_drift_and_amounts_the_cells_are_the_segments_those_without_stays_too() -> None:
    cells, cell = find_cells(SEGMENT, 4)
    assert (cells.n_cells, cells.n_quarters, cells.with_amount) == (4, 1, False)
    np.testing.assert_array_equal(cell, SEGMENT)


def test_with_drift_every_segment_and_quarter_that_occurs_is_a_cell() -> None:
    quarter = np.array([0, 0, 3, 1, 1, 3])
    cells, cell = find_cells(SEGMENT, 3, quarter)
    assert cells.n_quarters == 4
    np.testing.assert_array_equal(cells.segment[cell], SEGMENT)
    np.testing.assert_array_equal(cells.quarter[cell], quarter)
    assert cells.n_cells == 5


def test_amounts_fall_into_classes_of_equal_size_that_stand_at_their_means_and_unknown_ones_at_zero() -> None:
    generator = np.random.default_rng(1)
    log_amount = generator.normal(0.3, 1.0, 7000)
    log_amount[::10] = np.nan
    cells, cell = find_cells(np.zeros(7000, dtype=np.int64), 1, None, log_amount)
    assert cells.with_amount
    stands_at = cells.log_amount[cell]
    assert (stands_at[::10] == 0.0).all()
    known = np.isfinite(log_amount)
    assert len(np.unique(stands_at[known])) == AMOUNT_CLASSES
    sizes = np.unique(stands_at[known], return_counts=True)[1]
    assert sizes.max() - sizes.min() <= 1
    np.testing.assert_allclose(stands_at[known].mean(), log_amount[known].mean(), rtol=1e-12)
    assert np.corrcoef(stands_at[known], log_amount[known])[0, 1] > 0.95


def test_equal_amounts_make_one_class() -> None:
    cells, _ = find_cells(np.zeros(50, dtype=np.int64), 1, None, np.full(50, 0.7))
    np.testing.assert_allclose(cells.log_amount, [0.7])


def test_cells_of_one_segment_and_quarter_are_alike_in_their_days_whatever_the_amount() -> None:
    log_amount = np.array([1.0, 2.0, np.nan, 1.0, 2.0, 3.0])
    cells, _ = find_cells(SEGMENT, 3, np.array([0, 1, 1, 0, 0, 1]), log_amount)
    alike = cells.days_of
    np.testing.assert_array_equal(cells.segment[alike], cells.segment)
    np.testing.assert_array_equal(cells.quarter[alike], cells.quarter)
    np.testing.assert_array_equal(alike[alike], alike)
    assert len(np.unique(alike)) == 4 < cells.n_cells
    np.testing.assert_array_equal(find_cells(SEGMENT, 4)[0].days_of, np.arange(4))
