"""Days on which a rule ends many stays: found where they are and only there, and held by the hazards.

False alarms: `find_spikes` takes a day of a smooth stage for a spike in fewer than one of a million stages; the bounds
on distribution functions are four standard errors, which a right model exceeds in one of 15,000 cases. Seeds are fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtr

from simcast.engine.hazard import hazard_marginals
from simcast.model.amount_mix import AmountMix
from simcast.model.cells import Cells
from simcast.model.choosing import choose_family
from simcast.model.hazard_model import build_hazard_model, hazard_inputs
from simcast.model.hierarchy import SegmentLayout
from simcast.model.laplace import NormalApproximation, approximate
from simcast.model.parts import stage_part
from simcast.model.pieces import HAZARD_END_DAYS, MOST_SPIKES, N_PIECES, PIECE_STARTS, Spike
from simcast.model.priors import Prior, resolve_priors
from simcast.model.sampling import sample
from simcast.model.screening import HazardLikelihood
from simcast.model.settings import DURATIONS, FitSettings
from simcast.model.spikes import find_spikes
from simcast.model.stage_arrays import joint_starts, stage_arrays
from simcast.model.stage_parameters import stage_parameters
from simcast.model.stage_shape import StageShape
from simcast.model.stays import StageStays
from simcast.model.walk import Walk
from simcast.posterior.hazards import HAZARD
from simcast.segments import Segments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIORS = resolve_priors()
SHARE = 0.7
MEDIAN, SIGMA = 40.0, 0.9
SEGMENTS = Segments((), ((),))
ALL_ALIKE = AmountMix(np.zeros(1), np.ones(1))


def stage_of(n: int = 2000, *, day: int = 60, share: float = SHARE, seed: int = 1, longest: int = 300) -> StageStays:
    """Lognormal stays that end by either of two moves, but that a rule ends a share of them, on one day by one move."""
    generator = np.random.default_rng(seed)
    ruled = generator.random(n) < share
    lasted = np.where(ruled, day, np.floor(MEDIAN * np.exp(SIGMA * generator.standard_normal(n)))).astype(np.int64)
    watched = generator.integers(longest // 4, longest, n)
    ended = lasted < watched
    move = np.where(ended, np.where(ruled, 0, generator.integers(0, 2, n)), -1)
    nothing = np.zeros(n, dtype=np.int64)
    return StageStays(2, Cells.of_segments(1), nothing, move, np.where(ended, lasted, watched), nothing)


def true_share_within(days: Ints, day: int) -> Floats:
    """The share of the stays of `stage_of` that end within so many days."""
    smooth = ndtr(np.log((days + 1) / MEDIAN) / SIGMA)
    share: Floats = SHARE * (days >= day) + (1.0 - SHARE) * smooth
    return share


def share_within(log_hazard: Floats, starts: Ints, days: Ints) -> Floats:
    """The mean share that hazards, (n_draws, n_moves, n_pieces), let end within so many days."""
    rate = np.exp(log_hazard[:, :, np.searchsorted(starts[:-1], np.arange(days.max() + 1), side="right") - 1])
    reached = np.exp(-np.cumsum(rate.sum(axis=1), axis=1))
    share: Floats = 1.0 - reached.mean(axis=0)[days]
    return share


def hazards_of(found: NormalApproximation, likelihood: HazardLikelihood, stays: StageStays) -> Floats:
    drawn = found.draw(200, 1).draws
    by_move = [drawn[:, place][:, walk.knot] for walk, place in zip(likelihood.walks, likelihood.places, strict=True)]
    return np.stack(by_move, axis=1) - stays.grid.slowing


def four_errors(stays: StageStays, day: int) -> float:
    """Four standard errors of a share of those who were watched for so long, at the worst."""
    return 4.0 * 0.5 / math.sqrt(int(((stays.move >= 0) | (stays.days > day)).sum()))


@pytest.fixture
def without_spikes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for no spikes."""
    monkeypatch.setattr("simcast.model.stays.find_spikes", lambda *_: ())
    return


