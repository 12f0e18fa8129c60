"""The uncertain numbers of levers, future by future, as plans draw them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.engine.rng import LEVER, uniform_by_future
from simcast.plan.levers import key_of, operation_of
from simcast.scenario import (
    AmountLever,
    ArrivalsLever,
    ConversionLever,
    Distribution,
    DurationLever,
    Lever,
    Scenario,
)
from simcast.scenario.levers import BudgetSides


def uncertain_numbers(scenario: Scenario, levers: Sequence[Lever]) -> NDArray[np.float64]:
    """Return the numbers of levers that are distributions, by future.

    Returns
    -------
    float64, (n_futures, n_numbers)
        Without columns where all numbers are fixed.
    """
    settings = scenario.simulation
    numbers = [
        number.ppf(uniform_by_future(np.uint64(settings.seed), settings.futures, key_of(key), LEVER))
        for lever in levers
        for key, number in _numbers(lever)
        if not number.is_fixed
    ]
    return np.column_stack(numbers) if numbers else np.empty((settings.futures, 0))


def _numbers(lever: Lever) -> Iterator[tuple[str, Distribution]]:
    """Yield a lever's numbers with the names of their luck, as plans draw them."""
    operation = None
    if isinstance(lever, ConversionLever | DurationLever | ArrivalsLever | AmountLever):
        operation = operation_of(lever)[0]
    for field in type(lever).model_fields:
        value = getattr(lever, field)
        if isinstance(value, Distribution):
            yield lever.key + ("" if field == operation else field), value
        elif isinstance(value, BudgetSides):
            for side in ("out_of", "into"):
                if (number := getattr(value, side)) is not None:
                    yield f"{lever.key}{field}.{side}", number
