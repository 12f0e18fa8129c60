"""Choosing the family of days of a stage: by leave-one-out cross-validation, the simplest that foresees as well as any.

Every family is fitted by its normal approximation, corrected by Pareto-smoothed importance weights: a second each
instead of a sampling run each. The chosen one is then sampled in full and judged again. Where a rule ends stays on one
day, or nearly all end on the same, hazards count as the simplest: no family has such a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from simcast.model.arviz_generation import pareto_smoothed
from simcast.model.laplace import ApproximationError, approximate
from simcast.model.leave_one_out import HIGH_PARETO_K, LeaveOneOut, leave_one_out
from simcast.model.priors import Prior
from simcast.model.screening import FamilyLikelihood, HazardLikelihood, for_screening
from simcast.model.stays import StageStays
from simcast.posterior import FamilyChoice
from simcast.posterior.hazards import HAZARD
from simcast.writing import counted

FEW_ENDED = 50
"""With fewer ended stays the families cannot be told apart."""
CLOSE = 4.0
CLOSE_ERRORS = 2.0
"""A family that foresees worse by less than this, or by fewer standard errors, counts as good as the best."""

FEW_ALIKE = 10
"""Fewer stays that ended alike may be so by chance."""
NEARLY_ALL = 0.95
"""Of the stays that ended, where more ended alike there is no shape of days to be learned."""

_DRAWS = 400


def choose_family(
    stage: str, stays: StageStays, priors: Mapping[str, Prior], candidates: Sequence[str], seed: int
) -> FamilyChoice:
    """Choose the family of a stage's days.

    Parameters
    ----------
    stage
        Its name.
    stays
        Its stays.
    priors
        Of the stage model.
    candidates
        The families to choose from; the only one when the scenario names it.
    seed
        Of the approximations' draws.
    """
    if len(candidates) == 1:
        return _without_comparison(stage, stays, candidates[0], "named in the scenario")
    if stays.n_ended < FEW_ENDED:
        have_no_shape = HAZARD in candidates and stays.n_ended >= FEW_ALIKE and _nearly_all_alike(stays)
        family = HAZARD if have_no_shape else candidates[0]
        why = f"only {counted(stays.n_ended, 'stay')} ended, too few to tell families apart"
        return _without_comparison(stage, stays, family, why)
    compared = for_screening(stays)
    judged = {family: _judge(compared, family, priors, seed) for family in candidates}
    found = {family: loo for family, loo in judged.items() if loo is not None and not loo.rules_out_what_was}
    if len(found) < 2:
        chosen = next(iter(found), candidates[0])
        return _without_comparison(stage, stays, chosen, "the others cannot be fitted to such stays at all")
    best = max(found, key=lambda family: found[family].total)
    chosen = next(family for family in _simplest_first(list(found), stays) if _as_good(found[family], found[best]))
    runner_up = max((family for family in found if family != chosen), key=lambda family: found[family].total)
    return FamilyChoice(
        stage=stage,
        chosen=chosen,
        reason=_reason(found, chosen, best, runner_up),
        elpd={family: loo.total for family, loo in found.items()},
        elpd_error={family: loo.error_of_difference(found[chosen]) for family, loo in found.items()},
        n_stays=stays.n_ended + stays.n_open,
        n_high_pareto_k=0,
        elpd_loo=float("nan"),
        p_loo=float("nan"),
    )


def _without_comparison(stage: str, stays: StageStays, family: str, reason: str) -> FamilyChoice:
    nothing = float("nan")
    return FamilyChoice(stage, family, reason, {}, {}, stays.n_ended + stays.n_open, 0, nothing, nothing)


def _judge(stays: StageStays, family: str, priors: Mapping[str, Prior], seed: int) -> LeaveOneOut | None:
    """Judge one family by its normal approximation; weights that cannot be relied on are left out.

    None where there is no such approximation.
    """
    likelihood = HazardLikelihood(stays, priors) if family == HAZARD else FamilyLikelihood(stays, family, priors)
    try:
        drawn = approximate(likelihood).draw(_DRAWS, seed)
    except ApproximationError:
        return None
    log_likelihood = np.array([likelihood.single_stays(free) for free in drawn.draws])
    smoothed, k = pareto_smoothed(drawn.log_weight[None, :])
    weight = smoothed[0] if k[0] < HIGH_PARETO_K else None
    return leave_one_out(log_likelihood, stays.single.count, weight)


def _simplest_first(candidates: Sequence[str], stays: StageStays) -> list[str]:
    """Return the candidates in order; where stays have spikes, hazards come first.

    A family can hold a spike only when its days all but shrink to that one, where no sampler moves freely; and of stays
    that nearly all end on one day, such as the first, it can tell no shape.
    """
    on_one_day = bool(stays.spikes) or _nearly_all_alike(stays)
    return sorted(candidates, key=lambda family: family != HAZARD) if on_one_day else list(candidates)


def _nearly_all_alike(stays: StageStays) -> bool:
    return stays.n_alike > NEARLY_ALL * stays.n_ended


def _as_good(one: LeaveOneOut, best: LeaveOneOut) -> bool:
    lag = best.total - one.total
    return lag <= CLOSE or lag <= CLOSE_ERRORS * one.error_of_difference(best)


def _reason(found: Mapping[str, LeaveOneOut], chosen: str, best: str, runner_up: str) -> str:
    if chosen != best:
        lag, error = found[best].total - found[chosen].total, found[best].error_of_difference(found[chosen])
        return f"the simplest that predicts single stays as well as any ({best}: {lag:.1f} better, error {error:.1f})"
    lead, error = found[chosen].total - found[runner_up].total, found[chosen].error_of_difference(found[runner_up])
    return f"predicts single stays best: {lead:.1f} ahead of {runner_up} (error {error:.1f})"
