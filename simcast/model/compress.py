"""Stays of one stage, compressed to distinct rows with counts, and the points at which their likelihood is evaluated.

Dates are whole days. A stay that ended `d` days after its first lasted between ``d - u`` and ``d + 1 - u`` days,
where ``u``, the time of day on which it began, is uniform on (0, 1) and unknown. The likelihood therefore
averages over `u`, by Gauss-Legendre nodes, wherever a day is long against the duration itself.

A *cell* is a set of stays that share all parameters: a segment, or where parameters drift or depend on the amount,
a segment in a quarter and a class of amounts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.model.distinct import distinct_rows
from simcast.model.kernels.stage_data import StageData

EXACT_DAYS = 14
"""Durations up to this many days keep their own row and all the nodes; beyond it, bins and one node."""

BIN_GROWTH = 0.08
"""Relative width of the bins beyond `EXACT_DAYS`."""

NODES, NODE_WEIGHTS = (0.5 * (1 + np.polynomial.legendre.leggauss(3)[0]), 0.5 * np.polynomial.legendre.leggauss(3)[1])
"""Gauss-Legendre nodes and weights on (0, 1) for the time of day at which a stay began."""

_NEVER = 1e-30
"""Stands for a duration of zero days, whose logarithm must stay finite."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class StageRows:
    """The stays of one stage: ended ones by cell, move and days, open ones by cell and age.

    Parameters
    ----------
    n_cells, n_moves
        How many cells there are, and how many moves leave the stage.
    cell, move
        int64, (n_rows,): codes of each distinct ended row; a move's code is its position among the stage's moves.
    low_days, high_days
        int64, (n_rows,): the first and the last whole number of days in the row's bin.
    count
        float64, (n_rows,): how many stays the row stands for.
    open_cell, open_days, open_count
        The same for open stays; `open_days` is the mean age, in whole days up to `EXACT_DAYS`. A negative count
        stands for stays that are on record only because they had lasted so long: their likelihood is divided by
        the probability of that (left truncation).
    """

    n_cells: int
    n_moves: int
    cell: Ints
    move: Ints
    low_days: Ints
    high_days: Ints
    count: Floats
    open_cell: Ints
    open_days: Floats
    open_count: Floats

    @property
    def n_ended(self) -> int:
        """How many stays ended."""
        return int(self.count.sum())

    @property
    def n_open(self) -> int:
        """How many stays are open for at least a day."""
        return int(self.open_count[self.open_count > 0].sum())

    def ended_by_cell(self, least_days: int = 0) -> Floats:
        """Return the number of stays that ended after `least_days` or more, float64, (n_cells, n_moves)."""
        total = np.zeros((self.n_cells, self.n_moves))
        np.add.at(total, (self.cell, self.move), self.count * (self.low_days >= least_days))
        return total


def bin_starts(longest_days: int, alone: Ints | None = None) -> Ints:
    """Return the first day of each bin, up to the one that holds `longest_days`, and one more.

    The days `alone`, on which a rule ends many stays, each have a bin of their own.

    Examples
    --------
    >>> bin_starts(40)[-6:].tolist()
    [31, 33, 35, 37, 39, 42]
    >>> bin_starts(40, np.array([36]))[-5:].tolist()
    [35, 36, 37, 39, 42]
    """
    starts = list(range(EXACT_DAYS + 2))
    while starts[-1] <= longest_days:
        starts.append(starts[-1] + max(1, int(starts[-1] * BIN_GROWTH)))
    bins = np.array(starts, dtype=np.int64)
    if alone is None:
        return bins
    within = alone[alone <= longest_days]
    return np.union1d(bins, np.concatenate([within, within + 1]))


def compress(
    cell: Ints,
    move: Ints,
    days: Ints,
    *,
    n_cells: int,
    n_moves: int,
    since: Ints | None = None,
    binned: bool = True,
    alone: Ints | None = None,
) -> StageRows:
    """Count the distinct rows among the stays of one stage.

    Parameters
    ----------
    cell
        int64, (n_stays,): cell codes.
    move
        int64, (n_stays,): position among the stage's moves of the one that ended the stay; -1 while it is open.
    days
        int64, (n_stays,): whole days from entering to leaving, or to the first day not known.
    n_cells, n_moves
        Sizes of the two code spaces.
    since
        int64, (n_stays,): days that each stay had lasted when records began; 0 where it began later.
    binned
        Whether to merge long durations into bins; False keeps every whole day, to check that binning loses nothing.
    alone
        int64: days that keep a bin of their own all the same.

    Returns
    -------
    StageRows
        Open stays of age zero carry no information and are left out.
    """
    since = np.zeros_like(days) if since is None else since
    ended = move >= 0
    waiting = ~ended & (days > since)
    longest = int(np.max(days, initial=0))
    starts = bin_starts(longest, alone) if binned else np.arange(longest + 2, dtype=np.int64)
    bins = np.searchsorted(starts, days, side="right") - 1
    low = np.maximum(starts[bins], since)  # a bin may begin before the day from which its stay is on record

    found = distinct_rows(cell[ended], move[ended], low[ended], starts[bins[ended] + 1] - 1)
    own_cell, own_move, low_days, high_days = found.columns
    opened = _mean_days_by_bin(cell[waiting], bins[waiting], days[waiting])
    late = (ended | waiting) & (since > 0)
    truncated = _mean_days_by_bin(cell[late], np.searchsorted(starts, since[late], side="right") - 1, since[late])
    return StageRows(
        n_cells=n_cells,
        n_moves=n_moves,
        cell=own_cell,
        move=own_move,
        low_days=low_days,
        high_days=high_days,
        count=found.count.astype(np.float64),
        open_cell=np.concatenate([opened[0], truncated[0]]),
        open_days=np.concatenate([opened[1], truncated[1]]),
        open_count=np.concatenate([opened[2], -truncated[2]]),
    )


