"""What a stage learns of how segments do at the other stages, against histories whose truth is known.

    python -m benchmarks.other_stages --markdown docs/model.md
    python -m benchmarks.other_stages --histories 2 --out runs/other_stages_few.jsonl

Four sources differ, alike at all of five stages or at each by itself; each history is fitted quickly with
``across_stages`` none and auto. Compared is by how much the logarithm of each source's chance to be won, from the first
stage on, lies above the mean of the four: what a fit finds against what is true. One JSON line per history goes to
--out, of four fits; what is there already is not done again. Slow tests ask for as much of eight histories
(`tests/recovery/test_standing.py`).
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

import simcast
from benchmarks.coverage_tables import mean_by_world
from benchmarks.plain_worlds import TrueStage, World
from benchmarks.runs import Record, put_into_document, run_missing, table
from simcast.model import FitSettings

Floats = NDArray[np.float64]

STAGES = ("лид", "call", "meeting", "proposal", "contract")
SOURCES = ("ads", "cold", "referral", "сайт")
N_DAYS, SPREAD = 182, 0.4
"""Half a year of some 1,100 deals, whose odds at a stage differ between sources by a factor of about 1.5."""

KINDS = {"alike at all stages": True, "at each stage apart": False}
FITTED = {"each stage by itself": "none", "with the other stages": "auto"}


def centred(values: Floats) -> Floats:
    """Return values less their mean along the first axis."""
    return np.asarray(values - values.mean(axis=0))


def world_of(lasting: bool, generator: np.random.Generator) -> World:
    """Return a world whose sources differ alike at all stages, or at each by itself."""
    own = centred(generator.normal(0.0, SPREAD, (len(SOURCES), 1 if lasting else len(STAGES))))
    medians = np.exp(generator.normal(np.log(9.0), 0.5, len(STAGES)))
    conversion = expit(generator.normal(0.2, 0.4, len(STAGES)) + own).T
    return World(
        STAGES,
        SOURCES,
        tuple(
            TrueStage(chance, np.full((len(SOURCES), 2), days), np.full(2, 0.8), 0.02)
            for chance, days in zip(np.broadcast_to(conversion, (len(STAGES), len(SOURCES))), medians, strict=True)
        ),
        rate=np.array([2.1, 1.5, 0.9, 1.5]),
        weekday=np.ones(7),
        trend_per_year=0.0,
        size=20.0,
        amount_median=np.full(len(SOURCES), 100.0),
        amount_sigma=0.5,
    )


@dataclass(frozen=True)
class Differences:
    """How the logs of the sources' chances to be won lie round their mean, in one history.

    Parameters
    ----------
    true, fitted : float64, (n_sources,)
        What is so, and the mean of the draws.
    held : bool, (n_sources,)
        Whether the 80% interval of the draws holds the truth.
    n_deals
        Of the history.
    """

    true: Floats
    fitted: Floats
    held: NDArray[np.bool_]
    n_deals: int


@dataclass(frozen=True)
class Found:
    """What fits find of the differences.

    `slope` is how much of the true differences is found, 1 for all; `error` is the root mean square of what is missed;
    `held` is how many of the 80% intervals, one per source and world, contain the truth.
    """

    slope: float
    error: float
    held: int

    @classmethod
    def of(cls, histories: Sequence[Differences]) -> Found:
        """Sum up the differences of several histories."""
        true, fitted = (np.array([getattr(each, name) for each in histories]) for name in ("true", "fitted"))
        slope = float((fitted * true).sum() / (true**2).sum())
        held = sum(int(each.held.sum()) for each in histories)
        return cls(slope, float(np.sqrt(np.mean((fitted - true) ** 2))), held)


def differences(lasting: bool, across_stages: str, seed: int) -> Differences:
    """Fit one history and compare its sources."""
    settings = FitSettings(
        quick=True, durations="lognormal", calendar="none", weather="none", across_stages=across_stages
    )
    world = world_of(lasting, np.random.default_rng(seed))
    history = world.history(N_DAYS, seed)
    draws = simcast.fit(history, settings=settings).draws
    moves = zip(STAGES, [*STAGES[1:], "won"], strict=True)
    chances = [draws["probability"].sel(stage=stage, move=move) for stage, move in moves]
    log_win = sum(np.log(chance.transpose("segment", "draw").to_numpy()) for chance in chances)
    drawn = centred(np.asarray(log_win))
    true = centred(np.log([stage.conversion for stage in world.truth]).sum(axis=0))
    low, high = np.quantile(drawn, [0.1, 0.9], axis=1)
    return Differences(true, drawn.mean(axis=1), (low <= true) & (true <= high), history.n_deals)


def found(lasting: bool, across_stages: str, n_histories: int) -> Found:
    """Return what the fits of so many histories find."""
    return Found.of([differences(lasting, across_stages, seed) for seed in range(n_histories)])


def study_history(seed: int, settings: Mapping[str, object]) -> Record:  # noqa: ARG001
    """Fit the histories of a seed, of both kinds and in both ways."""
    started = time.monotonic()
    rows = []
    for kind, lasting in KINDS.items():
        for fitted, across_stages in FITTED.items():
            one = differences(lasting, across_stages, seed)
            rows.append(
                {
                    "kind": kind,
                    "fitted": fitted,
                    "n_deals": one.n_deals,
                    "true": one.true.tolist(),
                    "found": one.fitted.tolist(),
                    "held": one.held.tolist(),
                }
            )
    return {"rows": rows, "seconds": time.monotonic() - started}


def tables(records: Sequence[Record]) -> str:
    """Return a sentence of what was fitted, and a row per kind of history and way to fit it."""
    rows = []
    for kind in KINDS:
        for fitted in FITTED:
            histories = _of(records, kind, fitted)
            sums = Found.of(histories)
            held = [(seed, float(inside)) for seed, each in enumerate(histories) for inside in each.held]
            covered, error = mean_by_world(held)
            plus_minus = "" if math.isnan(error) else f", {covered:.0%} ± {error:.0%}"
            rows.append(
                [kind, fitted, f"{sums.slope:.2f}", f"{sums.error:.2f}", f"{sums.held} of {len(held)}{plus_minus}"]
            )
    n_deals = [row["n_deals"] for record in records for row in record["rows"]]
    header = (
        "sources differ",
        "fitted",
        "share of the differences that is found",
        "error (RMS)",
        "80% intervals that contain the truth",
    )
    return (
        f"{len(records)} histories of each kind, of {min(n_deals):,} to {max(n_deals):,} deals, quick fits; "
        f"± is a standard error, with the {len(SOURCES)} sources of a history counted as one observation.\n\n"
        f"{table(header, rows)}"
    )


def _of(records: Iterable[Record], kind: str, fitted: str) -> list[Differences]:
    return [
        Differences(np.array(row["true"]), np.array(row["found"]), np.array(row["held"]), row["n_deals"])
        for record in records
        for row in record["rows"]
        if (row["kind"], row["fitted"]) == (kind, fitted)
    ]


def main() -> None:
    """Do what is missing, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=16, help="how many of each kind")
    parser.add_argument("--out", type=Path, default=Path("runs/other_stages.jsonl"), help="a file of JSON lines")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="processes, of one thread each")
    parser.add_argument("--markdown", type=Path, help="the document into which to write the table")
    options = parser.parse_args()
    records = run_missing(options.out, study_history, range(options.histories), {"quick": True}, options.jobs)
    text = tables(records)
    print(text)
    if options.markdown:
        put_into_document(options.markdown, "other stages", text)


if __name__ == "__main__":
    main()
