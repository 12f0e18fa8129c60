"""Fitting a history: take it apart, choose families, sample each part, put the draws together, judge them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from simcast.arguments import check_kind, whole_number
from simcast.errors import FitError
from simcast.model.priors import Prior, resolve_priors
from simcast.model.settings import FitSettings, ModelChoices
from simcast.posterior import CACHE_VARIABLE, FamilyChoice, Posterior, fit_fingerprint, posterior_path, stored_posterior
from simcast.progress import Progress, silence

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from simcast.history import History
    from simcast.model.finished_parts import FinishedParts
    from simcast.model.parts import Part
    from simcast.model.sampling import Sample
    from simcast.model.tables import FitTables
    from simcast.posterior import PriorInfluence

NEW_DEALS = "new deals"
"""The part of the model that is not a stage."""

_CHOOSING = 0.1
"""The share of the work that choosing families is."""

_MANY_SEGMENTS = 200
"""A step of the sampler takes as long as there are segments: of more it is said before the fit begins."""

_log = logging.getLogger("simcast")


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
        What was known at an as-of date; stays that had not ended by `history.recorded_until` count as censored.
    seed
        Of the sampler.
    settings
        A scenario's ``history.model``, or `FitSettings`.
    progress
        Called with a description and the fraction done, from 0 to 1.

    Returns
    -------
    Posterior
        Its diagnostics say whether it is to be trusted, and what the history leaves uncertain.

    Raises
    ------
    FitError
        When there is nothing to learn from, a choice is not known, or the sampler fails.
    ArgumentTypeError, ArgumentError
        When `history` is not a `History` (but its path, say), `settings` are not settings, or `seed` is not a whole
        number from 0 on.
    """
    _check(history, seed)
    return _fit(history, FitSettings.of(settings), seed, progress or silence, _finished_parts(None))


def load_or_fit(
    history: History,
    *,
    seed: int = 1,
    settings: FitSettings | ModelChoices | None = None,
    progress: Progress | None = None,
) -> Posterior:
    """Return the stored posterior of this history, or fit it and store the result.

    A stored posterior is found without importing PyMC. One that is damaged, or that belongs to other data, another
    model or other versions, is fitted again. A fit that is interrupted leaves its finished parts stored, and the next
    one goes on from there.

    Parameters and errors are those of `fit`.
    """
    _check(history, seed)
    chosen = FitSettings.of(settings)
    fingerprint = _fingerprint(history, chosen, seed)
    stored = stored_posterior(fingerprint)
    if stored is not None:
        return stored
    path = posterior_path(fingerprint)
    finished = _finished_parts(path.with_suffix(".parts"))
    posterior = _fit(history, chosen, seed, progress or silence, finished)
    try:
        posterior.save(path)
    except OSError as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)  # a full disk is told in many lines
        return _with_warning(posterior, f"the fit could not be stored ({why}); set {CACHE_VARIABLE} to a folder for it")
    finished.forget()
    return posterior


def _check(history: object, seed: object) -> None:
    """Refuse what is not a history, and a seed that is not a whole number from 0 on."""
    from simcast.history import History

    check_kind(history, History, "history", "read_history reads one from a file")
    whole_number(seed, "seed", least=0)


def _finished_parts(folder: Path | None) -> FinishedParts:
    """Return the parts of a fit that are kept in a folder; the sampler is imported with them.

    Raises
    ------
    FitError
        When PyTensor finds no place for its compiled code, without which it cannot be imported.
    """
    try:
        from simcast.model.finished_parts import FinishedParts
    except OSError as error:
        raise FitError(
            f"the sampler cannot keep its compiled code: {error}; set HOME, or PYTENSOR_FLAGS=base_compiledir=FOLDER,"
            " to a folder that can be written to"
        ) from error
    return FinishedParts(folder)


def _with_warning(posterior: Posterior, warning: str) -> Posterior:
    """Return the posterior with one more warning."""
    diagnostics = posterior.diagnostics
    if diagnostics is None:
        return posterior
    return replace(posterior, diagnostics=replace(diagnostics, warnings=(*diagnostics.warnings, warning)))


def _fingerprint(history: History, settings: FitSettings, seed: int) -> str:
    return fit_fingerprint(history.digest, history.pipeline, history.segments, settings.plain(), seed)


def _fit(history: History, chosen: FitSettings, seed: int, tell: Progress, finished: FinishedParts) -> Posterior:
    """Fit a history; see `fit`."""
    priors = resolve_priors(chosen.priors)
    tell("fit: loading the sampler", 0.0)

    import numpy as np

    from simcast.model.assemble import assemble
    from simcast.model.diagnosing import data_warnings, diagnose
    from simcast.model.parts import sample_parts, sampled_again
    from simcast.model.response import fit_responses, response_arrays
    from simcast.model.tables import tabulate

    settings = chosen.budgeted()
    pipeline, segments = history.pipeline, history.segments
    if len(segments) > _MANY_SEGMENTS:
        _log.info(
            f"{len(segments):,} segments: the fit takes long, and can learn little about each; name fewer columns in "
            "history.segments, or write rare values as one"
        )
    tables = tabulate(history, settings)
    seeds = [int(number) for number in np.random.SeedSequence(seed).generate_state(pipeline.n_stages + 1)]
    choices = _choose_families(history, tables, settings, priors, seed, tell)
    parts = _parts(history, tables, choices, settings, priors)
    drawn = sample_parts(parts, seeds, finished, lambda text, done: tell(text, _CHOOSING + (0.95 - _CHOOSING) * done))
    samples = {part.name: sample for part, sample in zip(parts, drawn, strict=True)}
    tell("fit: judging the draws", 0.95)
    named, choices = _natural_parameters(history, tables, choices, samples)
    foreseen = _forecast_parameters(history, tables, choices, parts, drawn, named, seed)
    draws = assemble(pipeline, segments, tables, foreseen, named[NEW_DEALS], seed)
    responses, doubts = fit_responses(history)
    if responses:
        draws = draws.assign(response_arrays(history, responses, draws.sizes["draw"], seed))
    diagnostics = diagnose(
        named,
        samples,
        warnings=[*data_warnings(pipeline, tables), *doubts, *sampled_again(parts, drawn)],
        families=choices,
        prior_influence=_prior_influence(history, tables, samples, choices, priors),
        quick=chosen.quick,
        faults=history.quality.faults,
    )
    tell("fit: done", 1.0)
    return Posterior(pipeline, segments, draws, _fingerprint(history, chosen, seed), diagnostics, named)


