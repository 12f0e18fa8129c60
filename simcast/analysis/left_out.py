"""Moves that the history has and an assumption over its fit leaves out: what remains there is lost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from simcast.history import History
from simcast.pipeline import LOST
from simcast.scenario import Scenario
from simcast.writing import counted

_ROUNDING = 1e-9
"""Shares are cut to three digits, so that all of them together never exceed what remains; a whole number stays it."""


def moves_left_out(scenario: Scenario, history: History | None) -> Iterator[str]:
    """Say of each stage assumed over a history which of its moves no deal makes any more, and how to keep them.

    Parameters
    ----------
    scenario
        The scenario, with what it assumes.
    history
        What was known at the as-of date; None when everything is assumed, where nobody expects more than is written.
    """
    if history is None or scenario.assume is None:
        return
    stays = history.stays
    for stage, assumed in scenario.assume.stages.items():
        ended = stays["move"][(stays["stage"] == stage) & stays["move"].notna()]
        counts = {str(move): int(n) for move, n in ended.value_counts().items()}
        moves = scenario.pipeline_definition.moves[scenario.pipeline_definition.stage_code(stage)]
        gone = {move: counts[move] for move in moves[1:] if move in counts and move not in (LOST, *assumed.moves)}
        if gone:
            given = [assumed.conversion, assumed.stalled, *assumed.moves.values()]
            remains = 1.0 - sum(share.mean() for share in given)
            told = ", ".join(f"{move} ({n:,})" for move, n in gone.items())
            yield (
                f"assume.stages.{stage}: moves without a share are gone, and what remains is lost; in the history "
                f"{counted(len(ended), 'stay')} ended there, with moves to {told}; to keep them, give "
                f"assume.stages.{stage}.moves{_such_as(gone, counts.get(LOST, 0), remains)}"
            )


def _such_as(gone: Mapping[str, int], n_lost: int, remains: float) -> str:
    """Return shares that split what remains among the moves left out and losses as in the history; "" for nothing."""
    of_all = remains / (sum(gone.values()) + n_lost)
    shares = {move: math.floor(1000 * n * of_all + _ROUNDING) / 1000 for move, n in gone.items()}
    if not all(shares.values()):
        return ""
    written = ", ".join(f"{move}: {share:g}" for move, share in shares.items())
    return f", such as {{{written}}}, which splits what remains as it was"
