"""How far effects are centred changes how they are sampled, and nothing of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from simcast.analysis.inputs import read_scenario_history
from simcast.model.centring import column_centring, spreads_by_part, ties_of_effects
from simcast.model.hierarchy import SegmentLayout, contrasts, pooled_effects, zero_sum_basis
from simcast.model.laplace import approximate
from simcast.model.parts import stage_part
from simcast.model.priors import DEFAULT_PRIORS, Prior
from simcast.model.sampling import sample
from simcast.model.screening import MOST_SEGMENTS, NormalPrior, Spread
from simcast.model.settings import FitSettings
from simcast.model.tables import tabulate
from simcast.scenario import load_scenario

Floats = NDArray[np.float64]

SCENARIO = Path(__file__).parents[3] / "scenarios" / "q3.yaml"

SPREAD = DEFAULT_PRIORS["conversion_spread"]
WIDE = Prior("normal", 0.0, 1.0, "as a scenario file gives it")


def crossed(n_sources: int, n_regions: int) -> SegmentLayout:
    """Every source in every region."""
    source, region = np.divmod(np.arange(n_sources * n_regions), n_regions)
    return SegmentLayout(n_sources * n_regions, (tuple(source.tolist()), tuple(region.tolist())))


UNEVEN = SegmentLayout(5, ((0, 0, 1, 1, 2), (0, 1, 0, 1, 1)))


def density_of(model: pm.Model) -> Callable[[dict[str, Floats]], tuple[Floats, Floats]]:
    """What gives the log density of a point, and the effects there."""
    outputs = [model.logp(), *model.replace_rvs_by_values([model["effect"]])]
    density: Callable[[dict[str, Floats]], tuple[Floats, Floats]] = model.compile_fn(
        outputs, inputs=model.value_vars, mode="FAST_COMPILE"
    )
    return density


@pytest.mark.parametrize("spreads", [[SPREAD, SPREAD], [SPREAD, WIDE]], ids=["lognormal", "one-cut-at-zero"])
@pytest.mark.parametrize("declared", [pooled_effects, contrasts])
def test_the_model_is_the_same_whatever_the_centring(declared: Callable[..., object], spreads: list[Prior]) -> None:
    """The same effects have the same density, once what the coordinates are stretched by is taken out."""
    generator = np.random.default_rng(1)
    layout, pooled = UNEVEN, declared is pooled_effects
    expected = zero_sum_basis(layout.n_segments) @ generator.standard_normal((layout.n_segments - 1, 2))
    with pm.Model() as model:
        means = ([DEFAULT_PRIORS["conversion_logit"], DEFAULT_PRIORS["log_median_days"]],) if pooled else ()
        declared("effect", *means, spreads, layout, pt.constant(expected))
    density = density_of(model)
    point = {var.name: generator.standard_normal(shape) for var, shape in _shapes(model).items()}
    log_density, effect = density(point)

    weight = generator.uniform(size=(layout.n_segments, 2) if pooled else 2)
    of_columns = generator.uniform(size=(2, 2))
    with model:
        pm.set_data({"effect_centring": weight, "effect_column_centring": of_columns})
    log_spread, moved, stretched = point["effect_log_spread"], dict(point), 0.0
    location = expected + point.get("effect_mean", 0.0)
    for column, codes in enumerate(layout.column_codes):
        raw, of_column = point[f"effect_column_raw_{column}"], point[f"effect_column_log_spread_{column}"]
        moved[f"effect_column_raw_{column}"] = raw * np.exp(of_columns[column] * of_column)
        location += (zero_sum_basis(max(codes) + 1) @ (raw * np.exp(of_column)))[np.array(codes)]
        stretched += float(np.sum(np.broadcast_to(of_columns[column] * of_column, raw.shape)))
    own = location if pooled else zero_sum_basis(layout.n_segments).T @ location
    moved["effect_raw"] = weight * own + point["effect_raw"] * np.exp(weight * log_spread)
    stretched += float(np.sum(np.broadcast_to(weight * log_spread, own.shape)))
    moved_density, same_effect = density(moved)
    np.testing.assert_allclose(same_effect, effect, rtol=1e-12)
    assert moved_density == pytest.approx(float(log_density) - stretched, rel=1e-12)
    unmoved_density, other_effect = density(point)
    assert unmoved_density != pytest.approx(float(log_density), rel=1e-3)
    assert not np.allclose(other_effect, effect, rtol=1e-3)


def _shapes(model: pm.Model) -> dict[object, tuple[int, ...]]:
    """The shape of every value that the model is a density of."""
    point = model.initial_point()
    return {var: np.shape(point[var.name]) for var in model.value_vars}


def test_a_column_of_known_values_is_tied_by_its_segments_own_effects() -> None:
    """Of a value whose k segments are known exactly, k of their own effects are left to tell: k / (k + 1)."""
    layout = crossed(4, 3)
    weight = column_centring(layout, np.full((12, 1), 1e12), np.full((3, 1), 5.0))
    assert weight == pytest.approx(np.array([[3 / 4], [4 / 5]]))
    assert column_centring(layout, np.zeros((12, 1)), np.full((3, 1), 5.0)) == pytest.approx(np.zeros((2, 1)))
    alone = column_centring(layout, np.full((12, 1), 7.0), np.array([[1e12], [5.0], [5.0]]))
    assert alone == pytest.approx(np.array([[21 / 26], [28 / 33]]))


@pytest.mark.parametrize(("own", "source", "region"), [(0.1, 0.5, 0.05), (0.5, 0.05, 0.3)])
def test_the_spreads_of_columns_are_told_apart(own: float, source: float, region: float) -> None:
    """With many values each spread is found again, and not another's."""
    generator = np.random.default_rng(2)
    layout, truth = crossed(14, 14), [own]
    value = 1.5 + own * generator.standard_normal(196)
    for codes, spread in zip(layout.column_codes, (source, region), strict=True):
        of_column = spread * generator.standard_normal(14)
        value += of_column[np.array(codes)]
        truth.append(float(np.std(of_column, ddof=1)))
    noisy = value + 0.1 * generator.standard_normal(196)
    found = spreads_by_part(layout, noisy, np.full(196, 100.0), 0.3)
    assert found == pytest.approx(np.array(truth), rel=0.15, abs=0.04)
    without_noise_known = spreads_by_part(layout, noisy, np.full(196, 1e8), 0.3)
    assert without_noise_known[0] ** 2 == pytest.approx(own**2 + 0.1**2, rel=0.15)


