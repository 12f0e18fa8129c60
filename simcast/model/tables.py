"""A history taken apart into the small tables that the models read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.errors import FitError
from simcast.model.compress import StageRows, compress
from simcast.model.new_deals import AmountSums, ArrivalCounts, count_arrivals, entry_shares, sum_amounts
from simcast.pipeline import Pipeline

if TYPE_CHECKING:
    import pandas as pd

    from simcast.history import History

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class FitTables:
    """All that the models read of a history.

    Parameters
    ----------
    stages
        The compressed stays of each stage, in the pipeline's order.
    arrivals
        New deals by kind of day.
    entry_share
        float64, (n_stages, n_segments): the share of new deals that enter at each stage.
    amounts
        Sums of the amounts.
    amounts_of
        Whose amounts they are: ``"won"`` deals', ``"all"`` deals' where no won amount is known, or ``"none"``.
    """

    stages: tuple[StageRows, ...]
    arrivals: ArrivalCounts
    entry_share: Floats
    amounts: AmountSums
    amounts_of: str


def tabulate(history: History) -> FitTables:
    """Take a history apart.

    Raises
    ------
    FitError
        When it holds no stay, or a stay ends in a move that the pipeline does not have.
    """
    pipeline, n_segments = history.pipeline, len(history.segments)
    stays = history.stays
    until = int(history.observed_until.astype("datetime64[D]").astype(np.int64))
    if not len(stays):
        raise FitError(f"the history holds no deal before {history.observed_until}: there is nothing to learn from")
    stage = np.array([pipeline.stage_code(name) for name in stays["stage"]], dtype=np.int64)
    segment = stays["segment_code"].to_numpy(dtype=np.int64)
    entered = _day_numbers(stays["entered"])
    open_ = stays["move"].isna().to_numpy()
    left = np.where(open_, until, _day_numbers(stays["left"]))
    move = _move_codes(pipeline, stage, stays["move"].to_numpy(dtype=object), open_)

    stages = tuple(
        compress(
            segment[stage == code],
            move[stage == code],
            (left - entered)[stage == code],
            n_segments=n_segments,
            n_moves=len(pipeline.moves[code]),
        )
        for code in range(pipeline.n_stages)
    )
    first = ~stays["deal"].duplicated().to_numpy()
    amounts, amounts_of = _amounts(pipeline, stays, segment, n_segments)
    return FitTables(
        stages=stages,
        arrivals=count_arrivals(entered[first], segment[first], until, n_segments),
        entry_share=entry_shares(stage[first], segment[first], pipeline.n_stages, n_segments),
        amounts=amounts,
        amounts_of=amounts_of,
    )


def _day_numbers(dates: pd.Series) -> Ints:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def _move_codes(pipeline: Pipeline, stage: Ints, move: NDArray[np.object_], open_: NDArray[np.bool_]) -> Ints:
    """Return the position of each stay's move among its stage's moves; -1 while it is open."""
    positions = {
        (code, name): position for code, moves in enumerate(pipeline.moves) for position, name in enumerate(moves)
    }
    found = [
        -1 if waits else positions.get((code, name), -2) for code, name, waits in zip(stage, move, open_, strict=True)
    ]
    unknown = {(pipeline.stages[stage[row]], move[row]) for row, code in enumerate(found) if code == -2}
    if unknown:
        raise FitError(
            [
                f"the history moves from {start!r} to {end!r}; declare that move under pipeline.moves"
                for start, end in sorted(unknown)
            ]
        )
    return np.array(found, dtype=np.int64)


def _amounts(pipeline: Pipeline, stays: pd.DataFrame, segment: Ints, n_segments: int) -> tuple[AmountSums, str]:
    """Return the amounts of won deals; of all deals when no won deal's is known; else none."""
    won_outcomes = [name for name in pipeline.outcomes if pipeline.is_won(name)]
    won = stays["move"].isin(won_outcomes).to_numpy()
    at_end = stays["amount_at_end"].fillna(stays["amount"]).to_numpy(dtype=np.float64)
    sums = sum_amounts(at_end[won], segment[won], n_segments)
    if sums.n_amounts:
        return sums, "won"
    last = ~stays["deal"].duplicated(keep="last").to_numpy()
    latest = stays["amount"].groupby(stays["deal"]).ffill().fillna(stays["amount_at_end"]).to_numpy(dtype=np.float64)
    sums = sum_amounts(latest[last], segment[last], n_segments)
    return sums, "all" if sums.n_amounts else "none"
