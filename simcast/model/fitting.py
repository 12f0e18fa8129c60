"""Fitting a history: take it apart, sample each part, put the draws together, judge them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from simcast.model.priors import resolve_priors
from simcast.model.settings import FitSettings, ModelChoices
from simcast.posterior import CACHE_VARIABLE, Posterior, fit_fingerprint, posterior_path, stored_posterior

if TYPE_CHECKING:
    import xarray as xr

    from simcast.history import History
    from simcast.model.sampling import Sample
    from simcast.model.tables import FitTables

Progress = Callable[[str, float], None]

NEW_DEALS = "new deals"
"""The part of the model that is not a stage."""

FEW = 1000
"""Parts of the model with fewer observations have awkward posteriors, which are sampled in smaller steps."""
CAREFUL_ACCEPTANCE = 0.99


def fit(
    history: History,
    *,
    seed: int = 1,
    settings: FitSettings | ModelChoices | None = None,
    progress: Progress | None = None,
) -> Posterior:
    """Learn all parameters of a pipeline from its history.

    Parameters
    ----------
    history
        What was known at an as-of date; stays that had not ended by `history.observed_until` count as censored.
    seed
        Of the sampler.
    settings
        A scenario's ``history.model``, or `FitSettings`.
    progress
        Told what is being done and which fraction is done, from 0 to 1.

    Returns
    -------
    Posterior
        Its diagnostics say whether it is to be trusted, and what the history could not tell.

    Raises
    ------
    FitError
        When there is nothing to learn from, a choice is not available, or the sampler fails.
    """
    chosen = FitSettings.of(settings)
    tell = progress or _silence
    priors = tuple(resolve_priors(chosen.priors).items())
    tell("loading the sampler", 0.0)

    from simcast.model import arviz_generation  # noqa: F401  before PyMC, which would let ArviZ announce itself
    from simcast.model.assemble import assemble, new_deal_parameters, stage_parameters
    from simcast.model.diagnosing import data_warnings, diagnose
    from simcast.model.tables import tabulate

    pipeline, segments = history.pipeline, history.segments
    tables = tabulate(history)
    samples = _sample_parts(history, tables, chosen, priors, seed, tell)
    tell("putting the draws together", 0.97)
    parameters: dict[str, xr.Dataset] = {
        stage: stage_parameters(samples[f"stage {stage}"], rows, moves, segments)
        for stage, rows, moves in zip(pipeline.stages, tables.stages, pipeline.moves, strict=True)
    }
    new_deals = new_deal_parameters(samples[NEW_DEALS], tables, segments)
    draws = assemble(pipeline, segments, tables, list(parameters.values()), new_deals)
    named = {f"stage {stage}": part for stage, part in parameters.items()} | {NEW_DEALS: new_deals}
    diagnostics = diagnose(named, samples, data_warnings(pipeline, tables))
    tell("fitted", 1.0)
    return Posterior(pipeline, segments, draws, _fingerprint(history, chosen, seed), diagnostics, named)


def load_or_fit(
    history: History,
    *,
    seed: int = 1,
    settings: FitSettings | ModelChoices | None = None,
    progress: Progress | None = None,
) -> Posterior:
    """Return the stored posterior of this history, or fit it and store the result.

    A stored posterior is found without importing PyMC. One that is damaged, or that belongs to other data, another
    model or other versions, is fitted again. An interrupted fit stores nothing.

    Parameters and errors are those of `fit`.
    """
    chosen = FitSettings.of(settings)
    fingerprint = _fingerprint(history, chosen, seed)
    stored = stored_posterior(fingerprint)
    if stored is not None:
        return stored
    posterior = fit(history, seed=seed, settings=chosen, progress=progress)
    try:
        posterior.save(posterior_path(fingerprint))
    except OSError as error:
        return _with_warning(
            posterior, f"the fit could not be stored ({error}); set {CACHE_VARIABLE} to a folder for it"
        )
    return posterior


def _with_warning(posterior: Posterior, warning: str) -> Posterior:
    """Return the posterior with one more warning."""
    diagnostics = posterior.diagnostics
    if diagnostics is None:
        return posterior
    return replace(posterior, diagnostics=replace(diagnostics, warnings=(*diagnostics.warnings, warning)))


def _fingerprint(history: History, settings: FitSettings, seed: int) -> str:
    return fit_fingerprint(history.digest, history.pipeline, history.segments, settings.plain(), seed)


def _sample_parts(
    history: History,
    tables: FitTables,
    settings: FitSettings,
    priors: tuple[tuple[str, object], ...],
    seed: int,
    tell: Progress,
) -> dict[str, Sample]:
    """Sample every stage, and new deals, each with its own stream of random numbers."""
    import numpy as np

    from simcast.model.new_deals_model import new_deal_inputs
    from simcast.model.sampling import compiled_new_deals_model, compiled_stage_model, sample
    from simcast.model.stage_model import stage_inputs

    pipeline, n_segments = history.pipeline, len(history.segments)
    seeds = np.random.SeedSequence(seed).generate_state(pipeline.n_stages + 1)
    done = 1.0 / (pipeline.n_stages + 2)
    samples: dict[str, Sample] = {}
    for code, (stage, rows) in enumerate(zip(pipeline.stages, tables.stages, strict=True)):
        part = f"stage {stage}"
        tell(f"fitting {part}" if code else "compiling the model", (code + 0.1) * done)
        compiled = compiled_stage_model(n_segments, rows.n_moves, priors)
        tell(f"fitting {part}", (code + 1) * done)
        careful = _careful(settings, rows.n_ended)
        samples[part] = sample(compiled, stage_inputs(rows), careful, int(seeds[code]), part)
    tell(f"fitting {NEW_DEALS}", (pipeline.n_stages + 1) * done)
    careful = _careful(settings, tables.amounts.n_amounts)
    inputs = new_deal_inputs(tables.arrivals, tables.amounts)
    samples[NEW_DEALS] = sample(compiled_new_deals_model(n_segments), inputs, careful, int(seeds[-1]), NEW_DEALS)
    return samples


def _careful(settings: FitSettings, n_observations: int) -> FitSettings:
    """Return the settings with smaller steps where there are few data: such parts cost next to nothing anyway."""
    if n_observations >= FEW:
        return settings
    return replace(settings, target_accept=max(settings.target_accept, CAREFUL_ACCEPTANCE))


def _silence(_: str, __: float) -> None:
    return None
