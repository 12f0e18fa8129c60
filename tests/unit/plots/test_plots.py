"""What pictures show is what the numbers say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import pyplot as plt

from simcast.analysis import Difference, compare
from simcast.assume import assumed_book, assumed_posterior
from simcast.backtesting import Backtest
from simcast.errors import SimcastError
from simcast.forecast import Forecast
from simcast.history import History
from simcast.model.priors import DEFAULT_PRIORS, Prior
from simcast.plan import build_plan
from simcast.plots import (
    plot_backtest,
    plot_cumulative,
    plot_days,
    plot_differences,
    plot_prior_and_posterior,
    plot_prior_influence,
    plot_traces,
)
from simcast.posterior import Diagnostics, Posterior, PriorInfluence
from simcast.scenario import Scenario, build_scenario
from simcast.simulation import simulate

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
            "forecast": {
                "as_of": "2026-07-01",
                "until": "2026-08-31",
                "period": "week",
                "target": {"bookings": 50_000},
            },
            "simulation": {"futures": 200, "seed": 2},
            "scenarios": {
                "better": [{"lever": "conversion", "stage": "встреча", "add": 0.2}],
                "worse": [{"lever": "arrivals", "multiply": 0.5}],
            },
        }
    )


@pytest.fixture(scope="module")
def posterior(scenario: Scenario) -> Posterior:
    assert scenario.assume is not None
    return assumed_posterior(scenario.pipeline_definition, scenario.assume)


@pytest.fixture(scope="module")
def forecasts(scenario: Scenario, posterior: Posterior) -> dict[str, Forecast]:
    assert scenario.assume is not None
    book = assumed_book(scenario.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return {name: simulate(build_plan(posterior, book, scenario, name)) for name in scenario.scenario_names}


@pytest.fixture(scope="module")
def differences(forecasts: dict[str, Forecast]) -> list[Difference]:
    return [compare(forecasts[name], forecasts["baseline"]) for name in ("better", "worse")]


def test_the_fan_ends_at_the_total_and_shows_the_target(forecasts: dict[str, Forecast]) -> None:
    total = forecasts["baseline"].values("bookings")
    axes = plot_cumulative(forecasts["baseline"])
    lines = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
    assert lines["median"][[0, -1]] == pytest.approx([0.0, np.median(total)])
    assert set(lines["target"]) == {50_000}
    tops = [np.max(band.get_paths()[0].vertices[:, 1]) for band in axes.collections]
    assert tops == pytest.approx(np.quantile(total, [0.95, 0.9, 0.75]))


def test_legends_cover_nothing_that_is_drawn(forecasts: dict[str, Forecast], differences: list[Difference]) -> None:
    for axes in (plot_cumulative(forecasts["baseline"]), plot_differences(differences)):
        axes.figure.draw_without_rendering()
        legend = axes.get_legend()
        assert legend is not None
        assert legend.get_window_extent().y0 >= axes.get_window_extent().y1
    assert [text.get_text() for text in legend.get_texts()] == ["mean", "half of the futures", "90% of the futures"]


def test_a_fan_of_wins_has_no_target_where_there_is_none(forecasts: dict[str, Forecast]) -> None:
    axes = plot_cumulative(forecasts["baseline"], "wins")
    assert "target" not in [line.get_label() for line in axes.lines]
    assert axes.yaxis.get_major_formatter()(12.0) == "12"


def test_differences_stand_in_order_with_their_means(differences: list[Difference]) -> None:
    axes = plot_differences(differences)
    means = {round(float(line.get_ydata()[0])): float(line.get_xdata()[0]) for line in axes.lines[:-1]}
    assert [text.get_text() for text in axes.get_yticklabels()] == ["worse", "better"]
    assert means == pytest.approx({0: differences[1].net.mean, 1: differences[0].net.mean})
    assert means[0] < 0 < means[1]
    assert axes.xaxis.get_major_formatter()(2000.0) == "+2.0 k"


def made_stays(n_deals: int = 500) -> pd.DataFrame:
    generator = np.random.default_rng(4)
    entered = np.datetime64("2026-01-01") + generator.integers(0, 100, n_deals).astype("timedelta64[D]")
    left = entered + generator.geometric(0.15, n_deals).astype("timedelta64[D]")
    move = np.where(generator.random(n_deals) < 0.5, "встреча", "lost")
    deal = [f"D{number:03d}" for number in range(n_deals)]
    first = pd.DataFrame({"deal": deal, "stage": "заявка", "entered": entered, "left": left, "move": move})
    onward = first[first["move"] == "встреча"].drop(columns="stage").assign(stage="встреча", move=None)
    return pd.concat([first, onward.assign(entered=onward["left"], left=pd.NaT)])


@pytest.fixture(scope="module")
def history(posterior: Posterior) -> History:
    return History.of(posterior.pipeline, made_stays(), observed_until="2026-06-01")


def test_the_days_of_the_history_are_drawn_as_they_were(posterior: Posterior, history: History) -> None:
    axes = plot_days(posterior, history, "заявка")
    lines = {line.get_label(): line for line in axes.lines}
    stays = made_stays()
    stays = stays[stays["stage"] == "заявка"]
    days = (stays["left"] - stays["entered"]).dt.days[stays["move"] == "встреча"]
    x, y = (np.asarray(values) for values in lines["history"].get_data())
    assert y[x == 5] == pytest.approx((days <= 5).sum() / len(stays))
    assert np.abs(np.asarray(lines["expected"].get_ydata()) - y).max() < 0.12


def test_a_stage_or_move_that_is_not_there_is_told_with_those_that_are(posterior: Posterior, history: History) -> None:
    with pytest.raises(SimcastError, match=r"no stage 'lead'; .*заявка, встреча"):
        plot_days(posterior, history, "lead")
    with pytest.raises(SimcastError, match=r"moves to 'won'; .*встреча, lost"):
        plot_days(posterior, history, "заявка", "won")
    with pytest.raises(SimcastError, match="no stay in 'встреча' ended in 'won'"):
        plot_days(posterior, history, "встреча")


def trace(n_draws: int = 300) -> dict[str, xr.Dataset]:
    generator = np.random.default_rng(1)
    agreeing = generator.normal(size=(3, n_draws, 2))
    apart = generator.normal(size=(3, n_draws)) + np.array([[0.0], [0.0], [3.0]])
    return {
        "posterior": xr.Dataset(
            {
                "spread": (("chain", "draw", "effect"), agreeing),
                "stalled": (("chain", "draw"), apart),
                "never": (("chain", "draw"), np.zeros((3, n_draws))),
            },
            coords={"effect": ["won", "lost"]},
        )
    }


def test_the_parameter_on_which_chains_agree_least_comes_first() -> None:
    grid = plot_traces(trace(), most=2)
    titles = [left.get_title(loc="left") for left, _ in grid]
    assert titles[0] == "stalled"
    assert titles[1] in ("spread[won]", "spread[lost]")
    ranks = [stairs.get_data().values for stairs in grid[0][1].patches]
    assert [int(counts.sum()) for counts in ranks] == [300, 300, 300]
    assert ranks[2][-1] > 3 * ranks[0][-1]


def test_traces_of_some_variables_and_none_that_never_move() -> None:
    grid = plot_traces(trace(), ["spread"], most=5)
    assert sorted(left.get_title(loc="left") for left, _ in grid) == ["spread[lost]", "spread[won]"]
    assert len(plot_traces(trace(), most=9)) == 3
    with pytest.raises(SimcastError, match=r"no parameter 'speed' here \(known: spread, stalled, never\)"):
        plot_traces(trace(), ["speed"])
    with pytest.raises(SimcastError, match="does not vary"):
        plot_traces(trace(), ["never"])


@pytest.mark.parametrize(
    "prior", [DEFAULT_PRIORS["conversion_logit"], DEFAULT_PRIORS["hazard_spread"], Prior("normal", 0.1, 0.2, "cut")]
)
def test_prior_and_posterior_are_densities_on_one_scale(prior: Prior) -> None:
    draws = np.random.default_rng(1).normal(0.5, 0.05, 4000)
    axes = plot_prior_and_posterior(draws, prior, "spread", positive=prior.reason == "cut")
    outline = axes.collections[0].get_paths()[0].vertices
    upper = outline[: len(outline) // 2]
    # The region within 2.6 standard deviations holds 99%; a lognormal's tail is cut where it is thin.
    assert np.trapezoid(upper[:, 1], upper[:, 0]) == pytest.approx(0.99, abs=0.02)
    bars = sum(bar.get_height() * bar.get_width() for bar in axes.patches)
    assert bars == pytest.approx(1.0)
    if prior.family == "lognormal" or prior.reason == "cut":
        assert upper[:, 0].min() >= 0


def test_parameters_that_rest_on_their_priors_come_first_and_stand_out() -> None:
    influence = [
        PriorInfluence("stage заявка", f"p{number}", number / 10, 0.0, rests_on_prior=number < 2) for number in range(9)
    ]
    diagnostics = Diagnostics(1.0, 900, 900, 0, 1.0, 4, 1000, {"rhat": "x"}, prior_influence=tuple(influence[::-1]))
    axes = plot_prior_influence(diagnostics, most=3)
    assert [text.get_text() for text in axes.get_yticklabels()] == [f"stage заявка: p{number}" for number in (2, 1, 0)]
    colours = [bar.get_facecolor() for bar in axes.patches]
    assert colours[1] == colours[2] != colours[0]


def test_a_backtest_shows_what_was_foreseen_what_came_and_the_baseline() -> None:
    quantiles = ("p05", "p10", "p25", "p50", "p75", "p90", "p95")
    rows = [
        {"origin": pd.Timestamp(day), "until": pd.Timestamp("2026-06-30"), "metric": metric, "actual": 7.0}
        | {name: float(value) for value, name in enumerate(quantiles)}
        | {"mean": 3.0, "weighted_pipeline": 9.0, "crps": 1.0, "pit": 0.5, "trusted": True}
        for day in ("2026-01-01", "2026-02-01")
        for metric in ("bookings", "wins")
    ]
    axes = plot_backtest(Backtest(pd.DataFrame(rows)), "wins")
    shown = {line.get_label().partition(":")[0]: list(line.get_ydata()) for line in axes.lines}
    assert shown == {"simcast": [3.0, 3.0], "weighted pipeline": [9.0, 9.0], "what happened": [7.0, 7.0]}
    assert [text.get_text() for text in axes.get_xticklabels()] == ["2026-01-01", "2026-02-01"]
    ends = [tuple(segment[:, 1]) for band in axes.collections for segment in band.get_segments()[:1]]
    assert ends == [(0.0, 6.0), (1.0, 5.0), (2.0, 4.0)]


def test_a_picture_is_drawn_into_axes_that_are_given(forecasts: dict[str, Forecast]) -> None:
    _, given = plt.subplots()
    assert plot_cumulative(forecasts["baseline"], ax=given) is given
    assert len(plt.get_fignums()) == 1


def test_without_matplotlib_the_error_says_what_to_install(
    forecasts: dict[str, Forecast], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(SimcastError, match="pip install matplotlib"):
        plot_cumulative(forecasts["baseline"])


def test_importing_the_plots_imports_no_matplotlib_and_no_sampler() -> None:
    code = "import sys, simcast.plots; print({'matplotlib', 'pymc', 'arviz'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_long_names_leave_room_for_the_picture_and_its_legend(differences: list[Difference]) -> None:
    long = "очень длинное название сценария, в котором объясняется всё, и почему"
    axes = plot_differences([replace(each, scenario=f"{long} {each.scenario}", against=long) for each in differences])
    figure = axes.get_figure()
    assert figure is not None
    figure.canvas.draw()
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    assert axes.get_window_extent().width > 0.5 * figure.bbox.width
    assert axes.xaxis.get_label().get_window_extent().x1 <= figure.bbox.x1
    assert axes.get_yticklabels()[0].get_text() == "очень длинное название\n... всё, и почему worse"


def test_the_ticks_of_a_narrow_picture_do_not_touch(differences: list[Difference]) -> None:
    figure, grid = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
    plot_differences(differences, ax=grid[0])
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in grid[0].get_xticklabels() if text.get_text()]
    assert len(boxes) >= 2
    assert all(one.x1 < two.x0 for one, two in pairwise(boxes))
