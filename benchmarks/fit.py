"""How the cost of a fit grows: with distinct rows, not with deals.

    python -m benchmarks.fit                 10,000 and 1,000,000 deals; about ten minutes on two processors
    python -m benchmarks.fit --deals 10000 100000 --quick-error

Prints seconds and ratios, measured in one run: the whole fit of a history, after one of the same shape has been
compiled; and of its first stage, one evaluation of the log-likelihood with its gradient, compressed and with one row
for each stay. With --quick-error, how far a quick fit lies from a full one, in standard deviations of the full one.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.history import History
from simcast.model import FitSettings, fit
from simcast.model.compress import NODE_WEIGHTS, NODES, StageRows
from simcast.model.kernels.stage import stage_log_likelihood
from simcast.model.kernels.stage_data import StageData
from simcast.model.stays import StageStays
from simcast.model.tables import tabulate
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior

PIPELINE = Pipeline.define(["lead", "meeting", "proposal"])
SOURCES = ("ads", "partner", "referral")
START = np.datetime64("2023-01-02")
N_DAYS = 730

Floats = NDArray[np.float64]


def make_history(n_deals: int, seed: int = 1) -> History:
    """Simulate deals that pass three stages after lognormal times or are lost, and cut them after two years."""
    generator = np.random.default_rng(seed)
    source = generator.integers(0, len(SOURCES), n_deals)
    entered = np.sort(generator.uniform(0.0, N_DAYS, n_deals))
    deal = np.arange(n_deals)
    tables = []
    for code, stage in enumerate(PIPELINE.stages):
        n = deal.size
        forward = generator.random(n) < np.array([0.55, 0.6, 0.5])[code] + 0.05 * (source - 1)
        median = np.where(forward, (6.0, 14.0, 30.0)[code], (4.0, 8.0, 15.0)[code]) * np.array([1.0, 0.9, 1.2])[source]
        days = np.where(generator.random(n) < 0.03, np.inf, median * np.exp(0.8 * generator.standard_normal(n)))
        left = entered + days
        seen = left < N_DAYS
        move = np.where(forward, PIPELINE.forward(stage), "lost").astype(object)
        ends = seen & (~forward | (code == PIPELINE.n_stages - 1))
        tables.append(
            pd.DataFrame(
                {
                    "deal": deal,
                    "visit": code,
                    "source": np.array(SOURCES, dtype=object)[source],
                    "stage": stage,
                    "entered": START + np.floor(entered).astype("timedelta64[D]"),
                    "left": np.where(
                        seen,
                        START + np.floor(np.where(seen, left, 0.0)).astype("timedelta64[D]"),
                        np.datetime64("NaT", "D"),
                    ),
                    "move": np.where(seen, move, None),
                    "amount_at_end": np.where(ends, 8_000.0 * np.exp(0.7 * generator.standard_normal(n)), np.nan),
                }
            )
        )
        onward = seen & forward
        deal, source, entered = deal[onward], source[onward], left[onward]
    table = pd.concat(tables).sort_values(["deal", "visit"], ignore_index=True).drop(columns="visit")
    table["deal"] = table["deal"].map("D{:07d}".format)
    return History.of(PIPELINE, table, ["source"], START + np.timedelta64(N_DAYS, "D"))


def one_row_a_stay(stays: StageStays) -> StageData:
    """Lay out the stays without compression: a row each, with time points of its own."""
    over, waiting = stays.move >= 0, (stays.move < 0) & (stays.days > 0)
    n_moves, moves = stays.n_moves, np.arange(stays.n_moves)
    low = np.maximum(stays.days[over, None] - NODES, 1e-30).ravel()
    high = (stays.days[over, None] + 1 - NODES).ravel()
    age = np.repeat((stays.days[waiting, None] - NODES).ravel(), n_moves)
    ended_cell = stays.cell[over] * n_moves + stays.move[over]
    cell = np.repeat(ended_cell, NODES.size)
    wait_cell = (np.repeat(stays.cell[waiting], NODES.size)[:, None] * n_moves + moves).ravel()
    n_low, n_over, n_waiting = low.size, int(over.sum()), int(waiting.sum())
    return StageData(
        point_log_days=np.log(np.concatenate([low, high, age])),
        point_cell=np.concatenate([cell, cell, wait_cell]),
        moved_cell=ended_cell,
        moved_count=np.ones(n_over),
        ended_start=np.arange(n_over + 1) * NODES.size,
        ended_count=np.ones(n_over),
        term_low=np.arange(n_low),
        term_high=np.arange(n_low) + n_low,
        term_weight=np.tile(NODE_WEIGHTS, n_over),
        open_start=np.arange(n_waiting + 1) * NODES.size * n_moves,
        open_count=np.ones(n_waiting),
        wait_point=np.arange(age.size) + 2 * n_low,
        wait_cell=wait_cell,
        wait_weight=np.tile(np.repeat(NODE_WEIGHTS, n_moves), n_waiting),
        family=np.zeros(n_moves, dtype=np.int64),
    )


def gradient_seconds(stays: StageStays) -> tuple[float, float, int]:
    """Return the seconds of one gradient, compressed and with one row a stay, and the number of distinct rows."""
    from simcast.model.compress import likelihood_inputs

    rows: StageRows = stays.rows
    effects = np.zeros((stays.cells.n_cells, 2 * stays.n_moves - 1))
    effects[:, stays.n_moves - 1 :] = np.log(8.0)
    compressed, whole = likelihood_inputs(rows), one_row_a_stay(stays)
    # Bins of days make the likelihood larger by a constant; its slopes must be the same.
    slopes = [stage_log_likelihood(effects, -3.0, np.zeros(stays.n_moves), data)[1] for data in (compressed, whole)]
    if np.abs(slopes[0] - slopes[1]).max() > 0.01 * np.abs(slopes[1]).max():
        raise SystemExit(f"the two likelihoods differ: {slopes}")
    times = [
        fastest(lambda data=data: stage_log_likelihood(effects, -3.0, np.zeros(stays.n_moves), data))
        for data in (compressed, whole)
    ]
    return times[0], times[1], rows.count.size + rows.open_count.size


def fastest(work: Callable[[], object], repeats: int = 7) -> float:
    """Return the shortest of several timings, in seconds."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def timed_fit(history: History, settings: FitSettings) -> tuple[Posterior, float, float]:
    """Fit, and return the posterior with its wall seconds and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    posterior = fit(history, settings=settings)
    return posterior, time.perf_counter() - wall, time.process_time() - processor


def quick_error(full: Posterior, quick: Posterior) -> Floats:
    """Return how far the quick fit's means lie from the full one's, in its standard deviations, over all parameters."""
    names = ("probability", "days_scale", "arrivals_per_day", "amount_scale")
    found = []
    for name in names:
        one, other = full.draws[name], quick.draws[name]
        sd = one.std("draw").to_numpy().ravel()
        apart = np.abs((one.mean("draw") - other.mean("draw")).to_numpy()).ravel()
        found.append(apart[sd > 0] / sd[sd > 0])
    return np.concatenate(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--durations", default="lognormal", help="a family, or auto")
    parser.add_argument("--quick-error", action="store_true", help="compare quick fits with full ones too")
    options = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    settings = FitSettings(durations=options.durations)
    fit(make_history(2000), settings=FitSettings(durations=options.durations, quick=True))  # compiles
    seconds = {}
    for n_deals in options.deals:
        history = make_history(n_deals)
        compressed, whole, n_rows = gradient_seconds(tabulate(history, settings).stages[0])
        posterior, wall, processor = timed_fit(history, settings)
        seconds[n_deals] = wall
        diagnostics = posterior.diagnostics
        print(
            f"{n_deals:>9,} deals: {n_rows:,} rows in the first stage; gradient {compressed * 1e6:,.0f} us, "
            f"one row a stay {whole / compressed:,.0f} times that; fit {wall:.1f} s wall, {processor:.1f} s processor; "
            f"{'trusted' if diagnostics and diagnostics.trusted else 'not trusted'}"
        )
        if options.quick_error:
            quick, quick_wall, _ = timed_fit(history, FitSettings(durations=options.durations, quick=True))
            apart = quick_error(posterior, quick)
            print(
                f"{'':>9}  quick fit {quick_wall:.1f} s; means apart by {np.sqrt(np.mean(apart**2)):.2f} sd "
                f"(root mean square), {apart.max():.2f} at most"
            )
    few, many = min(seconds), max(seconds)
    print(f"fit of {many:,} deals over {few:,}: {seconds[many] / seconds[few]:.2f}")


if __name__ == "__main__":
    main()
