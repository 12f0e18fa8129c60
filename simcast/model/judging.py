"""What is kept beside a part's natural parameters for analysts: the sampler's statistics, and single stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from simcast.model.sampling import Sample
from simcast.model.stage_parameters import judge_single_stays
from simcast.model.stays import StageStays
from simcast.posterior import FamilyChoice

STATISTIC_PREFIX = "sample_stats_"


def with_statistics(parameters: xr.Dataset, sample: Sample) -> xr.Dataset:
    """Add what the sampler said of every draw: whether it diverged, and its energy."""
    dims = ("chain", "draw")
    return parameters.assign(
        {
            f"{STATISTIC_PREFIX}{name}": (dims, np.asarray(sample.statistics[name].to_numpy(), dtype=np.float64))
            for name in ("diverging", "energy")
        }
    )


def with_single_stays(
    parameters: xr.Dataset, sample: Sample, stays: StageStays, choice: FamilyChoice
) -> tuple[xr.Dataset, FamilyChoice]:
    """Add the log-likelihood of every kind of single stay, and what leaving each out says of the family chosen."""
    if not stays.single.count.size:
        return parameters, choice
    judged, log_likelihood = judge_single_stays(sample, choice.chosen, stays)
    chosen = replace(
        choice,
        n_high_pareto_k=judged.n_high_pareto_k,
        elpd_loo=judged.total,
        p_loo=judged.n_effective_parameters,
    )
    kept = parameters.assign(
        log_likelihood=(("chain", "draw_thinned", "row"), log_likelihood.astype(np.float32)),
        row_count=(("row",), stays.single.count),
    )
    return kept, chosen
