"""The kernel against NumPy and SimPy, on the same work in the same run; compile time apart.

    python benchmarks/engine.py

The work: open deals spread over five stages of lognormal stays with two moves, given their age, and new deals,
over a quarter of 92 days in three periods and four segments; every future under its own parameters. Two NumPy
versions are vectorised over the deals of a future: on whole arrays with masks, as one would write it first, and
compacted after each round to the deals still in play. With SimPy, a process per deal waits out its stays; it plays
fewer futures. All are checked before they are timed: deals in the last
stage against a closed form, and the whole against each other.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import time
from collections.abc import Callable, Generator
from random import Random
from statistics import NormalDist

import numba
import numpy as np
import simpy
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri, ndtri_exp

from simcast.engine.kernel import play_futures
from simcast.engine.layout import NOT_FORCED, NOWHERE, Effects, KernelPlan, Results, empty_results, no_hazards
from simcast.engine.rng import draw_of_futures
from simcast.engine.samplers import LOGNORMAL

Player = Callable[[KernelPlan, Results], None]
Deals = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
Rounds = Callable[[KernelPlan, int, Deals, Results, int, np.random.Generator], None]

N_STAGES, N_SEGMENTS, N_SLOTS, HORIZON, N_DRAWS = 5, 4, 3, 92, 200
STANDARD_NORMAL = NormalDist()
LUCK = Random(1)  # noqa: S311  # one number at a time is cheaper from Python than from NumPy


def build_plan(n_deals: int, n_futures: int, per_day: float) -> KernelPlan:
    """Return the plan of the work."""
    rng = np.random.default_rng(0)
    stage, segment = rng.integers(0, N_STAGES, n_deals), rng.integers(0, N_SEGMENTS, n_deals)
    age = rng.integers(1, 40, n_deals) - 0.5
    order = np.lexsort((age, segment, stage))  # as `simcast.build_plan` orders them
    destination = np.full((N_STAGES, N_SLOTS), NOWHERE)
    destination[:, 0] = np.arange(1, N_STAGES + 1)
    destination[:, 1] = N_STAGES + 1
    full = (N_DRAWS, N_STAGES, N_SEGMENTS, N_SLOTS)
    probability = np.empty(full)
    probability[..., 0] = rng.uniform(0.5, 0.7, full[:-1])
    probability[..., 2] = 0.03
    probability[..., 1] = 1.0 - probability[..., 0] - probability[..., 2]
    nothing = Effects(
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        np.zeros((0, N_SLOTS), bool),
        np.zeros((0, N_SEGMENTS), bool),
        np.zeros(0, bool),
        np.zeros((0, 1)),
        np.zeros((0, n_futures)),
    )
    return KernelPlan(
        seed=np.uint64(1),
        horizon_days=HORIZON,
        draw_of_future=draw_of_futures(np.uint64(1), n_futures, N_DRAWS),
        period_of_day=np.arange(HORIZON) // 31,
        epoch_of_day=np.zeros(HORIZON, np.int64),
        group_of_segment=np.arange(N_SEGMENTS),
        destination=destination,
        family=np.full((N_STAGES, N_SLOTS), LOGNORMAL),
        outcome_won=np.array([True, False]),
        outcome_resumes=np.array([NOWHERE, NOWHERE]),
        probability=probability,
        scale=rng.uniform(4.0, 8.0, full),
        shape=rng.uniform(0.6, 1.0, full),
        **no_hazards(N_DRAWS, N_STAGES, N_SEGMENTS, N_SLOTS),
        deal_key=rng.integers(0, 2**64, n_deals, dtype=np.uint64),
        deal_stage=stage[order],
        deal_segment=segment[order],
        deal_age=np.repeat(age[order, None], N_SLOTS, axis=1),
        deal_amount=rng.integers(1, 10**6, n_deals),
        deal_log_amount=np.full(n_deals, np.nan),
        deal_forced=np.full(n_deals, NOT_FORCED),
        deal_forced_day=np.zeros(n_deals),
        arrival_key=rng.integers(0, 2**64, N_SEGMENTS, dtype=np.uint64),
        arrival_mean=np.full((N_DRAWS, N_SEGMENTS), per_day / N_SEGMENTS),
        arrival_weekday_factor=np.ones((N_DRAWS, HORIZON)),
        arrival_trend_factor=np.ones((N_DRAWS, HORIZON)),
        arrival_size=np.full((N_DRAWS, N_SEGMENTS), math.inf),
        entry_cumulative=np.ones((N_SEGMENTS, N_STAGES)),
        amount_family=LOGNORMAL,
        amount_scale=np.full((N_DRAWS, N_SEGMENTS), 1e6),
        amount_shape=np.full((N_DRAWS, N_SEGMENTS), 0.9),
        amount_quantiles=np.zeros((N_SEGMENTS, 0)),
        amount_most=math.inf,
        amount_some=np.ones((N_DRAWS, N_SEGMENTS)),
        on_conversion=nothing,
        on_duration=nothing,
        on_arrivals=nothing,
        on_amount=nothing,
    )


def play_kernel(plan: KernelPlan, results: Results) -> None:
    """Play all futures of a plan with the kernel."""
    play_futures(plan, 0, results)


def play_plain(plan: KernelPlan, results: Results) -> None:
    """Play with NumPy on whole arrays: every deal takes part in every round, and masks say which count."""
    _play_numpy(plan, results, _rounds_of_all)


def play_compacted(plan: KernelPlan, results: Results) -> None:
    """Play with NumPy, and after each round go on with those deals only that are still in play."""
    _play_numpy(plan, results, _rounds_of_some)


def _play_numpy(plan: KernelPlan, results: Results, rounds: Rounds) -> None:
    """Play all futures of a plan with NumPy and SciPy, vectorised over the deals of a future."""
    rng = np.random.default_rng(1)
    for future in range(len(results.wins)):
        draw = plan.draw_of_future[future]
        stage, segment, age = plan.deal_stage, plan.deal_segment, plan.deal_age[:, 0]
        p = plan.probability[draw, stage, segment]
        scale, shape = plan.scale[draw, stage, segment], plan.shape[draw, stage, segment]
        log_survival = log_ndtr(-np.log(age[:, None] / scale[:, :2]) / shape[:, :2])
        weight = p.copy()
        weight[:, :2] *= np.exp(log_survival)
        slot = _choose(weight, rng)
        moving = np.flatnonzero(slot < 2)
        chosen = slot[moving]
        log_s = np.log(rng.random(len(moving))) + log_survival[moving, chosen]
        days = scale[moving, chosen] * np.exp(-shape[moving, chosen] * ndtri_exp(log_s)) - age[moving]
        stage, segment, slot, leaves_on = stage[moving], segment[moving], chosen, np.maximum(days, 0.0)
        amount = plan.deal_amount[moving].astype(float)

        n_new = rng.poisson(plan.arrival_mean[draw][:, None], (N_SEGMENTS, HORIZON))
        born = np.repeat(np.tile(np.arange(HORIZON), N_SEGMENTS), n_new.ravel()) + rng.random(n_new.sum())
        new_segment = np.repeat(np.arange(N_SEGMENTS), n_new.sum(axis=1))
        new_slot, new_leaves = _stays(plan, draw, np.zeros(len(born), np.int64), new_segment, born, rng)
        np.add.at(results.entered[future], (plan.period_of_day[born.astype(int)], new_segment, 0), 1)

        stage = np.concatenate([stage, np.zeros(len(born), np.int64)])
        segment = np.concatenate([segment, new_segment])
        slot, leaves_on = np.concatenate([slot, new_slot]), np.concatenate([leaves_on, new_leaves])
        amount = np.concatenate([amount, np.full(len(born), -1.0)])
        rounds(plan, draw, (stage, segment, slot, leaves_on, amount), results, future, rng)


def play_simpy(plan: KernelPlan, results: Results) -> None:
    """Play with SimPy: every deal is a process that waits out its stays."""
    rng = np.random.default_rng(1)
    for future in range(len(results.wins)):
        draw = plan.draw_of_future[future]
        drawn = [array[draw].tolist() for array in (plan.probability, plan.scale, plan.shape)]
        environment = simpy.Environment()
        numbers = zip(plan.deal_stage.tolist(), plan.deal_segment.tolist(), plan.deal_age[:, 0].tolist(), strict=True)
        for (stage, segment, age), amount in zip(numbers, plan.deal_amount.tolist(), strict=True):
            environment.process(_deal(environment, drawn, stage, segment, 0.0, age, amount, results, future, rng))
        for segment in range(N_SEGMENTS):
            for day, n_new in enumerate(rng.poisson(plan.arrival_mean[draw, segment], HORIZON)):
                for _ in range(n_new):
                    born = day + rng.random()
                    results.entered[future, int(born) // 31, segment, 0] += 1
                    environment.process(_deal(environment, drawn, 0, segment, born, 0.0, -1.0, results, future, rng))
        environment.run(until=HORIZON)


def _deal(
    environment: simpy.Environment,
    drawn: list[list[list[list[float]]]],
    stage: int,
    segment: int,
    born: float,
    age: float,
    amount: float,
    results: Results,
    future: int,
    rng: np.random.Generator,
) -> Generator[simpy.Event]:
    """Live a deal's life in SimPy."""
    if born > 0.0:
        yield environment.timeout(born)
    while True:
        p, scale, shape = (array[stage][segment] for array in drawn)
        lasting = [1.0] * N_SLOTS
        if age > 0.0:
            lasting[:2] = [0.5 * math.erfc(math.log(age / scale[k]) / shape[k] * math.sqrt(0.5)) for k in (0, 1)]
        weight = [p[k] * lasting[k] for k in range(N_SLOTS)]
        u = LUCK.random() * sum(weight)
        slot = 0 if u < weight[0] else 1 if u < weight[0] + weight[1] else 2
        if slot == N_SLOTS - 1:
            return
        days = (
            scale[slot] * math.exp(-shape[slot] * STANDARD_NORMAL.inv_cdf((1.0 - LUCK.random()) * lasting[slot])) - age
        )
        yield environment.timeout(max(days, 0.0))
        age, period = 0.0, int(environment.now) // 31
        if slot == 1:
            return
        results.left_forward[future, period, segment, stage] += 1
        stage += 1
        if stage == N_STAGES:
            if amount < 0:
                amount = 1e6 * math.exp(0.9 * rng.standard_normal())
            results.bookings[future, period, segment, 0] += round(amount)
            results.wins[future, period, segment, 0] += 1
            return
        results.entered[future, period, segment, stage] += 1