@pytest.mark.parametrize(("day", "longest"), [(14, 100), (60, 300), (365, 900)])
def test_a_day_on_which_a_rule_ends_stays_is_found(day: int, longest: int) -> None:
    assert stage_of(day=day, longest=longest).spikes == (Spike(0, day),)


def test_days_of_several_rules_are_found_the_largest_first_and_next_to_each_other() -> None:
    """The day after the first rule's stands out only where that rule's day is left out of what is usual."""
    days = np.concatenate([np.tile(np.arange(100), 10), np.full(400, 60), np.full(90, 61)])
    move = np.concatenate([np.zeros(1000 + 400, dtype=np.int64), np.zeros(90, dtype=np.int64)])
    assert find_spikes(move, days, 2) == (Spike(0, 60), Spike(0, 61))
    move[-90:] = 1
    assert find_spikes(move, days, 2) == (Spike(0, 60), Spike(1, 61))


def test_no_more_spikes_are_found_than_there_is_room_for() -> None:
    days = np.repeat(np.arange(30, 400, 30), np.arange(30, 43))
    found = find_spikes(np.zeros_like(days), days, 1)
    assert [spike.day for spike in found] == [390 - 30 * number for number in range(MOST_SPIKES)]


@pytest.mark.parametrize("seed", range(20))
def test_smooth_days_have_no_spikes_and_the_pieces_of_every_stage(seed: int) -> None:
    stays = stage_of(20_000, share=0.0, seed=seed)
    assert stays.spikes == ()
    np.testing.assert_array_equal(stays.grid.starts, PIECE_STARTS)
    assert stays.grid.n_room == N_PIECES


@pytest.mark.parametrize("times", [1.5, 2.0])
@pytest.mark.parametrize("seed", range(10))
def test_a_weekly_rhythm_is_no_spike(times: float, seed: int) -> None:
    """Every seventh day ends `times` as many stays as the days between."""
    generator = np.random.default_rng(seed)
    day = np.arange(200)
    weight = np.exp(-day / 40.0) * np.where(day % 7 == 0, times, 1.0)
    days = generator.choice(day, 50_000, p=weight / weight.sum())
    assert find_spikes(np.zeros_like(days), days, 1) == ()


@pytest.mark.parametrize(("times", "days"), [(6, [20]), (12, [5, 20])])
def test_the_first_days_which_have_a_piece_each_must_stand_out_further(times: int, days: list[int]) -> None:
    ended = np.concatenate([np.tile(np.arange(100), 30), np.repeat([5, 20], 30 * (times - 1))])
    assert sorted(spike.day for spike in find_spikes(np.zeros_like(ended), ended, 1)) == days


def test_stays_that_are_still_open_make_no_spike() -> None:
    """All began on the same day, and are watched for 60 days."""
    assert find_spikes(np.full(500, -1), np.full(500, 60), 1) == ()


def test_a_stage_without_stays_has_no_spikes() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert find_spikes(nothing, nothing, 2) == ()


def test_a_spike_hangs_off_the_knot_before_it_and_the_walk_goes_on_from_there() -> None:
    stays = stage_of()
    walk, plain = Walk.of(stays.pieces, 0), Walk.of(stays.pieces, 1)
    piece = int(np.searchsorted(stays.grid.starts, 60))
    knot = walk.knot[piece]
    assert (walk.knot == knot).sum() == 1
    assert walk.is_spike[knot - 2]
    assert walk.is_spike.sum() == 1
    assert walk.before[knot - 2] == walk.knot[piece - 1]
    following = int(np.flatnonzero(walk.knot > knot)[0])
    assert walk.before[walk.knot[following] - 2] == walk.knot[piece - 1]
    assert walk.gap[walk.knot[following] - 2] < 3.0
    assert not plain.is_spike.any()
    np.testing.assert_array_equal(plain.before, np.arange(1, plain.n_knots - 1))


