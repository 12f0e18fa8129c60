"""What waiting for the first contact does to conversion: a logistic regression of the forward move on hours waited.

A deal counts when its contact lies so far back that nearly all who move forward have done so by now, and its outcome is
whether it moved forward within that many days of the contact: then nothing is censored, and deals that are slow are no
rarer among those that waited long. Segments and the quarter of the entry have intercepts of their own, so that a source
that is both answered late and converts badly, or a bad quarter, is not taken for the work of waiting. What is left is
an association all the same: nobody assigned the waits by lot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri
from scipy.stats import chi2

from simcast.days import quarter_of
from simcast.history import History
from simcast.model.priors import RESPONSE_PRIORS
from simcast.model.streams import Stream, stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 30
"""So many deals at least that moved on, and that did not, each with a first contact on record."""
N_LEVELS = 50
"""Waits of a segment are kept as so many quantiles."""
FALSE_ALARMS = 0.01
"""The chance that odds which fall evenly with the hours are said not to."""

_DONE_BY = 0.95
"""A deal's outcome is that of the days after its contact within which so many of those that moved forward did so."""
_LONGEST = 0.99
"""Longer waits than this share's are left out: a handful of contacts that were written down late would decide."""
_MOST_STEPS = 50


@dataclass(frozen=True, eq=False)
class ResponseFit:
    """What one stage's first contacts say.

    Parameters
    ----------
    stage
        The stage.
    slope, slope_sd
        By how much an hour of waiting lowers the log odds to move forward, and its standard deviation: of the normal
        approximation of its posterior.
    waits : float64, (n_segments, N_LEVELS)
        Quantiles of the hours waited.
    conversion : float64, (n_segments,)
        The share of each segment's deals that moved forward, as fitted.
    n_deals
        How many deals it rests on.
    """

    stage: str
    slope: float
    slope_sd: float
    waits: Floats
    conversion: Floats
    n_deals: int


@dataclass(frozen=True, eq=False)
class _Deals:
    """The deals that count: hours waited, whether they moved forward, segment, and quarter of entry (codes)."""

    hours: Floats
    forward: NDArray[np.bool_]
    segment: Ints
    quarter: Ints
    n_segments: int


def fit_responses(history: History) -> tuple[list[ResponseFit], list[str]]:
    """Fit every stage that has first contacts on record.

    Returns
    -------
    list of ResponseFit
        Of the stages in which enough deals have both a contact and an outcome.
    list of str
        What may mislead in them, and which stages have too few.
    """
    fits, warnings = [], []
    for stage in dict.fromkeys(history.responses["stage"]):
        deals, found = _deals_of(history, str(stage))
        warnings += found
        least = min(int(deals.forward.sum()), int((~deals.forward).sum()))
        if least < FEWEST or np.ptp(deals.hours) == 0.0:
            why = "all waited equally long" if least >= FEWEST else f"{least} of one outcome, {FEWEST} are needed"
            warnings.append(f"stage {stage!r}: what waiting for the first contact does cannot be fitted: {why}")
            continue
        fit, uneven = _fitted(str(stage), deals)
        fits.append(fit)
        warnings += uneven
    return fits, warnings


def slope_draws(fit: ResponseFit, n_draws: int, seed: int) -> Floats:
    """Return equally likely slopes, one for each draw of the other parameters: float64, (n_draws,)."""
    levels = (np.arange(n_draws) + 0.5) / n_draws
    shuffled = stream(seed, Stream.RESPONSE, *fit.stage.encode()).permutation(levels)
    return fit.slope + fit.slope_sd * np.asarray(ndtri(shuffled))


def _deals_of(history: History, stage: str) -> tuple[_Deals, list[str]]:
    """Return the deals of a stage that count; say of those that do not, where that may mislead."""
    stays = history.stays[history.stays["stage"] == stage].drop_duplicates("deal")
    responses = history.responses[history.responses["stage"] == stage].set_index("deal")
    hours = responses["hours"].reindex(stays["deal"]).to_numpy(dtype=np.float64)
    contact = responses["since"].reindex(stays["deal"]).to_numpy().astype("datetime64[D]")
    entered, left = (stays[name].to_numpy().astype("datetime64[D]") for name in ("entered", "left"))
    moved = (stays["move"] == history.pipeline.forward(stage)).to_numpy(dtype=bool)
    after = contact > left  # NaT is never later
    contacted = ~np.isnan(hours) & ~after
    days = _days_between(contact, left)
    done_by = float(np.quantile(days[moved & contacted], _DONE_BY)) if (moved & contacted).any() else 0.0
    known = contacted & (_days_between(contact, history.recorded_until) > done_by)
    if known.any():
        known &= ~(hours > np.quantile(hours[known], _LONGEST))
    silent = ~contacted & (_days_between(entered, history.recorded_until) > done_by)
    outcome = moved & (days <= done_by)
    quarter = quarter_of(entered[known])
    deals = _Deals(
        hours[known],
        outcome[known],
        stays["segment_code"].to_numpy(dtype=np.int64)[known],
        np.unique(quarter, return_inverse=True)[1].astype(np.int64),
        len(history.segments),
    )
    return deals, silent_warnings(stage, outcome[known], moved[silent], int((after & silent).sum()))


def _days_between(first: NDArray[np.datetime64], last: NDArray[np.datetime64] | np.datetime64) -> Floats:
    """Return whole days; NaN where one of the two is not known."""
    gap = last - first
    return np.where(np.isnat(gap), np.nan, gap.astype(np.int64))


