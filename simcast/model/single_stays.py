"""The log-likelihood of single stays, one by one: what leave-one-out cross-validation is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.compress import StageRows, likelihood_inputs
from simcast.model.kernels.hazard import hazard_row_log_likelihoods
from simcast.model.kernels.stage import row_log_likelihoods
from simcast.model.kernels.stage_data import StageData

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SingleStays:
    """The distinct kinds of single stays, for judging how well each is foreseen.

    Parameters
    ----------
    cell, move
        int64, (n_rows,): codes; the move is -1 for a stay that is open.
    low_days, high_days
        int64, (n_rows,): the whole days after which the stay ended; an open one has lasted `low_days`.
    since
        int64, (n_rows,): days that it had lasted when records began; 0 where it began later.
    count
        float64, (n_rows,): how many stays are like it.
    """

    cell: Ints
    move: Ints
    low_days: Ints
    high_days: Ints
    since: Ints
    count: Floats


@dataclass(frozen=True)
class FamilySingleStays:
    """The log-likelihood of each kind of single stay under a parametric family of days."""

    data: StageData
    over: NDArray[np.bool_]
    late: NDArray[np.bool_]

    @classmethod
    def of(cls, single: SingleStays, n_cells: int, family: Ints) -> FamilySingleStays:
        """Lay out the stays; `family` holds the code of each move's family."""
        over, late = single.move >= 0, single.since > 0
        rows = StageRows(
            n_cells=n_cells,
            n_moves=family.size,
            cell=single.cell[over],
            move=single.move[over],
            low_days=single.low_days[over],
            high_days=single.high_days[over],
            count=np.ones(int(over.sum())),
            open_cell=np.concatenate([single.cell[~over], single.cell[late]]),
            open_days=np.concatenate([single.low_days[~over], single.since[late]]).astype(np.float64),
            open_count=np.ones(int((~over).sum() + late.sum())),
        )
        return cls(likelihood_inputs(rows, family), over, late)

    def __call__(self, effects: Floats, stalled_logit: float, log_shape: Floats) -> Floats:
        """Return the log-likelihoods, (n_rows,); parameters are those of `stage_log_likelihood`."""
        ended, waiting = row_log_likelihoods(effects, stalled_logit, log_shape, self.data)
        n_open = int((~self.over).sum())
        found = np.empty(self.over.size)
        found[self.over] = ended
        found[~self.over] = waiting[:n_open]
        found[self.late] -= waiting[n_open:]
        return found


@dataclass(frozen=True)
class HazardSingleStays:
    """The log-likelihood of each kind of single stay under hazards by piece of time."""

    single: SingleStays
    starts: Ints
    """int64, (n_pieces + 1,): the first day of each piece, and the end of the last."""

    def __call__(self, log_hazard: Floats, effects: Floats) -> Floats:
        """Return the log-likelihoods, (n_rows,); parameters are those of `hazard_log_likelihood`."""
        stays = self.single
        found: Floats = hazard_row_log_likelihoods(
            log_hazard, effects, self.starts, stays.cell, stays.move, stays.low_days, stays.high_days, stays.since
        )
        return found
