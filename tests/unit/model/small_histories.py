"""Tiny histories for the fit's tests; every one has three segments, so that one compiled model serves all."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd

from simcast.history import History
from simcast.model import FitSettings
from simcast.model.clocks import StageClocks
from simcast.model.tables import FitTables
from simcast.pipeline import Pipeline
from simcast.segments import Segments

PIPELINE = Pipeline.define(["звонок", "встреча"])
SOURCES = ("cold", "site", "реклама")
START = np.datetime64("2026-01-05")
QUICK = FitSettings(chains=2, tune=300, draws=200)

Stay = tuple[str, str, str, int, int | None, str | None, float]
"""Deal, source, stage, day entered, day left, move, amount at the end."""


def history_of(stays: Sequence[Stay], until: int, pipeline: Pipeline = PIPELINE) -> History:
    """Build a history from rows, with days counted from `START`."""
    table = pd.DataFrame(stays, columns=["deal", "source", "stage", "entered", "left", "move", "amount_at_end"])
    open_ = table["left"].isna().to_numpy()
    entered, left = (
        table[name].astype(float).fillna(0).to_numpy().astype("timedelta64[D]") for name in ("entered", "left")
    )
    table["entered"] = START + entered
    table["left"] = np.where(open_, np.datetime64("NaT", "D"), START + left)
    return History.of(pipeline, table, ["source"], START + np.timedelta64(until, "D"))


def mixed(n_deals: int, until: int = 120, seed: int = 6) -> History:
    """Deals that go forward or are lost at random within about ten days in each stage."""
    generator = np.random.default_rng(seed)
    stays: list[Stay] = []
    for number in range(n_deals):
        deal, source = f"D{number:04d}", SOURCES[number % 3]
        day = int(generator.integers(0, until - 1))
        for stage, forward in (("звонок", "встреча"), ("встреча", "won")):
            left = day + int(generator.lognormal(1.5, 0.8))
            move = forward if generator.random() < 0.5 else "lost"
            if left >= until:
                stays.append((deal, source, stage, day, None, None, np.nan))
                break
            amount = float(generator.lognormal(8, 0.5)) if move in ("won", "lost") else np.nan
            stays.append((deal, source, stage, day, left, move, amount))
            if move == "lost":
                break
            day = left
    return history_of(stays, until)


def sources(n: int) -> Segments:
    """Return so many segments of one column."""
    return Segments(("source",), tuple((str(code),) for code in range(n)))


def tables_that_say(**found: object) -> FitTables:
    """Return what a fit says of its data, of one stage of which nothing else is to be said."""
    stage = SimpleNamespace(n_ended=99, n_open=0, n_undecided=0, ended_by_move=np.array([9, 90]))
    nothing: dict[str, object] = {
        "recorded_from": None,
        "n_missing": 0.0,
        "changes": (),
        "amount_change": None,
        "share_changes": (),
        "quiet": None,
        "stages": (stage,),
        "clocks": (StageClocks.none(2),),
        "weather": None,
        "amounts_of": "won",
        "amounts": SimpleNamespace(n_amounts=9, n_known=9, n_unknown=0, n_zeros=0),
        "paces": (),
        "carried_over": None,
        "unused_amounts": (None,),
        "bursts": None,
        "arrivals": SimpleNamespace(imports=(), windows=(), length_days=900),
    }
    return cast("FitTables", SimpleNamespace(**(nothing | found)))
