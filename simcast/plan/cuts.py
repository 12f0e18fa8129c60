"""Which levers would push a conversion beyond 1 or below 0, or amounts below 0, where they are cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.engine import layout
from simcast.engine.amounts import amount_isf
from simcast.engine.layout import KernelPlan
from simcast.plan.derived import derived_effects
from simcast.plan.levers import OPERATIONS, Acting, LeverFrame, PlacedLever, operation_of
from simcast.plan.plan import MINOR_UNITS
from simcast.posterior import Posterior
from simcast.scenario import AmountLever, ConversionLever, Team
from simcast.writing import counted_share, money

Floats = NDArray[np.float64]


def cut_conversions(
    posterior: Posterior,
    frame: LeverFrame,
    levers: Sequence[PlacedLever],
    teams: dict[str, Team],
    draw_of_future: NDArray[np.int64],
) -> list[str]:
    """Say which levers would push a conversion beyond 1 or below 0, and in how many futures.

    Each is looked at as far as it fades in within the forecast, after what answers in time do to the odds: the kernel
    changes odds before it multiplies and adds.
    """
    acting = {placed.path: list(_on_conversion(frame, placed, teams)) for placed in levers}
    odds = [effect for effects in acting.values() for effect in effects if effect.operation == layout.ODDS]
    notes = []
    for path, effects in acting.items():
        changes = [effect for effect in effects if effect.operation in (layout.MULTIPLY, layout.ADD)]
        for stage in dict.fromkeys(effect.stage for effect in changes):
            now = _forward(posterior, stage)[draw_of_future]
            for effect in odds:
                now = _changed(now, effect) if effect.stage == stage else now
            then = np.array([_changed(now, effect) for effect in changes if effect.stage == stage])
            for bound, beyond in (("exceed 1", then > 1.0), ("fall below 0", then < 0.0)):
                share = beyond.any(axis=(0, 2)).mean()
                if share > 0.0:
                    notes.append(
                        f"{path}: conversion would {bound} in {counted_share(share)} of the futures, and is cut there"
                    )
    return list(dict.fromkeys(notes))


def cut_worths(kernel: KernelPlan, frame: LeverFrame, levers: Sequence[PlacedLever]) -> list[str]:
    """Say which levers would make usual deals worth less than nothing, and in how many futures."""
    notes = []
    for placed in levers:
        lever = placed.lever
        if not isinstance(lever, AmountLever) or lever.add is None or not frame.weight(lever).any():
            continue
        where = frame.segments.select(lever.where, f"{placed.place}.where")
        usual = [worth for worth, chosen in zip(_usual_amounts(kernel), where, strict=True) if chosen and worth > 0.0]
        least = min(usual, default=0.0)
        share = float(np.mean(frame.size(lever, lever.add) < -least))
        if share > 0.0:
            notes.append(
                f"{placed.path}: takes more from an amount than a usual deal is worth ({money(least)}) in "
                f"{counted_share(share)} of the futures, and they are cut at 0"
            )
    return notes


def _usual_amounts(kernel: KernelPlan) -> list[float]:
    """Return the median amount of a new deal by segment, under the mean parameters; 0 where none is known."""
    scales, shapes = kernel.amount_scale.mean(axis=0).tolist(), kernel.amount_shape.mean(axis=0).tolist()
    return [
        amount_isf(kernel.amount_family, scale, shape, quantiles, 0.5) / MINOR_UNITS if scale > 0.0 else 0.0
        for scale, shape, quantiles in zip(scales, shapes, kernel.amount_quantiles, strict=True)
    ]


def _on_conversion(frame: LeverFrame, placed: PlacedLever, teams: dict[str, Team]) -> Iterator[Acting]:
    """Yield what a lever does to conversions, by itself or through other numbers, where it does anything."""
    lever = placed.lever
    found = [effect for effect in derived_effects(frame, [placed], teams) if effect.kind is ConversionLever]
    if isinstance(lever, ConversionLever):
        name, number = operation_of(lever)
        segments = frame.segments.select(lever.where, f"{placed.place}.where")
        stage = frame.pipeline.stage_code(lever.stage)
        found.append(
            Acting(ConversionLever, OPERATIONS[name], stage, segments, frame.weight(lever), frame.size(lever, number))
        )
    yield from (effect for effect in found if effect.weight.any())


def _forward(posterior: Posterior, stage: int) -> Floats:
    """Return the probability of a stage's forward move: float64, (n_draws, n_segments)."""
    name = posterior.pipeline.stages[stage]
    here = posterior.draws["probability"].sel(stage=name, move=posterior.pipeline.forward(name))
    return np.asarray(here.transpose("draw", "segment").to_numpy(), dtype=np.float64)


def _changed(probability: Floats, effect: Acting) -> Floats:
    """Return probabilities, (n_futures, n_segments), as an effect changes them in full, uncut."""
    weight, value = float(np.max(effect.weight, initial=0.0)), effect.value[:, None]
    factor = 1.0 + weight * (value - 1.0)
    match effect.operation:
        case layout.ODDS:
            changed = probability * factor / (1.0 - probability + probability * factor)
        case layout.MULTIPLY:
            changed = probability * factor
        case _:
            changed = probability + weight * value
    return np.where(effect.segments, changed, probability)
