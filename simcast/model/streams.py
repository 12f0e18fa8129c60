"""Random numbers of a fit beside those of its sampler: each thing that is drawn has a stream of its own.

Two things that took their numbers from the same place would share their luck, though the model says that they have
nothing to do with each other.
"""

from __future__ import annotations

from enum import IntEnum, auto, unique

import numpy as np


@unique
class Stream(IntEnum):
    """What is drawn after the sampler is done."""

    STANDING = auto()
    DRIFT = auto()
    HAZARDS_BEYOND_RECORD = auto()
    CONVERSION_OF_MONTHS = auto()
    SPEED_OF_MONTHS = auto()
    ARRIVALS = auto()
    AMOUNTS = auto()
    ZERO_AMOUNTS = auto()
    RESPONSE = auto()


def stream(seed: int, of: Stream, *which: int) -> np.random.Generator:
    """Return the random numbers of one thing.

    Parameters
    ----------
    seed
        Of the fit.
    of
        What is drawn.
    which
        Tells apart things of one kind: the number of a stage, say; each below 2 to the power of 32.

    Examples
    --------
    >>> first, second = stream(1, Stream.DRIFT, 0), stream(1, Stream.DRIFT, 1)
    >>> first.random() == stream(1, Stream.DRIFT, 0).random(), first.random() == second.random()
    (True, False)
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(of, *which)))
