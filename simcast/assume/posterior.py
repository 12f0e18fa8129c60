"""From a scenario's assumptions to the same `Posterior` that a fit gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.assume.calendar import clock_variables, holidays_attribute, weather_variables
from simcast.assume.carried import carried_variables
from simcast.assume.segments import assumed_segments
from simcast.assume.tables import Tables
from simcast.errors import ScenarioError
from simcast.pipeline import LOST, STALLED, WON, Pipeline
from simcast.posterior import Diagnostics, Posterior
from simcast.posterior.diagnostics import AMOUNTS_CHANGED, AMOUNTS_DRIFT, NO_AMOUNTS, TOO_QUIET
from simcast.scenario import ArrivalAssumption, Assumptions, Distribution, Quantity, StageAssumption
from simcast.scenario.sampling import draw_numbers
from simcast.segments import Segments
from simcast.writing import counted

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

_NO_ARRIVALS = ArrivalAssumption(per_day=Distribution.constant(0.0))


def assumed_posterior(
    pipeline: Pipeline,
    assumptions: Assumptions,
    *,
    base: Posterior | None = None,
    n_draws: int = 4000,
    seed: int = 1,
) -> Posterior:
    """Build a posterior from what a scenario assumes, alone or over a fitted one.

    Uncertain numbers are drawn by Latin hypercube sampling (McKay, Beckman and Conover 1979): each is
    stratified into as many equally probable parts as there are draws, in an order of its own, so that a
    further number leaves the draws of the others as they are.

    Parameters
    ----------
    pipeline
        The pipeline assumed of.
    assumptions
        The scenario's `assume` section.
    base
        A fitted posterior; stages, arrivals and amounts that are not assumed stay as it has them.
    n_draws
        How many draws, when there is no `base` and some number is uncertain; one when all are known.
    seed
        Of the order of the draws.

    Raises
    ------
    ScenarioError
        When stages are missing and there is no `base`, or probabilities sum to more than 1.
    """
    if base is None:
        _check_complete(pipeline, assumptions)
        # Silence is zero: no new deals, and no worth but that of open deals whose amounts are given.
        assumptions = assumptions.model_copy(
            update={
                "arrivals": assumptions.arrivals or _NO_ARRIVALS,
                "amount": assumptions.amount or Quantity("constant", (Distribution.constant(0.0),)),
            }
        )
        base_draws = 0
        segments, shares = assumed_segments(assumptions)
    else:
        base_draws = base.draws.sizes["draw"]
        segments, shares = base.segments, _fitted_shares(base.draws)
    numbers = _numbers(assumptions)
    uncertain = any(not number.is_fixed for number in numbers.values())
    n_draws_held = base_draws or (n_draws if uncertain else 1)
    values = draw_numbers(numbers, n_draws_held, seed)
    tables = Tables.blank(pipeline, len(segments), n_draws_held, alike=base is None)
    if base is not None:
        tables.take(base.draws)
    problems = [
        problem
        for stage, assumed in assumptions.stages.items()
        for problem in _fill_stage(tables, pipeline, stage, assumed, values)
    ]
    if problems:
        raise ScenarioError(problems)
    if assumptions.arrivals is not None:
        _fill_arrivals(tables, pipeline, assumptions.arrivals, values, shares, fitted=base is not None)
    if assumptions.amount is not None:
        _fill_amount(tables, assumptions.amount, values)
    inherited = "" if base is None else base.fingerprint
    fingerprint = _fingerprint(pipeline, assumptions, segments, inherited, (n_draws, seed))
    attrs, carried = ({}, {}) if base is None else (dict(base.draws.attrs), carried_variables(base.draws, assumptions))
    if assumptions.amount is not None:
        attrs.pop("amount_most", None)
    if assumptions.calendar is not None:
        attrs = {**attrs, **holidays_attribute(assumptions.calendar)}
        carried = carried | clock_variables(pipeline, assumptions.calendar, carried)
    if assumptions.weather is not None:
        carried = carried | weather_variables(assumptions.weather, n_draws_held)
    draws = tables.dataset(pipeline, segments, attrs, carried)
    posterior = Posterior(pipeline, segments, draws, fingerprint)
    if base is None:
        return posterior
    return replace(
        posterior,
        diagnostics=_without_answered(base, assumptions),
        checked=base.checked,
        data_doubts=base.data_doubts,
    )


def _without_answered(base: Posterior, assumptions: Assumptions) -> Diagnostics | None:
    """Return the fit's diagnostics without the warnings of amounts and of arrivals that assumed ones answer."""
    found = base.diagnostics
    if found is None:
        return None
    answered = [NO_AMOUNTS, AMOUNTS_CHANGED, AMOUNTS_DRIFT] if assumptions.amount is not None else []
    answered += [TOO_QUIET] if assumptions.arrivals is not None else []
    warnings = tuple(text for text in found.warnings if not any(part in text for part in answered))
    return replace(found, warnings=warnings)


def _numbers(assumptions: Assumptions) -> dict[str, Distribution]:
    """Name every number that is assumed."""
    found: dict[str, Distribution] = {}
    for stage, assumed in assumptions.stages.items():
        found[f"stages.{stage}.conversion"] = assumed.conversion
        found[f"stages.{stage}.stalled"] = assumed.stalled
        found |= {f"stages.{stage}.moves.{name}": share for name, share in assumed.moves.items()}
        for name, days in _quantities(assumed):
            found |= _parameters(f"stages.{stage}.{name}", days)
    arrivals = assumptions.arrivals
    if arrivals is not None:
        found["arrivals.per_day"] = arrivals.per_day
        if arrivals.size is not None:
            found["arrivals.size"] = arrivals.size
    return found | (_parameters("amount", assumptions.amount) if assumptions.amount is not None else {})


