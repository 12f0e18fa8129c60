"""What simulation-based calibration is run on, the length and size of the histories, and how to draw from a prior."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model import Prior
from simcast.model.pieces import PIECE_STARTS
from simcast.synthetic.worlds import LOST, WON

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FIRST_DAY = "2024-01-01"
N_DAYS, N_DAYS_AFTER = 392, 91
"""A year and four weeks are known: enough for weekdays, trend, walk and seasons. A quarter follows."""

N_DEALS, AMOUNT, WITHIN = 450, 10_000.0, 0.1
AMOUNTS = np.array([3_000.0, 10_000.0, 33_000.0])
"""Of deals whose amounts tell of their chances: so few that none shares a class with another."""
LEAST_SHARE_OF_AMOUNT = 0.2
LEAST_WINS = 15
MOST_TRIES = 100_000

BLOCK_DAYS, RAMP_DAYS, DAYS_PER_YEAR = 28, 182, 365.25
BEYOND_RECORD = math.log(2.0)

RANKED_PIECES = range(0, int(np.searchsorted(PIECE_STARTS, N_DAYS)), 3)
"""The pieces whose hazards are ranked: every third, which are near enough to all."""

STAGE = "договор"
WAITING = "пауза"

Truth = dict[str, float]
"""The value of each quantity by its name."""


@dataclass(frozen=True)
class Case:
    """What is calibrated.

    Parameters
    ----------
    durations
        The family of days.
    crossed
        Whether segments come from two crossed columns, rather than one.
    waiting
        Whether deals may also move to a stage beside the path, and return from it.
    drifting
        Whether the parameters of stages drift from quarter to quarter.
    by_amount
        Whether the chance to be won depends on the amount, which is one of `AMOUNTS` and known from the start. Then
        arrivals and amounts are not ranked: they are drawn amount by amount, as the model has them not.
    """

    durations: str
    crossed: bool = False
    waiting: bool = False
    drifting: bool = False
    by_amount: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The segment columns."""
        return ("источник", "регион") if self.crossed else ("источник",)

    @property
    def segments(self) -> tuple[tuple[str, ...], ...]:
        """The segments, in the order of their codes."""
        if self.crossed:
            return tuple((source, region) for source in ("ads", "сайт") for region in ("Запад", "Юг"))
        return (("ads",), ("cold",), ("сайт",))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the segments."""
        return tuple(" / ".join(values) for values in self.segments)

    @property
    def changes(self) -> bool:
        """Whether stays of one segment differ by quarter or amount."""
        return self.drifting or self.by_amount

    @property
    def n_amounts(self) -> int:
        """How many amounts tell deals of a segment apart."""
        return len(AMOUNTS) if self.by_amount else 1

    @property
    def moves(self) -> dict[str, tuple[str, ...]]:
        """The moves out of each stage."""
        if self.waiting:
            return {STAGE: (WON, LOST, WAITING), WAITING: (STAGE, LOST)}
        return {STAGE: (WON, LOST)}


def hazard_name(stage: str, move: str, piece: int) -> str:
    """Return what a hazard is called among the quantities."""
    return f"{stage}: log hazard of {move} from day {PIECE_STARTS[piece]}"


def drawn(prior: Prior, generator: np.random.Generator, size: int | tuple[int, ...] | None = None) -> Floats:
    """Draw from a prior; a lognormal one is that of the quantity itself."""
    normal = prior.mean + prior.sd * generator.standard_normal(size)
    return np.asarray(np.exp(normal) if prior.family == "lognormal" else normal)


def centred(values: Floats) -> Floats:
    """Return normal numbers less their mean: the same law as any orthonormal basis of sums to zero gives."""
    return np.asarray(values - values.mean(axis=0))
