"""How forecasts hold in worlds that break what the model assumes, and whether it is noticed where they do not.

    python -m benchmarks.stress_worlds --out runs/stress.jsonl
    python -m benchmarks.stress_worlds --worlds 2 --quick --out runs/stress_quick.jsonl
    python -m benchmarks.stress_worlds --quick --kind "shared shocks" --independent --out runs/independent.jsonl
    python -m benchmarks.stress_worlds --quick --kind calm --dates 12 --out runs/twice_the_dates.jsonl

The third leaves the weather of conversion and speed out of the model: what independent deals would make of it. The last
goes on for six more dates in worlds of one kind: by six, the intervals of a right model seem too narrow now and then.

World k is of kind k modulo the number of kinds (`simcast.synthetic.stresses`). Its last six stretches of 35 days are
each forecast from their first day, with what was known then, through the functions of `simcast backtest`. A world
counts as held when 90% intervals of bookings and wins hold at least 80% of the truths; else it should be flagged: by
the backtest (coverage significantly off), or by the predictive checks of the last fit. One JSON line per world goes to
--out; what is there already is not done again.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import simcast
from benchmarks.runs import Record, put_into_document, run_missing, table
from benchmarks.world_files import read_world
from simcast.backtesting import judge, summarise
from simcast.errors import SimcastError
from simcast.model import FitSettings, load_or_fit
from simcast.predictive_checks import check_predictions
from simcast.synthetic.stresses import FIRST_DAY, KINDS, stress_world
from simcast.synthetic.worlds import simulate_world

N_DATES, DAYS_FORECAST = 6, 35  # no whole months, which differ in length
N_FUTURES = 2000
WANTED_INTERVAL, WANTED_COVERAGE = 0.9, 0.8


def study_world(seed: int, settings: Mapping[str, Any], n_dates: int = N_DATES) -> Record:
    """Backtest one world, and tell whether its intervals held and whether anything was flagged."""
    kind = list(KINDS)[seed % len(KINDS)]
    about = {"kind": kind, "world": seed // len(KINDS), "dates": n_dates}
    days_after = n_dates * DAYS_FORECAST
    drawn = stress_world(kind, 1000 + seed, days_after)
    events = simulate_world(drawn.world, FIRST_DAY, seed)
    fitting = FitSettings(**settings)
    history, scenario = read_world(
        drawn.world, events, FIRST_DAY, drawn.n_days_known + days_after, DAYS_FORECAST, N_FUTURES
    )
    first = np.datetime64(FIRST_DAY, "D") + np.timedelta64(drawn.n_days_known, "D")
    origins = [first + np.timedelta64(DAYS_FORECAST * k, "D") for k in range(n_dates)]
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = simcast.backtest(
                history, scenario, origins=origins, settings=fitting, store=Path(folder), threads=1
            )
        except SimcastError as error:
            return about | {"error": str(error)}
    summary = summarise(found)
    judgement = judge(found, summary)
    known = history.known_at(origins[-1])
    failed = [
        each for each in check_predictions(load_or_fit(known, settings=fitting), known) if each.verdict == "fails"
    ]
    coverage = {
        metric: {str(level): _number(held) for level, held in part.methods["simcast"].coverage.items()}
        for metric, part in summary.metrics.items()
    }
    told = [by_level[str(WANTED_INTERVAL)] for by_level in coverage.values()]
    mean = float(np.mean([held for held in told if held is not None]))
    return about | {
        "n_deals": history.n_deals,
        "coverage": coverage,
        "held": mean >= WANTED_COVERAGE,
        "flags": [*judgement.reasons, *(f"check: {each.name}, {each.part}" for each in failed[:5])],
        "ratio": {each.against: _number(each.ratio) for each in summary.metrics["wins"].ratios},
    }


def _number(value: float) -> float | None:
    """Return what JSON can hold: nothing for what is not a number, such as a ratio to an error of 0."""
    return float(value) if math.isfinite(value) else None


def tables(records: Iterable[Record]) -> str:
    """Return a row per kind of world, and in how many of all worlds the intervals held."""
    done = [record for record in records if "coverage" in record]
    rows = []
    for kind in KINDS:
        of_kind = [record for record in done if record["kind"] == kind]
        if of_kind:
            missed = [record for record in of_kind if not record["held"]]
            rows.append(
                [
                    kind,
                    len(of_kind),
                    *(f"{_mean(of_kind, level):.0%}" for level in ("0.8", "0.9")),
                    f"{len(of_kind) - len(missed)} of {len(of_kind)}",
                    f"{sum(bool(record['flags']) for record in missed)} of {len(missed)}",
                    f"{_ratio(of_kind):.2f}",
                ]
            )
    header = ["worlds", "n", "in 80%", "in 90%", "held", "flagged of the others", "CRPS of wins / weighted pipeline's"]
    held = sum(record["held"] for record in done)
    return f"{table(header, rows)}\n\n90% intervals held at least 80% of the truths in {held} of {len(done)} worlds."


def _mean(records: list[Record], level: str) -> float:
    found = [held[level] for record in records for held in record["coverage"].values()]
    return float(np.mean([held for held in found if held is not None]))


def _ratio(records: list[Record]) -> float:
    found = [record["ratio"]["weighted_pipeline"] for record in records]
    return float(np.mean([ratio for ratio in found if ratio is not None]))


def main() -> None:
    """Do what is missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("runs/stress.jsonl"), help="a file of JSON lines")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="processes, of one thread each")
    parser.add_argument("--quick", action="store_true", help="fits with few draws")
    parser.add_argument("--kind", choices=tuple(KINDS), help="worlds of one kind only")
    parser.add_argument("--dates", type=int, default=N_DATES, help="how many stretches of 35 days to forecast")
    parser.add_argument("--independent", action="store_true", help="fits in which deals share no weather")
    parser.add_argument("--markdown", type=Path, help="the document into which to write the tables")
    options = parser.parse_args()
    settings: dict[str, Any] = {"quick": True} if options.quick else {}
    if options.independent:
        settings["weather"] = "none"
    kinds = list(KINDS)
    seeds = [seed for seed in range(options.worlds) if options.kind in {None, kinds[seed % len(kinds)]}]
    records = run_missing(options.out, partial(study_world, n_dates=options.dates), seeds, settings, options.jobs)
    text = tables(records)
    print(text)
    if options.markdown:
        put_into_document(options.markdown, "stress worlds", text)


if __name__ == "__main__":
    main()
