"""How often intervals hold the truth: fits and forecasts of synthetic worlds, from the file to the quarter's bookings.

    python -m benchmarks.interval_coverage --out runs/coverage.jsonl
    python -m benchmarks.interval_coverage --out runs/coverage.jsonl --markdown docs/calibration.md

Each world is drawn at random (`simcast.synthetic.random_worlds` states the ranges) and simulated past the as-of date.
Its log is written to a file, read, cut at the as-of date, fitted, and the next 91 days are forecast, all through the
public functions. Then the truth is looked up in the posterior: conversion and median days per stage and segment, and
what really was booked and won in those 91 days. One JSON line per world goes to --out; what is there already is
not done again. The second command only writes the tables.

What is kept per quantity is its place in the posterior, P(X < truth) and P(X <= truth): a central interval of any level
covers the truth when its place lies inside. Where the two differ (counts), the share of the way between them that lies
inside counts, which is the coverage of randomised intervals without the randomness.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

import simcast
from benchmarks import coverage_tables
from benchmarks.runs import Record, put_into_document, run_missing
from benchmarks.world_files import read_world
from simcast.errors import SimcastError
from simcast.model import FitSettings
from simcast.synthetic.random_worlds import FIRST_DAY, RandomWorld, draw_world, share_of_open_stays
from simcast.synthetic.stays import SLOW_FACTOR, SLOW_NARROWNESS, SLOW_SHARE, MixtureStays
from simcast.synthetic.worlds import WON, WorldEvents, WorldStage, simulate_world

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

DAYS_FORECAST = 91
N_FUTURES = 4000

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def study_world(seed: int, settings: Mapping[str, Any]) -> Record:
    """Fit and forecast one world, and return where the truth lies."""
    started = time.monotonic()
    drawn = draw_world(seed, DAYS_FORECAST)
    events = simulate_world(drawn.world, FIRST_DAY, seed)
    about = {
        "open_share": share_of_open_stays(events, drawn.n_days_known),
        "n_deals": len(np.unique(events.deal[events.instant < drawn.n_days_known])),
        "n_days": drawn.n_days_known,
        "n_segments": len(drawn.world.segments),
        "families": [_mixture(stage).family for stage in drawn.world.stages],
    }
    try:
        history, posterior, forecast = _forecast(drawn, events, settings)
    except SimcastError as error:
        return about | {"error": str(error), "rows": []}
    rows = [*_stage_rows(drawn, history.stays, posterior), *_total_rows(drawn, events, forecast)]
    diagnostics = posterior.diagnostics
    return about | {
        "trusted": diagnostics is not None and diagnostics.trusted,
        "chosen": [_family(posterior, stage) for stage in drawn.world.stages],
        "seconds": round(time.monotonic() - started, 1),
        "rows": rows,
    }


def _forecast(
    drawn: RandomWorld, events: WorldEvents, settings: Mapping[str, Any]
) -> tuple[simcast.History, simcast.Posterior, simcast.Forecast]:
    """Fit what was known of a world at the as-of date, and forecast what comes next."""
    history, scenario = read_world(
        drawn.world, events, FIRST_DAY, drawn.n_days_known, n_days_forecast=DAYS_FORECAST, n_futures=N_FUTURES
    )
    posterior = simcast.fit(history, settings=FitSettings(**settings))
    plan = simcast.build_plan(posterior, history.open_deals(history.observed_until), scenario)
    return history, posterior, simcast.simulate(plan, threads=1)


def _mixture(stage: WorldStage) -> MixtureStays:
    if not isinstance(stage.stays, MixtureStays):
        raise TypeError(f"{stage.name}: expected a mixture, got {stage.stays!r}")
    return stage.stays


def _family(posterior: simcast.Posterior, stage: WorldStage) -> str:
    """Return the family that the fit gave to a stage's days."""
    return str(posterior.draws["days_family"].sel(stage=stage.name, move=stage.moves[0]).item())


def _stage_rows(drawn: RandomWorld, stays: pd.DataFrame, posterior: simcast.Posterior) -> Iterator[Record]:
    """Yield a row per stage, segment and quantity."""
    for stage in drawn.world.stages:
        true = _mixture(stage)
        here = stays[stays["stage"] == stage.name]
        for code, values in enumerate(drawn.world.segments):
            if values not in posterior.segments.values:
                continue
            of_segment = here[here["segment_code"] == posterior.segments.code(values)]
            place = {
                "stage": stage.name,
                "segment": " / ".join(values),
                "family": true.family,
                "open_share": float(of_segment["move"].isna().mean()) if len(of_segment) else None,
                "n_ended": int(of_segment["move"].notna().sum()),
            }
            draws = posterior.draws.sel(stage=stage.name).isel(segment=posterior.segments.code(values))
            yield from _segment_rows(place, stage, code, draws, of_segment)


