"""How a segment does at the other stages, which tells something of how it does at this one.

A source that brings better deals converts better at every stage. Drawn to the others' mean at each stage by itself it
would lose a little of that everywhere, and much in all. So each stage's model knows what the other stages let expect of
the log odds of its forward move in each segment, and learns how far that holds.

At stage k a segment's log odds lie above the mean of all by ``u[segment] + e[k, segment]``, normal with the spreads
that they have for good and at single stages. Neither is known: what is expected is averaged over both, as likely as the
other stages make them. Where stages have little to do with each other, little is expected. The stage itself is left
out, so that no stay is counted twice.

What is expected may be wrong, and then is wrong at all stages alike: left out, the chance to pass them all would seem
surer than it is. So each draw of a forecast has an error there, much the same at every stage, and as much of it
reaches a stage's effects as its own data leave of what is expected.

The log odds are compared by observed over expected ends, where as many are expected as of days at risk of the same
ages in all segments together: a source whose deals are younger has seen the early ends only.

References
----------
Breslow & Day (1987), Statistical methods in cancer research II, chapter 2 (indirect standardisation).
Lindley & Smith (1972), Bayes estimates for the linear model.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from simcast.model.hierarchy import SegmentLayout
from simcast.model.stays import StageStays
from simcast.model.streams import Stream, stream

Floats = NDArray[np.float64]

_SPREADS = np.geomspace(0.03, 1.2, 7)
"""How far log odds may lie apart, for good or at single stages."""
_MEDIANS, _LOG_SD = np.array([0.15, 0.3]), 0.8
"""Of their priors: at single stages log odds differ as the prior of segments' spreads says, and for good by half."""
_LEAST_SHARE = 1e-6
"""Spreads that are less likely do not count for how uncertain the rest is."""


@dataclass(frozen=True, eq=False)
class Standing:
    """What the other stages let expect of the segments at one.

    Parameters
    ----------
    mean
        float64, (n_segments,): by how much the log odds of the forward move are expected to lie above the segments'
        mean; they sum to zero.
    root
        float64, (n_segments, n_segments): the symmetric root of the covariance of what is wrong with that.
    """

    mean: Floats
    root: Floats

    def errors(self, n_chains: int, n_draws: int, seed: int) -> Floats:
        """Draw what is wrong with the means, (n_chains, n_draws, n_segments): much the same for all stages of a fit."""
        z = stream(seed, Stream.STANDING).standard_normal((n_chains, n_draws, self.mean.size))
        return np.asarray(z @ self.root)


def standings(stages: Sequence[StageStays], layout: SegmentLayout) -> list[Standing]:
    """Return how segments do at the other stages, for each stage.

    Parameters
    ----------
    stages
        The stays of each stage, two or more, with the segments of `layout`.
    layout
        The segments, two or more, and the values that they are made up of, which they share.
    """
    value, variance = (np.array(part) for part in zip(*map(relative_log_odds, stages), strict=True))
    design = _design(layout)
    found = []
    for stage in range(len(stages)):
        others = np.arange(len(stages)) != stage
        mean, covariance = expected_elsewhere(value[others], variance[others], design)
        centred = covariance - covariance.mean(axis=0) - covariance.mean(axis=1)[:, None] + covariance.mean()
        variances, vectors = np.linalg.eigh(centred)
        root = (vectors * np.sqrt(np.maximum(variances, 0.0))) @ vectors.T
        found.append(Standing(mean - mean.mean(), np.asarray(root)))
    return found


def relative_log_odds(stays: StageStays) -> tuple[Floats, Floats]:
    """Return the log odds of the forward move beside those of all segments together, and their variances.

    Returns
    -------
    float64, (n_segments,)
        The log of observed over expected forward moves, less that of the other ends.
    float64, (n_segments,)
        Their variances, about: one over the expected number of either, half an end added.
    """
    counts = stays.pieces
    ended = np.stack([counts.ended[:, :, 0], counts.ended[:, :, 1:].sum(axis=2)])
    at_risk = counts.passed + ended.sum(axis=0)
    hazard = ended.sum(axis=1) / np.maximum(at_risk.sum(axis=0), 1e-300)
    observed = stays.cells.sum_by_segment(ended.sum(axis=2).T) + 0.5
    expected = stays.cells.sum_by_segment(at_risk @ hazard.T) + 0.5
    log_ratio = np.log(observed / expected)
    return log_ratio[:, 0] - log_ratio[:, 1], (1.0 / expected).sum(axis=1)


def expected_elsewhere(value: Floats, variance: Floats, design: csr_array) -> tuple[Floats, Floats]:
    """Return what stages let expect of another one.

    Parameters
    ----------
    value, variance
        float64, (n_stages, n_segments): of each stage's log odds, and how uncertain.
    design
        (n_segments, n_parts): of what each segment is made up; the parts are independent, with one spread.

    Returns
    -------
    float64, (n_segments,) and (n_segments, n_segments)
        Mean and covariance of what lasts.
    """
    means, roots, log_weight = [], [], []
    for lasting, own in itertools.product(_SPREADS, repeat=2):
        weight = 1.0 / (variance + own**2)
        total = weight.sum(axis=1, keepdims=True)
        excess = value - (weight * value).sum(axis=1, keepdims=True) / total
        precision = (design.T.multiply(weight.sum(axis=0)) @ design).toarray() + np.eye(design.shape[1]) / lasting**2
        by_part = weight @ design
        precision -= (by_part / total).T @ by_part  # the mean of each stage over its segments may be anything
        pull = design.T @ (weight * excess).sum(axis=0)
        root = cho_factor(precision, lower=True)
        parts = cho_solve(root, pull)
        log_det = 2.0 * (np.log(np.diag(root[0])) + np.log(lasting)).sum()
        misfit = (weight * excess**2 - np.log(weight)).sum() + np.log(total).sum() + log_det - pull @ parts
        prior = ((np.log([lasting, own] / _MEDIANS) / _LOG_SD) ** 2).sum()
        means.append(design @ parts)
        roots.append(root)
        log_weight.append(-0.5 * (misfit + prior))
    likely = np.exp(np.array(log_weight) - max(log_weight))
    likely /= likely.sum()
    mean = likely @ np.array(means)
    apart = np.array(means) - mean
    covariance = apart.T @ (likely[:, None] * apart)
    for share, root in zip(likely, roots, strict=True):
        if share > _LEAST_SHARE:
            covariance += share * (design @ cho_solve(root, design.T.toarray()))
    return np.asarray(mean), np.asarray(covariance)


def _design(layout: SegmentLayout) -> csr_array:
    """Return of what each segment is made up, (n_segments, n_parts): itself, and its value of each crossed column."""
    values = [np.eye(max(codes) + 1)[np.array(codes)] for codes in layout.column_codes]
    return csr_array(np.hstack([np.eye(layout.n_segments), *values]))
