"""The level of arrivals over time, as one linear map of steps between blocks, yearly harmonics, trend and weather.

The log of the level at a time, relative to that at the as-of date without its season and its weather, is
``row @ terms``. The terms are the steps from block to block, the latest first; the coefficients of the harmonics; the
trend per year; and the weather of the block that ends at the as-of date. Each older block adds a step. What a history
is too short to show has zeros in its columns, so that the shapes do not depend on the history.

A step is one of the walk, which lasts, and the difference of two blocks' weather, which does not: the level of a block
is ``walk + weather``, as in the local level model. Steps with the variances ``walk**2`` and weather with ``block**2``
have the covariance ``walk**2 I + block**2 D D'``, D the difference of neighbours, and sines diagonalise it. So the
sampler moves along sines, and neither walk nor weather is a parameter: the weather of the last block, which the
forecast must leave out, is normal given the steps.

The fit measures levels from their mean over the days counted: the mean rate is what data tell best, and the rate
at the as-of date, which walk and weather make less certain, follows from it.

References
----------
Harvey (1989), Forecasting, structural time series models and the Kalman filter (local level).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.days import DAYS_PER_YEAR
from simcast.model.new_deals import DAYS_OF_RAMP, N_BLOCKS, ArrivalCounts, Floats
from simcast.model.priors import NEW_DEAL_PRIORS, Prior
from simcast.model.streams import Stream, stream
from simcast.posterior.arrivals import BLOCK_DAYS, HARMONICS, N_FUTURE_BLOCKS, yearly_harmonics

N_STEPS = N_BLOCKS - 1
"""Steps of the walk in the longest history; those that a shorter one does not have are drawn from their prior."""

N_CALM = len(HARMONICS) + 1
"""Terms that go on beyond the record as they were: the seasons and, last, the trend."""
N_TERMS = N_STEPS + N_CALM + 1

STEPS = slice(0, N_STEPS)
SEASON = slice(N_STEPS, N_STEPS + len(HARMONICS))
TREND = N_STEPS + len(HARMONICS)
CALM = slice(N_STEPS, N_STEPS + N_CALM)
"""Where each of the terms is found."""

BEYOND_RECORD = float(np.log(2.0))
"""Walk, weather and season together take arrivals to at most double the highest week on record and at least half the
lowest. A record of one year lets a season be anything that the year was, and a walk as wide as its widest steps: what
they add up to may be beyond all that was ever seen, and a few such draws would make all of a forecast's mean."""

_LEAST_SEASON = 0.03
_LEAST_THERE = 0.05
_RCOND = 1e-6
_N_GRID = 41