def silent_warnings(stage: str, known: NDArray[np.bool_], silent: NDArray[np.bool_], n_after: int) -> list[str]:
    """Say how deals without a contact ended, where they are more than a few."""
    n, total = len(silent), len(silent) + len(known)
    if not len(known) or n < max(FEWEST, 0.02 * total):
        return []
    late = f" ({n_after:,} of them were contacted after they had left it)" if n_after else ""
    warning = (
        f"stage {stage!r}: {n:,} of {total:,} deals have no recorded first contact while they were in it{late}; they "
        f"are left out of what waiting does: {silent.mean():.0%} of them moved on, {known.mean():.0%} of the others. "
        "If they gave up waiting, it does more harm than is found"
    )
    return [warning]


def _fitted(stage: str, deals: _Deals) -> tuple[ResponseFit, list[str]]:
    """Fit one stage, and say whether the odds fall evenly with the hours."""
    short, long = np.quantile(deals.hours, [0.1, 0.9])
    unit = float(long - short) or float(np.ptp(deals.hours))
    centre = float(deals.hours.mean())
    waited = (deals.hours - centre) / unit
    design, precision = _design(deals, waited)
    mode, covariance, likelihood = _newton(design, deals.forward, precision)
    bend = np.log1p(deals.hours / max(float(np.median(deals.hours)), 1e-9))
    bent = np.column_stack([design, bend - bend.mean()])
    curved, _, better = _newton(bent, deals.forward, np.append(precision, precision[-1]))
    warnings = []
    if chi2.sf(2.0 * (better - likelihood), 1) < FALSE_ALARMS:
        first = "more" if curved[-1] < 0 else "less"
        warnings.append(
            f"stage {stage!r}: the odds of moving on do not fall evenly with the hours waited: the first hours count "
            f"for {first} than the halving time says, which is an average over waits from {short:.3g} to {long:.3g} "
            "hours"
        )
    probability = expit(design @ mode)
    counts = np.bincount(deals.segment, minlength=deals.n_segments)
    sums = np.bincount(deals.segment, weights=probability, minlength=deals.n_segments)
    overall = float(probability.mean())
    conversion = np.where(counts > 0, sums / np.maximum(counts, 1), overall)
    fit = ResponseFit(
        stage,
        float(-mode[-1] / unit),
        float(np.sqrt(covariance[-1, -1]) / unit),
        _quantiles(deals, counts),
        conversion,
        len(deals.hours),
    )
    return fit, warnings


def _design(deals: _Deals, waited: Floats) -> tuple[Floats, Floats]:
    """Return the columns of the regression (common, segments, quarters, waiting) and their prior precisions."""
    rows = np.arange(len(waited))
    segments = np.zeros((len(waited), deals.n_segments))
    segments[rows, deals.segment] = 1.0
    quarters = np.zeros((len(waited), len(np.unique(deals.quarter))))
    quarters[rows, deals.quarter] = 1.0
    design = np.column_stack([np.ones(len(waited)), segments, quarters, waited])
    sds = {name: prior.sd for name, prior in RESPONSE_PRIORS.items()}
    sd = np.concatenate(
        [
            [sds["response_conversion_logit"]],
            np.full(segments.shape[1], sds["response_segment"]),
            np.full(quarters.shape[1], sds["response_quarter"]),
            [sds["response_slope"]],
        ]
    )
    return design, sd**-2.0


def _newton(design: Floats, forward: NDArray[np.bool_], precision: Floats) -> tuple[Floats, Floats, float]:
    """Return the mode under normal priors round 0, the inverse curvature there, and the log-likelihood."""
    at = np.zeros(design.shape[1])
    curvature = np.diag(precision)
    for _ in range(_MOST_STEPS):
        probability = expit(design @ at)
        gradient = design.T @ (forward - probability) - precision * at
        curvature = (design.T * (probability * (1.0 - probability))) @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        at = at + step / max(1.0, float(np.abs(step).max()))  # far from the mode a full step may overshoot
        if np.abs(step).max() < 1e-10:
            break
    margin = np.where(forward, 1.0, -1.0) * (design @ at)
    covariance: Floats = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
    return at, covariance, float(-np.logaddexp(0.0, -margin).sum())


def _quantiles(deals: _Deals, counts: Ints) -> Floats:
    """Return each segment's waits as quantiles; those of all deals where a segment has fewer than `FEWEST`."""
    levels = (np.arange(N_LEVELS) + 0.5) / N_LEVELS
    return np.array(
        [
            np.quantile(deals.hours if counts[code] < FEWEST else deals.hours[deals.segment == code], levels)
            for code in range(deals.n_segments)
        ]
    )


def response_arrays(
    history: History, fits: list[ResponseFit], n_draws: int, seed: int
) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """Return the optional variables of a posterior's draws that hold the fits; NaN for stages without one."""
    stages, n_segments = list(history.pipeline.stages), len(history.segments)
    slope = np.full((n_draws, len(stages)), np.nan)
    waits = np.full((len(stages), n_segments, N_LEVELS), np.nan)
    conversion, deals = np.full((len(stages), n_segments), np.nan), np.zeros(len(stages))
    for fit in fits:
        code = stages.index(fit.stage)
        slope[:, code] = slope_draws(fit, n_draws, seed)
        waits[code], conversion[code], deals[code] = fit.waits, fit.conversion, fit.n_deals
    return {
        "response_slope": (("draw", "stage"), slope),
        "response_waits": (("stage", "segment", "wait_level"), waits),
        "response_conversion": (("stage", "segment"), conversion),
        "response_deals": (("stage",), deals),
    }
