"""Recalibration mends a forecaster that is too sure, and leaves alone one that is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from simcast.backtesting.baselines import LEVELS
from simcast.backtesting.cells import distribution_cell
from simcast.backtesting.recalibration import (
    Correction,
    corrected,
    learn_correction,
    normal_score,
    recalibrated_cells,
)
from simcast.backtesting.summary import Scores, scores_of

N_LEARNED, N_HELD_OUT = 60, 300
GRID = np.asarray(stats.norm.ppf(LEVELS))


def forecasts(sd: float, seed: int, mean_error: float = 0.0) -> pd.DataFrame:
    """Forecasts with a stated sd of 1 of a truth whose sd round their means is `sd`."""
    generator = np.random.default_rng(seed)
    rows = []
    for number in range(N_LEARNED + N_HELD_OUT):
        mean = 100.0 + 10.0 * generator.standard_normal()
        actual = mean - mean_error + sd * generator.standard_normal()
        origin = pd.Timestamp("2000-01-01") + pd.DateOffset(months=number)
        labels = {"origin": origin, "until": origin + pd.Timedelta(days=27), "method": "simcast", "metric": "wins"}
        rows.append(distribution_cell(labels | {"part": "total", "value": ""}, mean + GRID, actual))
    return pd.DataFrame(rows)


def held_out(rows: pd.DataFrame) -> Scores:
    return scores_of(rows.sort_values("origin").iloc[N_LEARNED:])


def with_and_without(cells: pd.DataFrame) -> tuple[Scores, Scores]:
    return held_out(pd.DataFrame(recalibrated_cells(cells, overlap=1.0))), held_out(cells)


def test_a_forecaster_that_is_too_sure_is_widened_on_days_it_was_not_learned_from() -> None:
    """Without: 80% intervals hold Phi(1.28 / 2.5), 39%. 300 held out have an sd of 2.3 points; 4.2 sd are allowed."""
    after, before = with_and_without(forecasts(sd=2.5, seed=1))
    assert before.coverage[0.8] < 0.5
    assert 0.7 < after.coverage[0.8] < 0.9
    assert after.crps < 0.95 * before.crps


def test_a_forecaster_that_is_always_too_high_is_moved() -> None:
    after, before = with_and_without(forecasts(sd=1.0, seed=2, mean_error=2.0))
    assert before.bias > 1.7
    assert abs(after.bias) < 0.4
    assert after.crps < 0.6 * before.crps


def test_a_calibrated_forecaster_is_left_alone() -> None:
    """The negative control: what need not be mended stays within two per cent."""
    after, before = with_and_without(forecasts(sd=1.0, seed=3))
    assert after.crps == pytest.approx(before.crps, rel=0.02)
    assert abs(after.coverage[0.8] - before.coverage[0.8]) < 0.06


def test_each_forecast_learns_from_what_had_come_true_before_it_alone() -> None:
    cells = forecasts(sd=2.5, seed=4).iloc[:12]
    changed = cells.copy()
    changed.loc[changed.index[8:], "actual"] = 1e6
    one, other = (pd.DataFrame(recalibrated_cells(each, 1.0)) for each in (cells, changed))
    assert one["n_learned"].tolist() == list(range(12))
    columns = ["mean", "q0.1", "q0.9", "shift", "spread"]
    pd.testing.assert_frame_equal(one[columns].iloc[:9], other[columns].iloc[:9])
    assert (other["spread"].iloc[9:] > one["spread"].iloc[9:]).all()


def test_a_forecast_that_has_not_come_true_yet_teaches_nothing() -> None:
    cells = forecasts(sd=2.5, seed=5).iloc[:6].copy()
    cells["until"] = cells["origin"] + pd.DateOffset(months=3) - pd.Timedelta(days=1)
    assert [row["n_learned"] for row in recalibrated_cells(cells, 3.0)] == [0, 0, 0, 1, 2, 3]


def test_the_first_forecast_is_as_it_was() -> None:
    cells = forecasts(sd=2.5, seed=6).iloc[:1]
    row = recalibrated_cells(cells, 1.0)[0]
    assert row["crps"] == pytest.approx(cells["crps"].iloc[0])


@pytest.mark.parametrize("actual", [-7.0, -1.0, 0.0, 2.0, 6.5])
def test_a_normal_forecast_has_the_normal_score_of_its_outcome(actual: float) -> None:
    assert normal_score(100.0 + 3.0 * GRID, 100.0 + 3.0 * actual) == pytest.approx(actual, abs=0.02)


def test_ties_stand_in_the_middle() -> None:
    counts: NDArray[np.float64] = np.repeat([0.0, 1.0], [99, 100])
    assert normal_score(counts, 1.0) > 0 > normal_score(counts, 0.0)
    assert normal_score(np.zeros(199), 0.0) == pytest.approx(0.0, abs=1e-9)


def test_a_correction_moves_and_stretches_in_normal_scores() -> None:
    values = corrected(100.0 + GRID, Correction(shift=1.0, spread=2.0))
    assert np.median(values) == pytest.approx(101.0, abs=0.01)
    assert np.quantile(values, 0.9) - np.median(values) == pytest.approx(2 * 1.2816, rel=0.02)
    assert corrected(GRID, Correction()).min() == 0.0, "nothing is below 0"


def test_few_scores_change_little_and_overlapping_ones_less() -> None:
    scores = np.array([3.0, -3.0, 3.0, -3.0])
    nothing, alone, shared = learn_correction(scores[:0]), learn_correction(scores), learn_correction(scores, 4.0)
    assert nothing == Correction(0.0, 1.0)
    assert 1.0 < shared.spread < alone.spread < 3.0
