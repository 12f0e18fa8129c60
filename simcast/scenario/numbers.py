"""Reading numbers, distributions of numbers, and quantities from plain data, with messages that say what is wanted."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from simcast.money import MOST_AMOUNT, MOST_COST, written
from simcast.scenario.distribution import (
    ANY,
    FAMILY_NAMES,
    NON_NEGATIVE,
    NUMBER_FAMILIES,
    PARAMETERS,
    POSITIVE,
    PROBABILITY,
    QUANTITY_FAMILIES,
    Distribution,
    Domain,
    Quantity,
)
from simcast.scenario.meant import hint
from simcast.scenario.showing import shorten

_ANY_SIGN = {("constant", "value"), ("normal", "mean"), ("uniform", "low"), ("uniform", "high")} | {
    ("triangular", name) for name in PARAMETERS["triangular"]
}


_WIDEST = 1000.0
"""The widest sd of a truncated normal, in widths of its domain; beyond it quantiles lose their digits."""


_WIDEST_SIGMA = 30.0
"""The widest sigma of an uncertain number: two draws in three then lie within a factor of 1e13 of the median.
Means and squares overflow beyond it."""


def parse_number(value: object, domain: Domain = ANY) -> Distribution:
    """Read a number or a distribution of one.

    A normal distribution that reaches beyond the domain is truncated to it; any other family that
    does is refused.

    Raises
    ------
    ValueError
        When the value is not a number, names no known family, or leaves the domain.
    """
    if isinstance(value, Distribution):
        return value
    if not isinstance(value, Mapping):
        number = _float(value, f"must be {domain.text}, or a distribution such as {{normal: [mean, sd]}}")
        if not domain.holds(number):
            percent = f" ({number:g}% is {number / 100:g})" if domain is PROBABILITY and 1 < number <= 100 else ""
            raise ValueError(f"must be {domain.text}, got {number:g}{percent}")
        return Distribution.constant(number)
    family, values = _split(value, NUMBER_FAMILIES, "a number")
    if family == "constant":
        return parse_number(_float(values[0], "constant: value must be a number"), domain)
    parameters = tuple(
        _float(item, f"{family}: {name} must be a number")
        for name, item in zip(PARAMETERS[family], values, strict=True)
    )
    _check_parameters(family, parameters)
    return _within(Distribution(family, parameters), domain)


def parse_quantity(value: object) -> Quantity:
    """Read a positive quantity: a bare number, or a family whose parameters may be uncertain.

    Raises
    ------
    ValueError
        When the value is neither, or a parameter is not above 0.
    """
    if isinstance(value, Quantity):
        return value
    if not isinstance(value, Mapping):
        return Quantity("constant", (parse_number(value, NON_NEGATIVE),))
    family, values = _split(value, QUANTITY_FAMILIES, "a quantity of days or money")
    parameters = []
    for name, item in zip(PARAMETERS[family], values, strict=True):
        try:
            parameters.append(parse_number(item, NON_NEGATIVE if family == "constant" else POSITIVE))
        except ValueError as error:
            raise ValueError(f"{family}: {name} {error}") from None
    return Quantity(family, tuple(parameters))


def parse_money(value: object) -> Quantity:
    """Read a quantity of money; one that is known may not be more than the engine can count.

    Raises
    ------
    ValueError
        As for `parse_quantity`, and when a usual amount is above `MOST_AMOUNT`.
    """
    quantity = parse_quantity(value)
    usual = quantity.parameters[0]
    if usual.is_fixed:
        try:
            check_amount(usual.parameters[0])
        except ValueError as error:
            family = quantity.family
            raise ValueError(
                f"{family}: {PARAMETERS[family][0]} {error}" if family != "constant" else str(error)
            ) from None
    return quantity


def check_amount(amount: float) -> float:
    """Return an amount of money unless it is more than the engine can count; `ValueError` then."""
    if amount > MOST_AMOUNT:
        most = f"must be at most {written(MOST_AMOUNT)}, got {written(amount)}"
        raise ValueError(f"{most}; count money in thousands or millions")
    return amount


def parse_cost(value: object, domain: Domain = ANY) -> Distribution:
    """Read what something costs, or saves where it is negative: a number, or a distribution of one.

    Raises
    ------
    ValueError
        As for `parse_number`, and when the number, or one in a million of an uncertain one, is beyond `MOST_COST`.
    """
    cost = parse_number(value, domain)
    with np.errstate(over="ignore"):
        size = float(np.max(np.abs(cost.ppf(np.array([1e-6, 1.0 - 1e-6])))))
    if not size <= MOST_COST:
        got = f"got {written(size)}" if cost.is_fixed else f"but may come to {written(size)}"
        raise ValueError(f"must be at most {written(MOST_COST)} either way from 0, {got}; count money in millions")
    return cost


def _float(value: object, otherwise: str) -> float:
    """Return a finite number; `ValueError` for text, truth values, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        instead = hint(value) if isinstance(value, str) else ""
        raise ValueError(f"{otherwise}, got {shorten(value)}{instead}")  # noqa: TRY004 - pydantic collects ValueError only
    if not math.isfinite(value):
        raise ValueError(f"{otherwise}, got {value}")
    return float(value)


