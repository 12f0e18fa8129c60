"""How much more sharply two plans are told apart when they share their luck: common random numbers by deal.

    python -m benchmarks.sharpness

The plan of `benchmarks.engine`, and the same with a better conversion of its second stage from a day on, a shorter
fourth stage, and more new deals. Printed is the variance of the difference of bookings over futures with independent
streams, which is the sum of the two variances, over the variance with common random numbers: under draws of the
parameters, and at one draw for all futures.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine import HORIZON, N_SEGMENTS, N_SLOTS, build_plan
from simcast.engine.kernel import play_futures
from simcast.engine.layout import MULTIPLY, ODDS, Effects, KernelPlan, empty_results
from simcast.engine.rng import draw_of_futures


@dataclass(frozen=True)
class Lever:
    """A change from the 30th day on."""

    name: str
    field: str
    operation: int
    stage: int
    value: float


LEVERS = (
    Lever("odds of the second stage x 1.2", "on_conversion", ODDS, 1, 1.2),
    Lever("days of the fourth stage x 0.8", "on_duration", MULTIPLY, 3, 0.8),
    Lever("new deals x 1.1", "on_arrivals", MULTIPLY, -1, 1.1),
)


def with_lever(plan: KernelPlan, lever: Lever) -> KernelPlan:
    """Return a plan with one lever."""
    n_futures = len(plan.draw_of_future)
    effects = Effects(
        np.array([lever.operation]),
        np.array([lever.stage]),
        np.ones((1, N_SLOTS), bool),
        np.ones((1, N_SEGMENTS), bool),
        np.zeros(1, bool),
        np.array([[0.0, 1.0]]),
        np.full((1, n_futures), lever.value),
    )
    epoch = (np.arange(HORIZON) >= 30).astype(np.int64)
    return plan._replace(epoch_of_day=epoch, **{lever.field: effects})


def bookings(plan: KernelPlan) -> NDArray[np.float64]:
    """Return the bookings of each future."""
    results = empty_results(plan, len(plan.draw_of_future))
    play_futures(plan, 0, results)
    total: NDArray[np.float64] = results.bookings.sum(axis=(1, 2, 3)).astype(float)
    return total


def reduction(base: KernelPlan, changed: KernelPlan, other_seed: KernelPlan) -> float:
    """Return how many times larger the variance of the difference is with independent streams."""
    before = bookings(base)
    common = (bookings(changed) - before).var(ddof=1)
    return float((bookings(other_seed) - before).var(ddof=1) / common)


def main() -> None:
    """Measure and print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=1000)
    parser.add_argument("--futures", type=int, default=4000)
    parser.add_argument("--per-day", type=float, default=20.0)
    options = parser.parse_args()
    seed = np.uint64(2)
    for name, fixed in (("draws of the parameters", False), ("fixed parameters", True)):
        base = build_plan(options.deals, options.futures, options.per_day)
        draws = draw_of_futures(seed, options.futures, base.probability.shape[0])
        if fixed:
            base, draws = base._replace(draw_of_future=np.zeros_like(draws)), np.zeros_like(draws)
        for lever in LEVERS:
            changed = with_lever(base, lever)
            ratio = reduction(base, changed, changed._replace(seed=seed, draw_of_future=draws))
            print(f"{name}, {lever.name}: variance of the difference {ratio:.0f} times lower", flush=True)


if __name__ == "__main__":
    main()
