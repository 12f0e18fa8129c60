"""Columns of a log that tell segments apart where nobody names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simcast.history import read_history
from simcast.pipeline import Pipeline

PIPELINE = Pipeline.define(["заявка"])


def log(columns: dict[str, list[object]], n_deals: int = 30) -> pd.DataFrame:
    """A row for each deal's beginning and one for its end."""
    return pd.DataFrame(
        {
            "deal": [f"D{n}" for n in range(n_deals) for _ in range(2)],
            "stage": ["заявка", "lost"] * n_deals,
            "entered": ["2026-01-05", "2026-02-01"] * n_deals,
        }
        | columns
    )


def columns_found(folder: Path, table: pd.DataFrame, **options: object) -> tuple[str, ...]:
    file = folder / "log.csv"
    table.to_csv(file, index=False)
    return read_history(file, PIPELINE, **options).segments.columns  # type: ignore[arg-type]  # options of any kind


def per_deal(values: list[str], n_deals: int = 30) -> list[object]:
    return [values[n % len(values)] for n in range(n_deals) for _ in range(2)]


def test_columns_with_a_handful_of_values_are_segments_unless_others_are_named(tmp_path: Path) -> None:
    table = log({"источник": per_deal(["реклама", "сайт"]), "region": per_deal(["West", "East", ""])})
    assert columns_found(tmp_path, table) == ("источник", "region")
    assert columns_found(tmp_path, table, segments=["region"]) == ("region",)
    assert columns_found(tmp_path, table, segments=()) == ()


def test_columns_that_tell_deals_apart_or_change_within_a_deal_are_none(tmp_path: Path) -> None:
    table = log(
        {
            "note": [f"n{n}" for n in range(60)],
            "team": ["one", "other"] * 30,
            "same": ["x"] * 60,
            "score": list(np.linspace(0.0, 1.0, 60)),
            "amount": per_deal(["100", "200"]),
        }
    )
    assert columns_found(tmp_path, table) == ()


def test_no_more_combinations_than_a_fit_can_tell_apart(tmp_path: Path) -> None:
    many = {name: per_deal([f"{name}{k}" for k in range(size)]) for name, size in (("a", 10), ("b", 7), ("c", 6))}
    assert columns_found(tmp_path, log(many)) == ("a", "c")


@pytest.mark.parametrize("form", ["deals", "pipedrive"])
def test_other_formats_have_no_segments_unless_named(form: str, tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    if form == "deals":
        rows = pd.DataFrame({"deal": ["D1", "D2"], "заявка": "2026-01-05", "outcome": "lost", "closed": "2026-02-01"})
    else:
        rows = pd.DataFrame(
            {"Deal - ID": [1, 2], "Deal - Stage": "заявка", "Deal - Deal created": "2026-01-05 10:00:00"}
        ).assign(**{"Deal - Status": "Lost", "Deal - Lost time": "2026-02-01 10:00:00"})
    rows.assign(region=["West", "East"]).to_csv(file, index=False)
    assert read_history(file, PIPELINE, format=form).segments.columns == ()
