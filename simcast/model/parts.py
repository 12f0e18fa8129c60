"""The parts of a fit, each sampled apart: the stages, and new deals."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simcast.model.arviz_generation import effective_sample_size, rhat
from simcast.model.finished_parts import FinishedParts
from simcast.model.hazard_model import hazard_inputs
from simcast.model.hierarchy import SegmentLayout
from simcast.model.new_deals_model import new_deal_inputs
from simcast.model.sampling import (
    Priors,
    ReadyModel,
    Sample,
    ready_hazard_model,
    ready_new_deals_model,
    ready_stage_model,
    sample,
)
from simcast.model.settings import QUICK, FitSettings
from simcast.model.stage_model import stage_inputs
from simcast.model.stage_shape import StageShape, odds_in_effects
from simcast.model.standing import Standing
from simcast.model.stays import StageStays
from simcast.model.tables import FitTables
from simcast.posterior.diagnostics import LEAST_ESS, MOST_RHAT, QUICK_DIVERGENCES, QUICK_ESS, QUICK_RHAT
from simcast.posterior.hazards import HAZARD
from simcast.progress import Progress
from simcast.writing import counted

_log = logging.getLogger("simcast")

FEW = 1000
"""Parts with fewer observations have awkward posteriors, which are sampled in smaller steps."""
CAREFUL_ACCEPTANCE = 0.99
CAREFUL_THINNING = 4
SMALLER_STEPS = 5.0
"""By so much fewer steps are refused each time that a part that diverged is sampled again."""
MOST_TIMES_SMALLER = 2
"""So often at most is a part that diverges sampled again."""
MORE_STEPS = 4
"""So many times as many steps are taken when a part whose chains mix slowly is sampled again."""
MORE_TUNING = 2
"""So many times as many steps tune a slow part of a quick fit: badly tuned chains can take many times as long."""
USUAL_DRAWS, USUAL_QUICK_DRAWS = 4000, QUICK["chains"] * QUICK["draws"]
"""Whoever asks for fewer does not ask for chains that have mixed."""

_COORDINATES = ("_raw", "_round", "_upright")
"""How the names of those variables end that are there for the sampler only."""

_COMPILING, _PER_PART, _PER_ROW = 15.0, 4.0, 0.004
"""About how long things take, in seconds, for the share of the work that is done."""

_POLL_SECONDS = 0.2


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a fit.

    Parameters
    ----------
    name
        Such as ``"stage meeting"``.
    ready
        Its model.
    data
        What the model reads, by name.
    settings
        How it is sampled.
    cost
        About how many seconds it takes.
    standing
        What other stages let expect of a stage's segments; None where they tell nothing.
    """

    name: str
    ready: ReadyModel
    data: dict[str, NDArray[np.generic]]
    settings: FitSettings
    cost: float
    standing: Standing | None = None


def stage_part(
    name: str,
    stays: StageStays,
    family: str,
    layout: SegmentLayout,
    settings: FitSettings,
    priors: Priors,
    standing: Standing | None = None,
) -> Part:
    """Return the part of one stage."""
    shape = StageShape(
        layout,
        stays.n_moves,
        stays.cells.n_quarters,
        stays.cells.with_amount,
        with_standing=standing is not None,
    )
    of_segments = {} if standing is None else {"standing": standing.mean}
    careful = _careful(settings, stays.n_ended)
    if family == HAZARD:
        shape = replace(shape, n_pieces=stays.grid.n_room)
        ready, data = ready_hazard_model(shape, priors), hazard_inputs(shape, stays, dict(priors))
        return Part(name, ready, data | of_segments, careful, _PER_PART * 2, standing)
    ready, data = ready_stage_model(shape, priors), stage_inputs(shape, stays, family, dict(priors))
    return Part(name, ready, data | of_segments, careful, _PER_PART + _PER_ROW * stays.rows.count.size, standing)


def with_errors_of_standing(part: Part, drawn: Sample, seed: int) -> Sample:
    """Return draws of a stage's effects with what may be wrong with its segments' standings.

    Parameters
    ----------
    part, drawn
        The stage, and what was drawn for it.
    seed
        Of the errors: the same for all stages of a fit, since they share them.
    """
    if part.standing is None:
        return drawn
    effect = drawn["effect"]
    n_chains, n_draws, _, n_effects = effect.shape
    # A stage's own data leave this much of what is expected: of a segment, or of a value that segments share.
    of_segment = 1.0 - np.asarray(part.data["effect_centring"], dtype=np.float64)
    of_column = 1.0 - np.asarray(part.data.get("effect_column_centring", np.zeros((1, n_effects))), dtype=np.float64)
    left = of_segment * of_column.max(axis=0) * odds_in_effects(n_effects, hazards="log_hazard" in drawn.draws)
    errors = drawn["standing_slope"][..., None] * part.standing.errors(n_chains, n_draws, seed)
    return replace(drawn, draws=drawn.draws.assign(effect=drawn.draws["effect"] + errors[..., None] * left))


