"""The clocks of a posterior as the kernel reads them, and the ages of open deals in their operational days."""

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
from simcast.posterior.clocks import CLOCK_VARIABLES, Clock, Passed, clock_of, days_waiting, mean_weights

Floats = NDArray[np.float64]


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


def with_operational_ages(posterior: Posterior, book: Book) -> Floats:
    """Return the open deals' ages, operational ones in the stages whose days are: float64, (n_deals,).

    An open stay's age is that of the mean clock, as in the fit, less the days whose ends wait to be recorded. It counts
    until the records end, as in the fit, too.
    """
    age: Floats = book.age_days.astype(np.float64)
    draws = posterior.draws
    end = day_number(book.recorded_until)
    for code, (stage, clocks) in enumerate(zip(posterior.pipeline.stages, _clocks(posterior), strict=True)):
        here = np.flatnonzero(book.stage_code == code)
        if not here.size or not any(clocks):
            continue
        moves = list(posterior.pipeline.moves[code])
        shares = draws["probability"].sel(stage=stage, move=moves).mean(["draw", "segment"]).to_numpy()
        waiting = days_waiting(clocks, shares, end)
        age[here] = np.maximum(age[here] - waiting, 0.0)
        if "clock_ages" not in draws or not float(draws["clock_ages"].sel(stage=stage)):
            continue
        first = end - waiting - int(np.ceil(np.max(age[here])))
        calendar = np.arange(first, end)
        weights = np.array(
            [np.ones(calendar.size) if one is None else one.of_quarter.weights(calendar) for one in clocks]
        )
        passed = Passed.of(mean_weights(weights, shares), first)
        until = float(end - waiting)
        age[here] = passed.at(np.array(until)) - passed.at(until - age[here])
    return age


def _clocks(posterior: Posterior) -> list[list[Clock | None]]:
    """Return the clocks of each stage's moves, in the order of their slots."""
    pipeline = posterior.pipeline
    if not any(name in posterior.draws for name in CLOCK_VARIABLES):
        return [[None] * len(moves) for moves in pipeline.moves]
    return [
        [clock_of(posterior.draws, stage, move) for move in moves]
        for stage, moves in zip(pipeline.stages, pipeline.moves, strict=True)
    ]
