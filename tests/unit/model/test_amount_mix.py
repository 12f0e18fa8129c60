"""Averages over the amounts of a stage's stays, and how far the centre of amounts is from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit, logit
from small_histories import PIPELINE, mixed

from simcast.engine.hazard import hazard_marginals
from simcast.model.amount_mix import AmountMix
from simcast.model.cells import Cells
from simcast.model.pieces import N_PIECES, PIECE_STARTS
from simcast.model.stage_arrays import posterior_stages, stage_arrays
from simcast.model.stays import StageStays
from simcast.model.tables import tabulate
from simcast.segments import Segments

Floats = NDArray[np.float64]

MIX = AmountMix(np.array([-1.2, 0.0, 0.4, 1.5]), np.array([0.3, 0.1, 0.4, 0.2]))


def test_a_mix_has_each_amount_once_with_its_share_of_the_stays() -> None:
    nothing = np.zeros(8, dtype=np.int64)
    cells = Cells(2, 1, np.array([0, 1, 0, 1]), nothing[:4], np.array([0.5, 0.5, -1.0, 0.0]), with_amount=True)
    stays = StageStays(2, cells, np.array([0, 0, 1, 1, 2, 2, 2, 3]), nothing, nothing, nothing)
    found = AmountMix.of(stays)
    assert found.log_amount.tolist() == [-1.0, 0.0, 0.5]
    assert found.share.tolist() == [0.375, 0.125, 0.5]


def test_a_stage_that_tells_no_amounts_apart_or_has_no_stay_stands_at_the_centre() -> None:
    stays = tabulate(mixed(30)).stages[0]
    none = replace(stays, **{name: np.zeros(0, dtype=np.int64) for name in ("cell", "move", "days", "since")})
    assert AmountMix.of(stays).log_amount.tolist() == [0.0]
    assert AmountMix.of(stays).share.tolist() == [1.0]
    assert AmountMix.of(none).share.sum() == 0.0


def test_mean_log_odds_are_those_of_the_mean_chance_however_near_certainty() -> None:
    slope = np.array([[0.8], [-0.5]])
    centre = np.array([[-2.0, 0.3, 3.0], [0.0, 1.0, -5.0]])
    chance = sum(share * expit(centre + slope * x) for x, share in zip(MIX.log_amount, MIX.share, strict=True))
    np.testing.assert_allclose(MIX.mean_log_odds(centre, slope), logit(chance), rtol=1e-12)
    far = MIX.mean_log_odds(np.array([[60.0, -60.0]]), np.array([[0.8]]))
    assert np.all(np.abs(far) > 58.0)
    assert np.all(np.abs(far) < 61.0)


def hazards(n_draws: int = 50, n_segments: int = 3) -> tuple[Floats, Floats, Floats]:
    """Log hazards of three moves, effects and slopes, from stages that hardly end to those that all do at once."""
    generator = np.random.default_rng(3)
    level = generator.normal(-3.0, 2.0, (n_draws, 3, 1))
    log_hazard = level + generator.normal(0.0, 0.5, (n_draws, 3, N_PIECES))
    slope = generator.normal(0.0, 0.7, n_draws)
    slope[:3] = 0.0
    return log_hazard, generator.normal(0.0, 1.0, (n_draws, 3, n_segments)), slope


def forward(log_hazard: Floats, effect: Floats, shift: Floats) -> Floats:
    shifted = effect.copy()
    shifted[:, 0] += shift
    return hazard_marginals(log_hazard, shifted, PIECE_STARTS)[0][:, 0]


def test_the_shift_of_hazards_makes_the_forward_move_as_frequent_as_on_average() -> None:
    log_hazard, effect, slope = hazards()
    shift = MIX.mean_hazard_shift(log_hazard, effect, slope, PIECE_STARTS)
    wanted = sum(
        share * forward(log_hazard, effect, slope[:, None] * x)
        for x, share in zip(MIX.log_amount, MIX.share, strict=True)
    )
    np.testing.assert_allclose(forward(log_hazard, effect, shift), wanted, rtol=1e-9)
    assert np.abs(forward(log_hazard, effect, 0.0 * shift) - wanted).max() > 0.02
    assert np.all(shift[:3] == 0.0)


def test_a_forward_move_that_always_or_never_comes_is_no_trouble() -> None:
    log_hazard, effect, slope = hazards(10)
    log_hazard[:5, 1:], log_hazard[5:, 0] = -np.inf, -np.inf
    shift = MIX.mean_hazard_shift(log_hazard, effect, slope, PIECE_STARTS)
    assert np.all(np.isfinite(shift))
    assert np.all(np.abs(shift) <= np.abs(slope)[:, None] * 1.5)


def of_family(slope: float, spread: float) -> xr.Dataset:
    """One stage's kept draws, with a slope by amount, and a step of drift to come."""
    n_draws, centre = 20, np.array([[-1.0, 0.4, 2.0]])
    mean = MIX.mean_log_odds(centre, np.array([[slope]]))
    share = np.stack([expit(mean), 1 - expit(mean)], axis=2)

    def repeated(values: Floats) -> Floats:
        return np.repeat(values, n_draws, axis=0)

    dims = ("sample", "segment", "move")
    return xr.Dataset(
        {
            "share": (dims, repeated(share)),
            "log_odds_at_centre": (dims[:2], repeated(centre)),
            "amount_slope": ("sample", np.full(n_draws, slope)),
            "stalled": ("sample", np.full(n_draws, 0.2)),
            "median_days": (dims, np.full((n_draws, 3, 2), 5.0)),
            "shape": (("sample", "move"), np.full((n_draws, 2), 0.8)),
            "drift_spread": (("sample", "drifting"), np.full((n_draws, 3), spread)),
        },
        coords={"effect": ["odds", "to won", "to lost"]},
        attrs={"family": "lognormal"},
    )


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_a_step_of_drift_is_taken_at_the_centre_and_the_average_comes_after_it(spread: float) -> None:
    found = stage_arrays(of_family(0.8, spread), MIX, 1)
    chance = found.probability[:, 0] / found.probability[:, :2].sum(axis=1)
    at_centre = logit(chance) + found.amount_offset
    step = at_centre - np.array([-1.0, 0.4, 2.0])
    np.testing.assert_allclose(step, step[:, :1] * np.ones(3), atol=1e-12)
    assert step[:, 0].std() == pytest.approx(spread, rel=0.5, abs=1e-12)
    average = sum(share * expit(at_centre + 0.8 * x) for x, share in zip(MIX.log_amount, MIX.share, strict=True))
    np.testing.assert_allclose(chance, average, rtol=1e-12)
    np.testing.assert_allclose(found.probability[:, 2], 0.2)


