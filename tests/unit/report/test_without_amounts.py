"""What is said where no amount is known: wins and what they cost, never bookings of 0 or a net gain below it."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from simcast.analysis import Ground, Limits, Run, allocate, deal_table, leaks, rank, run, solve
from simcast.analysis.questions import Condition, Unknown
from simcast.analysis.spread import sources_of_spread
from simcast.report.allocation import print_allocation
from simcast.report.deals import print_deals
from simcast.report.document import run_document
from simcast.report.explaining import explanation_document, print_explanation
from simcast.report.leaks import leaks_document, print_leaks
from simcast.report.page import Material, collect, render
from simcast.report.ranking import print_ranking, ranking_document, ranking_table
from simcast.report.solution import print_solution
from simcast.report.terminal import print_run
from simcast.report.words import LANGUAGES
from simcast.report.workbook import write_workbook
from simcast.scenario import Scenario, build_scenario

MONEY = re.compile(r"book|net gain|P\(better\)|at stake|amount", re.IGNORECASE)


def hiring(*, free: bool = False, **more: object) -> Scenario:
    """Return candidates on their way, and levers that cost something."""
    cost = {} if free else {"cost": 8000}
    return build_scenario(
        {
            "simcast": 1,
            "name": "Hiring",
            "pipeline": {"stages": ["application", "interview"]},
            "assume": {
                "segments": {"source": {"friends": 0.3, "ads": 0.7}},
                "stages": {
                    "application": {"conversion": {"beta": [30, 70]}, "days": {"exponential": {"mean": 5}}},
                    "interview": {"conversion": {"beta": [25, 75]}, "days": {"exponential": {"mean": 14}}},
                },
                "arrivals": {"per_day": 3},
                "open": [{"stage": "interview", "count": 25, "age_days": 6}],
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-30", "by": ["source"], "target": {"wins": 20}},
            "simulation": {"futures": 200, "seed": 1},
            "scenarios": {
                "training": [{"lever": "conversion", "stage": "interview", "add": 0.1, **cost}],
                "ads": [{"lever": "arrivals", "multiply": 1.2, **({} if free else {"cost": 500})}],
                "both": ["training", "ads"],
            },
            **more,
        }
    )


@pytest.fixture(scope="module")
def played() -> Run:
    return run(hiring(), threads=1)


@pytest.fixture(scope="module")
def material(played: Run) -> Material:
    return collect(played, threads=1)


@pytest.fixture(scope="module")
def ground(played: Run) -> Ground:
    return Ground(played.scenario, played.history, played.posterior, played.book, 1)


def printed(write: Callable[[Console], None]) -> str:
    console = Console(file=StringIO(), width=200)
    write(console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_run_tells_wins_their_chances_and_what_each_costs(played: Run) -> None:
    text = printed(lambda console: print_run(played, console)).partition("beware")[0]
    assert not MONEY.search(text)
    assert "more wins" in text
    assert "P(more)" in text
    assert "per win" in text
    assert "Monte Carlo error of the mean wins: ± 0." in text
    row = next(line for line in text.splitlines() if line.startswith("training"))
    assert "8.0 k" in row
    assert "under 1%" in row  # the chance of fewer wins
    assert "%" in row.partition("under 1%")[0]


def test_documents_keep_their_keys_and_say_by_what_plans_are_judged(played: Run) -> None:
    document = run_document(played)
    assert document["judged_by"] == "wins"
    for found in (document["differences"], ranking_document(rank([played]))["differences"]):
        training = next(one for one in found if one["scenario"] == "training")
        assert training["probability_better"] == 0.0
        assert training["probability_more_wins"] > 0.5
        assert training["cost_per_win"] == pytest.approx(8000 / training["wins"]["mean"])


def test_the_best_is_named_with_its_wins_and_what_the_cheapest_costs(played: Run) -> None:
    text = " ".join(printed(lambda console: print_ranking(rank([played]), console)).partition("beware")[0].split())
    assert not MONEY.search(text)
    assert re.search(r"'both' brings the most: \+[\d.]+ ± [\d.]+ wins on average, more than the baseline in", text)
    assert "it costs 8.5 k" in text
    assert re.search(r"A win is cheapest with 'ads': \d+", text)
    assert "does not pay back" not in text
    assert "Ranked by wins" in text
    assert "both: together its parts bring" in text
    rows = ranking_table(rank([played])).set_index("scenario")
    assert rows.loc["training", "probability_more_wins"] > 0.5


def test_where_nothing_is_paid_no_cost_is_told() -> None:
    found = run(hiring(free=True), threads=1)
    for text in (
        printed(lambda console: print_run(found, console)),
        printed(lambda console: print_ranking(rank([found]), console)),
    ):
        assert "cost" not in text
        assert "per win" not in text


def test_no_plan_that_wins_more_is_told_in_wins() -> None:
    worse = {"worse": [{"lever": "conversion", "stage": "interview", "add": -0.1}]}
    text = printed(lambda console: print_ranking(rank([run(hiring(scenarios=worse), threads=1)]), console))
    assert "No scenario brings more wins than the baseline." in text


def test_open_deals_have_no_columns_of_money(ground: Ground) -> None:
    table = deal_table(ground)
    text = printed(lambda console: print_deals(table, ("source",), "2026-09-30", console, 10))
    assert "most open outcome first" in text
    assert "at stake" not in text
    assert "  amount" not in text


def test_leaks_and_their_gaps_are_in_wins(ground: Ground) -> None:
    found = leaks(ground)
    text = printed(lambda console: print_leaks(found, console))
    assert not MONEY.search(text)
    document = leaks_document(found)
    assert document["judged_by"] == "wins"
    assert document["stages"][0]["per_point"]["wins_monte_carlo_error"] > 0.0
    assert "gap_wins" in document["stages"][0]


def test_the_interval_explained_is_that_of_wins(ground: Ground) -> None:
    baseline, words = ground.play(), LANGUAGES["en"]
    sources = sources_of_spread(ground, baseline, baseline.metric)
    text = printed(lambda console: print_explanation(ground, baseline, sources, words, console))
    assert re.search(r"lies between \d+ and \d+ wins", text)
    assert "worth" not in text
    document = explanation_document(ground, baseline, sources, words)
    assert (document["metric"], document["total"]["mean"]) == ("wins", 0.0)
    assert document["total_wins"]["mean"] > 0.0


def test_a_solution_brings_wins_at_a_price(ground: Ground) -> None:
    unknown = Unknown.parse("conversion stage=interview add=0..0.3 cost=900")
    solved = solve(ground, unknown, Condition.parse("mean(wins)>=25", {}))
    text = printed(lambda console: print_solution(solved, console))
    assert not MONEY.search(text)
    assert re.search(r"brings \+[\d.]+ ± [\d.]+ wins on average over the baseline; it costs 900, [\d.]+ per", text)
    money = solve(ground, unknown, Condition.parse("mean(net)>=25", {}))
    assert "nothing is booked; ask for wins" in printed(lambda console: print_solution(money, console))


def test_a_split_tells_what_each_win_costs(ground: Ground) -> None:
    found = allocate(ground, ["training", "ads"], Limits(9000, None), "wins")
    text = printed(lambda console: print_allocation(found, console))
    assert "per additional win" in text
    assert "per win" in text


@pytest.mark.parametrize("code", ["en", "ru"])
def test_a_page_holds_no_bookings(code: str, material: Material) -> None:
    page = render(material, LANGUAGES[code])
    told = re.sub(r"<style>.*?</style>", "", page, flags=re.S).partition('id="quality"')[0]
    forbidden = {"en": r"[Bb]ook|Net gain|P\(better\)|At stake", "ru": r"Сумма|сумма|Чистый выигрыш|P\(лучше\)|На кону"}
    assert not re.search(forbidden[code], told)
    assert {"en": "per additional win", "ru": "за каждую дополнительную продажу"}[code] in told
    assert {"en": "P(more)", "ru": "P(больше)"}[code] in told


def test_the_warning_of_no_amounts_is_known_in_russian(played: Run) -> None:
    no_amounts = next(text for text in played.warnings if text.startswith("assume.amount"))
    assert LANGUAGES["ru"].sentence(no_amounts)[1] is False
    wanted = run(hiring(forecast={"as_of": "2026-07-01", "until": "2026-07-31", "target": {"bookings": 5}}), threads=1)
    target = next(text for text in wanted.warnings if text.startswith("forecast.target"))
    assert LANGUAGES["ru"].sentence(target)[1] is False


def test_charts_of_a_workbook_show_wins(material: Material, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    path = tmp_path / "book.xlsx"
    write_workbook(material, path, LANGUAGES["en"])
    book = openpyxl.load_workbook(path)
    texts = [str(cell.value) for name in ("Forecast", "Scenarios", "Deals") for row in book[name] for cell in row]
    assert not any(text.startswith(("Bookings", "Net gain", "At stake", "Amount")) for text in texts)
    for name, header in (("Forecast", "Wins P10"), ("Scenarios", "More wins")):
        drawn = book[name]._charts[0].series[0].val.numRef.f
        column = re.search(r"\$([A-Z])\$(\d+):", drawn)
        assert column
        tops = [book[name][f"{column[1]}{row}"].value for row in range(1, int(column[2]))]
        assert header in tops