def level_rows(arrivals: ArrivalCounts, days: NDArray[np.int64]) -> Floats:
    """Return the row of each day counted, (n_days, N_TERMS)."""
    block = (arrivals.until - 1 - days) // BLOCK_DAYS
    steps = (block[:, None] > np.arange(N_STEPS)).astype(np.float64)
    season = yearly_harmonics(days) * arrivals.has_season
    trend = (days + 0.5 - arrivals.until) / DAYS_PER_YEAR * arrivals.has_trend
    return np.concatenate([steps, season, trend[:, None], np.ones((days.size, 1))], axis=1)


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
class LevelBasis:
    """In which directions to sample the steps, and how far to centre each.

    Outside the ramp the directions, modes, are the sines along which walk and weather are independent; their spread is
    ``sqrt(walk**2 + weather * block**2)``. The others are chosen for the sampler's ease only: combinations of the
    steps in the ramp that data tell apart. Slow modes cannot be told from trend and seasons, so the sampler moves along
    the sums of seasons and trend with what looks like them in the steps.

    Parameters
    ----------
    modes
        float64, (N_STEPS, N_STEPS): the steps are ``modes @ amplitudes``; orthonormal.
    ramp
        float64, (N_STEPS,): 1.0 for the modes made of steps in the ramp-up of a young CRM.
    weather
        float64, (N_STEPS,): how much of the weather's variance a mode has.
    likeness
        float64, (N_CALM, N_STEPS): how much of each harmonic, and last of the trend, an amplitude looks like.
    centring
        float64, (N_STEPS + 1,): of each mode, and last of the seasons; see `simcast.model.hierarchy.pooled_effects`.
    """

    modes: Floats
    ramp: Floats
    weather: Floats
    likeness: Floats
    centring: Floats

    @classmethod
    def of(cls, arrivals: ArrivalCounts) -> LevelBasis:
        """Find the modes, and what the counts tell of each, from their noise and a rough guess of the spreads."""
        noise = _noise_of_blocks(arrivals)
        ramp = steps_of_ramp(arrivals)
        levels = centred_levels(arrivals)[0] / np.sqrt(noise)[:, None]
        steps, calm = levels[:, STEPS], levels[:, CALM]
        likeness = np.linalg.pinv(calm, rcond=_RCOND) @ steps
        seen = (_log_counts(arrivals) - np.average(_log_counts(arrivals), weights=1.0 / noise)) / np.sqrt(noise)
        season = _guessed_season(arrivals, ramp)
        sd_of_calm = np.append(np.full(len(HARMONICS), season), NEW_DEAL_PRIORS["trend_per_year"].sd)
        unexplained = _whitening(calm * sd_of_calm)
        steps, seen = unexplained @ steps, unexplained @ seen
        modes, weather = sines(int(np.sum(ramp[: arrivals.n_blocks - 1] == 0)))
        own = np.flatnonzero(ramp)
        if own.size:
            modes[np.ix_(own, own)] = np.linalg.eigh(steps[:, own].T @ steps[:, own])[1]
        information, spread = np.zeros((2, N_STEPS))
        # What the ramp explains says nothing of the other steps; those are too small to mislead about the ramp.
        nothing = np.zeros((steps.shape[0], 0))
        for chosen, others, name in (
            (ramp > 0, nothing, "ramp_spread"),
            (ramp == 0, steps[:, ramp > 0], "walk_spread"),
        ):
            rest = _beside(steps @ modes[:, chosen], others)
            information[chosen] = np.sum(rest**2, axis=0)
            spread[chosen] = _guessed_spread(rest.T @ seen, information[chosen], weather[chosen], NEW_DEAL_PRIORS[name])
        # Seasons are told by what the steps, as wide as they are, leave of them.
        told = np.sum((_whitening(levels[:, STEPS] @ modes * spread) @ calm) ** 2, axis=0) * sd_of_calm**2
        ratio = np.append(information * spread**2, np.mean(told[:-1]))
        known = (told / (told + 1.0))[:, None]
        return cls(modes, ramp, weather, known * likeness @ modes, ratio / (ratio + 1.0))


def _whitening(effects: Floats) -> Floats:
    """Return the matrix that makes noise of variance 1 and effects (n_blocks, n_effects) of size 1 white together."""
    covariance = np.eye(effects.shape[0]) + effects @ effects.T
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)))


def sines(n_steps: int) -> tuple[Floats, Floats]:
    """Return the modes along which the steps of a walk with weather are independent.

    Parameters
    ----------
    n_steps
        How many steps have weather at both ends; the others, older than the record or in the ramp, have none.

    Returns
    -------
    modes
        float64, (N_STEPS, N_STEPS): orthonormal eigenvectors of ``D D'``, of the first n_steps; the identity beyond.
    weather
        float64, (N_STEPS,): the eigenvalues, between 0 and 4; 0 beyond.
    """
    modes, weather = np.eye(N_STEPS), np.zeros(N_STEPS)
    number = np.arange(1, n_steps + 1)
    angle = np.pi * number / (n_steps + 1)
    modes[:n_steps, :n_steps] = np.sqrt(2.0 / (n_steps + 1)) * np.sin(number[:, None] * angle)
    weather[:n_steps] = 2.0 - 2.0 * np.cos(angle)
    return modes, weather


def _beside(columns: Floats, others: Floats) -> Floats:
    """Return what of the columns the others do not explain."""
    rest: Floats = columns - others @ (np.linalg.pinv(others, rcond=_RCOND) @ columns)
    return rest


