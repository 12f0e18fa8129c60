"""How right forecasts are in four fields: a web funnel, renewals, hiring, fundraising.

    python -m benchmarks.fields --markdown docs/fields.md
    python -m benchmarks.fields --histories 1 --field hiring --out runs/hiring.jsonl
    python -m benchmarks.fields --full --out runs/fields_full.jsonl

Generators with a known truth (`benchmarks/field_worlds.py`) leave histories, written as csv files in the shape that
people of each field have (`benchmarks/field_files.py`). `simcast init --from` proposes the scenario, of which only what
the user knows is set: the time zone of the events, the days asked for, and that the list of investors is closed. The
forecast is that of `simcast run`, with quick fits unless --full. The truth is the same generator, replayed many times
from the stays that are open on the as-of date. One JSON line per history goes to --out; what is there already is not
done again.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.coverage_tables import inside, mean_by_world
from benchmarks.field_files import AS_OF, FILES, ZONE
from benchmarks.field_worlds import FIELDS, WON, Field, Past, past_of, true_wins
from benchmarks.runs import Record, put_into_document, run_missing, table
from simcast.analysis import Run, run
from simcast.errors import SimcastError
from simcast.posterior.store import CACHE_VARIABLE
from simcast.scenario import BASELINE, Scenario, load_scenario
from simcast.starting import Said, propose

LEVEL = 0.8
N_REPLAYS, N_FUTURES = 400, 4000
SAID = {"web funnel": Said(time_zone=ZONE)}
CLOSED_LIST = "assume.arrivals.per_day=0"
NAMES = tuple(FIELDS)
N_HISTORIES = dict(zip(NAMES, (6, 8, 16, 24, 24, 24), strict=True))
"""Fits of the first two take minutes, those of the others seconds; and these have few wins each."""
SEEDS_APART = 1000


def scenario_of(
    name: str, field: Field, past: Past, seed: int, folder: Path, overrides: Sequence[str] = ()
) -> tuple[Scenario, int]:
    """Write a history to a file and return the scenario that `simcast init --from` proposes, and the rows of the file.

    Parameters
    ----------
    name
        One of `FIELDS`.
    field, past, seed
        Its law, the history, and of what number it is.
    folder
        Where file and scenario go.
    overrides
        Values set beside those that the user knows.
    """
    rows = FILES[name](field, past, np.random.default_rng([seed, 2]))
    file = folder / f"{name.partition(',')[0].replace(' ', '_')}.csv"
    rows.to_csv(file, index=False)
    proposal = propose(str(file), folder / "scenario", said=SAID.get(name), today=AS_OF.item())
    asked = [f"forecast.as_of={AS_OF}", f"forecast.horizon={field.n_ahead} days", f"simulation.futures={N_FUTURES}"]
    if field.listed:
        asked.append(CLOSED_LIST)
    return load_scenario(proposal.scenario, overrides=[*asked, *overrides]), len(rows)


def study_history(seed: int, settings: Mapping[str, Any]) -> Record:
    """Forecast one history and replay its truth; history k is number k modulo 1000 of field k // 1000."""
    name, number, started = NAMES[seed // SEEDS_APART], seed % SEEDS_APART, time.monotonic()
    field = FIELDS[name]()
    past = past_of(field, number)
    about = {
        "field": name,
        "n_subjects": len(past.begun),
        "n_won": int((past.ends.to == WON).sum()),
        "n_days": field.n_days,
        "n_ahead": field.n_ahead,
    }
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE_VARIABLE] = folder
        quick = f"history.model.quick={str(settings['quick']).lower()}"
        scenario, n_rows = scenario_of(name, field, past, number, Path(folder), [quick])
        try:
            forecast = run(scenario, names=[BASELINE], threads=1)
        except SimcastError as error:
            return about | {"error": str(error)}
    truth = true_wins(field, past, number, N_REPLAYS)
    return about | {"n_rows": n_rows} | judged(forecast, truth) | {"seconds": round(time.monotonic() - started, 1)}


