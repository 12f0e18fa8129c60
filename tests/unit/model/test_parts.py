"""The parts of a fit: when their models are compiled, one at a time, and what their draws are given for forecasts."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from simcast.model import sampling
from simcast.model.finished_parts import FinishedParts
from simcast.model.parts import Part, sample_parts, with_errors_of_standing
from simcast.model.sampling import ReadyModel, Sample
from simcast.model.settings import FitSettings
from simcast.model.standing import Standing

PATIENCE = 30.0


@dataclass(frozen=True, eq=False)
class Watched(ReadyModel):
    """A model that tells when it is compiled."""

    done: threading.Event = field(default_factory=threading.Event)

    def compiled(self) -> None:
        self.done.set()


def part(ready: ReadyModel, sampler: str = "nutpie") -> Part:
    return Part("stage встреча", ready, {}, FitSettings(sampler=sampler), 1.0)


def nothing(_text: str, _done: float) -> None:
    """Tell nobody."""


def drawn() -> Sample:
    return Sample(xr.Dataset(), xr.Dataset(attrs={"n_diverging": 0}))


def test_later_models_are_compiled_while_the_first_part_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    models = [Watched(pm.Model) for _ in range(3)]

    def wait_for_all(*_arguments: object) -> Sample:
        assert all(model.done.wait(PATIENCE) for model in models)
        return drawn()

    monkeypatch.setattr("simcast.model.parts.sample", wait_for_all)
    assert len(sample_parts([part(model) for model in models], [1, 2, 3], FinishedParts(), nothing)) == 3


def test_a_part_is_sampled_as_soon_as_its_own_model_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    n_compiled = 0
    first_is_sampled = threading.Event()
    in_time: list[bool] = []

    def compile_second_when_first_is_sampled(*_arguments: object, **_options: object) -> str:
        nonlocal n_compiled
        n_compiled += 1
        if n_compiled == 1:
            threading.Event().wait(0.3)  # by then the part waits for its model
        else:
            in_time.append(first_is_sampled.wait(PATIENCE))
        return "compiled"

    def sample_at_once(ready: ReadyModel, *_arguments: object) -> Sample:
        ready.compiled()
        first_is_sampled.set()
        return drawn()

    monkeypatch.setattr("simcast.model.sampling.nutpie.compile_pymc_model", compile_second_when_first_is_sampled)
    monkeypatch.setattr("simcast.model.parts.sample", sample_at_once)
    sample_parts([part(ReadyModel(pm.Model)) for _ in range(2)], [1, 2], FinishedParts(), nothing)
    assert in_time == [True]


def test_for_the_sampler_of_pymc_nothing_is_compiled_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Watched(pm.Model)
    monkeypatch.setattr("simcast.model.parts.sample", lambda *_arguments: drawn())
    sample_parts([part(model, "pymc")], [1], FinishedParts(), nothing)
    assert not model.done.is_set()


@pytest.mark.parametrize("sampler", ["nutpie", "pymc"])
def test_two_models_are_never_compiled_at_the_same_time(sampler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, most = [0], [0]
    both_asked = threading.Barrier(2)

    def compile_slowly(*_arguments: object, **_options: object) -> str:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        threading.Event().wait(0.05)
        busy[0] -= 1
        return "compiled"

    def ask(ready: ReadyModel) -> None:
        both_asked.wait(PATIENCE)
        if sampler == "nutpie":
            ready.compiled()
        else:  # compiles and samples in one
            sampling._sample_with_pymc(ready, {}, FitSettings(sampler=sampler), 1, threading.Event())

    monkeypatch.setattr("simcast.model.sampling.nutpie.compile_pymc_model", compile_slowly)
    monkeypatch.setattr("simcast.model.sampling.pm.sample", compile_slowly)
    threads = [threading.Thread(target=ask, args=(ReadyModel(pm.Model),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert most == [1]


def test_a_part_that_is_done_as_the_user_interrupts_is_kept_and_a_wait_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    def done_by_then(_part: Part, _seed: int, stop: threading.Event) -> Sample:
        assert stop.wait(PATIENCE)
        return drawn()

    monkeypatch.setattr("simcast.model.parts.wait", interrupt)
    monkeypatch.setattr("simcast.model.parts.sample_part", done_by_then)
    kept = FinishedParts(tmp_path / "fit.parts")
    with caplog.at_level(logging.INFO, "simcast"), pytest.raises(KeyboardInterrupt):
        sample_parts([part(Watched(pm.Model))], [1], kept, nothing)
    assert kept.read(0) is not None
    assert "a model that is being compiled is finished first" in caplog.text


def drawn_effects(**variables: np.ndarray) -> Sample:
    """Effects of two segments, all zero, with a slope of 2."""
    dims = ("chain", "draw", "segment", "effect")
    draws = xr.Dataset(
        {"effect": (dims, np.zeros((2, 500, 2, 3))), "standing_slope": (dims[:2], np.full((2, 500), 2.0))}
    )
    return Sample(draws.assign(variables), xr.Dataset())


@pytest.mark.parametrize(("variables", "moved"), [({}, (1.0, 0.0, 0.0)), ({"log_hazard": 0.0}, (0.5, -0.5, 0.0))])
def test_what_is_wrong_with_standings_reaches_effects_as_far_as_data_leave_it(
    variables: dict[str, float], moved: tuple[float, ...]
) -> None:
    standing = Standing(np.zeros(2), np.array([[0.3, -0.3], [-0.3, 0.3]]))
    centring = np.array([[0.25, 0.0, 0.0], [1.0, 0.0, 0.0]]) if not variables else np.array([0.25, 0.25, 0.0])
    stage = replace(part(ReadyModel(pm.Model)), data={"effect_centring": centring}, standing=standing)
    found = with_errors_of_standing(stage, drawn_effects(**variables), 3)["effect"]
    errors = standing.errors(2, 500, 3)
    assert found[:, :, 0] == pytest.approx(errors[:, :, :1] * 2.0 * 0.75 * np.array(moved))
    if not variables:
        assert not found[:, :, 1].any()
    shared = {"effect_column_centring": np.array([[0.5, 0.0, 0.0], [0.9, 0.0, 0.0]])}
    with_columns = with_errors_of_standing(replace(stage, data=stage.data | shared), drawn_effects(**variables), 3)
    assert with_columns["effect"][:, :, 0, 0] == pytest.approx(0.5 * found[:, :, 0, 0])
    untouched = drawn_effects(**variables)
    assert with_errors_of_standing(replace(stage, standing=None), untouched, 3) is untouched