def _split(value: Mapping[str, object], families: tuple[str, ...], what: str) -> tuple[str, tuple[object, ...]]:
    """Take ``{family: parameters}`` apart and put the parameters in order."""
    if len(value) != 1 or next(iter(value)) not in families:
        raise ValueError(f"must name one distribution of {what} ({', '.join(families)}), got {shorten(dict(value))}")
    family, given = next(iter(value.items()))
    names = PARAMETERS[family]
    wanted = f"{family} takes {', '.join(names)}"
    if isinstance(given, Mapping):
        if family == "gamma" and set(given) == {"scale", "shape"}:
            return family, (_product(given["scale"], given["shape"]), given["shape"])
        if family in FAMILY_NAMES and set(given) == set(names):
            return family, tuple(given[name] for name in names)
        if len(names) == 1 and len(given) == 1 and next(iter(given)) in FAMILY_NAMES:
            return family, (given,)
        raise ValueError(f"{wanted}, got {', '.join(map(str, given)) or 'nothing'}")
    values = tuple(given) if isinstance(given, list | tuple) else (given,)
    if len(values) != len(names):
        raise ValueError(f"{wanted} ({len(names)} number{'s' * (len(names) > 1)}), got {shorten(given)}")
    return family, values


def _product(scale: object, shape: object) -> float:
    """Return the mean of a gamma distribution given by scale and shape."""
    wanted = "gamma: scale and shape must be numbers (give mean and shape where they are uncertain)"
    return _float(scale, wanted) * _float(shape, wanted)


def _check_parameters(family: str, parameters: tuple[float, ...]) -> None:
    """Refuse parameters that make no distribution."""
    for name, number in zip(PARAMETERS[family], parameters, strict=True):
        if (family, name) not in _ANY_SIGN and number <= 0:
            raise ValueError(f"{family}: {name} must be above 0, got {number:g}")
    if family == "lognormal" and parameters[1] > _WIDEST_SIGMA:
        raise ValueError(f"lognormal: sigma must be at most {_WIDEST_SIGMA:g}, got {parameters[1]:g}")
    if family in ("uniform", "triangular") and (
        sorted(parameters) != list(parameters) or parameters[0] == parameters[-1]
    ):
        raise ValueError(f"{family}: {', '.join(PARAMETERS[family])} must rise, got {shorten(parameters)}")


def _within(number: Distribution, domain: Domain) -> Distribution:
    """Keep a distribution inside its domain: truncate a normal one, refuse others that leave it."""
    low, high = _support(number)
    if low >= domain.low and high <= domain.high:
        return number
    if number.family != "normal":
        raise ValueError(f"must be {domain.text}, but {number.family} {shorten(number.parameters)} reaches beyond it")
    if not domain.holds(number.parameters[0]):
        raise ValueError(f"must be {domain.text}, got a normal distribution round {number.parameters[0]:g}")
    if number.parameters[1] > _WIDEST * (domain.high - domain.low):
        raise ValueError(
            f"normal: sd must not be far wider than {domain.text}, got {number.parameters[1]:g}; write uniform instead"
        )
    return Distribution("normal", number.parameters, domain.low, domain.high)


def _support(number: Distribution) -> tuple[float, float]:
    match number.family:
        case "normal":
            return -math.inf, math.inf
        case "uniform" | "triangular":
            return number.parameters[0], number.parameters[-1]
        case "beta":
            return 0.0, 1.0
        case _:
            return 0.0, math.inf
