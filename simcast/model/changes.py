"""Stages whose conversion has changed for good: a step in what each month adds, too large for months that come and go.

A model whose parameters stay what they were takes the average of before and after, and its months for good and bad
ones. The test is that of a single change at an unknown time: the largest standardised difference between the months
after and before, over all times, among those in random orders of what the months were, each on its own scale. Months
that follow one another, as in a season of the year, are taken for a change more often than chance alone would have it.

References
----------
Phipson & Smyth (2010), Permutation p-values should never be zero. von Neumann (1941), Distribution of the ratio of the
mean square successive difference to the variance, on spreads that a step leaves alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcast.model.weather import LEAST_INFORMATION, Floats, MonthlyCounts, MonthlyEffects

_FEWEST_MONTHS = 3
"""On either side of a change."""
_ORDERS = 4999
_FALSE_ALARM = 0.01
"""Of a history without a change, over all its stages, if months come and go independently."""
_LEAST_CHANGE = np.log(1.5)
"""Of the log odds: less is not worth a word."""


@dataclass(frozen=True)
class Change:
    """A change of a stage's conversion.

    Parameters
    ----------
    stage
        Its code.
    since
        The first month of entry after it, since 1970-01.
    odds_factor
        The odds of the forward move of stays that began since, over those before.
    """

    stage: int
    since: int
    odds_factor: float


def find_changes(counts: MonthlyCounts) -> tuple[Change, ...]:
    """Return the stages whose conversion has changed, each with the likeliest time."""
    found = []
    level = _FALSE_ALARM / max(1, len(counts.conversion))
    for stage, conversion in enumerate(counts.conversion):
        effects = MonthlyEffects.on_odds(*conversion)
        enough = effects.information >= LEAST_INFORMATION
        if np.count_nonzero(enough) < 2 * _FEWEST_MONTHS:
            continue
        effect, variance = effects.effect[enough], 1.0 / effects.information[enough]
        place, step, p_value = likeliest_change(effect, variance)
        if p_value <= level and abs(step) >= _LEAST_CHANGE:
            found.append(Change(stage, int(counts.months[enough][place]), float(np.exp(step))))
    return tuple(found)


def likeliest_change(effect: Floats, variance: Floats) -> tuple[int, float, float]:
    """Return the place of the first month after the likeliest change, its size, and how often chance is as clear.

    Parameters
    ----------
    effect, variance
        float64, (n_months,): what each month adds, in their order, and the variance that chance gives to it.
    """
    generator = np.random.default_rng(0)
    weight = 1.0 / (_variance_between(effect[None], variance[None])[0] + variance)
    mean, spread = np.average(effect, weights=weight), weight**-0.5
    order = generator.permuted(np.tile(np.arange(effect.size), (_ORDERS, 1)), axis=1)
    shuffled = mean + spread * ((effect - mean) / spread)[order]  # a month keeps what it tells, not what it was
    scores = _scores(np.concatenate([effect[None], shuffled]), variance)
    clearest = scores.max(axis=1)
    at_least = np.count_nonzero(clearest[1:] >= clearest[0] * (1.0 - 1e-12))
    place = int(np.argmax(scores[0])) + _FEWEST_MONTHS
    after, before = (np.average(effect[part], weights=weight[part]) for part in (slice(place, None), slice(place)))
    return place, float(after - before), (1 + at_least) / (1 + _ORDERS)


def _scores(effect: Floats, variance: Floats) -> Floats:
    """Return the standardised difference of the means after and before each time: (n_orders, n_times)."""
    weight = 1.0 / (_variance_between(effect, variance)[:, None] + variance)
    before, total = np.cumsum(weight, axis=1), weight.sum(axis=1, keepdims=True)
    sums = np.cumsum(weight * effect, axis=1)
    times = slice(_FEWEST_MONTHS - 1, effect.shape[1] - _FEWEST_MONTHS)
    of_before, of_after = before[:, times], (total - before)[:, times]
    apart = (sums[:, -1:] - sums[:, times]) / of_after - sums[:, times] / of_before
    scores: Floats = np.abs(apart) / np.sqrt(1.0 / of_before + 1.0 / of_after)
    return scores


def _variance_between(effect: Floats, variance: Floats) -> Floats:
    """Return the variance of months beyond chance, from how successive ones differ: (n_orders,)."""
    squares = np.square(np.diff(effect, axis=1)) - variance[..., 1:] - variance[..., :-1]
    between: Floats = np.maximum(0.0, 0.5 * squares.mean(axis=1))
    return between
