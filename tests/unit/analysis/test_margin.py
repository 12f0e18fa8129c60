"""The share of bookings that counts as gain: in net, and in all that is worked out from net."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from simcast.analysis import Ground, Limits, Run, allocate, ground_of, rank, run, solve
from simcast.analysis.questions import Condition, Unknown
from simcast.errors import ScenarioError
from simcast.report.document import run_document
from simcast.report.ranking import answer, print_ranking, ranking_document, ranking_table
from simcast.report.scenario_tables import scenarios_table
from simcast.report.terminal import print_run
from simcast.report.words import LANGUAGES
from simcast.scenario import Scenario, build_scenario

SCENARIOS: dict[str, list[Any]] = {
    "better": [{"lever": "conversion", "stage": "заявка", "add": 0.1, "cost": 600}],
    "more": [{"lever": "arrivals", "multiply": {"normal": [1.2, 0.05]}, "cost": 4000}],
    "both": ["better", "more"],
}


def scenario_of(margin: object = None) -> Scenario:
    """Return 10 deals a day, of which 1 in 4 is won two days later for 100: 8,800 a month and more."""
    forecast: dict[str, Any] = {"as_of": "2026-01-01", "horizon": "90 days"}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["заявка", "звонок"]},
            "assume": {
                "stages": {name: {"conversion": 0.5, "days": 1} for name in ("заявка", "звонок")},
                "arrivals": {"per_day": 10},
                "amount": 100,
            },
            "forecast": forecast | ({} if margin is None else {"margin": margin}),
            "simulation": {"futures": 400, "seed": 5},
            "scenarios": SCENARIOS,
        }
    )


@pytest.fixture(scope="module")
def plain() -> Run:
    return run(scenario_of())


@pytest.fixture(scope="module")
def third() -> Run:
    return run(scenario_of(0.3))


def test_net_is_the_margin_of_bookings_less_the_cost_future_by_future(plain: Run, third: Run) -> None:
    for name, forecast in third.forecasts.items():
        bookings, cost = plain.forecasts[name].values("bookings"), forecast.results["cost"].to_numpy()
        assert np.array_equal(forecast.values("bookings"), bookings)
        assert np.array_equal(forecast.net(), bookings * 0.3 - cost)
    whole, part = (next(d for d in found.differences if d.scenario == "more") for found in (plain, third))
    gained = plain.forecasts["more"].values("bookings") - plain.forecasts["baseline"].values("bookings")
    assert part.net.mean == pytest.approx(0.3 * gained.mean() - 4000)
    assert part.probability_better == np.mean(0.3 * gained > 4000)
    assert part.probability_better < 0.1 < 0.3 < whole.probability_better  # the control


def test_a_margin_of_one_changes_not_a_byte(plain: Run) -> None:
    same = run(scenario_of(1))
    assert run_document(same) == run_document(plain)
    assert "margin" not in run_document(plain)["scenarios"]["better"]
    for name, forecast in same.forecasts.items():
        assert forecast.results.identical(plain.forecasts[name].results)


def test_documents_tell_the_margin_and_use_it(plain: Run, third: Run) -> None:
    found = run_document(third)["scenarios"]["better"]
    assert found["margin"]["mean"] == pytest.approx(0.3)
    assert found["net"]["mean"] == pytest.approx(0.3 * found["bookings"]["mean"] - 600)
    assert ranking_document(rank([third]))["scenarios"][0]["margin"]["mean"] == pytest.approx(0.3)
    rows = ranking_table(rank([third])).set_index("scenario")
    assert rows.loc["better", "net_gain"] == pytest.approx(0.3 * rows.loc["better", "more_bookings"] - 600)
    # Without the margin 'more' is worth its 4,000; with it, it is not, and the order turns round.
    assert rank([plain]).changes[0].name == "both"
    assert rank([third]).changes[0].name == "better"
    interaction = next(option.interaction for option in rank([third]).options if option.name == "both")
    whole = next(option.interaction for option in rank([plain]).options if option.name == "both")
    assert interaction is not None
    assert whole is not None
    assert interaction.mean == pytest.approx(0.3 * whole.mean)


def test_a_cost_is_paid_back_out_of_the_margin(plain: Run, third: Run) -> None:
    """29 days x 0.5 wins x 100 = 1,450 by the end of January, of which 435 count; 855 by the end of February."""
    dates = [{o.name: o for o in rank([found]).options}["better"].pays_back for found in (plain, third)]
    assert dates == [date(2026, 1, 31), date(2026, 2, 28)]


def test_more_wins_that_do_not_earn_their_cost_are_not_called_the_best(plain: Run) -> None:
    assert "'both' brings the most" in answer(rank([plain]))
    dear = answer(rank([run(scenario_of(0.1))]))
    assert dear == "No scenario brings more than it costs: the baseline is the best of them."


def test_an_uncertain_margin_is_one_number_per_future_and_the_same_in_all_scenarios() -> None:
    played = run(scenario_of({"uniform": [0.2, 0.4]}))
    one, other = (played.forecasts[name].margin for name in ("baseline", "both"))
    assert one is not None
    assert other is not None
    assert np.array_equal(one, other)
    assert abs(one.mean() - 0.3) < 4.5 * 0.2 / np.sqrt(12 * len(one))  # 7 of a million such checks fail by chance
    assert one.min() >= 0.2
    assert one.max() <= 0.4
    assert one.std() > 0.04


def test_solve_and_allocate_look_at_the_margin() -> None:
    def ground(margin: float) -> Ground:
        return ground_of(scenario_of(margin))

    unknown = Unknown.parse("conversion stage=звонок add=0..0.5")
    needed = []
    for margin in (1.0, 0.5):
        # 880 deals, of which 0.5 x (0.5 + x) are won for 100: (22,000 + 44,000 x) x margin.
        found = solve(ground(margin), unknown, Condition.parse(f"mean(net)>={30_000 * margin}", {}))
        assert found.answer is not None
        needed.append(found.answer.value)
    assert needed[0] == pytest.approx(needed[1])
    assert abs(needed[0] - 8 / 44) < 0.02
    limits = Limits(5000, None)
    assert [size.text for size in allocate(ground(1.0), ["better", "more"], limits, "net").best.sizes] == ["all", "all"]
    assert [size.text for size in allocate(ground(0.3), ["better", "more"], limits, "net").best.sizes] == ["all", ""]


def _by_source(margin_by: object, **forecast: object) -> Scenario:
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["звонок"]},
            "assume": {
                "stages": {"звонок": {"conversion": 0.5, "days": 1}},
                "arrivals": {"per_day": 10},
                "amount": 100,
                "segments": {"источник": {"сайт": 0.5, "реклама": 0.3, "другое": 0.2}},
            },
            "forecast": {"as_of": "2026-01-01", "horizon": "90 days", "by": ["источник"], "margin_by": margin_by}
            | forecast,
            "simulation": {"futures": 200, "seed": 5},
            "scenarios": {
                "more": [{"lever": "arrivals", "where": {"источник": "реклама"}, "multiply": 1.5, "cost": 9}]
            },
        }
    )


def test_margins_of_segments_count_what_is_booked_there() -> None:
    found = run(_by_source({"источник": {"сайт": 0.4, "реклама": {"uniform": [0.1, 0.3]}}}, margin=0.5))
    for name, forecast in found.forecasts.items():
        booked = {
            value: forecast.values("bookings", where={"источник": value}) for value in ("сайт", "реклама", "другое")
        }
        margin = forecast.results["margin"].sel(segment="реклама").to_numpy()
        assert 0.1 < margin.min() < 0.15 < 0.25 < margin.max() < 0.3
        expected = 0.4 * booked["сайт"] + margin * booked["реклама"] + 0.5 * booked["другое"]
        assert np.allclose(forecast.net(), expected - (9.0 if name == "more" else 0.0))
        assert np.allclose(sum(forecast.gain(period=k) for k in range(3)), expected)
    (difference,) = found.differences
    more = found.forecasts["more"].values("bookings") - found.forecasts["baseline"].values("bookings")
    assert difference.net.mean == pytest.approx((margin * more).mean() - 9.0)  # only deals of advertising are added
    document = run_document(found)["scenarios"]["baseline"]
    assert 0.3 < document["margin"]["mean"] < 0.4
    assert document["net"]["mean"] == pytest.approx(found.forecasts["baseline"].net().mean())


def test_what_counts_as_gain_is_said_as_it_was_written(plain: Run, third: Run) -> None:
    """Deal by deal, with the mean of a margin that is uncertain, and file by file where files differ."""
    by_source = run(_by_source({"источник": {"сайт": 0.4, "реклама": {"uniform": [0.1, 0.3]}}}, margin=0.5))
    words = "each deal's bookings times its margin (другое 0.5, сайт 0.4, реклама 0.2 on average), less the cost"
    assert f"net gain: {words}" in printed(print_run, by_source)
    assert f"net gain: mean of the paired differences of {words}" in printed(print_ranking, rank([by_source]))
    notes = {code: scenarios_table(by_source, language).note for code, language in LANGUAGES.items()}
    assert "count as gain at its own margin: другое 50.0%, сайт 40.0%, реклама 20.0% on average" in notes["en"]
    assert "своя доля суммы каждой сделки: другое 50,0" in notes["ru"]
    assert "net gain: bookings times the margin of 0.3, less the cost" in printed(print_run, third)
    assert "net gain: less the cost" in printed(print_run, plain)
    told = "(scenario 1: bookings; scenario 2: bookings times the margin of 0.3), less the cost"
    assert told in printed(print_ranking, rank([plain, third]))


def test_values_without_a_margin_of_their_own_are_told_together() -> None:
    by_source = run(_by_source({"источник": {"сайт": 0.4}}, margin=0.5))
    assert "its margin (сайт 0.4, all others 0.5), less" in printed(print_run, by_source)


def printed(show: Callable[[Any, Console], None], found: object) -> str:
    console = Console(file=io.StringIO(), width=400)
    show(found, console)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_one_margin_for_all_segments_is_that_margin() -> None:
    by_value = run(_by_source({"источник": dict.fromkeys(("сайт", "реклама", "другое"), 0.3)}))
    whole = run(_by_source({}, margin=0.3))
    for name, forecast in whole.forecasts.items():
        assert np.allclose(by_value.forecasts[name].net(), forecast.net())


@pytest.mark.parametrize(
    ("margin_by", "forecast", "told"),
    [
        ({"источник": {"сайт": 1.5}}, {}, "must be a share above 0 and at most 1"),
        ({"источник": {"сайт": 0.5}}, {"by": []}, "add 'источник' to it"),
        ({"источник": {}}, {}, "name at least one value"),
        ({"источник": {"сайт": 0.5}, "регион": {"юг": 0.5}}, {}, "goes by one column"),
        ({"источник": {"сайтт": 0.5}}, {}, r"'сайтт' does not occur \(known: .*сайт"),
    ],
)
def test_margins_of_what_is_not_told_apart_are_refused(
    margin_by: object, forecast: dict[str, object], told: str
) -> None:
    with pytest.raises(ScenarioError, match=told):
        run(_by_source(margin_by, **forecast))


@pytest.mark.parametrize("margin", [0, -0.1, 1.2, "30%", {"uniform": [0.5, 1.5]}, {"normal": [1.5, 0.1]}])
def test_a_margin_is_a_share_of_more_than_nothing(margin: object) -> None:
    with pytest.raises(ScenarioError, match=r"forecast\.margin: must be a share above 0 and at most 1"):
        scenario_of(margin)
