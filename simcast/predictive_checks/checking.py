"""All posterior predictive checks of one fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simcast.history import History
from simcast.posterior import Posterior
from simcast.predictive_checks.amount_checks import check_amounts
from simcast.predictive_checks.arrival_checks import NEW_DEALS, check_arrivals
from simcast.predictive_checks.by_calendar import OnCalendar
from simcast.predictive_checks.laws import player
from simcast.predictive_checks.replicates import replicate_stage
from simcast.predictive_checks.stage_checks import StageComparison, check_stage
from simcast.predictive_checks.stays import Ints, stays_by_stage
from simcast.predictive_checks.verdict import PredictiveCheck, judge
from simcast.progress import Progress, silence

if TYPE_CHECKING:
    import xarray as xr

FEWEST_REPLICATES, MOST_REPLICATES = 200, 1000
"""How many histories are replicated: few of a stage with very many stays, where chance is small beside what matters."""

_STAYS_REPLICATED = 4_000_000


def check_predictions(
    posterior: Posterior,
    history: History,
    sampled: Mapping[str, xr.Dataset] | None = None,
    *,
    seed: int = 1,
    progress: Progress | None = None,
) -> tuple[PredictiveCheck, ...]:
    """Compare a history with histories replicated from the posterior that was fitted to it.

    Every stay is replicated with its own day of entry, segment and window, from draws spread evenly over the
    posterior; so are arrivals and amounts. See `PredictiveCheck` for the verdicts.

    Parameters
    ----------
    posterior
        The fit.
    history
        What was known at the as-of date, as it was fitted.
    sampled
        What the sampler drew, by part of the model; the posterior's own unless given. Without it arrivals are not
        checked, and parameters that drift are taken for what they are now.
    seed
        Of the replicates.
    progress
        Called with a description and the fraction done, from 0 to 1.

    Returns
    -------
    tuple of PredictiveCheck
        In the order of the stages, then new deals. The same seed gives the same checks.

    Raises
    ------
    FitError
        When the history is not one that the posterior can have been fitted to.

    Notes
    -----
    The data were used for the fit already, which makes the checks of what the model has parameters for (means,
    shares) too lenient, not too strict.

    References
    ----------
    Gelman, Meng & Stern (1996), Posterior predictive assessment of model fitness via realized discrepancies.
    """
    tell = progress or silence
    known = posterior.sampled if sampled is None else sampled
    generator = np.random.default_rng(seed)
    checks: list[PredictiveCheck] = []
    n_parts = posterior.pipeline.n_stages + 1
    for position, stays in enumerate(stays_by_stage(posterior, history, generator)):
        part = f"stage {stays.stage}"
        tell(f"checking: {part}", position / n_parts)
        n_replicates = np.clip(_STAYS_REPLICATED // len(stays), FEWEST_REPLICATES, MOST_REPLICATES)
        calendar = OnCalendar(posterior, stays)
        play = player(posterior, known.get(part), stays if calendar.is_plain else calendar.operational(), generator)
        if not calendar.is_plain:
            play = calendar.dated(play, generator)
        replicates = replicate_stage(play, stays, _spread(posterior, n_replicates))
        checks += check_stage(StageComparison(stays, replicates, posterior.segments.labels))
    tell(f"checking: {NEW_DEALS}", 1.0 - 1.0 / n_parts)
    if NEW_DEALS in known:
        checks += check_arrivals(known[NEW_DEALS], history, generator)
    checks += check_amounts(posterior, history, _spread(posterior, MOST_REPLICATES), generator)
    tell("checking: done", 1.0)
    return judge(checks)


def _spread(posterior: Posterior, n_replicates: int) -> Ints:
    """Return the draws of replicates, spread evenly: int64, (n_replicates,)."""
    return np.linspace(0, posterior.n_draws - 1, n_replicates).astype(np.int64)