def _segment_rows(place: Record, stage: WorldStage, code: int, draws: Any, stays: pd.DataFrame) -> Iterator[Record]:  # noqa: ANN401
    """Yield the rows of one stage and segment: the model's, beside what closed stays alone say."""
    true, forward = _mixture(stage), stage.moves[0]
    probability = draws["probability"].sel(move=forward).to_numpy()
    ended = probability / (1.0 - draws["probability"].sel(move="stalled").to_numpy())
    share, stalled = float(true.share[code, 0]), float(true.stalled[code])
    won = stays[stays["move"] == forward]
    n_won, n_ended = len(won), int(stays["move"].notna().sum())
    naive = stats.beta(n_won + 0.5, n_ended - n_won + 0.5) if n_ended else None
    for quantity, truth, values in (
        ("conversion", share * (1.0 - stalled), probability),
        ("conversion of the ended", share, ended),
    ):
        row = place | {
            "quantity": quantity,
            "truth": truth,
            "estimate": float(values.mean()),
            "pit": pit(values, truth),
        }
        if naive is not None:
            row |= {"naive": n_won / n_ended, "naive_pit": [float(naive.cdf(truth))] * 2}
        yield row
    quantile = distribution(true.family, true.scale[code, 0], true.shape[code, 0])
    family = str(draws["days_family"].sel(move=forward).item())
    truth = median(quantile, calendar=family == "hazard")
    values = medians(family, *(draws[name].sel(move=forward).to_numpy() for name in ("days_scale", "days_shape")))
    row = place | {"quantity": "median days", "truth": truth, "estimate": float(np.median(values))}
    row["pit"] = pit(values, truth)
    if n_won:
        days = (won["left"] - won["entered"]).dt.days.to_numpy()
        row |= {"naive": float(max(np.median(days), 0.5)), "naive_pit": _median_pit(days, median(quantile))}
    yield row


def _total_rows(drawn: RandomWorld, events: WorldEvents, forecast: simcast.Forecast) -> Iterator[Record]:
    """Yield what was booked and won after the as-of date, against the forecast."""
    won = (events.name == WON) & (events.instant >= drawn.n_days_known)
    for quantity, truth in (("bookings", float(events.amount[won].round(2).sum())), ("wins", float(won.sum()))):
        values = forecast.values("bookings" if quantity == "bookings" else "wins")
        yield {
            "quantity": quantity,
            "truth": truth,
            "estimate": float(values.mean()),
            "sd": float(values.std()),
            "pit": pit(values, truth),
        }


def pit(draws: Floats, truth: float) -> list[float]:
    """Return the shares of draws below the truth, and not above it."""
    return [float((draws < truth).mean()), float((draws <= truth).mean())]


def _median_pit(days: NDArray[np.int64], truth: float) -> list[float]:
    """Return the place of the truth in the interval of a median that order statistics give."""
    below = int((days < truth).sum())
    return [float(stats.binom.cdf(below - 1, len(days), 0.5)), float(stats.binom.cdf(below, len(days), 0.5))]


def distribution(family: str, scale: float, shape: float) -> Any:  # noqa: ANN401  # SciPy's frozen distributions
    """Return SciPy's distribution of a world's times; of two humps, a list of shares and distributions."""
    return {
        "lognormal": lambda: [(1.0, stats.lognorm(shape, scale=scale))],
        "weibull": lambda: [(1.0, stats.weibull_min(1.0 / shape, scale=scale))],
        "loglogistic": lambda: [(1.0, stats.fisk(1.0 / shape, scale=scale))],
        "gamma": lambda: [(1.0, stats.gamma(shape, scale=scale))],
        "two_humps": lambda: [
            (1.0 - SLOW_SHARE, stats.lognorm(shape, scale=scale)),
            (SLOW_SHARE, stats.lognorm(shape * SLOW_NARROWNESS, scale=scale * SLOW_FACTOR)),
        ],
    }[family]()


def median(parts: list[tuple[float, Any]], *, calendar: bool = False) -> float:
    """Return the median of a mixture of times.

    With `calendar`, of the time since the beginning of the entry's day, as the hazard counts days: the entry's
    time of day, uniform, is added.
    """
    nodes = 0.5 * (_NODES + 1.0) if calendar else np.zeros(1)
    weights = 0.5 * _WEIGHTS if calendar else np.ones(1)

    def above_half(days: float) -> float:
        return sum(share * float(weights @ part.cdf(days - nodes)) for share, part in parts) - 0.5

    longest = max(float(part.ppf(0.999)) for _, part in parts) + 1.0
    return float(optimize.brentq(above_half, 1e-9, longest))


def medians(family: str, scale: Floats, shape: Floats) -> Floats:
    """Return the median days of each draw of a posterior."""
    if family == "weibull":
        return np.asarray(scale * np.log(2.0) ** shape)
    if family == "gamma":
        return np.asarray(scale * special.gammaincinv(shape, 0.5))
    return scale


def main() -> None:
    """Do what is missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("runs/coverage.jsonl"), help="a file of JSON lines")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="processes, of one thread each")
    parser.add_argument("--markdown", type=Path, help="the document into which to write the tables")
    for name in ("chains", "draws", "tune"):
        parser.add_argument(f"--{name}", type=int, help="other than the model's own choice")
    options = parser.parse_args()
    settings = {name: value for name in ("chains", "draws", "tune") if (value := getattr(options, name)) is not None}
    records = run_missing(options.out, study_world, range(options.worlds), settings, options.jobs)
    text = coverage_tables.tables(records)
    print(text)
    if options.markdown:
        put_into_document(options.markdown, "coverage", text)


if __name__ == "__main__":
    main()
