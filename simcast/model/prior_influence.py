"""How far parameters rest on their priors: what the data added, and what another weight of the priors would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.model.hierarchy import SegmentLayout
from simcast.model.priors import NEW_DEAL_PRIORS, Prior
from simcast.model.sampling import Sample
from simcast.posterior import PriorInfluence
from simcast.posterior.hazards import HAZARD

Floats = NDArray[np.float64]

LOW_CONTRACTION = 0.2
"""Below this the data have hardly narrowed what the prior says."""


def prior_influence(part: str, named: Sequence[tuple[str, Prior, Floats]]) -> list[PriorInfluence]:
    """Compare posteriors with priors.

    Parameters
    ----------
    part
        The part of the model.
    named
        Name, prior and draws (n_draws,) of each parameter with a prior of its own; of a lognormal prior, the draws
        are of the logarithm.
    """
    log_prior = sum((-0.5 * ((drawn - prior.mean) / prior.sd) ** 2 for _, prior, drawn in named), np.zeros(1))
    found = []
    for name, prior, drawn in named:
        sd = float(drawn.std())
        contraction = 1.0 - (sd / prior.sd) ** 2
        # The mean's derivative by the weight of the log prior is their covariance; doubling adds a weight of one.
        covariance = float(np.mean((drawn - drawn.mean()) * (log_prior - log_prior.mean())))
        sensitivity = covariance / sd if sd > 0 else 0.0
        found.append(PriorInfluence(part, name, contraction, sensitivity, contraction < LOW_CONTRACTION))
    return found


def stage_influence(
    part: str,
    sample: Sample,
    family: str,
    moves: Sequence[str],
    layout: SegmentLayout,
    priors: Mapping[str, Prior],
) -> list[PriorInfluence]:
    """Compare the parameters of one stage with their priors."""
    pairs = _hazard_pairs(moves, layout) if family == HAZARD else _family_pairs(moves, layout)
    named = [
        (label, priors[prior], sample[variable][..., position].ravel())
        for label, prior, variable, position in pairs
        if priors[prior].family == "lognormal" or "spread" not in prior
    ]
    if family != HAZARD:
        named.append(("log odds of stalling", priors["stalled_logit"], sample["stalled_logit"].ravel()))
    for label, name in (
        ("slope by log amount", "amount_slope"),
        ("slope by log odds at other stages", "standing_slope"),
    ):
        if sample.get(name) is not None:
            named.append((label, priors[name], sample[name].ravel()))
    return prior_influence(part, named)


_Pair = tuple[str, str, str, int]


def _family_pairs(moves: Sequence[str], layout: SegmentLayout) -> Iterator[_Pair]:
    """Yield label, prior, variable and position of each parameter of a family of days."""
    n_odds = len(moves) - 1
    yield f"log odds of {moves[0]}", "conversion_logit", "effect_mean", 0
    for position, move in enumerate(moves[2:], 1):
        yield f"log odds of {move} against {moves[1]}", "other_moves_logit", "effect_mean", position
    for position, move in enumerate(moves):
        yield f"log median days to {move}", "log_median_days", "effect_mean", n_odds + position
        yield f"log shape of days to {move}", "log_days_shape", "log_shape", position
    if layout.n_segments > 1:
        yield f"spread of the odds of {moves[0]}", "conversion_spread", "effect_log_spread", 0
        for position, move in enumerate(moves):
            yield f"spread of median days to {move}", "median_spread", "effect_log_spread", n_odds + position


def _hazard_pairs(moves: Sequence[str], layout: SegmentLayout) -> Iterator[_Pair]:
    """Yield the same for hazards."""
    for position, move in enumerate(moves):
        yield f"log hazard of {move} on day 1", "log_hazard", "log_hazard_start", position
        yield f"step of {move} after day 0", "first_day_step", "first_day_step", position
        yield f"steps of the hazard of {move}", "hazard_step", "log_step", position
        if layout.n_segments > 1:
            yield f"spread of the hazard of {move}", "hazard_spread", "effect_log_spread", position


def new_deals_influence(part: str, sample: Sample, *, with_amounts: bool) -> list[PriorInfluence]:
    """Compare the parameters of new deals with their priors; those of amounts only where amounts are known."""
    priors = NEW_DEAL_PRIORS
    named = []
    effects = (
        ("log_rate", "log arrivals of a typical segment"),
        ("log_amount", "log median amount of a typical segment"),
        ("log_amount_shape", "log sigma of amounts of a typical segment"),
    )
    for position, (name, label) in enumerate(effects[: None if with_amounts else 1]):
        named.append((label, priors[f"{name}_mean"], sample["new_deal_effect_mean"][..., position].ravel()))
    named.append(("log size of daily counts", priors["log_size"], sample["log_size"].ravel()))
    return prior_influence(part, named)
