"""Waits for a free person against queueing theory, and against a simulator that shares no code with the engine.

Each check compares means over independent futures: it fails by chance when a standard normal number passes 4.5, which
happens in 7 of a million runs. Each has a control that must fail: the formula for one person more, or other people.
"""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.analysis.inputs import book_of, posterior_of
from simcast.forecast import Forecast
from simcast.plan import build_plan
from simcast.scenario import build_scenario
from simcast.simulation import simulate

Z_MOST = 4.5
ALWAYS = {"hours_per_day": 24, "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
N_FUTURES = 150


def play(
    teams: dict[str, Any], stages: dict[str, Any], per_day: float, days: int, levers: list[dict[str, Any]] | None = None
) -> Forecast:
    """Play stages that all deals pass, with these teams; the as-of date is a Wednesday."""
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": list(stages)},
            "assume": {
                "stages": {name: {"conversion": 1.0, "days": days_there} for name, days_there in stages.items()},
                "arrivals": {"per_day": per_day},
                "amount": 1,
            },
            "forecast": {"as_of": "2026-07-01", "horizon": f"{days} days"},
            "simulation": {"futures": N_FUTURES, "seed": 7},
            "teams": teams,
            "scenarios": {"change": levers} if levers else {},
        }
    )
    posterior = posterior_of(scenario, None, None)
    book = book_of(scenario, None, posterior)
    return simulate(build_plan(posterior, book, scenario, "change" if levers else "baseline"))


def z_of(found: NDArray[np.float64], expected: float, sd_expected: float = 0.0) -> float:
    """Return how many standard errors a mean over futures is off."""
    return float((found.mean() - expected) / math.hypot(found.std(ddof=1) / math.sqrt(len(found)), sd_expected))


def erlang_c_wait(per_day: float, mean_days: float, c: int) -> float:
    """Return the mean wait of M/M/c (Erlang 1917)."""
    load = per_day * mean_days
    below = sum(load**k / math.factorial(k) for k in range(c))
    full = load**c / math.factorial(c) / (1 - load / c)
    return full / (below + full) * mean_days / (c - load)


def test_many_people_with_exponential_effort_wait_as_erlang_says() -> None:
    team = {"serves": ["call"], "headcount": 3, "effort_hours": {"call": {"exponential": 6}}, **ALWAYS}
    waits = play({"people": team}, {"call": 0}, per_day=8.0, days=700).wait_days("call")
    assert abs(z_of(waits, erlang_c_wait(8.0, 0.25, 3))) < Z_MOST
    assert abs(z_of(waits, erlang_c_wait(8.0, 0.25, 4))) > Z_MOST


def test_one_person_with_any_effort_waits_as_pollaczek_and_khinchine_say() -> None:
    sigma, median, per_day = 0.4, 4.0, 4.0
    team = {
        "serves": ["call"],
        "headcount": 1,
        "effort_hours": {"call": {"lognormal": {"median": median, "sigma": sigma}}},
        **ALWAYS,
    }
    waits = play({"people": team}, {"call": 0}, per_day=per_day, days=700).wait_days("call")
    first, second = median / 24 * math.exp(sigma**2 / 2), (median / 24) ** 2 * math.exp(2 * sigma**2)
    wait = per_day * second / (2 * (1 - per_day * first))
    assert abs(z_of(waits, wait)) < Z_MOST
    assert abs(z_of(waits, per_day * first**2 / (1 - per_day * first))) > Z_MOST  # exponential of the same mean


def simulated_waits(
    rng: np.random.Generator,
    per_day: float,
    days: int,
    route: list[tuple[int, float, float]],
    people: list[list[tuple[float, float]]],
    *,
    weekends: bool,
) -> list[float]:
    """Play one future event by event: mean waits by step of a route of (team, mean effort in days, days after start).

    A person is a pair of days, from and until; weekends begin on day 3 of each week, the as-of date being a Wednesday.
    """
    grid = np.arange(days + 200)
    worked = np.concatenate([[0.0], np.cumsum(~np.isin(grid % 7, (3, 4)) if weekends else np.ones(len(grid)))])
    ends = np.concatenate([[0.0], grid + 1.0])
    free = [[since for since, _ in team] for team in people]
    events = [(at, 0) for at in np.sort(rng.uniform(0, days, rng.poisson(per_day * days)))]
    heapq.heapify(events)
    waits: list[list[float]] = [[] for _ in route]
    while events:
        at, step = heapq.heappop(events)
        team, effort, stays = route[step]
        starts = [
            max(at, ready) if max(at, ready) < until else math.inf
            for ready, (_, until) in zip(free[team], people[team], strict=True)
        ]
        who = int(np.argmin(starts))
        done = np.interp(starts[who], ends, worked) + rng.exponential(effort)
        after = np.searchsorted(worked, done)
        free[team][who] = float(ends[after - 1] + done - worked[after - 1])
        waits[step].append(min(starts[who], days) - at)
        leaves = starts[who] + stays
        if step + 1 < len(route) and leaves < days:
            heapq.heappush(events, (leaves, step + 1))
    return [float(np.mean(found)) for found in waits]


