"""Log posteriors of single stages outside of PyMC, by which families of days are compared before one is sampled.

They are the stage models with nothing but segments to tell stays apart, and with the spreads of the hierarchy, and of
the walk of the hazards, held at given values: in the natural parameters they are then close to normal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simcast.model.compress import likelihood_inputs
from simcast.model.kernels.duration_tails import PARAMETRIC
from simcast.model.kernels.hazard import hazard_log_likelihood
from simcast.model.kernels.stage import stage_log_likelihood
from simcast.model.priors import Prior, effect_names, spread_names
from simcast.model.single_stays import FamilySingleStays, HazardSingleStays
from simcast.model.stays import StageStays
from simcast.model.walk import Walk

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_SEGMENTS = 40
"""With more, posteriors are approximated for all segments together."""

_PINNED = 1e6
"""The precision that holds a parameter where it is."""


@dataclass(frozen=True)
class Spread:
    """A spread that the prior leaves open: its prior median, and the differences of parameters that it scales.

    Parameters
    ----------
    median
        Prior median.
    one, other
        int64, (n_differences,): positions of the parameters whose differences are normal with this spread.
    gap
        float64, (n_differences,): how many times larger the variance of each difference is; 1 unless given.
    """

    median: float
    one: Ints
    other: Ints
    gap: Floats = field(default_factory=lambda: np.ones(1))


@dataclass(frozen=True)
class KnownSteps:
    """Differences of parameters, one less the other, that are normal with a mean and a spread that are known."""

    prior: Prior
    one: Ints
    other: Ints


@dataclass(frozen=True)
class NormalPrior:
    """A normal prior of all free parameters, given the spreads.

    Parameters
    ----------
    mean, precision
        float64, (n_free,): of the parameters that have a prior of their own; precision 0 for the others.
    spreads
        The spreads, each of a set of differences.
    steps
        Differences with a prior of their own.
    """

    mean: Floats
    precision: Floats
    spreads: tuple[Spread, ...]
    steps: tuple[KnownSteps, ...] = ()

    @cached_property
    def pull(self) -> Floats:
        """The precision times the mean, (n_free,)."""
        pulls = self.precision * self.mean
        for step in self.steps:
            force = step.prior.mean / step.prior.sd**2
            np.add.at(pulls, step.one, force)
            np.add.at(pulls, step.other, -force)
        return pulls

    def matrix(self, sizes: Floats) -> Floats:
        """Return the precision matrix, (n_free, n_free), given the sizes of the spreads."""
        whole = np.diag(self.precision)
        for spread, size in zip(self.spreads, sizes, strict=True):
            weight = np.broadcast_to(1.0 / (size**2 * spread.gap), spread.one.shape)
            _tie(whole, spread.one, spread.other, weight)
        for step in self.steps:
            _tie(whole, step.one, step.other, np.full(step.one.shape, step.prior.sd**-2))
        return whole


def _tie(whole: Floats, one: Ints, other: Ints, weight: Floats) -> None:
    """Add the precision of differences to a precision matrix."""
    np.add.at(whole, (one, one), weight)
    np.add.at(whole, (other, other), weight)
    np.add.at(whole, (one, other), -weight)
    np.add.at(whole, (other, one), -weight)


def for_screening(stays: StageStays) -> StageStays:
    """Return the stays of one stage with as many cells as are told apart here."""
    return stays.by_segment() if stays.cells.n_segments <= MOST_SEGMENTS else stays.pooled()


class StageLikelihood(Protocol):
    """The likelihood of one stage as a function of one vector of free parameters, and their prior."""

    prior: NormalPrior
    start: Floats
    """Where to begin looking for the mode."""

    def value_and_gradient(self, free: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient."""

    def single_stays(self, free: Floats) -> Floats:
        """Return the log-likelihood of each distinct kind of single stay."""


