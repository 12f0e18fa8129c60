"""The sample that comes with simcast: a company's eighteen months, made from a recorded truth."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.synthetic.bookings import Bookings, simulate_bookings
from simcast.synthetic.log import simulate_history
from simcast.synthetic.truth import Lognormal, Rush, SegmentTruth, StageTruth, Truth

if TYPE_CHECKING:
    import pandas as pd

START, AS_OF, UNTIL = "2025-01-01", "2026-07-01", "2026-09-30"
SEED = 20260701
TARGET_BOOKINGS = 2_400_000.0
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)

# Arrivals per day, odds of every forward move, and the median amount.
_SOURCES = {
    "site": (4.2, 1.0, 19_000.0),
    "ads": (3.3, 0.8, 16_000.0),
    "referral": (1.1, 1.7, 29_000.0),
    "cold": (2.1, 0.7, 22_000.0),
}
# Share of the arrivals, and odds at the operator's: the West loses more callers there.
_REGIONS = {"North": (0.45, 1.1), "South": (0.35, 1.0), "West": (0.20, 0.6)}


def sample_truth() -> Truth:
    """Return the truth behind the sample: a leaky and slow operator stage, above all in the West."""
    stages = (
        StageTruth("lead", 0.82, Lognormal(1.5, 1.0), Lognormal(6.0, 0.9), stalled=0.03),
        StageTruth("operator", 0.50, Lognormal(9.0, 0.9), Lognormal(10.0, 1.0), stalled=0.04),
        StageTruth("meeting", 0.64, Lognormal(14.0, 0.7), Lognormal(17.0, 0.8), stalled=0.04),
        StageTruth("proposal", 0.60, Lognormal(26.0, 0.7), Lognormal(32.0, 0.8), stalled=0.07),
        StageTruth("contract", 0.86, Lognormal(12.0, 0.7), Lognormal(20.0, 0.8), stalled=0.03),
    )
    segments = tuple(
        SegmentTruth(
            values=(source, region),
            arrivals_per_day=round(per_day * share, 4),
            odds=(odds, round(odds * at_operator, 4), odds, odds, odds),
            amount=Lognormal(amount, 0.65),
        )
        for source, (per_day, odds, amount) in _SOURCES.items()
        for region, (share, at_operator) in _REGIONS.items()
    )
    return Truth(
        stages,
        segments,
        columns=("source", "region"),
        weekday_weight=(1.61, 1.47, 1.4, 1.33, 1.19, 0.0, 0.0),
        arrivals_trend=0.0002,
        arrivals_size=6.0,
        working_week=True,
        rush=Rush(("proposal", "contract"), last_days=14, weight=2.5),
        amount_from="proposal",
    )


def deals_csv(log: pd.DataFrame) -> bytes:
    """Return a log as the bytes of a csv file: dates without times, amounts without decimals."""
    dated = log.assign(entered=log["entered"].dt.strftime("%Y-%m-%d"))
    return dated.to_csv(index=False, float_format="%.0f", lineterminator="\n").encode()


def write_sample(folder: str | Path, n_futures: int = 4000) -> None:
    """Write ``deals.csv`` and ``truth.json`` into `folder`, the same bytes each time.

    ``truth.json`` records the parameters and the distribution of the quarter's bookings under them,
    given the history: what a perfect forecast would say.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    truth = sample_truth()
    log = simulate_history(truth, START, AS_OF, SEED)
    content = deals_csv(log)
    (target / "deals.csv").write_bytes(content)
    future = simulate_bookings(truth, log, START, AS_OF, UNTIL, n_futures=n_futures, seed=SEED + 1)
    record = {
        "synthetic": True,
        "about": "The truth behind deals.csv and the bookings that follow from it; see README.md.",
        "seed": SEED,
        "start": START,
        "as_of": AS_OF,
        "until": UNTIL,
        "deals_csv_sha256": hashlib.sha256(content).hexdigest(),
        "truth": asdict(truth),
        "forecast_under_truth": _summary(future),
    }
    (target / "truth.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")


def _summary(future: Bookings) -> dict[str, object]:
    """Describe the distribution of bookings and wins."""
    return {
        "futures": len(future.bookings),
        "target": {
            "bookings": TARGET_BOOKINGS,
            "probability": round(float((future.bookings >= TARGET_BOOKINGS).mean()), 3),
        },
        "bookings": _describe(future.bookings, -2),
        "wins": _describe(future.wins.astype(np.float64), 1),
        "bookings_of_open_deals": _describe(future.bookings_open, -2),
        "bookings_of_new_deals": _describe(future.bookings_new, -2),
    }


def _describe(values: NDArray[np.float64], digits: int) -> dict[str, object]:
    """Return mean, standard deviation and quantiles, rounded so that the last bits of a platform do not show."""
    points = np.quantile(values, QUANTILES)
    return {
        "mean": round(float(values.mean()), digits),
        "sd": round(float(values.std()), digits),
        "quantiles": {str(q): round(float(x), digits) for q, x in zip(QUANTILES, points, strict=True)},
    }
