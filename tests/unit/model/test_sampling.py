"""The sampler: it sees the data it is given, whole chains or an error, the same draws for the same seed."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from small_histories import PIPELINE, QUICK, mixed

import simcast.model.fitting as fitting
from simcast.errors import FitError
from simcast.history import History
from simcast.model import fit, load_or_fit
from simcast.model.amount_mix import AmountMix
from simcast.model.diagnosing import ebfmi
from simcast.model.hierarchy import SegmentLayout
from simcast.model.parts import Part, sample_part, sampled_again, stage_part
from simcast.model.priors import resolve_priors
from simcast.model.sampling import ReadyModel, Sample, sample, whole, with_data
from simcast.model.settings import FitSettings
from simcast.model.stage_arrays import stage_arrays
from simcast.model.stage_parameters import stage_parameters
from simcast.model.stays import StageStays
from simcast.model.tables import tabulate
from simcast.posterior import posterior_path
from simcast.segments import Segments

PRIORS = tuple(resolve_priors().items())
QUICK_FIT = FitSettings(quick=True).budgeted()


def first_stage(history: History, family: str = "lognormal", settings: FitSettings = QUICK) -> tuple[Part, StageStays]:
    stays = tabulate(history).stages[0]
    return stage_part("звонок", stays, family, SegmentLayout(3), settings, PRIORS), stays


def draw(part: Part, seed: int = 1) -> Sample:
    return sample(part.ready, part.data, part.settings, seed, part.name)


@pytest.mark.parametrize("family", ["lognormal", "hazard"])
def test_one_compiled_model_gives_each_data_set_its_own_answer(family: str) -> None:
    segments = Segments(("source",), (("a",), ("b",), ("c",)))
    ready, shares = [], []
    for seed in (6, 7):
        part, stays = first_stage(mixed(300, seed=seed), family)
        ready.append(part.ready)
        parameters = stage_parameters(draw(part), family, stays, PIPELINE.moves[0], segments)
        whole_draws = parameters.stack(sample=("chain", "draw"), create_index=False)
        found = stage_arrays(whole_draws, AmountMix.of(stays), 1).probability
        share = (found[:, 0] / found[:, :2].sum(axis=1)).mean(axis=0)
        count = stays.rows.ended_by_cell()
        np.testing.assert_allclose(share, count[:, 0] / count.sum(axis=1), atol=0.1)
        shares.append(float(share.sum()))
    assert ready[0] is ready[1]
    assert shares[0] != shares[1]


@pytest.mark.slow
@pytest.mark.parametrize("durations", ["hazard", "lognormal"])
def test_a_history_is_fitted_without_segments_too(durations: Literal["hazard", "lognormal"]) -> None:
    whole = mixed(60)
    alone = History.of(PIPELINE, whole.stays.drop(columns="segment_code"), (), whole.observed_until)
    posterior = fit(alone, settings=replace(QUICK, durations=durations))
    assert posterior.draws.sizes["segment"] == 1
    assert ("hazard_log" in posterior.draws and bool(posterior.draws["hazard_log"].notnull().any())) == (
        durations == "hazard"
    )


def test_the_same_seed_gives_the_same_draws_and_another_seed_gives_others() -> None:
    part, _ = first_stage(mixed(60))
    one, same, other = (draw(part, seed).draws for seed in (1, 1, 2))
    xr.testing.assert_equal(one, same)
    assert not np.array_equal(one["stalled_logit"], other["stalled_logit"])


@pytest.mark.parametrize(
    ("diverging", "quick", "kept", "steps", "said"),
    [
        (
            (3, 0),
            False,
            0,
            [0.95, 0.99],
            "none",
        ),
        (
            (3, 7, 0),
            False,
            0,
            [0.95, 0.99, 0.998],
            "none",
        ),
        (
            (3, 7, 5),
            False,
            3,
            [0.95, 0.99, 0.998],
            "3",
        ),
        ((0,), False, 0, [0.95], None),
        ((3, 0), True, 0, [0.95, 0.99], "none"),
        ((3, 2), True, 2, [0.95, 0.99], "2"),
        ((3, 4), True, 3, [0.95, 0.99], None),
        ((2,), True, 2, [0.95], None),
    ],
)
def test_a_part_that_diverged_is_sampled_again_in_smaller_steps(
    diverging: tuple[int, ...],
    quick: bool,
    kept: int,
    steps: list[float],
    said: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []
    seeds: list[int] = []

    def count_down(_ready: object, _data: object, settings: FitSettings, seed: int, *_rest: object) -> Sample:
        asked.append(settings.target_accept)
        seeds.append(seed)
        return Sample(xr.Dataset(), xr.Dataset(attrs={"n_diverging": diverging[len(asked) - 1]}))

    monkeypatch.setattr("simcast.model.parts.sample", count_down)
    part = Part("stage встреча", ReadyModel(pm.Model), {}, FitSettings(target_accept=0.95, quick=quick), 1.0)
    found = sample_part(part, 1)
    assert found.n_diverging == kept
    sentence = "stage встреча: 3 transitions diverged at first; it was sampled again in smaller steps, and {} did"
    assert sampled_again([part], [found]) == ([] if said is None else [sentence.format(said)])
    assert asked == pytest.approx(steps)
    assert seeds[0] == 1
    assert len(set(seeds)) == len(steps)


def draws_of(moving: float, n_draws: int = 1000) -> xr.Dataset:
    """Return four chains: of a parameter that moves so much with each draw, a constant, and a coordinate that stays."""
    generator = np.random.default_rng(1)
    values = np.zeros((4, n_draws))
    place = generator.standard_normal(4)
    for draw in range(n_draws):
        place = (1.0 - moving) * place + np.sqrt(1.0 - (1.0 - moving) ** 2) * generator.standard_normal(4)
        values[:, draw] = place
    still = np.arange(4.0)[:, None] + 0.0 * values
    found = {"drift": 0.0 * values, "stalled": values, "effect_raw": still}
    return xr.Dataset({name: (("chain", "draw"), array) for name, array in found.items()})


@pytest.mark.parametrize(
    ("accept", "diverging", "smaller"), [(0.95, 0, 0.99), (0.95, 1, 0.99), (0.99, 0, 0.99), (0.99, 1, 0.998)]
)
def test_a_slow_part_of_a_quick_fit_is_sampled_again_in_steps_small_enough_for_more_of_them(
    accept: float, diverging: int, smaller: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[FitSettings] = []

    def drawn(_ready: object, _data: object, settings: FitSettings, *_rest: object) -> Sample:
        asked.append(settings)
        return Sample(draws_of(0.02 if settings.thin is None else 1.0), xr.Dataset(attrs={"n_diverging": diverging}))

    monkeypatch.setattr("simcast.model.parts.sample", drawn)
    found = sample_part(Part("звонок", ReadyModel(pm.Model), {}, replace(QUICK_FIT, target_accept=accept), 1.0), 1)
    assert [each.target_accept for each in asked] == pytest.approx([accept, smaller])
    assert [(each.thin, each.tune) for each in asked] == [(None, 300), (4, 600)]
    assert (found.diverged_at_first, found.mixed_slowly) == (diverging, True)


@pytest.mark.parametrize(
    ("moving", "settings", "diverging", "thins", "is_kept"),
    [
        ((1.0,), FitSettings(), (0,), [None], False),
        ((0.02, 1.0), FitSettings(), (0, 0), [None, 4], True),
        ((0.02, 1.0), FitSettings(thin=2), (0, 0), [2, 8], True),
        ((0.02, 1.0), FitSettings(), (0, 2), [None, 4], False),
        ((0.02,), FitSettings(draws=500), (0,), [None], False),
        ((0.02, 1.0), QUICK_FIT, (0, 2), [None, 4], True),
        ((0.02, 1.0), replace(QUICK_FIT, thin=2), (0, 0), [2, 8], True),
        ((0.02, 1.0), QUICK_FIT, (0, 3), [None, 4], False),
        ((0.5,), QUICK_FIT, (2,), [None], False),
        ((0.02,), replace(QUICK_FIT, draws=100), (0,), [None], False),
    ],
    ids=[
        "mixes",
        "slow",
        "thinned",
        "the longer one diverges",
        "few draws",
        "slow and quick",
        "thinned and quick",
        "the longer quick one diverges",
        "well enough for a quick one",
        "few draws of a quick one",
    ],
)
def test_a_part_whose_chains_mix_slowly_is_sampled_for_longer(
    moving: tuple[float, ...],
    settings: FitSettings,
    diverging: tuple[int, ...],
    thins: list[int | None],
    is_kept: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[FitSettings] = []

    def drawn(_ready: object, _data: object, settings: FitSettings, *_rest: object) -> Sample:
        asked.append(settings)
        n = len(asked) - 1
        return Sample(draws_of(moving[n]), xr.Dataset(attrs={"n_diverging": diverging[n]}))

    monkeypatch.setattr("simcast.model.parts.sample", drawn)
    part = Part("stage встреча", ReadyModel(pm.Model), {}, settings, 1.0)
    found = sample_part(part, 1)
    assert [each.thin for each in asked] == thins
    assert found.mixed_slowly == is_kept
    assert found.draws.identical(draws_of(moving[-1 if is_kept else 0]))
    told = sampled_again([part], [found])
    assert told == (
        ["stage встреча: its chains mixed slowly; it was sampled again, in 4 times as many steps"] if is_kept else []
    )


@pytest.mark.slow
def test_the_sampler_of_pymc_itself_agrees() -> None:
    part, _ = first_stage(mixed(300), settings=replace(QUICK, draws=400, sampler="pymc"))
    own = draw(part)["effect_mean"]
    nutpie = sample(part.ready, part.data, replace(part.settings, sampler="nutpie"), 1, part.name)["effect_mean"]
    np.testing.assert_allclose(
        own.mean(axis=(0, 1)), nutpie.mean(axis=(0, 1)), atol=0.3 * nutpie.std(axis=(0, 1)).max()
    )


def test_data_that_the_model_does_not_read_or_that_is_left_out_is_an_error() -> None:
    part, _ = first_stage(mixed(60))
    compiled, inputs = part.ready.compiled(), part.data
    some = {name: inputs[name] for name in ("numbers", "indices", "effect_lean")}
    with pytest.raises(ValueError, match="the model reads 4 arrays, got 3"):
        with_data(compiled, some)
    with pytest.raises(KeyError):
        with_data(compiled, {**some, "typo": np.zeros(1)})


def test_data_that_the_compiled_model_did_not_take_over_is_noticed() -> None:
    class Deaf:
        """A compiled model whose `with_data` silently does nothing, as nutpie's once did."""

        def __init__(self) -> None:
            self.shared_data = {"a": np.zeros(2)}

        def with_data(self, **_: object) -> Deaf:
            return self

    with pytest.raises(ValueError, match="did not take over"):
        with_data(Deaf(), {"a": np.ones(2)})


