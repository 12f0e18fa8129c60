"""The one place that knows ArviZ 0.x (with PyMC 5) from ArviZ 1 (with PyMC 6)."""

from __future__ import annotations

import warnings
from typing import Any

import xarray as xr

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # 0.23 announces ArviZ 1 whenever it is imported
    import arviz


def group(trace: Any, name: str) -> xr.Dataset:  # noqa: ANN401  # InferenceData or DataTree
    """Return one group of a trace, an InferenceData or a DataTree, as a dataset."""
    held = trace[name]
    return held if isinstance(held, xr.Dataset) else held.to_dataset()


def rhat(draws: xr.Dataset) -> xr.Dataset:
    """Return the rank-normalised split r-hat of every parameter; `draws` has dimensions chain and draw."""
    return _dataset(arviz.rhat(draws))


def effective_sample_size(draws: xr.Dataset, method: str) -> xr.Dataset:
    """Return the ``"bulk"`` or ``"tail"`` effective sample size of every parameter."""
    return _dataset(arviz.ess(draws, method=method))


def _dataset(result: Any) -> xr.Dataset:  # noqa: ANN401  # a Dataset or a DataTree
    return result if isinstance(result, xr.Dataset) else result.to_dataset()
