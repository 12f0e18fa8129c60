"""Simulation: threads and chunks of futures, from a plan to a forecast."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
import xarray as xr

from simcast.engine.kernel import play_futures
from simcast.engine.layout import Results, empty_results
from simcast.errors import SimcastError
from simcast.forecast import Forecast
from simcast.plan import MINOR_UNITS, Plan

FUTURES_PER_CHUNK = 250
"""Small enough for progress and for threads to share the work evenly; results do not depend on it."""

Progress = Callable[[str, float], None]


def simulate(
    plan: Plan, *, threads: int | None = None, chunk: int = FUTURES_PER_CHUNK, progress: Progress | None = None
) -> Forecast:
    """Play all futures of a plan.

    The result is the same, bit for bit, whatever the number of threads and the size of chunks.

    Parameters
    ----------
    plan
        What to play.
    threads
        How many threads; all processors unless given.
    chunk
        How many futures a thread plays at a time.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    SimcastError
        When `threads` or `chunk` is less than 1.
    """
    if (threads is not None and threads < 1) or chunk < 1:
        raise SimcastError(f"threads and chunk must be 1 or more, got threads={threads}, chunk={chunk}")
    whole = empty_results(plan.kernel, plan.n_futures)
    parts = list(_chunks(whole, plan, chunk))
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        running = [pool.submit(play_futures, plan.kernel, first, part) for first, part in parts]
        try:
            for done, future in enumerate(as_completed(running), start=1):
                future.result()
                if progress is not None:
                    progress(f"simulating {plan.scenario}", done / len(running))
        except BaseException:
            for future in running:
                future.cancel()
            raise
    for _, part in parts:
        whole.deal_wins[:] += part.deal_wins
        whole.deal_win_days[:] += part.deal_win_days
        whole.capped[:] += part.capped
    return _labelled(plan, whole)


def _chunks(whole: Results, plan: Plan, size: int) -> Iterator[tuple[int, Results]]:
    """Cut results into chunks of futures: views of the whole, with per-deal counts of their own."""
    for first in range(0, plan.n_futures, size):
        rows = slice(first, first + size)
        yield (
            first,
            whole._replace(
                bookings=whole.bookings[rows],
                wins=whole.wins[rows],
                entered=whole.entered[rows],
                left_forward=whole.left_forward[rows],
                open_at_end=whole.open_at_end[rows],
                deal_wins=np.zeros_like(whole.deal_wins),
                deal_win_days=np.zeros_like(whole.deal_win_days),
                capped=np.zeros_like(whole.capped),
            ),
        )


def _labelled(plan: Plan, results: Results) -> Forecast:
    """Give results their names back, and money its unit."""
    by_origin = ("future", "period", "segment", "origin")
    by_stage = ("future", "period", "segment", "stage")
    dataset = xr.Dataset(
        {
            "bookings": (by_origin, results.bookings / MINOR_UNITS),
            "wins": (by_origin, results.wins),
            "entered": (by_stage, results.entered),
            "left_forward": (by_stage, results.left_forward),
            "open_at_end": (by_stage, results.open_at_end),
            "cost": ("future", plan.cost),
            "deal_wins": ("deal", results.deal_wins),
            "deal_win_days": ("deal", results.deal_win_days),
            "period_end": ("period", plan.days.ends.astype("datetime64[s]")),
        },
        coords={
            "period": plan.days.starts.astype("datetime64[s]"),
            "segment": list(plan.groups.labels),
            "origin": ["open", "new"],
            "stage": list(plan.pipeline.stages),
            "deal": plan.deals.astype(str),
        },
        attrs={"period": plan.days.period, "as_of": str(plan.days.as_of), "until": str(plan.days.until)},
    )
    notes = plan.notes
    if results.capped[0]:
        notes += (
            f"{results.capped[0]} deals visited so many stages that they were stopped; check the pipeline's moves",
        )
    return Forecast(plan.scenario, dataset, plan.groups, plan.targets, plan.fingerprint, notes)
