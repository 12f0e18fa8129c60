"""What an analyst gets wrong in a notebook, and what simcast answers: its own words, by the usual kind of error."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import simcast
from simcast import plots
from simcast.analysis import (
    Ground,
    Limits,
    Run,
    actual_of,
    allocate,
    check,
    compare,
    deal_table,
    ground_of,
    leaks,
    rank,
    run,
    solve,
)
from simcast.backtesting import rolling_origins
from simcast.errors import ArgumentError, ArgumentTypeError, OutOfRangeError, SimcastError, UnknownNameError
from simcast.forecast import Forecast, Summary
from simcast.history import Dialect
from simcast.model import FitSettings
from simcast.scenario import build_scenario
from simcast.segments import Segments
from tests.unit.desk import desk


@dataclass(frozen=True)
class World:
    """What the mistakes are made with."""

    ground: Ground
    result: Run

    @property
    def forecast(self) -> Forecast:
        return self.result.forecasts["baseline"]

    @property
    def other(self) -> Forecast:
        return self.result.forecasts["<script>"]


@pytest.fixture(scope="module")
def world() -> World:
    scenario = desk()
    return World(ground_of(scenario), run(scenario))


Mistake = tuple[str, Callable[[World], Any], type[Exception], str]

FORECASTS: list[Mistake] = [
    ("metric", lambda w: w.forecast.values("booking"), KeyError, "no metric 'booking'; did you mean 'bookings'"),
    ("metric of quantiles", lambda w: w.forecast.quantiles("revenue"), KeyError, "known: bookings, wins"),
    ("metric of a picture", lambda w: w.forecast.plot.fan("revenue"), KeyError, "no metric 'revenue'"),
    ("period beyond", lambda w: w.forecast.values("wins", period=7), IndexError, "none at 7; there are 2, from 0"),
    ("period before", lambda w: w.forecast.gain(period=-3), ValueError, "-2 or more, got -3"),
    ("period as date", lambda w: w.forecast.values("wins", period="2026-07-01"), KeyError, "needs a position, 0 to 1"),
    ("origin", lambda w: w.forecast.values("wins", origin="opn"), KeyError, "did you mean 'open'"),
    ("segment", lambda w: w.forecast.values("wins", where={"source": "adds"}), SimcastError, "did you mean 'ads'"),
    ("no segment", lambda w: w.forecast.values("wins", where={"source": []}), SimcastError, "no value is named"),
    ("number", lambda w: w.forecast.values("wins", where={"source": 1}), SimcastError, "no deal has the value 1"),
    ("where", lambda w: w.forecast.values("wins", where="ads"), TypeError, "such as {'source': 'ads'}"),
    ("split", lambda w: w.forecast.quantiles("wins", by="sorce"), KeyError, "did you mean 'source'"),
    (
        "split by no column",
        lambda w: w.forecast.quantiles("wins", by="region"),
        KeyError,
        r"\(?known: source, period, month, quarter\)?; or list it under forecast.by",
    ),
    ("fine split", lambda w: w.forecast.quantiles("wins", by="week"), ValueError, "one value per month"),
    ("percent", lambda w: w.forecast.quantiles("wins", levels=[90]), ValueError, "write 0.9 for 90%"),
    ("level as text", lambda w: w.forecast.quantiles("wins", levels=["0.5"]), TypeError, "got the text '0.5'"),
    ("no number", lambda w: w.forecast.probability("wins", float("nan")), ValueError, "got NaN"),
    ("text number", lambda w: w.forecast.probability("wins", "1e6"), TypeError, "at_least: needs a number"),
    ("stage", lambda w: w.forecast.stage_values("entered", "leed"), KeyError, "did you mean 'lead'"),
    ("variable", lambda w: w.forecast.stage_values("enterd", "lead"), KeyError, "did you mean 'entered'"),
    ("stage without a team", lambda w: w.forecast.wait_days("leed"), KeyError, "did you mean 'lead'"),
    ("no futures", lambda w: w.forecast.first(-5), ValueError, "1 or more, got -5"),
    ("joined", lambda w: w.forecast.joined(w.other), ValueError, "is not of the plan of 'baseline'"),
    (
        "joined twice",
        lambda w: w.forecast.joined(w.forecast),
        ValueError,
        "0-59; those from 60 come next",
    ),
    (
        "other futures",
        lambda w: compare(w.forecast.first(30), simcast.simulate(w.ground.plan(), begin=30)),
        ValueError,
        "futures 0-29 and 30-59",
    ),
    ("joined part", lambda w: w.forecast.joined(w.forecast.first(2)), ValueError, "has lost the open deals"),
    ("compared name", lambda w: compare(w.forecast, "<script>"), TypeError, "against: needs a Forecast"),
    ("compared run", lambda w: compare(w.result, w.forecast), TypeError, "got a Run; a run holds one per scenario"),
    ("kept quantile", lambda w: Summary.of(w.forecast.net()).quantile(0.8), ValueError, "Forecast.quantiles gives any"),
    ("no values", lambda _: Summary.of(np.array([])), ValueError, "one per future is needed"),
    ("table of values", lambda _: Summary.of(np.zeros((3, 4))), ValueError, r"got the shape \(3, 4\)"),
]

RUNS: list[Mistake] = [
    ("forecast", lambda w: w.result.forecasts["basline"], KeyError, "did you mean 'baseline'"),
    ("path to run", lambda _: run("q3.yaml"), TypeError, "needs a Scenario, got 'q3.yaml'; load_scenario reads one"),
    ("path to check", lambda _: check("q3.yaml"), TypeError, "load_scenario reads one"),
    ("name", lambda w: run(w.ground.scenario, names=["basline"]), SimcastError, "did you mean 'baseline'"),
    ("threads", lambda w: run(w.ground.scenario, threads="2"), TypeError, "threads: needs a whole number, got '2'"),
    ("levers", lambda w: w.ground.scenario.levers("script"), SimcastError, "did you mean '<script>'"),
    ("lever", lambda w: w.ground.play("x", ["a"]), KeyError, "no scenario 'a'"),
    ("lever as dict", lambda w: w.ground.play("x", [{"lever": "amount"}]), TypeError, "needs levers, such as"),
    ("no futures", lambda w: w.ground.with_futures(0), ValueError, "1 or more, got 0"),
    ("leaks of a scenario", lambda w: leaks(w.ground.scenario), TypeError, r"ground_of\(scenario\) makes one"),
    ("leaks by", lambda w: leaks(w.ground, by=["sorce"]), SimcastError, "did you mean 'source'"),
    ("few", lambda w: leaks(w.ground, baseline=w.forecast.first(3)), ValueError, "3 futures, the ground plays 60"),
    ("deals", lambda w: deal_table(w.ground, w.forecast.first(3)), ValueError, "does not hold the open deals"),
    ("deals of a run", lambda w: deal_table(w.ground, w.result), TypeError, "forecast: needs a Forecast, got a Run"),
    ("no run", lambda _: rank([]), ValueError, "give at least one"),
    ("ranked forecast", lambda w: rank([w.forecast]), TypeError, "needs a Run, got a Forecast"),
    ("goal", lambda w: allocate(w.ground, ["<script>"], Limits(1.0, None), "profit"), KeyError, "no goal 'profit'"),
    (
        "method",
        lambda w: allocate(w.ground, ["<script>"], Limits(1.0, None), method="all"),
        KeyError,
        "known: auto, enumeration",
    ),
    ("limits", lambda w: allocate(w.ground, ["<script>"], 1000.0), TypeError, "such as Limits"),
    (
        "range",
        lambda w: solve(w.ground, "amount multiply=2", "mean(wins)>=9"),
        ValueError,
        "no value is left open; write a range",
    ),
    ("condition", lambda w: solve(w.ground, "amount multiply=?", 0.8), TypeError, "write it as text"),
    ("figure of a run", lambda w: plots.plot_funnel(w.result), TypeError, "forecast: needs a Forecast, got a Run"),
    ("fan of a run", lambda w: plots.plot_cumulative(w.result), TypeError, "a run holds one per scenario"),
    ("gains of forecasts", lambda w: plots.plot_differences([w.forecast]), TypeError, "a run holds them in"),
    ("leaks of a run", lambda w: plots.plot_leaks(w.result), TypeError, "found: needs a Leaks"),
    (
        "traces",
        lambda w: plots.plot_traces(w.ground.posterior),
        TypeError,
        r"got a Posterior; open_in_arviz\(posterior",
    ),
    ("traces of a path", lambda _: plots.plot_traces("p.nc"), TypeError, "needs what ArviZ reads, got 'p.nc'"),
    ("past of a run", lambda w: plots.plot_backtest(w.result), TypeError, "needs a Backtest, got a Run"),
    ("priors", lambda w: plots.plot_prior_influence(w.ground.posterior), TypeError, "needs a Diagnostics"),
    ("days of stays", lambda w: plots.plot_days(w.ground.posterior, w.result, "lead"), TypeError, "needs a History"),
    ("no results", lambda w: Forecast("x", None, w.forecast.segments, {}, ""), TypeError, "results: needs a Dataset"),
    ("days", lambda w: actual_of(None, w.result.days), TypeError, "history: needs a History, got None"),
]

INPUTS: list[Mistake] = [
    ("plan of a scenario", lambda w: simcast.simulate(w.ground.scenario), TypeError, "build_plan makes one"),
    ("half a thread", lambda w: simcast.simulate(w.ground.plan(), threads=2.5), TypeError, "needs a whole number"),
    (
        "later future",
        lambda w: simcast.simulate(w.ground.plan(), begin=60),
        IndexError,
        "no future 60; the plan has 60",
    ),
    ("negative", lambda w: simcast.simulate(w.ground.plan(), begin=-3), ValueError, "0 or more, got -3"),
    ("cluster", lambda w: simcast.simulate(w.ground.plan(), cluster="local:2"), TypeError, "simcast.cluster.connect"),
    (
        "history as book",
        lambda w: simcast.build_plan(w.ground.posterior, w.ground, w.ground.scenario),
        TypeError,
        "history.open_deals",
    ),
    ("fit of a path", lambda _: simcast.fit("deals.csv"), TypeError, "read_history reads one from a file"),
    ("settings", lambda _: FitSettings.of({"draws": 10}), TypeError, "got a dict"),
    ("draws", lambda _: FitSettings(draws=0), SimcastError, "history.model.draws: 0 is no whole number"),
    ("backtest of a path", lambda w: simcast.backtest("x", w.ground.scenario, origins=[]), TypeError, "read_history"),
    ("origins", lambda w: rolling_origins("x", w.ground.scenario), TypeError, "history: needs a History"),
    ("one stage", lambda _: simcast.Pipeline.define("lead"), TypeError, "list the names in order"),
    ("stage of a number", lambda _: simcast.Pipeline.define(["lead", 3]), TypeError, "needs a str, got 3"),
    ("move", lambda _: simcast.Pipeline.define(["a"], moves=("a", "b")), TypeError, "'a' is no pair of names"),
    ("outcomes", lambda _: simcast.Pipeline.define(["a"], outcomes=["dead"]), TypeError, "say of each what it is"),
    ("kind", lambda _: simcast.Pipeline.define(["a"], outcomes={"dead": "Lost"}), SimcastError, "write won or lost"),
    ("code", lambda w: w.ground.posterior.pipeline.stage_code("leed"), KeyError, "did you mean 'lead'"),
    ("end", lambda w: w.ground.posterior.pipeline.destination_code("wonn"), KeyError, "did you mean 'won'"),
    ("outcome", lambda w: w.ground.posterior.pipeline.is_won("wonn"), KeyError, "did you mean 'won'"),
    ("segment code", lambda w: w.forecast.segments.code(["adds"]), KeyError, "no segment 'adds'; did you mean 'ads'"),
    ("segment column", lambda w: w.forecast.segments.column("sorce"), KeyError, "did you mean 'source'"),
    ("scenario of nothing", lambda _: simcast.load_scenario(None), TypeError, "needs a str or Path, got None"),
    (
        "overrides",
        lambda _: simcast.load_scenario("q.yaml", overrides={"a": 1}),
        TypeError,
        "such as 'simulation.futures=2000'",
    ),
    ("data", lambda _: build_scenario("q3.yaml"), TypeError, "load_scenario reads a file"),
    ("posterior of nothing", lambda _: simcast.Posterior.load(None), TypeError, "needs a str or Path, got None"),
    ("no file", lambda _: simcast.Posterior.load("nowhere.nc"), SimcastError, "nowhere.nc: there is no such file"),
    ("chains of a forecast", lambda w: simcast.open_in_arviz(w.forecast), TypeError, "got a Forecast"),
]


@pytest.mark.parametrize("mistake", [*FORECASTS, *RUNS, *INPUTS], ids=lambda mistake: mistake[0])
def test_a_mistake_is_answered_in_simcasts_words_by_the_usual_kind_of_error(world: World, mistake: Mistake) -> None:
    _, call, kind, words = mistake
    with pytest.raises(SimcastError, match=words) as caught:
        call(world)
    assert isinstance(caught.value, kind)


def test_the_errors_are_of_the_usual_kinds_and_print_as_words() -> None:
    assert issubclass(UnknownNameError, ArgumentError | KeyError)
    assert issubclass(UnknownNameError, KeyError)
    assert issubclass(OutOfRangeError, IndexError)
    assert issubclass(ArgumentTypeError, TypeError)
    assert str(UnknownNameError("no stage 'a'")) == "no stage 'a'"  # KeyError alone would add quotes


def test_one_name_is_a_list_of_one(world: World) -> None:
    found = run(world.ground.scenario, names="<script>")
    assert list(found.forecasts) == ["baseline", "<script>"]
    assert world.forecast.quantiles("wins", levels=0.5).columns.tolist() == ["mean", 0.5]
    assert simcast.load_scenario("scenarios/assumed.yaml", overrides="simulation.futures=7").simulation.futures == 7
    assert len(rank(world.result).changes) == 1


def test_a_question_may_be_text(world: World) -> None:
    found = solve(world.ground, "conversion stage=lead add=0..0.3", "mean(wins)>=1")
    assert found.condition.quantity == "wins"


def test_forecasts_of_other_luck_or_days_are_not_compared(world: World) -> None:
    other = run(desk(simulation={"futures": 60, "seed": 2})).forecasts["baseline"]
    with pytest.raises(ArgumentError, match="seed 2 and 1"):
        compare(other, world.forecast)
    forecast = {"as_of": "2026-07-01", "until": "2026-07-31", "by": ["source"]}
    shorter = run(desk(forecast=forecast)).forecasts["baseline"]
    with pytest.raises(ArgumentError, match="until 2026-07-31 and 2026-08-31"):
        compare(shorter, world.forecast)


def test_a_plan_is_refused_where_scenario_and_posterior_have_other_stages(world: World) -> None:
    stages = {name: {"conversion": 0.5, "days": {"exponential": {"mean": 5}}} for name in ("lead", "meeting")}
    assumed = {"stages": stages, "arrivals": {"per_day": 1}, "amount": {"lognormal": {"median": 9, "sigma": 1}}}
    forecast = {"as_of": "2026-07-01", "until": "2026-08-31"}
    pipeline = {"stages": ["lead", "meeting"]}
    other = desk(pipeline=pipeline, assume=assumed, forecast=forecast, scenarios={})
    with pytest.raises(SimcastError, match="the scenario and the posterior belong to different pipelines"):
        simcast.build_plan(world.ground.posterior, world.ground.book, other)


def test_a_baseline_that_is_none_is_said_before_anything_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simcast.backtesting.rolling.play_origin", None)
    scenario = simcast.load_scenario("scenarios/q3.yaml")
    history = simcast.read_history("scenarios/data/deals.csv", scenario.pipeline_definition, segments="source")
    with pytest.raises(UnknownNameError, match="no baseline 'seasonal_naiv'; did you mean 'seasonal_naive'"):
        simcast.backtest(history, scenario, origins="2026-01-01", baselines="seasonal_naiv")
    with pytest.raises(SimcastError, match="origins: value 'soon': is not a date"):
        simcast.backtest(history, scenario, origins=["soon"])
    with pytest.raises(UnknownNameError, match="known: week, month, quarter"):
        rolling_origins(history, scenario, every="day")  # type: ignore[arg-type]  # refused as it runs


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"where": {"vip": True}}, r"where.vip: needs a str, got True; write it as text, such as 'True'"),
        ({"where": {"region": [1, 2]}}, r"where.region: needs a str, got 1; write it as text, such as '1'"),
        ({"segments": 3}, r"segments: needs a str, got 3"),
        ({"segments": ["region", None]}, r"segments: needs a str, got None"),
        ({"columns": {"deal": 3}}, r"columns.deal: needs a str, got 3"),
        ({"columns": {"entered": {"lead": 3}}}, r"columns.entered.lead: needs a str, got 3"),
        ({"columns": {"entered": ["lead"]}}, r"columns.entered: needs a str, got a list"),
        ({"outcomes": {1: "won"}}, r"outcomes: needs a str, got 1; write it as text, such as '1'"),
        ({"outcomes": ["won"]}, r"outcomes: needs a Mapping or None, got a list; write \{name: value\}"),
        ({"placeholder_amounts": 1}, r"placeholder_amounts: needs 'auto' or a list of numbers, got 1"),
        ({"placeholder_amounts": ["1"]}, r"placeholder_amounts: needs a number, got the text '1'"),
        ({"format": None}, r"format: needs a str, got None"),
        ({"query": 3}, r"query: needs a str or None, got 3"),
        ({"folder": 3}, r"folder: needs a str or Path or None, got 3"),
        ({"rejects": True}, r"rejects: needs a str or Path or None, got True; False writes none"),
        ({"dialect": Dialect(time_zone=None)}, r"dialect.time_zone: needs a str, got None"),  # type: ignore[arg-type]
        ({"where": {"vip": iter(["a"])}}, r"where.vip: needs text or a list of it, got a list_iterator"),
    ],
)
def test_options_of_another_kind_are_refused_before_the_file_is_read(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentTypeError, match=f"^{words}"):
        simcast.read_history("nowhere.csv", simcast.Pipeline.define(["lead"]), **options)


def test_a_value_that_is_no_text_is_told_to_be_written_as_text() -> None:
    segments = Segments.found(("vip",), [("False",), ("True",)])
    with pytest.raises(KeyError, match=r"where.vip: no deal has the value True; write it as text: 'True'"):
        segments.select({"vip": True})  # type: ignore[dict-item]
    with pytest.raises(KeyError, match=r"where.vip: no deal has the value 1; known: False, True"):
        segments.select({"vip": 1})  # type: ignore[dict-item]


def test_what_holds_arrays_is_compared_and_copied_as_one_thing(world: World) -> None:
    plan = world.ground.plan()
    again = pickle.loads(pickle.dumps(plan))  # noqa: S301  our own
    assert plan == plan
    assert plan != again
    assert simcast.simulate(again).results.identical(simcast.simulate(plan).results)


def test_a_ground_goes_to_another_process(world: World) -> None:
    world.ground.plan()
    again = pickle.loads(pickle.dumps(leaks(world.ground))).ground  # noqa: S301  our own
    assert again.play("x", []).results.identical(world.ground.play("x", []).results)
