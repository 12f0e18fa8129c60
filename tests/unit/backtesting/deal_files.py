"""A file of deals, and a quick stand-in for the fit, which learns from what it is handed and from nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from simcast.assume import assumed_posterior
from simcast.history import History
from simcast.posterior import Posterior
from simcast.scenario import build_scenario

STAGE = "сделка"
SCENARIO = """\
# How many deals will be won in the next month?
simcast: 1
name: Сделки
question: How many?
pipeline: {stages: [сделка]}
history: {path: deals.csv, segments: [регион]}
forecast: {as_of: 2026-06-01, horizon: 1 month, by: [регион]}
simulation: {futures: 300, seed: 3}
"""


def deal_rows(n_deals: int = 500, seed: int = 3) -> pd.DataFrame:
    """A row per deal of eight months: it waits, and then six in ten are won."""
    generator = np.random.default_rng(seed)
    entered = np.datetime64("2025-10-01") + np.sort(generator.integers(0, 240, n_deals)).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "deal": [f"Д{number:03d}" for number in range(n_deals)],
            "entered": entered,
            "left": entered + generator.geometric(0.08, n_deals).astype("timedelta64[D]"),
            "end": generator.choice(["won", "lost"], n_deals, p=[0.6, 0.4]),
            "amount": np.round(generator.lognormal(8.0, 0.4, n_deals)),
            "регион": generator.choice(["Юг", "Север"], n_deals),
        }
    )


def write_log(deals: pd.DataFrame, file: Path, known_until: str = "2026-06-01") -> None:
    """Write deals as the canonical log, without what came after a day."""
    begin = deals.assign(stage=STAGE)[["deal", "stage", "entered", "amount", "регион"]]
    end = deals.assign(stage=deals["end"], entered=deals["left"])[["deal", "stage", "entered", "amount", "регион"]]
    log = pd.concat([begin, end]).sort_values(["deal", "entered"], kind="stable")
    log = log[log["entered"] < known_until]
    log.assign(entered=log["entered"].dt.strftime("%Y-%m-%d")).to_csv(file, index=False)


def learned(known: History) -> Posterior:
    """Learn from all that is known, without a sampler: conversion, days, arrivals and amounts, by segment alike."""
    stays = known.stays
    ended = stays[stays["move"].notna()]
    window = float((known.observed_until - stays["entered"].min().to_datetime64()).astype("timedelta64[D]").astype(int))
    shares = known.stays["регион"].value_counts(normalize=True).sort_index()
    assumed = {
        "stages": {
            STAGE: {
                "conversion": float((ended["move"] == "won").mean()),
                "days": {"exponential": {"mean": float((ended["left"] - ended["entered"]).dt.days.mean())}},
            }
        },
        "arrivals": {"per_day": known.n_deals / window},
        "amount": {"lognormal": {"median": float(stays["amount"].median()), "sigma": 0.4}},
        "segments": {"регион": {name: float(share) for name, share in shares.items()}},
    }
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": [STAGE]},
            "assume": assumed,
            "forecast": {"as_of": "2026-06-01", "horizon": "1 month"},
        }
    )
    assert scenario.assume is not None
    return assumed_posterior(known.pipeline, scenario.assume)