@pytest.mark.parametrize(("day", "longest"), [(60, 300), (365, 900)])
def test_the_hazards_are_chosen_and_hold_the_spike(day: int, longest: int) -> None:
    stays = stage_of(day=day, longest=longest)
    assert choose_family("истекает", stays, PRIORS, DURATIONS, 1).chosen == HAZARD
    likelihood = HazardLikelihood(stays, PRIORS)
    found = approximate(likelihood)
    days = np.array([day - 1, day, day + 1])
    shares = share_within(hazards_of(found, likelihood, stays), stays.grid.starts, days)
    np.testing.assert_allclose(shares, true_share_within(days, day), atol=four_errors(stays, day))
    assert found.sizes[:2].max() < 0.7


@pytest.mark.usefixtures("without_spikes")
@pytest.mark.parametrize(("day", "longest"), [(60, 300), (365, 900)])
def test_without_a_piece_of_its_own_a_spike_is_spread_over_days_and_upsets_the_walk(day: int, longest: int) -> None:
    stays = stage_of(day=day, longest=longest)
    likelihood = HazardLikelihood(stays, PRIORS)
    found = approximate(likelihood)
    before = np.array([day - 1])
    shares = share_within(hazards_of(found, likelihood, stays), stays.grid.starts, before)
    assert shares[0] > true_share_within(before, day)[0] + four_errors(stays, day)
    assert found.sizes[0] > 0.7


def test_hazards_are_chosen_where_all_stays_end_on_one_day() -> None:
    """A lognormal distribution all of whose days are day 60 foresees as well, and is no lognormal distribution."""
    choice = choose_family("истекает", stage_of(share=1.0), PRIORS, ["lognormal", HAZARD], 1)
    assert choice.chosen == HAZARD
    assert choice.elpd["lognormal"] > choice.elpd[HAZARD] - 50.0


Density = Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]


def density_of_model(stays: StageStays, priors: dict[str, Prior]) -> Density:
    """What gives the log prior of the walk, the log-likelihood and the log hazards of the sampled model at a point."""
    shape = StageShape(SegmentLayout(1), stays.n_moves, n_pieces=stays.grid.n_room)
    inputs = hazard_inputs(shape, stays, priors)
    model = build_hazard_model(shape, priors)
    with model:
        pm.set_data(inputs)
    outputs = [model["walk_prior"], model["stays"], model["log_hazard"]]
    inputs_ = [model["log_step"], model["walk_round"]]
    density: Density = model.compile_fn(outputs, inputs=inputs_, mode="FAST_COMPILE", point_fn=False)
    return density


@pytest.mark.parametrize("share", [SHARE, 0.0])
def test_the_sampled_model_and_its_normal_approximation_are_of_the_same_posterior(share: float) -> None:
    """Up to a constant, given the spreads; with another prior of spikes they are not."""
    stays = stage_of(share=share)
    likelihood = HazardLikelihood(stays, PRIORS)
    log_step = np.log([0.2, 0.6])
    points = np.random.default_rng(3).standard_normal((5, 2, stays.grid.n_room))
    for move, walk in enumerate(likelihood.walks):
        points[:, move, walk.n_knots :] = 0.0  # they move nothing
    density = density_of_model(stays, PRIORS)
    prior, value, log_hazard = (
        np.array(part) for part in zip(*(density(log_step, one) for one in points), strict=True)
    )
    free = np.tile(likelihood.start, (points.shape[0], 1))
    for move, (walk, place) in enumerate(zip(likelihood.walks, likelihood.places, strict=True)):
        for piece, knot in enumerate(walk.knot):
            free[:, place.start + knot] = log_hazard[:, move, piece] + stays.grid.slowing[piece]

    def approximated(likelihood: HazardLikelihood) -> Floats:
        matrix, pull = likelihood.prior.matrix(np.exp(log_step)), likelihood.prior.pull
        return np.array([one @ pull - 0.5 * one @ matrix @ one for one in free])

    np.testing.assert_allclose(np.diff(prior), np.diff(approximated(likelihood)), rtol=1e-8)
    np.testing.assert_allclose(value, [likelihood.value_and_gradient(one)[0] for one in free], rtol=1e-10)
    other = HazardLikelihood(stays, PRIORS | {"spike_step": Prior("normal", 0.0, 1.0, "Another.")})
    assert np.allclose(np.diff(prior), np.diff(approximated(other)), rtol=1e-8) == (share == 0.0)


