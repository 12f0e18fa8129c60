"""Hazards of pieces that no stay has reached: the walk's own prior, from the last hazard that is told."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simcast.model.beyond_record import hazards_in_all_pieces
from simcast.model.pieces import N_PIECES, PIECE_STARTS, Pieces, Spike

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_DRAWS, N_TOLD = 4000, 30
STEP = np.array([0.2, 0.7])
MIDDLE_DAY = np.maximum(0.5 * (PIECE_STARTS[:-1] + PIECE_STARTS[1:] - 1), 1.0)
TOLD = np.tile(np.linspace(-2.0, -5.0, N_TOLD), (N_DRAWS, 2, 1))


def laid_out(step: Floats = STEP, starts: Ints = PIECE_STARTS) -> Floats:
    by_draw = np.tile(step, (N_DRAWS, 1))
    return hazards_in_all_pieces(TOLD, by_draw, PIECE_STARTS[:N_TOLD], starts, np.random.default_rng(7))


def test_what_is_told_stays_what_it_is() -> None:
    np.testing.assert_array_equal(laid_out()[..., :N_TOLD], TOLD)


@pytest.mark.parametrize("move", [0, 1])
def test_beyond_it_every_piece_is_a_normal_step_of_the_walk_s_spread_away(move: int) -> None:
    """16 pieces, two moves: a false alarm once in 10,000 runs of a sound program."""
    walk = laid_out()[:, move] + np.log(MIDDLE_DAY)
    steps = np.diff(walk[:, N_TOLD - 1 :], axis=1)
    assert steps.shape[1] == N_PIECES - N_TOLD
    of_all_tests = 1e-4 / (2 * steps.shape[1])
    for step in steps.T:
        assert stats.kstest(step, stats.norm(0.0, STEP[move]).cdf).pvalue > of_all_tests
    correlated = np.corrcoef(steps.T)[np.triu_indices(steps.shape[1], 1)]
    assert np.abs(correlated).max() < 5.5 / np.sqrt(N_DRAWS)
    assert stats.kstest(steps[:, 0], stats.norm(0.0, 1.3 * STEP[move]).cdf).pvalue < of_all_tests  # it would be seen


def test_pieces_cut_up_by_a_spike_of_another_stage_add_up_to_the_same_walk() -> None:
    starts = Pieces.of(1, [Spike(0, 800)]).starts
    cut_up = laid_out(starts=starts)
    assert cut_up.shape[2] == N_PIECES + 2
    whole, last = laid_out()[:, 1, -1], cut_up[:, 1, -1]
    assert last.std() == pytest.approx(whole.std(), rel=5.0 / np.sqrt(2.0 * N_DRAWS))


def test_a_piece_that_is_told_is_not_drawn_where_another_stage_s_spike_cuts_it() -> None:
    day = int(PIECE_STARTS[N_TOLD - 1]) + 1
    starts = Pieces.of(1, [Spike(0, day)]).starts
    found = laid_out(starts=starts)
    np.testing.assert_array_equal(found[..., starts[:-1] < PIECE_STARTS[N_TOLD]].max(axis=2), TOLD.max(axis=2))
    np.testing.assert_array_equal(found[:, :, starts[:-1] == day], TOLD[:, :, -1:])
    assert (found[:, :, starts[:-1] == PIECE_STARTS[N_TOLD]] != TOLD[:, :, -1:]).all()


def test_a_walk_without_steps_falls_as_one_over_the_days() -> None:
    found = laid_out(step=np.zeros(2))
    falling = TOLD[..., -1:] + np.log(MIDDLE_DAY[N_TOLD - 1] / MIDDLE_DAY[N_TOLD:])
    np.testing.assert_allclose(found[..., N_TOLD:], falling, rtol=1e-12)


def test_the_chance_to_end_before_it_is_twice_as_old_is_the_same_at_any_age_beyond() -> None:
    """Without steps, from day 400 and from day 1600: pieces some weeks wide make it all but the same."""
    found = laid_out(step=np.zeros(2))[0, 0]
    by_day = np.exp(found[np.searchsorted(PIECE_STARTS, np.arange(3650), side="right") - 1])
    assert by_day[400:800].sum() == pytest.approx(by_day[1600:3200].sum(), rel=0.02)
