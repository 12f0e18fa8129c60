"""Numbers that may be uncertain, and positive quantities that vary from deal to deal."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PARAMETERS: dict[str, tuple[str, ...]] = {
    "constant": ("value",),
    "normal": ("mean", "sd"),
    "beta": ("a", "b"),
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "lognormal": ("median", "sigma"),
    "gamma": ("mean", "shape"),
    "exponential": ("mean",),
    "weibull": ("scale", "shape"),
    "loglogistic": ("median", "shape"),
}
"""The parameters of each family, in the order of the short form ``{normal: [mean, sd]}``."""

NUMBER_FAMILIES = ("constant", "normal", "beta", "uniform", "triangular", "lognormal", "gamma", "exponential")
QUANTITY_FAMILIES = ("constant", "lognormal", "exponential", "weibull", "gamma", "loglogistic")
FAMILY_NAMES = frozenset(PARAMETERS)


@dataclass(frozen=True)
class Domain:
    """The values that a number may take, and how to say so.

    Parameters
    ----------
    low, high
        The bounds.
    low_open
        Whether the lower bound itself is excluded.
    text
        What to call a number in this domain, such as ``"a probability from 0 to 1"``.
    """

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    text: str = "a number"

    def holds(self, value: float) -> bool:
        """Return whether a value lies in the domain."""
        return (value > self.low if self.low_open else value >= self.low) and value <= self.high


ANY = Domain()
PROBABILITY = Domain(0.0, 1.0, text="a probability from 0 to 1")
SHARE = Domain(0.0, 1.0, low_open=True, text="a share above 0 and at most 1")
CHANGE = Domain(-1.0, 1.0, text="a change of probability from -1 to 1")
POSITIVE = Domain(0.0, low_open=True, text="a number above 0")
NON_NEGATIVE = Domain(0.0, text="a number of 0 or more")


@dataclass(frozen=True)
class Distribution:
    """A number, known or uncertain: what stands wherever a scenario file takes a number.

    Parameters
    ----------
    family
        One of `NUMBER_FAMILIES`; ``constant`` when the number is known.
    parameters
        In the order of `PARAMETERS`.
    low, high
        Where a normal distribution is truncated; infinite when it is not.

    Examples
    --------
    >>> multiply = Distribution("normal", (1.2, 0.05))
    >>> multiply.mean()
    1.2
    >>> Distribution.constant(0.1).is_fixed
    True
    """

    family: str
    parameters: tuple[float, ...]
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def constant(cls, value: float) -> Distribution:
        """Return a number that is known."""
        return cls("constant", (float(value),))

    @property
    def is_fixed(self) -> bool:
        """Whether the number is known."""
        return self.family == "constant"

    def ppf(self, u: Floats) -> Floats:
        """Return quantiles.

        Parameters
        ----------
        u : float64, any shape
            Probabilities between 0 and 1.

        Returns
        -------
        float64, shape of `u`
        """
        u = np.asarray(u, dtype=np.float64)
        quantiles = np.asarray(_QUANTILES[self.family](self, u), dtype=np.float64)
        return np.broadcast_to(quantiles, u.shape).copy()

    def mean(self) -> float:
        """Return the expected value."""
        return float(_MEANS[self.family](self))

    def plain(self) -> float | dict[str, dict[str, float]]:
        """Return the number as a scenario file would hold it."""
        if self.is_fixed:
            return self.parameters[0]
        return {self.family: dict(zip(PARAMETERS[self.family], self.parameters, strict=True))}


@dataclass(frozen=True)
class Quantity:
    """A positive quantity that varies from deal to deal: days in a stage, or an amount.

    Parameters
    ----------
    family
        One of `QUANTITY_FAMILIES`.
    parameters
        In the order of `PARAMETERS`; each may itself be uncertain.
    """

    family: str
    parameters: tuple[Distribution, ...]

    def scale_and_shape(self, *values: Floats) -> tuple[Floats, Floats]:
        """Turn parameters into the scale and shape in which a posterior holds them.

        Parameters
        ----------
        values : float64, (n_draws,)
            Draws of `parameters`, one array for each.

        Returns
        -------
        scale, shape : float64, (n_draws,)
            Lognormal: median and sigma; Weibull and log-logistic: scale and one over the shape;
            exponential: mean and 1; gamma: scale and shape; constant: value and 0.
        """
        first = np.asarray(values[0], dtype=np.float64)
        match self.family:
            case "constant":
                return first, np.zeros_like(first)
            case "exponential":
                return first, np.ones_like(first)
            case "lognormal":
                return first, np.asarray(values[1])
            case "gamma":
                return first / values[1], np.asarray(values[1])
            case _:
                return first, 1.0 / np.asarray(values[1])

    def plain(self) -> float | dict[str, dict[str, float | dict[str, dict[str, float]]]]:
        """Return the quantity as a scenario file would hold it."""
        inner = [parameter.plain() for parameter in self.parameters]
        if self.family == "constant" and isinstance(inner[0], float):
            return inner[0]
        return {self.family: dict(zip(PARAMETERS[self.family], inner, strict=True))}


def _normal_ppf(number: Distribution, u: Floats) -> Floats:
    from scipy.special import ndtr, ndtri

    mean, sd = number.parameters
    below, above = ndtr((number.low - mean) / sd), ndtr((number.high - mean) / sd)
    quantiles = np.asarray(mean + sd * ndtri(below + u * (above - below)), dtype=np.float64)
    return np.clip(quantiles, number.low, number.high)


def _normal_mean(number: Distribution) -> float:
    """Return the mean of a normal distribution truncated to [low, high]."""
    from scipy.special import ndtr

    mean, sd = number.parameters
    low, high = (number.low - mean) / sd, (number.high - mean) / sd
    densities = [math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) for z in (low, high)]
    return float(mean + sd * (densities[0] - densities[1]) / (ndtr(high) - ndtr(low)))


def _beta_ppf(number: Distribution, u: Floats) -> Floats:
    from scipy.special import betaincinv

    a, b = number.parameters
    return np.asarray(betaincinv(a, b, u), dtype=np.float64)


def _triangular_ppf(number: Distribution, u: Floats) -> Floats:
    low, mode, high = number.parameters
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    return np.where(u < turn, rising, falling)


def _lognormal_ppf(number: Distribution, u: Floats) -> Floats:
    from scipy.special import ndtri

    median, sigma = number.parameters
    return np.asarray(median * np.exp(sigma * ndtri(u)), dtype=np.float64)


def _gamma_ppf(number: Distribution, u: Floats) -> Floats:
    from scipy.special import gammaincinv

    mean, shape = number.parameters
    return np.asarray(gammaincinv(shape, u), dtype=np.float64) * (mean / shape)


_QUANTILES: dict[str, Callable[[Distribution, Floats], Floats]] = {
    "constant": lambda number, u: np.full(u.shape, number.parameters[0]),
    "normal": _normal_ppf,
    "beta": _beta_ppf,
    "uniform": lambda number, u: number.parameters[0] + u * (number.parameters[1] - number.parameters[0]),
    "triangular": _triangular_ppf,
    "lognormal": _lognormal_ppf,
    "gamma": _gamma_ppf,
    "exponential": lambda number, u: -number.parameters[0] * np.log1p(-u),
}

_MEANS: dict[str, Callable[[Distribution], float]] = {
    "constant": lambda number: number.parameters[0],
    "normal": _normal_mean,
    "beta": lambda number: number.parameters[0] / sum(number.parameters),
    "uniform": lambda number: sum(number.parameters) / 2,
    "triangular": lambda number: sum(number.parameters) / 3,
    "lognormal": lambda number: number.parameters[0] * math.exp(number.parameters[1] ** 2 / 2),
    "gamma": lambda number: number.parameters[0],
    "exponential": lambda number: number.parameters[0],
}
