"""What a stage's model is built of: its shape, which decides what is compiled, and its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from simcast.model.cells import Cells
from simcast.model.hierarchy import SegmentLayout, columns
from simcast.model.pieces import N_PIECES
from simcast.model.priors import Prior

Tensor: TypeAlias = Any


@dataclass(frozen=True)
class StageShape:
    """What decides how a stage's model is compiled.

    Parameters
    ----------
    layout
        The segments.
    n_moves
        How many moves leave the stage.
    n_quarters
        Over how many quarters its parameters drift; 1 when they do not.
    with_amount
        Whether the chance of the forward move depends on a deal's amount.
    n_pieces
        For how many pieces of time its hazards are laid out, if it has any.
    with_standing
        Whether how its segments do at other stages tells of this one.
    """

    layout: SegmentLayout
    n_moves: int
    n_quarters: int = 1
    with_amount: bool = False
    n_pieces: int = N_PIECES
    with_standing: bool = False

    @property
    def one_cell_a_segment(self) -> bool:
        """Whether the cells are the segments."""
        return self.n_quarters == 1 and not self.with_amount


def odds_in_effects(n_effects: int, *, hazards: bool) -> NDArray[np.float64]:
    """Return how far each effect moves, (n_effects,), where the log odds of the forward move are higher by one.

    Under hazards half of it is a forward move that is likelier, and half a loss that is less so.
    """
    moved = np.zeros(n_effects)
    moved[: 1 + hazards] = (0.5, -0.5) if hazards else (1.0,)
    return moved


def by_standing(shape: StageShape, priors: Mapping[str, Prior], odds: NDArray[np.float64]) -> Tensor | float:
    """Declare what segments' effects owe to how the segments do at other stages, (n_segments, n_effects); 0 if nothing.

    Declares ``standing_slope``, how far the log odds of other stages hold here, and the data ``standing``, see
    `simcast.model.standing`.

    Parameters
    ----------
    shape
        The stage's shape.
    priors
        Of the stage.
    odds
        See `odds_in_effects`.
    """
    if not shape.with_standing:
        return 0.0
    prior = priors["standing_slope"]
    slope = pm.Normal("standing_slope", prior.mean, prior.sd)
    n_segments = shape.layout.n_segments
    standing: Tensor = pm.Data("standing", np.zeros(n_segments), shape=(n_segments,))
    return slope * standing[:, None] * odds


def effects_by_cell(shape: StageShape, effect: Tensor, priors: Mapping[str, Prior], drifting: Sequence[int]) -> Tensor:
    """Spread the segments' effects, (n_segments, n_effects), over cells, with drift and the slope by amount.

    Declares ``drift`` (n_quarters, n_effects), the change against the last quarter, with ``drift_log_spread`` and
    ``drift_raw``; ``amount_slope``; and the data ``cell_segment``, ``cell_quarter`` and ``cell_log_amount``.

    Parameters
    ----------
    shape
        The stage's shape.
    effect
        By segment; effect 0 is of the forward move.
    priors
        Of the stage.
    drifting
        The positions of the effects that drift.
    """
    if shape.one_cell_a_segment:
        return effect
    by_cell: Tensor = effect[_indices("cell_segment")]
    if shape.n_quarters > 1:
        by_cell = by_cell + _drift(shape.n_quarters, effect, priors, drifting)[_indices("cell_quarter")]
    if shape.with_amount:
        prior = priors["amount_slope"]
        slope = pm.Normal("amount_slope", prior.mean, prior.sd)
        log_amount: Tensor = pm.Data("cell_log_amount", np.zeros(1))
        by_cell = pt.inc_subtensor(by_cell[:, 0], slope * log_amount)
    return by_cell


def _drift(n_quarters: int, effect: Tensor, priors: Mapping[str, Prior], drifting: Sequence[int]) -> Tensor:
    """Declare random walks that end at zero in the last quarter."""
    prior = [priors["drift_spread"]] * len(drifting)
    log_spread = pm.Normal("drift_log_spread", *columns(prior), shape=len(drifting))
    steps = pm.Normal("drift_raw", 0.0, 1.0, shape=(n_quarters - 1, len(drifting))) * pt.exp(log_spread)
    back = pt.concatenate([-pt.cumsum(steps[::-1], axis=0)[::-1], pt.zeros((1, len(drifting)))])
    walk = pt.zeros((n_quarters, effect.shape[1]))
    walk = pt.set_subtensor(walk[:, np.array(drifting)], back)
    return pm.Deterministic("drift", walk)


def _indices(name: str) -> Tensor:
    return pm.Data(name, np.zeros(1, dtype=np.int64))


def cell_inputs(shape: StageShape, cells: Cells) -> dict[str, NDArray[np.generic]]:
    """Return what `effects_by_cell` reads of the cells, by name."""
    if shape.one_cell_a_segment:
        return {}
    inputs: dict[str, NDArray[np.generic]] = {"cell_segment": cells.segment}
    if shape.n_quarters > 1:
        inputs["cell_quarter"] = cells.quarter
    if shape.with_amount:
        inputs["cell_log_amount"] = cells.log_amount
    return inputs
