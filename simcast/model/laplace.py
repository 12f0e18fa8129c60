"""The normal approximation of a stage's posterior round its mode, with importance weights that say how good it is.

The spreads are set by a few rounds of expectation and maximisation, each as if two more differences of the prior's
median size had been seen.

References
----------
Tierney & Kadane (1986), Accurate approximations for posterior moments and marginal densities.
Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from simcast.model.screening import NormalPrior, Spread, StageLikelihood

Floats = NDArray[np.float64]

_STEP = 1e-4
_ROUNDS = 5
_PSEUDO_DIFFERENCES = 2.0
_LEAST_CURVATURE = 1e-2
_LEAST_KNOWN = 1e-3
"""What data say of a difference counts for at least this share of what its spread says."""
_NO_PLACE = 1e300
"""Minus the log posterior where it is no number."""


class ApproximationError(ArithmeticError):
    """A family that the data all but rule out has no mode with a curvature that numbers can hold."""


@dataclass(frozen=True)
class LaplaceDraws:
    """Draws from the normal approximation.

    Parameters
    ----------
    draws
        float64, (n_draws, n_free)
    log_weight
        float64, (n_draws,): log of posterior over approximation, up to a constant.
    """

    draws: Floats
    log_weight: Floats


@dataclass(frozen=True)
class NormalApproximation:
    """The normal distribution with the posterior's mode and its curvature there.

    Parameters
    ----------
    mode
        float64, (n_free,)
    root
        float64, (n_free, n_free): lower triangular root of the precision.
    sizes
        float64, (n_spreads,): the spreads, in the order of the prior's.
    spreads
        What each of them scales.
    downhill
        Minus the log posterior, given the spreads, and its gradient.
    """

    mode: Floats
    root: Floats
    sizes: Floats
    spreads: tuple[Spread, ...]
    downhill: Callable[[Floats], tuple[float, Floats]]

    @property
    def covariance(self) -> Floats:
        """The covariance matrix, (n_free, n_free)."""
        return _inverse(self.root)

    def differences(self) -> list[tuple[Floats, Floats]]:
        """Return, for each spread, what the data alone say of the differences that it scales.

        Returns
        -------
        float64, (n_differences,)
            Their values, from which the pull of the spread is taken out.
        float64, (n_differences,)
            How much is known of each: one over its variance.
        """
        covariance = self.covariance
        told = []
        for spread, size in zip(self.spreads, self.sizes, strict=True):
            tie = 1.0 / (size**2 * spread.gap)
            information = np.maximum(1.0 / _variance(spread, covariance) - tie, _LEAST_KNOWN * tie)
            told.append(((self.mode[spread.one] - self.mode[spread.other]) * (1.0 + tie / information), information))
        return told

    def draw(self, n_draws: int, seed: int) -> LaplaceDraws:
        """Draw from it."""
        z = np.random.default_rng(seed).standard_normal((n_draws, self.mode.size))
        draws = self.mode + solve_triangular(self.root, z.T, lower=True, trans="T").T
        log_density = np.array([-self.downhill(free)[0] for free in draws])
        return LaplaceDraws(draws, log_density + 0.5 * np.square(z).sum(axis=1))


def approximate(likelihood: StageLikelihood) -> NormalApproximation:
    """Find the mode, and measure the curvature there.

    Raises
    ------
    ApproximationError
        When there is no curvature where the mode was looked for.
    """
    prior = likelihood.prior
    sizes = np.array([spread.median for spread in prior.spreads])
    mode, root = likelihood.start, _root(prior.matrix(sizes) + np.eye(prior.mean.size))
    for _ in range(_ROUNDS):
        used = sizes
        posterior = _Posterior(likelihood, prior, prior.matrix(sizes))
        mode = posterior.mode(mode, root)
        root = _root(posterior.curvature(mode))
        sizes = _learned_sizes(prior, sizes, mode, _inverse(root))
    return NormalApproximation(mode, root, used, prior.spreads, posterior.downhill)


@dataclass(frozen=True)
class _Posterior:
    """The log posterior of one stage, given the spreads."""

    likelihood: StageLikelihood
    prior: NormalPrior
    precision: Floats

    def downhill(self, free: Floats) -> tuple[float, Floats]:
        """Return minus the log posterior and its gradient."""
        value, gradient = self.likelihood.value_and_gradient(free)
        pull = self.prior.pull
        own = self.precision @ free - pull
        size = free @ (0.5 * (own - pull))
        return float(size - value), own - gradient

    def mode(self, start: Floats, root: Floats) -> Floats:
        """Return where the posterior is highest, looked for in the coordinates in which `root` makes it round."""

        def place(whitened: Floats) -> Floats:
            return start + np.asarray(solve_triangular(root, whitened, lower=True, trans="T"))

        def downhill(whitened: Floats) -> tuple[float, Floats]:
            value, gradient = self.downhill(place(whitened))
            if not (math.isfinite(value) and np.isfinite(gradient).all()):
                return _NO_PLACE, np.zeros(start.size)
            return value, np.asarray(solve_triangular(root, gradient, lower=True))

        found = minimize(downhill, np.zeros(start.size), jac=True, method="L-BFGS-B", options={"maxiter": 1000})
        return place(found.x)

    def curvature(self, mode: Floats) -> Floats:
        """Return minus the second derivatives, by central differences of the gradient, and made positive definite."""
        rows = []
        for position in range(mode.size):
            step = np.zeros(mode.size)
            step[position] = _STEP
            rows.append((self.downhill(mode + step)[1] - self.downhill(mode - step)[1]) / (2 * _STEP))
        second = np.array(rows)
        if not np.isfinite(second).all():
            raise ApproximationError
        values, vectors = np.linalg.eigh(0.5 * (second + second.T))
        whole: Floats = (vectors * np.maximum(values, _LEAST_CURVATURE)) @ vectors.T
        return whole


def _root(precision: Floats) -> Floats:
    """Return the lower triangular root of a positive definite matrix."""
    return np.asarray(np.linalg.cholesky(precision))


def _inverse(root: Floats) -> Floats:
    """Return the inverse of a matrix from its lower triangular root."""
    inverse = np.asarray(solve_triangular(root, np.eye(root.shape[0]), lower=True))
    whole: Floats = inverse.T @ inverse
    return whole


def _variance(spread: Spread, covariance: Floats) -> Floats:
    """Return the variance of each difference that a spread scales."""
    one, other = spread.one, spread.other
    variance: Floats = covariance[one, one] + covariance[other, other] - 2 * covariance[one, other]
    return variance


def _learned_sizes(prior: NormalPrior, sizes: Floats, mode: Floats, covariance: Floats) -> Floats:
    """Return the sizes of the spreads that best explain the differences, uncertain as they are."""
    learned = sizes.copy()
    for position, spread in enumerate(prior.spreads):
        one, other = spread.one, spread.other
        squares = float(np.sum(((mode[one] - mode[other]) ** 2 + _variance(spread, covariance)) / spread.gap))
        total = squares + _PSEUDO_DIFFERENCES * spread.median**2
        learned[position] = np.sqrt(total / (one.size + _PSEUDO_DIFFERENCES))
    return learned
