"""How stays end in a synthetic world: which move and when, drawn with NumPy alone.

Instants are real numbers of days, such as 3.25 for six in the morning of the fourth day; only the log that a world
leaves is cut to whole days.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SLOW_SHARE, SLOW_FACTOR, SLOW_NARROWNESS = 0.45, 7.0, 0.5
"""Of ``two_humps``: the share of the slow hump, how much longer it takes, and how its sigma compares."""


class Stays(Protocol):
    """What a world knows of the stays in one stage."""

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw the position of each stay's move and the instant at which it ends, infinite when it never does."""


@dataclass(frozen=True)
class MixtureStays:
    """Stays that first choose how they end, and then when: a competing-risks mixture.

    ============= ===================== ==========================================
    family        scale                 shape
    ============= ===================== ==========================================
    lognormal     median                sd of the logarithm
    weibull       scale                 1 / Weibull's k
    loglogistic   median                1 / beta
    gamma         theta                 k
    two_humps     median of quick stays sd of their logarithm; the slow ones follow
                                        at `SLOW_FACTOR` times the median
    ============= ===================== ==========================================

    Parameters
    ----------
    family
        Of all times in the stage.
    share : float64, (n_segments, n_moves)
        Share of each move among the stays that end.
    stalled : float64, (n_segments,)
        Share of stays that never end.
    scale, shape : float64, (n_segments, n_moves)
        See the table.

    Raises
    ------
    ValueError
        When the family is unknown or shares do not sum to 1.
    """

    family: str
    share: Floats
    stalled: Floats
    scale: Floats
    shape: Floats

    def __post_init__(self) -> None:
        if self.family not in _STANDARD:
            raise ValueError(f"the family is {self.family!r} (known: {', '.join(_STANDARD)})")
        if not np.allclose(self.share.sum(axis=1), 1.0):
            raise ValueError(f"the shares of the moves must sum to 1 in each segment, got {self.share.sum(axis=1)}")

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw moves and ends: see `Stays.end`."""
        n = len(segment_code)
        move = chosen(self.share[segment_code], generator)
        scale, shape = self.scale[segment_code, move], self.shape[segment_code, move]
        days = drawn_days(self.family, scale, shape, generator)
        stalled = generator.random(n) < self.stalled[segment_code]
        return move, np.where(stalled, np.inf, entered + days)


@dataclass(frozen=True)
class HazardStays:
    """Stays that end on a calendar day with a hazard that depends on the days since their entry.

    Parameters
    ----------
    starts : int64, (n_pieces + 1,)
        First day of each piece; at the last entry hazards end, and what is still there stays for good.
    hazard : float64, (n_segments, n_moves, n_pieces)
        Of each move, per day: a stay survives a day of the piece with probability ``exp(-sum over moves)``.
    """

    starts: Ints
    hazard: Floats

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw moves and ends: see `Stays.end`."""
        total = self.hazard.sum(axis=1)
        until = np.cumsum(total * np.diff(self.starts), axis=1)
        reached = generator.standard_exponential(len(segment_code))
        piece = (reached[:, None] >= until[segment_code]).sum(axis=1)
        never = piece == total.shape[1]
        piece = np.minimum(piece, total.shape[1] - 1)
        before = until[segment_code, piece] - total[segment_code, piece] * np.diff(self.starts)[piece]
        days = self.starts[piece] + np.floor((reached - before) / total[segment_code, piece])
        rates = self.hazard[segment_code, :, piece]
        move = chosen(rates / rates.sum(axis=1, keepdims=True), generator)
        midnight = np.floor(entered)
        clock = generator.random(len(entered))
        same_day = entered + clock * (midnight + 1.0 - entered)
        return move, np.where(never, np.inf, np.where(days == 0, same_day, midnight + days + clock))


def chosen(share: Floats, generator: np.random.Generator) -> Ints:
    """Draw one column per row of shares that sum to 1: int64, (n_rows,)."""
    cumulative = np.cumsum(share, axis=1)[:, :-1]
    return np.asarray((generator.random(len(share))[:, None] >= cumulative).sum(axis=1), dtype=np.int64)


def drawn_days(family: str, scale: Floats, shape: Floats, generator: np.random.Generator) -> Floats:
    """Draw a time in days for each scale and shape of a family of `MixtureStays`."""
    return np.asarray(scale * _STANDARD[family](shape, generator), dtype=np.float64)


def _lognormal(shape: Floats, generator: np.random.Generator) -> Floats:
    return np.exp(shape * generator.standard_normal(shape.shape))


def _weibull(shape: Floats, generator: np.random.Generator) -> Floats:
    return np.asarray(generator.standard_exponential(shape.shape) ** shape)


def _loglogistic(shape: Floats, generator: np.random.Generator) -> Floats:
    return np.exp(shape * generator.logistic(size=shape.shape))


def _gamma(shape: Floats, generator: np.random.Generator) -> Floats:
    return np.asarray(generator.standard_gamma(shape))


def _two_humps(shape: Floats, generator: np.random.Generator) -> Floats:
    slow = generator.random(shape.shape) < SLOW_SHARE
    z = generator.standard_normal(shape.shape)
    return np.exp(np.where(slow, math.log(SLOW_FACTOR) + SLOW_NARROWNESS * shape * z, shape * z))


_STANDARD = {
    "lognormal": _lognormal,
    "weibull": _weibull,
    "loglogistic": _loglogistic,
    "gamma": _gamma,
    "two_humps": _two_humps,
}

FAMILIES = tuple(_STANDARD)
"""The families of times that a world may have."""
