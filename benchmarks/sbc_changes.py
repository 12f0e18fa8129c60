"""Stages whose parameters drift from quarter to quarter and depend on the deal's amount.

A *cell* is what has parameters of its own: a quarter, a segment and an amount, counted in this order. The quarter is
that in which a stay began; the coming one, from the as-of date on, takes one more step of the walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.sbc_cases import AMOUNTS, FIRST_DAY, N_DAYS, Case, Floats, Ints, Truth, drawn
from simcast.model import Prior
from simcast.synthetic.stays import Stays

if TYPE_CHECKING:
    import pandas as pd

_FIRST = np.datetime64(FIRST_DAY, "D")
_MONTHS = (_FIRST + np.arange(N_DAYS).astype("timedelta64[D]")).astype("datetime64[M]").astype(np.int64)

QUARTER_STARTS: Ints = np.append(np.unique(_MONTHS // 3, return_index=True)[1], N_DAYS)
"""The first day of each quarter on record, and of the coming one."""

N_QUARTERS = len(QUARTER_STARTS) - 1


@dataclass(frozen=True)
class Changes:
    """What changes the effects of a stage.

    Parameters
    ----------
    walk : float64, (n_quarters + 1, n_effects)
        The change of each effect against the last quarter; the last row is that of the coming one.
    slope
        The change of the first effect per unit of the log amount; None where amounts play no part.
    log_amount : float64, (n_amounts,)
        Logs of the amounts over their centre; 0 alone where they play no part.
    """

    walk: Floats
    slope: float | None
    log_amount: Floats

    def by_quarter(self, effects: Floats) -> list[Floats]:
        """Return the effects of each quarter, (n_segments * n_amounts, n_effects), those of the coming one last."""
        found = np.repeat(effects, len(self.log_amount), axis=0)
        found[:, 0] += (self.slope or 0.0) * np.tile(self.log_amount, len(effects))
        return [found + step for step in self.walk]


def draw_changes(
    case: Case,
    name: str,
    effect_names: Sequence[str],
    drifting: Sequence[int],
    centre: float,
    generator: np.random.Generator,
    priors: Mapping[str, Prior],
) -> tuple[Changes, Truth]:
    """Draw how the effects of a stage walk and how the first depends on the log amount less `centre`."""
    truth: Truth = {}
    n_steps = N_QUARTERS if case.drifting else 0
    walk = np.zeros((n_steps + 1, len(effect_names)))
    for position in drifting if case.drifting else ():
        effect = effect_names[position]
        spread = float(drawn(priors["drift_spread"], generator))
        steps = spread * generator.standard_normal(n_steps)
        path = np.concatenate([[0.0], np.cumsum(steps)])
        walk[:, position] = path - path[-2]
        truth[f"{name}: spread of the drift of {effect}"] = spread
        truth |= {drift_name(name, effect, quarter): float(walk[quarter, position]) for quarter in range(n_steps - 1)}
    if not case.by_amount:
        return Changes(walk, None, np.zeros(1)), truth
    slope = float(drawn(priors["amount_slope"], generator))
    return Changes(walk, slope, np.log(AMOUNTS) - centre), truth | {f"{name}: slope by amount": slope}


def drift_name(stage: str, effect: str, quarter: int) -> str:
    """Return what the change of an effect against the last quarter is called among the quantities."""
    return f"{stage}: drift of {effect} since quarter {quarter}"


@dataclass(frozen=True)
class DriftingStays:
    """Stays that end as those of the quarter in which they began, see `Changes.by_quarter`."""

    by_quarter: tuple[Stays, ...]

    def end(self, segment_code: Ints, entered: Floats, generator: np.random.Generator) -> tuple[Ints, Floats]:
        """Draw moves and ends: see `simcast.synthetic.stays.Stays.end`."""
        quarter = np.searchsorted(QUARTER_STARTS, np.floor(entered), side="right") - 1
        move, left = np.zeros(len(entered), dtype=np.int64), np.zeros(len(entered))
        for code, stays in enumerate(self.by_quarter):
            rows = np.flatnonzero(quarter == code)
            move[rows], left[rows] = stays.end(segment_code[rows], entered[rows], generator)
        return move, left


def cells_of(case: Case, stays: pd.DataFrame) -> Ints:
    """Return the cells of stays on record, by their dates and amounts as read: int64, (n_stays,)."""
    cell = np.zeros(len(stays), dtype=np.int64)
    if case.drifting:
        day = (stays["entered"].to_numpy().astype("datetime64[D]") - _FIRST).astype(np.int64)
        cell = np.searchsorted(QUARTER_STARTS, day, side="right") - 1
    cell = cell * len(case.segments) + stays["segment_code"].to_numpy()
    if case.by_amount:
        cell = cell * len(AMOUNTS) + np.searchsorted(AMOUNTS, stays["amount"].to_numpy())
    return np.asarray(cell, dtype=np.int64)