def test_hazards_and_their_offset_add_up_to_what_the_centre_of_amounts_has() -> None:
    log_hazard, effect, slope = hazards(20)
    dims = ("sample", "move", "segment")
    parameters = xr.Dataset(
        {
            "log_hazard": (("sample", "move", "piece"), log_hazard),
            "hazard_effect": (dims, effect),
            "hazard_step": (dims[:2], np.full(log_hazard.shape[:2], 0.3)),
            "amount_slope": ("sample", slope),
        },
        coords={"effect": ["a", "b", "c"], "piece": PIECE_STARTS[:-1]},
        attrs={"family": "hazard"},
    )
    found = stage_arrays(parameters, MIX, 1)
    assert found.hazard_effect is not None
    np.testing.assert_allclose(found.hazard_effect[:, 0] + found.amount_offset, effect[:, 0], atol=1e-12)
    np.testing.assert_array_equal(found.hazard_effect[:, 1:], effect[:, 1:])
    np.testing.assert_allclose(found.probability[:, 0], forward(log_hazard, effect, -found.amount_offset))
    without = stage_arrays(parameters.drop_vars("amount_slope"), MIX, 1)
    assert without.hazard_effect is not None
    np.testing.assert_array_equal(without.hazard_effect, effect)
    assert not without.amount_offset.any()


def test_a_posterior_has_offsets_where_any_stage_has_a_slope_and_only_then() -> None:
    segments = Segments(("source",), (("a",), ("b",), ("c",)))
    sloped = of_family(0.8, 0.0)
    flat = sloped.drop_vars(["amount_slope", "log_odds_at_centre"])
    found = posterior_stages(PIPELINE, segments, [sloped, flat], [MIX, MIX], 1).variables
    assert found["amount_offset"].shape == (20, 2, 3)
    assert np.all(found["amount_offset"][:, 0] != 0.0)
    assert np.all(found["amount_offset"][:, 1] == 0.0)
    none = posterior_stages(PIPELINE, segments, [flat, flat], [MIX, MIX], 1).variables
    assert "amount_offset" not in none
    assert "amount_slope" not in none