def _rounds_of_some(
    plan: KernelPlan, draw: int, deals: Deals, results: Results, future: int, rng: np.random.Generator
) -> None:
    """End stays and begin the next until no deal is in play, keeping those in play only."""
    stage, segment, slot, leaves_on, amount = deals
    while len(stage):
        ending = leaves_on < HORIZON
        stage, segment, slot, leaves_on, amount = (x[ending] for x in (stage, segment, slot, leaves_on, amount))
        going = _settle(plan, stage, segment, slot, leaves_on, amount, np.ones(len(stage), bool), results, future, rng)
        stage, segment, leaves_on, amount = stage[going] + 1, segment[going], leaves_on[going], amount[going]
        slot, leaves_on = _stays(plan, draw, stage, segment, leaves_on, rng)


def _rounds_of_all(
    plan: KernelPlan, draw: int, deals: Deals, results: Results, future: int, rng: np.random.Generator
) -> None:
    """End stays and begin the next as often as there are stages, with masks over all deals."""
    stage, segment, slot, leaves_on, amount = deals
    active = np.ones(len(stage), bool)
    for _ in range(N_STAGES):
        active &= leaves_on < HORIZON
        active = _settle(plan, stage, segment, slot, leaves_on, amount, active, results, future, rng)
        stage = np.minimum(stage + 1, N_STAGES - 1)
        slot, leaves_on = _stays(plan, draw, stage, segment, leaves_on, rng)