def _noise_of_blocks(arrivals: ArrivalCounts) -> Floats:
    """Return the variance of the log of each block's count, (n_blocks,), Poisson or larger.

    How much larger is the median over blocks of the variance between days of one kind over their mean: the median,
    because a bulk import on one day says nothing of the other blocks.
    """
    days = np.maximum(arrivals.exposed, 1.0)
    within = arrivals.squares - np.sum(arrivals.total**2 / days, axis=(0, 1))
    spare = np.sum(days - 1.0, axis=(0, 1))
    count = arrivals.total.sum(axis=(0, 1))
    mean = count / np.maximum(arrivals.exposed.sum(axis=(0, 1)), 1.0)
    told = spare * mean > 0
    excess = float(np.median(within[told] / (spare * mean)[told])) if told.any() else 1.0
    noise: Floats = max(excess, 1.0) / np.maximum(count, 0.5)
    return noise


def _log_counts(arrivals: ArrivalCounts) -> Floats:
    """Return the log of each block's deals per day, as if all segments had been there, (n_blocks,)."""
    n_days = np.maximum(arrivals.n_days.sum(axis=0), 1.0)
    rate = arrivals.total.sum(axis=(1, 2)) / np.maximum(arrivals.exposed.sum(axis=(1, 2)), 1.0)
    there = 1.0 - rate @ arrivals.hidden / (max(float(rate.sum()), 1e-9) * n_days)
    per_day = np.maximum(arrivals.total.sum(axis=(0, 1)), 0.5) / n_days
    logs: Floats = np.log(per_day / np.maximum(there, _LEAST_THERE))
    return logs


def _guessed_spread(score: Floats, information: Floats, weather: Floats, of_steps: Prior) -> Floats:
    """Return a guess of the spread of each amplitude, by the posterior on a grid with normal approximations.

    The estimate of an amplitude, ``score / information``, has the variance ``spread**2 + 1 / information``, and the
    spread that of lasting steps and of its share of the weather.
    """
    told = information > 1e-9
    steps = np.linspace(-4.0, 4.0, _N_GRID)
    lasting, passing = (np.exp(prior.mean + prior.sd * steps) for prior in (of_steps, NEW_DEAL_PRIORS["block_spread"]))
    squared = lasting[:, None, None] ** 2 + passing[None, :, None] ** 2 * weather
    variance = squared[..., told] + 1.0 / information[told]
    estimate = score[told] / information[told]
    log_posterior = -0.5 * np.sum(np.log(variance) + estimate**2 / variance, axis=-1)
    log_posterior -= 0.5 * (steps[:, None] ** 2 + steps**2)
    weight = np.exp(log_posterior - np.max(log_posterior))
    spread: Floats = np.exp(0.5 * np.tensordot(weight, np.log(squared), axes=2) / weight.sum())
    return spread


def _guessed_season(arrivals: ArrivalCounts, ramp: Floats) -> float:
    """Return a guess of the spread of the harmonics, by least squares on the blocks outside the ramp."""
    keep = np.append(True, ramp[: arrivals.n_blocks - 1] == 0)
    calm = centred_levels(arrivals)[0][keep, CALM]
    design = np.column_stack([np.ones(calm.shape[0]), calm])
    if calm.shape[0] <= 2 * design.shape[1]:
        return _LEAST_SEASON
    found = np.linalg.lstsq(design, _log_counts(arrivals)[keep], rcond=None)[0]
    return max(float(np.sqrt(np.mean(found[1:-1] ** 2))), _LEAST_SEASON)


def future_path(walk_sd: Floats, block_sd: Floats, seed: int) -> Floats:
    """Walk on from the as-of date, with new weather in each block.

    Parameters
    ----------
    walk_sd, block_sd
        float64, (n_draws,): the standard deviations of a step, and of a block's weather.
    seed
        Of the fit.

    Returns
    -------
    float64, (n_draws, N_FUTURE_BLOCKS)
        The log level in each block, the first already one step away from the block before the as-of date; how far it
        may go, `bounds_of_record` says.
    """
    generator = stream(seed, Stream.ARRIVALS)
    step, weather = generator.standard_normal((2, walk_sd.size, N_FUTURE_BLOCKS))
    return np.asarray(np.cumsum(step * walk_sd[:, None], axis=1) + weather * block_sd[:, None])


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
