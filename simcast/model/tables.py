"""A history taken apart into the small tables that the models read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.days import day_number, day_numbers, quarter_of
from simcast.errors import FitError
from simcast.history import latest_amounts
from simcast.model.amount_levels import AmountChange, find_amount_change
from simcast.model.arrival_shares import ShareChange, find_share_changes
from simcast.model.at_risk import StageDays
from simcast.model.bursts import Bursts, find_bursts
from simcast.model.carried_over import CarriedOver, find_carried_over
from simcast.model.cells import find_cells
from simcast.model.changes import Change, find_changes
from simcast.model.clocks import StageClocks
from simcast.model.empirical_amounts import is_empirical
from simcast.model.known_amounts import UnusedAmounts, tell_of_chances
from simcast.model.new_deals import AmountSums, ArrivalCounts, count_arrivals, entry_shares, sum_amounts
from simcast.model.operational import in_operational_days
from simcast.model.pace_by_amount import PaceByAmount, final_amounts, find_paces
from simcast.model.quiet import QuietDays, find_quiet_days
from simcast.model.settings import FitSettings
from simcast.model.stays import StageStays
from simcast.model.truncation import first_recorded_day, from_records_on, recorded_day
from simcast.model.weather import Weather, count_months, learn_weather
from simcast.pipeline import Pipeline

if TYPE_CHECKING:
    from simcast.history import History

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class FitTables:
    """All that the models read of a history.

    Parameters
    ----------
    stages
        The stays of each stage, in the pipeline's order.
    arrivals
        New deals by kind of day.
    entry_share
        float64, (n_stages, n_segments): the share of new deals that enter at each stage.
    amounts
        Sums of the amounts.
    amounts_of
        Whose amounts they are: ``"won"`` deals', ``"all"`` deals' where no won amount is known, or ``"none"``.
    largest_amount
        The largest amount on record, of any deal; 0 without any.
    amount_centre
        The geometric mean of the amounts known from entry on, to which slopes by amount refer; 1 without any.
    recorded_from
        The day from which ends of stays are on record; None when all are.
    n_missing
        How many deals should have ended before it.
    clocks
        Those of each stage, in the pipeline's order.
    weather
        How much months differ.
    changes
        Of the stages' conversion or speed, which parameters that stay what they were do not follow; none where they
        drift.
    amount_change
        Of the level of amounts, which new deals do not follow; None where there is none.
    share_changes
        Of the mix of new deals, by column, which the forecast does not follow.
    paces
        The stages whose days go with the amount, which the model does not know.
    carried_over
        What deals carry from stage to stage, which the model does not know; None where there is no sign of it.
    unused_amounts
        Of each stage, where its chances seem to go with amounts that are known of too few stays; else None.
    bursts
        The days that hold a large part of new deals; None without any.
    quiet
        Days before the as-of date on which little began and ended; None where there are none.
    """

    stages: tuple[StageStays, ...]
    arrivals: ArrivalCounts
    entry_share: Floats
    amounts: AmountSums
    amounts_of: str
    largest_amount: float
    amount_centre: float
    recorded_from: int | None
    n_missing: float
    clocks: tuple[StageClocks, ...]
    weather: Weather | None
    changes: tuple[Change, ...]
    amount_change: AmountChange | None
    share_changes: tuple[ShareChange, ...]
    paces: tuple[PaceByAmount, ...]
    carried_over: CarriedOver | None
    unused_amounts: tuple[UnusedAmounts | None, ...]
    bursts: Bursts | None
    quiet: QuietDays | None


_UNKNOWN = -2

MOST_QUARTERS = 12
"""Drift is followed over the last three years; what is older counts as the first of them."""


def tabulate(history: History, settings: FitSettings | None = None) -> FitTables:
    """Take a history apart.

    Raises
    ------
    FitError
        When it holds no stay, or a stay ends in a move that the pipeline does not have.
    """
    pipeline, n_segments = history.pipeline, len(history.segments)
    stays = history.stays
    until = day_number(history.recorded_until)
    if not len(stays):
        raise FitError(f"the history holds no deal before {history.observed_until}: there is nothing to learn from")
    stage = pd.Index(pipeline.stages).get_indexer(pd.Index(stays["stage"])).astype(np.int64)
    segment = stays["segment_code"].to_numpy(dtype=np.int64)
    entered = day_numbers(stays["entered"].to_numpy())
    open_ = stays["move"].isna().to_numpy()
    left = np.where(open_, until, day_numbers(stays["left"].to_numpy()))
    move = _move_codes(pipeline, stage, stays["move"], open_)

    chosen = settings or FitSettings()
    outcome = stays["move"].isin(pipeline.outcomes).to_numpy() & ~open_
    found = first_recorded_day(stage, entered, left, outcome)
    recorded_from = recorded_day(chosen.recorded_from, found)
    kept, since = from_records_on(entered, left, recorded_from, open_)
    drifts = chosen.drift == "quarterly"
    quarter = _quarters(entered, until) if drifts else None
    log_amount, centre = _log_amounts(stays) if chosen.amount_effect == "auto" else (np.full(stage.size, np.nan), 1.0)
    found_stays = [
        _stage_stays(
            len(moves), kept & (stage == code), segment, n_segments, quarter, log_amount, move, left - entered, since
        )
        for code, moves in enumerate(pipeline.moves)
    ]
    stages = tuple(stays for stays, _ in found_stays)
    clocks = tuple(StageClocks.none(len(moves)) for moves in pipeline.moves)
    here = [kept & (stage == code) for code in range(pipeline.n_stages)]
    days = [StageDays(entered[rows], left[rows], move[rows], until, segment[rows], recorded_from) for rows in here]
    if chosen.calendar == "auto":
        stages, clocks = in_operational_days(stages, days)
    months = count_months(days, clocks)
    first = ~stays["deal"].duplicated().to_numpy()
    amounts, amounts_of = _amounts(pipeline, stays, segment, n_segments)
    amounts = replace(amounts, empirical=is_empirical(amounts, chosen.amounts))
    arrivals = count_arrivals(entered[first], segment[first], until, history.segments, recorded_from)
    stratum = segment + n_segments * quarter_of(entered)
    imported = [day for day, _ in arrivals.imports]
    return FitTables(
        stages=stages,
        arrivals=arrivals,
        entry_share=entry_shares(stage[first], segment[first], pipeline.n_stages, n_segments),
        amounts=amounts,
        amounts_of=amounts_of,
        largest_amount=float(np.nanmax(stays[["amount", "amount_at_end"]].to_numpy(dtype=np.float64), initial=0.0)),
        amount_centre=centre,
        recorded_from=recorded_from,
        n_missing=found[1] if found is not None and recorded_from == found[0] else 0.0,
        clocks=clocks,
        weather=learn_weather(months, drifts=drifts) if chosen.weather == "auto" else None,
        changes=() if drifts else find_changes(days, months),
        amount_change=find_amount_change(pipeline, stays),
        share_changes=find_share_changes(entered[first], segment[first], history.segments, arrivals),
        paces=tuple(find_paces(stage, kept & (move == 0), stratum, final_amounts(stays), left - entered)),
        carried_over=find_carried_over(stage, segment, first, entered, kept & ~open_, move == 0),
        unused_amounts=tuple(unused for _, unused in found_stays),
        bursts=find_bursts(entered[first], arrivals),
        quiet=find_quiet_days(entered[first & ~np.isin(entered, imported)], left[~open_], until),
    )


def _stage_stays(
    n_moves: int,
    here: NDArray[np.bool_],
    segment: Ints,
    n_segments: int,
    quarter: Ints | None,
    log_amount: Floats,
    move: Ints,
    days: Ints,
    since: Ints,
) -> tuple[StageStays, UnusedAmounts | None]:
    """Return the stays of one stage, sorted into cells, and what of their amounts cannot be used."""
    ended = here & (move >= 0)
    by_amount = tell_of_chances(log_amount[ended], move[ended] == 0, segment[ended])
    cells, cell = find_cells(
        segment[here],
        n_segments,
        None if quarter is None else quarter[here],
        log_amount[here] if by_amount is True else None,
    )
    stays = StageStays(n_moves, cells, cell, move[here], days[here], since[here])
    return stays, by_amount if isinstance(by_amount, UnusedAmounts) else None


def _quarters(entered: Ints, until: int) -> Ints:
    """Return the quarter in which each stay began, counted so that the one of the last known day is the last."""
    quarter = quarter_of(entered)
    last = int(quarter_of(np.array(until - 1)))
    first = max(int(np.min(quarter)), last - MOST_QUARTERS + 1)
    counted: Ints = np.maximum(quarter, first) - first
    return counted


def _log_amounts(stays: pd.DataFrame) -> tuple[Floats, float]:
    """Return the log of the amount known when each stay began, over the geometric mean of all deals; NaN if unknown."""
    amount = latest_amounts(stays).to_numpy(dtype=np.float64)
    known = amount > 0
    logs = np.log(amount, where=known, out=np.full(amount.size, np.nan))
    first = known & ~stays["deal"].where(known).duplicated().to_numpy()
    centre = float(logs[first].mean()) if first.any() else 0.0
    return logs - centre, float(np.exp(centre))


def _move_codes(pipeline: Pipeline, stage: Ints, move: pd.Series, open_: NDArray[np.bool_]) -> Ints:
    """Return the position of each stay's move among its stage's moves; -1 while it is open."""
    names = pd.Index(list(dict.fromkeys([*pipeline.stages, *pipeline.outcomes])))  # an outcome left again is in both
    positions = np.full((pipeline.n_stages, names.size + 1), _UNKNOWN)  # the last column is for names unheard of
    for code, moves in enumerate(pipeline.moves):
        positions[code, names.get_indexer(pd.Index(moves))] = np.arange(len(moves))
    found: Ints = np.where(open_, -1, positions[stage, names.get_indexer(pd.Index(move))])
    rows = np.flatnonzero(found == _UNKNOWN)
    if rows.size:
        unknown = {(pipeline.stages[stage[row]], str(move.iloc[row])) for row in rows}
        raise FitError(
            [
                f"the history moves from {start!r} to {end!r}; declare that move under pipeline.moves"
                for start, end in sorted(unknown)
            ]
        )
    return found


def _amounts(pipeline: Pipeline, stays: pd.DataFrame, segment: Ints, n_segments: int) -> tuple[AmountSums, str]:
    """Return the amounts of won deals; of all deals when no won deal's is known; else none."""
    won_outcomes = [name for name in pipeline.outcomes if pipeline.is_won(name)]
    won = stays["move"].isin(won_outcomes).to_numpy()
    sums = sum_amounts(stays["amount_at_end"].to_numpy(dtype=np.float64)[won], segment[won], n_segments)
    if sums.n_known:
        return sums, "won"
    last = ~stays["deal"].duplicated(keep="last").to_numpy()
    latest = stays["amount_at_end"].fillna(latest_amounts(stays)).to_numpy(dtype=np.float64)
    sums = sum_amounts(latest[last], segment[last], n_segments)
    return sums, "all" if sums.n_known else "none"
