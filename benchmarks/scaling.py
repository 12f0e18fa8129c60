"""How the kernel's time grows with deals, futures, stages, segments and threads.

    python -m benchmarks.scaling

Each size is doubled alone, and timed in alternation with the plan of `benchmarks.engine`: processor time, medians of
the ratios. For threads it is the wall time of the same futures on one thread over that on two; on a machine where other
things run, the second processor may not be there, so processor over wall time stands beside it.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from benchmarks import engine
from benchmarks.engine import build_plan
from simcast.engine.kernel import play_futures
from simcast.engine.layout import KernelPlan, empty_results


def processor_seconds(plan: KernelPlan) -> float:
    """Return the processor time of all futures of a plan, on one thread."""
    results = empty_results(plan, len(plan.draw_of_future))
    before = time.process_time()
    play_futures(plan, 0, results)
    return time.process_time() - before


def on_threads(plan: KernelPlan, n_threads: int) -> tuple[float, float]:
    """Return wall and processor seconds with the futures shared out among threads."""
    n = len(plan.draw_of_future) // n_threads

    def play(first: int) -> None:
        play_futures(plan, first, empty_results(plan, n))

    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(play, range(0, n * n_threads, n)))
    return time.perf_counter() - wall, time.process_time() - cpu


def with_constant(name: str, factor: int, build: Callable[[], KernelPlan]) -> KernelPlan:
    """Build a plan with one of the benchmark's constants multiplied."""
    before = getattr(engine, name)
    setattr(engine, name, before * factor)
    try:
        return build()
    finally:
        setattr(engine, name, before)


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=5000)
    parser.add_argument("--futures", type=int, default=100)
    parser.add_argument("--per-day", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    def build(deals: int = 1, futures: int = 1) -> KernelPlan:
        return build_plan(deals * options.deals, futures * options.futures, deals * options.per_day)

    base = build()
    larger = {
        "deals, open and new": build(deals=2),
        "futures": build(futures=2),
        "stages, with the same deals spread over them": with_constant("N_STAGES", 2, build),
        "segments, with the same deals spread over them": with_constant("N_SEGMENTS", 2, build),
    }
    processor_seconds(base)
    for name, plan in larger.items():
        ratios = [processor_seconds(plan) / processor_seconds(base) for _ in range(options.rounds)]
        print(f"twice the {name}: {np.median(ratios):.2f} times as long", flush=True)
    many = build(futures=8)
    pairs = [(on_threads(many, 1), on_threads(many, 2)) for _ in range(options.rounds)]
    gain = np.median([one[0] / two[0] for one, two in pairs])
    share = np.median([two[1] / two[0] for _, two in pairs])
    print(f"two threads: {gain:.2f} times as fast as one, with {share:.2f} processors to run on")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}")


if __name__ == "__main__":
    main()
