"""Amounts as they were, where no lognormal describes them: when that is so, and what a posterior then holds.

A lognormal is refuted when two things hold together. The Kolmogorov-Smirnov distance of the logarithms, standardised by
segment, from a normal is beyond what a hundredth of samples from a normal would reach, standardised likewise
(a parametric bootstrap: Lilliefors' test); and the mean amount, or the quantile that a tenth of deals exceeds, is off
by more than 3%, or that distance is one at which the predictive check of amounts fails. With very many amounts every
family is refuted: what counts is whether money would be wrong, or single deals worth what none is.
Amounts that are all the same are as they are; and few amounts are refuted where they are those of a price list.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from simcast.model.new_deals import AmountSums, Floats, Ints
from simcast.model.streams import Stream, stream
from simcast.posterior.draws import EMPIRICAL

N_LEVELS = 1024
"""How many equally likely amounts a segment's past is told by."""

LEAST_AMOUNTS = 100
"""Fewer amounts refute nothing; and a segment with fewer takes part of its amounts from the whole."""

FEW_PRICES, AMOUNTS_PER_PRICE = 30, 5
"""From so many amounts on, each price of which stands on so many deals on average, they are those of a price list."""

LEAST_ALIKE = 20
"""Amounts that are all the same are taken to be so when there are as many as this."""

FALSE_ALARM = 0.01
LEAST_ERROR = 0.03
LEAST_DISTANCE = 0.05
"""Distribution functions further apart than this fail the predictive check of amounts."""

_ROUNDING = 1e-20
_LEAST_IN_SEGMENT = 5
_MOST_TESTED = 4000
_N_BOOTSTRAPS = 299


def is_empirical(amounts: AmountSums, choice: str) -> bool:
    """Return whether to use the amounts of the past themselves.

    Parameters
    ----------
    amounts
        What is known of amounts.
    choice
        ``"lognormal"``, ``"empirical"``, or ``"auto"`` to use them where a lognormal is refuted.
    """
    if choice == "auto":
        return all_alike(amounts) or lognormal_is_refuted(amounts)
    return choice == EMPIRICAL and amounts.n_amounts > 0


def all_alike(amounts: AmountSums) -> bool:
    """Return whether the amounts of each segment are all the same, such as the price of the only product."""
    return amounts.n_amounts >= LEAST_ALIKE and not np.any(amounts.squares > _ROUNDING * amounts.count)


def lognormal_is_refuted(amounts: AmountSums) -> bool:
    """Return whether amounts differ from lognormal ones both significantly and by enough to matter; see above."""
    used = np.flatnonzero((amounts.count >= _LEAST_IN_SEGMENT) & (amounts.squares > 0))
    n_used = amounts.count[used].sum()
    if n_used < LEAST_AMOUNTS and not (n_used >= FEW_PRICES and _are_prices(amounts)):
        return False
    money_is_right = max(_error_of_mean(amounts, used), _error_of_upper_quantile(amounts, used)) <= LEAST_ERROR
    if money_is_right and _distance_in(amounts, used) <= LEAST_DISTANCE:
        return False
    return _is_not_normal(amounts, used)


def _are_prices(amounts: AmountSums) -> bool:
    """Return whether the same amounts come again and again."""
    return np.unique(amounts.log_amount).size * AMOUNTS_PER_PRICE <= amounts.log_amount.size


def _error_of_mean(amounts: AmountSums, used: Ints) -> float:
    """Return how far the mean amount by lognormals, one per segment, is from the true one."""
    count = amounts.count[used]
    by_lognormal = np.exp(amounts.mean_log[used] + 0.5 * amounts.squares[used] / count)
    true = np.exp(amounts.log_amount[np.isin(amounts.segment, used)] - amounts.centre)
    return abs(float(np.sum(count * by_lognormal) / np.sum(true)) - 1.0)


def _error_of_upper_quantile(amounts: AmountSums, used: Ints) -> float:
    """Return how far the quantile at 90%, by a lognormal of mean spread, is from the true one."""
    chosen = np.isin(amounts.segment, used)
    spread = np.sqrt(amounts.squares[used].sum() / amounts.count[used].sum())
    beyond = np.quantile(_standardised(amounts.log_amount[chosen], amounts.segment[chosen]), 0.9) - ndtri(0.9)
    return abs(float(np.exp(spread * beyond)) - 1.0)


def _distance_in(amounts: AmountSums, used: Ints) -> float:
    """Return how far the distribution of standardised logarithms is from a normal one."""
    chosen = np.isin(amounts.segment, used)
    return _distance(_standardised(amounts.log_amount[chosen], amounts.segment[chosen]))


