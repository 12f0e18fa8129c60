"""Sampling a compiled model: data in by name, whole chains out or an error."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from simcast.model.arviz_generation import group

# isort: split
import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from numpy.typing import NDArray
from pytensor.configdefaults import config
from pytensor.link.numba import cache

from simcast.errors import FitError
from simcast.model.hazard_model import build_hazard_model
from simcast.model.new_deals_model import build_new_deals_model
from simcast.model.priors import Prior
from simcast.model.sampler_functions import compiled_sooner
from simcast.model.settings import FitSettings
from simcast.model.stage_model import build_stage_model
from simcast.model.stage_shape import StageShape

_POLL_SECONDS = 0.1

_one_compiles = threading.Lock()
"""PyTensor rewrites graphs under settings that all threads share: two models must not be compiled at the same time."""
_STATISTICS = ("diverging", "energy")

Array = NDArray[np.generic]
Priors = tuple[tuple[str, Prior], ...]


@dataclass(frozen=True)
class Sample:
    """What the sampler drew for one part of the model.

    Parameters
    ----------
    draws
        Every sampled variable, with dimensions chain and draw.
    statistics
        ``diverging`` and ``energy``, (chain, draw).
    """

    draws: xr.Dataset
    statistics: xr.Dataset

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Return a variable as float64, (n_chains, n_draws, ...)."""
        return np.asarray(self.draws[name].to_numpy(), dtype=np.float64)

    @property
    def n_diverging(self) -> int:
        """How many transitions diverged, those that thinning left out among them."""
        return int(self.statistics.attrs["n_diverging"])

    @property
    def diverged_at_first(self) -> int:
        """How many transitions diverged in a first sample, on account of which there is this one."""
        return int(self.statistics.attrs.get("diverged_at_first", 0))

    def after(self, n_diverging: int) -> Sample:
        """Return the sample as one of two, of which the first had so many transitions that diverged."""
        return Sample(self.draws, self.statistics.assign_attrs(diverged_at_first=n_diverging))

    @property
    def mixed_slowly(self) -> bool:
        """Whether the chains of a first sample mixed slowly, on account of which there is this one."""
        return bool(self.statistics.attrs.get("mixed_slowly", 0))

    def for_longer(self, first: Sample) -> Sample:
        """Return the sample as one drawn for longer than a first one, with what is to be said of that."""
        told = {"diverged_at_first": first.diverged_at_first, "mixed_slowly": 1}
        return Sample(self.draws, self.statistics.assign_attrs(told))

    def get(self, name: str) -> NDArray[np.float64] | None:
        """Return a variable; None when the model does not have it."""
        return self[name] if name in self.draws else None


@dataclass(frozen=True, eq=False)
class ReadyModel:
    """A model that is compiled when first sampled, and then sampled on any data of its shape.

    Parameters
    ----------
    build
        Builds the model.
    """

    build: Callable[[], pm.Model]
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @cached_property
    def model(self) -> pm.Model:
        """The model."""
        return self.build()

    def compiled(self) -> Any:  # noqa: ANN401  # nutpie has no type hints
        """Return the model compiled for nutpie; it is compiled when first asked for, while any other caller waits.

        Callers wait for this model alone, not for others that are compiled after it.
        """
        with self.lock:
            return self._compiled

    @cached_property
    def _compiled(self) -> Any:  # noqa: ANN401  # nutpie has no type hints
        with _one_compiles, warnings.catch_warnings():
            # On how it would compile in C, which is not done here: Numba compiles, and no matrices are multiplied.
            warnings.filterwarnings("ignore", category=UserWarning, module="pytensor")
            with _kept_as_written(), compiled_sooner():
                return nutpie.compile_pymc_model(self.model, backend="numba", gradient_backend="pytensor")


@lru_cache(maxsize=16)
def ready_stage_model(shape: StageShape, priors: Priors) -> ReadyModel:
    """Return the model of all stages, and all later fits, of the same shape and priors."""
    return ReadyModel(lambda: build_stage_model(shape, dict(priors)))


@lru_cache(maxsize=16)
def ready_hazard_model(shape: StageShape, priors: Priors) -> ReadyModel:
    """Return the hazard model of all stages, and all later fits, of the same shape and priors."""
    return ReadyModel(lambda: build_hazard_model(shape, dict(priors)))


@lru_cache(maxsize=4)
def ready_new_deals_model(n_segments: int) -> ReadyModel:
    """Return the model of new deals for all histories with as many segments."""
    return ReadyModel(lambda: build_new_deals_model(n_segments))


