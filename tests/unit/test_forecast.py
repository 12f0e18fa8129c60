from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from simcast.analysis import compare
from simcast.forecast import Forecast, Summary
from simcast.segments import Segments

SEGMENTS = Segments.found(("source",), [("ads",), ("site",)])
STARTS = np.array(["2026-06-15", "2026-07-01", "2026-08-01"], dtype="datetime64[s]")


def forecast(seed: int = 0, n_futures: int = 50, cost: float = 0.0, fingerprint: str = "sha256:x") -> Forecast:
    rng = np.random.default_rng(seed)
    wins = rng.integers(0, 5, (n_futures, 3, 2, 2))
    stays = rng.integers(0, 9, (n_futures, 3, 1))
    results = xr.Dataset(
        {
            "bookings": (("future", "period", "segment", "origin"), wins * 100.5),
            "wins": (("future", "period", "segment", "origin"), wins),
            "entered": (("future", "period", "stage"), stays),
            "left_forward": (("future", "period", "stage"), stays),
            "open_at_end": (("future", "period", "stage"), stays),
            "cost": ("future", np.full(n_futures, cost)),
        },
        coords={"period": STARTS, "segment": list(SEGMENTS.labels), "origin": ["open", "new"], "stage": ["lead"]},
        attrs={"period": "month", "as_of": "2026-06-15", "until": "2026-08-31"},
    )
    return Forecast("test", results, SEGMENTS, {"bookings": 3000.0}, fingerprint)


def test_values_are_totals_per_future_of_the_part_asked_for() -> None:
    found = forecast()
    raw = found.results["wins"].to_numpy()
    assert np.array_equal(found.values("wins"), raw.sum(axis=(1, 2, 3)))
    assert np.array_equal(found.values("wins", period=1), raw[:, 1].sum(axis=(1, 2)))
    assert np.array_equal(found.values("wins", where={"source": "site"}), raw[:, :, 1].sum(axis=(1, 2)))
    assert np.array_equal(found.values("wins", period=2, origin="new"), raw[:, 2, :, 1].sum(axis=1))


def test_stays_open_at_the_end_are_those_of_the_last_period() -> None:
    found = forecast()
    raw = found.results["open_at_end"].to_numpy()
    assert np.array_equal(found.stage_values("open_at_end", "lead"), raw[:, -1, 0])
    assert np.array_equal(found.stage_values("entered", "lead"), raw[:, :, 0].sum(axis=1))


def test_quantiles_come_by_total_period_calendar_and_column() -> None:
    found = forecast()
    assert found.quantiles("bookings").loc["bookings", 0.5] == np.median(found.values("bookings"))
    by_month = found.quantiles("bookings", by="month")
    assert by_month.index.astype(str).str[:10].tolist() == ["2026-06-15", "2026-07-01", "2026-08-01"]
    by_quarter = found.quantiles("wins", by="quarter", levels=[0.5])
    third = found.results["wins"].isel(period=[1, 2]).sum(("period", "segment", "origin"))
    assert by_quarter.iloc[1][0.5] == np.median(third)
    assert found.quantiles("wins", by="source").index.tolist() == ["ads", "site"]


@pytest.mark.parametrize("by", ["week", "region", "year"])
def test_a_split_that_the_forecast_does_not_hold_is_refused(by: str) -> None:
    with pytest.raises(ValueError, match=f"by='{by}'"):
        forecast().quantiles("wins", by=by)


def test_the_chance_of_a_target_counts_the_futures_that_reach_it() -> None:
    found = forecast()
    assert found.probability("bookings", 3000) == np.mean(found.values("bookings") >= 3000)
    assert found.probability("wins", 0) == 1.0


def test_a_summary_names_its_quantiles_and_its_monte_carlo_error() -> None:
    summary = Summary.of(np.arange(101))
    assert summary.quantile(0.9) == 90.0
    assert summary.mean_error == pytest.approx(np.arange(101).std() / np.sqrt(101))
    assert list(summary.to_dict()["quantiles"]) == ["0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]  # type: ignore[call-overload]


def test_scenarios_are_compared_future_by_future_and_net_of_cost() -> None:
    base, better = forecast(), forecast(cost=10.0)
    difference = compare(better, base)
    assert difference.bookings.sd == 0.0
    assert difference.net.mean == -10.0
    assert difference.probability_better == 0.0


@pytest.mark.parametrize("other", [forecast(n_futures=49), forecast(fingerprint="sha256:y")])
def test_forecasts_that_do_not_share_their_futures_are_not_compared(other: Forecast) -> None:
    with pytest.raises(ValueError, match="not played from one posterior"):
        compare(forecast(), other)