def judged(forecast: Run, truth: NDArray[np.int64]) -> Record:
    """Compare the wins of the futures with those of the replays."""
    wins = forecast.forecasts[BASELINE].values("wins")
    low, high = 0.5 * (1.0 - LEVEL), 0.5 * (1.0 + LEVEL)
    return {
        "truth": _in_short(truth, low, high),
        "forecast": _in_short(wins, low, high),
        "covered": float(np.mean([inside([(wins < x).mean(), (wins <= x).mean()], LEVEL) for x in truth.tolist()])),
        "trusted": forecast.trusted,
        "warnings": list(forecast.warnings),
    }


def _in_short(wins: NDArray[Any], low: float, high: float) -> list[float]:
    """Return mean and interval."""
    return [float(wins.mean()), *(float(edge) for edge in np.quantile(wins, [low, high]))]


def tables(records: Sequence[Record]) -> str:
    """Return what was done in a sentence, and a row per field."""
    done = [record for record in records if "covered" in record]
    rows = [_row(name, of_field) for name in NAMES if (of_field := [each for each in done if each["field"] == name])]
    header = (
        "field",
        "histories",
        "history",
        "forecast",
        "wins, truth",
        "wins, forecast",
        "forecast / truth: median (range)",
        "true means in the interval",
        "true futures in the interval",
    )
    by_field = {name: [each["trusted"] for each in done if each["field"] == name] for name in NAMES}
    passed = "; ".join(f"{sum(each)} of {len(each)} of {name}" for name, each in by_field.items() if each)
    fits = "quick" if all(record["settings"]["quick"] for record in records) else "full"
    failed = f"; {len(records) - len(done)} failed" if len(done) < len(records) else ""
    return (
        f"{len(done)} histories, {fits} fits{failed}. Wins are means over histories of the mean and of the {LEVEL:.0%} "
        f"interval; the truth is that of {N_REPLAYS} replays of each. ± is a standard error. Fits whose diagnostics "
        f"failed are counted like the others. Passed were {passed}.\n\n{table(header, rows)}"
    )


def _row(name: str, records: Sequence[Record]) -> list[object]:
    covered, error = mean_by_world([(number, record["covered"]) for number, record in enumerate(records)])
    ratios = [record["forecast"][0] / record["truth"][0] for record in records]
    held = [record["forecast"][1] <= record["truth"][0] <= record["forecast"][2] for record in records]
    subjects, rows, won = (_range(record[key] for record in records) for key in ("n_subjects", "n_rows", "n_won"))
    return [
        name,
        len(records),
        f"{subjects} in {rows} rows, {records[0]['n_days']} days, {won} won",
        f"{records[0]['n_ahead']} days",
        *(_mean_and_interval([record[key] for record in records]) for key in ("truth", "forecast")),
        f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
        f"{sum(held)} of {len(records)}",
        f"{covered:.0%}" + ("" if math.isnan(error) else f" ± {error:.0%}"),
    ]


def _range(values: Any) -> str:  # noqa: ANN401
    found = sorted(values)
    return f"{found[0]:,}" if found[0] == found[-1] else f"{found[0]:,} to {found[-1]:,}"


def _mean_and_interval(found: Sequence[Sequence[float]]) -> str:
    mean, low, high = np.mean(found, axis=0)
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


def main() -> None:
    """Do what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    counts = ", ".join(f"{count} of {name}" for name, count in N_HISTORIES.items())
    parser.add_argument("--histories", type=int, help=f"how many of each field, instead of {counts}")
    parser.add_argument("--field", choices=NAMES, help="histories of one field only")
    parser.add_argument("--full", action="store_true", help="fits as `simcast run` makes them without --quick")
    parser.add_argument("--out", type=Path, default=Path("runs/fields.jsonl"), help="a file of JSON lines")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="processes, of one thread each")
    parser.add_argument("--markdown", type=Path, help="the document into which to write the table")
    options = parser.parse_args()
    seeds = [
        position * SEEDS_APART + number
        for position, name in enumerate(NAMES)
        if options.field in {None, name}
        for number in range(options.histories or N_HISTORIES[name])
    ]
    records = run_missing(options.out, study_history, seeds, {"quick": not options.full}, options.jobs)
    text = tables(records)
    print(text)
    if options.markdown:
        put_into_document(options.markdown, "fields", text)


if __name__ == "__main__":
    main()
