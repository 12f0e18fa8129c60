"""Familiar numbers from a posterior's parameters: median days until a move, the usual amount of a deal."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simcast.engine.amounts import AMOUNT_FAMILIES, EMPIRICAL_CODE, amount_isf
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, FAMILIES, HAZARD_CODE, isf_of_log
from simcast.expectation.amounts import AmountLaw, mean_amount
from simcast.posterior import Posterior
from simcast.posterior.draws import zero_shares_of

Floats = NDArray[np.float64]


def days_isf(posterior: Posterior, stage: str, move: str, share: float) -> Floats:
    """Return the days that a share of the stays which a move ends exceeds.

    Parameters
    ----------
    share
        Above 0, below 1: one half for the median. Of hazards by day only the median is known; it stands for any share.

    Returns
    -------
    float64, (n_draws, n_segments)
    """
    here = posterior.draws.sel(stage=stage, move=move)
    family = FAMILIES.index(str(here["days_family"].item()))
    scale, shape = (here[name].transpose("draw", "segment").to_numpy() for name in ("days_scale", "days_shape"))
    if family == HAZARD_CODE:
        return np.asarray(scale, dtype=np.float64)
    if family in (CONSTANT, EXPONENTIAL):
        shape = np.zeros_like(scale)
    pairs = zip(scale.ravel(), shape.ravel(), strict=True)
    days = np.array([isf_of_log(family, float(a), float(b), math.log(share)) for a, b in pairs])
    return days.reshape(scale.shape)


def mean_amounts(posterior: Posterior) -> Floats:
    """Return the mean amount of a new deal that is won; infinite where its family has none.

    Returns
    -------
    float64, (n_draws, n_segments)
    """
    return _of_amounts(posterior, mean_amount)


def median_amounts(posterior: Posterior) -> Floats:
    """Return the usual amount of a new deal that is won: the median of those above 0, times the share that are.

    The median of all would jump to 0 where half of them are.

    Returns
    -------
    float64, (n_draws, n_segments)
    """
    return _of_amounts(posterior, _median_amount)


def _median_amount(law: AmountLaw, quantiles: Floats) -> float:
    return law.some * min(amount_isf(law.family, law.scale, law.shape, quantiles, 0.5), law.most)


def _of_amounts(posterior: Posterior, measure: Callable[[AmountLaw, Floats], float]) -> Floats:
    """Return a measure of the law of amounts by draw and segment, given the law and its quantiles."""
    draws = posterior.draws
    family = AMOUNT_FAMILIES.index(draws.attrs["amount_family"])
    scale, shape = (draws[name].transpose("draw", "segment").to_numpy() for name in ("amount_scale", "amount_shape"))
    some = 1.0 - zero_shares_of(draws)
    most = float(draws.attrs.get("amount_most", math.inf))
    quantiles = np.zeros((scale.shape[1], 0))
    if family == EMPIRICAL_CODE:
        quantiles = np.ascontiguousarray(draws["amount_quantiles"].transpose("segment", "level").to_numpy())
    return np.array(
        [
            [
                measure(AmountLaw(family, float(a), float(b), most, float(c)), quantiles[segment])
                for segment, (a, b, c) in enumerate(zip(*row, strict=True))
            ]
            for row in zip(scale, shape, some, strict=True)
        ]
    )
