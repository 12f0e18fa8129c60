"""The level of arrivals over time, as one linear map of the walk's steps, the yearly harmonics and the trend.

The log of the level at a time, relative to that at the as-of date without its season, is ``row @ terms``. The terms
are the steps of the walk, the latest first; the coefficients of the harmonics; and the trend per year. The walk
is 0 in the block that ends at the as-of date, and each older block adds a step. What a history is too short
to show has zeros in its columns, so that the shapes do not depend on the history.

The fit measures levels from their mean over the days counted: the mean rate is what data tell best, and the rate
at the as-of date, which the walk makes less certain, follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.new_deals import DAYS_OF_RAMP, N_BLOCKS, ArrivalCounts, Floats
from simcast.model.priors import NEW_DEAL_PRIORS, Prior
from simcast.posterior.arrivals import BLOCK_DAYS, DAYS_PER_YEAR, HARMONICS, N_FUTURE_BLOCKS, yearly_harmonics

N_STEPS = N_BLOCKS - 1
"""Steps of the walk in the longest history; those that a shorter one does not have are drawn from their prior."""

N_TERMS = N_STEPS + len(HARMONICS) + 1

BEYOND_RECORD = float(np.log(2.0))
"""Walk and season together take arrivals to at most double the highest week on record and at least half the lowest. A
record of one year lets a season be anything that the year was, and a walk as wide as its widest steps: what they add up
to may be beyond all that was ever seen, and a few such draws would make all of a forecast's mean."""

_LEAST_SEASON = 0.03
_RCOND = 1e-6


def level_rows(arrivals: ArrivalCounts, days: NDArray[np.int64]) -> Floats:
    """Return the row of each day counted, (n_days, N_TERMS)."""
    block = (arrivals.until - 1 - days) // BLOCK_DAYS
    walk = (block[:, None] > np.arange(N_STEPS)).astype(np.float64)
    season = yearly_harmonics(days) * arrivals.has_season
    trend = (days + 0.5 - arrivals.until) / DAYS_PER_YEAR * arrivals.has_trend
    return np.concatenate([walk, season, trend[:, None]], axis=1)


def centred_levels(arrivals: ArrivalCounts) -> tuple[Floats, Floats]:
    """Return the mean row of each block, less that of all days counted, and the latter.

    Returns
    -------
    levels, centre
        float64, (n_blocks, N_TERMS), the latest block first, and (N_TERMS,).
    """
    days = np.arange(arrivals.start, arrivals.until)
    rows = level_rows(arrivals, days)
    block = (arrivals.until - 1 - days) // BLOCK_DAYS
    sums = np.zeros((arrivals.n_blocks, N_TERMS))
    np.add.at(sums, block, rows)
    centre: Floats = rows.mean(axis=0)
    return sums / np.bincount(block, minlength=arrivals.n_blocks)[:, None] - centre, centre


def weekly_levels(arrivals: ArrivalCounts) -> tuple[NDArray[np.int64], Floats]:
    """Return the first day of each week counted back from the as-of date, oldest first, and the mean row of its days.

    The first week is cut short where the days counted are not whole weeks.
    """
    days = np.arange(arrivals.start, arrivals.until)
    week = (arrivals.until - 1 - days) // 7
    first = np.flatnonzero(np.diff(week, prepend=-1))
    rows = np.add.reduceat(level_rows(arrivals, days), first, axis=0)
    return days[first], rows / np.diff(first, append=days.size)[:, None]


def steps_of_ramp(arrivals: ArrivalCounts) -> Floats:
    """Return 1.0 for the steps within the first half-year of a young CRM, 0.0 for the others, (N_STEPS,)."""
    age_of_step = np.arange(1, N_STEPS + 1) * BLOCK_DAYS  # days from each step to the as-of date
    ramping = arrivals.begins_young & (arrivals.length_days - age_of_step < DAYS_OF_RAMP)
    return np.asarray(ramping & (age_of_step < arrivals.length_days), dtype=np.float64)


@dataclass(frozen=True)
class WalkBasis:
    """In which directions to sample the walk, and how far to centre each: chosen for the sampler's ease only.

    A step alone is known badly, the slow swings of the whole walk well, and its mean slope and yearly swing cannot be
    told from trend and seasons. So the sampler moves along modes, orthogonal combinations of the steps of equal
    spread, each centred as far as its data say; and along the sums of seasons and trend with what looks like them in
    the walk.

    Parameters
    ----------
    modes
        float64, (N_STEPS, N_STEPS): the steps are ``modes @ amplitudes``; orthonormal.
    ramp
        float64, (N_STEPS,): 1.0 for the modes made of steps in the ramp-up of a young CRM.
    likeness
        float64, (5, N_STEPS): how much of each harmonic, and last of the trend, an amplitude looks like.
    centring
        float64, (N_STEPS + 1,): of each mode, and last of the seasons; see `simcast.model.hierarchy.pooled_effects`.
    """

    modes: Floats
    ramp: Floats
    likeness: Floats
    centring: Floats

    @classmethod
    def of(cls, arrivals: ArrivalCounts) -> WalkBasis:
        """Find the modes that the counts tell apart, from their noise and a rough guess of the spreads."""
        noise = _noise_of_blocks(arrivals)
        ramp = steps_of_ramp(arrivals)
        levels = centred_levels(arrivals)[0] / np.sqrt(noise)[:, None]
        walk, calm = levels[:, :N_STEPS], levels[:, N_STEPS:]
        likeness = np.linalg.pinv(calm, rcond=_RCOND) @ walk
        seen = (_log_counts(arrivals) - np.average(_log_counts(arrivals), weights=1.0 / noise)) / np.sqrt(noise)
        modes, information, spread = np.eye(N_STEPS), np.zeros(N_STEPS), np.zeros(N_STEPS)
        # What the ramp explains says nothing of the walk; the walk is too small to mislead about the ramp.
        for chosen, beside, name in (
            (ramp > 0, calm, "ramp_spread"),
            (ramp == 0, np.hstack([calm, walk[:, ramp > 0]]), "walk_spread"),
        ):
            own = np.flatnonzero(chosen)
            rest = walk[:, own] - beside @ (np.linalg.pinv(beside, rcond=_RCOND) @ walk[:, own])
            values, vectors = np.linalg.eigh(rest.T @ rest)
            information[own], modes[np.ix_(own, own)] = np.maximum(values, 0.0), vectors
            spread[own] = _guessed_spread(vectors.T @ (rest.T @ seen), information[own], NEW_DEAL_PRIORS[name])
        season = _guessed_season(arrivals, ramp)
        squares = np.sum(calm**2, axis=0)
        of_calm = squares * np.append(np.full(len(HARMONICS), season), NEW_DEAL_PRIORS["trend_per_year"].sd) ** 2
        ratio = np.append(information * spread**2, np.mean(squares[:-1]) * season**2)
        known = (of_calm / (of_calm + 1.0))[:, None]
        return cls(modes, ramp, known * likeness @ modes, ratio / (ratio + 1.0))


