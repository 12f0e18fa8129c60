"""The capacity kernel against SimPy and Ciw, on the same line in the same run; compile time apart.

    python benchmarks/waiting_lines.py
    python benchmarks/waiting_lines.py --target     # a desk of 20 through five stages, 10,000 futures

The line: Poisson arrivals, a team of 20 with exponential effort, busy for 85% of its time, 91 days without holidays.
Checked before it is timed: the mean wait of each against Erlang's formula. An event is a stay that has its turn.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Generator
from math import factorial
from typing import Any

import ciw
import numba
import numpy as np
import simpy

from simcast.analysis.inputs import book_of, posterior_of
from simcast.plan import Plan, build_plan
from simcast.scenario import build_scenario
from simcast.simulation import simulate

PER_DAY, PEOPLE, EFFORT_HOURS, DAYS = 33.0, 20, 12.36, 91
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def planned(stages: list[str], n_futures: int, days: int, stay: dict[str, Any], team: dict[str, Any]) -> Plan:
    """Return the plan of a team that serves all stages."""
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": stages},
            "assume": {"stages": dict.fromkeys(stages, stay), "arrivals": {"per_day": PER_DAY}, "amount": 1000},
            "forecast": {"as_of": "2026-07-01", "horizon": f"{days} days", "period": "month"},
            "simulation": {"futures": n_futures, "seed": 1},
            "teams": {"people": {"serves": stages, "headcount": PEOPLE, **team}},
        }
    )
    posterior = posterior_of(scenario, None, None)
    return build_plan(posterior, book_of(scenario, None, posterior), scenario)


def erlang_wait() -> float:
    """Return the mean wait of the line, in days."""
    mean = EFFORT_HOURS / 24
    load = PER_DAY * mean
    full = load**PEOPLE / factorial(PEOPLE) / (1 - load / PEOPLE)
    return full / (sum(load**k / factorial(k) for k in range(PEOPLE)) + full) * mean / (PEOPLE - load)


def with_simpy(n_futures: int) -> tuple[float, int]:
    """Return the mean wait and the number of stays, with SimPy."""
    rng = np.random.default_rng(1)
    waits: list[float] = []

    def stay(environment: simpy.Environment, people: simpy.Resource, came: float) -> Generator[simpy.Event]:
        yield environment.timeout(came)
        with people.request() as turn:
            yield turn
            waits.append(environment.now - came)
            yield environment.timeout(rng.exponential(EFFORT_HOURS / 24))

    for _ in range(n_futures):
        environment = simpy.Environment()
        people = simpy.Resource(environment, PEOPLE)
        for came in rng.uniform(0, DAYS, rng.poisson(PER_DAY * DAYS)):
            environment.process(stay(environment, people, float(came)))
        environment.run(until=DAYS)
    return float(np.mean(waits)), len(waits)


def with_ciw(n_futures: int) -> tuple[float, int]:
    """Return the mean wait and the number of stays, with Ciw."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(PER_DAY)],
        service_distributions=[ciw.dists.Exponential(24 / EFFORT_HOURS)],
        number_of_servers=[PEOPLE],
    )
    waits: list[float] = []
    for future in range(n_futures):
        ciw.seed(future)
        line = ciw.Simulation(network)
        line.simulate_until_max_time(DAYS)
        waits += [record.waiting_time for record in line.get_all_records()]
    return float(np.mean(waits)), len(waits)


def with_simcast(n_futures: int) -> tuple[float, int]:
    """Return the mean wait and the number of stays, with simcast on one thread."""
    team = {"hours_per_day": 24, "working_days": EVERY_DAY, "effort_hours": {"line": {"exponential": EFFORT_HOURS}}}
    forecast = simulate(planned(["line"], n_futures, DAYS, {"conversion": 1.0, "days": 1}, team), threads=1)
    stays = forecast.stage_values("entered", "line")
    return float(np.average(forecast.wait_days("line"), weights=stays)), int(stays.sum())


def timed(play: Callable[[int], tuple[float, int]], n_futures: int) -> float:
    """Print one player's mean wait and speed, and return its events per second of processor time."""
    began = time.process_time()
    wait, n_stays = play(n_futures)
    speed = n_stays / (time.process_time() - began)
    print(
        f"{play.__name__:14} mean wait {wait * 24:5.2f} h (Erlang {erlang_wait() * 24:.2f} h)  {speed:12,.0f} stays/s"
    )
    return speed


def target(n_futures: int) -> None:
    """Time 1,000 deals a month with a team of 20 through five stages."""
    stages = ["one", "two", "three", "four", "five"]
    team = {"hours_per_day": 6, "effort_hours": dict.fromkeys(stages, 1.0)}
    plan = planned(stages, n_futures, 31, {"conversion": 0.7, "days": {"lognormal": {"median": 2, "sigma": 0.8}}}, team)
    simulate(planned(stages, 1, 31, {"conversion": 0.7, "days": 1}, team), threads=1)  # compiles
    began, processor = time.perf_counter(), time.process_time()
    forecast = simulate(plan)
    n_stays = sum(forecast.stage_values("entered", stage).sum() for stage in stages)
    wall, processor = time.perf_counter() - began, time.process_time() - processor
    print(
        f"{n_futures:,} futures, {n_stays / n_futures:,.0f} stays each, busy "
        f"{float(forecast.results['team_utilisation'].mean()):.0%}: {wall:.1f} s on {os.cpu_count()} processors, "
        f"{processor:.1f} s of processor time, {processor / n_stays * 1e9:,.0f} ns per stay"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--futures", type=int, default=2000)
    parser.add_argument("--target", action="store_true")
    arguments = parser.parse_args()
    print(
        f"Python {sys.version.split()[0]}, Numba {numba.__version__}, {platform.machine()}, {os.cpu_count()} processors"
    )
    if arguments.target:
        target(arguments.futures if arguments.futures != 2000 else 10_000)
        return
    with_simcast(1)  # compiles
    ours = timed(with_simcast, arguments.futures)
    for peer in (with_simpy, with_ciw):
        print(f"{'':14} {ours / timed(peer, max(1, arguments.futures // 200)):,.0f} times as fast as {peer.__name__}")


if __name__ == "__main__":
    main()
