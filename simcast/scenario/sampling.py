"""Drawing uncertain numbers evenly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simcast.scenario.distribution import Distribution

Floats = NDArray[np.float64]


def draw_numbers(numbers: Mapping[str, Distribution], n_draws: int, seed: int) -> dict[str, Floats]:
    """Draw each number by Latin hypercube sampling, in an order keyed by its name.

    Parameters
    ----------
    numbers
        The numbers by name.
    n_draws
        How many draws of each.
    seed
        Of the orders.

    Returns
    -------
    dict of float64, (n_draws,)
    """
    drawn = {}
    for name, number in numbers.items():
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
        rng = np.random.default_rng([seed, key])
        drawn[name] = number.ppf((rng.permutation(n_draws) + rng.uniform(size=n_draws)) / n_draws)
    return drawn
