"""From a synthetic world to the history that a user would have: a csv file, read and cut at the as-of date."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import simcast
from simcast.scenario import Scenario, build_scenario
from simcast.synthetic.worlds import LOST, WON, World, WorldEvents, world_log


def read_world(
    world: World, events: WorldEvents, first_day: str, n_days_known: int, n_days_forecast: int, n_futures: int
) -> tuple[simcast.History, Scenario]:
    """Write a world's log to a file, read it, and cut it at the as-of date.

    Parameters
    ----------
    first_day
        The date of the world's day 0.
    n_days_known
        The as-of date lies as many days after it.
    n_days_forecast, n_futures
        What the scenario asks for.

    Returns
    -------
    History
        What was known at the as-of date.
    Scenario
        The question how the days after it will go.
    """
    as_of = np.datetime64(first_day, "D") + np.timedelta64(n_days_known, "D")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "сделки.csv"
        log = world_log(world, events, first_day)
        # A deal may come back on the day on which it left: its rows have times a second apart, as a CRM's would.
        order = pd.to_timedelta(log.groupby("deal").cumcount(), unit="s")
        log.assign(entered=(log["entered"] + order).dt.strftime("%Y-%m-%dT%H:%M:%S")).to_csv(file, index=False)
        scenario = build_scenario(
            {
                "simcast": 1,
                "pipeline": _pipeline(world),
                "history": {"path": str(file), "segments": list(world.columns)},
                "forecast": {"as_of": str(as_of), "horizon": f"{n_days_forecast} days"},
                "simulation": {"futures": n_futures},
            }
        )
        whole = simcast.read_history(file, scenario.pipeline_definition, segments=world.columns)
    return whole.known_at(as_of), scenario


def _pipeline(world: World) -> dict[str, Any]:
    """Return the pipeline as a scenario file states it; stages that no other leads forward to stand beside the path."""
    path = [world.stages[0].name]
    forward = {stage.name: stage.moves[0] for stage in world.stages}
    while (name := forward[path[-1]]) != WON:
        path.append(name)
    moves = [
        {"from": stage.name, "to": move}
        for stage in world.stages
        for move in (stage.moves[1:] if stage.name in path else stage.moves)
        if move != LOST
    ]
    return {"stages": path, "moves": moves}
