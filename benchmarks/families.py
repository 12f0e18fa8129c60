"""What stays of other kinds take, as a multiple of lognormal ones: processor time per stay, in alternation.

    python -m benchmarks.families

The work is that of `benchmarks.engine`, open deals and new ones, with one thing changed at a time: the family of all
days, moves that lead back, days that end by a calendar, or chances that go with the amounts of open deals; and, to
compare with, open deals alone and new ones alone. What each kind draws is held against closed forms and a twin in plain
Python by the tests of the engine.
"""

from __future__ import annotations

import argparse
import platform
import time

import numpy as np

from benchmarks.engine import HORIZON, N_SEGMENTS, N_SLOTS, N_STAGES, build_plan
from simcast.engine.clock import first_days
from simcast.engine.kernel import play_futures
from simcast.engine.layout import KernelPlan, empty_results
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, GAMMA, HAZARD_CODE, LOGLOGISTIC, WEIBULL


def of_family(plan: KernelPlan, family: int) -> KernelPlan:
    """Return the plan with all days of one family; shapes from 0.6 to 1 are ones that each family can have."""
    return plan._replace(family=np.full_like(plan.family, family))


def with_hazards(plan: KernelPlan) -> KernelPlan:
    """Return the plan with hazards by day, falling with the days: fifteen pieces of a day, then wider and wider ones.

    The moves' probabilities stay as they were and are not what these hazards add up to: only the time is of interest.
    """
    n_draws, n_pieces = len(plan.probability), 30
    start = np.append(np.arange(15.0), np.round(np.geomspace(15.0, 400.0, n_pieces - 14)))
    rate = np.broadcast_to(0.12 / (1.0 + start[:-1] / 10.0), (n_draws, N_STAGES, N_SLOTS - 1, n_pieces))
    per_move = plan.probability[..., : N_SLOTS - 1].copy()
    return of_family(plan, HAZARD_CODE)._replace(
        hazard_row=np.arange(N_STAGES),
        hazard_start=start,
        hazard_rate=rate.copy(),
        hazard_factor=per_move,
        deal_age=np.ceil(plan.deal_age),
    )


def leading_back(plan: KernelPlan) -> KernelPlan:
    """Return the plan with the second move of each stage but the first leading back to the one before."""
    destination = plan.destination.copy()
    destination[1:, 1] = np.arange(N_STAGES - 1)
    return plan._replace(destination=destination)


def by_calendar(plan: KernelPlan) -> KernelPlan:
    """Return the plan with hardly anything ending at weekends, and twice as much in the last third of the horizon."""
    weight = np.where(np.arange(HORIZON) % 7 < 5, 1.36, 0.1) * np.where(
        np.arange(HORIZON) < 2 * HORIZON // 3, 0.75, 1.5
    )
    passed = np.append(0.0, np.cumsum(weight))[None]
    return plan._replace(
        clock_of=np.zeros((N_STAGES, N_SLOTS), np.int64),
        clock_passed=passed,
        clock_opening=np.zeros((1, HORIZON)),
        clock_from_day=first_days(passed),
    )


def by_amount(plan: KernelPlan) -> KernelPlan:
    """Return the plan with the odds of moving on falling as the root of an open deal's amount."""
    n_draws = len(plan.probability)
    return plan._replace(
        amount_slope=np.full((n_draws, N_STAGES), -0.5),
        amount_offset=np.zeros((n_draws, N_STAGES, N_SEGMENTS)),
        deal_log_amount=np.log(plan.deal_amount / np.median(plan.deal_amount)),
    )


def seconds_per_stay(plan: KernelPlan) -> float:
    """Return the processor time of all futures of a plan on one thread, per stay."""
    results = empty_results(plan, len(plan.draw_of_future))
    before = time.process_time()
    play_futures(plan, 0, results)
    seconds = time.process_time() - before
    return seconds / (int(results.entered.sum()) + len(plan.deal_key) * len(plan.draw_of_future))


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=5000)
    parser.add_argument("--futures", type=int, default=100)
    parser.add_argument("--per-day", type=float, default=20.0, help="new deals per day")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()

    base = build_plan(options.deals, options.futures, options.per_day)
    others = {
        "exponential days": of_family(base, EXPONENTIAL),
        "Weibull days": of_family(base, WEIBULL),
        "log-logistic days": of_family(base, LOGLOGISTIC),
        "constant days": of_family(base, CONSTANT),
        "gamma days": of_family(base, GAMMA),
        "hazards by day": with_hazards(base),
        "moves that lead back": leading_back(base),
        "days that end by a calendar": by_calendar(base),
        "chances that go with amounts": by_amount(base),
        "open deals only, given their age": build_plan(options.deals, options.futures, 0.0),
        "new deals only": build_plan(0, options.futures, options.per_day + options.deals / HORIZON),
    }
    seconds_per_stay(base)
    for name, plan in others.items():
        pairs = [(seconds_per_stay(plan), seconds_per_stay(base)) for _ in range(options.rounds)]
        ratio = np.median([one / other for one, other in pairs])
        least = 1e9 * min(one for one, _ in pairs)
        print(f"{name}: {ratio:.2f} times as long per stay ({least:.0f} ns at least)", flush=True)
    nanoseconds = 1e9 * min(seconds_per_stay(base) for _ in range(options.rounds))
    print(f"lognormal days, open deals and new ones: {nanoseconds:.0f} ns at least")
    print(f"Python {platform.python_version()}, {platform.machine()}")


if __name__ == "__main__":
    main()
