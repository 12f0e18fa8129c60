"""The clocks of a posterior as the kernel reads them, and the ages of open deals on them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.days import day_number, day_numbers
from simcast.engine.clock import first_days
from simcast.engine.layout import NOWHERE
from simcast.history import Book
from simcast.plan.periods import ForecastDays
from simcast.posterior import Posterior
from simcast.posterior.clocks import (
    CLOCK_VARIABLES,
    Clock,
    Passed,
    clock_of,
    clocks_of_ages,
    days_waiting,
    mean_weights,
    weights_of,
)

Floats = NDArray[np.float64]

_MOST_DAYS = 28 * 365
"""Days longer ago weigh 1, which is what the others weigh on average."""


def clock_arrays(posterior: Posterior, days: ForecastDays, n_slots: int) -> dict[str, Any]:
    """Return the clocks of the kernel's plan; nothing where there are none.

    Moves whose clocks are the same share one. See `simcast.engine.layout.KernelPlan` for ``clock_of``,
    ``clock_passed``, ``clock_opening`` and ``clock_from_day``.
    """
    calendar = day_numbers(days.days)
    laid_out: list[Floats] = []  # what days weigh, and their openings
    codes = np.full((posterior.pipeline.n_stages, n_slots), NOWHERE, dtype=np.int64)
    for code, clocks in enumerate(_clocks(posterior)):
        for slot, clock in enumerate(clocks):
            if clock is None:
                continue
            own = np.array([clock.weights(calendar), clock.openings(calendar)])
            same = [position for position, other in enumerate(laid_out) if np.array_equal(own, other)]
            codes[code, slot] = same[0] if same else len(laid_out)
            laid_out += [] if same else [own]
    if not laid_out:
        return {}
    weights, opening = np.array(laid_out).transpose(1, 0, 2)
    passed = np.hstack([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)])
    return {
        "clock_of": codes,
        "clock_passed": passed,
        "clock_opening": np.ascontiguousarray(opening),
        "clock_from_day": first_days(passed),
    }


def operational_ages(posterior: Posterior, book: Book, n_slots: int) -> tuple[Floats, Floats]:
    """Return the open deals' ages, operational ones in the stages whose days are.

    They count until the records end, less the days whose ends wait to be recorded, as in the fit.

    Returns
    -------
    float64, (n_deals,)
        On the mean clock of the moves, by how often these come.
    float64, (n_deals, n_slots)
        On the clock of each move; the mean one's where all moves share a clock, and for the slots that are no moves.
    """
    mean_age = book.age_days.astype(np.float64)
    own_age = np.repeat(mean_age[:, None], n_slots, axis=1)
    draws = posterior.draws
    end = day_number(book.recorded_until)
    for code, (stage, clocks) in enumerate(zip(posterior.pipeline.stages, _clocks(posterior), strict=True)):
        here = np.flatnonzero(book.stage_code == code)
        if not here.size or not any(clocks):
            continue
        moves = list(posterior.pipeline.moves[code])
        shares = draws["probability"].sel(stage=stage, move=moves).mean(["draw", "segment"]).to_numpy()
        own_waiting = [days_waiting([clock], np.ones(1), end) for clock in clocks]
        waiting, age = days_waiting(clocks, shares, end), mean_age[here]
        weights, of_ages = None, clocks_of_ages(draws, stage, moves)
        if of_ages is not None:
            weights = weights_of(of_ages, np.arange(end - min(int(np.ceil(np.max(age))), _MOST_DAYS), end))
        mean_age[here] = _lasted(age, waiting, end, None if weights is None else mean_weights(weights, shares))
        own_age[here] = mean_age[here, None]
        if len(set(own_waiting)) > 1 or (weights is not None and np.any(weights != weights[0])):
            for slot, own in enumerate(own_waiting):
                own_age[here, slot] = _lasted(age, own, end, None if weights is None else weights[slot])
    return mean_age, own_age


def _lasted(age: Floats, waiting: int, end: int, weights: Floats | None) -> Floats:
    """Return how long stays have lasted: float64, (n_stays,).

    Parameters
    ----------
    age
        float64, (n_stays,): days.
    waiting
        How many of the last days do not count, since ends on them wait to be recorded.
    end
        The day on which the stays have these ages, since 1970-01-01.
    weights
        float64, (n_days,): what the days before it weigh; None for 1.
    """
    age = np.maximum(age - waiting, 0.0)
    if weights is None:
        return age
    passed, until = Passed.of(weights, end - weights.size), float(end - waiting)
    lasted: Floats = passed.at(np.array(until)) - passed.at(until - age)
    return lasted


def _clocks(posterior: Posterior) -> list[list[Clock | None]]:
    """Return the clocks of each stage's moves, in the order of their slots."""
    pipeline = posterior.pipeline
    if not any(name in posterior.draws for name in CLOCK_VARIABLES):
        return [[None] * len(moves) for moves in pipeline.moves]
    return [
        [clock_of(posterior.draws, stage, move) for move in moves]
        for stage, moves in zip(pipeline.stages, pipeline.moves, strict=True)
    ]
