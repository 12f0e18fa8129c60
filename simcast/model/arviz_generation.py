"""The one place that knows ArviZ 0.x (with PyMC 5) from ArviZ 1 (with PyMC 6).

Modules that import PyMC or nutpie import this one first: both libraries remark on their surroundings when they are
first imported, which a user can do nothing about.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import log_softmax

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

    A row whose largest weights make no tail that could be smoothed is normalised as it is, and its k is infinite.

    Parameters
    ----------
    log_weights
        float64, (n_rows, n_draws).
    """
    below = log_weights - log_weights.max(axis=1, keepdims=True)
    smoothed, k = log_softmax(below, axis=1), np.full(below.shape[0], np.inf)
    largest = np.sort(below, axis=1)[:, -_tail_length(below.shape[1]) :]
    has_tail = np.flatnonzero(largest[:, 0] < largest[:, -1])
    if has_tail.size:
        found, its_k = _smoothed(np.ascontiguousarray(below[has_tail]))
        told = np.isfinite(its_k) & np.isfinite(found).all(axis=1)
        smoothed[has_tail[told]], k[has_tail[told]] = found[told], its_k[told]
    return smoothed, k


def _tail_length(n_draws: int) -> int:
    """Return how many weights ArviZ takes for the tail at least; its generations differ by one."""
    return max(2, math.floor(min(0.2 * n_draws, 3.0 * math.sqrt(n_draws))))


def _smoothed(log_weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.errstate(all="ignore"):  # tails beyond all bounds overflow, and their k says so
        if hasattr(arviz, "psislw"):
            smoothed, k = arviz.psislw(log_weights)
        else:
            statistics = import_module("arviz_stats.base.array").array_stats  # ArviZ 0.x has no such package
            smoothed, k = statistics.psislw(-log_weights)  # it takes log-likelihoods
    return np.asarray(smoothed, dtype=np.float64), np.atleast_1d(np.asarray(k, dtype=np.float64))


def _dataset(result: Any) -> xr.Dataset:  # noqa: ANN401  # a Dataset or a DataTree
    return result if isinstance(result, xr.Dataset) else result.to_dataset()