def sample(
    ready: ReadyModel,
    data: Mapping[str, Array],
    settings: FitSettings,
    seed: int,
    part: str,
    stop: threading.Event | None = None,
) -> Sample:
    """Sample a model on other data.

    Parameters
    ----------
    ready
        A model from this module.
    data
        All that the model reads, by name.
    settings
        Sampler, chains, draws, tuning steps and target acceptance.
    seed
        Of the chains.
    part
        What to call this part of the model in an error.
    stop
        When it is set, sampling is given up with a KeyboardInterrupt.

    Raises
    ------
    FitError
        When the sampler fails, or a chain is cut short.
    KeyboardInterrupt
        When the user interrupts; the sampler is stopped first.
    """
    run = _sample_with_pymc if settings.sampler == "pymc" else _sample_with_nutpie
    try:
        trace = run(ready, data, settings, seed, stop or threading.Event())
    except RuntimeError as error:
        raise FitError(f"{part}: the sampler failed ({error}); check the history for impossible dates") from error
    return whole(group(trace, "posterior"), group(trace, "sample_stats"), settings, part)


@contextmanager
def _kept_as_written() -> Iterator[None]:
    """Have PyTensor compile sums in the order in which they are written, and keep what it compiles in a folder of ours.

    In its own folder may be what older releases, or other programs, have kept under names that are not told apart:
    see `simcast.model.kernels.rounding` and `simcast.engine.compiled.tell_functions_apart`.
    """
    theirs = cache.NUMBA_CACHE_PATH
    ours = theirs / "simcast"
    ours.mkdir(parents=True, exist_ok=True)
    cache.NUMBA_CACHE_PATH = ours
    try:
        with config.change_flags(numba__fastmath=False):
            yield
    finally:
        cache.NUMBA_CACHE_PATH = theirs


def _sample_with_nutpie(
    ready: ReadyModel, data: Mapping[str, Array], settings: FitSettings, seed: int, stop: threading.Event
) -> Any:  # noqa: ANN401  # InferenceData or DataTree
    sampler = nutpie.sample(
        with_data(ready.compiled(), data),
        draws=settings.n_drawn,
        tune=settings.tune,
        chains=settings.chains,
        target_accept=settings.target_accept,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
    )
    try:
        return _wait(sampler, stop)
    except RuntimeError:
        raise
    except BaseException:
        sampler.cancel()
        raise


def _wait(sampler: Any, stop: threading.Event) -> Any:  # noqa: ANN401  # nutpie has no type hints
    """Wait for the sampler in short spells, between which Python can take an interrupt."""
    while True:
        try:
            return sampler.wait(timeout=_POLL_SECONDS)
        except TimeoutError:
            if stop.is_set():
                raise KeyboardInterrupt from None


def _sample_with_pymc(
    ready: ReadyModel, data: Mapping[str, Array], settings: FitSettings, seed: int, stop: threading.Event
) -> Any:  # noqa: ANN401  # InferenceData or DataTree
    """Sample with PyMC's own sampler, compiled by Numba since there may be no C compiler."""
    if stop.is_set():
        raise KeyboardInterrupt
    with _one_compiles, _kept_as_written(), ready.model:  # what it compiles, it samples at once
        pm.set_data(dict(data))
        return pm.sample(
            draws=settings.n_drawn,
            tune=settings.tune,
            chains=settings.chains,
            cores=1,
            target_accept=settings.target_accept,
            random_seed=seed,
            compile_kwargs={"mode": "NUMBA"},
            progressbar=False,
            compute_convergence_checks=False,
            quiet=True,
        )


def with_data(compiled: Any, data: Mapping[str, Array]) -> Any:  # noqa: ANN401  # nutpie has no type hints
    """Return the compiled model with other data, after making sure that it really holds them.

    A name that the model does not read is an error, and so is one that it reads and `data` leaves out: nutpie
    matches by name and would go on with what was there before.
    """
    if len(compiled.shared_data) != len(data):
        raise ValueError(f"the model reads {len(compiled.shared_data)} arrays, got {len(data)}: {sorted(data)}")
    changed = compiled.with_data(**data)
    held = list(changed.shared_data.values())
    stale = [name for name, value in data.items() if not any(np.array_equal(value, array) for array in held)]
    if stale:
        raise ValueError(f"the compiled model did not take over {stale}")
    return changed


def whole(draws: xr.Dataset, statistics: xr.Dataset, settings: FitSettings, part: str) -> Sample:
    """Return the sample after checking that no chain was cut short."""
    expected = {"chain": settings.chains, "draw": settings.n_drawn}
    got = {dim: draws.sizes.get(dim, 0) for dim in expected}
    finite = all(bool(np.isfinite(draws[name].to_numpy()).all()) for name in draws.data_vars)
    if got != expected or not finite:
        raise FitError(
            f"{part}: sampling was cut short (chains x draws: wanted {expected['chain']} x {expected['draw']}, "
            f"got {got['chain']} x {got['draw']}{'' if finite else ' with gaps'}); nothing was stored, fit again"
        )
    kept = slice(None, None, settings.thin)
    n_diverging = statistics["diverging"].sum().item()
    thinned = statistics[list(_STATISTICS)].isel(draw=kept).assign_attrs(n_diverging=int(n_diverging))
    relabelled = {"draw": np.arange(settings.draws)}
    return Sample(draws.isel(draw=kept).assign_coords(relabelled), thinned.assign_coords(relabelled))