def new_deals_part(name: str, tables: FitTables, n_segments: int, settings: FitSettings) -> Part:
    """Return the part of arrivals and amounts."""
    data = new_deal_inputs(tables.arrivals, tables.amounts)
    # Small steps, however many deals: spreads that may be next to nothing are narrow places.
    careful = replace(
        _careful(settings, tables.amounts.n_amounts), target_accept=max(settings.target_accept, CAREFUL_ACCEPTANCE)
    )
    return Part(name, ready_new_deals_model(n_segments), data, careful, _PER_PART)


def _careful(settings: FitSettings, n_observations: int) -> FitSettings:
    """Return the settings with smaller steps and more of them where there are few data: such parts are cheap anyway."""
    if n_observations >= FEW:
        return settings
    thin = settings.thin or (1 if settings.quick else CAREFUL_THINNING)
    return replace(settings, target_accept=max(settings.target_accept, CAREFUL_ACCEPTANCE), thin=thin)


def sample_part(part: Part, seed: int, stop: threading.Event | None = None) -> Sample:
    """Sample one part; where it diverges, again in smaller steps, and where its chains mix slowly, for longer.

    A few divergences in thousands of draws mean a corner too narrow for the steps more often than a model that is
    wrong; smaller steps, with other random numbers, tell the two apart. Chains mix slowly where the data hardly tell
    two parameters apart, such as losses that nobody records from stays that never end; more steps help. A fit with
    fewer draws than usual leaves them as they are, and its diagnosis says so. A quick fit, of which less is asked,
    samples a part once more at most.
    """
    settings = part.settings
    found = sample(part.ready, part.data, settings, seed, part.name, stop)
    if settings.quick:
        return _once_more(part, found, seed, stop)
    if found.n_diverging:
        found, settings = _in_smaller_steps(part, found, seed, stop)
    if settings.chains * settings.draws < USUAL_DRAWS or mixes(found):
        return found
    _log.info(f"{part.name}: its chains mix slowly, so {MORE_STEPS} times as many steps follow")
    more = replace(settings, thin=MORE_STEPS * (settings.thin or 1))
    own_seed = _seed_of(seed, MOST_TIMES_SMALLER + 1)
    longer = sample(part.ready, part.data, more, own_seed, part.name, stop).for_longer(found)
    return longer if longer.n_diverging <= found.n_diverging else found


def _in_smaller_steps(part: Part, first: Sample, seed: int, stop: threading.Event | None) -> tuple[Sample, FitSettings]:
    """Sample a part that diverged again, until it no longer does; return what diverged least, and its settings."""
    best, its_settings, settings = first, part.settings, part.settings
    for number in range(1, MOST_TIMES_SMALLER + 1):
        settings = _smaller(settings)
        again = sample(part.ready, part.data, settings, _seed_of(seed, number), part.name, stop)
        if again.n_diverging < best.n_diverging:
            best, its_settings = again, settings
        if not best.n_diverging:
            break
    return best.after(first.n_diverging), its_settings


def _once_more(part: Part, first: Sample, seed: int, stop: threading.Event | None) -> Sample:
    """Sample a part of a quick fit again, for longer and in smaller steps, where it is not good enough for such a fit.

    More steps diverge more often, and of those no more are allowed: so they are at least as small as careful ones.
    """
    settings = part.settings
    slow = settings.chains * settings.draws >= USUAL_QUICK_DRAWS and not mixes(first, QUICK_RHAT, QUICK_ESS)
    if not slow and first.n_diverging <= QUICK_DIVERGENCES:
        return first
    steps = _smaller(settings) if first.n_diverging else settings
    if slow:
        steps = replace(steps, thin=MORE_STEPS * (settings.thin or 1), tune=MORE_TUNING * settings.tune)
    more = replace(steps, target_accept=max(steps.target_accept, CAREFUL_ACCEPTANCE))
    again = sample(part.ready, part.data, more, _seed_of(seed, 1), part.name, stop)
    if again.n_diverging > max(first.n_diverging, QUICK_DIVERGENCES):
        return first
    again = again.after(first.n_diverging)
    return again.for_longer(again) if slow else again