def _is_not_normal(amounts: AmountSums, used: Ints) -> bool:
    """Test the logarithms, standardised by segment, against a normal."""
    generator = np.random.default_rng(0)
    rows = np.flatnonzero(np.isin(amounts.segment, used))
    if rows.size > _MOST_TESTED:
        rows = generator.choice(rows, _MOST_TESTED, replace=False)
    segment = amounts.segment[rows]
    distance = _distance(_standardised(amounts.log_amount[rows], segment))
    beyond = sum(
        _distance(_standardised(generator.standard_normal(rows.size), segment)) >= distance
        for _ in range(_N_BOOTSTRAPS)
    )
    return (beyond + 1) / (_N_BOOTSTRAPS + 1) <= FALSE_ALARM


def _standardised(logs: Floats, segment: Ints) -> Floats:
    """Return the logarithms less their segment's mean, over its standard deviation; 0 where there is none."""
    _, codes, count = np.unique(segment, return_inverse=True, return_counts=True)
    centred = logs - (np.bincount(codes, weights=logs) / count)[codes]
    spread = np.sqrt(np.bincount(codes, weights=centred**2) / count)[codes]
    found: Floats = np.divide(centred, spread, out=np.zeros(logs.size), where=spread > 0)
    return found


def _distance(standardised: Floats) -> float:
    """Return the Kolmogorov-Smirnov distance from the standard normal."""
    expected = ndtr(np.sort(standardised))
    steps = np.arange(standardised.size + 1) / standardised.size
    return float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))


def amount_quantiles(amounts: AmountSums, log_median: Floats) -> Floats:
    """Return the amounts of each segment at `N_LEVELS` equally likely levels, (n_segments, N_LEVELS), rising.

    A segment with n amounts, fewer than `LEAST_AMOUNTS`, takes the share 1 - n / `LEAST_AMOUNTS` from all segments'
    amounts, each over its segment's geometric mean and times this segment's median.

    Parameters
    ----------
    amounts
        What is known of amounts.
    log_median
        float64, (n_segments,): the log of each segment's median by the lognormal model, which knows of the others.
    """
    own_mean = amounts.centre + amounts.mean_log
    told = amounts.count[amounts.segment] >= min(_LEAST_IN_SEGMENT, float(np.max(amounts.count)))
    relative = np.exp(amounts.log_amount - own_mean[amounts.segment])[told]
    whole = level_means(relative, np.full(relative.size, 1.0 / relative.size))
    found = np.empty((amounts.count.size, N_LEVELS))
    for code, share in enumerate(own_shares(amounts)):
        own = np.exp(amounts.log_amount[amounts.segment == code])
        borrowed = whole * np.exp(log_median[code]) if share < 1 else whole[:0]
        weight = np.concatenate(
            [np.full(own.size, share / max(own.size, 1)), np.full(borrowed.size, (1.0 - share) / N_LEVELS)]
        )
        found[code] = level_means(np.concatenate([own, borrowed]), weight)
    return found


def own_shares(amounts: AmountSums) -> Floats:
    """Return which share of each segment's amounts are its own, (n_segments,)."""
    return np.minimum(amounts.count / LEAST_AMOUNTS, 1.0)


def level_means(values: Floats, weight: Floats) -> Floats:
    """Return the means of `N_LEVELS` equally likely slices of a weighted sample, from the lowest; weights sum to 1.

    Their mean is that of the sample.
    """
    order = np.argsort(values)
    reached = np.append(0.0, np.cumsum(weight[order]))
    so_far = np.append(0.0, np.cumsum(weight[order] * values[order]))
    levels = np.linspace(0.0, reached[-1], N_LEVELS + 1)
    means: Floats = np.diff(np.interp(levels, reached, so_far)) / np.diff(levels)
    return np.maximum.accumulate(means)  # rounding must not let them fall


def mean_factors(amounts: AmountSums, quantiles: Floats, log_median: Floats, seed: int) -> Floats:
    """Return draws of what a segment's mean amount may be, over that of its past, (n_draws, n_segments).

    The Bayesian bootstrap of the levels' mean, and for what a segment borrows the spread of its median.

    Parameters
    ----------
    amounts
        What is known of amounts.
    quantiles
        float64, (n_segments, N_LEVELS): see `amount_quantiles`.
    log_median
        float64, (n_draws, n_segments): draws of the log median by the lognormal model.
    seed
        Of the fit.

    References
    ----------
    Rubin (1981), The Bayesian Bootstrap.
    """
    generator = stream(seed, Stream.AMOUNTS)
    found: Floats = np.exp((1.0 - own_shares(amounts)) * (log_median - log_median.mean(axis=0)))
    of_whole = min(LEAST_AMOUNTS, amounts.n_amounts)
    for code, count in enumerate(amounts.count):
        weight = generator.standard_gamma(max(count, of_whole) / N_LEVELS, (log_median.shape[0], N_LEVELS))
        found[:, code] *= weight @ quantiles[code] / (weight.sum(axis=1) * quantiles[code].mean())
    return found
