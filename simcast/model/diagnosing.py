"""Diagnostics of what the sampler drew, and warnings about what the data could not tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.model.arviz_generation import effective_sample_size, rhat
from simcast.model.new_deals import DAYS_FOR_TREND, DAYS_FOR_WEEKDAYS
from simcast.model.sampling import Sample
from simcast.model.tables import FitTables
from simcast.pipeline import Pipeline
from simcast.posterior import Diagnostics

FEW_STAYS = 30
MOSTLY_OPEN = 0.7


def diagnose(
    parameters: Mapping[str, xr.Dataset], samples: Mapping[str, Sample], warnings: Sequence[str]
) -> Diagnostics:
    """Find the worst of each diagnostic.

    Parameters
    ----------
    parameters
        The natural parameters of each part of the model, with dimensions chain and draw.
    samples
        What the sampler drew for each part.
    warnings
        Sentences to keep with the diagnostics.
    """
    worst_rhat = _worst(parameters, rhat, np.nanargmax)
    worst_bulk = _worst(parameters, lambda draws: effective_sample_size(draws, "bulk"), np.nanargmin)
    worst_tail = _worst(parameters, lambda draws: effective_sample_size(draws, "tail"), np.nanargmin)
    energy = {part: ebfmi(sample.statistics["energy"].to_numpy()) for part, sample in samples.items()}
    least_energy = min(energy, key=lambda part: energy[part])
    some = next(iter(samples.values())).draws.sizes
    return Diagnostics(
        rhat_max=worst_rhat[0],
        ess_bulk_min=worst_bulk[0],
        ess_tail_min=worst_tail[0],
        divergences=sum(int(sample.statistics["diverging"].sum()) for sample in samples.values()),
        ebfmi_min=energy[least_energy],
        n_chains=int(some["chain"]),
        n_draws=int(some["draw"]),
        worst={"rhat": worst_rhat[1], "ess_bulk": worst_bulk[1], "ess_tail": worst_tail[1], "ebfmi": least_energy},
        warnings=tuple(warnings),
    )


def ebfmi(energy: NDArray[np.float64]) -> float:
    """Return the smallest energy Bayesian fraction of missing information over chains.

    Parameters
    ----------
    energy
        float64, (n_chains, n_draws).

    References
    ----------
    Betancourt (2016), Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte Carlo.
    """
    change = np.square(np.diff(energy, axis=1)).sum(axis=1)
    spread = np.square(energy - energy.mean(axis=1, keepdims=True)).sum(axis=1)
    return float(np.min(change / spread))


def _worst(
    parameters: Mapping[str, xr.Dataset],
    measure: Callable[[xr.Dataset], xr.Dataset],
    find: Callable[[NDArray[np.float64]], np.intp],
) -> tuple[float, str]:
    """Return the worst value over all varying parameters, and whose it is; NaN when none varies."""
    values: list[float] = []
    names: list[str] = []
    for part, draws in parameters.items():
        varying = draws[[name for name in draws.data_vars if float(draws[name].std()) > 0]]
        for name, measured in measure(varying).data_vars.items():
            flat = measured.to_numpy().astype(np.float64)
            for index in np.ndindex(flat.shape):
                values.append(float(flat[index]))
                labels = [str(measured[dim].to_numpy()[at]) for dim, at in zip(measured.dims, index, strict=True)]
                names.append(f"{part}: {name}" + (f"[{', '.join(labels)}]" if labels else ""))
    if not values or np.all(np.isnan(values)):
        return float("nan"), "none"
    position = int(find(np.array(values)))
    return values[position], names[position]


def data_warnings(pipeline: Pipeline, tables: FitTables) -> list[str]:
    """Return sentences about what this history cannot tell, the most important first."""
    found = []
    never: dict[str, list[str]] = {}
    for stage, moves, rows in zip(pipeline.stages, pipeline.moves, tables.stages, strict=True):
        total = rows.n_ended + rows.n_open
        if rows.n_ended < FEW_STAYS:
            found.append(
                f"stage {stage!r}: only {rows.n_ended} stays ended; its conversion and times rest mostly on the priors"
            )
        if total and rows.n_open > MOSTLY_OPEN * total:
            found.append(
                f"stage {stage!r}: {rows.n_open / total:.0%} of its stays are open; conversion and how long the slow "
                "ones take cannot be told apart"
            )
        if rows.n_ended >= FEW_STAYS:
            for name, count in zip(moves, rows.ended_by_cell().sum(axis=0), strict=True):
                if not count:
                    never.setdefault(name, []).append(repr(stage))
    found += [
        f"no stay in {', '.join(stages)} ended in {name!r}; how likely that is rests on the prior"
        for name, stages in never.items()
    ]
    return found + _new_deal_warnings(tables)


def _new_deal_warnings(tables: FitTables) -> list[str]:
    found = []
    if tables.amounts_of == "none":
        found.append("no deal has an amount: new deals count as worth nothing; forecast wins instead of bookings")
    elif tables.amounts_of == "all":
        found.append("no won deal has an amount: new deals are worth what all deals are")
    length = tables.arrivals.length_days
    if length < DAYS_FOR_WEEKDAYS:
        found.append(f"the history spans {length} days: new deals have neither a weekly pattern nor a trend")
    elif length < DAYS_FOR_TREND:
        found.append(f"the history spans {length} days: new deals have no trend")
    return found