def _quantities(assumed: StageAssumption) -> Iterator[tuple[str, Quantity]]:
    yield "days", assumed.days
    if assumed.days_lost is not None:
        yield "days_lost", assumed.days_lost
    for name, days in assumed.days_to.items():
        yield f"days_to.{name}", days


def _parameters(name: str, quantity: Quantity) -> dict[str, Distribution]:
    return {f"{name}.{position}": parameter for position, parameter in enumerate(quantity.parameters)}


def _scale_and_shape(name: str, quantity: Quantity, values: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Return the draws of a quantity's scale and shape."""
    return quantity.scale_and_shape(*(values[key] for key in _parameters(name, quantity)))


def _check_complete(pipeline: Pipeline, assumptions: Assumptions) -> None:
    """Refuse assumptions that leave out a stage that no fit supplies."""
    missing = [stage for stage in pipeline.stages if stage not in assumptions.stages]
    if missing:
        raise ScenarioError(f"assume.stages: without a history every stage is assumed; missing: {', '.join(missing)}")


def _fitted_shares(draws: xr.Dataset) -> Floats:
    """Return each segment's share of the new deals in a fitted posterior."""
    mean = np.asarray(draws["arrivals_per_day"].mean("draw"), dtype=np.float64)
    total = float(mean.sum())
    return mean / total if total > 0 else np.full(mean.shape, 1.0 / mean.size)


def _fill_stage(
    tables: Tables, pipeline: Pipeline, stage: str, assumed: StageAssumption, values: Mapping[str, Floats]
) -> Iterator[str]:
    """Write one stage into the tables; yield what keeps it from being a set of probabilities."""
    code = pipeline.stage_code(stage)
    forward, *others = pipeline.moves[code]
    shares = {forward: values[f"stages.{stage}.conversion"], STALLED: values[f"stages.{stage}.stalled"]}
    shares |= {name: values[f"stages.{stage}.moves.{name}"] for name in assumed.moves}
    total = np.sum(list(shares.values()), axis=0)
    over = total > 1 + 1e-9
    if over.any():
        draws, most = f"{counted(int(over.sum()), 'draw')} of {over.size:,}", float(total.max())
        yield (
            f"assume.stages.{stage}: conversion, stalled and moves sum to more than 1 in {draws} (up to {most:.4f});"
            " lower them or make them less uncertain"
        )
        return
    shares[LOST] = np.maximum(0.0, 1.0 - total)
    probability, scale, shape = (tables.arrays[name] for name in ("probability", "days_scale", "days_shape"))
    for array, nothing in ((probability, 0.0), (scale, np.nan), (shape, np.nan)):
        array[:, code] = nothing
    for name, probabilities in shares.items():
        probability[:, code, tables.move_codes[name]] = probabilities[:, None]
    for name in (forward, *others):
        key, days = _days_until(name, assumed, pipeline)
        drawn = _scale_and_shape(f"stages.{stage}.{key}", days, values)
        tables.arrays["days_family"][code, tables.move_codes[name]] = days.family
        scale[:, code, tables.move_codes[name]] = drawn[0][:, None]
        shape[:, code, tables.move_codes[name]] = drawn[1][:, None]


def _days_until(name: str, assumed: StageAssumption, pipeline: Pipeline) -> tuple[str, Quantity]:
    """Return which of a stage's quantities gives the days until a move, and its key."""
    if name in assumed.days_to:
        return f"days_to.{name}", assumed.days_to[name]
    lost = name in pipeline.outcomes and name != WON and not pipeline.is_won(name)
    return ("days_lost", assumed.days_lost) if lost and assumed.days_lost is not None else ("days", assumed.days)


def _fill_arrivals(
    tables: Tables,
    pipeline: Pipeline,
    assumed: ArrivalAssumption,
    values: Mapping[str, Floats],
    shares: Floats,
    *,
    fitted: bool,
) -> None:
    """Write new deals into the tables; what is not assumed stays as fitted."""
    arrays = tables.arrays
    arrays["arrivals_per_day"][...] = values["arrivals.per_day"][:, None] * shares
    arrays["arrivals_trend"][...] = 0.0
    if assumed.size is not None:
        # Sizes in proportion to the shares: the segments' counts then add up to the count that was assumed.
        arrays["arrivals_size"][...] = values["arrivals.size"][:, None] * shares
    if assumed.weekdays is not None:
        weights = np.array(assumed.weekdays)
        arrays["weekday_weight"][...] = weights / weights.mean()
    if assumed.enters is not None or not fitted:
        arrays["entry_share"][...] = 0.0
        arrays["entry_share"][pipeline.stage_code(assumed.enters or pipeline.path[0])] = 1.0


def _fill_amount(tables: Tables, amount: Quantity, values: Mapping[str, Floats]) -> None:
    scale, shape = _scale_and_shape("amount", amount, values)
    tables.arrays["amount_scale"][...] = scale[:, None]
    tables.arrays["amount_shape"][...] = shape[:, None]
    tables.families["amount_family"] = amount.family


def _fingerprint(
    pipeline: Pipeline, assumptions: Assumptions, segments: Segments, base: str, sampling: tuple[int, int]
) -> str:
    """Hash all that the posterior depends on."""
    content = {
        "assumptions": assumptions.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"open"}),
        "pipeline": [pipeline.stages, pipeline.outcomes, pipeline.kinds, pipeline.moves],
        "segments": [segments.columns, segments.values],
        "base": base,
        "sampling": sampling,
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