@pytest.mark.parametrize("fault", ["fewer draws", "fewer chains", "gaps"])
def test_chains_that_were_cut_short_are_refused(fault: str) -> None:
    values = np.zeros((QUICK.chains, QUICK.draws))
    if fault == "gaps":
        values[1, 50:] = np.nan
    held = values[:1] if fault == "fewer chains" else values[:, :150] if fault == "fewer draws" else values
    draws = xr.Dataset({"x": (("chain", "draw"), held)})
    statistics = xr.Dataset(dict.fromkeys(("diverging", "energy"), (("chain", "draw"), held)))
    with pytest.raises(FitError, match="cut short"):
        whole(draws, statistics, QUICK, "stage x")


def test_an_interrupted_fit_keeps_its_finished_parts_and_goes_on_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    expected = fit(mixed(60), settings=QUICK)

    def interrupt(description: str, _: float) -> None:
        if description.startswith("fit: stage встреча"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_or_fit(mixed(60), settings=QUICK, progress=interrupt)
    assert [file.name for file in tmp_path.rglob("*.nc")] == ["000.nc"]
    told: list[str] = []
    posterior = load_or_fit(mixed(60), settings=QUICK, progress=lambda text, _: told.append(text))
    assert not any("stage звонок (" in text for text in told)
    assert posterior.draws.identical(expected.draws)
    assert [file.parent.name for file in tmp_path.rglob("*.nc")] == ["posteriors"]


@pytest.mark.slow
def test_judging_a_fit_takes_no_more_memory_than_a_few_times_what_is_kept() -> None:
    """Single stays are judged on some of the draws; spread over all of them, they filled gigabytes."""

    def watch(description: str, _: float) -> None:
        if description == "fit: judging the draws":
            tracemalloc.start()

    try:
        posterior = fit(mixed(600), settings=QUICK, progress=watch)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    kept = posterior.draws.nbytes + sum(part.nbytes for part in posterior.sampled.values())
    assert kept < peak < 10 * kept


def test_a_fit_is_stored_and_found_again_until_the_data_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    history = mixed(60)
    told: list[float] = []
    first = load_or_fit(history, settings=QUICK, progress=lambda _, fraction: told.append(fraction))
    assert posterior_path(first.fingerprint).is_file()
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(fitting, "_fit", refuse)
    again = load_or_fit(history, settings=QUICK)
    assert again.draws.identical(first.draws)
    assert again.diagnostics == first.diagnostics
    with pytest.raises(AssertionError, match="fitted again"):
        load_or_fit(mixed(61), settings=QUICK)
    with pytest.raises(AssertionError, match="fitted again"):
        load_or_fit(history, settings=QUICK, seed=2)


def test_energy_that_wanders_slowly_has_a_low_fraction_of_missing_information() -> None:
    noise = np.random.default_rng(1).standard_normal((2, 2000))
    assert ebfmi(noise) > 1.5
    assert ebfmi(np.cumsum(noise, axis=1)) < 0.1


def test_a_sample_without_spreads_says_so() -> None:
    drawn = Sample(xr.Dataset({"x": (("chain", "draw"), np.ones((1, 2)))}), xr.Dataset())
    assert drawn.get("effect_raw") is None
