"""The most memory that a run holds, each in a fresh process, against its bounds.

    python -m benchmarks.memory
    python -m benchmarks.memory --deals 100000      # a quicker look at the last bound

Three bounds: 10,000 futures of 365 days in 50 segments, by month and by segment, within 700 MB; four times the futures
add at most a tenth beyond the result itself; a million open deals in 1,000 futures within 1.5 GB. Each run is
assumed, planned, simulated and summarised as `simcast run` does it, with one thread per processor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MB = 1e6
MOST_OF_A_YEAR, MOST_ADDED, MOST_OF_MANY_DEALS = 700 * MB, 0.10, 1500 * MB
N_SEGMENTS = 50


def scenario_of(futures: int, deals: int, per_day: float, until: str, period: str) -> dict[str, Any]:
    """Return a scenario of five stages and fifty segments."""
    names = ["lead", "call", "meeting", "proposal", "contract"]
    days = {"lognormal": {"median": 9, "sigma": 0.8}}
    return {
        "simcast": 1,
        "pipeline": {"stages": names},
        "assume": {
            "segments": {"source": {f"source {k}": 1 / N_SEGMENTS for k in range(N_SEGMENTS)}},
            "stages": {name: {"conversion": {"beta": [60, 40]}, "days": days, "days_lost": days} for name in names},
            "arrivals": {"per_day": per_day},
            "amount": {"lognormal": {"median": 12000, "sigma": 0.9}},
            "open": [{"stage": name, "count": deals // len(names), "age_days": 5} for name in names],
        },
        "forecast": {"as_of": "2026-01-01", "until": until, "period": period, "by": ["source"]},
        "simulation": {"futures": futures, "seed": 1},
    }


def most_memory() -> float:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the process that started this one held
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024
    most = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return most if sys.platform == "darwin" else most * 1024


def run_one(settings: dict[str, Any]) -> dict[str, float]:
    """Run one scenario in this process, and return what it took, in bytes and seconds."""
    from simcast import analysis
    from simcast.report import run_document
    from simcast.scenario import build_scenario

    ready = most_memory()
    wall, cpu = time.perf_counter(), time.process_time()
    run = analysis.run(build_scenario(scenario_of(**settings)))
    run_document(run)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    result = sum(forecast.results.nbytes for forecast in run.forecasts.values())
    return {"most": most_memory(), "ready": ready, "result": float(result), "cpu": cpu, "wall": wall}


def measure(**settings: object) -> dict[str, float]:
    """Run one scenario in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.memory", "--one", json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    found: dict[str, float] = json.loads(done.stdout)
    print(
        f"{settings['futures']} futures, {settings['deals']} open deals, until {settings['until']} by "
        f"{settings['period']}: {found['most'] / MB:,.0f} MB at most, of which {found['ready'] / MB:,.0f} before it "
        f"began and {found['result'] / MB:,.0f} the result; {found['cpu']:.0f} s of processor, {found['wall']:.0f} s",
        flush=True,
    )
    return found


def verdict(name: str, value: float, bound: float) -> None:
    """Say how far a value is below its bound."""
    print(f"  {name}: {value / bound:.2f} of the bound{'' if value <= bound else ', WHICH IS BROKEN'}", flush=True)


def main() -> None:
    """Measure all, print each against its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--futures", type=int, default=10_000)
    parser.add_argument("--deals", type=int, default=1_000_000)
    parser.add_argument("--deal-futures", type=int, default=1000, help="futures of the run with many open deals")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run_one(json.loads(options.one))))
        return
    measure(futures=10, deals=50, per_day=1.0, until="2026-01-31", period="month")  # compiles what is not yet
    year = {"deals": 500, "per_day": 2.0, "until": "2026-12-31", "period": "month"}
    one = measure(futures=options.futures, **year)
    verdict("a year in 50 segments", one["most"], MOST_OF_A_YEAR)
    four = measure(futures=4 * options.futures, **year)
    added = (four["most"] - one["most"]) - (four["result"] - one["result"])
    verdict("added by four times the futures, beyond the result", added, MOST_ADDED * one["most"])
    many = measure(futures=options.deal_futures, deals=options.deals, per_day=100.0, until="2026-03-31", period="month")
    verdict("many open deals", many["most"], MOST_OF_MANY_DEALS)
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}, {platform.system()}")


if __name__ == "__main__":
    main()
