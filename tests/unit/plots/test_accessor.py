"""`forecast.plot`: pictures at hand, that show what the numbers say, and load nothing before they are asked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from simcast.analysis import compare, ground_of, leaks, run
from simcast.errors import SimcastError
from simcast.forecast import Forecast
from simcast.scenario import Scenario, build_scenario

STAGES = ["заявка", "встреча"]


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": STAGES},
            "assume": {
                "stages": {stage: {"conversion": 0.5, "days": {"exponential": {"mean": 6}}} for stage in STAGES},
                "arrivals": {"per_day": 3},
                "amount": {"lognormal": {"median": 1000, "sigma": 0.5}},
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-08-31", "target": {"bookings": 50_000}},
            "simulation": {"futures": 200, "seed": 2},
            "scenarios": {"better": [{"lever": "conversion", "stage": "встреча", "add": 0.2}]},
        }
    )


@pytest.fixture(scope="module")
def forecasts(scenario: Scenario) -> dict[str, Forecast]:
    return run(scenario, threads=1).forecasts


def test_each_picture_returns_its_axes_and_takes_some(forecasts: dict[str, Forecast]) -> None:
    plot = forecasts["baseline"].plot
    for draw in (plot.fan, plot.distribution, plot.funnel):
        _, given = plt.subplots()
        assert draw(ax=given) is given
        assert draw() is not given
    _, given = plt.subplots()
    assert plot.compare(against=forecasts["better"], ax=given) is given


def test_the_bars_beyond_the_target_are_its_probability(forecasts: dict[str, Forecast]) -> None:
    forecast = forecasts["baseline"]
    axes = forecast.plot.distribution()
    heights = [bar.get_height() for bar in axes.patches]
    reached = [bar.get_height() for bar in axes.patches if bar.get_x() >= 50_000 - 1e-6]
    assert sum(heights) == pytest.approx(1.0)
    assert sum(reached) == pytest.approx(forecast.probability("bookings", 50_000))
    low, high = axes.lines[0].get_xdata()
    assert (low, high) == pytest.approx(tuple(np.quantile(forecast.values("bookings"), (0.1, 0.9))))


def test_a_distribution_of_wins_needs_no_target(forecasts: dict[str, Forecast]) -> None:
    axes = forecasts["baseline"].plot.distribution("wins")
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1.0)
    assert axes.get_legend() is None


def test_the_funnel_shows_the_means_of_each_stage(forecasts: dict[str, Forecast]) -> None:
    forecast = forecasts["baseline"]
    axes = forecast.plot.funnel()
    assert [text.get_text() for text in axes.get_yticklabels()] == STAGES
    widths = [bar.get_width() for bar in axes.patches]
    means = [
        forecast.stage_values(variable, stage).mean()
        for variable in ("entered", "left_forward", "open_at_end")
        for stage in STAGES
    ]
    assert widths == pytest.approx(means)


def test_a_comparison_is_of_the_forecast_against_another_as_everywhere(forecasts: dict[str, Forecast]) -> None:
    baseline, better = forecasts["baseline"], forecasts["better"]
    gain = compare(better, baseline).net.mean
    assert gain > 0.0
    for one, other, mean, against in ((better, baseline, gain, "the baseline"), (baseline, better, -gain, "better")):
        axes = one.plot.compare(other)
        assert [text.get_text() for text in axes.get_yticklabels()] == [one.scenario]
        assert f"against {against} " in axes.get_xlabel()
        assert [float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata()) == 1] == [
            pytest.approx(mean)
        ]
    with pytest.raises(TypeError, match="against: needs a Forecast"):
        better.plot.compare("baseline")  # type: ignore[arg-type]  # the mistake under test


def test_leaks_stand_by_rank(scenario: Scenario, forecasts: dict[str, Forecast]) -> None:
    found = leaks(ground_of(scenario, threads=1).with_futures(50))
    axes = forecasts["baseline"].plot.leaks(found)
    assert [text.get_text() for text in axes.get_yticklabels()] == [leak.stage for leak in found.leaks]
    means = [float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata()) == 1]
    assert means == pytest.approx([leak.point.bookings.mean for leak in found.leaks])
    with pytest.raises(TypeError, match=r"simcast\.analysis\.leaks"):
        forecasts["baseline"].plot.leaks([])
    with pytest.raises(ValueError, match="other parameters"):
        replace(forecasts["baseline"], fingerprint="sha256:other").plot.leaks(found)


def test_without_matplotlib_the_error_says_what_to_install(
    forecasts: dict[str, Forecast], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(SimcastError, match=r"simcast\[plots\]"):
        forecasts["baseline"].plot.fan()


def test_a_forecast_alone_loads_no_pictures() -> None:
    code = (
        "import sys, simcast.forecast; print([name for name in sys.modules if 'plots' in name or name == 'matplotlib'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_where_nothing_is_booked_pictures_are_of_wins(scenario: Scenario) -> None:
    assume = scenario.assume
    assert assume is not None
    unpaid = scenario.model_copy(update={"assume": assume.model_copy(update={"amount": None})})
    found = run(unpaid, threads=1).forecasts
    plot = found["baseline"].plot
    assert plot.fan().get_ylabel() == "wins so far"
    assert plot.distribution().patches[-1].get_x() > 0.0
    compared = found["better"].plot.compare(found["baseline"])
    assert "more wins" in compared.get_xlabel()
    assert any("wins, more in" in text.get_text() for text in compared.texts)
