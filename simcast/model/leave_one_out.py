"""Pareto-smoothed leave-one-out cross-validation of single stays, from draws that may be an approximation's.

References
----------
Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, JMLR 25.
Magnusson, Andersen, Jonasson & Vehtari (2019), Bayesian leave-one-out cross-validation for large data, ICML.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.arviz_generation import pareto_smoothed

Floats = NDArray[np.float64]

HIGH_PARETO_K = 0.7
_STEADY = 0.01
"""Where a stay's log-likelihood varies less than this over draws, plain importance weights are as good as smoothed."""

_IMPOSSIBLE = -1e100
"""A log-likelihood that is as good as none, and whose square is still a number."""


@dataclass(frozen=True)
class LeaveOneOut:
    """How well single stays are foreseen when each is left out.

    Parameters
    ----------
    elpd
        float64, (n_rows,): log predictive density of one stay of each kind, left out.
    pareto_k
        float64, (n_rows,): shape of the importance weights' tail; above 0.7 the estimate is not to be relied on.
    in_sample
        float64, (n_rows,): the same density with the stay not left out.
    count
        float64, (n_rows,): how many stays are of each kind.
    """

    elpd: Floats
    pareto_k: Floats
    in_sample: Floats
    count: Floats

    @property
    def total(self) -> float:
        """The expected log predictive density of all stays."""
        return float(self.count @ self.elpd)

    @property
    def n_effective_parameters(self) -> float:
        """By how much the stays themselves help to foresee them."""
        return float(self.count @ (self.in_sample - self.elpd))

    @property
    def rules_out_what_was(self) -> bool:
        """Whether there is a stay that could not have been: then nothing else about the family counts."""
        return bool(np.any(self.elpd < 0.5 * _IMPOSSIBLE))

    @property
    def n_high_pareto_k(self) -> int:
        """How many stays have an estimate that is not to be relied on."""
        return int(self.count[self.pareto_k > HIGH_PARETO_K].sum())

    def error_of_difference(self, other: LeaveOneOut) -> float:
        """Return the standard error of the difference of the two totals."""
        difference = self.elpd - other.elpd
        n = self.count.sum()
        mean = self.count @ difference / n
        return float(np.sqrt(n * (self.count @ (difference - mean) ** 2) / max(n - 1.0, 1.0)))


def leave_one_out(log_likelihood: Floats, count: Floats, log_weight: Floats | None = None) -> LeaveOneOut:
    """Estimate how well each stay is foreseen by the others.

    Parameters
    ----------
    log_likelihood
        float64, (n_draws, n_rows): of one stay of each kind.
    count
        float64, (n_rows,): how many stays are of each kind.
    log_weight
        float64, (n_draws,): logarithm of posterior over approximation, when the draws are an approximation's.
    """
    log_likelihood = np.maximum(log_likelihood, _IMPOSSIBLE)
    weight = np.zeros(log_likelihood.shape[0]) if log_weight is None else log_weight
    weight = weight - _log_sum(weight)
    raw = weight[:, None] - log_likelihood
    logs = raw - _log_sum(raw)
    k = np.full(count.size, -np.inf)
    moving = np.flatnonzero(log_likelihood.var(axis=0) > _STEADY)
    if moving.size:
        smoothed, k[moving] = pareto_smoothed(np.ascontiguousarray(raw[:, moving].T))
        logs[:, moving] = smoothed.T - _log_sum(smoothed.T)
    elpd = _log_sum(logs + log_likelihood)
    return LeaveOneOut(elpd, k, _log_sum(weight[:, None] + log_likelihood), count)


def _log_sum(logs: Floats) -> Floats:
    """Return the logarithm of the sum of exponentials over the first axis."""
    most = logs.max(axis=0)
    total: Floats = most + np.log(np.exp(logs - most).sum(axis=0))
    return total