def compared(forecast: Forecast, stages: list[str], by_future: list[list[float]]) -> list[float]:
    """Return how far the engine's mean waits are from the simulator's, in standard errors, by stage."""
    simulated = np.array(by_future)
    errors = simulated.std(axis=0, ddof=1) / math.sqrt(len(simulated))
    return [z_of(forecast.wait_days(stage), simulated[:, i].mean(), errors[i]) for i, stage in enumerate(stages)]


@pytest.mark.slow
def test_two_teams_in_a_row_wait_as_another_simulator_finds() -> None:
    def team(stage: str, hours: float) -> dict[str, Any]:
        return {"serves": [stage], "headcount": 2, "effort_hours": {stage: {"exponential": hours}}, **ALWAYS}

    forecast = play({"a": team("one", 6), "b": team("two", 9)}, {"one": 0.5, "two": 0}, per_day=5.0, days=120)
    two = [[(0.0, math.inf)] * 2] * 2

    def others(rng_seed: int, effort: float) -> list[list[float]]:
        rng = np.random.default_rng(rng_seed)
        route = [(0, 0.25, 0.5), (1, effort, 0.0)]
        return [simulated_waits(rng, 5.0, 120, route, two, weekends=False) for _ in range(N_FUTURES)]

    assert max(map(abs, compared(forecast, ["one", "two"], others(1, 9 / 24)))) < Z_MOST
    assert abs(compared(forecast, ["one", "two"], others(2, 8 / 24))[1]) > Z_MOST


@pytest.mark.slow
def test_people_who_come_and_go_serve_two_stages_as_another_simulator_finds() -> None:
    team = {
        "serves": ["one", "two"],
        "headcount": 3,
        "hours_per_day": 8,
        "effort_hours": {"one": {"exponential": 2}, "two": {"exponential": 3}},
    }
    levers: list[dict[str, Any]] = [
        {"lever": "hire", "team": "people", "count": 2, "on": "2026-07-31"},
        {"lever": "leave", "team": "people", "count": 1, "on": "2026-09-29"},
    ]
    forecast = play({"people": team}, {"one": 1.5, "two": 0}, per_day=4.0, days=120, levers=levers)
    there = [(0.0, math.inf)] * 3

    def others(rng_seed: int, hired: list[tuple[float, float]]) -> list[list[float]]:
        rng = np.random.default_rng(rng_seed)
        route = [(0, 0.25, 1.5), (0, 0.375, 0.0)]
        return [simulated_waits(rng, 4.0, 120, route, [there + hired], weekends=True) for _ in range(N_FUTURES)]

    # Who came last leaves first: both are hired on day 30, and one of them leaves on day 90.
    right = compared(forecast, ["one", "two"], others(3, [(30.0, math.inf), (30.0, 90.0)]))
    assert max(map(abs, right)) < Z_MOST
    wrong = compared(forecast, ["one", "two"], others(4, [(40.0, math.inf), (40.0, 90.0)]))
    assert min(map(abs, wrong)) > Z_MOST


@pytest.mark.parametrize(
    "hours", [{"uniform": {"low": 2, "high": 10}}, {"triangular": {"low": 0, "mode": 6, "high": 12}}]
)
def test_effort_from_a_table_of_quantiles_has_its_first_two_moments(hours: dict[str, Any]) -> None:
    per_day = 2.4
    team = {"serves": ["call"], "headcount": 1, "effort_hours": {"call": hours}, **ALWAYS}
    waits = play({"people": team}, {"call": 0}, per_day=per_day, days=700).wait_days("call")
    variance = 64 / 12 if "uniform" in hours else 144 / 24
    first, second = 0.25, (36 + variance) / 24**2
    assert abs(z_of(waits, per_day * second / (2 * (1 - per_day * first)))) < Z_MOST