def _smaller(settings: FitSettings) -> FitSettings:
    """Return the settings with steps of which fewer are refused."""
    return replace(settings, target_accept=1.0 - (1.0 - settings.target_accept) / SMALLER_STEPS)


def _seed_of(seed: int, number: int) -> int:
    """Return the seed of a further sample of a part."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def mixes(sample: Sample, most_rhat: float = MOST_RHAT, least_ess: float = LEAST_ESS) -> bool:
    """Whether a sample passes bounds on r-hat and effective draws, all its parameters told by all its chains.

    What the sampler only makes parameters of may mix as it likes.
    """
    told = sample.draws[[str(name) for name in sample.draws if not str(name).endswith(_COORDINATES)]]
    if not told.data_vars:
        return True
    effective = [effective_sample_size(told, method) for method in ("bulk", "tail")]
    least = [float(value.min()) for of_method in effective for value in of_method.data_vars.values()]
    most = [float(value.max()) for value in rhat(told).data_vars.values()]
    # What does not vary has no r-hat, and nothing to mix.
    return not (np.nanmax([1.0, *most]) > most_rhat or np.nanmin([np.inf, *least]) < least_ess)


def sampled_again(parts: Sequence[Part], samples: Sequence[Sample]) -> list[str]:
    """Say which parts were sampled again, and why."""
    found = []
    for part, drawn in zip(parts, samples, strict=True):
        if drawn.diverged_at_first:
            found.append(
                f"{part.name}: {counted(drawn.diverged_at_first, 'transition')} diverged at first; it was sampled "
                f"again in smaller steps, and {drawn.n_diverging or 'none'} did"
            )
        if drawn.mixed_slowly:
            found.append(
                f"{part.name}: its chains mixed slowly; it was sampled again, in {MORE_STEPS} times as many steps"
            )
    return found


def sample_parts(parts: Sequence[Part], seeds: Sequence[int], finished: FinishedParts, tell: Progress) -> list[Sample]:
    """Sample all parts, as many at a time as their chains leave processors for.

    Compiling keeps one processor busy, so the models that come later are compiled while the first is sampled.

    Parameters
    ----------
    parts, seeds
        What to sample, each with its own stream of random numbers.
    finished
        Parts that an interrupted fit has left are taken from there, and new ones kept there.
    tell
        Called with a description and the fraction done, from 0 to 1.
    """
    found: dict[int, Sample] = {}
    for position in range(len(parts)):
        kept = finished.read(position)
        if kept is not None:
            found[position] = kept
    costs = _costs(parts)
    stop = threading.Event()
    at_once = max(1, (os.cpu_count() or 1) // max(part.settings.chains for part in parts))
    with ThreadPoolExecutor(at_once + 1) as pool:
        running: dict[Future[Sample], int] = {}
        waiting = [position for position in range(len(parts)) if position not in found]
        pool.submit(_compile_ahead, [parts[position] for position in waiting], stop)
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    position = waiting.pop(0)
                    part = parts[position]
                    done = sum(costs[other] for other in found) / sum(costs)
                    tell(f"fit: {part.name} ({len(found) + 1} of {len(parts)})", done)
                    task = pool.submit(_sample_and_keep, part, seeds[position], stop, position, finished)
                    running[task] = position
                for task in wait(running, _POLL_SECONDS, FIRST_COMPLETED).done:
                    position = running.pop(task)
                    found[position] = task.result()
        except BaseException as error:
            stop.set()
            if isinstance(error, KeyboardInterrupt):
                _log.info("stopping: a model that is being compiled is finished first, which may take half a minute")
            raise
    return [found[position] for position in range(len(parts))]


def _sample_and_keep(part: Part, seed: int, stop: threading.Event, position: int, finished: FinishedParts) -> Sample:
    """Sample a part and keep it, on a thread that no interrupt breaks off between the two."""
    drawn = sample_part(part, seed, stop)
    finished.keep(position, drawn)
    return drawn


def _compile_ahead(parts: Sequence[Part], stop: threading.Event) -> None:
    """Compile the models of parts in the order in which they are sampled; what fails here fails there, and is told."""
    for part in parts:
        if stop.is_set():
            return
        if part.settings.sampler != "pymc":
            part.ready.compiled()


def _costs(parts: Sequence[Part]) -> list[float]:
    """Return what each part costs; the first of a shape is compiled."""
    seen: set[int] = set()
    costs = []
    for part in parts:
        costs.append(part.cost + (0.0 if id(part.ready) in seen else _COMPILING))
        seen.add(id(part.ready))
    return costs