def _mean_days_by_bin(cell: Ints, bins: Ints, days: Ints) -> tuple[Ints, Floats, Floats]:
    """Return the cell, the mean days and the number of stays of each cell and bin that occur."""
    found = distinct_rows(cell, bins)
    return found.columns[0], found.sums(days) / np.maximum(found.count, 1), found.count.astype(np.float64)


def likelihood_inputs(rows: StageRows, family: Ints | None = None, days_of: Ints | None = None) -> StageData:
    """Lay out the rows as the likelihood reads them: distinct points in time, and terms that refer to them.

    Most points serve several terms (the end of one day is the beginning of the next), so that the normal
    distribution's tails are evaluated once per distinct (segment, move, time). A row's likelihood is the
    weighted sum of its terms, one per node (and, for an open stay, per move).

    Parameters
    ----------
    rows
        The rows.
    family
        int64, (n_moves,): the family of each move's days, see `kernels.duration_tails`; lognormal unless given.
    days_of
        int64, (n_cells,): for each cell the one that stands for it where days are concerned, such as that of another
        class of amounts; ended rows of cells alike in their days become one. Each its own unless given.

    Returns
    -------
    StageData
        With one point for each distinct cell (of `days_of`), move and time.
    """
    moved = distinct_rows(rows.cell * rows.n_moves + rows.move)
    cell, low_days, high_days, count = _ended_rows(rows, days_of)
    row, nodes, ended_start, term_weight = _spread_over_nodes(high_days <= EXACT_DAYS)
    low = low_days[row] - nodes
    high = high_days[row] + 1 - nodes

    moves = np.arange(rows.n_moves, dtype=np.int64)
    open_row, open_nodes, open_start, wait_weight = _spread_over_nodes(rows.open_days <= EXACT_DAYS)
    age = np.repeat(rows.open_days[open_row] - open_nodes, rows.n_moves)
    wait_cell = (rows.open_cell[open_row][:, None] * rows.n_moves + moves).ravel()
    open_days_of = rows.open_cell if days_of is None else days_of[rows.open_cell]
    days_cell = (open_days_of[open_row][:, None] * rows.n_moves + moves).ravel()

    cells = np.concatenate([cell[row], cell[row], days_cell])
    days = np.maximum(np.concatenate([low, high, age]), _NEVER)
    _, first, number = np.unique(np.stack([cells, np.round(days, 9)]), axis=1, return_index=True, return_inverse=True)
    term_low, term_high, wait_point = np.split(number.ravel(), [low.size, low.size + high.size])
    return StageData(
        point_log_days=np.log(days[first]),
        point_cell=cells[first],
        moved_cell=moved.columns[0],
        moved_count=moved.sums(rows.count),
        ended_start=ended_start,
        ended_count=count,
        term_low=term_low,
        term_high=term_high,
        term_weight=term_weight,
        open_start=open_start * rows.n_moves,
        open_count=rows.open_count,
        wait_point=wait_point,
        wait_cell=wait_cell,
        wait_weight=np.repeat(wait_weight, rows.n_moves),
        family=np.zeros(rows.n_moves, dtype=np.int64) if family is None else family,
    )


def _ended_rows(rows: StageRows, days_of: Ints | None) -> tuple[Ints, Ints, Ints, Floats]:
    """Return cell x n_moves + move, first and last days, and counts of ended rows, one for all cells alike in days."""
    if days_of is None:
        return rows.cell * rows.n_moves + rows.move, rows.low_days, rows.high_days, rows.count
    found = distinct_rows(days_of[rows.cell] * rows.n_moves + rows.move, rows.low_days, rows.high_days)
    cell, low_days, high_days = found.columns
    return cell, low_days, high_days, found.sums(rows.count)


def _spread_over_nodes(short: NDArray[np.bool_]) -> tuple[Ints, Floats, Ints, Floats]:
    """Return, per term, its row and its node; where each row's terms start; and each term's weight."""
    per_row = np.where(short, NODES.size, 1)
    start = np.concatenate([[0], np.cumsum(per_row)]).astype(np.int64)
    row = np.repeat(np.arange(short.size, dtype=np.int64), per_row)
    position = np.arange(row.size) - start[row]
    nodes = np.where(short[row], NODES[position], 0.5)
    weight = np.where(short[row], NODE_WEIGHTS[position], 1.0)
    return row, nodes, start, weight