@pytest.mark.parametrize("share", [SHARE, 0.0])
def test_whatever_the_coordinates_the_spread_has_the_weight_of_a_random_walk(share: float) -> None:
    """The log prior in the sampler's coordinates is that of the walk plus the log of how much they stretch it."""
    stays = stage_of(share=share)
    likelihood = HazardLikelihood(stays, PRIORS)
    density = density_of_model(stays, PRIORS)
    walk, place = likelihood.walks[0], likelihood.places[0]
    pieces = np.array([np.flatnonzero(walk.knot == knot)[0] for knot in range(walk.n_knots)])
    rest = np.zeros((2, stays.grid.n_room))
    point = rest.copy()
    point[0, : walk.n_knots] = np.random.default_rng(4).standard_normal(walk.n_knots)

    def at_knots(log_step: float, there: Floats) -> Floats:
        """The first move's walk; the second move's spread stays."""
        log_hazard = density(np.array([log_step, -1.0]), there)[2]
        told: Floats = log_hazard[0, pieces] + stays.grid.slowing[pieces]
        return told

    def stretched(log_step: float) -> float:
        units = np.zeros((walk.n_knots, *rest.shape))
        units[np.arange(walk.n_knots), 0, np.arange(walk.n_knots)] = 1.0
        columns = [at_knots(log_step, unit) - at_knots(log_step, rest) for unit in units]
        return float(np.linalg.slogdet(np.array(columns))[1])

    def of_walk(log_step: float) -> float:
        """Up to what does not depend on the spread."""
        one = likelihood.start * 0.0
        one[place] = at_knots(log_step, point)
        matrix = likelihood.prior.matrix(np.exp(np.array([log_step, -1.0])))
        quadratic = one @ likelihood.prior.pull - 0.5 * one @ matrix @ one
        return float(quadratic) - int(np.sum(~walk.is_spike)) * log_step

    steps = [-2.0, -1.2, 0.1]
    told = [float(density(np.array([step, -1.0]), point)[0]) for step in steps]
    expected = [of_walk(step) + stretched(step) for step in steps]
    np.testing.assert_allclose(np.diff(told), np.diff(expected), rtol=1e-8)
    assert not np.allclose(np.diff(told), np.diff([of_walk(step) for step in steps]), rtol=1e-3)


def parameters_of(starts: list[int], seed: int) -> xr.Dataset:
    generator = np.random.default_rng(seed)
    log_hazard = generator.normal(-4.0, 1.0, (3, 2, len(starts)))
    return xr.Dataset(
        {
            "log_hazard": (("sample", "move", "piece"), log_hazard),
            "hazard_effect": (("sample", "segment", "move"), generator.normal(0.0, 0.3, (3, 2, 2))),
            "hazard_step": (("sample", "move"), np.zeros((3, 2))),
        },
        coords={"piece": starts, "effect": ["won", "lost"]},
        attrs={"family": HAZARD},
    )