def test_a_spread_of_few_effects_stays_near_what_is_usual() -> None:
    """Nothing told leaves the typical spread; effects known exactly give the mode of posterior and prior."""
    one_column = SegmentLayout(3)
    nothing = spreads_by_part(one_column, np.zeros(3), np.full(3, 1e-9), 0.3)
    assert nothing == pytest.approx([0.3], rel=0.02)
    value = np.array([-0.4, 0.1, 0.3])
    found = spreads_by_part(one_column, value, np.full(3, 1e9), 0.3)
    # The common mean is free, which leaves two contrasts.
    likeliest = minimize_scalar(
        lambda log: 2 * log + 0.5 * np.sum(value**2) * np.exp(-2 * log) + 0.5 * ((log - np.log(0.3)) / 0.7) ** 2
    )
    assert found == pytest.approx([np.exp(likeliest.x)], rel=1e-3)


class KnownEffects:
    """Effects of which the data say a value each, with so much information."""

    def __init__(self, value: Floats, information: Floats) -> None:
        self.value, self.information = value, information
        n = value.size
        spread = Spread(0.3, np.arange(n), np.full(n, n))
        self.prior = NormalPrior(np.zeros(n + 1), np.append(np.zeros(n), 1e9), (spread,))
        self.start = np.zeros(n + 1)

    def value_and_gradient(self, free: Floats) -> tuple[float, Floats]:
        """Normal round the values."""
        off = free[:-1] - self.value
        return -0.5 * float(np.sum(self.information * off**2)), np.append(-self.information * off, 0.0)

    def single_stays(self, free: Floats) -> Floats:
        """Each effect is told by one."""
        return np.asarray(-0.5 * self.information * (free[:-1] - self.value) ** 2)


def test_the_normal_approximation_tells_what_the_data_alone_say() -> None:
    """The pull of the spread is taken out again, whatever the spread."""
    value, information = np.array([-0.7, 0.1, 0.4, 0.6]), np.array([3.0, 40.0, 200.0, 9.0])
    found = approximate(KnownEffects(value, information))
    ((told, how_well),) = found.differences()
    assert told == pytest.approx(value, rel=1e-3)
    assert how_well == pytest.approx(information, rel=1e-3)
    assert not np.allclose(found.mode[:4], value, rtol=0.02)
    ties = ties_of_effects(SegmentLayout(4), found, np.array([0.3]))
    assert ties == pytest.approx(spreads_by_part(SegmentLayout(4), value, information, 0.3)[:, None] ** -2.0, rel=1e-2)


def test_where_nothing_tells_spreads_are_as_usual() -> None:
    """With more segments than are told apart, or without an approximation."""
    usual = np.array([0.3, 0.5])
    many = crossed(MOST_SEGMENTS, 2)
    assert ties_of_effects(many, None, usual) == pytest.approx(np.tile(usual**-2.0, (3, 1)))


@pytest.mark.slow
def test_narrow_places_are_no_more() -> None:
    """In large steps nothing diverges; sampled as multiples of their spreads, the effects of columns do."""
    settings = FitSettings(target_accept=0.8)
    scenario = load_scenario(SCENARIO)
    history = read_scenario_history(scenario)
    assert history is not None
    known = history.known_at(np.datetime64(scenario.forecast.as_of, "D"))
    stays = tabulate(known, settings).stages[known.pipeline.stages.index("proposal")]
    layout, priors = SegmentLayout.of(known.segments), tuple(DEFAULT_PRIORS.items())
    part = stage_part("proposal", stays, "lognormal", layout, settings, priors)
    as_multiples = part.data | {"effect_column_centring": np.zeros((2, 3))}

    def diverging(data: Mapping[str, NDArray[np.generic]]) -> int:
        return sum(sample(part.ready, data, settings, seed, "proposal").n_diverging for seed in (1, 2, 3))

    assert diverging(part.data) <= 1
    assert diverging(as_multiples) >= 5
