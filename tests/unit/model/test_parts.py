"""The parts of a fit: when their models are compiled, and that one is at a time."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pymc as pm
import pytest
import xarray as xr

from simcast.model import sampling
from simcast.model.finished_parts import FinishedParts
from simcast.model.parts import Part, sample_parts
from simcast.model.sampling import ReadyModel, Sample
from simcast.model.settings import FitSettings

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