def hazards_falling_beyond(parameters: xr.Dataset, starts: Ints) -> Floats:
    """What is told, in finer pieces, and after its last standard piece hazards that fall as 1 over the days."""
    told = parameters["piece"].to_numpy()
    own = parameters["log_hazard"].to_numpy()[..., np.searchsorted(told, starts[:-1], side="right") - 1]
    whole = np.searchsorted(PIECE_STARTS, starts[:-1], side="right") - 1
    last = np.searchsorted(PIECE_STARTS, told[-1], side="right") - 1
    middle = np.maximum(0.5 * (PIECE_STARTS[:-1] + PIECE_STARTS[1:] - 1), 1.0)
    found: Floats = own - np.where(whole > last, np.log(middle[whole] / middle[last]), 0.0)
    return found


def test_pieces_that_all_stages_share_say_what_each_stage_s_own_say() -> None:
    """A stage's hazards on every single day, and its marginals, are those in its own pieces, where none walk on."""
    plain = parameters_of(PIECE_STARTS[:40].tolist(), 1)
    spiky = parameters_of([*PIECE_STARTS[:25], 60, 61], 2)
    starts = joint_starts([plain, spiky])
    assert set(starts) - set(PIECE_STARTS) == {60, 61}
    assert starts[-1] == HAZARD_END_DAYS
    assert (np.diff(starts) > 0).all()
    days = np.arange(HAZARD_END_DAYS)
    for parameters in (plain, spiky):
        found = stage_arrays(parameters, ALL_ALIKE, 1, starts)
        assert found.hazard_log is not None
        own_starts = joint_starts([parameters])
        own = hazards_falling_beyond(parameters, own_starts)
        by_day = own[..., np.searchsorted(own_starts[:-1], days, side="right") - 1]
        np.testing.assert_allclose(
            found.hazard_log[..., np.searchsorted(starts[:-1], days, side="right") - 1], by_day, rtol=1e-12
        )
        effect = parameters["hazard_effect"].transpose("sample", "move", "segment").to_numpy()
        probability, median = hazard_marginals(own, effect, own_starts)
        np.testing.assert_allclose(found.probability, probability, rtol=1e-10)
        np.testing.assert_allclose(found.scale, median, rtol=1e-10)


def test_after_a_spike_that_no_stay_was_seen_to_outlast_the_hazard_is_what_it_was_before() -> None:
    """All are watched for 61 days, and the rule acts on day 60."""
    stays = stage_of()
    seen = stays.days <= 60
    cut = StageStays(
        2, stays.cells, stays.cell, np.where(seen, stays.move, -1), np.minimum(stays.days, 61), stays.since
    )
    counts = cut.pieces
    assert counts.grid.starts[counts.n_reached - 1] == 60
    assert counts.n_telling == counts.n_reached + 1
    walk = Walk.of(counts, 0)
    assert walk.knot[counts.n_telling - 1] == walk.knot[counts.n_reached - 2] != walk.knot[counts.n_reached - 1]


@pytest.mark.slow
@pytest.mark.parametrize(("day", "longest"), [(60, 300), (365, 900)])
def test_the_sampled_hazards_hold_the_spike(day: int, longest: int) -> None:
    stays = stage_of(day=day, longest=longest)
    settings = FitSettings(quick=True).budgeted()
    part = stage_part("истекает", stays, HAZARD, SegmentLayout(1), settings, tuple(PRIORS.items()))
    drawn = sample(part.ready, part.data, part.settings, 1, part.name)
    parameters = stage_parameters(drawn, HAZARD, stays, ("won", "lost"), SEGMENTS)
    found = stage_arrays(parameters.stack(sample=("chain", "draw"), create_index=False), ALL_ALIKE, 1)
    assert found.hazard_log is not None
    assert found.hazard_log.shape[2] < part.data["passed"].shape[1]  # what there was room for is gone
    days = np.array([day - 1, day, day + 1])
    shares = share_within(found.hazard_log, joint_starts([parameters]), days)
    np.testing.assert_allclose(shares, true_share_within(days, day), atol=four_errors(stays, day))
    assert np.exp(drawn["log_step"]).mean(axis=(0, 1)).max() < 0.7
    assert drawn.n_diverging == 0
