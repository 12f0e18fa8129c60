"""How long a command takes from its start: the help, a run that finds everything stored, and a run that compiles.

    python -m benchmarks.cold_start

The run forecasts 5,000 open deals in 10,000 futures on a stored posterior, which is assumed and stored as a fit of the
deals' history would be. Wall time and processor time (user and system, which other work on the machine disturbs
less), medians over fresh processes; the first of them, which may read from disk what the others find in memory, is
left out. The cold run has an empty folder for compiled code.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_HELP, MOST_WARM, MOST_COLD = 0.3, 2.5, 10.0

SCENARIO = """
simcast: 1
pipeline: {stages: [lead, call, meeting, proposal, contract]}
history: {path: deals.csv}
forecast: {as_of: 2026-07-01, until: 2026-09-30, period: month}
simulation: {futures: FUTURES}
"""


def store_posterior(folder: Path, deals: int, futures: int) -> Path:
    """Write a scenario, its history, and a posterior under the fingerprint of its fit; return the scenario."""
    import simcast
    from simcast.assume import assumed_posterior
    from simcast.model import FitSettings
    from simcast.posterior import fit_fingerprint, posterior_path
    from simcast.scenario import Assumptions, load_scenario

    file = folder / "question.yaml"
    file.write_text(SCENARIO.replace("FUTURES", str(futures)), encoding="utf-8")
    names = ["lead", "call", "meeting", "proposal", "contract"]
    with (folder / "deals.csv").open("w", encoding="utf-8") as log:
        log.write("deal,stage,entered,amount\n")
        for deal in range(deals):
            for number, name in enumerate(names[: deal % len(names) + 1]):
                log.write(
                    f"D{deal},{name},2026-{5 + number // 4:02d}-{1 + number % 4 * 7 + deal % 7:02d},{1000 + deal}\n"
                )
    scenario = load_scenario(file)
    pipeline = scenario.pipeline_definition
    known = simcast.read_history(folder / "deals.csv", pipeline).known_at("2026-07-01")
    settings = FitSettings.of(scenario.history.model if scenario.history else None).plain()
    fingerprint = fit_fingerprint(known.digest, pipeline, known.segments, settings, 1)
    stages = {
        name: {"conversion": {"beta": [60, 40]}, "days": {"lognormal": {"median": 12, "sigma": 0.9}}} for name in names
    }
    arrivals = {"per_day": 20}
    assumed = Assumptions.model_validate(
        {"stages": stages, "arrivals": arrivals, "amount": {"lognormal": {"median": 12000, "sigma": 0.9}}}
    )
    replace(assumed_posterior(pipeline, assumed), fingerprint=fingerprint).save(posterior_path(fingerprint))
    return file


def seconds(arguments: list[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command of simcast in a fresh process, and return its wall and its processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    command = [sys.executable, "-m", "simcast", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(environment))
    wall = time.perf_counter() - wall
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def show(name: str, bound: float, times: list[tuple[float, float]]) -> None:
    """Print medians against a bound."""
    wall, cpu = (statistics.median(part) for part in zip(*times, strict=True))
    least = min(min(pair) for pair in times)
    print(
        f"{name}: {wall:.2f} s, of processor {cpu:.2f} s, the least {least:.2f} s; processor time is {cpu / bound:.2f} "
        f"of the bound of {bound:g} s",
        flush=True,
    )


def repeated(times: int, run: Callable[[], tuple[float, float]]) -> list[tuple[float, float]]:
    """Run once to warm up, then so many times."""
    run()
    return [run() for _ in range(times)]


def main() -> None:
    """Measure the three, print each against its bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=5000)
    parser.add_argument("--futures", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SIMCAST_CACHE"] = str(folder / "cache")
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation keeps its bytecode
        show("simcast --help", MOST_HELP, repeated(options.times, lambda: seconds(["--help"], environment)))
        file = store_posterior(folder, options.deals, options.futures)
        run = ["run", str(file), "--json", "--out", str(folder / "out")]
        show("simcast run, warm", MOST_WARM, repeated(options.times, lambda: seconds(run, environment)))
        cold = {**environment, "NUMBA_CACHE_DIR": str(folder / "compiled")}
        show("simcast run, nothing compiled", MOST_COLD, [seconds(run, cold)])
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}, {platform.system()}")


if __name__ == "__main__":
    main()
