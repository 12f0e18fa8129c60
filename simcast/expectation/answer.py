"""The exact mean of a plan's results given each future's parameters, with its numerical error."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import KernelPlan
from simcast.errors import SimcastError
from simcast.expectation.coverage import origins_left_out
from simcast.expectation.flow import make_grid, room_for_a_segment
from simcast.expectation.futures import expect_futures
from simcast.expectation.open_deals import deals_alike
from simcast.forecast import ORIGINS, Metric, Origin
from simcast.plan import MINOR_UNITS, Plan

Floats = NDArray[np.float64]

FUTURES = 200
"""Of how many futures the expectation is worked out unless told otherwise."""

STEPS_PER_DAY = 4
"""Of the grid: the error by halving is about a millionth of the mean in pipelines like the sample's."""

_HALVED = 8
"""In how many futures the steps are halved to see how much they matter."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """What is won in some of a plan's futures on average over all luck, given the parameters of each.

    Parameters
    ----------
    futures : int64, (n_futures,)
        The positions of the futures among those of the plan.
    wins, bookings : float64, (n_futures, n_periods, n_groups, 2)
        The expected results, in the order of `simcast.Forecast`: the last axis tells open deals from new ones.
    halved : int64, (n_halved,)
        Positions among `futures` of those for which the steps were halved.
    wins_halved, bookings_halved : float64, (n_halved, n_periods, n_groups, 2)
        The same with steps of half the length.
    origins
        The origins that the expectation covers; the others hold zeros.
    notes
        Why an origin is not covered.
    """

    futures: NDArray[np.int64]
    wins: Floats
    bookings: Floats
    halved: NDArray[np.int64]
    wins_halved: Floats
    bookings_halved: Floats
    origins: tuple[Origin, ...]
    notes: tuple[str, ...] = ()

    def values(self, metric: Metric) -> Floats:
        """Return the expected total of each future over the origins covered, float64, (n_futures,)."""
        found = self.wins if metric == "wins" else self.bookings
        total: Floats = found.sum(axis=(1, 2, 3))
        return total

    def numerical_error(self, metric: Metric) -> float:
        """Return by how much halving the steps moves the mean of the total over futures."""
        finer = self.wins_halved if metric == "wins" else self.bookings_halved
        return abs(float(np.mean(finer.sum(axis=(1, 2, 3)) - self.values(metric)[self.halved])))


def expect(
    plan: Plan, *, futures: int = FUTURES, steps_per_day: int = STEPS_PER_DAY, threads: int | None = None
) -> Expectation:
    """Work out what is won on average given the parameters of each of some futures.

    Deals do not influence each other, so that the means of their results add up: no luck is drawn, and no future is
    played. What is left is the error of the grid of steps, which is measured by halving them in a few futures.

    Parameters
    ----------
    plan
        What to work out.
    futures
        In how many futures, spread evenly over those of the plan; all where it has fewer.
    steps_per_day
        Of the grid.
    threads
        How many threads; all processors unless given.

    Raises
    ------
    SimcastError
        When `futures`, `steps_per_day` or `threads` is less than 1, or nothing in the plan can be worked out.
    """
    if futures < 1 or steps_per_day < 1 or (threads is not None and threads < 1):
        wrong = f"futures={futures}, steps_per_day={steps_per_day}, threads={threads}"
        raise SimcastError(f"futures, steps_per_day and threads must be 1 or more, got {wrong}")
    chosen = _evenly(plan.n_futures, futures)
    left_out = _left_out(plan, chosen)
    halved = _evenly(len(chosen), _HALVED)
    workers = threads or os.cpu_count() or 1
    whole = expected_results(plan.kernel, chosen, steps_per_day, workers)
    finer = expected_results(plan.kernel, chosen[halved], 2 * steps_per_day, workers)
    for results in (*whole, *finer):
        for origin in left_out:
            results[..., ORIGINS.index(origin)] = 0.0
    return Expectation(
        futures=chosen,
        wins=whole[0],
        bookings=whole[1] / MINOR_UNITS,
        halved=halved,
        wins_halved=finer[0],
        bookings_halved=finer[1] / MINOR_UNITS,
        origins=tuple(origin for origin in ORIGINS if origin not in left_out),
        notes=tuple(left_out.values()),
    )


def check_covered(plan: Plan, *, futures: int = FUTURES) -> None:
    """Refuse a plan of which nothing can be worked out, before other work is done.

    Raises
    ------
    SimcastError
        As `expect`.
    """
    _left_out(plan, _evenly(plan.n_futures, futures))


def _left_out(plan: Plan, futures: NDArray[np.int64]) -> dict[Origin, str]:
    """Return the origins that cannot be worked out, each with the reason; raise if that is all of them."""
    if plan.capacity is not None:
        raise SimcastError(
            f"teams ({', '.join(plan.teams)}): there are no exact means where deals wait for a free person; "
            "leave the teams out, or run without --exact"
        )
    left_out = origins_left_out(plan.kernel, futures)
    if len(left_out) == len(ORIGINS):
        raise SimcastError(list(dict.fromkeys(left_out.values())))
    return left_out


def _evenly(n: int, wanted: int) -> NDArray[np.int64]:
    """Return positions spread evenly over n, all of them where fewer are there than wanted.

    Examples
    --------
    >>> _evenly(10, 4).tolist(), _evenly(2, 4).tolist()
    ([1, 3, 6, 8], [0, 1])
    """
    taken = min(n, wanted)
    return (2 * np.arange(taken, dtype=np.int64) + 1) * n // (2 * taken)


def expected_results(
    kernel: KernelPlan, futures: NDArray[np.int64], steps_per_day: int, threads: int = 1
) -> tuple[Floats, Floats]:
    """Return the expected wins and bookings of some futures of the kernel's plan, whatever `expect` leaves out.

    Returns
    -------
    float64, (n_futures, n_periods, n_groups, 2), twice
        Bookings in minor units. The last axis tells open deals from new ones.
    """
    n_periods, n_groups = int(kernel.period_of_day[-1]) + 1, int(np.max(kernel.group_of_segment)) + 1
    wins, bookings = (np.zeros((len(futures), n_periods, n_groups, len(ORIGINS))) for _ in range(2))
    grid, alike = make_grid(kernel, steps_per_day), deals_alike(kernel)
    parts = np.array_split(np.arange(len(futures)), min(threads, len(futures)))
    with ThreadPoolExecutor(max_workers=threads) as pool:
        running = [
            pool.submit(
                expect_futures,
                kernel,
                futures[part],
                alike,
                grid,
                room_for_a_segment(kernel, grid),
                wins[part[0] : part[-1] + 1],
                bookings[part[0] : part[-1] + 1],
            )
            for part in parts
        ]
        for part_done in running:
            part_done.result()
    return wins, bookings
