"""Odds that lean with the share of stalled stays: other coordinates of the same model, where no losses are recorded."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from small_histories import SOURCES, Stay, history_of

from simcast.model.hierarchy import SegmentLayout
from simcast.model.priors import resolve_priors
from simcast.model.stage_model import build_stage_model, stage_inputs
from simcast.model.stage_shape import StageShape
from simcast.model.tables import tabulate

PRIORS = resolve_priors()
SHAPE = StageShape(SegmentLayout(3), 2)


def lean_of(lost_every: int) -> list[float]:
    """Return the lean of a stage in which one of five moves on within days, and one of so many others is lost."""
    generator = np.random.default_rng(3)
    rows: list[Stay] = []
    for number in range(900):
        deal, source = f"D{number:04d}", SOURCES[number % 3]
        begun = int(generator.integers(0, 100))
        left = begun + int(generator.lognormal(1.0, 0.8))
        move = "встреча" if number % 5 == 0 else "lost"
        if left >= 200 or (move == "lost" and number % lost_every):
            rows.append((deal, source, "звонок", begun, None, None, np.nan))
        else:
            rows.append((deal, source, "звонок", begun, left, move, np.nan))
    stays = tabulate(history_of(rows, 200)).stages[0]
    inputs = stage_inputs(SHAPE, stays, "lognormal", PRIORS)
    return [float(value) for value in inputs["effect_lean"]]


def test_odds_lean_where_lost_cannot_be_told_from_stalled_and_nowhere_else() -> None:
    odds, *medians = lean_of(lost_every=300)
    assert odds == pytest.approx(1.0, abs=0.35)
    assert medians == [0.0, 0.0]
    assert lean_of(lost_every=1) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("n_segments", [1, 3])
def test_the_model_is_the_same_however_the_odds_lean(n_segments: int) -> None:
    """The same effects have the same density: coordinates that are shifted are not stretched."""
    generator = np.random.default_rng(1)
    model = build_stage_model(StageShape(SegmentLayout(n_segments), 2), PRIORS)
    told = model.replace_rvs_by_values([model["effect"], model["effect_mean"]])
    density = model.compile_fn([model.logp(), *told], inputs=model.value_vars, mode="FAST_COMPILE")
    point = {name: generator.standard_normal(np.shape(value)) for name, value in model.initial_point().items()}
    weight = generator.uniform(size=(n_segments, 3))
    if n_segments > 1:
        with model:
            pm.set_data({"effect_centring": weight})
    before, *effects = density(point)

    lean = np.array([1.1, 0.0, 0.4])
    with model:
        pm.set_data({"effect_lean": lean})
    shift = lean * np.log1p(np.exp(point["stalled_logit"]))
    moved = point | {"effect_mean_upright": point["effect_mean_upright"] - shift}
    if n_segments > 1:
        moved["effect_raw"] = point["effect_raw"] - weight * shift
    after, *same_effects = density(moved)
    for effect, same in zip(effects, same_effects, strict=True):
        np.testing.assert_allclose(same, effect, rtol=1e-12)
    assert float(after) == pytest.approx(float(before), rel=1e-12)
    assert float(density(point)[0]) != pytest.approx(float(before), rel=1e-3)
