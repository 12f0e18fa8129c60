"""A file whose dates are counts since 1970, as pandas writes them: a scenario is proposed for it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from simcast.scenario import load_scenario
from simcast.starting.own_file import propose

DAYS = pd.date_range("2026-01-05", periods=60, freq="D")


def log(unit: int) -> pd.DataFrame:
    """Return deals that enter a stage each day, and are won or lost a week later."""
    seconds = (DAYS - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)
    week = 7 * 86_400
    begun = pd.DataFrame({"deal": range(60), "stage": "lead", "entered": seconds * unit})
    ended = begun.assign(stage=["won", "lost"] * 30, entered=(seconds + week) * unit)
    return pd.concat([begun, ended], ignore_index=True)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
@pytest.mark.parametrize("zeros", [0, 3, 9])
def test_counts_since_1970_are_taken_for_dates(tmp_path: Path, ending: str, zeros: int) -> None:
    file = tmp_path / f"deals.{ending}"
    table = log(10**zeros)
    table.to_parquet(file) if ending == "parquet" else table.to_csv(file, index=False)

    scenario = load_scenario(propose(str(file), tmp_path / "forecast").scenario)

    assert scenario.history is not None
    assert scenario.history.time_zone
    assert str(scenario.forecast.as_of) == "2026-03-13"
