"""How much of a point is really added to a conversion, which never exceeds 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.engine import layout
from simcast.engine.layout import Effects
from simcast.plan import Plan

Floats = NDArray[np.float64]

_ORDER = (layout.SET, layout.ODDS, layout.MOVE_ODDS, layout.MULTIPLY, layout.ADD)
"""As `simcast.engine.tables.fill_tables` applies what levers and months do to a conversion."""


def mean_added(plan: Plan, stage: str, shares: Floats, added: float) -> float:
    """Return by how much a stage's conversion rises on average where as much as possible of something is added.

    The average is that over the futures, segments and days of the forecast.

    Parameters
    ----------
    plan
        What the change comes on top of, levers included.
    stage
        The stage.
    shares : float64, (n_segments,)
        How much each segment counts; sums to 1.
    added
        The probability added, cut where the sum exceeds 1.
    """
    kernel, code = plan.kernel, plan.pipeline.stage_code(stage)
    effects = kernel.on_conversion
    acting = np.flatnonzero(effects.stage == code)
    drawn = kernel.probability[kernel.draw_of_future, code]
    days = np.bincount(kernel.epoch_of_day)
    rooms = [_room(_under(drawn, effects, acting, epoch), shares, added) for epoch in range(len(days))]
    return float(np.average(rooms, weights=days))


def _room(forward: Floats, shares: Floats, added: float) -> float:
    """Return the mean of what can be added; `forward` is float64, (n, n_segments)."""
    return float((np.minimum(1.0 - forward, added) @ shares).mean())


def _under(drawn: Floats, effects: Effects, acting: NDArray[np.int64], epoch: int) -> Floats:
    """Return the conversion as effects on its stage leave it in an epoch.

    Parameters
    ----------
    drawn : float64, (n_futures, n_segments, n_slots)
        The probabilities of the stage's moves, forward first, and of never ending, last.
    effects
        All effects on conversions.
    acting
        Those on this stage.
    epoch
        Which run of days.

    Returns
    -------
    float64, (n_futures, n_segments)
    """
    forward, stalled = drawn[:, :, 0], drawn[:, :, -1]
    faded_in = acting[effects.weight[acting, epoch] != 0.0]
    for i in (i for operation in _ORDER for i in faded_in if effects.operation[i] == operation):
        value, weight = effects.value[i][:, None], float(effects.weight[i, epoch])
        moved = effects.operation[i] == layout.MOVE_ODDS
        after = _changed(forward, 1.0 - (stalled if moved else 0.0), int(effects.operation[i]), weight, value)
        after = np.where(effects.segments[i], np.clip(after, 0.0, 1.0), forward)
        if not moved:  # all other moves yield in proportion
            stalled = stalled * np.divide(1.0 - after, 1.0 - forward, out=np.zeros_like(after), where=forward < 1.0)
        forward = after
    return forward


def _changed(forward: Floats, whole: Floats | float, operation: int, weight: float, value: Floats) -> Floats:
    """Return the conversion after one operation; odds are those against what remains of `whole`."""
    factor = 1.0 + weight * (value - 1.0)
    if operation == layout.SET:
        return forward + weight * (value - forward)
    if operation in (layout.ODDS, layout.MOVE_ODDS):
        against = np.asarray(whole - forward + forward * factor)
        return np.divide(whole * forward * factor, against, out=forward.copy(), where=against > 0.0)
    return forward * factor if operation == layout.MULTIPLY else forward + weight * value
