"""Checks of the amounts of won deals: their distribution and their mean, and how many are 0, by segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from simcast.errors import FitError
from simcast.history import History, latest_amounts
from simcast.posterior import Posterior
from simcast.posterior.draws import EMPIRICAL, zero_shares_of
from simcast.predictive_checks.stays import Floats, Ints, segment_codes
from simcast.predictive_checks.verdict import (
    PredictiveCheck,
    Subject,
    compare_number,
    distances_of_replicates,
    tail_probability,
)

AMOUNTS = "amounts"
FEWEST_AMOUNTS = 30
"""A segment must have so many amounts for them to be checked."""
MOST_AMOUNTS = 2_000
"""More amounts of a segment than this are sampled."""

_N_LEVELS = 400
_DECIMALS = 2
"""Amounts are whole minor units in the simulation."""


def check_amounts(
    posterior: Posterior, history: History, draws: Ints, generator: np.random.Generator
) -> Iterator[PredictiveCheck]:
    """Yield the checks of amounts, not judged yet; none where amounts are not learned from the history.

    Raises
    ------
    FitError
        When the posterior's amounts have a family that cannot be replicated.
    """
    amounts_of = str(posterior.draws.attrs.get("amounts_of", "none"))
    if amounts_of == "none" or not posterior.draws["amount_scale"].any():
        return
    amount, segment = _known_amounts(posterior, history, amounts_of)
    share_of_zeros = zero_shares_of(posterior.draws)[draws]
    for code, label in enumerate(posterior.segments.labels):
        known = amount[segment == code]
        zero = known == 0.0
        if known.size >= FEWEST_AMOUNTS and (zero.any() or share_of_zeros.any()):
            yield compare_number(
                Subject(AMOUNTS, "new deals", label, "share of amounts that are 0"),
                float(zero.mean()),
                generator.binomial(known.size, share_of_zeros[:, code]) / known.size,
                scale="share",
                n=known.size,
            )
        known = known[~zero]
        if known.size < FEWEST_AMOUNTS:
            continue
        if known.size > MOST_AMOUNTS:
            known = generator.choice(known, MOST_AMOUNTS, replace=False)
        replicated = _replicated(posterior, code, known.size, draws, generator)
        yield _distribution_check(known, replicated, label)
        yield compare_number(
            Subject(AMOUNTS, "new deals", label, "mean amount"),
            float(known.mean()),
            replicated.mean(axis=1),
            scale="ratio",
            n=known.size,
            in_logs=True,
        )


def _known_amounts(posterior: Posterior, history: History, amounts_of: str) -> tuple[Floats, Ints]:
    """Return the amounts that the model has learned from, and their segments' codes."""
    stays = history.stays
    segment = segment_codes(posterior, history)
    if amounts_of == "won":
        outcomes = [name for name in history.pipeline.outcomes if history.pipeline.is_won(name)]
        chosen = stays["move"].isin(outcomes).to_numpy()
        amount = stays["amount_at_end"]
    else:
        chosen = ~stays["deal"].duplicated(keep="last").to_numpy()
        amount = stays["amount_at_end"].fillna(latest_amounts(stays))
    values = amount.to_numpy(dtype=np.float64)
    known = chosen & (values >= 0)
    return np.round(values[known], _DECIMALS), segment[known]


def _replicated(posterior: Posterior, segment: int, n: int, draws: Ints, generator: np.random.Generator) -> Floats:
    """Return amounts of one segment, other than 0, drawn anew: float64, (n_replicates, n)."""
    family = str(posterior.draws.attrs["amount_family"])
    scale, shape = (
        posterior.draws[name].isel(segment=segment).to_numpy()[draws][:, None]
        for name in ("amount_scale", "amount_shape")
    )
    if family == "lognormal":
        amounts = scale * np.exp(shape * generator.standard_normal((draws.size, n)))
        return np.asarray(np.round(np.minimum(amounts, posterior.draws.attrs.get("amount_most", np.inf)), _DECIMALS))
    if family == EMPIRICAL:
        quantiles = posterior.draws["amount_quantiles"].isel(segment=segment).to_numpy()
        levels = np.linspace(0.0, 1.0, quantiles.size)
        return np.asarray(np.round(scale * np.interp(generator.random((draws.size, n)), levels, quantiles), _DECIMALS))
    raise FitError(f"amounts of the family {family!r} cannot be checked (known: lognormal, empirical); fit again")


def _distribution_check(known: Floats, replicated: Floats, segment: str) -> PredictiveCheck:
    """Compare distribution functions by their largest distance (Kolmogorov), at many levels of both.

    The check tells the share below the amount at which history and expectation are furthest apart.
    """
    levels = np.linspace(0.0, 1.0, _N_LEVELS)
    points = np.unique(np.concatenate([np.quantile(values, levels, method="lower") for values in (known, replicated)]))
    below = np.stack([np.searchsorted(np.sort(row), points, side="right") / row.size for row in (known, *replicated)])
    observed, shares = below[0], below[1:]
    expected = shares.mean(axis=0)
    apart = np.abs(observed - expected)
    worst = int(np.argmax(apart))
    low, high = np.quantile(shares[:, worst], (0.05, 0.95))
    return PredictiveCheck(
        **asdict(Subject(AMOUNTS, "new deals", segment, f"amount at most {points[worst]:,.0f}")),
        observed=float(observed[worst]),
        expected=float(expected[worst]),
        interval=(float(low), float(high)),
        p_value=tail_probability(float(apart[worst]), distances_of_replicates(shares).max(axis=1)),
        discrepancy=float(apart[worst]),
        scale="distribution",
        n=known.size,
    )
