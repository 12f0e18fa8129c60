"""How the kernel's time grows with deals, futures, stages, segments and threads.

    python -m benchmarks.scaling

Each size is doubled alone, and timed in alternation with the plan of `benchmarks.engine`: processor time, medians of
the ratios. For threads it is the wall time of the same futures on one thread over that on two. Two processors of a
shared machine need not be twice one: other work may take the second, and each may be slower while both are busy. So two
processes that share nothing play the same futures in turn with the threads: what they gain is what the machine has.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait

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


def on_threads(plan: KernelPlan, n_threads: int) -> float:
    """Return the wall seconds of all futures of a plan, shared out among threads."""
    n = len(plan.draw_of_future) // n_threads

    def play(first: int) -> None:
        play_futures(plan, first, empty_results(plan, n))

    begun = time.perf_counter()
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(play, range(0, n * n_threads, n)))
    return time.perf_counter() - begun


def play_all(plan: KernelPlan) -> None:
    """Play all futures of a plan."""
    play_futures(plan, 0, empty_results(plan, len(plan.draw_of_future)))


def gain_of_processes(pool: ProcessPoolExecutor, half: KernelPlan) -> float:
    """Return how many times as much two processes play in the time of one, each all futures of a plan of its own."""

    def wall(n_processes: int) -> float:
        begun = time.perf_counter()
        wait([pool.submit(play_all, half) for _ in range(n_processes)])
        return time.perf_counter() - begun

    return 2 * wall(1) / wall(2)


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
    many, half = build(futures=16), build(futures=8)
    with ProcessPoolExecutor(2) as pool:
        gain_of_processes(pool, half)  # the workers load the kernel
        rounds = [
            (on_threads(many, 1) / on_threads(many, 2), gain_of_processes(pool, half)) for _ in range(options.rounds)
        ]
    threads, processes = np.median(rounds, axis=0)
    print(f"two threads: {threads:.2f} times as fast as one, where two processes play {processes:.2f} times as much")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}")


if __name__ == "__main__":
    main()