def _settle(
    plan: KernelPlan,
    stage: NDArray[np.int64],
    segment: NDArray[np.int64],
    slot: NDArray[np.int64],
    leaves_on: NDArray[np.float64],
    amount: NDArray[np.float64],
    active: NDArray[np.bool_],
    results: Results,
    future: int,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Count the stays that end, and return which deals go on."""
    period = plan.period_of_day[np.where(active, leaves_on, 0.0).astype(int)]
    forward = active & (slot == 0)
    won = forward & (stage == N_STAGES - 1)
    np.add.at(results.left_forward[future], (period[forward], segment[forward], stage[forward]), 1)
    drawn = won & (amount < 0)
    amount[drawn] = 1e6 * np.exp(0.9 * ndtri(rng.random(drawn.sum())))
    np.add.at(results.bookings[future, ..., 0], (period[won], segment[won]), np.round(amount[won]).astype(np.int64))
    np.add.at(results.wins[future, ..., 0], (period[won], segment[won]), 1)
    going = forward & ~won
    np.add.at(results.entered[future], (period[going], segment[going], stage[going] + 1), 1)
    return going


def _choose(weight: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    cumulative = np.cumsum(weight, axis=1)
    u = rng.random(len(weight)) * cumulative[:, -1]
    return (u[:, None] >= cumulative[:, :-1]).sum(axis=1)


def _stays(
    plan: KernelPlan,
    draw: int,
    stage: NDArray[np.int64],
    segment: NDArray[np.int64],
    enters_on: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    slot = _choose(plan.probability[draw, stage, segment], rng)
    z = ndtri(rng.random(len(slot)))
    days = plan.scale[draw, stage, segment, slot] * np.exp(plan.shape[draw, stage, segment, slot] * z)
    return slot, np.where(slot < 2, enters_on + days, np.inf)


def expected_wins_of_ready_deals(plan: KernelPlan) -> float:
    """Return the closed form of the mean wins of deals already in the last stage, averaged over the futures' draws."""
    ready = plan.deal_stage == N_STAGES - 1
    segment, age = plan.deal_segment[ready], plan.deal_age[ready, 0]
    total = 0.0
    for draw in plan.draw_of_future:
        p, scale, shape = (x[draw, N_STAGES - 1, segment] for x in (plan.probability, plan.scale, plan.shape))
        z = np.log(age[:, None] / scale[:, :2]) / shape[:, :2]
        z_end = np.log((age[:, None] + HORIZON) / scale[:, :2]) / shape[:, :2]
        weight = p[:, :2] * ndtr(-z)
        ended = p[:, 0] * (ndtr(-z[:, 0]) - ndtr(-z_end[:, 0]))
        total += float((ended / (weight.sum(axis=1) + p[:, 2])).sum())
    return total / len(plan.draw_of_future)


def check(n_futures: int = 100) -> None:
    """Refuse to time engines that do not do the same work: closed form for ready deals, then each other."""
    plan = build_plan(1000, n_futures, 0.0)
    ready = plan.deal_stage == N_STAGES - 1
    only_ready = plan._replace(
        **{name: getattr(plan, name)[ready] for name in plan._fields if name.startswith("deal_")}
    )
    truth = expected_wins_of_ready_deals(plan)
    whole = build_plan(1000, n_futures, 20.0)
    means = []
    for name, play in ENGINES.items():
        wins = _wins(only_ready, play)
        z = (wins.mean() - truth) / (wins.std() / math.sqrt(n_futures))
        if abs(z) > 5:
            raise SystemExit(
                f"{name}: {wins.mean():.2f} wins of ready deals, the closed form says {truth:.2f} (z = {z:.1f})"
            )
        means.append(_wins(whole, play))
    for other in means[1:]:
        gap = means[0].mean() - other.mean()
        error = math.sqrt((means[0].var() + other.var()) / n_futures)
        if abs(gap) > 5 * error:
            raise SystemExit(f"kernel and another differ by {gap:.2f} wins ± {error:.2f}: they do not do the same work")


def _wins(plan: KernelPlan, play: Player) -> NDArray[np.float64]:
    results = empty_results(plan, len(plan.draw_of_future))
    play(plan, results)
    return results.wins.sum(axis=(1, 2, 3)).astype(float)


def stays_per_second(plan: KernelPlan, play: Player) -> tuple[float, float]:
    """Return stays played per second of processor time, and processor over wall time."""
    n_futures = FUTURES_OF_SIMPY if play is play_simpy else len(plan.draw_of_future)
    results = empty_results(plan, n_futures)
    wall, cpu = time.perf_counter(), time.process_time()
    play(plan, results)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    n_stays = int(results.entered.sum()) + len(plan.deal_key) * n_futures
    return n_stays / cpu, cpu / wall


ENGINES: dict[str, Player] = {
    "kernel": play_kernel,
    "NumPy compacted": play_compacted,
    "NumPy plain": play_plain,
    "SimPy": play_simpy,
}
FUTURES_OF_SIMPY = 2


def _spread(ratios: NDArray[np.float64]) -> str:
    """Write the median of ratios and how far they spread."""
    return f"{np.median(ratios):,.1f} ({ratios.min():,.1f} to {ratios.max():,.1f})"


def main() -> None:
    """Check, time in pairs, print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=5000)
    parser.add_argument("--futures", type=int, default=100)
    parser.add_argument("--per-day", type=float, default=20.0, help="new deals per day")
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    started = time.perf_counter()
    small = build_plan(10, 1, 1.0)
    play_futures(small, 0, empty_results(small, 1))
    print(f"compiling or loading the kernel: {time.perf_counter() - started:.1f} s")
    check()
    for label, plan in (
        ("open deals, given their age", build_plan(options.deals, options.futures, 0.0)),
        ("new deals", build_plan(0, options.futures, 200.0)),
        ("both", build_plan(options.deals, options.futures, options.per_day)),
    ):
        rates: dict[str, list[float]] = {name: [] for name in ENGINES}
        cpu_over_wall = []
        for _ in range(options.pairs):
            for name, play in ENGINES.items():
                rate, share = stays_per_second(plan, play)
                rates[name].append(rate)
                cpu_over_wall.append(share)
        kernel = np.array(rates["kernel"])
        print(
            f"{label}: kernel {np.median(kernel) / 1e6:.1f} M stays/s and core; "
            + "; ".join(f"{_spread(kernel / rates[name])} x {name}" for name in list(ENGINES)[1:])
            + f"; cpu/wall at least {min(cpu_over_wall):.2f}"
        )
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}"
    print(f"{versions}, {platform.machine()}")


if __name__ == "__main__":
    main()