def _part_of(stage: str) -> str:
    return f"stage {stage}"


def _choose_families(
    history: History,
    tables: FitTables,
    settings: FitSettings,
    priors: Mapping[str, Prior],
    seed: int,
    tell: Progress,
) -> list[FamilyChoice]:
    """Choose the family of days of every stage."""
    from simcast.model.choosing import choose_family

    choices = []
    for code, (stage, stays) in enumerate(zip(history.pipeline.stages, tables.stages, strict=True)):
        tell(f"fit: comparing families for {stage}", _CHOOSING * code / len(tables.stages))
        choices.append(choose_family(stage, stays, priors, settings.candidates, seed))
    return choices


def _parts(
    history: History,
    tables: FitTables,
    choices: list[FamilyChoice],
    settings: FitSettings,
    priors: Mapping[str, Prior],
) -> list[Part]:
    """Return the parts to sample: the stages in order, then new deals."""
    from simcast.model.hierarchy import SegmentLayout
    from simcast.model.parts import new_deals_part, stage_part
    from simcast.model.standing import standings

    layout = SegmentLayout.of(history.segments)
    telling = settings.across_stages == "auto" and len(tables.stages) > 1 and layout.n_segments > 1
    standing = standings(tables.stages, layout) if telling else [None] * len(tables.stages)
    stages = [
        stage_part(_part_of(choice.stage), stays, choice.chosen, layout, settings, tuple(priors.items()), own)
        for choice, stays, own in zip(choices, tables.stages, standing, strict=True)
    ]
    return [*stages, new_deals_part(NEW_DEALS, tables, len(history.segments), settings)]


def _natural_parameters(
    history: History, tables: FitTables, choices: list[FamilyChoice], samples: Mapping[str, Sample]
) -> tuple[dict[str, xr.Dataset], list[FamilyChoice]]:
    """Return the natural parameters of every part, and the choices with how well single stays are foreseen."""
    from simcast.model.assemble import new_deal_parameters
    from simcast.model.judging import with_single_stays, with_statistics
    from simcast.model.stage_parameters import stage_parameters

    named: dict[str, xr.Dataset] = {}
    judged = []
    for choice, stays, moves in zip(choices, tables.stages, history.pipeline.moves, strict=True):
        sample = samples[_part_of(choice.stage)]
        parameters = stage_parameters(sample, choice.chosen, stays, moves, history.segments)
        judged_parameters, judged_choice = with_single_stays(parameters, sample, stays, choice)
        named[_part_of(choice.stage)] = with_statistics(judged_parameters, sample)
        judged.append(judged_choice)
    new_deals = new_deal_parameters(samples[NEW_DEALS], tables, history.segments)
    named[NEW_DEALS] = with_statistics(new_deals, samples[NEW_DEALS])
    return named, judged


def _forecast_parameters(
    history: History,
    tables: FitTables,
    choices: list[FamilyChoice],
    parts: list[Part],
    drawn: list[Sample],
    named: Mapping[str, xr.Dataset],
    seed: int,
) -> list[xr.Dataset]:
    """Return the natural parameters of every stage for forecasts: `named`, with errors that stages share if any do."""
    from simcast.model.parts import with_errors_of_standing
    from simcast.model.stage_parameters import stage_parameters

    moves, segments = history.pipeline.moves, history.segments
    stages = zip(choices, tables.stages, moves, parts, drawn, strict=False)  # new deals come last
    return [
        named[part.name]
        if part.standing is None
        else stage_parameters(with_errors_of_standing(part, sample, seed), choice.chosen, stays, of_stage, segments)
        for choice, stays, of_stage, part, sample in stages
    ]


def _prior_influence(
    history: History,
    tables: FitTables,
    samples: Mapping[str, Sample],
    choices: list[FamilyChoice],
    priors: Mapping[str, Prior],
) -> list[PriorInfluence]:
    """Say of every part which parameters rest on their priors."""
    from simcast.model.hierarchy import SegmentLayout
    from simcast.model.prior_influence import new_deals_influence, stage_influence

    layout = SegmentLayout.of(history.segments)
    found = []
    for choice, moves in zip(choices, history.pipeline.moves, strict=True):
        part = _part_of(choice.stage)
        found += stage_influence(part, samples[part], choice.chosen, moves, layout, priors)
    return found + new_deals_influence(NEW_DEALS, samples[NEW_DEALS], with_amounts=tables.amounts.n_amounts > 0)
