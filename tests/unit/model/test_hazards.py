"""Hazards by piece of time: counts, likelihood and gradient against slow twins that go day by day."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.engine.hazard import hazard_marginals
from simcast.model.cells import Cells
from simcast.model.kernels.hazard import hazard_log_likelihood
from simcast.model.pieces import HAZARD_END_DAYS, N_PIECES, PIECE_STARTS, Pieces, Spike, count_pieces, piece_of
from simcast.model.single_stays import HazardSingleStays
from simcast.model.stays import StageStays
from simcast.model.walk import Walk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def random_stays(n: int = 300, n_moves: int = 3, longest: int = 700, seed: int = 1) -> StageStays:
    generator = np.random.default_rng(seed)
    days = generator.integers(0, longest, n)
    since = np.where(generator.random(n) < 0.3, generator.integers(0, days + 1), 0)
    cell, move = generator.integers(0, 2, n), generator.integers(-1, n_moves, n)
    return StageStays(n_moves, Cells.of_segments(2), cell, move, days, since)


def with_spikes(stays: StageStays) -> StageStays:
    """Let a rule end some of the stays on day 9, on day 60 and, by two moves, on day 365."""
    days, move, since = stays.days.copy(), stays.move.copy(), stays.since.copy()
    for first, (own_move, day) in zip(range(0, 160, 40), [(2, 9), (0, 60), (0, 365), (1, 365)], strict=True):
        chosen = slice(first, first + 40)
        move[chosen], days[chosen] = own_move, day
        since[chosen] = np.minimum(since[chosen], day)
    return StageStays(stays.n_moves, stays.cells, stays.cell, move, days, since)


STAYS = {"smooth": random_stays(), "spiky": with_spikes(random_stays(n=600))}
either_course = pytest.mark.parametrize("stays", STAYS.values(), ids=STAYS.keys())


def random_hazards(n_moves: int = 3, seed: int = 2, n_pieces: int = N_PIECES) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    return generator.normal(-4.0, 1.0, (n_moves, n_pieces)), generator.normal(0.0, 0.5, (2, n_moves))


def day_by_day(
    log_hazard: Floats, effects: Floats, cell: int, move: int, days: int, since: int, starts: Ints = PIECE_STARTS
) -> float:
    """The log-likelihood of one stay, a day at a time; -1 is a stay that is still open."""
    piece = np.searchsorted(starts[:-1], np.arange(days + 1), side="right") - 1
    rate = np.exp(log_hazard[:, piece] + effects[cell][:, None])
    total = rate.sum(axis=0)
    value = -float(total[since:days].sum())
    if move >= 0:
        value += math.log1p(-math.exp(-total[days])) + math.log(rate[move, days] / total[days])
    return value


def test_pieces_are_single_days_at_first_and_cover_ten_years_without_gaps() -> None:
    assert PIECE_STARTS[:16].tolist() == list(range(16))
    assert PIECE_STARTS[-1] == HAZARD_END_DAYS
    assert (np.diff(PIECE_STARTS) > 0).all()
    assert (np.diff(PIECE_STARTS)[20:] < 0.2 * PIECE_STARTS[21:]).all()
    assert piece_of(np.array([0, 14, 15, 16, 99_999])).tolist() == [0, 14, 15, 15, N_PIECES - 1]


@either_course
def test_days_at_risk_and_ends_are_those_counted_one_by_one(stays: StageStays) -> None:
    n_pieces, of_days = stays.grid.n_pieces, stays.grid.of_days
    passed, ended = np.zeros((2, n_pieces)), np.zeros((2, n_pieces, 3))
    for cell, move, days, since in zip(stays.cell, stays.move, stays.days, stays.since, strict=True):
        for day in range(since, days):
            passed[cell, of_days(np.array([day]))[0]] += 1
        if move >= 0:
            ended[cell, of_days(np.array([days]))[0], move] += 1
    np.testing.assert_array_equal(stays.pieces.passed, passed)
    np.testing.assert_array_equal(stays.pieces.ended, ended)


@either_course
def test_the_kernel_equals_the_twin_that_goes_day_by_day(stays: StageStays) -> None:
    log_hazard, effects = random_hazards(n_pieces=stays.grid.n_pieces)
    expected = sum(
        day_by_day(log_hazard, effects, *stay, stays.grid.starts)
        for stay in zip(stays.cell, stays.move, stays.days, stays.since, strict=True)
    )
    found = hazard_log_likelihood(log_hazard, effects, stays.pieces.passed, stays.pieces.ended)
    assert float(found[0]) == pytest.approx(expected, rel=1e-10)


def test_single_stays_have_the_likelihoods_of_the_twin() -> None:
    stays = random_stays(longest=14)  # longer ones share a bin of days
    log_hazard, effects = random_hazards()
    found = HazardSingleStays(stays.single, PIECE_STARTS)(log_hazard, effects)
    single = stays.single
    expected = [
        day_by_day(log_hazard, effects, *stay)
        for stay in zip(single.cell, single.move, single.low_days, single.since, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert single.count.sum() == ((stays.move >= 0) | (stays.days > stays.since)).sum()


@either_course
def test_a_bin_of_days_holds_the_probability_of_all_its_days(stays: StageStays) -> None:
    log_hazard, effects = random_hazards(n_pieces=stays.grid.n_pieces)
    single, starts = stays.single, stays.grid.starts
    found = HazardSingleStays(single, starts)(log_hazard, effects)
    wide = np.flatnonzero(single.high_days > single.low_days)
    assert wide.size > 50
    for row in wide:
        cell, move, since = (int(codes[row]) for codes in (single.cell, single.move, single.since))
        days = range(single.low_days[row], single.high_days[row] + 1)
        expected = sum(math.exp(day_by_day(log_hazard, effects, cell, move, day, since, starts)) for day in days)
        assert math.exp(found[row]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shift", [-300.0, -8.0, 0.0, 6.0, 300.0])
def test_the_gradient_is_the_slope_of_the_value_and_finite_anywhere(shift: float) -> None:
    counts = STAYS["spiky"].pieces
    log_hazard, effects = random_hazards(n_pieces=counts.grid.n_pieces)
    log_hazard += shift
    value, by_hazard, by_effect = hazard_log_likelihood(log_hazard, effects, counts.passed, counts.ended)
    assert all(np.isfinite(part).all() for part in (value, by_hazard, by_effect))
    if abs(shift) > 100:
        return
    generator = np.random.default_rng(5)
    one, other = generator.standard_normal(log_hazard.shape), generator.standard_normal(effects.shape)
    step = 1e-6
    above, below = (
        float(hazard_log_likelihood(log_hazard + s * one, effects + s * other, counts.passed, counts.ended)[0])
        for s in (step, -step)
    )
    slope = (above - below) / (2 * step)
    assert (by_hazard * one).sum() + (by_effect * other).sum() == pytest.approx(slope, rel=1e-6)


@either_course
def test_every_piece_that_stays_reached_has_a_hazard_of_its_own_however_few_ended_in_it(stays: StageStays) -> None:
    counts = stays.pieces
    few = counts.ended.sum(axis=0)[: counts.n_reached] < 3
    for move in range(stays.n_moves):
        assert few[:, move].any()
        knot = Walk.of(counts, move).knot
        assert knot[: counts.n_reached].tolist() == list(range(counts.n_reached))
        assert set(knot[counts.n_reached :]) == {counts.n_reached - 1}


def test_the_walk_steps_from_piece_to_piece_and_no_further_at_the_end_of_the_record() -> None:
    counts = STAYS["smooth"].pieces
    assert counts.n_reached < N_PIECES - 2
    np.testing.assert_allclose(Walk.of(counts, 0).gap, 1.0)


def test_what_the_engine_is_given_adds_up_to_what_the_likelihood_says_of_each_day() -> None:
    log_hazard, effects = random_hazards(2)
    probability, _ = hazard_marginals(log_hazard[None], effects.T[None], PIECE_STARTS.astype(np.float64))
    for cell in range(2):
        ends = [
            sum(math.exp(day_by_day(log_hazard, effects, cell, move, day, 0)) for day in range(HAZARD_END_DAYS))
            for move in range(2)
        ]
        np.testing.assert_allclose(probability[0, :2, cell], ends, rtol=1e-8)
        assert probability[0, 2, cell] == pytest.approx(1.0 - sum(ends), abs=1e-9)


def test_a_stay_beyond_the_last_piece_counts_as_one_that_passed_it_all() -> None:
    nothing = np.array([0])
    counts = count_pieces(nothing, np.array([-1]), np.array([9000]), n_cells=1, n_moves=1)
    assert counts.passed.sum() == HAZARD_END_DAYS
    assert counts.n_reached == N_PIECES


def test_a_spike_is_a_piece_by_itself_and_other_pieces_stay_what_they_were() -> None:
    grid = Pieces.of(2, [Spike(1, 60), Spike(0, 365), Spike(0, 9)])
    assert set(grid.starts) - set(PIECE_STARTS) == {60, 61, 365, 366}
    assert {(move, int(grid.starts[piece])) for move, piece in np.argwhere(grid.is_spike)} == {
        (1, 60),
        (0, 365),
        (0, 9),
    }
    assert (np.diff(grid.starts)[grid.is_spike.any(axis=0)] == 1).all()


def test_the_pieces_of_a_piece_that_was_cut_up_lie_within_it() -> None:
    plain, cut = Pieces.of(1), Pieces.of(1, [Spike(0, 60)])
    np.testing.assert_array_equal(plain.position, np.arange(N_PIECES))
    np.testing.assert_array_equal(plain.share, 1.0)
    whole = piece_of(cut.starts[:-1])
    np.testing.assert_allclose(np.bincount(whole, weights=cut.share), 1.0)
    np.testing.assert_allclose(np.bincount(whole, weights=cut.share * cut.position), np.arange(N_PIECES))


def test_a_model_is_compiled_for_one_of_two_numbers_of_pieces() -> None:
    rooms = [Pieces.of(1, [Spike(0, 30 * number) for number in range(1, n + 1)]).n_room for n in range(9)]
    assert rooms == [N_PIECES] + [N_PIECES + 16] * 8
    assert Pieces.of(1, [Spike(0, 30 * number + 15) for number in range(1, 9)]).n_pieces <= rooms[-1]
