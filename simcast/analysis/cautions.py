"""Warnings: what a reader should know of a scenario, its fit and its data, in the order of importance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from simcast.history import History
from simcast.history.quality import LEFT_OUT, NO_AMOUNT_RECORDED, SILENT_SINCE
from simcast.pipeline import LOST
from simcast.posterior import Posterior
from simcast.posterior.diagnostics import NO_AMOUNTS
from simcast.scenario import Scenario
from simcast.writing import counted

_ROUNDING = 1e-9
"""Shares are cut to three digits, so that all of them together never exceed what remains; a whole number stays it."""


def warnings_of(
    scenario: Scenario, history: History | None, posterior: Posterior, of_results: Iterable[str] = ()
) -> list[str]:
    """Collect the warnings of a fit, of results under it, of the scenario and of the data, in this order.

    Parameters
    ----------
    scenario
        The scenario, with what it assumes.
    history
        What was known at the as-of date; None when everything is assumed.
    posterior
        The parameters.
    of_results
        What else is to be said of the results.
    """
    found = [*posterior.doubts, *moves_left_out(scenario, history)]
    found += [] if posterior.diagnostics is None else where_amounts_matter(posterior.diagnostics.warnings, scenario)
    found += [*of_results, *scenario.warnings()]
    found += [] if history is None else where_amounts_matter(history.quality.warnings, scenario)
    return found


def where_amounts_matter(warnings: Iterable[str], scenario: Scenario) -> list[str]:
    """Return warnings of data and of a fit without those that amounts are missing, where nobody misses them.

    They are assumed then, or the target is a number of wins, as in hiring.
    """
    is_assumed = scenario.assume is not None and scenario.assume.amount is not None
    if not is_assumed and set(scenario.forecast.target) != {"wins"}:
        return list(warnings)
    return [text for text in warnings if text not in (NO_AMOUNTS, NO_AMOUNT_RECORDED)]


def distinct_in_order(warnings: Iterable[str]) -> tuple[str, ...]:
    """Return each warning once; those on which all others depend come first: deals left out, records that end early.

    If the fit says that amounts are missing, the data need not say it too.
    """
    distinct = dict.fromkeys(warnings)
    if NO_AMOUNTS in distinct:
        distinct.pop(NO_AMOUNT_RECORDED, None)
    return tuple(sorted(distinct, key=lambda text: (LEFT_OUT not in text, not text.startswith(SILENT_SINCE))))


def moves_left_out(scenario: Scenario, history: History | None) -> Iterator[str]:
    """Say which moves of the history no deal makes any more, since the assumption for a stage gives them no share.

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
