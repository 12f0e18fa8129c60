"""How far to centre the effects of segments, and of the values of crossed columns, so that the sampler moves freely.

An effect of which the data say much is best sampled as it is, one of which they say little as a multiple of its spread;
what counts is the information that the data carry, beside what ties the effect to its mean, one over the square of the
spread. The spread is not known before sampling; the normal approximation tells it well enough for this.

References
----------
Papaspiliopoulos, Roberts & Skoeld (2007), A general framework for the parametrization of hierarchical models.
Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.model.hierarchy import SegmentLayout, zero_sum_basis
from simcast.model.laplace import NormalApproximation
from simcast.model.screening import MOST_SEGMENTS

Floats = NDArray[np.float64]

_ROUNDS = 50
_STEPS = 8
_LOG_SD = 0.7
"""Of the spreads' priors: see `simcast.model.priors`."""


def centring_weight(information: Floats, tie: Floats) -> Floats:
    """Return how far to centre effects: 0 with no data, towards 1 where they outweigh what ties an effect to its mean.

    Parameters
    ----------
    information
        float64, (..., n_effects): the Fisher information that data carry on each effect.
    tie
        float64, (..., n_effects): one over the square of each effect's spread.
    """
    weight: Floats = information / (information + tie)
    return weight


def column_centring(layout: SegmentLayout, information: Floats, ties: Floats) -> Floats:
    """Return how far to centre the effects of the columns' values: (n_columns, n_effects).

    What the data say of a value is what they say of its segments, each of which differs from it by an effect of its
    own. The values of a column, which sum to zero, are centred alike, as the typical one of them.

    Parameters
    ----------
    layout
        The segments.
    information
        float64, (n_segments, n_effects): the Fisher information that each segment's data carry.
    ties
        float64, (1 + n_columns, n_effects): see `ties_of_effects`.
    """
    through = ties[0] * centring_weight(information, ties[0])
    of_column = np.zeros_like(ties[1:])
    for column, codes in enumerate(layout.column_codes):
        of_value = np.zeros((max(codes) + 1, through.shape[1]))
        np.add.at(of_value, np.array(codes), through)
        of_column[column] = np.median(of_value, axis=0)
    return centring_weight(of_column, ties[1:])


def ties_of_effects(layout: SegmentLayout, found: NormalApproximation | None, usual: Floats) -> Floats:
    """Return what ties effects to their means, one over the square of their spread: (1 + n_columns, n_effects).

    First of the segments' own effects, then of those of each column's values.

    Parameters
    ----------
    layout
        The segments.
    found
        The approximation; if it tells segments apart, its last spreads, one for each effect, are those between them.
        None where there is no approximation.
    usual
        float64, (n_effects,): typical sizes of the spreads, which are taken where nothing tells better.
    """
    if found is None or layout.n_segments > MOST_SEGMENTS:
        return np.tile(usual**-2.0, (1 + len(layout.column_codes), 1))
    told = found.differences()[-usual.size :]
    spreads = [spreads_by_part(layout, *one, size) for one, size in zip(told, usual, strict=True)]
    ties: Floats = np.array(spreads).T ** -2.0
    return ties


def spreads_by_part(layout: SegmentLayout, value: Floats, information: Floats, usual: float) -> Floats:
    """Return the spreads that best explain how segments differ: their own, and that of each column: (1 + n_columns,).

    Parameters
    ----------
    layout
        The segments.
    value, information
        float64, (n_segments,): what the data say of the effect in each segment, and one over its variance.
    usual
        A typical size of a spread.
    """
    bases = [zero_sum_basis(max(codes) + 1)[np.array(codes)] for codes in layout.column_codes]
    parts = [np.ones((value.size, 1)), np.eye(value.size), *bases]
    design = np.hstack(parts)
    part = np.repeat(np.arange(len(parts)), [one.shape[1] for one in parts])
    n_effects = np.bincount(part)[1:]
    spread = np.full(len(parts) - 1, usual)
    for _ in range(_ROUNDS):
        tie = np.append(0.0, spread**-2.0)[part]  # the common mean is free
        covariance = np.linalg.inv(design.T @ (information[:, None] * design) + np.diag(tie))
        mean = covariance @ design.T @ (information * value)
        squares = np.bincount(part, mean**2 + np.diag(covariance))[1:].astype(np.float64)
        spread = _likeliest_spread(squares, n_effects, usual)
    return spread


def _likeliest_spread(squares: Floats, n_effects: NDArray[np.int64], usual: float) -> Floats:
    """Return the spreads that are likeliest, given the sums of the squares of as many effects, and their prior.

    Newton's method in the logarithm, from below, where it cannot overshoot.
    """
    middle = np.log(usual)
    log_spread = np.minimum(middle, 0.5 * np.log(squares / n_effects))
    for _ in range(_STEPS):
        pull = squares * np.exp(-2.0 * log_spread)
        slope = pull - n_effects - (log_spread - middle) / _LOG_SD**2
        log_spread = log_spread + slope / (2.0 * pull + _LOG_SD**-2.0)
    return np.exp(log_spread)


def guessed_variance(squares: float, count: float) -> float:
    """Return a rough variance from a sum of squared deviations, as if ten more of variance 0.7 had been seen.

    It serves to choose a centring only, which needs no precision but must not trust three observations.
    """
    return (squares + 10 * 0.7) / (count + 10)
