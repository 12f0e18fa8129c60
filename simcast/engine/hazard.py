"""Stays whose end is a hazard by day: cause-specific, constant within pieces of days, proportional over segments.

The days of such a stay are calendar days from the day of entry, 0, 1, 2 and so on. Move k ends it on a day of piece j
at the rate ``rate[k, j] * factor[k]`` per day, competing with the other moves; beyond the end of the last piece a stay
never ends. Within a piece that is a continuous time whose whole part is the day: S, the share of stays not ended, falls
as exp(-total * days), and move k takes the share ``rate[k, j] * factor[k] / total[j]`` of what ends.

Everything is kept given the move, as shares of the stays that it ends: then conversion levers change which move comes,
and times given the move stay. Shares still to end are summed from the last piece back, so that nothing cancels however
old a deal is.

Source: R. L. Prentice et al., "The analysis of failure times in the presence of competing risks", Biometrics 34 (1978);
M. Friedman, "Piecewise exponential models for survival data with covariates", Annals of Statistics 10 (1982).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.block import unsigned
from simcast.engine.inner import inner, outer

_LITTLE = 1e-3
"""Below so many expected ends within a piece, the first terms of a series are the more precise, to 1e-14."""

_SHORT = 1.0
"""Expected ends within a piece below which the logarithm of one less something is the more precise."""

_HALF = 0.5


@outer
def fill_survival(
    rate: NDArray[np.float64],
    factor: NDArray[np.float64],
    start: NDArray[np.float64],
    survival: NDArray[np.float64],
    total: NDArray[np.float64],
    probability: NDArray[np.float64],
) -> None:
    """Work out how the stays of one stage and segment end.

    Parameters
    ----------
    rate : float64, (n_moves, n_pieces)
        Hazard per day; zero for a move that there is not.
    factor : float64, (n_moves,)
        Multiplies the hazards of a move.
    start : float64, (n_pieces + 1,)
        The first day of each piece; the last is the end of all.
    survival : float64, (n_moves, n_pieces + 1)
        Written: by move, the share of the stays that it ends which reach the beginning of each piece.
        A move that never comes has 1 at the start and 0 after it.
    total : float64, (n_pieces,)
        Written: the hazard per day of all moves together.
    probability : float64, at least (n_moves + 1,)
        Written: the share of all stays that each move ends, and last, at ``n_moves``, those that never end.
    """
    n_moves, n_pieces = rate.shape
    hazard_so_far, reached = 0.0, 1.0
    for piece in range(n_pieces):
        total[piece] = 0.0
        for move in range(n_moves):
            survival[move, piece] = rate[move, piece] * factor[move]
            total[piece] += survival[move, piece]
        width = start[piece + 1] - start[piece]
        hazard = total[piece] * width
        through = math.exp(-hazard)
        if hazard > _LITTLE:
            days_at_risk = (1.0 - through) / total[piece]
        else:
            days_at_risk = width * (1.0 - hazard * (1.0 / 2.0 - hazard * (1.0 / 6.0 - hazard / 24.0)))
        for move in range(n_moves):
            survival[move, piece] *= reached * days_at_risk
        reached *= through
        hazard_so_far += hazard
    for move in range(n_moves):
        ended = 0.0
        survival[move, n_pieces] = 0.0
        for piece in range(n_pieces - 1, -1, -1):
            ended += survival[move, piece]
            survival[move, piece] = ended
        probability[move] = ended
        per_end = 1.0 / ended if ended > 0.0 else 0.0  # a division for each piece would take as long as all the rest
        for piece in range(n_pieces):
            survival[move, piece] *= per_end
        survival[move, 0] = 1.0
    probability[n_moves] = math.exp(-hazard_so_far)


@inner
def piece_of(days: float, start: NDArray[np.float64]) -> int:
    """Return the piece in which an age lies; the last one for all ages beyond."""
    piece, n_left = unsigned(0), unsigned(len(start) - 1)
    while n_left > unsigned(1):  # halved without branches: which half it is cannot be foreseen
        half = n_left >> unsigned(1)
        piece += half * unsigned(days >= start[piece + half])
        n_left -= half
    return int(np.int64(piece))


@inner
def left_of_piece(total: NDArray[np.float64], start: NDArray[np.float64], days: float) -> tuple[int, float]:
    """Return the piece in which an age lies, and the share of the stays ending in it that last longer, by any move.

    Parameters are those of `hazard_survival`; the age is not negative, and before the end.
    """
    piece = piece_of(days, start)
    hazard = total[piece] * (start[piece + 1] - start[piece])
    if hazard <= 0.0:
        return piece, 0.0
    before = total[piece] * (days - start[piece])
    return piece, math.exp(-before) * math.expm1(before - hazard) / math.expm1(-hazard)


@outer
def hazard_survival(
    survival: NDArray[np.float64], total: NDArray[np.float64], start: NDArray[np.float64], days: float
) -> float:
    """Return, of the stays that a move ends, the share that lasts longer than some days.

    Parameters
    ----------
    survival : float64, (n_pieces + 1,)
        Of the move, from `fill_survival`.
    total : float64, (n_pieces,)
        From `fill_survival`.
    start : float64, (n_pieces + 1,)
        The first day of each piece, and the end.
    days
        Real, from the day of entry.
    """
    if days <= 0.0:
        return 1.0
    if days >= start[-1]:
        return 0.0
    piece, left = left_of_piece(total, start, days)
    share: float = survival[piece + 1] + left * (survival[piece] - survival[piece + 1])
    return share


@inner
def weigh_by_hazards(
    age: NDArray[np.float64],
    rate: NDArray[np.float64],
    factor: NDArray[np.float64],
    total: NDArray[np.float64],
    before: NDArray[np.float64],
    levered: NDArray[np.float64],
    start: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> None:
    """Weigh the moves of a stay so old that hardly one lasts so long: by the hazards at its age.

    A move on whose clock it is older than on another weighs less by the share of stays that lasts from one age to the
    other.

    Parameters
    ----------
    age : float64, (n_moves + 1,)
        Days, on the clock of each move.
    rate, factor, start, total
        As for `fill_survival`.
    before, levered : float64, (n_moves + 1,)
        The moves' probabilities without conversion levers and with them, whose ratio changes as theirs does.
    weight : float64, (n_moves + 1,)
        Written: last, 0 for never ending; all 0 where no move has a hazard at such an age.
    """
    n_moves, least = len(rate), math.inf
    for move in range(n_moves):
        if before[move] > 0.0:
            least = min(least, age[move])
    for move in range(n_moves):
        piece = piece_of(age[move], start)
        is_possible = before[move] > 0.0 and age[move] < start[-1]
        hazard = rate[move, piece] * factor[move]
        weight[move] = hazard * levered[move] / before[move] if is_possible else 0.0
        if weight[move] > 0.0 and age[move] > least:
            weight[move] *= math.exp(_hazard_before(total, start, least) - _hazard_before(total, start, age[move]))
            weight[move] *= total[piece_of(least, start)] / total[piece]
    weight[n_moves] = 0.0


@inner
def _hazard_before(total: NDArray[np.float64], start: NDArray[np.float64], days: float) -> float:
    """Return the hazard of all moves together up to an age."""
    hazard, piece = 0.0, piece_of(days, start)
    for whole in range(piece):
        hazard += total[whole] * (start[whole + 1] - start[whole])
    before: float = hazard + total[piece] * (days - start[piece])
    return before


@outer
def hazard_isf(
    survival: NDArray[np.float64], total: NDArray[np.float64], start: NDArray[np.float64], u: float
) -> float:
    """Return the days that a share u of the stays that a move ends exceeds; their whole part is the day of the end.

    Parameters
    ----------
    survival, total, start
        As for `hazard_survival`.
    u
        Above 0, at most 1. Monotone: the smaller, the longer the stay.
    """
    low, n_left = unsigned(0), unsigned(len(total))  # the last piece that at least a share u reaches
    while n_left > unsigned(1):
        half = n_left >> unsigned(1)
        low += half * unsigned(survival[low + half] >= u)
        n_left -= half
    following = low + unsigned(1)
    days: float = start[low]
    width = start[following] - start[low]
    hazard = total[low] * width
    ended = survival[low] - survival[following]
    if not (hazard > 0.0 and ended > 0.0):  # a move that never comes
        return days
    if hazard < _SHORT:
        within: float = -math.log1p(math.expm1(-hazard) * (survival[low] - u) / ended) / total[low]
    else:
        through = math.exp(-hazard)
        within = -math.log(through + (1.0 - through) * (u - survival[following]) / ended) / total[low]
    days += min(max(within, 0.0), width)
    return days


@outer
def _marginals(
    hazard_log: NDArray[np.float64],
    hazard_effect: NDArray[np.float64],
    start: NDArray[np.float64],
    probability: NDArray[np.float64],
    median_days: NDArray[np.float64],
) -> None:
    """Fill the results of `hazard_marginals`."""
    n_draws, n_moves, n_pieces = hazard_log.shape
    rate = np.empty((n_moves, n_pieces))
    factor = np.empty(n_moves)
    survival = np.empty((n_moves, n_pieces + 1))
    total = np.empty(n_pieces)
    ends = np.empty(n_moves + 1)
    for draw in range(n_draws):
        for move in range(n_moves):
            for piece in range(n_pieces):
                log_rate = hazard_log[draw, move, piece]
                rate[move, piece] = 0.0 if math.isnan(log_rate) else math.exp(log_rate)
        for segment in range(hazard_effect.shape[2]):
            for move in range(n_moves):
                effect = hazard_effect[draw, move, segment]
                factor[move] = 0.0 if math.isnan(effect) else math.exp(effect)
            fill_survival(rate, factor, start, survival, total, ends)
            probability[draw, :, segment] = ends
            for move in range(n_moves):
                median = hazard_isf(survival[move], total, start, _HALF) if ends[move] > 0.0 else math.nan
                median_days[draw, move, segment] = median


def hazard_marginals(
    hazard_log: NDArray[np.float64], hazard_effect: NDArray[np.float64], starts: NDArray[np.generic]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how the stays of a stage end, and the median days until each move, by draw and segment.

    Parameters
    ----------
    hazard_log : float64, (n_draws, n_moves, n_pieces)
        Log of the hazard per day; NaN where there is no such move.
    hazard_effect : float64, (n_draws, n_moves, n_segments)
        Added to it.
    starts : (n_pieces + 1,)
        The first day of each piece; the last is the end, after which a stay never ends.

    Returns
    -------
    probability : float64, (n_draws, n_moves + 1, n_segments)
        Of each move, and last of never ending; sums to 1 over moves.
    median_days : float64, (n_draws, n_moves, n_segments)
        Of the stays that end in the move: real, its whole part the day. NaN for a move that never comes.

    Examples
    --------
    >>> import numpy as np
    >>> log_rate = np.log([[[0.01, 0.01], [0.03, 0.03]]])  # two moves, the same hazards on day 0 and after it
    >>> probability, median_days = hazard_marginals(log_rate, np.zeros((1, 2, 1)), np.array([0, 1, 3653]))
    >>> probability[0, :, 0].round(3)
    array([0.25, 0.75, 0.  ])
    >>> median_days[0, :, 0].round(2)  # log(2) / 0.04
    array([17.33, 17.33])
    """
    n_draws, n_moves, _ = hazard_log.shape
    n_segments = hazard_effect.shape[2]
    probability = np.empty((n_draws, n_moves + 1, n_segments))
    median_days = np.empty((n_draws, n_moves, n_segments))
    _marginals(
        np.ascontiguousarray(hazard_log, dtype=np.float64),
        np.ascontiguousarray(hazard_effect, dtype=np.float64),
        np.ascontiguousarray(starts, dtype=np.float64),
        probability,
        median_days,
    )
    return probability, median_days
