"""Sampling a compiled model with nutpie: data in by name, whole chains out or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from numpy.typing import NDArray

from simcast.errors import FitError
from simcast.model.arviz_generation import group
from simcast.model.new_deals_model import build_new_deals_model
from simcast.model.priors import Prior
from simcast.model.settings import FitSettings
from simcast.model.stage_model import build_stage_model

_POLL_SECONDS = 0.1
_STATISTICS = ("diverging", "energy")

Array = NDArray[np.generic]


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

    def get(self, name: str) -> NDArray[np.float64] | None:
        """Return a variable; None when the model does not have it."""
        return self[name] if name in self.draws else None


@lru_cache(maxsize=16)
def compiled_stage_model(n_segments: int, n_moves: int, priors: tuple[tuple[str, Prior], ...]) -> Any:  # noqa: ANN401
    """Compile the stage model once for all stages, and all later fits, of the same shape and priors."""
    return _compile(build_stage_model(n_segments, n_moves, dict(priors)))


@lru_cache(maxsize=4)
def compiled_new_deals_model(n_segments: int) -> Any:  # noqa: ANN401  # nutpie has no type hints
    """Compile the model of new deals once for all histories with as many segments."""
    return _compile(build_new_deals_model(n_segments))


def sample(compiled: Any, data: Mapping[str, Array], settings: FitSettings, seed: int, part: str) -> Sample:  # noqa: ANN401
    """Sample a compiled model on other data.

    Parameters
    ----------
    compiled
        A model from this module.
    data
        All that the model reads, by name.
    settings
        Chains, draws, tuning steps and target acceptance.
    seed
        Of the chains.
    part
        What to call this part of the model in an error.

    Raises
    ------
    FitError
        When the sampler fails, or a chain is cut short.
    KeyboardInterrupt
        When the user interrupts; the sampler is stopped first.
    """
    sampler = nutpie.sample(
        with_data(compiled, data),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        target_accept=settings.target_accept,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
        blocking=False,
    )
    try:
        trace = _wait(sampler)
    except RuntimeError as error:
        raise FitError(f"{part}: the sampler failed ({error}); check the history for impossible dates") from error
    except BaseException:
        sampler.cancel()  # type: ignore[no-untyped-call]
        raise
    return whole(group(trace, "posterior"), group(trace, "sample_stats"), settings, part)


def _wait(sampler: Any) -> Any:  # noqa: ANN401  # nutpie has no type hints
    """Wait for the sampler in short spells, between which Python can take an interrupt."""
    while True:
        try:
            return sampler.wait(timeout=_POLL_SECONDS)
        except TimeoutError:
            continue


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
    expected = {"chain": settings.chains, "draw": settings.draws}
    got = {dim: draws.sizes.get(dim, 0) for dim in expected}
    finite = all(bool(np.isfinite(draws[name].to_numpy()).all()) for name in draws.data_vars)
    if got != expected or not finite:
        raise FitError(
            f"{part}: sampling was cut short (chains x draws: wanted {settings.chains} x {settings.draws}, "
            f"got {got['chain']} x {got['draw']}{'' if finite else ' with gaps'}); nothing was stored, fit again"
        )
    return Sample(draws, statistics[list(_STATISTICS)])


def _compile(model: pm.Model) -> Any:  # noqa: ANN401  # nutpie has no type hints
    return nutpie.compile_pymc_model(model, backend="numba", gradient_backend="pytensor")