def _noise_of_blocks(arrivals: ArrivalCounts) -> Floats:
    """Return the variance of the log of each block's count, (n_blocks,), Poisson or larger.

    How much larger is the median over blocks of the variance between days of one kind over their mean: the median,
    because a bulk import on one day says nothing of the other blocks.
    """
    days = np.maximum(arrivals.n_days, 1.0)
    within = arrivals.squares - np.sum(arrivals.total**2 / days[None, :, :], axis=(0, 1))
    spare = arrivals.n_segments * np.sum(days - 1.0, axis=0)
    count = arrivals.total.sum(axis=(0, 1))
    mean = count / (arrivals.n_segments * np.maximum(arrivals.n_days.sum(axis=0), 1.0))
    told = spare * mean > 0
    excess = float(np.median(within[told] / (spare * mean)[told])) if told.any() else 1.0
    noise: Floats = max(excess, 1.0) / np.maximum(count, 0.5)
    return noise


def _log_counts(arrivals: ArrivalCounts) -> Floats:
    """Return the log of each block's deals per day, (n_blocks,)."""
    per_day = np.maximum(arrivals.total.sum(axis=(0, 1)), 0.5) / np.maximum(arrivals.n_days.sum(axis=0), 1.0)
    logs: Floats = np.log(per_day)
    return logs


def _guessed_spread(score: Floats, information: Floats, prior: Prior) -> float:
    """Return a guess of the spread of amplitudes, by its posterior on a grid with normal approximations.

    The estimate of an amplitude, ``score / information``, has the variance ``spread**2 + 1 / information``.
    """
    told = information > 1e-9
    grid = np.exp(prior.mean + prior.sd * np.linspace(-4.0, 4.0, 81))
    variance = grid[:, None] ** 2 + 1.0 / information[told]
    estimate = score[told] / information[told]
    log_posterior = -0.5 * np.sum(np.log(variance) + estimate**2 / variance, axis=1)
    log_posterior -= 0.5 * np.linspace(-4.0, 4.0, 81) ** 2
    weight = np.exp(log_posterior - np.max(log_posterior))
    return float(np.exp(np.sum(weight * np.log(grid)) / weight.sum()))


def _guessed_season(arrivals: ArrivalCounts, ramp: Floats) -> float:
    """Return a guess of the spread of the harmonics, by least squares on the blocks outside the ramp."""
    keep = np.append(True, ramp[: arrivals.n_blocks - 1] == 0)
    calm = centred_levels(arrivals)[0][keep, N_STEPS:]
    design = np.column_stack([np.ones(calm.shape[0]), calm])
    if calm.shape[0] <= 2 * design.shape[1]:
        return _LEAST_SEASON
    found = np.linalg.lstsq(design, _log_counts(arrivals)[keep], rcond=None)[0]
    return max(float(np.sqrt(np.mean(found[1:-1] ** 2))), _LEAST_SEASON)


def future_path(walk_sd: Floats, seed: int) -> Floats:
    """Walk on from the as-of date.

    Parameters
    ----------
    walk_sd
        float64, (n_draws,): the standard deviation of a step.
    seed
        Of the fit.

    Returns
    -------
    float64, (n_draws, N_FUTURE_BLOCKS)
        The log level in each block, the first already one step away from the block before the as-of date; how far it
        may go, `bounds_of_record` says.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(N_FUTURE_BLOCKS,)))
    step = generator.standard_normal((walk_sd.size, N_FUTURE_BLOCKS)) * walk_sd[:, None]
    return np.asarray(np.cumsum(step, axis=1))


def bounds_of_record(log_level: Floats) -> Floats:
    """Return how low and how high the log of the level may go on beyond the record.

    Parameters
    ----------
    log_level
        float64, (n_draws, n_weeks): on record, relative to the as-of date.

    Returns
    -------
    float64, (n_draws, 2)
        The lower first; 0, the level at the as-of date, is always between them.

    Examples
    --------
    >>> np.exp(bounds_of_record(np.log([[0.5, 0.8, 0.9]])))[0].round(6).tolist()
    [0.25, 2.0]
    """
    lowest, highest = (np.asarray(edge(log_level, axis=1, initial=0.0)) for edge in (np.min, np.max))
    return np.stack([lowest - BEYOND_RECORD, highest + BEYOND_RECORD], axis=1)