class FamilyLikelihood:
    """The likelihood of a stage whose days follow one of the parametric families.

    The free parameters are the means of the effects, the effects of each cell (when there are several), the log odds
    of stalling, and the log shape of each move.
    """

    def __init__(self, stays: StageStays, family: str, priors: Mapping[str, Prior]) -> None:
        code = np.full(stays.n_moves, PARAMETRIC.index(family), dtype=np.int64)
        self._data = likelihood_inputs(stays.rows, code)
        self._single = FamilySingleStays.of(stays.single, stays.cells.n_cells, code)
        self._n_moves, self._n_cells = stays.n_moves, stays.cells.n_cells
        names, spreads = effect_names(self._n_moves), spread_names(self._n_moves)
        self._n_effects = len(names)
        self._first_cell = 0 if self._n_cells == 1 else self._n_effects
        own = [priors[name] for name in names]
        tail = [priors["stalled_logit"], *[priors["log_days_shape"]] * self._n_moves]
        free = np.zeros(self._first_cell + self._n_cells * self._n_effects + len(tail))
        mean, precision = free.copy(), free.copy()
        mean[: self._n_effects], precision[: self._n_effects] = _means(own), _precisions(own)
        mean[-len(tail) :], precision[-len(tail) :] = _means(tail), _precisions(tail)
        self.prior = NormalPrior(mean, precision, self._spreads([priors[name] for name in spreads]))
        begin = np.concatenate([_means(own)[: self._n_moves - 1], _log_median(stays)])
        self.start = np.concatenate([np.tile(begin, 1 + self._n_cells * (self._n_cells > 1)), _means(tail)])

    def _spreads(self, priors: Sequence[Prior]) -> tuple[Spread, ...]:
        if self._n_cells == 1:
            return ()
        cells = self._first_cell + np.arange(self._n_cells) * self._n_effects
        return tuple(
            Spread(prior.typical, cells + effect, np.full(self._n_cells, effect)) for effect, prior in enumerate(priors)
        )

    def value_and_gradient(self, free: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient."""
        value, by_effect, by_stalled, by_shape = stage_log_likelihood(*self._natural(free), self._data)
        before = np.zeros(self._first_cell)
        return float(value), np.concatenate([before, by_effect.ravel(), [by_stalled], by_shape])

    def single_stays(self, free: Floats) -> Floats:
        """Return the log-likelihood of each distinct kind of single stay."""
        return self._single(*self._natural(free))

    def _natural(self, free: Floats) -> tuple[Floats, float, Floats]:
        effects, tail = free[self._first_cell : -1 - self._n_moves], free[-1 - self._n_moves :]
        return effects.reshape(self._n_cells, self._n_effects), float(tail[0]), tail[1:]


class HazardLikelihood:
    """The likelihood of a stage under hazards by piece of time.

    The free parameters are the walk of each move at its knots, the effects of each cell (when there are
    several), and a zero from which the effects differ.
    """

    def __init__(self, stays: StageStays, priors: Mapping[str, Prior]) -> None:
        self._counts, self._single = stays.pieces, HazardSingleStays(stays.single, stays.grid.starts)
        self._n_moves, self._n_cells = stays.n_moves, stays.cells.n_cells
        self.walks = [Walk.of(stays.pieces, move) for move in range(self._n_moves)]
        sizes = [walk.n_knots for walk in self.walks]
        begin = np.concatenate([[0], np.cumsum(sizes)])
        self.places = [slice(*pair) for pair in itertools.pairwise(begin)]
        self._n_hazards = int(begin[-1])
        n_effects = self._n_cells * self._n_moves if self._n_cells > 1 else 0
        free = np.zeros(self._n_hazards + n_effects + 1)
        mean, precision = free.copy(), free.copy()
        precision[-1] = _PINNED
        level = priors["log_hazard"]
        mean[begin[:-1] + 1], precision[begin[:-1] + 1] = level.mean, level.sd**-2
        spreads = (*self._steps(priors), *self._effects_of_cells(priors))
        self.prior = NormalPrior(mean, precision, spreads, tuple(self._known_steps(priors)))
        for walk, place in zip(self.walks, self.places, strict=True):
            free[place] = walk.guess
        self.start = free

    def _steps(self, priors: Mapping[str, Prior]) -> list[Spread]:
        """Return the spreads of the steps from knot to knot."""
        steps = []
        for walk, place in zip(self.walks, self.places, strict=True):
            walking = np.flatnonzero(~walk.is_spike)
            one, other = place.start + 2 + walking, place.start + walk.before[walking]
            steps.append(Spread(priors["hazard_step"].typical, one, other, walk.gap[walking]))
        return steps

    def _known_steps(self, priors: Mapping[str, Prior]) -> Iterator[KnownSteps]:
        """Yield the steps to day 0 and to spikes."""
        for walk, place in zip(self.walks, self.places, strict=True):
            day_0 = np.array([place.start])
            yield KnownSteps(priors["first_day_step"], day_0, day_0 + 1)
            spikes = np.flatnonzero(walk.is_spike)
            yield KnownSteps(priors["spike_step"], place.start + 2 + spikes, place.start + walk.before[spikes])

    def _effects_of_cells(self, priors: Mapping[str, Prior]) -> list[Spread]:
        if self._n_cells == 1:
            return []
        cells = self._n_hazards + np.arange(self._n_cells) * self._n_moves
        zero = np.full(self._n_cells, self._n_hazards + self._n_cells * self._n_moves)
        return [Spread(priors["hazard_spread"].typical, cells + move, zero) for move in range(self._n_moves)]

    def value_and_gradient(self, free: Floats) -> tuple[float, Floats]:
        """Return the log-likelihood and its gradient."""
        value, by_hazard, by_effect = hazard_log_likelihood(
            *self._natural(free), self._counts.passed, self._counts.ended
        )
        by_knot = [
            np.bincount(walk.knot, weights=by_hazard[move], minlength=walk.n_knots)
            for move, walk in enumerate(self.walks)
        ]
        effects = by_effect.ravel() if self._n_cells > 1 else np.zeros(0)
        return float(value), np.concatenate([*by_knot, effects, [0.0]])

    def single_stays(self, free: Floats) -> Floats:
        """Return the log-likelihood of each distinct kind of single stay."""
        return self._single(*self._natural(free))

    def _natural(self, free: Floats) -> tuple[Floats, Floats]:
        walks = np.stack([free[place][walk.knot] for walk, place in zip(self.walks, self.places, strict=True)])
        log_hazard = walks - self._counts.grid.slowing
        effects = free[self._n_hazards : -1] if self._n_cells > 1 else np.zeros(self._n_moves)
        return log_hazard, effects.reshape(-1, self._n_moves)


def _means(priors: Sequence[Prior]) -> Floats:
    return np.array([prior.mean for prior in priors])


def _precisions(priors: Sequence[Prior]) -> Floats:
    return np.array([prior.sd**-2 for prior in priors])


def _log_median(stays: StageStays) -> Floats:
    """Return the logarithm of the median days of the ended stays, by move."""
    ended = [stays.days[stays.move == move] for move in range(stays.n_moves)]
    return np.log([np.median(days) + 0.5 if days.size else 14.0 for days in ended])
