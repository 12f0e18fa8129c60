"""Scenarios built in Python of what numpy and pandas hold: read as if they had been written in a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simcast.errors import ScenarioArgumentError
from simcast.scenario import Scenario, build_scenario


def scenario(as_of: Any = "2026-07-01", stages: Any = ("lead",), futures: Any = 500, add: Any = 0.5) -> Scenario:  # noqa: ANN401
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": stages},
            "history": {"path": Path("deals.csv")},
            "forecast": {"as_of": as_of, "horizon": "1 quarter"},
            "simulation": {"futures": futures},
            "scenarios": {"up": [{"lever": "conversion", "stage": "lead", "add": add}]},
        }
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"as_of": pd.Timestamp("2026-07-01")},
        {"as_of": np.datetime64("2026-07-01")},
        {"as_of": np.datetime64("2026-07-01T00:00", "ns")},
        {"as_of": dt.datetime(2026, 7, 1)},
        {"stages": np.array(["lead"])},
        {"stages": pd.Index(["lead"])},
        {"stages": pd.Series(["lead"])},
        {"futures": np.int64(500)},
        {"add": np.float32(0.5)},
        {"add": np.float64(0.5)},
    ],
)
def test_they_say_what_a_file_would(changes: dict[str, Any]) -> None:
    assert scenario(**changes).resolved() == scenario().resolved()


def test_a_distribution_may_have_the_numbers_of_an_array() -> None:
    assert scenario(add={"normal": np.array([0.1, 0.02])}) == scenario(add={"normal": [0.1, 0.02]})


@pytest.mark.parametrize("moment", [pd.Timestamp("2026-07-01 09:00"), pd.Timestamp("2026-07-01", tz="UTC"), pd.NaT])
def test_a_moment_that_is_no_day_is_refused(moment: object) -> None:
    with pytest.raises(ScenarioArgumentError, match=r"forecast.as_of: must be a day written as YYYY-MM-DD"):
        scenario(as_of=moment)
