"""The one place that knows ArviZ 0.x (with PyMC 5) from ArviZ 1 (with PyMC 6).

Modules that import PyMC or nutpie import this one first: both libraries remark on their surroundings when they are
first imported, which a user can do nothing about.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

_compiler_remarks = logging.getLogger("pytensor.configdefaults")
_compiler_remarks.setLevel(logging.ERROR)  # no C compiler is needed here: Numba compiles
with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # 0.23 announces ArviZ 1 once a day
    import arviz
    import pytensor  # noqa: F401
_compiler_remarks.setLevel(logging.NOTSET)


def group(trace: Any, name: str) -> xr.Dataset:  # noqa: ANN401  # InferenceData or DataTree
    """Return one group of a trace, an InferenceData or a DataTree, as a dataset."""
    held = trace[name]
    return held if isinstance(held, xr.Dataset) else held.to_dataset()


def open_groups(groups: Mapping[str, xr.Dataset]) -> Any:  # noqa: ANN401  # InferenceData or DataTree
    """Put groups such as ``posterior`` and ``sample_stats`` into what this ArviZ's functions take."""
    if int(arviz.__version__.partition(".")[0]) < 1:
        build: Callable[..., object] = arviz.InferenceData
        return build(**groups)
    return xr.DataTree.from_dict(dict(groups))


def rhat(draws: xr.Dataset) -> xr.Dataset:
    """Return the rank-normalised split r-hat of every parameter; `draws` has dimensions chain and draw."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # elements that do not vary, such as a walk's end, give NaN
        return _dataset(arviz.rhat(draws))


def effective_sample_size(draws: xr.Dataset, method: str) -> xr.Dataset:
    """Return the ``"bulk"`` or ``"tail"`` effective sample size of every parameter."""
    return _dataset(arviz.ess(draws, method=method))


def pareto_smoothed(log_weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Pareto-smoothed log importance weights, each row normalised, and each row's Pareto k.

    Parameters
    ----------
    log_weights
        float64, (n_rows, n_draws).
    """
    if hasattr(arviz, "psislw"):
        smoothed, k = arviz.psislw(log_weights)
    else:
        statistics = import_module("arviz_stats.base.array").array_stats  # ArviZ 0.x has no such package
        smoothed, k = statistics.psislw(-log_weights)  # it takes log-likelihoods
    return np.asarray(smoothed, dtype=np.float64), np.atleast_1d(np.asarray(k, dtype=np.float64))


def _dataset(result: Any) -> xr.Dataset:  # noqa: ANN401  # a Dataset or a DataTree
    return result if isinstance(result, xr.Dataset) else result.to_dataset()
